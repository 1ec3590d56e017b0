// Where each health rule begins and ends: its thresholds to the unit, its severities, what it must not say. What a server
// can be made to show in a test is in test/database/rules.test.ts.
import assert from 'node:assert/strict';
import type { Finding } from '../../src/analysis/finding';
import { healthRules } from '../../src/analysis/rules/index';
import type { SectionGap, Snapshot } from '../../src/analysis/snapshot';
import {
  gap,
  makeDatabase,
  makeForeignKey,
  makeIndex,
  makeKey,
  makeSequence,
  makeSession,
  makeSettings,
  makeSnapshot,
  makeTable,
} from './make-snapshot';
import { makeStatement } from './make-statement';

function run(id: string, snapshot: Snapshot, options?: unknown) {
  const rule = healthRules.find((each) => each.id === id);
  assert.ok(rule, id);
  return rule.run(snapshot, options);
}

function find(id: string, snapshot: Snapshot, options?: unknown): readonly Finding[] {
  const result = run(id, snapshot, options);
  if (result.status === 'skipped') assert.fail(result.reason.message);
  for (const finding of result.findings) checkForPrograms(finding);
  return result.findings;
}

/** A figure is a number with a unit, never a text that was written for people; an id is none. Each fix says how to go back. */
function checkForPrograms({ evidence, fix }: Finding): void {
  for (const { label, value } of evidence) {
    const isFigure = typeof value === 'string' && /^[<>~]?-?\d[\d,]*(?:\.\d+)?%?(?: \w+)?(?: \(.*\))?$/.test(value);
    assert.ok(!isFigure || label === 'query ID', `${label}: ${value}`);
  }
  if (fix !== undefined) assert.ok(fix.undoSql !== undefined || fix.undoNote !== undefined, fix.title);
}

function reasonOf(id: string, snapshot: Snapshot, options?: unknown): SectionGap {
  const result = run(id, snapshot, options);
  if (result.status === 'ran') assert.fail(`${id} ran`);
  return result.reason;
}

const severitiesOf = (findings: readonly Finding[]) => findings.map(({ severity }) => severity);
const namesOf = (findings: readonly Finding[]) =>
  findings.map(({ subject }) => ('name' in subject ? subject.name : subject.kind));
const valueOf = (finding: Finding | undefined, label: string) =>
  finding?.evidence.find((evidence) => evidence.label === label)?.value;

describe('wraparound', () => {
  const limits = makeSettings({ autovacuum_freeze_max_age: 200e6, autovacuum_multixact_freeze_max_age: 400e6 });
  const at = (transactionAge: number, multixactAge = 0) =>
    find('wraparound', makeSnapshot({ databases: [makeDatabase({ transactionAge, multixactAge })], settings: limits }));

  it('is said above half of the limit, and gets worse with the age', () => {
    assert.deepEqual(at(100e6), []);
    assert.deepEqual(severitiesOf(at(100e6 + 1)), ['low']);
    assert.deepEqual(severitiesOf(at(200e6)), ['low']);
    assert.deepEqual(severitiesOf(at(200e6 + 1)), ['medium']);
    assert.deepEqual(severitiesOf(at(1e9)), ['medium']);
    assert.deepEqual(severitiesOf(at(1e9 + 1)), ['high']);
    assert.deepEqual(severitiesOf(at(1.6e9)), ['high']);
    assert.deepEqual(severitiesOf(at(1.6e9 + 1)), ['critical']);
  });

  it('tells by the advice whether autovacuum is still in time', () => {
    assert.match(at(200e6)[0]?.advice ?? '', /^Autovacuum will read/);
    assert.match(at(200e6 + 1)[0]?.advice ?? '', /^Autovacuum does not keep up/);
  });

  it('looks at multixacts by their own limit, and at every database', () => {
    assert.deepEqual(at(0, 200e6), []);
    assert.match(at(0, 200e6 + 1)[0]?.message ?? '', /^The oldest unfrozen multixacts of database "d" /);
    const other = makeDatabase({ name: 'other', isCurrent: false, transactionAge: 150e6 });
    const old = makeTable('old', { transactionAge: 9 });
    const snapshot = makeSnapshot({ databases: [makeDatabase(), other], settings: limits, tables: [old] });
    const [finding] = find('wraparound', snapshot);
    assert.deepEqual(finding?.subject, { kind: 'database', name: 'other' });
    assert.equal(finding.fix, undefined, 'its tables are not those of this database');
  });

  it('names the three oldest tables, of those that are old', () => {
    const tables = [130e6, 150e6, 110e6, 140e6].map((age) =>
      makeTable(`age_${age / 1e6}`, { transactionAge: age, multixactAge: 410e6 - age }),
    );
    const database = makeDatabase({ transactionAge: 150e6, multixactAge: 300e6 });
    const fixes = (...each: ReturnType<typeof makeTable>[]) =>
      find(
        'wraparound',
        makeSnapshot({ databases: [database], settings: limits, tables: [makeTable('no_age', {}), ...each] }),
      ).map(({ fix }) => fix?.sql);
    assert.deepEqual(fixes(...tables), [
      'VACUUM (FREEZE) s.age_110, s.age_130, s.age_140;',
      'VACUUM (FREEZE) s.age_150, s.age_140, s.age_130;',
    ]);
    const [old, young] = [
      makeTable('old', { transactionAge: 150e6, multixactAge: 300e6 }),
      makeTable('young', { transactionAge: 100e6, multixactAge: 0 }),
    ];
    assert.deepEqual(fixes(old, young), ['VACUUM (FREEZE) s.old;', 'VACUUM (FREEZE) s.old;']);
  });

  it('freezes the whole database where none of its tables is as old', () => {
    const snapshot = makeSnapshot({
      databases: [makeDatabase({ transactionAge: 150e6 })],
      settings: limits,
      tables: [makeTable('frozen', { transactionAge: 0 })],
    });
    const [finding] = find('wraparound', snapshot);
    assert.equal(finding?.fix?.sql, 'VACUUM (FREEZE);');
    assert.match(finding.advice ?? '', /catalogue/);
    assert.ok(!JSON.stringify(finding).includes('frozen"'), 'a table of age 0 is not named');
    assert.doesNotMatch(finding.evidence.map(({ label }) => label).join(), /age of s\./);
  });

  it('says nothing by a limit that is hidden', () => {
    assert.deepEqual(find('wraparound', makeSnapshot({ databases: [makeDatabase({ transactionAge: 2e9 })] })), []);
  });
});

