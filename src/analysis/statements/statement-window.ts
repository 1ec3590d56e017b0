// What happened since a mark: the counters of pg_stat_statements now, less those at the mark. The server has no such
// window, and a reset in between makes one impossible to tell; then that is said and the counts since the reset stand.
import type { SnapshotStatement } from '../snapshot';

export interface StatementWindow {
  /** Statements that ran since the mark, with the counts since then. */
  statements: SnapshotStatement[];
  /** The statistics were reset after the mark: the counts are those since the reset. */
  wasReset: boolean;
  /** Statements whose id is hidden from the role, so that they can't be recognised. */
  hidden: number;
}

/** pg_stat_statements counts by user, queryid and top level in a database. */
function keyOf({ queryId, role, isTopLevel }: SnapshotStatement): string {
  return JSON.stringify([queryId, role, isTopLevel]);
}

export function findStatementWindow(
  mark: readonly SnapshotStatement[],
  now: readonly SnapshotStatement[],
): StatementWindow {
  const before = new Map(mark.map((statement) => [keyOf(statement), statement]));
  const known = now.filter(({ queryId }) => queryId !== null);
  // counters only ever grow; one that shrank was reset, or thrown out and counted anew, which comes to the same
  const wasReset = known.some((statement) => statement.calls < (before.get(keyOf(statement))?.calls ?? 0));
  const statements = known.flatMap((statement) => {
    const earlier = before.get(keyOf(statement));
    if (earlier === undefined || earlier.calls > statement.calls) return [statement];
    return earlier.calls === statement.calls ? [] : [subtract(statement, earlier)];
  });
  return { statements, wasReset, hidden: now.length - known.length };
}

function subtract(now: SnapshotStatement, before: SnapshotStatement): SnapshotStatement {
  const calls = now.calls - before.calls;
  const totalExecMs = Math.max(now.totalExecMs - before.totalExecMs, 0);
  const since = (figure: (statement: SnapshotStatement) => number) => Math.max(figure(now) - figure(before), 0);
  return {
    ...now,
    calls,
    totalExecMs,
    meanExecMs: totalExecMs / calls,
    totalPlanMs: now.totalPlanMs === null || before.totalPlanMs === null ? null : now.totalPlanMs - before.totalPlanMs,
    rows: since(({ rows }) => rows),
    sharedBlocksHit: since(({ sharedBlocksHit }) => sharedBlocksHit),
    sharedBlocksRead: since(({ sharedBlocksRead }) => sharedBlocksRead),
    sharedBlocksDirtied: since(({ sharedBlocksDirtied }) => sharedBlocksDirtied),
    sharedBlocksWritten: since(({ sharedBlocksWritten }) => sharedBlocksWritten),
    tempBlocksRead: since(({ tempBlocksRead }) => tempBlocksRead),
    tempBlocksWritten: since(({ tempBlocksWritten }) => tempBlocksWritten),
    walBytes: since(({ walBytes }) => walBytes),
    // least, most and spread can't be told for a part of the time: those of the whole time stand
  };
}
