// What happened since a mark: the counters of pg_stat_statements now, less those at the mark. The server has no such
// window, and a reset in between makes one impossible to tell; then that is said and the counts since the reset stand.
// From 1.11 on each statement tells when its counting began, from 1.9 on the extension when all of it was reset. Before
// that a reset shows only in what it does to the counters, and one that leaves no trace is not seen: that is said, too.
import type { Snapshot, SnapshotStatement } from '../snapshot';

export interface StatementWindow {
  /** Statements that ran since the mark, with the counts since then. */
  statements: SnapshotStatement[];
  /** All statistics were reset after the mark: the counts are those since the reset. */
  wasReset: boolean;
  /** Else: statements that were reset alone, or thrown out for lack of room and counted anew; their counts are since then. */
  restarted: number;
  /** Else: statements of the mark that are no longer counted. What they did in between is not known. */
  gone: number;
  /** Statements whose id is, or was at the mark, hidden from the role, so that they can't be recognised. */
  hidden: number;
  /** Before 1.11: a reset of a single statement that has since overtaken its former self in everything is not noticed. */
  mayMissReset: boolean;
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

/** Null when the statements could not be read. */
export function toStatementCounts({
  sections: { statements, statementStatistics: info },
}: Snapshot<'statements' | 'statementStatistics'>): StatementCounts | null {
  if (statements.status === 'unavailable') return null;
  return {
    statements: statements.rows,
    statisticsReset: info.status === 'available' ? (info.rows[0]?.statisticsReset ?? null) : null,
  };
}

const counters = [
  'calls',
  'totalExecMs',
  'rows',
  'sharedBlocksHit',
  'sharedBlocksRead',
  'sharedBlocksDirtied',
  'sharedBlocksWritten',
  'tempBlocksRead',
  'tempBlocksWritten',
  'walBytes',
] as const satisfies readonly (keyof SnapshotStatement)[];

/** Means are computed from sums of floating-point numbers. */
const meanTolerance = 1e-6;

/** Whether the counters can't be the same ones further on. */
function isRestarted(now: SnapshotStatement, before: SnapshotStatement): boolean {
  if (now.countedSince !== null && before.countedSince !== null) return now.countedSince !== before.countedSince;
  // counters only grow, extremes only widen, calls and their time are counted together
  if (counters.some((counter) => now[counter] < before[counter])) return true;
  if (now.minExecMs > before.minExecMs && before.calls > 0) return true;
  if (now.maxExecMs < before.maxExecMs) return true;
  const calls = now.calls - before.calls;
  const totalMs = now.totalExecMs - before.totalExecMs;
  if (calls === 0) return totalMs > 0;
  // no mean lies outside the extremes
  const slack = meanTolerance * now.totalExecMs;
  return totalMs < calls * now.minExecMs - slack || totalMs > calls * now.maxExecMs + slack;
}

const isUnchanged = (now: SnapshotStatement, before: SnapshotStatement) =>
  counters.every((counter) => now[counter] === before[counter]);

export function findStatementWindow(mark: StatementCounts, now: StatementCounts): StatementWindow {
  const known = now.statements.filter(({ queryId }) => queryId !== null);
  const hidden = now.statements.length - known.length;
  const marked = mark.statements.filter(({ queryId }) => queryId !== null);
  const before = new Map(marked.map((statement) => [keyOf(statement), statement]));
  const pairs = known.map((statement) => ({ statement, earlier: before.get(keyOf(statement)) }));
  const both = pairs.flatMap(({ statement, earlier }) => (earlier === undefined ? [] : [{ statement, earlier }]));
  const restarted = new Set(
    both.filter(({ statement, earlier }) => isRestarted(statement, earlier)).map(({ statement }) => statement),
  );
  const gone = marked.length - both.length;
  const wasReset =
    mark.statisticsReset === null || now.statisticsReset === null
      ? // a reset of everything leaves no statement as it was
        restarted.size + gone > 0 && !both.some(({ statement, earlier }) => isUnchanged(statement, earlier))
      : mark.statisticsReset !== now.statisticsReset;
  const mayMissReset = known.some(({ countedSince }) => countedSince === null);
  // all was counted after the mark: a counter that has overtaken its former self must not be taken for its continuation
  if (wasReset) return { statements: known, wasReset, restarted: 0, gone: 0, hidden, mayMissReset };
  // one that could not be recognised at the mark may have been counted long before it
  const hiddenRoles = new Set(mark.statements.flatMap(({ queryId, role }) => (queryId === null ? [role] : [])));
  let unrecognised = 0;
  const statements = pairs.flatMap(({ statement, earlier }) => {
    if (earlier === undefined) {
      if (!hiddenRoles.has(statement.role)) return [statement];
      unrecognised += 1;
      return [];
    }
    if (restarted.has(statement)) return [statement];
    return earlier.calls === statement.calls ? [] : [subtract(statement, earlier)];
  });
  return { statements, wasReset, restarted: restarted.size, gone, hidden: hidden + unrecognised, mayMissReset };
}

function subtract(now: SnapshotStatement, before: SnapshotStatement): SnapshotStatement {
  const since = Object.fromEntries(counters.map((counter) => [counter, now[counter] - before[counter]])) as Record<
    (typeof counters)[number],
    number
  >;
  return {
    ...now,
    ...since,
    meanExecMs: since.totalExecMs / since.calls,
    totalPlanMs:
      now.totalPlanMs === null || before.totalPlanMs === null
        ? null
        : Math.max(now.totalPlanMs - before.totalPlanMs, 0),
    // least, most and spread can't be told for a part of the time: those of the whole time stand
  };
}
