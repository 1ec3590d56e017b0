import type { SnapshotStatement } from '../../src/analysis/snapshot';

/** A row of pg_stat_statements: 10 calls of 100 ms each, unless said otherwise. */
export function makeStatement(change: Partial<SnapshotStatement>): SnapshotStatement {
  return {
    queryId: '1',
    text: 'select 1',
    role: 'app',
    isTopLevel: true,
    calls: 10,
    totalExecMs: 1000,
    meanExecMs: 100,
    minExecMs: 1,
    maxExecMs: 500,
    stddevExecMs: 3,
    totalPlanMs: null,
    rows: 10,
    sharedBlocksHit: 0,
    sharedBlocksRead: 0,
    sharedBlocksDirtied: 0,
    sharedBlocksWritten: 0,
    tempBlocksRead: 0,
    tempBlocksWritten: 0,
    walBytes: 0,
    countedSince: null,
    ...change,
  };
}
