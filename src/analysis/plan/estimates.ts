// Rules 10 and 11: how far the planner's row estimates were off, where that means something.
import { planReferences } from './expression-text';
import { numberField, textField } from './fields';
import type { PrintedNode, PrintedPlan } from './metrics';
import type { PlanNode } from './plan';

type Estimate = Pick<PlanNode, 'estimateFactor' | 'estimateDirection'>;

const unknown: Estimate = { estimateFactor: null, estimateDirection: null };

/** Their row counts are no estimates of anything: BitmapAnd and BitmapOr print 0, ModifyTable counts only RETURNING. */
const withoutEstimate: ReadonlySet<string> = new Set(['BitmapAnd', 'BitmapOr', 'ModifyTable']);

const isSubplan = (node: PrintedNode) => node.relationship === 'SubPlan' || node.relationship === 'InitPlan';

/** Sorts, hashes and sums read all of their input before they give the first row: what is below was not stopped. */
export function readsAllFirst(node: Pick<PlanNode, 'type' | 'fields'>): boolean {
  switch (node.type) {
    case 'Sort':
    case 'Hash':
    case 'BitmapAnd':
    case 'BitmapOr':
    case 'Bitmap Heap Scan':
    case 'ModifyTable':
      return true;
    case 'Aggregate':
    case 'SetOp':
      return ['Plain', 'Hashed', 'Mixed'].includes(textField(node, 'Strategy') ?? '');
    default:
      return false;
  }
}

/**
 * Nodes that may have been stopped before their end, so that fewer rows than planned are no wrong estimate: below a Limit
 * that got all it wanted, the inner side of a semi or anti join or of one with a unique inner side, a SubPlan or InitPlan
 * that needs one row (EXISTS, scalar), and the outer side of a join whose inner side was empty.
 */
export function findStoppedEarly(nodes: readonly PrintedNode[]): Set<number> {
  const stopped = new Set<number>();
  const references = new Map<number, Set<string>>();
  const isHashed = (subplan: PrintedNode, parent: PrintedNode) => {
    const known = references.get(parent.id) ?? planReferences(parent);
    references.set(parent.id, known);
    return known.has(`hashed ${subplan.subplanName ?? ''}`);
  };
  const emptyHashes = new Set<number>();
  for (const { parent, type, actualRows, loops } of nodes) {
    if (parent !== null && type === 'Hash' && actualRows === 0 && loops !== 0) emptyHashes.add(parent);
  }
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : nodes[node.parent];
    if (parent === undefined) continue;
    if (isSubplan(node)) {
      const oneRow =
        (node.actualRows ?? 0) <= 1 && node.type !== 'ModifyTable' && !(node.subplanName ?? '').startsWith('CTE ');
      if (oneRow && !isHashed(node, parent)) stopped.add(node.id);
      continue;
    }
    const isInner = node.relationship === 'Inner';
    const inherits = stopped.has(parent.id) && !readsAllFirst(parent);
    const byLimit = parent.type === 'Limit' && (parent.actualRows ?? 0) >= (parent.plannedRows ?? 0);
    const byJoin =
      parent.type === 'Nested Loop' &&
      isInner &&
      (['Semi', 'Anti'].includes(parent.joinType ?? '') || parent.fields['Inner Unique'] === true);
    // a merge join ends with its shorter side
    const byMerge = parent.type === 'Merge Join';
    const byEmptySide = parent.type === 'Hash Join' && !isInner && emptyHashes.has(parent.id);
    if (inherits || byLimit || byJoin || byMerge || byEmptySide) stopped.add(node.id);
  }
  return stopped;
}

/**
 * Nodes below a Gather whose planned rows are one process's share. Those are scans that hand out pages among the processes
 * ("Parallel Aware"), and what stands on such a scan; the inner side of a join is run in full by every process.
 */
function findPartial(nodes: readonly PrintedNode[], gatherOf: readonly (number | null)[]): Set<number> {
  const partial = new Set<number>();
  for (const node of nodes.toReversed()) {
    if (gatherOf[node.id] === null) continue;
    // a Parallel Append's own flag says that its children are handed out: some of them whole
    if (node.fields['Parallel Aware'] === true) partial.add(node.id);
    if (!partial.has(node.id) || node.parent === null || gatherOf[node.parent] === null) continue;
    if (node.relationship === 'Outer' || node.relationship === 'Member' || node.relationship === 'Subquery') {
      partial.add(node.parent);
    }
  }
  return partial;
}

/** The Gather around each node, by id; InitPlans and SubPlans of the Gather itself are not below it. */
function findGathers(nodes: readonly PrintedNode[]): (number | null)[] {
  const gathers: (number | null)[] = [];
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : nodes[node.parent];
    const isGather = parent?.type === 'Gather' || parent?.type === 'Gather Merge';
    if (parent === undefined) gathers.push(null);
    else gathers.push(isGather && !isSubplan(node) ? parent.id : (gathers[parent.id] ?? null));
  }
  return gathers;
}

/** What the planner divides a partial node's rows by (get_parallel_divisor in the server's costsize.c). */
function parallelDivisor(workers: number, leaderTakesPart: boolean): number {
  const leaderShare = leaderTakesPart ? Math.max(0, 1 - 0.3 * workers) : 0;
  return Math.max(1, workers + leaderShare);
}

/** Scaling by the parallel divisor leaves traces in the last digits. */
const equalWithin = 1e-9;

export function measureEstimates(
  plan: PrintedPlan,
  participants: readonly number[],
  stopped: ReadonlySet<number>,
): Estimate[] {
  const { nodes } = plan;
  const gathers = findGathers(nodes);
  const partial = findPartial(nodes, gathers);

  /** How often a node ran for one run of what surrounds it, and what its planned rows must be multiplied by to compare. */
  function scaleOf(node: PrintedNode): number {
    const gatherId = gathers[node.id] ?? null;
    const gather = gatherId === null ? undefined : nodes[gatherId];
    if (gather === undefined || !partial.has(node.id)) return 1;
    const workers = numberField(gather, 'Workers Planned') ?? 0;
    const launched = numberField(gather, 'Workers Launched') ?? workers;
    const setting = plan.settings['parallel_leader_participation'];
    const processes = participants[node.id] ?? 1;
    const leaderTakesPart = setting === undefined ? processes > launched || launched === 0 : setting !== 'off';
    // per loop of the Gather: children of a Parallel Append may run in fewer processes than took part
    const runs = Math.max(1, (node.loops ?? 1) / Math.max(1, gather.loops ?? 1));
    return parallelDivisor(workers, leaderTakesPart) / runs;
  }

  return nodes.map((node): Estimate => {
    const { loops, actualRows, plannedRows } = node;
    if (loops === null || loops === 0 || actualRows === null || plannedRows === null) return unknown;
    if (withoutEstimate.has(node.type)) return unknown;
    const planned = Math.max(1, plannedRows * scaleOf(node));
    // counted as one at least: there is no factor to nothing
    const actual = Math.max(1, actualRows);
    if (Math.abs(actual - planned) <= planned * equalWithin) return { estimateFactor: 1, estimateDirection: 'exact' };
    if (actual > planned) return { estimateFactor: actual / planned, estimateDirection: 'under' };
    // more rows than planned are a wrong estimate even of a node that was stopped; fewer are not
    return stopped.has(node.id) ? unknown : { estimateFactor: planned / actual, estimateDirection: 'over' };
  });
}
