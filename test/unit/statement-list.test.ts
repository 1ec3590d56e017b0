import assert from 'node:assert/strict';
import type { TypicalValues } from '../../src/analysis/explain/explain';
import { findSampledValues } from '../../src/analysis/statements/sampled-values';
import { filterStatements, sortStatements, toStatementEntries } from '../../src/analysis/statements/statement-list';
import {
  findExplainObstacle,
  shortenStatement,
  stripPrepare,
  summarizeStatement,
} from '../../src/analysis/statements/statement-text';
import { makeStatement as statement } from './make-statement';

describe('the list of slow queries', () => {
  it('has an id for every row, also where nothing tells them apart', () => {
    const hidden = statement({ queryId: null, text: null });
    const entries = toStatementEntries([hidden, hidden, statement({}), statement({ isTopLevel: false })]);
    assert.equal(new Set(entries.map(({ id }) => id)).size, 4);
    assert.deepEqual(
      entries.map(({ loadRatio }) => loadRatio),
      [0.25, 0.25, 0.25, 0.25],
    );
  });

  it('puts the lowest hit ratio first and what touched no block last', () => {
    const entries = toStatementEntries([
      statement({ queryId: 'none' }),
      statement({ queryId: 'all', sharedBlocksHit: 5 }),
      statement({ queryId: 'half', sharedBlocksHit: 5, sharedBlocksRead: 5 }),
    ]);
    assert.deepEqual(
      sortStatements(entries, 'hit-ratio').map((entry) => entry.statement.queryId),
      ['half', 'all', 'none'],
    );
  });

  it('is filtered by words of text and role, and by words that must not be there', () => {
    const entries = toStatementEntries([
      statement({ queryId: 'orders', text: 'SELECT * FROM Orders' }),
      statement({ queryId: 'catalogue', text: 'SELECT * FROM pg_catalog.pg_class', role: 'orders_app' }),
      statement({ queryId: 'hidden', text: null }),
    ]);
    const find = (filter: string) => filterStatements(entries, filter).map((entry) => entry.statement.queryId);
    assert.deepEqual(find('orders'), ['orders', 'catalogue']);
    assert.deepEqual(find('orders -pg_catalog'), ['orders']);
    assert.deepEqual(find(' - '), ['orders', 'catalogue', 'hidden']);
  });
});

