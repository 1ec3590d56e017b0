// The sequential scans of a plan, with all that an index could serve in their place: what the scan filters by, which few
// rows it is joined to, in which order its rows are wanted. One target is one table in one place of the statement, with all
// its partitions.
import { numberField, textField, textsField } from '../../plan/fields';
import type { Plan, PlanNode } from '../../plan/plan';
import { inputsOf, parentOf, toPlanTree, type PlanTree } from '../../plan/plan-tree';
import type { SqlParser } from '../../sql/sql-parser';
import { findRelation, type AdviceRelation, type AdviceTable, type IndexAdviceFacts } from '../index-advice-facts';
import type { IndexKey } from './index-key';
import {
  readPlanConditions,
  readSortKey,
  subPlanFunction,
  type ColumnCondition,
  type PlanConditions,
} from './plan-conditions';

export interface SortTarget {
  /** What an index in this order takes the place of: the sort, or the Limit above it. */
  node: PlanNode;
  keys: readonly IndexKey[];
  /** Rows that are read until a Limit is content; null without one. */
  fetchedRows: number | null;
  /** The sort's own share of the statement's cost, 0 to 1. */
  costRatio: number;
}

export interface JoinTarget {
  node: PlanNode;
  /** The side that is looked up for. */
  other: PlanNode;
  /** Rows of that side in all processes. */
  otherRows: number;
  equalities: readonly ColumnCondition[];
}

export interface ScanTarget {
  table: AdviceTable;
  scans: readonly PlanNode[];
  relations: readonly AdviceRelation[];
  /** The scan, or the Append of all partitions' scans. */
  node: PlanNode;
  /** Of the scans alone, once. */
  scanCost: number;
  /** How often it is expected to run until the statement ends; a part of once where a Limit stops it. */
  times: number;
  /** Pages and rows of what is scanned, once. */
  pages: number;
  tableRows: number;
  /** Rows that pass the filter, in all processes, once. */
  rows: number;
  filters: readonly ColumnCondition[];
  /** Conditions of the filter that no B-tree serves. */
  otherFilterCount: number;
  sort: SortTarget | null;
  join: JoinTarget | null;
}

/** Nodes that hand on the rows of one input, all of them and unchanged. */
const passingNodes = new Set(['Hash', 'Gather', 'Gather Merge', 'Materialize', 'Memoize', 'Sort', 'Result']);
const joinNodes = new Set(['Hash Join', 'Merge Join', 'Nested Loop']);
const joinConditionFields = ['Hash Cond', 'Merge Cond', 'Join Filter'] as const;

function cost(node: PlanNode): number {
  return node.totalCost ?? 0;
}

/** What the planner divides a partial node's rows by (get_parallel_divisor in costsize.c). */
function parallelDivisor(gather: PlanNode, { parallelLeaderParticipation }: IndexAdviceFacts['settings']): number {
  const workers = numberField(gather, 'Workers Planned') ?? 0;
  const leader = parallelLeaderParticipation ? Math.max(0, 1 - 0.3 * workers) : 0;
  return Math.max(1, workers + leader);
}

function ancestors(tree: PlanTree, node: PlanNode): PlanNode[] {
  const found: PlanNode[] = [];
  for (let above = parentOf(tree, node); above !== null; above = parentOf(tree, above)) found.push(above);
  return found;
}

function gatherAbove(tree: PlanTree, node: PlanNode): PlanNode | null {
  return ancestors(tree, node).find(({ type }) => type === 'Gather' || type === 'Gather Merge') ?? null;
}

function hasParallelScan(tree: PlanTree, node: PlanNode): boolean {
  return node.fields['Parallel Aware'] === true || inputsOf(tree, node).some((input) => hasParallelScan(tree, input));
}

/** Rows in all processes. */
function wholeRows(tree: PlanTree, node: PlanNode, facts: IndexAdviceFacts): number {
  const gather = hasParallelScan(tree, node) ? gatherAbove(tree, node) : null;
  return (node.plannedRows ?? 0) * (gather === null ? 1 : parallelDivisor(gather, facts.settings));
}

