// Which rows of the plan's tree are shown, given what is closed and what is filtered for.
import type { PlanNode } from '../../analysis/plan/plan';
import { measureSelfCosts } from '../../analysis/plan/plan-tree';
import { nodeSearchText } from './node-text';

export interface TreeRow {
  node: PlanNode;
  /** 1 for a root, as aria-level counts. */
  level: number;
  /** Null for a leaf. */
  expanded: boolean | null;
  /** Among its siblings that are shown, from 1. */
  position: number;
  siblings: number;
  /** False for a row that is only there because something below it matches the filter. */
  matches: boolean;
}

/** The ids of the nodes whose texts contain the filter; null when there is no filter. */
export function findMatches(nodes: readonly PlanNode[], filter: string): Set<number> | null {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return null;
  return new Set(nodes.filter((node) => nodeSearchText(node).includes(wanted)).map(({ id }) => id));
}

/** Whether a filter leaves the node in the tree. */
export function isListed(nodes: readonly PlanNode[], filter: string, id: number): boolean {
  const matches = findMatches(nodes, filter);
  return matches === null || withAncestors(nodes, matches).has(id);
}

/** The rows in order. A filter shows the matching nodes and what leads to them, closed or not. */
export function toTreeRows(
  nodes: readonly PlanNode[],
  collapsed: ReadonlySet<number>,
  matches: ReadonlySet<number> | null,
): TreeRow[] {
  const children = new Map<number | null, PlanNode[]>();
  const kept = matches === null ? null : withAncestors(nodes, matches);
  for (const node of nodes) {
    if (kept !== null && !kept.has(node.id)) continue;
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const rows: TreeRow[] = [];
  // a stack of our own: a plan can be deeper than the engine's
  const stack: { siblings: PlanNode[]; index: number; level: number }[] = [
    { siblings: children.get(null) ?? [], index: 0, level: 1 },
  ];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const node = top.siblings[top.index];
    if (node === undefined) {
      stack.pop();
      continue;
    }
    top.index += 1;
    const below = children.get(node.id);
    const expanded = below === undefined ? null : matches !== null || !collapsed.has(node.id);
    rows.push({
      node,
      level: top.level,
      expanded,
      position: top.index,
      siblings: top.siblings.length,
      matches: matches?.has(node.id) ?? true,
    });
    if (below !== undefined && expanded === true) stack.push({ siblings: below, index: 0, level: top.level + 1 });
  }
  return rows;
}

function withAncestors(nodes: readonly PlanNode[], ids: ReadonlySet<number>): Set<number> {
  const kept = new Set(ids);
  // parents come before their children, so one way back is enough
  for (const node of nodes.toReversed()) {
    if (node.parent !== null && kept.has(node.id)) kept.add(node.parent);
  }
  return kept;
}

/** The node's ancestors, nearest first. */
export function ancestorsOf(nodes: readonly PlanNode[], id: number): number[] {
  const ancestors: number[] = [];
  for (let at = nodes[id]?.parent ?? null; at !== null; at = nodes[at]?.parent ?? null) ancestors.push(at);
  return ancestors;
}

/** The node with the most time of its own; without times the one that adds most to the cost; null for an empty plan. */
export function findHottest(nodes: readonly PlanNode[]): PlanNode | null {
  const timed = nodes.filter((node) => node.selfMs !== null && !node.neverExecuted);
  if (timed.length > 0) return maximum(timed, (node) => node.selfMs ?? 0);
  const selfCosts = measureSelfCosts(nodes);
  return maximum(nodes, ({ id }) => selfCosts[id] ?? 0);
}

function maximum(nodes: readonly PlanNode[], figure: (node: PlanNode) => number): PlanNode | null {
  return nodes.reduce<PlanNode | null>(
    (best, node) => (best === null || figure(node) > figure(best) ? node : best),
    null,
  );
}
