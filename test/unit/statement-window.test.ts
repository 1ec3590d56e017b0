import assert from 'node:assert/strict';
import type { SnapshotStatement } from '../../src/analysis/snapshot';
import { findStatementWindow, type StatementCounts } from '../../src/analysis/statements/statement-window';
import { makeStatement } from './make-statement';

const statement = (change: Partial<SnapshotStatement>) =>
  makeStatement({ sharedBlocksHit: 100, sharedBlocksRead: 50, ...change });

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
      counts(statement({}), { ...other, calls: 11, totalExecMs: 1100 }, nested, statement({ queryId: '2', calls: 3 })),
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

  it('notices a reset of everything by its moment, although the counters have overtaken the mark', () => {
    const now = statement({ calls: 40, totalExecMs: 4000 });
    const { statements, wasReset } = findStatementWindow(
      { statements: [statement({})], statisticsReset: '2026-07-01T00:00:00.000Z' },
      { statements: [now], statisticsReset: '2026-07-01T01:00:00.000Z' },
    );
    assert.deepEqual([statements, wasReset], [[now], true]);
  });

  it('notices a reset of everything by what is gone, where nothing is as it was', () => {
    const now = statement({ calls: 40, totalExecMs: 4000 });
    const { statements, wasReset } = findStatementWindow(
      counts(statement({}), statement({ queryId: '2' })),
      counts(now),
    );
    assert.deepEqual([statements, wasReset], [[now], true]);
  });

  it('takes what is gone for thrown out, where another is as it was', () => {
    const other = statement({ queryId: '3' });
    const { statements, wasReset, gone } = findStatementWindow(
      counts(statement({}), statement({ queryId: '2' }), other),
      counts(statement({ calls: 40, totalExecMs: 4000 }), other),
    );
    assert.deepEqual([statements.map(({ calls }) => calls), wasReset, gone], [[30], false, 1]);
  });

  it('notices a reset of one statement by when it began to count', () => {
    const now = statement({ calls: 40, totalExecMs: 4000, countedSince: '2026-07-01T01:00:00.000Z' });
    const { statements, wasReset, restarted, mayMissReset } = findStatementWindow(
      counts(statement({ countedSince: '2026-07-01T00:00:00.000Z' }), statement({ queryId: '2' })),
      counts(now, statement({ queryId: '2', countedSince: null })),
    );
    assert.deepEqual([statements, wasReset, restarted, mayMissReset], [[now], false, 1, true]);
  });

  it('notices a reset by counters that can not be the same ones further on', () => {
    const other = statement({ queryId: '2' });
    for (const change of [
      { calls: 9 },
      { totalExecMs: 900 },
      { totalExecMs: 1001 },
      { calls: 20, totalExecMs: 2000, sharedBlocksHit: 99 },
      { calls: 20, totalExecMs: 2000, minExecMs: 2 },
      { calls: 20, totalExecMs: 2000, maxExecMs: 499 },
      { calls: 11, totalExecMs: 1501 },
      { calls: 20, totalExecMs: 1009 },
    ]) {
      const now = statement(change);
      const { statements, restarted, wasReset } = findStatementWindow(counts(statement({}), other), counts(now, other));
      assert.deepEqual([statements, restarted, wasReset], [[now], 1, false], JSON.stringify(change));
    }
  });

  it('counts what it can not recognise, also what it could not at the mark', () => {
    const hidden = statement({ queryId: null, text: null, role: 'secret' });
    const {
      statements,
      wasReset,
      hidden: count,
    } = findStatementWindow(
      counts(hidden, statement({})),
      counts(hidden, statement({}), statement({ queryId: '2', calls: 1 }), statement({ queryId: '3', role: 'secret' })),
    );
    assert.deepEqual([statements.map(({ queryId }) => queryId), wasReset, count], [['2'], false, 2]);
  });
});