describe('the text of a statement', () => {
  it('is told from others by its table and conditions', () => {
    for (const [text, label, rest] of [
      ['SELECT id, name FROM orders WHERE status = $1 ORDER BY placed_at', 'orders', 'status = $1 ORDER BY placed_at'],
      ['SELECT 1 FROM public.orders o JOIN "Items" i ON true WHERE o.id = $1', 'orders +1', 'id = $1'],
      ['SELECT kind, count(*) FROM events GROUP BY kind', 'events', 'GROUP BY kind'],
      ['WITH r AS (SELECT * FROM orders WHERE id > $1) SELECT * FROM r', 'orders', 'id > $1'],
      ['SELECT * FROM (SELECT a FROM t WHERE b = 1) s WHERE a > 3', 't', 'b = 1'],
      ['SELECT * FROM a WHERE b IS DISTINCT FROM c', 'a', 'b IS DISTINCT FROM c'],
      ['SELECT extract(epoch FROM d) FROM a WHERE b', 'a', 'b'],
      ['UPDATE ONLY orders SET status = $1', 'UPDATE orders', 'status = $1'],
      ['INSERT INTO audit_log (a, b) VALUES ($1, $2)', 'INSERT audit_log', ''],
      ['SELECT count(*) FROM orders', 'orders', 'SELECT count(*) FROM orders'],
      [
        'SELECT 1 FROM a_very_long_name_of_a_table a, b JOIN c ON true',
        'a_very_long_n… +1',
        'SELECT 1 FROM a_very_long_name_of_a_table a, b JOIN c ON true',
      ],
      ['SELECT 1', 'SELECT 1', ''],
      ['SELECT pg_sleep(3600)', 'pg_sleep(3600)', ''],
      ['SELECT pg_stat_statements_reset()', 'pg_stat_statemen…', 'pg_stat_statements_reset()'],
      ['SELECT 1 FROM now() WHERE $1', '1 FROM now()', 'WHERE $1'],
      ['VACUUM orders', 'VACUUM orders', ''],
      ['', '', ''],
    ] as const) {
      assert.deepEqual(summarizeStatement(text, 17), { label, rest });
    }
  });

  it('is that of the statement that was prepared', () => {
    for (const [text, sql] of [
      ['PREPARE a AS SELECT 1', 'SELECT 1'],
      ['-- x\nprepare "a as" (numeric(10, 2), int) as /* y */ SELECT b AS c', 'SELECT b AS c'],
      ["PREPARE TRANSACTION 'as as'", "PREPARE TRANSACTION 'as as'"],
      ['SELECT prepare AS x', 'SELECT prepare AS x'],
      ['PREPARE a', 'PREPARE a'],
    ] as const) {
      assert.equal(stripPrepare(text), sql);
    }
  });

  it('is one line without comments and without a long list of columns', () => {
    for (const [text, line] of [
      ['SELECT id FROM orders', 'SELECT id FROM orders'],
      [
        '-- name: x\nselect a.id, a.name, a.address, (select 1 from b)\n  from a /* all */ where x=$1',
        'select … from a where x=$1',
      ],
      ['SELECT count(*)::bigint, pg_sleep($1), now()', 'SELECT count(*)::bigint, pg_sleep($1), now()'],
      [
        'WITH x AS (SELECT one_column, another_column FROM t) SELECT * FROM x',
        'WITH x AS (SELECT … FROM t) SELECT * FROM x',
      ],
      ['SELECT "a\nb\u001b" FROM t', 'SELECT "a b\\x1b" FROM t'],
      ['', ''],
    ] as const) {
      assert.equal(shortenStatement(text, 100), line);
    }
    assert.equal(shortenStatement('SELECT id FROM orders', 10), 'SELECT id…');
    assert.equal(shortenStatement('SELECT one_column, another_column FROM orders', 9), 'SELECT…');
    // what 18 writes for a list of constants of any length
    const list = 'SELECT id FROM orders WHERE id IN ($1 /*, ... */) /* note */';
    assert.equal(shortenStatement(list, 100), 'SELECT id FROM orders WHERE id IN ($1 /*, ... */)');
    assert.equal(summarizeStatement(list, 17).rest, 'id IN ($1 /*, ... */)');
  });

  it('says why there is no plan', () => {
    for (const text of [
      '  /* app */ (SELECT 1)',
      'with x as (select 1) table x',
      'EXPLAIN (ANALYZE) SELECT 1',
      'values ($1)',
    ]) {
      assert.equal(findExplainObstacle(text), null, text);
    }
    assert.match(findExplainObstacle('vacuum orders') ?? '', /^VACUUM is a utility command/);
    assert.match(findExplainObstacle(null) ?? '', /hidden/);
    assert.match(findExplainObstacle('-- nothing') ?? '', /^It is/);
  });
});

describe('sampled values', () => {
  const typical = (column: string, common: readonly string[], bounds: readonly string[] = []): TypicalValues => ({
    column,
    type: 'text',
    values: [
      ...common.map((value) => ({ value, frequency: 0.5 })),
      ...bounds.map((value) => ({ value, frequency: null })),
    ],
    note: null,
  });

  it('are the most common value, else the middle of the histogram and what follows it', () => {
    const bounds = ['1', '25', '50', '75', '100'];
    assert.deepEqual(
      findSampledValues('a = $1 and b between $2 and $3 and c = $4', [
        typical('a', ['x', 'y'], bounds),
        typical('b', [], bounds),
        typical('b', [], bounds),
        null,
      ]),
      ['x', '50', '75', null],
    );
    assert.deepEqual(findSampledValues('a = $1', [typical('a', [])]), [null]);
  });

  it('are arrays where ANY takes one', () => {
    assert.deepEqual(
      findSampledValues('a = any ( $1::text[] ) and a in ($2) and a = ANY (ARRAY[$3])', [
        typical('a', ['say "x"']),
        typical('b', ['y']),
        typical('c', ['z']),
      ]),
      ['{"say \\"x\\""}', 'y', 'z'],
    );
  });
});
