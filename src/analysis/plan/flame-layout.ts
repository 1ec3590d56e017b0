// Where each node of a plan is drawn in a flame graph that grows downwards: as wide as the time (without times: the cost)
// of the node and all below it, each child under its parent. Widths are sums of what the nodes took themselves, since
// these are what adds up: an InitPlan or a CTE is paid by a node elsewhere in the tree, and workers run at once.
import type { Plan, PlanNode } from './plan';
import { measureSelfCosts } from './plan-tree';

export interface FlameBox {
  node: PlanNode;
  /** 0 for a root. */
  depth: number;
  /** 0 to 1 of the whole. */
  start: number;
  width: number;
  /** The part of the whole that the node took itself, 0 to 1: what is below it leaves this free. */
  selfRatio: number;
}

/** Boxes by node id; nodes that took nothing have no width. */
export function layOutFlame({ nodes }: Plan): FlameBox[] {
  const isTimed = nodes.some(({ selfMs }) => selfMs !== null);
  const own = isTimed ? nodes.map(({ selfMs }) => selfMs ?? 0) : measureSelfCosts(nodes);
  const sums = [...own];
  // parents come before their children
  for (const { id, parent } of nodes.toReversed()) {
    if (parent !== null) sums[parent] = (sums[parent] ?? 0) + (sums[id] ?? 0);
  }
  const whole = nodes.reduce((sum, { id, parent }) => (parent === null ? sum + (sums[id] ?? 0) : sum), 0);
  const toRatio = (value: number | undefined) => (whole === 0 ? 0 : (value ?? 0) / whole);
  const boxes: FlameBox[] = [];
  /** Where the next child of each node begins; of the roots, where the next root does. */
  const next: number[] = [];
  let nextRoot = 0;
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : boxes[node.parent];
    const width = toRatio(sums[node.id]);
    const start = parent === undefined ? nextRoot : (next[parent.node.id] ?? 0);
    if (parent === undefined) nextRoot += width;
    else next[parent.node.id] = start + width;
    next[node.id] = start;
    const depth = parent === undefined ? 0 : parent.depth + 1;
    boxes.push({ node, depth, start, width, selfRatio: toRatio(own[node.id]) });
  }
  return boxes;
}
