import assert from 'node:assert/strict';
import {
  describePromise,
  hasNeverPaid,
  toIndexPrediction,
  toIndexPromise,
  type KeptPromise,
} from '../../src/analysis/indexes/index-promise';
import { buildIndexTree, type IndexNode } from '../../src/analysis/indexes/index-tree';
import type { SnapshotIndex, SnapshotStatement } from '../../src/analysis/snapshot';
import { toStatementKey } from '../../src/analysis/statements/statement-key';
import { gap, makeDatabase, makeIndex, makeSnapshot, makeTable } from './make-snapshot';
import { makeStatement } from './make-statement';

const sql = 'SELECT * FROM orders WHERE customer_id = $1';
const text = 'select *  from orders where customer_id = $1';
const advised = {
  evidence: 'planned' as const,
  ...{ costBefore: 48_210.4, costAfter: 12.2, sizeBytes: 21 * 1024 ** 2, write: null },
};
/** The index was made when makeSnapshot captures: on 21 November, at noon. */
const madeAt = '2026-11-21T12:00:00.000Z';
const daysLater = (days: number) => new Date(Date.parse(madeAt) + days * 86_400_000).toISOString();

const slow = makeStatement({ text, calls: 10, totalExecMs: 3_120, meanExecMs: 312, minExecMs: 0.1 });
const promiseOf = (statements: readonly SnapshotStatement[], texts = [sql]): KeptPromise => ({
  promise: toIndexPromise(toIndexPrediction(advised, texts), makeSnapshot({ statements })),
  keep: [],
});

const nodeOf = (change: Partial<SnapshotIndex>): IndexNode => {
  const [node] = buildIndexTree([makeIndex('a', makeTable('orders', {}), ['customer_id'], change)], []);
  assert.ok(node);
  return node;
};

const looking = (
  days: number,
  statements: readonly SnapshotStatement[] = [],
  countedSince: string | null = '2026-11-11T12:00:00.000Z',
  inRecovery = false,
) => ({
  ...makeSnapshot({ statements, databases: [makeDatabase({ countedSince })] }, { inRecovery }),
  capturedAt: daysLater(days),
});

const plain = (described: string) => described.replaceAll('\u00a0', ' ');

