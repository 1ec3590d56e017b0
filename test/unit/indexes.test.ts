import assert from 'node:assert/strict';
import { toWholeDefinition } from '../../src/analysis/indexes/index-shape';
import { groupByFinding, groupByTable } from '../../src/analysis/indexes/index-groups';
import { buildIndexTree, filterIndexTree, flattenIndexTree } from '../../src/analysis/indexes/index-tree';
import { formatFixDocument } from '../../src/analysis/fix-document';
import type { Finding } from '../../src/analysis/finding';
import type { RuleOutcome } from '../../src/analysis/report';
import type { SnapshotIndex } from '../../src/analysis/snapshot';

function makeIndex(oid: number, fields: Partial<SnapshotIndex> = {}): SnapshotIndex {
  return {
    oid,
    schema: 'public',
    name: `index_${oid}`,
    tableOid: 1,
    tableName: 'orders',
    parentOid: null,
    isPartitioned: false,
    method: 'btree',
    keys: [],
    included: [],
    predicate: null,
    storageParameters: {},
    tablespace: null,
    comment: null,
    isClustered: false,
    statisticsTargets: {},
    isUnique: false,
    nullsNotDistinct: false,
    isPrimary: false,
    constraint: null,
    supportsForeignKey: false,
    isReplicaIdentity: false,
    isValid: true,
    isBeingBuilt: false,
    definition: '',
    estimatedSizeBytes: 100,
    scans: 1,
    lastScan: null,
    tuplesRead: null,
    ...fields,
  };
}

function makeFinding(ruleId: string, name: string): Finding {
  return {
    ruleId,
    severity: 'low',
    subject: { kind: 'index', schema: 'public', name, table: 'orders' },
    message: `About ${name}.`,
    evidence: [],
    fingerprint: `${ruleId}: public.${name}`,
  };
}

const partitioned = [
  makeIndex(10, {
    name: 'events_idx',
    isPartitioned: true,
    estimatedSizeBytes: 0,
    scans: 0,
    tableOid: 2,
    tableName: 'events',
  }),
  makeIndex(12, {
    name: 'events_10_idx',
    parentOid: 10,
    scans: 5,
    lastScan: '2026-01-02T00:00:00Z',
    tableOid: 3,
    tableName: 'events_10',
  }),
  makeIndex(11, {
    name: 'events_2_idx',
    parentOid: 10,
    scans: 3,
    lastScan: '2026-01-01T00:00:00Z',
    tableOid: 4,
    tableName: 'events_2',
  }),
];
const names = (nodes: readonly { index: SnapshotIndex }[]) => nodes.map(({ index }) => index.name);

describe('toWholeDefinition', () => {
  it('leaves out ON ONLY, and nothing that looks like it', () => {
    for (const [definition, whole] of [
      ['CREATE INDEX i ON ONLY s.t USING btree (a)', 'CREATE INDEX i ON s.t USING btree (a)'],
      ['CREATE UNIQUE INDEX "a ON ONLY b" ON ONLY s.t (a)', 'CREATE UNIQUE INDEX "a ON ONLY b" ON s.t (a)'],
      ['CREATE INDEX "a "" ON ONLY b" ON s."only" (a)', 'CREATE INDEX "a "" ON ONLY b" ON s."only" (a)'],
    ] as const) {
      assert.equal(toWholeDefinition(definition), whole);
    }
  });
});

