// What a plan's columns say, for every format that shows one: the terminal, Markdown and the plan view.
import type { BufferUsage, Plan, PlanNode } from '../plan/plan';
import {
  formatBytes,
  formatCompactCount,
  formatCount,
  formatFactor,
  formatMs,
  missing,
  defaultBlockSizeBytes,
} from './numbers';

/** Factors below this are as good as an estimate gets. */
const worthNamingFactor = 2;

/** Figures of a node that ran more than once are averages over its loops, and never printed with all their digits. */
function isAverage(node: PlanNode): boolean {
  return (node.loops ?? 1) > 1;
}

/** Up to PostgreSQL 17 averages of rows are printed as whole rows. From 18 "Disabled" is printed too. */
export function areRowsRounded(node: PlanNode): boolean {
  return isAverage(node) && !('Disabled' in node.fields);
}

/** A sum over loops for a sentence: an average times the loops is near the true number, not equal to it. */
export function formatTotalRows(node: PlanNode, rows: number): string {
  return isAverage(node) ? `about ${formatCompactCount(rows)}` : formatCount(rows);
}

/** "1,234", or "~1,234" for a rounded average. */
export function formatActualRows(node: PlanNode): string {
  if (node.actualRows === null) return missing;
  if (node.neverExecuted) return 'never run';
  return `${areRowsRounded(node) ? '~' : ''}${formatCompactCount(node.actualRows)}`;
}

/** Rows that filters removed, per loop; "~" where loops make it an average, which the server prints without decimals. */
export function formatRowsRemoved(node: PlanNode): string {
  if (node.rowsRemoved === null) return missing;
  return `${isAverage(node) ? '~' : ''}${formatCompactCount(node.rowsRemoved)}`;
}

/** "12× more", "3.5× fewer"; empty where the estimate was good, a sign where there is none. */
export function formatEstimate(node: PlanNode): string {
  if (node.estimateFactor === null) return missing;
  if (node.estimateFactor < worthNamingFactor) return '';
  return `${formatFactor(node.estimateFactor)} ${node.estimateDirection === 'under' ? 'more' : 'fewer'}`;
}

/** Blocks that a node touched, found or not. */
export function touchedBlocks(buffers: BufferUsage | null): number | null {
  if (buffers === null) return null;
  return (
    buffers.sharedHit +
    buffers.sharedRead +
    buffers.localHit +
    buffers.localRead +
    buffers.tempRead +
    buffers.tempWritten
  );
}

/** Size of what a node itself touched: "12.3 MB". */
export function formatSelfBuffers(node: PlanNode): string {
  const blocks = touchedBlocks(node.selfBuffers);
  return formatBytes(blocks === null ? null : blocks * defaultBlockSizeBytes);
}

/** "CTE busy", "SubPlan 1", "InitPlan 1": how a subtree is called where others refer to it; null for ordinary nodes. */
export function subplanLabel(node: PlanNode): string | null {
  return node.subplanName?.replace(/ \(returns .*\)$/, '') ?? null;
}

/**
 * What the execution time is made of, in the order it happens and without what is nothing; planning comes before it and is
 * not in it. The parts add up to the execution time.
 */
export function executionParts(plan: Plan): [name: string, ms: number][] {
  const inPlan = plan.nodes.every(({ selfMs }) => selfMs === null)
    ? null
    : plan.nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0);
  const { outside } = plan;
  const parts: [string, number | null][] = [
    ['JIT before the plan', outside.jitOutsideMs],
    ['plan', inPlan],
    ['serialization', outside.serializationMs],
    ['triggers after the plan', outside.triggersMs],
    ['start and end', outside.unattributedMs],
  ];
  return parts.filter((part): part is [string, number] => part[1] !== null && part[1] > 0);
}

/** "Planning 0.3 ms. Execution 12.3 ms (plan 12.0 ms, start and end 0.3 ms).", or what is known of it. */
export function formatTimes(plan: Plan): string {
  const parts = executionParts(plan)
    .map(([name, ms]) => `${name} ${formatMs(ms)}`)
    .join(', ');
  const sentences = [
    ...(plan.planningMs === null ? [] : [`Planning ${formatMs(plan.planningMs)}.`]),
    ...(plan.executionMs === null
      ? []
      : [`Execution ${formatMs(plan.executionMs)}${parts === '' ? '' : ` (${parts})`}.`]),
    ...(plan.nodes.some(({ loops }) => loops !== null) ? [] : ['Planned, not run.']),
  ];
  return sentences.length === 0 ? 'The whole time is not known.' : sentences.join(' ');
}