describe('sequence-exhaustion', () => {
  const at = (lastValue: number, change: Parameters<typeof makeSequence>[0] = {}, options?: unknown) =>
    find(
      'sequence-exhaustion',
      makeSnapshot({ sequences: [makeSequence({ minimum: 0, maximum: 1000, lastValue, ...change })] }),
      options,
    );

  it('is said above half, high from 80 %, critical from 95 %', () => {
    assert.deepEqual(at(500), []);
    assert.deepEqual(severitiesOf(at(501)), ['medium']);
    assert.deepEqual(severitiesOf(at(799)), ['medium']);
    assert.deepEqual(severitiesOf(at(800)), ['high']);
    assert.deepEqual(severitiesOf(at(949)), ['high']);
    assert.deepEqual(severitiesOf(at(950)), ['critical']);
    assert.deepEqual(severitiesOf(at(700, {}, { highFromRatio: 0.7 })), ['high']);
  });

  it('counts what is left in steps, in both directions', () => {
    assert.equal(valueOf(at(900, { increment: 10 })[0], 'left'), 10);
    const down = at(-900, { minimum: -1000, maximum: 0, increment: -10 });
    assert.deepEqual([severitiesOf(down), valueOf(down[0], 'left')], [['high'], 10]);
  });

  it('passes over one that begins again, unless its column ends first', () => {
    const column = { schema: 's', table: 't', name: 'c', type: 'smallint', users: [] };
    assert.deepEqual(at(990, { cycles: true }), []);
    assert.equal(at(30_000, { cycles: true, maximum: 1e6, column }).length, 1);
    assert.deepEqual(at(990, { cycles: true, column }), []);
  });

  it('counts from where it began', () => {
    assert.deepEqual(at(600, { minimum: 200 }), []);
    assert.equal(at(601, { minimum: 200 }).length, 1);
    assert.deepEqual(at(-600, { minimum: -1000, maximum: -200, increment: -1 }), []);
    assert.equal(at(-601, { minimum: -1000, maximum: -200, increment: -1 }).length, 1);
    assert.match(at(2000)[0]?.message ?? '', /has used 100% of its values\.$/);
  });

  it('ends where the sequence or its column ends, and widens what is too narrow', () => {
    const column = (type: string) => ({ schema: 's', table: 't', name: 'c', type, users: [] });
    const smallint = 2 ** 15 - 1;
    const integer = 2 ** 31 - 1;
    const told = (change: Parameters<typeof makeSequence>[0], tables: ReturnType<typeof makeTable>[] = []) => {
      const [finding] = find('sequence-exhaustion', makeSnapshot({ sequences: [makeSequence(change)], tables }));
      const type = /: column s\.t\.c is of type (\w+)\./.exec(finding?.message ?? '')?.[1] ?? null;
      const end = valueOf(finding, 'last possible value') ?? valueOf(finding, 'last possible value, rounded');
      return [end, type, finding?.fix?.sql.replaceAll('\n', ' ') ?? null];
    };
    const of = (type: string, maximum: number, columnType: string | null) => ({
      type,
      maximum,
      lastValue: Math.floor(
        0.9 * Math.min(maximum, columnType === 'smallint' ? smallint : columnType === 'integer' ? integer : maximum),
      ),
      column: columnType === null ? null : column(columnType),
    });
    const widen = 'ALTER TABLE s.t ALTER COLUMN c TYPE bigint;';
    assert.deepEqual(told(of('integer', integer, 'integer')), [
      integer,
      null,
      `${widen} ALTER SEQUENCE s.numbers AS bigint NO MAXVALUE;`,
    ]);
    assert.deepEqual(told(of('bigint', 2 ** 63, 'integer')), [integer, 'integer', widen]);
    assert.deepEqual(told(of('integer', integer, 'smallint')), [
      smallint,
      'smallint',
      `${widen} ALTER SEQUENCE s.numbers AS bigint;`,
    ]);
    assert.deepEqual(told(of('integer', integer, 'bigint')), [
      integer,
      null,
      'ALTER SEQUENCE s.numbers AS bigint NO MAXVALUE;',
    ]);
    assert.deepEqual(told(of('integer', integer, 'numeric')), [
      integer,
      null,
      'ALTER SEQUENCE s.numbers AS bigint NO MAXVALUE;',
    ]);
    assert.deepEqual(told(of('smallint', smallint, null)), [
      smallint,
      null,
      'ALTER SEQUENCE s.numbers AS bigint NO MAXVALUE;',
    ]);
    // a chosen end is moved as far as the types reach
    assert.deepEqual(told(of('integer', 1000, null)), [1000, null, 'ALTER SEQUENCE s.numbers NO MAXVALUE;']);
    assert.deepEqual(told(of('integer', 1000, 'integer')), [1000, null, 'ALTER SEQUENCE s.numbers NO MAXVALUE;']);
    assert.deepEqual(told(of('bigint', 1000, 'integer')), [
      1000,
      null,
      `ALTER SEQUENCE s.numbers MAXVALUE ${integer};`,
    ]);
    // nothing is wider than bigint
    assert.deepEqual(told(of('bigint', 2 ** 63, 'bigint')), [2 ** 63, null, null]);
    const down = { type: 'integer', minimum: -(2 ** 31), maximum: -1, increment: -1, lastValue: -2e9 };
    assert.deepEqual(told(down), [-(2 ** 31), null, 'ALTER SEQUENCE s.numbers AS bigint NO MINVALUE;']);
    const chosen = { type: 'bigint', minimum: -1000, maximum: -1, increment: -1, lastValue: -900 };
    assert.deepEqual(told(chosen), [-1000, null, 'ALTER SEQUENCE s.numbers NO MINVALUE;']);
    assert.deepEqual(told({ ...chosen, column: column('integer') }), [
      -1000,
      null,
      `ALTER SEQUENCE s.numbers MINVALUE ${-(2 ** 31)};`,
    ]);
    // the column of a child is its parent's matter
    const child = makeTable('t', { parentOid: 5 });
    const other = makeTable('u', { parentOid: 5 });
    assert.deepEqual(told(of('integer', integer, 'integer'), [child])[2], null);
    assert.notDeepEqual(told(of('integer', integer, 'integer'), [other, makeTable('t', {})])[2], null);
    assert.notDeepEqual(told(of('integer', integer, 'bigint'), [child])[2], null, 'it is wide enough');
    const advice = (change: Parameters<typeof makeSequence>[0], tables: ReturnType<typeof makeTable>[] = []) =>
      find('sequence-exhaustion', makeSnapshot({ sequences: [makeSequence(change)], tables }))[0]?.advice ?? '';
    assert.match(advice(of('integer', 1000, null)), /Its end was chosen/);
    assert.match(advice(of('integer', integer, null)), /need the wider type too\.$/);
    assert.match(advice(of('integer', integer, 'integer'), [child]), /s\.t inherits from another table/);
  });

  it('is skipped only when no sequence can be read', () => {
    const hidden = makeSequence({ mayRead: false });
    assert.equal(reasonOf('sequence-exhaustion', makeSnapshot({ sequences: [hidden] })).kind, 'not-permitted');
    assert.deepEqual(find('sequence-exhaustion', makeSnapshot({ sequences: [hidden, makeSequence({})] })), []);
    assert.deepEqual(find('sequence-exhaustion', makeSnapshot({})), []);
  });
});

describe('connections-high', () => {
  const settings = makeSettings({ max_connections: 103, superuser_reserved_connections: 3 });
  const sessions = (count: number, change: Parameters<typeof makeSession>[0] = {}) =>
    Array.from({ length: count }, () => makeSession(change));
  const at = (count: number, more: Parameters<typeof makeSnapshot>[0] = {}) =>
    find('connections-high', makeSnapshot({ settings, activity: sessions(count), ...more }));

  it('is said above 80 % of what applications may have, and is high from 90 %', () => {
    assert.deepEqual(at(80), []);
    assert.deepEqual(severitiesOf(at(81)), ['medium']);
    assert.deepEqual(severitiesOf(at(89)), ['medium']);
    assert.deepEqual(severitiesOf(at(90)), ['high']);
    const reserved = makeSettings({
      max_connections: 103,
      superuser_reserved_connections: 3,
      reserved_connections: 10,
    });
    assert.equal(at(73, { settings: reserved })[0]?.message, '73 of 90 connections of the server are taken (81%).');
    assert.deepEqual(at(72, { settings: reserved }), []);
  });

  it('counts clients, and of hidden sessions with a database those that can be no helpers', () => {
    const helpers = sessions(90, { backendType: 'walsender' });
    const hiddenHelpers = sessions(90, { isHidden: true, backendType: null, database: null });
    assert.deepEqual(at(0, { activity: [...helpers, ...hiddenHelpers] }), []);
    const hidden = (count: number) => sessions(count, { isHidden: true, backendType: null, state: null });
    const helperSettings = { max_worker_processes: 8, autovacuum_max_workers: 3, max_wal_senders: 2 };
    const bounded = makeSettings({ max_connections: 103, superuser_reserved_connections: 3, ...helperSettings });
    assert.deepEqual(at(0, { activity: hidden(93), settings: bounded }), []);
    const [found] = at(0, { activity: hidden(94), settings: bounded });
    assert.equal(found?.message, '81 to 94 of 100 connections of the server are taken (81% to 94%).');
    assert.equal(valueOf(found, 'connections, at least'), 81);
    assert.deepEqual(at(0, { activity: hidden(100) }), [], 'nothing bounds the helpers');
  });

  it('advises by how many worked, and says when that is hidden', () => {
    const [seen] = at(0, { activity: [...sessions(80), ...sessions(10, { state: 'active' })] });
    assert.equal(
      seen?.advice,
      '10 of them worked at that moment: a pool needs about as many connections, not one for each client.',
    );
    assert.equal(valueOf(seen, 'active'), 10);
    const hidden = sessions(7, { isHidden: true, backendType: null, state: null });
    const [veiled] = at(0, { activity: [...sessions(83), ...hidden] });
    assert.equal(
      veiled?.advice,
      'What 7 sessions do is hidden from this role: with pg_read_all_stats PG Insight could tell which are helpers of the server, and how many work.',
    );
    assert.equal(valueOf(veiled, 'active'), undefined);
  });

  it('looks at the limits of roles and databases', () => {
    const limited = sessions(9, { role: 'shop', roleConnectionLimit: 10, database: 'small' });
    const findings = at(0, {
      activity: limited,
      databases: [
        makeDatabase(),
        makeDatabase({ name: 'small', connectionLimit: 11 }),
        makeDatabase({ name: 'large', connectionLimit: 12 }),
      ],
    });
    assert.deepEqual(
      findings.map(({ message }) => message),
      [
        '9 of 10 connections of role "shop" are taken (90%).',
        '9 of 11 connections of database "small" are taken (82%).',
      ],
    );
  });
});