/** How often a node is expected to run for one run of its parent. */
function timesBelow(tree: PlanTree, node: PlanNode, parent: PlanNode): number {
  const inputs = inputsOf(tree, parent);
  if (node.relationship === 'SubPlan') {
    const subPlans = (tree.children[parent.id] ?? []).filter(({ relationship }) => relationship === 'SubPlan');
    const own = cost(parent) - inputs.reduce((sum, input) => sum + cost(input), 0);
    const once = subPlans.reduce((sum, subPlan) => sum + cost(subPlan), 0);
    return once === 0 ? 1 : Math.max(1, own / once);
  }
  if (node.relationship === 'InitPlan') return 1;
  if (parent.type === 'Limit') return cost(node) === 0 ? 1 : Math.min(1, cost(parent) / cost(node));
  const isInner = parent.type === 'Nested Loop' && node.relationship === 'Inner';
  if (!isInner || node.type === 'Materialize' || node.type === 'Memoize') return 1;
  const outer = inputs.find(({ relationship }) => relationship === 'Outer');
  return Math.max(1, outer?.plannedRows ?? 1);
}

function timesOf(tree: PlanTree, node: PlanNode): number {
  let times = 1;
  let below = node;
  for (const parent of ancestors(tree, node)) {
    times *= timesBelow(tree, below, parent);
    below = parent;
  }
  return times;
}

/** The statement's cost when `node` costs something else. What only serves to run it in parallel goes with it. */
export function costWithReplacement(plan: Plan, node: PlanNode, newCost: number, facts: IndexAdviceFacts): number {
  const tree = toPlanTree(plan);
  const whole = cost(tree.roots[0] ?? node);
  let replaced = node;
  let remaining = newCost;
  let below = node;
  for (const parent of ancestors(tree, node)) {
    if (inputsOf(tree, parent).length !== 1 || below.relationship === 'SubPlan' || below.relationship === 'InitPlan') {
      break;
    }
    if (parent.type === 'Gather' || parent.type === 'Gather Merge') {
      const between = Math.max(0, cost(below) - cost(node)) * parallelDivisor(parent, facts.settings);
      replaced = parent;
      remaining = newCost + between;
      break;
    }
    below = parent;
  }
  return Math.max(0, whole - timesOf(tree, replaced) * (cost(replaced) - remaining));
}

/** A partition's alias is its table's with a number behind it. */
function meansAlias(aliases: ReadonlySet<string>, alias: string): boolean {
  return aliases.has(alias) || [...aliases].some((each) => each.replace(/_\d+$/, '') === alias);
}

function canServe(
  { column, value }: ColumnCondition,
  table: AdviceTable,
  aliases: ReadonlySet<string>,
  facts: IndexAdviceFacts,
): boolean {
  if (!meansAlias(aliases, column.alias)) return false;
  const found = table.columns.find(({ name }) => name === column.column);
  if (found?.hasBtree !== true) return false;
  // any other cast computes another value than the one in the index
  const isRelabelled =
    (found.isDomain && column.castTo === found.typeName) || (found.typeName === 'varchar' && column.castTo === 'text');
  if (column.castTo !== null && !isRelabelled) return false;
  if ([...value.aliases].some((alias) => alias === '' || meansAlias(aliases, alias))) return false;
  return !value.functions.some((name) => name === subPlanFunction || facts.volatileFunctions.includes(name));
}

function findSort(tree: PlanTree, node: PlanNode, aliases: ReadonlySet<string>, parser: SqlParser): SortTarget | null {
  const above = ancestors(tree, node);
  const sortAt = above.findIndex(({ type }) => type === 'Sort');
  const sort = above[sortAt];
  if (sort === undefined) return null;
  const isPassed = ({ type }: PlanNode) => type === 'Gather' || type === 'Gather Merge' || type === 'Result';
  if (!above.slice(0, sortAt).every(isPassed)) return null;
  let top = sort;
  let limit: PlanNode | null = null;
  for (const parent of above.slice(sortAt + 1)) {
    // the planner would join in another way before it reads a whole table in order
    if (parent.type === 'Merge Join') return null;
    if (parent.type === 'Limit') limit = parent;
    if (parent.type !== 'Gather Merge' && parent.type !== 'LockRows') break;
    top = parent;
  }
  const keys = textsField(sort, 'Sort Key').map((key) => readSortKey(parser, key));
  if (keys.length === 0 || keys.some((key) => key === null || !meansAlias(aliases, key.alias))) return null;
  const root = tree.roots[0] ?? sort;
  const input = inputsOf(tree, sort)[0];
  const own = cost(sort) - (input === undefined ? 0 : cost(input));
  return {
    node: limit ?? top,
    keys: keys.flatMap((key) => (key === null ? [] : [key])),
    fetchedRows: limit === null ? null : fetchedRows(limit, top),
    costRatio: cost(root) === 0 ? 0 : (own * timesOf(tree, sort)) / cost(root),
  };
}

