// A partitioned index has no storage and no scans of its own: its figures are those of the indexes attached to it, which
// come and go with it.
import { groupBy } from '../group-by';
import { onceFor } from '../once-for';
import type { SnapshotIndex } from '../snapshot';

export type FindParts = (index: SnapshotIndex) => readonly SnapshotIndex[];

/** Of a partitioned index: itself and those of its partitions, at any level. Of others: itself. */
export const toFindParts = onceFor((indexes: readonly SnapshotIndex[]): FindParts => {
  const children = groupBy(
    indexes.filter(({ parentOid }) => parentOid !== null),
    ({ parentOid }) => parentOid,
  );
  const findParts = (index: SnapshotIndex): SnapshotIndex[] => [
    index,
    ...(children.get(index.oid) ?? []).flatMap(findParts),
  ];
  return findParts;
});

export function sumSizeBytes(parts: readonly SnapshotIndex[]): number {
  return parts.reduce((sum, { estimatedSizeBytes }) => sum + estimatedSizeBytes, 0);
}

/** null when the server counts nothing. */
export function sumScans(parts: readonly SnapshotIndex[]): number | null {
  return parts.reduce<number | null>((sum, { scans }) => (sum === null || scans === null ? null : sum + scans), 0);
}
