// A plan with the questions that rules, formats and views ask of it: who is below whom, what a node is called, what share
// of the whole it has.
import { readsAllFirst } from './estimates';
import { withoutLiterals } from './expression-text';
import { numberField, textField, textsField } from './fields';
import type { Plan, PlanNode } from './plan';

export interface PlanTree {
  plan: Plan;
  /** Roots in order: the statement's own, then data-modifying CTEs that nobody reads. */
  roots: PlanNode[];
  /** Children as printed, by node id. */
  children: PlanNode[][];
  /** From 0, by node id. */
  depths: number[];
  /** Cost of each node without its children, by node id; a stand-in for time where there is none. */
  selfCosts: number[];
  /** What shares are shares of: execution time, or the root's when only that is known; null without timing. */
  wholeMs: number | null;
}

export function toPlanTree(plan: Plan): PlanTree {
  const children: PlanNode[][] = plan.nodes.map(() => []);
  const depths: number[] = [];
  const roots: PlanNode[] = [];
  for (const node of plan.nodes) {
    if (node.parent === null) roots.push(node);
    else children[node.parent]?.push(node);
    depths.push(node.parent === null ? 0 : (depths[node.parent] ?? 0) + 1);
  }
  const selfCosts = measureSelfCosts(plan.nodes);
  return { plan, roots, children, depths, selfCosts, wholeMs: plan.executionMs ?? roots[0]?.totalMs ?? null };
}

/** Nodes as a tree is read: each root with all that is below it, then the next root. */
export function inReadingOrder(tree: PlanTree): PlanNode[] {
  const order: PlanNode[] = [];
  const stack = tree.roots.toReversed();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order.push(node);
    stack.push(...(tree.children[node.id] ?? []).toReversed());
  }
  return order;
}

export function parentOf(tree: PlanTree, node: PlanNode): PlanNode | null {
  return node.parent === null ? null : (tree.plan.nodes[node.parent] ?? null);
}

/** Children that hand their rows to the node: neither SubPlans nor InitPlans. */
export function inputsOf(tree: PlanTree, node: PlanNode): PlanNode[] {
  return (tree.children[node.id] ?? []).filter(
    ({ relationship }) => relationship !== 'SubPlan' && relationship !== 'InitPlan',
  );
}

/** Rows that left a node in all its loops and processes; null without ANALYZE. Up to PostgreSQL 17 a rounded figure. */
export function totalRows(node: PlanNode): number | null {
  return node.actualRows === null || node.loops === null ? null : node.actualRows * node.loops;
}

/** Rows that a filter threw away, in all loops and processes. */
export function totalRowsRemovedByFilter(node: PlanNode): number | null {
  const removed = numberField(node, 'Rows Removed by Filter');
  return removed === null || node.loops === null ? null : removed * node.loops;
}

/**
 * What the planner expects each node to cost with all that is below it, by node id. Costs are printed for a node that is
 * read to its end: where children cost more than what they are part of (below a LIMIT, at a join that ends early) they are
 * stopped before, and so is what is below them. What comes before their first row (the start-up cost) is paid all the same,
 * what a sort or a hash table is made of is read whatever follows, and an InitPlan is counted in full. The inner side of a
 * nested loop and a SubPlan are printed for one of their loops: a LIMIT leaves fewer loops, not shorter ones, so each keeps
 * its cost as long as what it is part of pays for one.
 */
export function measureExpectedCosts(nodes: readonly PlanNode[]): number[] {
  const isWhole = ({ relationship, type }: PlanNode, parent: PlanNode) =>
    relationship === 'InitPlan' || type === 'Hash' || readsAllFirst(parent);
  const isPerLoop = ({ relationship }: PlanNode, { type }: PlanNode) =>
    relationship === 'SubPlan' || (relationship === 'Inner' && type === 'Nested Loop');
  const whole = nodes.map(() => 0);
  const startups = nodes.map(() => 0);
  const runs = nodes.map(() => 0);
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : nodes[node.parent];
    if (parent === undefined || isPerLoop(node, parent)) continue;
    const [startup, run] = toCostParts(node);
    if (isWhole(node, parent)) whole[parent.id] = (whole[parent.id] ?? 0) + startup + run;
    else {
      startups[parent.id] = (startups[parent.id] ?? 0) + startup;
      runs[parent.id] = (runs[parent.id] ?? 0) + run;
    }
  }
  const expected: number[] = [];
  /** What the children so far take of each node's expected cost: those that run once are printed before the others. */
  const paid = nodes.map(() => 0);
  const expect = (node: PlanNode, cost: number) => {
    expected.push(cost);
    if (node.parent !== null) paid[node.parent] = (paid[node.parent] ?? 0) + cost;
  };
  for (const node of nodes) {
    const [startup, run] = toCostParts(node);
    const parent = node.parent === null ? undefined : nodes[node.parent];
    if (parent === undefined || isWhole(node, parent)) {
      expect(node, startup + run);
      continue;
    }
    const [parentStartup, parentRun] = toCostParts(parent);
    const parentCost = expected[parent.id] ?? 0;
    if (isPerLoop(node, parent)) {
      expect(node, Math.min(startup + run, Math.max(0, parentCost - (paid[parent.id] ?? 0))));
      continue;
    }
    const ofParent = parentRun > 0 ? (parentCost - parentStartup) / parentRun : 1;
    const printedRun = runs[parent.id] ?? 0;
    const room = parentCost - (whole[parent.id] ?? 0) - (startups[parent.id] ?? 0);
    const ratio = Math.min(1, Math.max(0, Math.min(ofParent, printedRun > 0 ? room / printedRun : 1)));
    expect(node, startup + ratio * run);
  }
  return expected;
}