describe('long-transaction', () => {
  const at = (seconds: number, change: Parameters<typeof makeSession>[0] = {}) =>
    makeSnapshot({ activity: [makeSession({ transactionSeconds: seconds, ...change })] });

  it('is said after half an hour, and is high after a day', () => {
    assert.deepEqual(find('long-transaction', at(1800)), []);
    assert.deepEqual(severitiesOf(find('long-transaction', at(1801))), ['medium']);
    assert.deepEqual(severitiesOf(find('long-transaction', at(86_400))), ['medium']);
    assert.deepEqual(severitiesOf(find('long-transaction', at(86_401))), ['high']);
  });

  it('is about clients alone', () => {
    assert.deepEqual(find('long-transaction', at(1e6, { backendType: 'walsender' })), []);
    assert.deepEqual(find('long-transaction', at(1e6, { backendType: 'autovacuum worker' })), []);
  });

  it('shows the last statement where it may, and is skipped when any session says nothing', () => {
    assert.equal(valueOf(find('long-transaction', at(2000, { text: 'SELECT 1' }))[0], 'last statement'), 'SELECT 1');
    assert.equal(find('long-transaction', at(2000))[0]?.evidence.length, 1);
    const silent = makeSnapshot({ activity: [makeSession({ state: 'disabled' }), makeSession()] });
    assert.equal(reasonOf('long-transaction', silent).kind, 'switched-off');
    assert.match(find('long-transaction', at(2000, { application: '' }))[0]?.message ?? '', /\(no application name, /);
  });

  it('is skipped while others are hidden, unless it found one', () => {
    const hidden = makeSession({ isHidden: true, backendType: null, state: null });
    const helper = makeSession({ isHidden: true, backendType: null, database: null, state: null });
    assert.equal(reasonOf('long-transaction', makeSnapshot({ activity: [hidden, helper] })).kind, 'not-permitted');
    assert.match(
      reasonOf('long-transaction', makeSnapshot({ activity: [hidden, helper] })).message,
      /transactions of 1 other/,
    );
    assert.deepEqual(find('long-transaction', makeSnapshot({ activity: [helper] })), []);
    const long = makeSession({ transactionSeconds: 2000 });
    assert.equal(find('long-transaction', makeSnapshot({ activity: [hidden, long] })).length, 1);
  });
});

describe('invalid-index', () => {
  const table = makeTable('t', {});
  const of = (name: string, change: Parameters<typeof makeIndex>[3]) =>
    find('invalid-index', makeSnapshot({ indexes: [makeIndex(name, table, ['a'], { isValid: false, ...change })] }));

  it('passes over what is valid, being built, or waits for partitions', () => {
    assert.deepEqual(severitiesOf(of('i', {})), ['high']);
    assert.deepEqual(of('i', { isValid: true }), []);
    assert.deepEqual(of('i', { isBeingBuilt: true }), []);
    assert.deepEqual(of('i', { isPartitioned: true }), []);
  });

  it('drops what REINDEX CONCURRENTLY left behind, and builds the others anew', () => {
    for (const name of ['i_ccnew', 'i_ccold', 'i_ccnew1']) {
      assert.equal(of(name, {})[0]?.fix?.sql, `DROP INDEX CONCURRENTLY s.${name};`);
    }
    for (const name of ['i', 'i_ccnew_x', 'iccnew']) {
      assert.equal(of(name, {})[0]?.fix?.sql, `REINDEX INDEX CONCURRENTLY s.${name};`);
    }
    assert.match(of('i_ccnew', {})[0]?.advice ?? '', /^It is what a REINDEX/);
    assert.match(of('i', {})[0]?.advice ?? '', /^A CREATE INDEX CONCURRENTLY did not finish/);
    assert.equal(of('i_ccnew', { constraint: 'k' })[0]?.fix?.sql, 'REINDEX INDEX CONCURRENTLY s.i_ccnew;');
    assert.match(of('i', { isUnique: true })[0]?.fix?.risk ?? '', /^Fails while two rows/);
  });
});

describe('unindexed-foreign-key', () => {
  const parent = makeTable('parent', {});
  const child = (rows: number) => makeTable('child', { estimatedRows: rows, activity: { liveTuples: rows } });
  const pairOf = (table: ReturnType<typeof child>, change = {}) => [
    makeForeignKey('pair', table, ['x', 'y'], parent, change),
  ];

  it('asks for more than 10,000 rows, or for changes of the referenced table', () => {
    const at = (rows: number, activity: Parameters<typeof makeTable>[1]['activity'] = {}) => {
      const table = child(rows);
      const referenced = { ...makeTable('parent', { activity }), oid: parent.oid };
      return severitiesOf(
        find('unindexed-foreign-key', makeSnapshot({ tables: [table, referenced], foreignKeys: pairOf(table) })),
      );
    };
    assert.deepEqual(at(10_000), []);
    assert.deepEqual(at(10_001), ['medium']);
    assert.deepEqual(at(10_000, { deleted: 1 }), ['low']);
    assert.deepEqual(at(10_000, { updated: 5, hotUpdated: 4 }), ['low']);
    // an update of a key is never HOT
    assert.deepEqual(at(10_000, { updated: 5, hotUpdated: 5 }), []);
    assert.deepEqual(at(0, { deleted: 1 }), []);
  });

  it('takes the greater of both counts of rows', () => {
    for (const [estimatedRows, liveTuples] of [
      [20_000, 0],
      [null, 20_000],
    ] as const) {
      const table = makeTable('child', { estimatedRows, activity: { liveTuples } });
      const snapshot = makeSnapshot({ tables: [table, parent], foreignKeys: pairOf(table) });
      assert.match(find('unindexed-foreign-key', snapshot)[0]?.message ?? '', /all of its 20,000 rows\.$/);
    }
  });

  it('says what an index finds by one of the columns, and nothing where one row has the values', () => {
    const table = child(20_000);
    const withIndex = (columns: string[], change: Parameters<typeof makeIndex>[3] = {}) =>
      find(
        'unindexed-foreign-key',
        makeSnapshot({
          tables: [table, parent],
          foreignKeys: pairOf(table),
          indexes: [makeIndex('i', table, columns, change)],
        }),
      );
    const told = (...[columns, change]: Parameters<typeof withIndex>) => {
      const [finding] = withIndex(columns, change);
      return [finding?.severity, /the same (\w), which index i finds/.exec(finding?.message ?? '')?.[1]];
    };
    assert.deepEqual(told(['x']), ['low', 'x']);
    assert.deepEqual(told(['y', 'note']), ['low', 'y']);
    assert.deepEqual(told(['note', 'y'], { method: 'brin' }), ['low', 'y']);
    assert.deepEqual(told(['x'], { method: 'hash' }), ['low', 'x']);
    assert.deepEqual(told(['x'], { predicate: '(x IS NOT NULL)' }), ['low', 'x']);
    assert.deepEqual(told(['x'], { predicate: '(note IS NOT NULL)' }), ['medium', undefined]);
    assert.deepEqual(told(['x'], { isValid: false }), ['medium', undefined]);
    assert.deepEqual(told(['note', 'x']), ['medium', undefined]);
    assert.deepEqual(withIndex(['x'], { isUnique: true }), []);
    assert.deepEqual(withIndex(['y', 'x', 'note']), []);
    assert.deepEqual(told(['x', 'note'], { isUnique: true }), ['low', 'x']);
    assert.deepEqual(told(['y', 'x'], { method: 'gist' }), ['low', 'y']);
    assert.equal(withIndex(['x'], { isUnique: true, isValid: false }).length, 1);
  });

  it('takes partitions together, and an index of each for one of all', () => {
    const root = makeTable('root', { kind: 'partitioned table', activity: null });
    const parts = [1, 2].map((number) =>
      makeTable(`part_${number}`, { parentOid: root.oid, isPartition: true, estimatedRows: 6000 }),
    );
    const withIndexes = (count: number, columns: string[]) =>
      find(
        'unindexed-foreign-key',
        makeSnapshot({
          tables: [root, ...parts, parent],
          foreignKeys: [
            ...pairOf(root),
            ...parts.flatMap((part) => pairOf(part, { name: 'part_key', isInherited: true })),
          ],
          indexes: parts.slice(0, count).map((part) => makeIndex(`${part.name}_i`, part, columns)),
        }),
      );
    assert.match(withIndexes(1, ['x', 'y'])[0]?.message ?? '', /all of its 12,000 rows\.$/);
    assert.deepEqual(namesOf(withIndexes(1, ['x', 'y'])), ['pair']);
    assert.deepEqual(withIndexes(2, ['x', 'y']), []);
    assert.deepEqual(severitiesOf(withIndexes(1, ['x'])), ['medium']);
    assert.deepEqual(severitiesOf(withIndexes(2, ['x'])), ['low']);
    assert.match(withIndexes(2, ['x'])[0]?.advice ?? '', /^That is enough where few rows /);
    assert.equal(
      withIndexes(1, ['x', 'y'])[0]?.fix?.sql,
      [
        'CREATE INDEX root_x_y_idx ON ONLY s.root USING btree (x, y);',
        'CREATE INDEX CONCURRENTLY root_x_y_idx_part_2 ON s.part_2 USING btree (x, y);',
        'ALTER INDEX s.root_x_y_idx ATTACH PARTITION s.root_x_y_idx_part_2;',
        'ALTER INDEX s.root_x_y_idx ATTACH PARTITION s.part_1_i;',
      ].join('\n'),
      'the index that a partition has is taken in',
    );
    assert.match(
      withIndexes(1, ['x', 'y'])[0]?.fix?.undoSql ?? '',
      /^DROP INDEX s\.root_x_y_idx;\nCREATE INDEX CONCURRENTLY part_1_i ON /,
    );
    const foreign = makeTable('part_3', { kind: 'foreign table', parentOid: root.oid, isPartition: true });
    const [mixed] = find(
      'unindexed-foreign-key',
      makeSnapshot({ tables: [root, ...parts, foreign, parent], foreignKeys: pairOf(root) }),
    );
    assert.equal(mixed?.fix, undefined);
    assert.match(mixed?.advice ?? '', /foreign tables/);
    const [part] = parts;
    assert.ok(part);
    const alone = { ...part, estimatedRows: 20_000 };
    const [own] = find(
      'unindexed-foreign-key',
      makeSnapshot({ tables: [root, alone, parent], foreignKeys: pairOf(alone) }),
    );
    assert.match(own?.message ?? '', /^No index of s\.part_1 .* all of its 20,000 rows\.$/, 'a key of one partition');
    assert.equal(own?.advice, 'An index on all columns of the key serves joins of the two tables, too.');
    const empty = makeSnapshot({ tables: [root, parent], foreignKeys: pairOf(root) });
    assert.deepEqual(find('unindexed-foreign-key', empty), []);
    const deleted = makeTable('parent_1', { parentOid: parent.oid, isPartition: true, activity: { deleted: 2 } });
    const both = makeTable('parent_2', {
      parentOid: parent.oid,
      isPartition: true,
      activity: { updated: 4, hotUpdated: 1 },
    });
    const whole = { ...parent, kind: 'partitioned table' as const, activity: null };
    const [changed] = find(
      'unindexed-foreign-key',
      makeSnapshot({ tables: [root, ...parts, whole, deleted, both], foreignKeys: pairOf(root) }),
    );
    assert.equal(valueOf(changed, 'deleted rows and possible changes of keys in the referenced table'), 5);
  });

  it('makes names that nothing has, and one index for two keys on the same columns', () => {
    const table = child(20_000);
    const findings = find(
      'unindexed-foreign-key',
      makeSnapshot({
        tables: [table, parent, makeTable('child_x_y_idx', {})],
        indexes: [makeIndex('child_x_y_idx1', parent, ['z'])],
        foreignKeys: [
          ...pairOf(table, { indexLikeNames: ['child_x_y_idx2'] }),
          makeForeignKey('again', table, ['x', 'y'], parent),
          makeForeignKey('other', table, ['x', 'z'], parent),
        ],
      }),
    );
    assert.deepEqual(
      findings.map(({ fix }) => /INDEX CONCURRENTLY (\S+)/.exec(fix?.sql ?? '')?.[1]),
      ['child_x_y_idx3', 'child_x_y_idx3', 'child_x_z_idx'],
    );
  });
});

describe('slow-statement', () => {
  const at = (meanMs: number, change: Parameters<typeof makeStatement>[0] = {}, options?: unknown) =>
    find(
      'slow-statement',
      makeSnapshot({
        statements: [makeStatement({ calls: 10, totalExecMs: meanMs * 10, meanExecMs: meanMs, ...change })],
      }),
      options,
    );

  it('is said above 100 ms, and is high above 1 s', () => {
    assert.deepEqual(at(100), []);
    assert.deepEqual(severitiesOf(at(100.1)), ['medium']);
    assert.deepEqual(severitiesOf(at(1000)), ['medium']);
    assert.deepEqual(severitiesOf(at(1000.1)), ['high']);
    assert.deepEqual(severitiesOf(at(500, {}, { highFromMeanMs: 400 })), ['high']);
    assert.deepEqual(at(500, {}, { minCalls: 11 }), []);
    assert.equal(at(500, {}, { minCalls: 10 }).length, 1);
  });

  it('adds up the calls of several roles', () => {
    const rows = [
      makeStatement({ role: 'a', calls: 1, totalExecMs: 900, meanExecMs: 900, maxExecMs: 900 }),
      makeStatement({ role: 'b', calls: 9, totalExecMs: 9, meanExecMs: 1, maxExecMs: 1 }),
    ];
    assert.deepEqual(find('slow-statement', makeSnapshot({ statements: rows })), []);
    const [finding] = find('slow-statement', makeSnapshot({ statements: rows }), { minMeanMs: 90 });
    assert.deepEqual(
      [valueOf(finding, 'calls'), valueOf(finding, 'total time'), valueOf(finding, 'slowest call')],
      [10, 909, 900],
    );
  });

  it('is about statements that read or change rows', () => {
    for (const text of ['/* a */ -- b\n (SELECT 1)', 'with a as (select 1) table a', 'MERGE INTO a', 'call a()']) {
      assert.equal(at(500, { text }).length, 1, text);
    }
    for (const text of ['CREATE INDEX i ON a (b)', 'VACUUM', 'COPY a TO STDOUT', 'SELECT 1 FROM pg_catalog.pg_class']) {
      assert.deepEqual(at(500, { text }), [], text);
    }
  });

  it('shows 80 characters of the text on one line', () => {
    const shown = (text: string) => at(500, { text })[0]?.message.split(' takes ')[0];
    assert.equal(shown(`select\n  ${'a'.repeat(73)}`), `select ${'a'.repeat(73)}`);
    assert.equal(shown(`select ${'a'.repeat(74)}`), `select ${'a'.repeat(73)}…`);
  });

  it('counts hidden ones in one finding', () => {
    const hidden = { text: null, queryId: null };
    assert.deepEqual(at(100, hidden), []);
    assert.deepEqual(at(500, hidden, { minCalls: 11 }), []);
    assert.equal(at(500, hidden, { minCalls: 10 }).length, 1);
    const [finding] = at(500, hidden);
    assert.deepEqual([finding?.severity, valueOf(finding, 'hidden statements')], ['info', 1]);
  });
});

describe('cache-hit-low', () => {
  type Blocks = [read: number, hit: number];
  const at = ([heapBlocksRead, heapBlocksHit]: Blocks, [indexBlocksRead, indexBlocksHit]: Blocks = [0, 0]) =>
    find(
      'cache-hit-low',
      makeSnapshot({
        tables: [makeTable('t', { activity: { heapBlocksRead, heapBlocksHit, indexBlocksRead, indexBlocksHit } })],
      }),
    );

  it('is said below 95 %', () => {
    assert.deepEqual(at([200_000, 3_800_000]), []);
    assert.deepEqual(severitiesOf(at([200_000, 3_799_000])), ['medium']);
    assert.deepEqual(at([0, 0], [200_000, 3_800_000]), []);
    assert.deepEqual(severitiesOf(at([0, 0], [200_000, 3_799_000])), ['medium']);
  });

  it('is high for indexes below 90 %', () => {
    assert.deepEqual(severitiesOf(at([0, 0], [200_000, 1_800_000])), ['medium']);
    assert.deepEqual(severitiesOf(at([0, 0], [200_000, 1_799_000])), ['high']);
    assert.deepEqual(severitiesOf(at([200_000, 0])), ['medium']);
  });

  it('asks for more than 100,000 reads', () => {
    assert.deepEqual(at([100_000, 0]), []);
    assert.equal(at([100_001, 0]).length, 1);
    assert.deepEqual(at([0, 0], [100_000, 0]), []);
    assert.equal(at([0, 0], [100_001, 0]).length, 1);
  });

  it('names the three tables that read most, with the sum of all', () => {
    const tables = [50, 200, 0, 100, 400].map((thousands) =>
      makeTable(`read_${thousands}`, { activity: { heapBlocksRead: thousands * 1000 } }),
    );
    const [finding] = find('cache-hit-low', makeSnapshot({ tables }));
    assert.equal(valueOf(finding, 'read from outside'), 750_000);
    assert.deepEqual(
      finding?.evidence.flatMap(({ label }) => (label.startsWith('read of') ? [label] : [])),
      ['read of s.read_400', 'read of s.read_200', 'read of s.read_100'],
    );
    const foreign = makeTable('far', { kind: 'foreign table', activity: null });
    assert.equal(find('cache-hit-low', makeSnapshot({ tables: [...tables, foreign] })).length, 1);
    const [few] = find('cache-hit-low', makeSnapshot({ tables: [...tables.slice(1, 3), foreign] }));
    assert.equal(few?.evidence.length, 3, 'a table of which nothing was read is not named');
  });
});

describe('stale-statistics', () => {
  const at = (change: Parameters<typeof makeTable>[1], options?: unknown) =>
    find('stale-statistics', makeSnapshot({ tables: [makeTable('t', change)] }), options);
  const modified = (modifiedSinceAnalyze: number, rows: number) => ({
    estimatedRows: rows,
    activity: { modifiedSinceAnalyze },
  });

  it('asks for more than 10,000 changes and more than 20 % of the rows', () => {
    assert.deepEqual(at(modified(10_000, 100)), []);
    assert.deepEqual(severitiesOf(at(modified(10_001, 100))), ['medium']);
    assert.deepEqual(at(modified(20_000, 100_000)), []);
    assert.equal(at(modified(20_001, 100_000)).length, 1);
    assert.deepEqual(
      at({ ...modified(20_001, 100), activity: { modifiedSinceAnalyze: 20_001, liveTuples: 200_000 } }),
      [],
    );
  });

  it('asks for more than 50 rows where nobody has analyzed', () => {
    const never = { hasColumnStatistics: false };
    assert.deepEqual(at({ ...never, activity: { liveTuples: 50 } }), []);
    assert.equal(at({ ...never, activity: { liveTuples: 51 } }).length, 1);
    const analyzed = '2026-01-01T00:00:00.000Z';
    assert.deepEqual(at({ ...never, lastAnalyze: analyzed, activity: { liveTuples: 51 } }), [], 'no column has any');
    // hidden statistics: VACUUM and ANALYZE leave a count of rows
    assert.equal(at({ hasColumnStatistics: null, activity: { liveTuples: 51 } }).length, 1);
    assert.deepEqual(at({ hasColumnStatistics: null, estimatedRows: 51 }), []);
  });

  it('says nothing while ANALYZE is at work', () => {
    assert.deepEqual(at({ ...modified(20_001, 100), isBeingAnalyzed: true }), []);
    assert.equal(at({ ...modified(20_001, 100), isBeingVacuumed: true }).length, 1);
  });

  it('tells of a partitioned table that was never analyzed as a whole', () => {
    const root = (change: Parameters<typeof makeTable>[1] = {}) =>
      makeTable('root', { kind: 'partitioned table', activity: null, hasColumnStatistics: false, ...change });
    const of = (table: ReturnType<typeof root>, rows: number) => {
      const part = makeTable('part', { parentOid: table.oid, isPartition: true, estimatedRows: rows });
      return find('stale-statistics', makeSnapshot({ tables: [table, part] }));
    };
    assert.deepEqual(severitiesOf(of(root(), 51)), ['low']);
    assert.deepEqual(of(root(), 50), []);
    assert.deepEqual(of(root({ hasColumnStatistics: true }), 51), []);
    assert.deepEqual(of(root({ hasColumnStatistics: null }), 51), []);
    assert.deepEqual(of(root({ isBeingAnalyzed: true }), 51), []);
    assert.deepEqual(of(root({ lastAnalyze: '2026-01-01T00:00:00.000Z' }), 51), []);
    const [finding] = of(root(), 51);
    assert.equal(finding?.message, 'The partitioned table s.root (51 rows) was never analyzed as a whole.');
    assert.match(finding.advice ?? '', /^Autovacuum analyzes the partitions only/);
    assert.equal(valueOf(finding, 'last ANALYZE'), 'never');
  });

  it('says what is stale, of which rows, and since when', () => {
    const told = (finding: Finding | undefined) => [finding?.message, valueOf(finding, 'last ANALYZE')];
    assert.deepEqual(told(at({ ...modified(30_000, 60_000), lastAnalyze: '2026-01-01T00:00:00.000Z' })[0]), [
      '30,000 rows of s.t were changed since the last ANALYZE (50% of all).',
      '2026-01-01T00:00:00.000Z',
    ]);
    assert.deepEqual(told(at(modified(30_000, 60_000))[0])[1], 'not known', 'a reset forgets the time');
    assert.deepEqual(told(at({ hasColumnStatistics: false, activity: { liveTuples: 60 } })[0]), [
      's.t was never analyzed: the planner guesses about its 60 rows.',
      'never',
    ]);
    assert.match(at(modified(30_000, 60_000))[0]?.advice ?? '', /^Analyze it; if it happens again/);
    const root = makeTable('root', { kind: 'partitioned table', activity: null });
    const parts = [1, 2, 3].map((number) =>
      makeTable(`part_${number}`, {
        parentOid: root.oid,
        isPartition: true,
        ...modified(number === 3 ? 0 : 20_000, 20_000),
        hasColumnStatistics: number !== 1,
      }),
    );
    const [mixed] = find('stale-statistics', makeSnapshot({ tables: [root, ...parts] }));
    assert.deepEqual(told(mixed), [
      '40,000 rows of s.root in 2 partitions were changed since the last ANALYZE (67% of all).',
      'never',
    ]);
    assert.equal(mixed?.severity, 'medium');
    const weights = find(
      'stale-statistics',
      makeSnapshot({
        tables: [makeTable('few', modified(20_000, 100)), makeTable('many', modified(30_000, 100))],
      }),
    );
    assert.deepEqual(namesOf(weights), ['many', 'few']);
  });
});

describe('dead-tuples', () => {
  const defaults = { autovacuum: 'on', autovacuum_vacuum_threshold: 50, autovacuum_vacuum_scale_factor: 0.2 };
  const at = (
    deadTuples: number,
    liveTuples: number,
    change: Parameters<typeof makeTable>[1] = {},
    settings: Readonly<Record<string, number | string>> = {},
    options?: unknown,
  ) =>
    find(
      'dead-tuples',
      makeSnapshot({
        tables: [makeTable('t', { estimatedRows: liveTuples, activity: { deadTuples, liveTuples }, ...change })],
        settings: makeSettings({ ...defaults, ...settings }),
      }),
      options,
    );
  const fixOf = (...given: Parameters<typeof at>) => {
    const fix = at(...given)[0]?.fix;
    return [fix?.sql.split('\n').slice(1).join(' '), fix?.undoSql?.replaceAll('\n', ' ')];
  };

  it('asks for more than 10,000 and more than 20 % of all, and is high above half', () => {
    assert.deepEqual(at(10_000, 100), []);
    assert.equal(at(10_001, 100).length, 1);
    assert.deepEqual(at(20_000, 80_000), []);
    assert.deepEqual(severitiesOf(at(20_001, 80_000)), ['medium']);
    assert.deepEqual(severitiesOf(at(20_000, 20_000)), ['medium']);
    assert.deepEqual(severitiesOf(at(20_001, 20_000)), ['high']);
  });

  it('says nothing while VACUUM is at work', () => {
    assert.deepEqual(at(20_001, 100, { isBeingVacuumed: true }), []);
    assert.equal(at(20_001, 100, { isBeingAnalyzed: true }).length, 1);
  });

  it('leaves a table alone for which autovacuum is due', () => {
    assert.deepEqual(fixOf(30_000, 100_000), ['', undefined]);
    assert.match(at(30_000, 100_000)[0]?.advice ?? '', /^If VACUUM removes few of them/);
  });

  it('has autovacuum come earlier where its trigger is beyond this rule, and can undo it', () => {
    const set = 'ALTER TABLE s.t SET (autovacuum_vacuum_scale_factor = 0.1);';
    const own = { storageParameters: { autovacuum_vacuum_scale_factor: '0.5', fillfactor: '90' } };
    assert.deepEqual(fixOf(30_000, 100_000, own), [set, 'ALTER TABLE s.t SET (autovacuum_vacuum_scale_factor = 0.5);']);
    // one tuple decides: 50 + 0.3 × 100,000
    assert.deepEqual(fixOf(30_050, 100_000, {}, { autovacuum_vacuum_scale_factor: 0.3 }), [
      set,
      'ALTER TABLE s.t RESET (autovacuum_vacuum_scale_factor);',
    ]);
    assert.deepEqual(fixOf(30_051, 100_000, {}, { autovacuum_vacuum_scale_factor: 0.3 }), ['', undefined]);
    assert.deepEqual(fixOf(30_000, 100_000, {}, { autovacuum_vacuum_threshold: 20_000 }), [
      'ALTER TABLE s.t SET (autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 50);',
      'ALTER TABLE s.t RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);',
    ]);
    const early = { storageParameters: { autovacuum_vacuum_scale_factor: '0', autovacuum_vacuum_threshold: '50000' } };
    assert.deepEqual(fixOf(30_000, 100_000, early), [
      'ALTER TABLE s.t SET (autovacuum_vacuum_threshold = 50);',
      'ALTER TABLE s.t SET (autovacuum_vacuum_threshold = 50000);',
    ]);
    const mixed = { storageParameters: { autovacuum_vacuum_threshold: '50000' } };
    assert.deepEqual(fixOf(30_000, 100_000, mixed)[1]?.split(';').slice(0, 2), [
      'ALTER TABLE s.t SET (autovacuum_vacuum_threshold = 50000)',
      ' ALTER TABLE s.t RESET (autovacuum_vacuum_scale_factor)',
    ]);
    const options = { minRatio: 0.1, minDeadTuples: 1000 };
    assert.deepEqual(fixOf(15_000, 100_000, {}, {}, options)[0], set.replace('0.1', '0.05'));
    assert.match(
      at(30_000, 100_000, own)[0]?.advice ?? '',
      /^Autovacuum comes only when there are more than 50,050 dead tuples: /,
    );
    assert.equal(valueOf(at(30_000, 100_000, own)[0], 'autovacuum comes above'), 50_050);
  });

  it('knows the greatest threshold of 18, and that -1 is none', () => {
    const late = { storageParameters: { autovacuum_vacuum_scale_factor: '0.5' } };
    const greatest = (value: number) => ({ autovacuum_vacuum_max_threshold: value });
    assert.deepEqual(fixOf(30_000, 100_000, late, greatest(29_999)), ['', undefined]);
    assert.notDeepEqual(fixOf(30_000, 100_000, late, greatest(30_000)), ['', undefined]);
    assert.notDeepEqual(fixOf(30_000, 100_000, late, greatest(-1)), ['', undefined]);
  });

  it('tells of a switch that is off, the table’s or the server’s', () => {
    const off = { autovacuumEnabled: false, storageParameters: { autovacuum_enabled: 'false' } };
    assert.deepEqual(fixOf(30_000, 100_000, off), [
      'ALTER TABLE s.t RESET (autovacuum_enabled);',
      'ALTER TABLE s.t SET (autovacuum_enabled = false);',
    ]);
    assert.match(at(30_000, 100_000, off)[0]?.advice ?? '', /^autovacuum_enabled is off for it/);
    assert.deepEqual(fixOf(30_000, 100_000, { ...off, autovacuumEnabled: true }), ['', undefined]);
    assert.deepEqual(fixOf(30_000, 100_000, off, { autovacuum: 'off' }), ['', undefined]);
    assert.match(at(30_000, 100_000, off, { autovacuum: 'off' })[0]?.advice ?? '', /^autovacuum is off on this server/);
  });

  it('names what it changes, and the latest of several triggers', () => {
    const own = (factor: string) => ({ storageParameters: { autovacuum_vacuum_scale_factor: factor } });
    assert.equal(at(30_000, 100_000)[0]?.fix?.title, 'Vacuum s.t');
    assert.equal(at(30_000, 100_000, own('0.5'))[0]?.fix?.title, 'Vacuum s.t, and have autovacuum come earlier');
    const off = { autovacuumEnabled: false, ...own('0.5') };
    assert.equal(at(30_000, 100_000, off)[0]?.fix?.title, 'Vacuum s.t, and let autovacuum do it from now on');
    assert.match(fixOf(30_000, 100_000, off)[0] ?? '', /RESET \(autovacuum_enabled\);.* = 0\.1\);$/);
    assert.deepEqual(fixOf(30_000, 100_000, own('0.5'), { autovacuum: 'off' }), ['', undefined]);
    assert.equal(valueOf(at(30_000, 100_000)[0], 'autovacuum comes above'), undefined);
    // due only by a count of rows that is long out of date: no parameter is to blame
    assert.deepEqual(fixOf(30_000, 100_000, { estimatedRows: 1e6, ...own('0.1') }), ['', undefined]);
    const root = makeTable('root', { kind: 'partitioned table', activity: null });
    const parts = ['0.5', '0.9', '0.7'].map((factor, number) =>
      makeTable(`part_${number}`, {
        parentOid: root.oid,
        isPartition: true,
        estimatedRows: 100_000,
        activity: { deadTuples: 30_000, liveTuples: 100_000 },
        ...own(factor),
      }),
    );
    const snapshot = makeSnapshot({ tables: [root, ...parts], settings: makeSettings(defaults) });
    assert.equal(valueOf(find('dead-tuples', snapshot)[0], 'autovacuum comes above'), 90_050);
    const never = makeSnapshot({ tables: [makeTable('t', { activity: { deadTuples: 20_000 } })] });
    assert.equal(find('dead-tuples', never)[0]?.fix?.undoSql, undefined, 'settings that are not known');
  });

  it('is one finding for the partitions of a table', () => {
    const root = makeTable('root', { kind: 'partitioned table', activity: null });
    const parts = [11_000, 12_000, 9000].map((deadTuples, number) =>
      makeTable(`part_${number}`, {
        parentOid: root.oid,
        isPartition: true,
        activity: { deadTuples, liveTuples: 10_000 },
        lastVacuum: number === 0 ? null : '2026-01-01T00:00:00.000Z',
      }),
    );
    const snapshot = makeSnapshot({ tables: [root, ...parts], settings: makeSettings(defaults) });
    const [finding] = find('dead-tuples', snapshot);
    assert.equal(finding?.message, '23,000 of 43,000 tuples of s.root in 2 partitions are dead (53%).');
    assert.equal(finding.fix?.sql, 'VACUUM (ANALYZE) s.part_0, s.part_1;');
    assert.equal(valueOf(finding, 'last vacuum'), 'never');
  });
});

