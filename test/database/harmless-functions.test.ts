import assert from 'node:assert/strict';
import pg from 'pg';
import {
  builtinFunctionsSql,
  isReviewedAsHarmless,
  type BuiltinFunction,
} from '../../scripts/environment/builtin-functions';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { isHarmlessBuiltin } from '../../src/analysis/sql/consent';

for (const major of [13, 15, 16, 18] as const) {
  describe(`the list of harmless functions on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let client: pg.Client;
    before(async () => {
      server = await startPostgres({ major });
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
    });
    after(async () => {
      await client.end();
      await server.stop();
    });

    it('holds no function that nobody has reviewed as harmless', async () => {
      const { rows } = await client.query<BuiltinFunction>(builtinFunctionsSql);
      assert.ok(rows.length > 2500);
      const wrong = rows.filter((row) => isHarmlessBuiltin(row.name) && !isReviewedAsHarmless(row));
      assert.deepEqual(wrong, []);
    });

    it('holds what everyday queries need', async () => {
      const { rows } = await client.query<BuiltinFunction>(builtinFunctionsSql);
      const missing = rows.filter((row) => !isHarmlessBuiltin(row.name) && isReviewedAsHarmless(row));
      // one name stands for all its functions, and one of these is internal on some majors
      assert.deepEqual(
        [...new Set(missing.map(({ name }) => name))].filter((name) => name !== 'interval_avg'),
        [],
      );
    });

    it('holds the function of every operator, cast and aggregate of PostgreSQL itself', async () => {
      const { rows } = await client.query<{ name: string }>(`
        SELECT p.proname AS name
        FROM pg_proc p
        WHERE p.oid < 16384 AND p.prorettype <> 'cstring'::regtype AND NOT 'cstring'::regtype = ANY (p.proargtypes)
          AND (p.oid IN (SELECT oprcode FROM pg_operator) OR p.oid IN (SELECT castfunc FROM pg_cast) OR p.prokind = 'a')`);
      assert.ok(rows.length > 800);
      assert.deepEqual(
        rows.filter(({ name }) => !isHarmlessBuiltin(name)),
        [],
      );
    });
  });
}