/** Cost until the first row, and from there to the end. */
function toCostParts({ startupCost, totalCost }: PlanNode): [startup: number, run: number] {
  const startup = startupCost ?? 0;
  return [startup, Math.max(0, (totalCost ?? 0) - startup)];
}

/**
 * Cost of each node without its children, by node id, as far as it is expected to be paid. How often an inner side is
 * expected to run is not printed: what its repetitions cost stays with the join.
 */
export function measureSelfCosts(nodes: readonly PlanNode[]): number[] {
  const costs = measureExpectedCosts(nodes);
  const below = nodes.map(() => 0);
  for (const { id, parent } of nodes) if (parent !== null) below[parent] = (below[parent] ?? 0) + (costs[id] ?? 0);
  return costs.map((cost, id) => Math.max(0, cost - (below[id] ?? 0)));
}

/** A node's share of the statement, 0 to 1: of its time, or without timing of its cost. */
export function selfRatio(tree: PlanTree, node: PlanNode): number {
  if (node.selfMs !== null && tree.wholeMs !== null) {
    return tree.wholeMs === 0 ? 0 : Math.min(1, node.selfMs / tree.wholeMs);
  }
  const whole = tree.roots.reduce((sum, { totalCost }) => sum + (totalCost ?? 0), 0);
  return whole === 0 ? 0 : Math.min(1, (tree.selfCosts[node.id] ?? 0) / whole);
}

/** "shop.orders o", "orders": the relation as the user knows it; null for nodes without one. */
export function relationLabel(node: PlanNode): string | null {
  const name = node.relation ?? textField(node, 'CTE Name') ?? textField(node, 'Function Name');
  if (name === null) return node.alias;
  const qualified = node.schema === null ? name : `${node.schema}.${name}`;
  return node.alias === null || node.alias === name ? qualified : `${qualified} ${node.alias}`;
}

const strategyNames: Readonly<Record<string, string>> = {
  Hashed: 'Hash',
  Sorted: 'Group',
  Mixed: 'Mixed',
};

/** What psql's text format calls the node: "Parallel Seq Scan", "Hash Left Join", "HashAggregate", "Delete". */
export function operationLabel(node: PlanNode): string {
  const strategy = textField(node, 'Strategy');
  let label = node.type;
  if (label === 'ModifyTable') label = textField(node, 'Operation') ?? label;
  else if (label === 'Aggregate' && strategy !== null) label = `${strategyNames[strategy] ?? ''}Aggregate`;
  else if (label === 'SetOp' && strategy === 'Hashed') label = 'HashSetOp';
  else if (label === 'Custom Scan') label = `Custom Scan (${textField(node, 'Custom Plan Provider') ?? 'unknown'})`;
  else if (label === 'Foreign Scan' && textField(node, 'Operation') !== 'Select') {
    label = `Foreign ${textField(node, 'Operation') ?? 'Scan'}`;
  }
  if (node.joinType !== null && node.joinType !== 'Inner') {
    label =
      label === 'Nested Loop' ? `${label} ${node.joinType} Join` : label.replace(/Join$/, `${node.joinType} Join`);
  }
  const partialMode = textField(node, 'Partial Mode');
  if (partialMode !== null && partialMode !== 'Simple') label = `${partialMode} ${label}`;
  if (textField(node, 'Scan Direction') === 'Backward') label += ' Backward';
  return node.fields['Parallel Aware'] === true ? `Parallel ${label}` : label;
}

/** The node in one line: "Index Scan using orders_pkey on shop.orders o". */
export function nodeLabel(node: PlanNode): string {
  const relation = relationLabel(node);
  const using =
    node.index === null ? '' : node.type === 'Bitmap Index Scan' ? ` on ${node.index}` : ` using ${node.index}`;
  return `${operationLabel(node)}${using}${relation === null ? '' : ` on ${relation}`}`;
}

/** Fields that say what a node does, in the order to read them. */
const conditionFields = [
  'Index Cond',
  'Recheck Cond',
  'TID Cond',
  'Order By',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Filter',
  'One-Time Filter',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Cache Key',
  'Function Call',
  'Conflict Filter',
] as const;

/** The node's conditions and keys as printed: [["Filter", "(status = 'open'::text)"], ...]. */
export function nodeConditions(node: PlanNode): [name: string, text: string][] {
  return conditionFields.flatMap((name): [string, string][] => {
    const texts = textsField(node, name);
    return texts.length === 0 ? [] : [[name, texts.join(', ')]];
  });
}

/**
 * What makes a node the same node in another plan: what it does, on what, by which conditions, whatever the values and its
 * place in the tree. Never holds an id.
 */
export function nodeSignature(node: PlanNode): string {
  const conditions = nodeConditions(node).map(([name, text]) => `${name}: ${withoutLiterals(text)}`);
  return [nodeLabel(node), ...conditions].join('; ');
}
