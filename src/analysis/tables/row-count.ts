import type { SnapshotTable } from '../snapshot';

/**
 * How many rows a table has, in findings and in the report: the greater of what VACUUM or ANALYZE estimated last
 * (reltuples) and what the server has counted since (n_live_tup). The first is behind until the next ANALYZE, the second
 * starts at 0 when statistics are reset. Null where neither is known.
 */
export function findRowCount({
  estimatedRows,
  activity,
}: Pick<SnapshotTable, 'estimatedRows' | 'activity'>): number | null {
  const counted = activity?.liveTuples ?? 0;
  return estimatedRows === null && counted === 0 ? null : Math.max(estimatedRows ?? 0, counted);
}
