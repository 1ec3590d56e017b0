// An advised index in the few words of a title.
import type { EvidenceGrade } from '../../finding';
import { formatBytes, formatCount, formatRatio } from '../../format/numbers';
import { toIndexClause } from '../../index-build/index-steps';
import { quoteName } from '../../sql/identifiers';
import type { HypotheticalIndex } from '../what-if-planner';

/** "orders (customer_id, placed_at DESC) WHERE deleted_at IS NULL" */
export function describeIndexColumns(index: HypotheticalIndex): string {
  const schema = index.schema === 'public' ? '' : `${quoteName(index.schema)}.`;
  return `${schema}${quoteName(index.table)} ${toIndexClause(index).replace(/^USING btree /, '')}`;
}

/** "-99.9%", also where it is even more: "->99.9%" would look like an arrow. */
export function describeSaving(costBefore: number, costAfter: number): string {
  return costAfter > costBefore
    ? `+${formatRatio(costAfter / costBefore - 1)}`
    : `-${formatRatio(1 - costAfter / costBefore).replace('>', '')}`;
}

/** A write that becomes dearer by less is nothing that anybody would notice. */
export const minimumWriteRatio = 0.005;

/** In a sentence; null where nobody would notice, or nobody knows. */
export function describeWrites(write: { ratio: number | null } | null): string | null {
  const ratio = write?.ratio ?? 0;
  return ratio < minimumWriteRatio ? null : `Writing to the table becomes about ${formatRatio(ratio)} dearer`;
}

/** "planned cost 48,210 → 12 (-99.9%), 21 MB, costs 4% on writes"; what is not known is left out. */
export function describeGain(
  evidence: EvidenceGrade,
  { costBefore, costAfter }: { costBefore: number; costAfter: number },
  { sizeBytes, write }: { sizeBytes: number | null; write: { ratio: number } | null },
): string {
  const cost = (value: number) => formatCount(Math.round(value));
  const size = sizeBytes === null ? '' : `, ${formatBytes(sizeBytes)}`;
  const writes =
    write === null || write.ratio < minimumWriteRatio ? '' : `, costs ${formatRatio(write.ratio)} on writes`;
  return `${evidence} cost ${cost(costBefore)} → ${cost(costAfter)} (${describeSaving(costBefore, costAfter)})${size}${writes}`;
}
