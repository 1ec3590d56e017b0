import assert from 'node:assert/strict';
import { healthRules } from '../../src/analysis/rules/index';
import { sectionNames } from '../../src/analysis/snapshot';
import { findTargets } from '../../src/analysis/targets';
import { gap, makeDatabase, makeSession, makeSettings, makeSnapshot, makeTable } from './make-snapshot';
import { makeStatement } from './make-statement';

const blind = makeSnapshot({}, {}, Object.fromEntries(sectionNames.map((name) => [name, gap])));

describe('targets', () => {
  it('are where the rules begin to complain', () => {
    const optionOf = (ruleId: string, option: string) =>
      healthRules.find(({ id }) => id === ruleId)?.options.parse({})[option];
    const targets = new Map(findTargets(blind).map(({ id, target }) => [id, target]));
    assert.equal(targets.get('mean-statement-time'), optionOf('slow-statement', 'minMeanMs'));
    assert.equal(targets.get('table-hit-ratio'), optionOf('cache-hit-low', 'minHeapRatio'));
    assert.equal(targets.get('index-hit-ratio'), optionOf('cache-hit-low', 'minIndexRatio'));
    assert.equal(targets.get('dead-rows'), optionOf('dead-tuples', 'minRatio'));
    assert.equal(targets.get('connections'), optionOf('connections-high', 'minRatio'));
    assert.equal(targets.get('transaction-age'), optionOf('wraparound', 'minRatio'));
  });

  it('count statements of applications but none of tools, and do not guess which of them hidden ones are', () => {
    const rows = [
      makeStatement({ text: 'SELECT * FROM orders', calls: 10, totalExecMs: 4000 }),
      makeStatement({ text: 'SELECT * FROM customers', calls: 10, totalExecMs: 2000 }),
      makeStatement({ text: 'SELECT relname FROM pg_catalog.pg_class', calls: 1000, totalExecMs: 1000 }),
      makeStatement({ text: 'ROLLBACK', calls: 9000, totalExecMs: 1 }),
    ];
    const meanOf = (shown: typeof rows) =>
      findTargets(makeSnapshot({ statements: shown })).find(({ id }) => id === 'mean-statement-time');
    assert.deepEqual([meanOf(rows)?.current, meanOf(rows)?.status], [300, 'missed']);
    assert.equal(meanOf(rows.slice(2))?.status, 'unknown');
    const hidden = makeStatement({ text: null, calls: 9000, totalExecMs: 1 });
    assert.deepEqual([meanOf([...rows, hidden])?.current, meanOf([...rows, hidden])?.status], [null, 'unknown']);
  });

  it('are figures of all tables, sessions and databases together', () => {
    const tables = [
      makeTable('a', { activity: { heapBlocksHit: 90, heapBlocksRead: 10, indexBlocksHit: 7, deadTuples: 30 } }),
      makeTable('b', { activity: { heapBlocksHit: 100, indexBlocksRead: 3, liveTuples: 70 } }),
      makeTable('c', { activity: null }),
    ];
    const activity = [
      makeSession(),
      makeSession({ state: 'active' }),
      makeSession(),
      makeSession({ backendType: 'walsender' }),
      makeSession({ isHidden: true, backendType: null, database: null }),
    ];
    const settings = makeSettings({
      max_connections: 10,
      superuser_reserved_connections: 3,
      reserved_connections: 2,
      autovacuum_freeze_max_age: 1000,
    });
    const databases = [makeDatabase({ transactionAge: 400 }), makeDatabase({ name: 'e', transactionAge: 700 })];
    const targets = findTargets(makeSnapshot({ tables, activity, settings, databases }));
    assert.deepEqual(
      targets.map(({ id, current, status }) => [id, current, status]),
      [
        ['mean-statement-time', null, 'unknown'],
        ['table-hit-ratio', 0.95, 'met'],
        ['index-hit-ratio', 0.7, 'missed'],
        ['dead-rows', 0.3, 'missed'],
        ['connections', 0.6, 'met'],
        ['transaction-age', 0.7, 'missed'],
      ],
    );
  });

  it('are met by the very value', () => {
    const statusOf = (id: string, snapshot: Parameters<typeof makeSnapshot>[0]) =>
      findTargets(makeSnapshot(snapshot)).find((target) => target.id === id)?.status;
    const table = (activity: NonNullable<Parameters<typeof makeTable>[1]['activity']>) => ({
      tables: [makeTable('a', { activity })],
    });
    assert.equal(statusOf('index-hit-ratio', table({ indexBlocksHit: 95, indexBlocksRead: 5 })), 'met');
    assert.equal(statusOf('index-hit-ratio', table({ indexBlocksHit: 949, indexBlocksRead: 51 })), 'missed');
    assert.equal(statusOf('dead-rows', table({ deadTuples: 20, liveTuples: 80 })), 'met');
    assert.equal(statusOf('dead-rows', table({ deadTuples: 21, liveTuples: 79 })), 'missed');
    assert.equal(statusOf('dead-rows', table({})), 'unknown');
    assert.equal(statusOf('connections', { activity: [makeSession()] }), 'unknown', 'without the limit');
    const hidden = makeSession({ isHidden: true, backendType: null });
    const limits = makeSettings({ max_connections: 10, superuser_reserved_connections: 3 });
    assert.equal(statusOf('connections', { activity: [makeSession()], settings: limits }), 'met');
    assert.equal(statusOf('connections', { activity: [hidden], settings: limits }), 'unknown', 'it may be a helper');
    assert.equal(statusOf('transaction-age', { databases: [makeDatabase()] }), 'unknown', 'without the limit');
    const settings = makeSettings({ autovacuum_freeze_max_age: 1000 });
    assert.equal(statusOf('transaction-age', { settings }), 'unknown');
    assert.equal(statusOf('transaction-age', { settings, databases: [makeDatabase({ transactionAge: 500 })] }), 'met');
  });

  it('are not known, and never met, when nothing could be looked at', () => {
    for (const { id, current, status } of findTargets(blind))
      assert.deepEqual([current, status], [null, 'unknown'], id);
  });
});
