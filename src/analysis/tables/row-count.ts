// How many rows a table has, in findings and in the report. What VACUUM or ANALYZE estimated last (reltuples) is behind as
// soon as rows are written; what the server has counted since (n_live_tup) starts at 0 when statistics are reset, and has
// rows twice that a session wrote right before its own ANALYZE. So it is what the planner takes: as many rows a page as
// then, on the pages that there are now.
import type { SnapshotTable } from '../snapshot';

type Counts = Pick<SnapshotTable, 'estimatedRows' | 'estimatedSizeBytes' | 'currentSizeBytes' | 'activity'>;

/** The server's counters may lag and differ by a few rows; less than a tenth decides about no finding. */
const grownFactor = 1.1;

/** The counters say that there are more rows now than reltuples: only its size tells whether that is so. */
export function mayHaveGrown({ estimatedRows, activity }: Pick<Counts, 'estimatedRows' | 'activity'>): boolean {
  return estimatedRows !== null && (activity?.liveTuples ?? 0) > estimatedRows * grownFactor;
}

/** Null where nothing is known. */
export function findRowCount(table: Counts): number | null {
  const { estimatedRows, estimatedSizeBytes, currentSizeBytes, activity } = table;
  const counted = activity?.liveTuples ?? 0;
  if (estimatedRows === null) return counted === 0 ? null : counted;
  if (!mayHaveGrown(table)) return estimatedRows;
  // an empty table has no rows a page
  if (currentSizeBytes === null || estimatedSizeBytes === 0 || estimatedRows === 0) return counted;
  return Math.round((estimatedRows / estimatedSizeBytes) * currentSizeBytes);
}