/** A Limit is charged for the share of its input that it reads, those that OFFSET skips too. */
function fetchedRows(limit: PlanNode, input: PlanNode): number {
  const start = input.startupCost ?? 0;
  const run = cost(input) - start;
  const rows = input.plannedRows ?? 0;
  if (run <= 0) return Math.min(rows, limit.plannedRows ?? rows);
  return Math.max(limit.plannedRows ?? 0, Math.min(1, (cost(limit) - start) / run) * rows);
}

/** Whether the planner may look up rows of this side for each row of the other one. */
function mayBeInner(join: PlanNode, side: string | null): boolean {
  switch (join.joinType) {
    case 'Left':
    case 'Anti':
      return side === 'Inner';
    case 'Right':
    case 'Right Anti':
      return side === 'Outer';
    case 'Full':
      return false;
    default:
      return true;
  }
}

function findJoin(
  tree: PlanTree,
  node: PlanNode,
  readJoin: (text: string) => ColumnCondition[],
  facts: IndexAdviceFacts,
) {
  let below = node;
  for (const parent of ancestors(tree, node)) {
    if (joinNodes.has(parent.type)) {
      const other = inputsOf(tree, parent).find(({ id }) => id !== below.id);
      if (other === undefined || !mayBeInner(parent, below.relationship)) return null;
      const texts = joinConditionFields.map((name) => textField(parent, name));
      const equalities = texts.flatMap((text) => (text === null ? [] : readJoin(text)));
      if (equalities.length === 0) return null;
      return { node: parent, other, otherRows: Math.max(1, wholeRows(tree, other, facts)), equalities };
    }
    if (!passingNodes.has(parent.type)) return null;
    below = parent;
  }
  return null;
}

/** Scans of one Append of a partitioned table belong together. */
function groupScans(
  tree: PlanTree,
  facts: IndexAdviceFacts,
): { node: PlanNode; scans: PlanNode[]; table: AdviceTable }[] {
  const groups = new Map<string, { node: PlanNode; scans: PlanNode[]; table: AdviceTable }>();
  for (const scan of tree.plan.nodes) {
    if (scan.type !== 'Seq Scan' || scan.schema === null || scan.relation === null) continue;
    const found = findRelation(facts, { schema: scan.schema, name: scan.relation });
    if (found === null) continue;
    const { table } = found;
    const parent = parentOf(tree, scan);
    const node = table.isPartitioned && parent?.type === 'Append' ? parent : scan;
    const key = `${node.id} ${table.schema}.${table.name}`;
    const group = groups.get(key) ?? { node, scans: [], table };
    group.scans.push(scan);
    groups.set(key, group);
  }
  return [...groups.values()];
}

export function findScanTargets(plan: Plan, facts: IndexAdviceFacts, parser: SqlParser): ScanTarget[] {
  const tree = toPlanTree(plan);
  return groupScans(tree, facts).flatMap(({ node, scans, table }) => {
    const relations = scans.flatMap(
      ({ schema, relation }) => findRelation(facts, { schema: schema ?? '', name: relation ?? '' })?.relation ?? [],
    );
    const aliases = new Set(scans.flatMap(({ alias }) => alias ?? []));
    const serves = (condition: ColumnCondition) => canServe(condition, table, aliases, facts);
    // partitions are filtered by the same conditions, less those that their bounds make true
    const [widest = null] = scans
      .map((scan) => textField(scan, 'Filter'))
      .map((text): PlanConditions | null => (text === null ? null : readPlanConditions(parser, text)))
      .sort((a, b) => conditionCount(b) - conditionCount(a));
    const filters = (widest?.usable ?? []).filter(serves);
    const readJoin = (text: string) =>
      readPlanConditions(parser, text).usable.filter(
        (condition) => condition.operator === 'equality' && condition.value.aliases.size > 0 && serves(condition),
      );
    return {
      table,
      scans,
      relations,
      node,
      scanCost: scans.reduce((sum, scan) => sum + cost(scan), 0),
      times: timesOf(tree, node),
      pages: relations.reduce((sum, { pages }) => sum + pages, 0),
      tableRows: relations.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      rows: scans.reduce((sum, scan) => sum + wholeRows(tree, scan, facts), 0),
      filters,
      otherFilterCount: conditionCount(widest) - filters.length,
      sort: findSort(tree, node, aliases, parser),
      join: findJoin(tree, node, readJoin, facts),
    };
  });
}

function conditionCount(conditions: PlanConditions | null): number {
  return conditions === null ? 0 : conditions.usable.length + conditions.otherCount;
}
