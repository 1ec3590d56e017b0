import assert from 'node:assert/strict';
import type { SnapshotStatement } from '../../src/analysis/snapshot';
import { findStatementWindow, type StatementCounts } from '../../src/analysis/statements/statement-window';

function statement(change: Partial<SnapshotStatement>): SnapshotStatement {
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
    sharedBlocksHit: 100,
    sharedBlocksRead: 50,
    sharedBlocksDirtied: 0,
    sharedBlocksWritten: 0,
    tempBlocksRead: 0,
    tempBlocksWritten: 0,
    walBytes: 0,
    ...change,
  };
}

const counts = (...statements: SnapshotStatement[]): StatementCounts => ({ statements, statisticsReset: null });

describe('the window since a mark', () => {
  it('holds what was counted since then, with its own mean', () => {
    const { statements, wasReset } = findStatementWindow(
      counts(statement({})),
      counts(statement({ calls: 14, totalExecMs: 1200, rows: 18, sharedBlocksHit: 130, sharedBlocksRead: 51 })),
    );
    assert.equal(wasReset, false);
    assert.deepEqual(
      statements.map(({ calls, totalExecMs, meanExecMs, rows, sharedBlocksHit, sharedBlocksRead }) => [
        calls,
        totalExecMs,
        meanExecMs,
        rows,
        sharedBlocksHit,
        sharedBlocksRead,
      ]),
      [[4, 200, 50, 8, 30, 1]],
    );
  });

  it('leaves out what did not run, and tells roles and nested calls apart', () => {
    const other = statement({ role: 'report' });
    const nested = statement({ isTopLevel: false });
    const { statements } = findStatementWindow(
      counts(statement({}), other, nested),
      counts(statement({}), { ...other, calls: 11 }, nested, statement({ queryId: '2', calls: 3 })),
    );
    assert.deepEqual(
      statements.map(({ queryId, role, calls }) => [queryId, role, calls]),
      [
        ['1', 'report', 1],
        ['2', 'app', 3],
      ],
    );
  });

  it('notices a reset, and then counts since the reset', () => {
    const { statements, wasReset } = findStatementWindow(
      counts(statement({})),
      counts(statement({ calls: 2, totalExecMs: 30 })),
    );
    assert.equal(wasReset, true);
    assert.deepEqual([statements[0]?.calls, statements[0]?.totalExecMs], [2, 30]);
  });

  it('notices a reset by its moment, although the counters have overtaken the mark', () => {
    const now = statement({ calls: 40, totalExecMs: 4000 });
    assert.deepEqual(
      findStatementWindow(
        { statements: [statement({})], statisticsReset: '2026-07-01T00:00:00.000Z' },
        { statements: [now], statisticsReset: '2026-07-01T01:00:00.000Z' },
      ),
      { statements: [now], wasReset: true, hidden: 0 },
    );
  });

  it('notices a reset by the time that shrank, although the calls are as many', () => {
    const { wasReset } = findStatementWindow(counts(statement({})), counts(statement({ totalExecMs: 900 })));
    assert.equal(wasReset, true);
  });

  it('counts what it can not recognise', () => {
    const hidden = statement({ queryId: null, text: null });
    assert.deepEqual(findStatementWindow(counts(hidden), counts(hidden, statement({ calls: 1 }))), {
      statements: [statement({ calls: 1 })],
      wasReset: false,
      hidden: 1,
    });
  });
});