describe('duplicate-index and redundant-index', () => {
  const table = makeTable('t', {});
  const index = (
    name: string,
    columns: Parameters<typeof makeIndex>[2],
    change: Parameters<typeof makeIndex>[3] = {},
  ) => makeIndex(name, table, columns, change);
  const spare = (id: string, ...indexes: ReturnType<typeof index>[]) =>
    namesOf(find(id, makeSnapshot({ indexes }))).toSorted();

  it('keeps of equal ones the one that stands for most', () => {
    const plain = index('a', ['x'], { scans: 9 });
    for (const change of [
      { isPrimary: true, constraint: 'k', isUnique: true },
      { supportsForeignKey: true },
      { constraint: 'k' },
      { isReplicaIdentity: true },
      { parentOid: 5 },
      { isUnique: true },
      { scans: 10 },
    ]) {
      assert.deepEqual(spare('duplicate-index', plain, index('b', ['x'], change)), ['a'], JSON.stringify(change));
    }
    assert.deepEqual(spare('duplicate-index', plain, index('b', ['x'], { scans: 9 })), ['b']);
    const needed = [index('a', ['x'], { constraint: 'j' }), index('b', ['x'], { constraint: 'k' })];
    assert.deepEqual(spare('duplicate-index', ...needed), []);
    // the one that a foreign key refers to enforces less
    const lax = index('a', ['x'], { isUnique: true, supportsForeignKey: true });
    assert.deepEqual(spare('duplicate-index', lax, index('b', ['x'], { isUnique: true, nullsNotDistinct: true })), []);
    assert.deepEqual(spare('duplicate-index', lax, index('b', ['x'], { isUnique: true })), ['b']);
  });

  it('takes for equal only what has the same shape', () => {
    const one = index('a', ['x']);
    for (const change of [
      { method: 'hash' },
      { included: ['y'] },
      { predicate: '(x > 0)' },
      { isValid: false },
      { keys: [makeKey('y')] },
      { keys: [makeKey('x', { operatorClass: 'other' })] },
      { keys: [makeKey('x', { collation: 'other' })] },
      { keys: [makeKey('x', { descending: true })] },
      { keys: [makeKey('x', { nullsFirst: true })] },
      { storageParameters: { pages_per_range: '4' } },
      { tableOid: table.oid + 1 },
    ]) {
      assert.deepEqual(spare('duplicate-index', one, index('b', ['x'], change)), [], JSON.stringify(change));
    }
    for (const name of [
      'fillfactor',
      'deduplicate_items',
      'fastupdate',
      'gin_pending_list_limit',
      'buffering',
      'autosummarize',
    ]) {
      assert.deepEqual(spare('duplicate-index', one, index('b', ['x'], { storageParameters: { [name]: '1' } })), ['b']);
    }
    const storageParameters = { length: '80', col1: '2' };
    assert.deepEqual(
      spare(
        'duplicate-index',
        index('a', ['x'], { storageParameters }),
        index('b', ['x'], { storageParameters: { col1: '2', length: '80' } }),
      ),
      ['b'],
    );
    const included = ['y', 'z'];
    assert.deepEqual(
      spare('duplicate-index', index('a', ['x'], { included }), index('b', ['x'], { included: included.toReversed() })),
      ['b'],
    );
  });

  it('calls a beginning redundant in the same order, or all reversed', () => {
    const reversed = { descending: true, nullsFirst: true };
    const long = index('long', ['x', 'y']);
    assert.deepEqual(spare('redundant-index', index('a', ['x']), long), ['a']);
    assert.deepEqual(spare('redundant-index', index('a', [makeKey('x', reversed)]), long), ['a']);
    assert.deepEqual(spare('redundant-index', index('a', [makeKey('x', { descending: true })]), long), []);
    assert.deepEqual(spare('redundant-index', index('a', [makeKey('x', { nullsFirst: true })]), long), []);
    assert.deepEqual(
      spare('redundant-index', index('a', [makeKey('x', reversed), makeKey('y')]), index('long', ['x', 'y', 'z'])),
      [],
    );
    for (const change of [
      { method: 'hash' },
      { isUnique: true },
      { predicate: '(x > 0)' },
      { included: ['z'] },
      { constraint: 'k' },
      { isReplicaIdentity: true },
      { parentOid: 5 },
      { supportsForeignKey: true },
      { isValid: false },
      { keys: [makeKey('y')] },
      { keys: [makeKey('x', { operatorClass: 'other' })] },
      { keys: [makeKey('x', { collation: 'other' })] },
    ]) {
      assert.deepEqual(spare('redundant-index', index('a', ['x'], change), long), [], JSON.stringify(change));
    }
    assert.deepEqual(spare('redundant-index', index('a', ['x'], { included: ['y'] }), long), ['a']);
    assert.deepEqual(spare('redundant-index', index('a', ['x']), index('b', ['x'], { included: ['y'] })), ['a']);
    assert.deepEqual(spare('redundant-index', index('a', ['x']), index('long', ['x', 'y'], { method: 'gist' })), []);
    assert.deepEqual(spare('redundant-index', index('a', ['x']), index('long', ['x', 'y'], { isValid: false })), []);
  });

  it('keeps a used index whose longer one nobody uses', () => {
    const long = (scans: number) => index('long', ['x', 'y'], { scans });
    assert.deepEqual(spare('redundant-index', index('a', ['x'], { scans: 1 }), long(0)), []);
    assert.deepEqual(spare('redundant-index', index('a', ['x'], { scans: 1 }), long(1)), ['a']);
    assert.deepEqual(spare('redundant-index', index('a', ['x'], { scans: 0 }), long(0)), ['a']);
    // the scans of a duplicate will be those of the one that stays
    const twin = index('twin', ['x', 'y'], { scans: 2, constraint: null });
    const kept = index('long', ['x', 'y'], { scans: 0, constraint: 'k' });
    assert.deepEqual(spare('redundant-index', index('a', ['x'], { scans: 1 }), kept, twin), ['a']);
  });

  it('names the shortest of the longer ones, among those that stay', () => {
    const indexes = [
      index('a', ['x']),
      index('four', ['x', 'z', 'u', 'v']),
      index('two', ['x', 'y']),
      index('three', ['x', 'w', 'v']),
    ];
    assert.match(find('redundant-index', makeSnapshot({ indexes }))[0]?.message ?? '', /the beginning of s\.two,/);
  });

  it('counts a partitioned index with its parts, in scans, in size and for the order', () => {
    const megabyte = 1024 * 1024;
    const whole = (name: string, columns: string[], scans: number) => {
      const parent = index(name, columns, { isPartitioned: true, estimatedSizeBytes: 0 });
      const middle = index(`${name}_1`, columns, { isPartitioned: true, estimatedSizeBytes: 0, parentOid: parent.oid });
      const part = index(`${name}_11`, columns, { scans, estimatedSizeBytes: 9 * megabyte, parentOid: middle.oid });
      return [parent, { ...middle, tableOid: table.oid + 1 }, { ...part, tableOid: table.oid + 2 }];
    };
    const partitioned = [...whole('a', ['x'], 3), ...whole('b', ['x'], 4), ...whole('long', ['x', 'y'], 1)];
    const other = makeTable('u', {});
    const plain = ['k', 'l'].map((name) => makeIndex(name, other, ['x'], { scans: 5 }));
    const longer = makeIndex('m', other, ['x', 'y'], { scans: 1 });
    for (const [id, found] of [
      ['duplicate-index', ['a', 'l']],
      ['redundant-index', ['b', 'k']],
    ] as const) {
      const findings = find(id, makeSnapshot({ indexes: [...plain, longer, ...partitioned] }));
      assert.deepEqual(namesOf(findings), found);
      assert.equal(valueOf(findings[0], 'size'), 9 * megabyte);
      assert.equal(valueOf(findings[0], 'index scans'), id === 'duplicate-index' ? 3 : 4);
    }
  });

  it('keeps of equal ones with as many scans the first by name', () => {
    const indexes = ['c', 'a', 'b'].map((name) => index(name, ['x'], { scans: 3 }));
    assert.deepEqual(spare('duplicate-index', ...indexes), ['b', 'c']);
  });

  it('shows the scans where they are counted', () => {
    for (const id of ['duplicate-index', 'redundant-index']) {
      const scansOf = (scans: number | null) => {
        const columns = id === 'duplicate-index' ? ['x'] : ['x', 'y'];
        const indexes = [index('a', ['x'], { scans }), index('b', columns, { constraint: 'k', scans })];
        return valueOf(find(id, makeSnapshot({ indexes }))[0], 'index scans');
      };
      assert.deepEqual([scansOf(3), scansOf(null)], [3, undefined], id);
    }
  });

  it('speaks of skip scans from 18 on', () => {
    const snapshot = (versionNumber: number) =>
      makeSnapshot({ indexes: [index('a', ['x']), index('long', ['x', 'y'])] }, { versionNumber });
    const advice = (versionNumber: number) => find('redundant-index', snapshot(versionNumber))[0]?.advice ?? '';
    assert.match(advice(180_000), /skip scan/);
    assert.doesNotMatch(advice(179_999), /skip scan/);
  });
});

