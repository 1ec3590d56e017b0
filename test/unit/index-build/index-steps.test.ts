import assert from 'node:assert/strict';
import { formatCreateIndex, type IndexDefinition } from '../../../src/analysis/index-build/index-build';
import {
  findBuildSteps,
  isWholeName,
  toIndexClause,
  toNamePrefix,
  type IndexedTable,
} from '../../../src/analysis/index-build/index-steps';

const index: IndexDefinition = {
  schema: 'app',
  table: 'log',
  name: 'log_day',
  unique: false,
  clause: 'USING btree (day)',
};

const toTable = (oid: number, name: string, fields: Partial<IndexedTable> = {}): IndexedTable => ({
  oid,
  parentOid: null,
  schema: 'app',
  name,
  kind: 'table',
  sizeBytes: 8192,
  matching: null,
  ...fields,
});

describe('steps of a build', () => {
  it('are one for an ordinary table', () => {
    const steps = findBuildSteps(index, [toTable(1, 'log')], new Set());
    assert.deepEqual(
      steps.map(({ sql, pace, tableSizeBytes }) => [sql, pace, tableSizeBytes]),
      [['CREATE INDEX CONCURRENTLY log_day ON app.log USING btree (day)', 'slow', 8192]],
    );
  });

  it('give indexes of partitions names that are free, that the server keeps and that differ', () => {
    const long = 'ö'.repeat(30);
    const root = toTable(1, 'log', { kind: 'partitioned table' });
    const parts = ['a', 'b'].map((end, place) => toTable(place + 2, `${long}${end}`, { parentOid: 1 }));
    const short = toTable(4, 'p', { parentOid: 1 });
    const steps = findBuildSteps(index, [root, ...parts, short], new Set(['app.log_day_p']));
    const names = steps.filter(({ sql }) => sql.startsWith('CREATE')).map((step) => step.index.name);
    assert.equal(new Set(names).size, 4);
    assert.ok(names.every(isWholeName), names.join());
    assert.equal(names.at(-1), 'log_day_p_1');
    assert.ok(names.every((name) => name.startsWith(toNamePrefix(index.name))));
  });

  it('are children first, so that attaching the last one makes the index valid', () => {
    const steps = findBuildSteps(
      index,
      [
        toTable(1, 'log', { kind: 'partitioned table' }),
        toTable(2, 'half', { kind: 'partitioned table', parentOid: 1 }),
        toTable(3, 'leaf', { parentOid: 2, schema: 'Parts' }),
      ],
      new Set(),
    );
    assert.deepEqual(
      steps.map(({ sql }) => sql),
      [
        'CREATE INDEX log_day ON ONLY app.log USING btree (day)',
        'CREATE INDEX log_day_half ON ONLY app.half USING btree (day)',
        'CREATE INDEX CONCURRENTLY log_day_half_leaf ON "Parts".leaf USING btree (day)',
        'ALTER INDEX app.log_day_half ATTACH PARTITION "Parts".log_day_half_leaf',
        'ALTER INDEX app.log_day ATTACH PARTITION app.log_day_half',
      ],
    );
  });
});

describe('CREATE INDEX', () => {
  it('has its pieces in the order of the grammar', () => {
    const clause = toIndexClause({
      schema: 'app',
      table: 'log',
      method: 'btree',
      keys: ['day DESC', '(lower(kind))'],
      included: ['id'],
      predicate: "kind <> 'x'",
    });
    assert.equal(
      formatCreateIndex({ ...index, unique: true, clause }),
      "CREATE UNIQUE INDEX CONCURRENTLY log_day ON app.log USING btree (day DESC, (lower(kind))) INCLUDE (id) WHERE kind <> 'x'",
    );
  });

  it('takes no name that the server would cut', () => {
    assert.ok(isWholeName('x'.repeat(63)));
    assert.ok(!isWholeName('x'.repeat(64)));
    assert.ok(!isWholeName('ö'.repeat(32)));
    assert.ok(!isWholeName(''));
  });
});
