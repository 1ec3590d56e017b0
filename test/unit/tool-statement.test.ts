import assert from 'node:assert/strict';
import { isToolStatement, ownQueryMark } from '../../src/analysis/statements/tool-statement';

describe('statements of tools', () => {
  it('are catalogue queries, transaction control, settings, plans and what PG Insight prepares', () => {
    for (const text of [
      'SELECT c.oid FROM pg_catalog.pg_class c',
      '-- name: tables\n/* all\nof them */ WITH x AS (SELECT $1) SELECT * FROM x, PG_CATALOG.pg_index',
      "SELECT pg_catalog.set_config('search_path', $1, $2)",
      'SELECT oid::pg_catalog.int8 FROM pg_catalog.pg_class',
      `select case when is_called then last_value::pg_catalog.float8 end from "public"."orders_id_seq"\n${ownQueryMark}`,
      'SELECT pg_catalog.pg_backend_pid() AS pid',
      'SELECT pg_catalog.count(*) FROM ext.pg_stat_statements s, pg_catalog.pg_database d',
      `SELECT n.nspname, CASE c.relkind WHEN $1 THEN $2 END, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ($3 /*, ... */) ORDER BY 1,2`,
      'SELECT extract(epoch FROM pg_catalog.now() - a.xact_start) FROM pg_catalog.pg_stat_activity a WHERE a.datname IS DISTINCT FROM $1',
      'SELECT (SELECT d.adsrc FROM pg_catalog.pg_attrdef d) FROM (pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON true), LATERAL (SELECT $1) x',
      'SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default',
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      'start  transaction',
      'ROLLBACK',
      'ROLLBACK TO SAVEPOINT section',
      'savepoint $1',
      'RELEASE SAVEPOINT section',
      "SET LOCAL statement_timeout = '1s'",
      'SHOW work_mem',
      'RESET ALL',
      'EXPLAIN (ANALYZE) SELECT * FROM orders',
      '/* a * b */ -- c\n explain select 1',
      'DEALLOCATE $1',
    ])
      assert.equal(isToolStatement(text), true, text);
  });

  it('are none of applications and none of maintenance', () => {
    for (const text of [
      null,
      '',
      'SELECT * FROM orders',
      'SELECT count(*) FROM pg_class',
      'COMMIT',
      "PREPARE TRANSACTION 'x'",
      "ROLLBACK PREPARED 'x'",
      'PREPARE pg_insight_0a AS SELECT * FROM orders',
      // an application that names the catalogue
      'SELECT * FROM orders WHERE placed_at > pg_catalog.now()',
      "SELECT id FROM public.orders WHERE ((status OPERATOR(pg_catalog.=) 'x'::pg_catalog.text))",
      'SELECT pg_catalog.pg_sleep($1)',
      'SELECT count(*) FROM pg_catalog.generate_series($1, $2)',
      'SELECT c.relname FROM pg_catalog.pg_class c JOIN orders o ON o.table_name = c.relname',
      'SELECT * FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am a ON true, orders o',
      'SELECT * FROM pg_catalog.pg_class c WHERE EXISTS (SELECT $1 FROM "pg_catalog_copy")',
      'SELECT clean_up(c.oid) FROM pg_catalog.pg_class c',
      'WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone, pg_catalog.pg_class',
      `/* PG Insight */ SELECT * FROM orders`,
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
    const start = process.cpuUsage();
    assert.equal(isToolStatement(text), false);
    // CPU time: others may keep the machine busy
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});