describe('unused-index', () => {
  const table = makeTable('t', {});
  const megabyte = 1024 * 1024;
  const at = (
    change: Parameters<typeof makeIndex>[3],
    options?: unknown,
    others: Parameters<typeof makeSnapshot>[0] = {},
  ) =>
    find(
      'unused-index',
      makeSnapshot({
        tables: [table],
        indexes: [makeIndex('i', table, ['a'], change)],
        databases: [makeDatabase()],
        ...others,
      }),
      options,
    );

  it('is said from 1 MB, and is medium from 100 MB', () => {
    assert.deepEqual(at({ estimatedSizeBytes: megabyte - 1 }), []);
    assert.deepEqual(severitiesOf(at({ estimatedSizeBytes: megabyte })), ['low']);
    assert.deepEqual(severitiesOf(at({ estimatedSizeBytes: 100 * megabyte - 1 })), ['low']);
    assert.deepEqual(severitiesOf(at({ estimatedSizeBytes: 100 * megabyte })), ['medium']);
  });

  it('asks for seven days of counts', () => {
    const since = (countedSince: string | null) => ({ databases: [makeDatabase({ countedSince })] });
    assert.equal(at({}, {}, since('2026-11-14T12:00:00.000Z')).length, 1);
    const young = makeSnapshot({ indexes: [makeIndex('i', table, ['a'])], ...since('2026-11-14T12:00:01.000Z') });
    assert.equal(reasonOf('unused-index', young).kind, 'not-possible');
    assert.equal(find('unused-index', young, { minStatisticsDays: 6 }).length, 1);
    assert.equal(at({}, {}, since(null)).length, 1, 'a server that does not say since when');
  });

  it('passes over what is used, or needed for something else', () => {
    for (const change of [
      { scans: 1 },
      { isUnique: true },
      { isValid: false },
      { constraint: 'k' },
      { isPrimary: true },
      { supportsForeignKey: true },
      { isReplicaIdentity: true },
      { parentOid: 5 },
    ]) {
      assert.deepEqual(at(change), [], JSON.stringify(change));
    }
    assert.deepEqual(at({}, {}, { tables: [{ ...table, extension: 'e' }] }), []);
  });

  it('is skipped on a standby, and where nothing is counted', () => {
    const of = (change: object, server = {}) =>
      makeSnapshot({ indexes: [makeIndex('i', table, ['a'], change)], databases: [makeDatabase()] }, server);
    assert.equal(reasonOf('unused-index', of({ scans: null })).kind, 'switched-off');
    const mixed = makeSnapshot({
      indexes: [makeIndex('i', table, ['a'], { scans: null }), makeIndex('j', table, ['b'])],
    });
    assert.equal(reasonOf('unused-index', mixed).kind, 'switched-off');
    assert.equal(reasonOf('unused-index', of({}, { inRecovery: true })).kind, 'not-possible');
  });

  it('counts a partitioned index with its parts', () => {
    const parted = makeIndex('parted', table, ['a'], { isPartitioned: true, estimatedSizeBytes: 0 });
    const parts = (scans: number) =>
      [0, scans].map((each, number) =>
        makeIndex(`part_${number}`, makeTable(`t_${number}`, {}), ['a'], {
          parentOid: parted.oid,
          scans: each,
          estimatedSizeBytes: megabyte / 2,
        }),
      );
    assert.deepEqual(namesOf(at({}, {}, { indexes: [parted, ...parts(0)] })), ['parted']);
    assert.deepEqual(at({}, {}, { indexes: [parted, ...parts(1)] }), []);
  });

  it('says since when, and what is lost with an expression', () => {
    const told = (finding: Finding | undefined) => [finding?.message, valueOf(finding, 'statistics since')];
    assert.deepEqual(told(at({})[0]), [
      'Index s.i (2 MB) was not used by any scan on this server since 2026-11-11 (10 days).',
      '2026-11-11T12:00:00.000Z',
    ]);
    assert.deepEqual(told(at({}, {}, { databases: [makeDatabase({ countedSince: null })] })[0]), [
      'Index s.i (2 MB) was not used by any scan on this server.',
      undefined,
    ]);
    const expression = makeKey('a', { column: null, sql: 'lower(a)' });
    assert.match(
      at({ keys: [makeKey('b'), expression] })[0]?.fix?.risk ?? '',
      /loses the statistics of its expression/,
    );
    assert.doesNotMatch(at({})[0]?.fix?.risk ?? '', /expression/);
  });

  it('drops a partitioned index with its table locked, another one CONCURRENTLY', () => {
    const of = (isPartitioned: boolean) =>
      at({ isPartitioned, definition: 'CREATE INDEX i ON s.t USING btree (a)' })[0]?.fix;
    assert.deepEqual(
      [of(true)?.sql, of(true)?.undoSql, of(true)?.outsideTransaction],
      ['DROP INDEX s.i;', 'CREATE INDEX i ON ONLY s.t USING btree (a);', false],
    );
    assert.match(of(true)?.risk ?? '', /locks the table and all its partitions/);
    const [plain] = at({});
    assert.deepEqual(
      [plain?.fix?.sql, plain?.fix?.undoSql, plain?.fix?.outsideTransaction],
      ['DROP INDEX CONCURRENTLY s.i;', 'CREATE INDEX CONCURRENTLY i ON s.t USING btree (a);', true],
    );
    assert.doesNotMatch(plain?.fix?.risk ?? '', /locks/);
  });

  it('keeps the last index of a foreign key', () => {
    const foreignKeys = [makeForeignKey('k', table, ['a'], table)];
    assert.deepEqual(at({}, {}, { foreignKeys }), []);
    assert.deepEqual(at({ method: 'hash' }, {}, { foreignKeys }), []);
    assert.equal(at({ method: 'gin' }, {}, { foreignKeys }).length, 1, 'no descent to one key');
    const pair = [makeForeignKey('k', table, ['a', 'b'], table)];
    assert.equal(at({ method: 'hash' }, {}, { foreignKeys: pair }).length, 1, 'it finds one of both columns only');
    const both = { keys: [makeKey('b'), makeKey('a')] };
    assert.deepEqual(
      at({ ...both, predicate: '((a IS NOT NULL) AND (b IS NOT NULL))' }, {}, { foreignKeys: pair }),
      [],
    );
    assert.equal(at({ ...both, predicate: '((a IS NOT NULL) AND (c > 0))' }, {}, { foreignKeys: pair }).length, 1);
    // of several the smallest stays
    const three = [3, 2, 4].map((megabytes) =>
      makeIndex(`mb_${megabytes}`, table, ['a', `c${megabytes}`], { estimatedSizeBytes: megabytes * megabyte }),
    );
    assert.deepEqual(namesOf(at({}, {}, { foreignKeys, indexes: three })).toSorted(), ['mb_3', 'mb_4']);
    const other = makeIndex('other', table, ['b']);
    assert.deepEqual(namesOf(at({}, {}, { foreignKeys, indexes: [...three, other] })).toSorted(), [
      'mb_3',
      'mb_4',
      'other',
    ]);
    // an index of a partition may be the last for the partition's key
    const part = makeTable('part', {});
    const parted = makeIndex('parted', table, ['a'], { isPartitioned: true });
    const ofParts = [part, makeTable('rest', {})].map((each) =>
      makeIndex(`${each.name}_i`, each, ['a'], { parentOid: parted.oid }),
    );
    const ofPart = [makeForeignKey('k', part, ['a'], table)];
    assert.deepEqual(at({}, {}, { foreignKeys: ofPart, indexes: [parted, ...ofParts] }), []);
    const indexes = [
      makeIndex('i', table, ['a']),
      makeIndex('j', table, ['a', 'b'], { scans: 7, predicate: '(b > 0)' }),
    ];
    assert.deepEqual(at({}, {}, { foreignKeys, indexes }), [], 'a partial one serves no key');
  });
});

