// The rows of pg_stat_statements as a list of slow queries: each with its share of the load, sorted and filtered. Pure; the
// view and the terminal program show the same.
import { toRatio } from '../ratio';
import type { Snapshot, SnapshotStatement } from '../snapshot';

export interface StatementEntry {
  /** Unlike that of every other entry of the list, and the same when the list is read again. */
  id: string;
  statement: SnapshotStatement;
  /** Of all statements' total time, 0 to 1. */
  loadRatio: number;
  /** Shared blocks found in the buffers, of all that were asked for; null when there were none. */
  hitRatio: number | null;
  rowsPerCall: number;
  /** Written to temporary files, then read from them. */
  tempBlocks: number;
}

export const statementOrders = ['total', 'mean', 'calls', 'rows', 'temp', 'hit-ratio'] as const;
export type StatementOrder = (typeof statementOrders)[number];

/** Behind "sorted by". */
export const statementOrderTitles: Record<StatementOrder, string> = {
  total: 'total time',
  mean: 'mean time',
  calls: 'calls',
  rows: 'rows',
  temp: 'temporary files',
  'hit-ratio': 'lowest hit ratio',
};

export function toStatementEntries(statements: readonly SnapshotStatement[]): StatementEntry[] {
  const totalMs = statements.reduce((sum, { totalExecMs }) => sum + totalExecMs, 0);
  const seen = new Map<string, number>();
  return statements.map((statement) => {
    // roles that are gone, and statements that are hidden, look alike
    const key = JSON.stringify([statement.queryId, statement.role, statement.isTopLevel]);
    const occurrence = seen.get(key) ?? 0;
    seen.set(key, occurrence + 1);
    return {
      id: `${key}${occurrence}`,
      statement,
      loadRatio: totalMs === 0 ? 0 : statement.totalExecMs / totalMs,
      hitRatio: toRatio(statement.sharedBlocksHit, statement.sharedBlocksRead),
      rowsPerCall: statement.calls === 0 ? 0 : statement.rows / statement.calls,
      tempBlocks: statement.tempBlocksWritten + statement.tempBlocksRead,
    };
  });
}

/** Largest first; what is equal by total time. */
export function sortStatements(entries: readonly StatementEntry[], order: StatementOrder): StatementEntry[] {
  return [...entries].sort(
    (a, b) => toWeight(b, order) - toWeight(a, order) || b.statement.totalExecMs - a.statement.totalExecMs,
  );
}

function toWeight({ statement, hitRatio, tempBlocks }: StatementEntry, order: StatementOrder): number {
  switch (order) {
    case 'total':
      return statement.totalExecMs;
    case 'mean':
      return statement.meanExecMs;
    case 'calls':
      return statement.calls;
    case 'rows':
      return statement.rows;
    case 'temp':
      return tempBlocks;
    case 'hit-ratio':
      // what touched no block comes last
      return hitRatio === null ? -1 : 1 - hitRatio;
  }
}

/** Texts and roles that contain all the words; one with - before it must not be there. Hidden texts contain nothing. */
export function filterStatements(entries: readonly StatementEntry[], filter: string): StatementEntry[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-');
  if (words.length === 0) return [...entries];
  return entries.filter(({ statement: { text, role } }) => {
    const searched = `${text ?? ''}\n${role ?? ''}`.toLowerCase();
    return words.every((word) => (word.startsWith('-') ? !searched.includes(word.slice(1)) : searched.includes(word)));
  });
}

/** The text of the statement that a finding is about; null when it is not counted any more. */
export function findStatementText({ sections: { statements } }: Snapshot, queryId: string): string | null {
  if (statements.status === 'unavailable') return null;
  return statements.rows.find((statement) => statement.queryId === queryId)?.text ?? null;
}
