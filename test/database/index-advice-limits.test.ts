// Where advice depends on what the catalogue says: names, privileges, what exists already, partitions, sizes. On the oldest
// and the newest server; the statements themselves are tested on all of them in index-advice.test.ts.
import assert from 'node:assert/strict';
import pg from 'pg';
import * as z from 'zod';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { IndexAdvice } from '../../src/analysis/index-advice/index-advice';
import { estimateIndexSizeBytes } from '../../src/analysis/index-advice/cost/statement-cost';
import type { Session } from '../../src/database/session';
import { adviseStatement } from '../../src/database/what-if/advise-statement';
import { captureIndexAdviceFacts } from '../../src/database/what-if/index-advice-facts';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

for (const major of [13, 18] as const) {
  describe(`limits of index advice on PostgreSQL ${major}`, function () {
    this.timeout(60_000);
    let server: PostgresServer;
    let client: pg.Client;
    const sessions: Session[] = [];

    before(async () => {
      server = await startPostgres({ major });
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      await client.query(`
        CREATE SCHEMA lab;
        CREATE DOMAIN lab.code AS text;
        CREATE TABLE lab.parcels (
          id bigint PRIMARY KEY, code varchar(20), tag lab.code, state text, sort smallint, sent timestamptz, amount numeric,
          weight float8, doc json, lost boolean, note text, side text) WITH (autovacuum_enabled = false);
        INSERT INTO lab.parcels
        SELECT i, 'c' || i % 9000, 't' || i % 9000, 'state ' || i % 7, i % 100, '2026-01-01'::timestamptz + i * interval '1 minute',
          i % 5000, CASE WHEN i % 2 = 0 THEN i END, '{}', i % 1000 = 0, repeat('x', 120),
          CASE WHEN i % 10 < 7 THEN 'left' ELSE 'right' END
        FROM generate_series(1, 60000) AS i;
        CREATE TABLE public.parcels (LIKE lab.parcels);
        CREATE TABLE lab.fresh (LIKE lab.parcels) WITH (autovacuum_enabled = false);
        CREATE TABLE lab.guarded AS SELECT * FROM lab.parcels;
        CREATE TABLE lab.tree (id int, region text, kind text, filler text) PARTITION BY LIST (region);
        CREATE TABLE lab.tree_north PARTITION OF lab.tree FOR VALUES IN ('north');
        CREATE TABLE lab.tree_south PARTITION OF lab.tree FOR VALUES IN ('south') PARTITION BY RANGE (id);
        CREATE TABLE lab.tree_south_1 PARTITION OF lab.tree_south FOR VALUES FROM (0) TO (30000);
        CREATE TABLE lab."tree south 2" PARTITION OF lab.tree_south FOR VALUES FROM (30000) TO (90000);
        INSERT INTO lab.tree SELECT i, CASE WHEN i % 3 = 0 THEN 'north' ELSE 'south' END, 'k' || i % 5000, repeat('x', 150)
        FROM generate_series(1, 80000) AS i;
        CREATE FUNCTION lab.secret(a bigint) RETURNS bigint STABLE LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(60); RETURN a; END $$;
        CREATE VIEW lab.parcel_codes AS SELECT code, state FROM lab.parcels;
        ANALYZE lab.parcels, lab.guarded, lab.tree;
        INSERT INTO lab.fresh SELECT * FROM lab.parcels;
        CREATE ROLE reader LOGIN PASSWORD 'reader';
        GRANT USAGE ON SCHEMA lab TO reader;
        GRANT SELECT ON lab.parcel_codes, lab.guarded TO reader;
        ALTER TABLE lab.guarded ENABLE ROW LEVEL SECURITY;
        CREATE POLICY all_rows ON lab.guarded USING (true);`);
    });
    after(async () => {
      for (const session of sessions) await session.close();
      await client.end();
      await server.stop();
    });

    async function advise(sql: string, as?: { user: string; password: string }): Promise<IndexAdvice> {
      const session = await openTestSession(server, {
        searchPath: ['lab', 'public'],
        ...(as === undefined ? {} : { user: as.user, readPassword: () => Promise.resolve(as.password) }),
      });
      sessions.push(session);
      const context = await makeStatementContext(session);
      return adviseStatement(context, { sql, parameters: { mode: 'none' }, timeoutMs: 20_000 });
    }
    const reader = { user: 'reader', password: 'reader' };
    const keysOf = ({ recommendations }: IndexAdvice) =>
      recommendations.map(({ index }) => `${index.schema}.${index.table} (${index.keys.join(', ')})`);

    it('means the table that the search path finds, and sees through varchar, domains and views', async () => {
      assert.deepEqual(keysOf(await advise(`SELECT * FROM parcels WHERE code = 'c5'`)), ['lab.parcels (code)']);
      assert.deepEqual(keysOf(await advise(`SELECT * FROM parcels WHERE tag = 't5'`)), ['lab.parcels (tag)']);
      assert.deepEqual(keysOf(await advise(`SELECT state FROM parcel_codes WHERE code = 'c5'`)), [
        'lab.parcels (code)',
      ]);
      assert.deepEqual(keysOf(await advise(`SELECT count(*) FROM parcels WHERE lost`)), ['lab.parcels (lost)']);
    });

    it('has no index for types without an order, for temporary tables and for the catalogue', async () => {
      for (const sql of [
        `SELECT * FROM parcels WHERE doc::text = '{}'`,
        'SELECT * FROM pg_catalog.pg_proc WHERE prosrc = $$x$$',
        'SELECT * FROM pg_catalog.pg_attribute WHERE atttypmod = 7',
      ]) {
        const advice = await advise(sql);
        assert.equal(advice.status, 'none', sql);
      }
    });

    it('says which grant is missing', async () => {
      const hidden = await advise(`SELECT state FROM parcel_codes WHERE code = 'c5'`, reader);
      assert.equal(hidden.status, 'not-possible');
      assert.match(
        hidden.reason ?? '',
        /may not see the statistics of lab\.parcels\.code.* GRANT SELECT ON lab\.parcels TO reader$/,
      );
      assert.deepEqual(hidden.recommendations, []);
      const refused = await advise(`SELECT * FROM parcels WHERE code = 'c5'`, reader);
      assert.equal(refused.status, 'not-possible');
      assert.match(refused.reason ?? '', /permission denied|may not/);
      const guarded = await advise(`SELECT * FROM guarded WHERE code = 'c5'`, reader);
      assert.equal(guarded.status, 'not-possible');
      assert.match(guarded.reason ?? '', /Row-level security hides the statistics of lab\.guarded\.code.*BYPASSRLS/);
      await client.query('GRANT SELECT ON lab.parcels TO reader');
      assert.deepEqual(keysOf(await advise(`SELECT state FROM parcel_codes WHERE code = 'c5'`, reader)), [
        'lab.parcels (code)',
      ]);
    });

    it('asks for ANALYZE where nothing is known', async () => {
      const { status, reason } = await advise(`SELECT * FROM fresh WHERE code = 'c5'`);
      assert.equal(status, 'not-possible');
      assert.match(reason ?? '', /never gathered statistics of lab\.fresh.*ANALYZE lab\.fresh$/);
    });

    it('never plans a statement that would ask', async () => {
      const start = performance.now();
      const { status, reason, plan } = await advise('SELECT * FROM parcels WHERE id = lab.secret(5)');
      assert.equal(status, 'not-possible');
      assert.match(reason ?? '', /^Not assessed: it needs your word\. .*lab\.secret/);
      assert.equal(plan, null);
      // planning would have called it, and it sleeps for a minute
      assert.ok(performance.now() - start < 30_000);
    });

    it('stops when it is cancelled', async () => {
      const session = await openTestSession(server);
      sessions.push(session);
      const context = await makeStatementContext(session);
      const request = { sql: 'SELECT * FROM lab.parcels', parameters: { mode: 'none' }, timeoutMs: 20_000 } as const;
      await assert.rejects(
        adviseStatement(context, request, AbortSignal.abort()),
        (error) => isDatabaseFailure(error) && error.kind === 'cancelled',
      );
    });

    it('looks at what exists', async () => {
      const sql = `SELECT * FROM parcels WHERE side = 'left' AND sent >= '2026-01-05' AND sent < '2026-01-10'`;
      const [first] = (await advise(sql)).recommendations;
      assert.deepEqual(first?.index.keys, ['side', 'sent']);
      assert.deepEqual(first.makesRedundant, []);
      assert.equal(first.name, 'parcels_side_sent_idx');

      await client.query(`
        CREATE INDEX parcels_side ON lab.parcels (side);
        CREATE INDEX parcels_lower ON lab.parcels (lower(side), sent);
        CREATE INDEX parcels_part ON lab.parcels (side, sent) WHERE id < 10;
        CREATE VIEW lab.parcels_side_sent_idx AS SELECT 1 AS one;
        CREATE SEQUENCE lab.parcels_side_sent_idx1;
        CREATE TYPE lab.parcels_side_sent_idx2 AS (a integer);
        CREATE MATERIALIZED VIEW lab.parcels_side_sent_idx3 AS SELECT 1 AS one;`);
      const [second] = (await advise(sql)).recommendations;
      assert.deepEqual(second?.index.keys, ['side', 'sent']);
      assert.deepEqual(second.makesRedundant, ['lab.parcels_side']);
      assert.equal(second.name, 'parcels_side_sent_idx4');
      assert.deepEqual(second.steps, [
        'CREATE INDEX CONCURRENTLY parcels_side_sent_idx4 ON lab.parcels USING btree (side, sent)',
      ]);
      assert.equal(second.undo, 'DROP INDEX CONCURRENTLY lab.parcels_side_sent_idx4');

      for (const step of second.steps) await client.query(step);
      await client.query('DROP INDEX lab.parcels_part');
      assert.equal((await advise(sql)).status, 'none');
      // an index that is not valid serves nobody
      await client.query(
        `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'lab.parcels_side_sent_idx4'::regclass`,
      );
      assert.equal((await advise(sql)).status, 'advice');
      await client.query(second.undo);
    });

    it('does not ask for an index whose columns stand in another order', async () => {
      const sql = `SELECT count(*) FROM parcels WHERE state = 'state 3' AND sort = 7`;
      assert.deepEqual(keysOf(await advise(sql)), ['lab.parcels (sort, state)']);
      await client.query('CREATE INDEX parcels_two ON lab.parcels (state, sort DESC)');
      assert.equal((await advise(sql)).status, 'none');
      await client.query('DROP INDEX lab.parcels_two');
    });

    it('writes the steps for a partitioned table', async () => {
      const [recommendation] = (await advise(`SELECT * FROM tree WHERE kind = 'k7'`)).recommendations;
      assert.equal(recommendation?.index.table, 'tree');
      for (const step of recommendation.steps) await client.query(step);
      const { rows } = await client.query<{ valid: boolean; attached: string }>(
        `SELECT indisvalid AS valid, (SELECT count(*) FROM pg_partition_tree(indexrelid)) AS attached
        FROM pg_index WHERE indexrelid = $1::regclass`,
        [`lab.${recommendation.name}`],
      );
      assert.deepEqual(rows, [{ valid: true, attached: '5' }]);
      assert.equal((await advise(`SELECT * FROM tree WHERE kind = 'k7'`)).status, 'none');
      await client.query(recommendation.undo);
      const left = await client.query(`SELECT FROM pg_index WHERE indrelid::regclass::text LIKE 'lab.%tree%'`);
      assert.equal(left.rowCount, 0);
    });

    it('estimates the size of a B-tree within a factor of two', async () => {
      const session = await openTestSession(server);
      sessions.push(session);
      const { facts: serverFacts } = await makeStatementContext(session);
      const options = { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 20_000 } as const;
      const facts = await session.run(options, (unit) =>
        captureIndexAdviceFacts(unit, serverFacts, [{ schema: 'lab', name: 'parcels' }], []),
      );
      for (const keys of [
        ['id'],
        ['sort'],
        ['code'],
        ['state'],
        ['lost'],
        ['sent'],
        ['amount'],
        ['weight'],
        ['note'],
        ['state', 'sent'],
        ['lost', 'id'],
        ['code', 'tag', 'amount'],
        ['sent DESC', 'note'],
      ]) {
        const index = {
          schema: 'lab',
          table: 'parcels',
          method: 'btree',
          keys,
          included: [],
          predicate: null,
        } as const;
        const estimated = estimateIndexSizeBytes(facts, index) ?? 0;
        await client.query(`CREATE INDEX sized ON lab.parcels (${keys.join(', ')})`);
        const { rows } = await client.query(`SELECT pg_relation_size('lab.sized') AS bytes`);
        await client.query('DROP INDEX lab.sized');
        const [{ bytes }] = z.tuple([z.object({ bytes: z.string().transform(Number) })]).parse(rows);
        assert.ok(
          estimated / bytes > 0.5 && estimated / bytes < 2,
          `${keys.join()}: estimated ${estimated} bytes, really ${bytes}`,
        );
      }
    });
  });
}