describe('no-primary-key', () => {
  const of = (change: Parameters<typeof makeTable>[1], index: Parameters<typeof makeIndex>[3] | null = null) => {
    const table = makeTable('t', { hasPrimaryKey: false, estimatedRows: 5, ...change });
    const definition = 'CREATE UNIQUE INDEX i ON s.t USING btree (a)';
    const keys = [makeKey('a', { isNotNull: true })];
    const indexes = index === null ? [] : [makeIndex('i', table, [], { isUnique: true, definition, keys, ...index })];
    return find('no-primary-key', makeSnapshot({ tables: [table], indexes }));
  };

  it('is about tables of users that have rows', () => {
    assert.deepEqual(severitiesOf(of({})), ['medium']);
    assert.deepEqual(severitiesOf(of({ estimatedRows: null, activity: { liveTuples: 1 } })), ['medium']);
    assert.deepEqual(of({ estimatedRows: 0 }), []);
    assert.deepEqual(of({ hasPrimaryKey: true }), []);
    assert.deepEqual(of({ extension: 'e' }), []);
    assert.deepEqual(of({ kind: 'materialized view' }), []);
    assert.deepEqual(of({ kind: 'foreign table' }), []);
  });

  it('takes an inheritance child for a table of its own', () => {
    const parent = makeTable('parent', { estimatedRows: 1 });
    const child = makeTable('child', { parentOid: parent.oid, estimatedRows: 1, hasPrimaryKey: false });
    assert.deepEqual(namesOf(find('no-primary-key', makeSnapshot({ tables: [parent, child] }))), ['child']);
  });

  it('adds up the rows of partitions', () => {
    const root = makeTable('root', { kind: 'partitioned table', activity: null, hasPrimaryKey: false });
    const parts = [3, 4].map((rows) =>
      makeTable(`part_${rows}`, { parentOid: root.oid, isPartition: true, estimatedRows: rows, hasPrimaryKey: false }),
    );
    assert.deepEqual(
      find('no-primary-key', makeSnapshot({ tables: [root, ...parts] })).map(({ message }) => message),
      ['Table s.root (7 rows) has no primary key.'],
    );
  });

  it('offers a unique index that can be the key', () => {
    const [finding] = of({}, {});
    assert.equal(finding?.severity, 'low');
    assert.equal(finding.fix?.sql, 'ALTER TABLE s.t ADD PRIMARY KEY USING INDEX i;');
    for (const change of [
      { isUnique: false },
      { isValid: false },
      { method: 'hash' },
      { constraint: 'k' },
      { predicate: '(a > 0)' },
      { isPartitioned: true },
      { nullsNotDistinct: true },
      { definition: 'CREATE UNIQUE INDEX i ON s.t USING btree (a text_pattern_ops)' },
      { keys: [makeKey('a')] },
      { keys: [makeKey('a', { isNotNull: true, descending: true })] },
      { keys: [makeKey('a', { isNotNull: true, nullsFirst: true })] },
    ]) {
      assert.equal(of({}, change)[0]?.fix, undefined, JSON.stringify(change));
    }
    assert.deepEqual(severitiesOf(of({}, { constraint: 'k' })), ['low']);
    assert.deepEqual(severitiesOf(of({}, { keys: [makeKey('a')] })), ['medium']);
    assert.deepEqual(severitiesOf(of({}, { isUnique: false })), ['medium']);
    const two = [makeKey('a', { isNotNull: true }), makeKey('b')];
    assert.deepEqual(
      severitiesOf(of({}, { keys: two, definition: 'CREATE UNIQUE INDEX i ON s.t USING btree (a, b)' })),
      ['medium'],
    );
    assert.match(of({}, {})[0]?.advice ?? '', /^A unique index on NOT NULL columns is there/);
    assert.match(of({})[0]?.advice ?? '', /^Make the columns that identify a row the key/);
    // it lets rows with the same values in
    assert.deepEqual(severitiesOf(of({}, { predicate: '(a > 0)' })), ['medium']);
    assert.deepEqual(severitiesOf(of({}, { isValid: false })), ['medium']);
  });
});

