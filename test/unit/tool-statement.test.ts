import assert from 'node:assert/strict';
import { isToolStatement } from '../../src/analysis/statements/tool-statement';

describe('statements of tools', () => {
  it('are catalogue queries, transaction control, settings, plans and what PG Insight prepares', () => {
    for (const text of [
      'SELECT c.oid FROM pg_catalog.pg_class c',
      '-- name: tables\n/* all\nof them */ WITH x AS (SELECT $1) SELECT * FROM x, PG_CATALOG.pg_index',
      '(select pg_catalog.now())',
      "SELECT pg_catalog.set_config('search_path', $1, $2)",
      'SELECT oid::pg_catalog.int8 FROM pg_catalog.pg_class',
      'select case when is_called then last_value::pg_catalog.float8 end from "public"."orders_id_seq"',
      'SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default',
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      'start  transaction',
      'COMMIT',
      'ROLLBACK',
      'ROLLBACK TO SAVEPOINT section',
      'savepoint $1',
      'RELEASE SAVEPOINT section',
      "PREPARE TRANSACTION 'x'",
      "SET LOCAL statement_timeout = '1s'",
      'SHOW work_mem',
      'RESET ALL',
      'EXPLAIN (ANALYZE) SELECT * FROM orders',
      '/* a * b */ -- c\n explain select 1',
      'DEALLOCATE $1',
      'PREPARE pg_insight_0a AS SELECT * FROM orders',
      'EXECUTE pg_insight_0a(NULL)',
    ])
      assert.equal(isToolStatement(text), true, text);
  });

  it('are none of applications and none of maintenance', () => {
    for (const text of [
      null,
      '',
      'SELECT * FROM orders',
      'SELECT count(*) FROM pg_class',
      '-- BEGIN\nSELECT settings FROM explained',
      '/* ROLLBACK */ UPDATE orders SET status = $1',
      'WITH x AS (SELECT 1) SELECT * FROM x',
      'PREPARE find_order AS SELECT * FROM orders WHERE id = $1',
      'EXECUTE find_order($1)',
      // how the server checks a foreign key
      'SELECT $2 FROM ONLY "public"."customers" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x',
      'SELECT 1 FROM ONLY "a" x WHERE "n"::pg_catalog.text COLLATE pg_catalog."default" OPERATOR ( pg_catalog.= ) $1',
      'SELECT my_pg_catalog.id FROM my_pg_catalog',
      'INSERT INTO audit SELECT pg_catalog.now()',
      'DO $$ BEGIN PERFORM pg_catalog.now(); END $$',
      'CREATE INDEX CONCURRENTLY i ON orders (status)',
      'VACUUM orders',
      'SETTLE',
    ])
      assert.equal(isToolStatement(text), false, String(text));
  });

  it('are told in a moment from a text of many comments', () => {
    const text = `${'/* x */'.repeat(20_000)}vacuum`;
    const start = performance.now();
    assert.equal(isToolStatement(text), false);
    assert.ok(performance.now() - start < 1_000);
  });
});
