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

/** What was counted at a moment. */
export interface StatementCounts {
  statements: readonly SnapshotStatement[];
  /** ISO 8601; null where the extension does not tell (before 1.9). */
  statisticsReset: string | null;
}

export function findStatementWindow(mark: StatementCounts, now: StatementCounts): StatementWindow {
  const known = now.statements.filter(({ queryId }) => queryId !== null);
  const hidden = now.statements.length - known.length;
  // all was counted after the mark: a counter that has overtaken its former self must not be taken for its continuation
  if (mark.statisticsReset !== now.statisticsReset) return { statements: known, wasReset: true, hidden };
  const before = new Map(mark.statements.map((statement) => [keyOf(statement), statement]));
  // counters only ever grow; one that shrank was reset, or thrown out and counted anew, which comes to the same
  const hasShrunk = (statement: SnapshotStatement, earlier: SnapshotStatement) =>
    statement.calls < earlier.calls || statement.totalExecMs < earlier.totalExecMs;
  let wasReset = false;
  const statements = known.flatMap((statement) => {
    const earlier = before.get(keyOf(statement));
    if (earlier === undefined) return [statement];
    if (hasShrunk(statement, earlier)) {
      wasReset = true;
      return [statement];
    }
    return earlier.calls === statement.calls ? [] : [subtract(statement, earlier)];
  });
  return { statements, wasReset, hidden };
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