describe('statements-missing', () => {
  it('passes the reason on, but for a failed query', () => {
    const of = (kind: SectionGap['kind']) =>
      find(
        'statements-missing',
        makeSnapshot({}, {}, { statements: { kind, message: `It is ${kind}.`, nextStep: 'Do it.' } }),
      );
    for (const kind of ['not-permitted', 'missing', 'switched-off', 'not-possible'] as const) {
      assert.deepEqual(
        of(kind).map(({ severity, message, advice }) => [severity, message, advice]),
        [['low', `It is ${kind}.`, 'Do it.']],
      );
    }
    assert.deepEqual(of('failed'), []);
    const fix = { title: 'Do it', sql: 'DO $$$$;', undoNote: 'None.', risk: 'None.', outsideTransaction: false };
    const [offered] = find('statements-missing', makeSnapshot({}, {}, { statements: { ...gap, fix } }));
    assert.deepEqual(offered?.fix, fix);
    assert.deepEqual(find('statements-missing', makeSnapshot({})), []);
  });
});

describe('every health rule', () => {
  it('is skipped without each section that it needs, with that reason', () => {
    for (const { id, needs } of healthRules) {
      for (const name of needs) {
        const snapshot = makeSnapshot({}, {}, { [name]: { ...gap, message: `No ${name}.` } });
        assert.equal(reasonOf(id, snapshot).message, `No ${name}.`, id);
      }
    }
  });

  it('on counts is skipped where the server does not count, and on changes on a standby', () => {
    const uncounted = makeSnapshot({ tables: [makeTable('t', { activity: null }), makeTable('u', {})] });
    for (const id of ['cache-hit-low', 'stale-statistics', 'dead-tuples']) {
      assert.equal(reasonOf(id, uncounted).kind, 'switched-off', id);
    }
    for (const id of ['stale-statistics', 'dead-tuples']) {
      assert.equal(reasonOf(id, makeSnapshot({}, { inRecovery: true })).kind, 'not-possible', id);
    }
  });
});
