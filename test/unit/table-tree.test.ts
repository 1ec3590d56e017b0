import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareNaturally } from '../../src/analysis/tables/natural-order';
import { sumPartitions } from '../../src/analysis/tables/partitions';
import type { TableSummary } from '../../src/analysis/tables/table';
import { buildTableTree, filterTables, type TableNode } from '../../src/analysis/tables/table-tree';

let nextOid = 1;
function table(schema: string, name: string, fields: Partial<TableSummary> = {}): TableSummary {
  return {
    oid: nextOid++,
    schema,
    name,
    kind: 'table',
    parentOid: null,
    isPartition: false,
    estimatedRows: 10,
    estimatedSizeBytes: 8192,
    sequentialScanRatio: null,
    deadTupleRatio: null,
    scans: null,
    tuples: null,
    lastVacuum: null,
    lastAnalyze: null,
    comment: null,
    ...fields,
  };
}
const partition = (parent: TableSummary, schema: string, name: string, fields: Partial<TableSummary> = {}) =>
  table(schema, name, { isPartition: true, parentOid: parent.oid, ...fields });
const outline = ({ table: { name }, partitions }: TableNode): unknown =>
  partitions.length === 0 ? name : [name, partitions.map(outline)];

const events = table('app', 'events', { kind: 'partitioned table', estimatedRows: null, estimatedSizeBytes: 0 });
const year = partition(events, 'app', 'events_2026', {
  kind: 'partitioned table',
  estimatedRows: null,
  estimatedSizeBytes: 0,
});
const tables = [
  table('Zoo', 'b'),
  events,
  partition(year, 'app', 'events_10', { scans: { sequential: 1, index: 2 }, tuples: { live: 5, dead: 3 } }),
  partition(year, 'archive', 'events_2', { scans: { sequential: 2, index: 3 }, estimatedRows: null }),
  year,
  table('app', 'Customers'),
  table('app', 'customers'),
];

describe('buildTableTree', () => {
  it('nests partitions below their parents, across schemas, in natural order', () => {
    assert.deepEqual(
      buildTableTree(tables).map(({ schema, tables: roots }) => [schema, roots.map(outline)]),
      [
        ['app', ['Customers', 'customers', ['events', [['events_2026', ['events_2', 'events_10']]]]]],
        ['Zoo', ['b']],
      ],
    );
  });

  it('shows a partition whose parent is not in the list', () => {
    const tree = buildTableTree(tables.filter(({ oid }) => oid !== events.oid));
    assert.deepEqual(tree[0]?.tables.map(outline), [
      'Customers',
      'customers',
      ['events_2026', ['events_2', 'events_10']],
    ]);
  });
});

describe('sumPartitions', () => {
  it('adds up leaves at every level and leaves the rest alone', () => {
    const summed = new Map(sumPartitions(tables).map((each) => [each.oid, each]));
    for (const parent of [events, year]) {
      const total = summed.get(parent.oid);
      assert.equal(total?.estimatedRows, 10);
      assert.equal(total.estimatedSizeBytes, 16384);
      assert.deepEqual(total.scans, { sequential: 3, index: 5 });
      assert.equal(total.sequentialScanRatio, 3 / 8);
      assert.equal(total.deadTupleRatio, 3 / 8);
    }
    assert.deepEqual(summed.get(tables[0]!.oid), tables[0]);
  });
});

describe('filterTables', () => {
  const names = (filter: string) => filterTables(tables, filter).map(({ name }) => name);

  it('takes words as parts of schema and name, case aside', () => {
    assert.deepEqual(names('ZOO'), ['b']);
    assert.deepEqual(names('customers app'), ['Customers', 'customers']);
    assert.deepEqual(names('app.cust*s'), ['Customers', 'customers']);
    assert.deepEqual(names('nothing'), []);
    assert.equal(names('  ').length, tables.length);
  });

  it('keeps the parents of a partition that matches', () => {
    assert.deepEqual(names('events_10'), ['events', 'events_10', 'events_2026']);
  });

  it('takes any text for what it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (text) => {
        const [word] = text.trim().split(/\s+/);
        fc.pre(word !== undefined && word !== '' && !word.includes('*'));
        assert.equal(filterTables([table('s', `x${word}y`)], word).length, 1);
      }),
    );
  });
});

describe('compareNaturally', () => {
  it('is an order', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        assert.equal(Math.sign(compareNaturally(a, b)), -Math.sign(compareNaturally(b, a)) + 0);
        assert.equal(compareNaturally(a, b) === 0, a === b);
      }),
    );
  });
});