describe('the promise of advice', () => {
  it('is compared with what was counted since', () => {
    const now = makeStatement({ ...slow, calls: 1_214, totalExecMs: 4_203.6 });
    const node = nodeOf({ scans: 1_204, estimatedSizeBytes: 20.8 * 1024 ** 2 });
    assert.equal(
      plain(describePromise(promiseOf([slow]), node, looking(3, [now]))),
      'Promised: planned cost 48,210 → 12 (-99.9%), 21 MB. ' +
        'Since 2026-11-21: 1,204 scans, 20.8 MB, mean time of the statement 312 ms → 0.900 ms.',
    );
  });

  it('says what is not known', () => {
    const node = nodeOf({ scans: 3 });
    const times = (kept: KeptPromise, snapshot: ReturnType<typeof looking>) =>
      plain(describePromise(kept, node, snapshot)).replace(/^.*MB, /, '');
    assert.equal(times(promiseOf([slow]), looking(1, [slow])), 'no call of the statement counted.');
    assert.equal(times(promiseOf([]), looking(1, [slow])), 'mean time of the statement not counted → 312 ms.');
    const unreadable = makeSnapshot({}, {}, { statements: gap });
    assert.equal(
      times(promiseOf([slow]), { ...unreadable, capturedAt: daysLater(1) }),
      'mean time of the statement not known.',
    );
    const blind = { promise: toIndexPromise(toIndexPrediction(advised, [sql]), unreadable), keep: [] };
    assert.equal(times(blind, looking(1, [slow])), 'mean time of the statement not known.');
    const reset = plain(describePromise(promiseOf([]), node, looking(1, [], daysLater(0.5))));
    assert.match(reset, /: 3 scans \(the statistics were reset in between\), 2 MB/);
    assert.match(describePromise(promiseOf([]), nodeOf({ scans: null }), looking(1)), /: scans not counted, /);
  });

  it('counts from a reset of the statements on, all roles together', () => {
    const [before, after] = [
      [makeStatement({ ...slow, role: 'a' }), makeStatement({ ...slow, role: 'b' })],
      [
        makeStatement({ text, role: 'a', calls: 1, totalExecMs: 4 }),
        makeStatement({ text, role: 'b', calls: 3, totalExecMs: 8 }),
      ],
    ];
    assert.match(
      plain(describePromise(promiseOf(before), nodeOf({ scans: 4 }), looking(1, after))),
      /mean time of the statement 312 ms → 3\.00 ms\.$/,
    );
  });

  it('names the statements where there are several, and keeps five of a bearable length', () => {
    const texts = Array.from({ length: 8 }, (_, at) => `SELECT c${at} FROM t WHERE a = 1`);
    const { promise, keep } = promiseOf(
      [],
      [`SELECT '${'x, '.repeat(9_000)}' , ${'y, '.repeat(9_000)} z`, ...texts, ...texts],
    );
    assert.equal(promise.statements.length, 5);
    const described = plain(describePromise({ promise, keep }, nodeOf({ scans: 1 }), looking(1)));
    assert.match(described, /no call of select c0 from t where a = \$ counted, no call of select c1 /);
    assert.ok(JSON.stringify(promise).length < 2_000);
  });

  it('was never kept after seven days without a scan, counted all the time', () => {
    const [kept, unused] = [promiseOf([slow]), nodeOf({ scans: 0 })];
    assert.equal(hasNeverPaid(kept, unused, looking(7)), true);
    assert.match(describePromise(kept, unused, looking(7)), /No scan has used it: it has never paid\. Drop Index/);
    assert.equal(hasNeverPaid(kept, unused, looking(6.99)), false);
    assert.equal(hasNeverPaid(kept, nodeOf({ scans: 1 }), looking(7)), false);
    assert.equal(hasNeverPaid(kept, nodeOf({ scans: null }), looking(7)), false);
    assert.equal(hasNeverPaid(kept, unused, looking(20, [], daysLater(1))), false, 'a reset');
    assert.equal(hasNeverPaid(kept, unused, looking(7, [], null)), false, 'nobody can tell');
    assert.equal(hasNeverPaid(kept, unused, looking(7, [], undefined, true)), false, 'a standby');
  });

  it('leaves out the scans of parts that were there before', () => {
    const table = makeTable('orders', {});
    const root = makeIndex('a', table, ['b'], { isPartitioned: true });
    const parts = [5, 0].map((scans) => makeIndex('p', table, ['b'], { parentOid: root.oid, scans }));
    const [node] = buildIndexTree([root, ...parts], []);
    assert.ok(node);
    const { promise } = promiseOf([]);
    assert.equal(hasNeverPaid({ promise, keep: [] }, node, looking(7)), false);
    assert.equal(hasNeverPaid({ promise, keep: parts.slice(0, 1) }, node, looking(7)), true);
  });
});

describe('a statement of a file and of pg_stat_statements', () => {
  const isSame = (a: string, b: string) => {
    assert.equal(toStatementKey(a), toStatementKey(b));
  };

  it('are the same but for constants, case, comments and white space', () => {
    isSame(
      "SELECT 1 FROM T -- one\nWHERE a = 'x' AND b IN (1, 2,3);",
      'select $1 from t where a = $2 and b in ($3 /*, ... */)',
    );
    isSame('SELECT * FROM t WHERE a IN ($1)', 'SELECT * FROM t WHERE a IN ($1, $2, $3)');
    isSame('PREPARE p (int) AS SELECT * FROM t WHERE a = $1', 'SELECT * FROM t WHERE a = 7');
    isSame('SELECT * FROM t WHERE a = true', 'SELECT * FROM t WHERE a = $1');
  });

  it('are not where they differ in anything else', () => {
    const key = toStatementKey('SELECT * FROM t WHERE a = 1');
    for (const other of [
      'SELECT * FROM "T" WHERE a = 1',
      'SELECT * FROM t WHERE b = 1',
      'SELECT * FROM t WHERE a > 1',
      'SELECT * FROM t WHERE a = 1 LIMIT 1',
      'EXPLAIN SELECT * FROM t WHERE a = 1',
    ]) {
      assert.notEqual(toStatementKey(other), key, other);
    }
  });
});