describe('a tree of indexes', () => {
  it('puts partitions below their parent, whose figures are the sum', () => {
    const [root, ...others] = buildIndexTree(partitioned, []);
    assert.ok(root);
    assert.deepEqual(others, []);
    assert.deepEqual(names(root.parts), ['events_2_idx', 'events_10_idx']);
    assert.equal(root.sizeBytes, 200);
    assert.equal(root.scans, 8);
    assert.equal(root.lastScan, '2026-01-02T00:00:00Z');
  });

  it('knows no scans where the server counted none of a part', () => {
    const [root] = buildIndexTree([...partitioned, makeIndex(13, { parentOid: 10, scans: null })], []);
    assert.equal(root?.scans, null);
  });

  it('filters by schema, index and table; a part that matches keeps its place and the figures of the whole', () => {
    const nodes = buildIndexTree([...partitioned, makeIndex(20), makeIndex(21, { tableName: 'customers' })], []);
    assert.deepEqual(names(filterIndexTree(nodes, 'public customers')), ['index_21']);
    assert.deepEqual(names(flattenIndexTree(filterIndexTree(nodes, 'EVENTS_10*'))), ['events_idx', 'events_10_idx']);
    assert.equal(filterIndexTree(nodes, 'events_10')[0]?.sizeBytes, 200);
    assert.deepEqual(filterIndexTree(nodes, 'nothing'), []);
    assert.equal(filterIndexTree(nodes, '  ').length, nodes.length);
  });
});

describe('groups of indexes', () => {
  const ran = (ruleId: string): RuleOutcome => ({ ruleId, title: ruleId, status: 'ran', findings: 1 });
  const findings = [
    makeFinding('duplicate-index', 'index_20'),
    makeFinding('unused-index', 'index_20'),
    makeFinding('invalid-index', 'events_2_idx'),
  ];
  const nodes = buildIndexTree([...partitioned, makeIndex(20), makeIndex(21)], findings);

  it('have an index once for each rule, and what no rule speaks of in the last', () => {
    const groups = groupByFinding(nodes, [
      ran('unused-index'),
      ran('duplicate-index'),
      ran('invalid-index'),
      ran('redundant-index'),
    ]);
    assert.deepEqual(
      groups.map(({ title, nodes: members }) => [title, names(members)]),
      [
        ['Invalid', ['events_2_idx']],
        ['Duplicate', ['index_20']],
        ['Unused', ['index_20']],
        ['No finding', ['events_idx', 'index_21']],
      ],
    );
  });

  it('say which rule could not judge', () => {
    const skipped: RuleOutcome = {
      ruleId: 'redundant-index',
      title: '',
      status: 'skipped',
      reason: { kind: 'failed', message: 'No.', nextStep: 'Try.' },
    };
    const disabled: RuleOutcome = { ruleId: 'unused-index', title: '', status: 'disabled' };
    const groups = groupByFinding(buildIndexTree([makeIndex(1)], []), [skipped, disabled, ran('duplicate-index')]);
    assert.deepEqual(
      groups.map(({ title, notChecked }) => [title, notChecked?.status ?? null]),
      [
        ['Redundant', 'skipped'],
        ['Unused', 'disabled'],
        ['No finding', null],
      ],
    );
  });

  it('have each table once, with what was found about its indexes', () => {
    assert.deepEqual(
      groupByTable(nodes).map(({ table, nodes: members, findingCount }) => [table, names(members), findingCount]),
      [
        ['events', ['events_idx'], 1],
        ['orders', ['index_20', 'index_21'], 2],
      ],
    );
  });
});

describe('a fix as a file', () => {
  it('has nothing outside comments but the SQL of the fix, whatever names hold', () => {
    const text = formatFixDocument(
      { ...makeFinding('unused-index', 'x'), message: 'Index "a\nDROP TABLE b;\u2028c" is bad.' },
      {
        title: 'Drop\r\nit',
        sql: 'DROP INDEX x;',
        undoSql: 'CREATE INDEX x ON y (z);\nSELECT 1;',
        risk: 'None.',
        outsideTransaction: true,
      },
      { server: 'localhost:5432', database: 'a\nb' },
    );
    const code = text.split(/\r\n|[\n\r\u2028\u2029]/).filter((line) => line !== '' && !line.startsWith('--'));
    assert.deepEqual(code, ['DROP INDEX x;']);
    assert.match(text, /^-- CREATE INDEX x/m);
  });

  it('says so when nothing takes it back', () => {
    const fix = { title: 'Vacuum', sql: 'VACUUM x;', risk: 'None.', outsideTransaction: false };
    const text = formatFixDocument(makeFinding('dead-tuples', 'x'), fix, { server: 's', database: 'd' });
    assert.match(text, /^-- Nothing takes this back\.$/m);
    assert.match(text, /May run in a transaction block/);
  });
});
