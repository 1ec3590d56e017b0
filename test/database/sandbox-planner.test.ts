// What the sandbox takes over, what it refuses, and that nothing of a what-if stays: neither here nor on the source.
import assert from 'node:assert/strict';
import pg from 'pg';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { HypotheticalIndex, WhatIfAnswer, WhatIfResult } from '../../src/analysis/index-advice/what-if-planner';
import { readStatement } from '../../src/analysis/sql/statement-facts';
import type { StatementContext } from '../../src/database/consent';
import { captureDatabase } from '../../src/database/what-if/sandbox/capture-database';
import { HypotheticalIndexes } from '../../src/database/what-if/sandbox/hypothetical-indexes';
import type { SandboxLimits } from '../../src/database/what-if/sandbox/sandbox-arguments';
import { SandboxDatabase } from '../../src/database/what-if/sandbox/sandbox-database';
import { SandboxFailure } from '../../src/database/what-if/sandbox/sandbox-failure';
import { SandboxPool } from '../../src/database/what-if/sandbox/sandbox-pool';
import { SandboxPlanner } from '../../src/database/what-if/sandbox/sandbox-planner';
import type { SandboxServer } from '../../src/database/what-if/sandbox/sandbox-server';
import type { Session } from '../../src/database/session';
import { startSandboxOverPostgres } from './sandbox-over-postgres';
import { makeTestPlaces, waitForRemains, type TestPlaces } from './sandbox-places';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

const setUp = `
  CREATE SCHEMA lab;
  CREATE TYPE lab.state AS ENUM ('new', 'old');
  CREATE DOMAIN lab.cents AS bigint CHECK (VALUE >= 0);
  CREATE TYPE lab.span AS RANGE (subtype = float8);
  CREATE FUNCTION lab.twice(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
  CREATE TABLE lab.parcels (gone int, id bigint PRIMARY KEY, state lab.state, price lab.cents CHECK (price < 1000000), length lab.span,
    area text, town text, sent timestamptz);
  ALTER TABLE lab.parcels DROP COLUMN gone;
  CREATE TABLE lab.jobs (id int PRIMARY KEY, parcel bigint REFERENCES lab.parcels, state text);
  INSERT INTO lab.parcels SELECT i, CASE WHEN i % 50 = 0 THEN 'new' ELSE 'old' END::lab.state, i % 900, lab.span(i, i + 1.5),
    'a' || i % 40, 't' || i % 200, '2026-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 40000) AS i;
  INSERT INTO lab.jobs SELECT i, i, CASE WHEN i % 100 = 0 THEN 'new' ELSE 'done' END FROM generate_series(1, 40000) AS i;
  CREATE INDEX parcels_price_idx ON lab.parcels (price);
  CREATE INDEX parcels_twice_idx ON lab.parcels (lab.twice(id));
  CREATE STATISTICS lab.parcels_where (ndistinct, dependencies, mcv) ON area, town FROM lab.parcels;
  CREATE VIEW lab.priced AS SELECT id, price, state FROM lab.parcels WHERE price > 10;
  CREATE FUNCTION lab.open_count() RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT count(*) FROM lab.jobs WHERE state = 'new' $$;
  CREATE TABLE lab.parents (id int, note text);
  CREATE TABLE lab.children (extra text) INHERITS (lab.parents);
  INSERT INTO lab.children SELECT i, 'n' || i, 'x' FROM generate_series(1, 20000) AS i;
  CREATE TABLE lab.guarded AS SELECT * FROM lab.jobs;
  ALTER TABLE lab.guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY everybody ON lab.guarded USING (true);
  CREATE EXTENSION postgres_fdw;
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
  CREATE FOREIGN TABLE lab.far (id int) SERVER elsewhere;
  CREATE AGGREGATE lab.total (bigint) (SFUNC = int8pl, STYPE = bigint);
  CREATE ROLE reader LOGIN PASSWORD 'reader';
  GRANT USAGE ON SCHEMA lab TO reader;
  GRANT SELECT ON lab.priced, lab.guarded TO reader;
  GRANT SELECT (id, state) ON lab.jobs TO reader;
  CREATE INDEX children_whole_idx ON lab.children ((note || extra));
  CREATE INDEX children_lower_idx ON lab.children (lower(note));
  GRANT SELECT ON lab.children TO reader;
  CREATE ROLE clerk;
  GRANT USAGE, CREATE ON SCHEMA lab TO clerk;
  GRANT SELECT ON lab.guarded TO clerk;
  CREATE VIEW lab.guarded_jobs AS SELECT * FROM lab.guarded;
  ALTER VIEW lab.guarded_jobs OWNER TO clerk;
  CREATE FUNCTION lab.slow(a bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN PERFORM pg_sleep(60); RETURN a; END $$;
  ANALYZE;
  INSERT INTO lab.parcels (id) SELECT generate_series(40001, 41000);
  INSERT INTO lab.jobs SELECT generate_series(40001, 41000);`;

/** The end of a column is found out from row counts, which are whole numbers. */
const roundingRatio = 0.003;

function on(table: string, keys: readonly string[], predicate: string | null = null): HypotheticalIndex {
  return { schema: 'lab', table, method: 'btree', keys, included: [], predicate };
}

const toFigures = ({ results, indexSizesBytes }: WhatIfAnswer) => ({
  results: results.map(({ statementId, costBefore, costAfter, used, unsupported }) => ({
    ...{ statementId, costBefore, costAfter, used, unsupported },
  })),
  indexSizesBytes,
});

for (const major of [13, 18] as const) {
  describe(`the planner of the sandbox on PostgreSQL ${major}`, function () {
    this.timeout(120_000);
    let server: PostgresServer;
    let sandbox: SandboxServer;
    let client: pg.Client;
    let planner: SandboxPlanner;
    const sessions: Session[] = [];
    const planners: SandboxPlanner[] = [];

    async function makePlanner(user?: string): Promise<SandboxPlanner> {
      const login = user === undefined ? server : { ...server, user, password: user };
      const session = await openTestSession(login, { user: login.user });
      sessions.push(session);
      const made = new SandboxPlanner(await makeStatementContext(session), sandbox);
      planners.push(made);
      return made;
    }

    before(async () => {
      server = await startPostgres({ major, settings: { autovacuum: 'off' } });
      sandbox = await startSandboxOverPostgres(major);
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      await client.query(setUp);
      planner = await makePlanner();
    });
    after(async () => {
      for (const each of planners) await each.close();
      for (const session of sessions) await session.close();
      await client.end();
      await sandbox.stop();
      await server.stop();
    });

    async function plan(
      sql: string,
      indexes: readonly HypotheticalIndex[] = [],
      hidden: readonly { schema: string; name: string }[] = [],
      by = planner,
    ): Promise<WhatIfResult> {
      const { results } = await by.plan([{ id: 's', sql }], indexes, hidden);
      const [result] = results;
      assert.ok(result !== undefined);
      return result;
    }

    async function realCost(sql: string): Promise<number> {
      const { rows } = await client.query<{ 'QUERY PLAN': { Plan: { 'Total Cost': number } }[] }>(
        `EXPLAIN (FORMAT JSON) ${sql}`,
      );
      return rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? 0;
    }

    for (const [what, sql] of [
      ['an enum', `SELECT id FROM lab.parcels WHERE state = 'new'`],
      ['a domain', 'SELECT id FROM lab.parcels WHERE price = 7'],
      ['a range type', `SELECT id FROM lab.parcels WHERE length && lab.span(10, 12)`],
      ['extended statistics', `SELECT id FROM lab.parcels WHERE area = 'a7' AND town = 't7'`],
      ['groups by extended statistics', `SELECT area, town, count(*) FROM lab.parcels GROUP BY area, town`],
      ['an index on a function', 'SELECT id FROM lab.parcels WHERE lab.twice(id) = 84'],
      ['a function that reads', `SELECT lab.open_count()`],
      ['a view', 'SELECT * FROM lab.priced WHERE id < 100'],
      ['a foreign key', 'SELECT count(*) FROM lab.jobs j JOIN lab.parcels p ON p.id = j.parcel'],
      ['the end of a column', 'SELECT price FROM lab.parcels WHERE id > 39995'],
      ['the beginning of a column', 'SELECT price FROM lab.parcels WHERE id < 4'],
      ['what is beyond the end', 'SELECT price FROM lab.parcels WHERE id > 900000'],
      ['what came after ANALYZE', 'SELECT parcel FROM lab.jobs WHERE id > 40500'],
      ['inheritance', 'SELECT * FROM lab.parents WHERE id = 5'],
    ] as const) {
      it(`costs ${what} as the server does`, async () => {
        const result = await plan(sql);
        assert.equal(result.unsupported, null);
        const real = await realCost(sql);
        assert.ok(Math.abs(result.costBefore - real) <= real * roundingRatio, `${result.costBefore}, really ${real}`);
      });
    }

    it('hides an index as if it were dropped', async () => {
      const sql = 'SELECT id FROM lab.parcels WHERE price = 7';
      const result = await plan(sql, [], [{ schema: 'lab', name: 'parcels_price_idx' }]);
      await client.query('BEGIN; DROP INDEX lab.parcels_price_idx');
      const real = await realCost(sql);
      await client.query('ROLLBACK');
      assert.equal(result.costBefore, await realCost(sql));
      assert.equal(result.costAfter, real);
      assert.notEqual(result.costAfter, result.costBefore);
    });

    it('tells which indexes of a request are used, and forgets them', async () => {
      const sql = `SELECT id FROM lab.parcels WHERE area = 'a7' AND town = 't7'`;
      const before = await plan(sql);
      const both = await plan(sql, [on('parcels', ['sent']), on('parcels', ['area', 'town'])]);
      assert.deepEqual(both.used, [1]);
      assert.ok(both.costAfter < before.costBefore / 2);
      const after = await plan(sql, [on('parcels', ['sent'])]);
      assert.deepEqual(after.used, []);
      assert.equal(after.costAfter, before.costBefore);
    });

    it('names what it can not plan with, and plans the rest', async () => {
      const { results } = await planner.plan(
        [
          { id: 'foreign', sql: 'SELECT * FROM lab.far' },
          { id: 'catalogue', sql: 'SELECT * FROM pg_class' },
          { id: 'aggregate', sql: 'SELECT lab.total(id) FROM lab.parcels' },
          { id: 'broken', sql: 'SELECT FROM WHERE' },
          { id: 'missing', sql: 'SELECT * FROM lab.nothing' },
          { id: 'utility', sql: 'DROP TABLE lab.parcels' },
          { id: 'fine', sql: `SELECT id FROM lab.parcels WHERE sent > '2026-01-20'` },
        ],
        [on('parcels', ['sent'])],
      );
      const reasons = new Map(results.map(({ statementId, unsupported }) => [statementId, unsupported ?? '']));
      assert.match(reasons.get('foreign') ?? '', /lab\.far is a foreign table/);
      assert.match(reasons.get('catalogue') ?? '', /pg_catalog\.pg_class is PostgreSQL's own/);
      assert.match(reasons.get('aggregate') ?? '', /lab\.total/);
      assert.match(reasons.get('broken') ?? '', /grammar/);
      assert.match(reasons.get('missing') ?? '', /lab\.nothing/);
      assert.match(reasons.get('utility') ?? '', /DROP TABLE|plans no/);
      assert.equal(reasons.get('fine'), '');
    });

    it('says which grant is missing where statistics are hidden', async () => {
      const reader = await makePlanner('reader');
      const reason = async (sql: string) => (await plan(sql, [], [], reader)).unsupported ?? '';
      assert.match(await reason('SELECT * FROM lab.priced WHERE id < 100'), /GRANT SELECT ON lab\.parcels TO reader/);
      assert.match(await reason('SELECT id FROM lab.guarded'), /Row security hides .* reader/);
      assert.equal(await reason(`SELECT id FROM lab.jobs WHERE state = 'new'`), '');
    });

    it('refuses a view to whose owner policies apply, and plans its table', async () => {
      assert.match(
        (await plan('SELECT id FROM lab.guarded_jobs WHERE id < 9')).unsupported ?? '',
        /Row security of lab\.guarded applies to the owner of lab\.guarded_jobs/,
      );
      const own = await plan('SELECT id FROM lab.guarded WHERE id < 9');
      assert.equal(own.unsupported, null);
      assert.equal(own.costBefore, await realCost('SELECT id FROM lab.guarded WHERE id < 9'));
    });

    it('refuses what compares an expression whose statistics are hidden', async () => {
      const reader = await makePlanner('reader');
      const reason = async (condition: string) =>
        (await plan(`SELECT id FROM lab.children WHERE ${condition}`, [], [], reader)).unsupported ?? '';
      assert.match(await reason(`note || extra = 'n5x'`), /statistics of the expressions in index children_whole_idx/);
      assert.match(await reason(`lower(note) = 'n5'`), /statistics of the expressions in index children_lower_idx/);
      assert.equal(await reason(`note = 'n5'`), '');
      assert.equal(await reason('id = 5'), '');
    });

    it('says that the server sorts texts otherwise, and refuses where that matters', async () => {
      const other = await makePlanner();
      const { rows } = await client.query<{ collate: string; ctype: string }>(
        'SELECT datcollate AS collate, datctype AS ctype FROM pg_database WHERE datname = current_database()',
      );
      const setLocale = (collate = '', ctype = '') =>
        client.query('UPDATE pg_database SET datcollate = $1, datctype = $2 WHERE datname = current_database()', [
          collate,
          ctype,
        ]);
      // as a server of another machine may have it, and this one has not
      await setLocale('nl_XX.UTF-8', 'nl_XX.UTF-8');
      try {
        const reason = async (sql: string) => (await plan(sql, [], [], other)).unsupported ?? '';
        const onTexts = await reason(`SELECT id FROM lab.parcels WHERE town LIKE 't1%'`);
        assert.equal(await reason('SELECT id FROM lab.parcels WHERE id > 5'), '');
        assert.equal(await reason(`SELECT id FROM lab.parcels WHERE town = 't1'`), '');
        if (major === 13) {
          assert.match(onTexts, /the sandbox on this machine does not have the server's locale nl_XX/);
          assert.match(other.difference ?? '', /ordered by their bytes, and not by nl_XX/);
        } else {
          assert.equal(onTexts, '');
          assert.match(other.difference ?? '', /not exactly that of the source's locale nl_XX/);
        }
      } finally {
        await setLocale(rows[0]?.collate, rows[0]?.ctype);
      }
    });

    it('keeps a bounded number of indexes, those that were asked for last', async () => {
      const session = await openTestSession(server);
      sessions.push(session);
      const context = await makeStatementContext(session);
      const sql = 'SELECT * FROM lab.jobs';
      const reading = readStatement((await context.loadParser()).parser, sql);
      assert.ok(reading.understood);
      const captured = await captureDatabase(context, new Map([[sql, reading.facts]]));
      const database = await SandboxDatabase.create(sandbox, captured);
      const indexes = new HypotheticalIndexes(database, 2);
      const count = async () => {
        const { rows } = await database.owner.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relname LIKE 'hypothetical%' ORDER BY oid`,
        );
        return rows.map(({ name }) => name);
      };
      for (const column of ['id', 'parcel', 'state']) await indexes.make(on('jobs', [column]));
      await indexes.make(on('jobs', ['id']));
      await indexes.dropLeastRecent();
      assert.deepEqual(await count(), ['hypothetical_1', 'hypothetical_3']);
      await indexes.make(on('jobs', ['parcel']));
      assert.deepEqual(await count(), ['hypothetical_1', 'hypothetical_3', 'hypothetical_4']);
      await indexes.drop();
      assert.deepEqual(await count(), []);
      await database.close();
    });

    describe('in a sandbox of the pool', () => {
      const statements = [
        { id: 'columns', sql: `SELECT id FROM lab.parcels WHERE area = 'a7' AND town = 't7' AND sent > '2026-01-10'` },
        { id: 'join', sql: 'SELECT count(*) FROM lab.jobs j JOIN lab.parcels p ON p.id = j.parcel WHERE p.price = 7' },
        { id: 'unknown', sql: 'SELECT id FROM lab.parcels WHERE length && lab.span($1, $2)' },
        { id: 'end', sql: 'SELECT parcel FROM lab.jobs WHERE id > 40500' },
      ];
      const indexes = [
        on('parcels', ['area', 'town']),
        on('jobs', ['parcel']),
        { ...on('parcels', ['length']), method: 'gist' as const },
        { ...on('parcels', ['sent']), method: 'brin' as const },
      ];
      let places: TestPlaces;
      let pool: SandboxPool;
      let context: StatementContext;

      async function open(limits: Partial<SandboxLimits>): Promise<SandboxPool> {
        const binaries = await providePostgres(major);
        return new SandboxPool({ readBinariesSetting: () => binaries, places, limits });
      }

      before(async () => {
        places = await makeTestPlaces();
        pool = await open({ statementTimeoutMs: 2_000 });
        const session = await openTestSession(server);
        sessions.push(session);
        context = await makeStatementContext(session);
      });
      after(async () => {
        await pool.end();
        assert.deepEqual(await waitForRemains(places), []);
        await places.temporary.remove();
      });

      it('answers the same, also after a crash in between', async () => {
        const expected = await planner.plan(statements, indexes);
        assert.deepEqual(
          expected.results.map(({ unsupported }) => unsupported),
          statements.map(() => null),
        );
        let starts = 0;
        const answer = await pool.use(major, async (running) => {
          starts++;
          const own = new SandboxPlanner(context, running);
          const first = await own.plan(statements, indexes);
          assert.deepEqual(toFigures(first), toFigures(expected));
          if (starts === 1) {
            const owner = await running.connect('owner', 'postgres');
            const { rows } = await owner.query<{ pid: number }>(
              "SELECT pid FROM pg_stat_activity WHERE usename = 'planner'",
            );
            for (const { pid } of rows) process.kill(pid, 'SIGKILL');
            await own.plan(statements, [...indexes, on('jobs', ['state'])]);
          }
          await own.close();
          return first;
        });
        assert.equal(starts, 2);
        assert.deepEqual(toFigures(answer), toFigures(expected));
      });

      it('gives up a statement that takes too long to plan, and goes on', async () => {
        await pool.use(major, async (running) => {
          const own = new SandboxPlanner(context, running);
          const slow = { id: 'slow', sql: 'SELECT id FROM lab.parcels WHERE id = lab.slow(5)' };
          const { results } = await own.plan([slow, ...statements], indexes);
          assert.match(results[0]?.unsupported ?? '', /statement timeout/);
          const expected = await planner.plan(statements, indexes);
          assert.deepEqual(
            results.slice(1).map(({ costAfter }) => costAfter),
            expected.results.map(({ costAfter }) => costAfter),
          );
          await own.close();
        });
      });

      it('says that the disk limit ended it', async () => {
        const small = await open({ maxDiskBytes: 1024 ** 2 });
        await assert.rejects(
          small.use(major, async (running) => {
            const own = new SandboxPlanner(context, running);
            assert.deepEqual((await own.plan(statements, indexes)).results[0]?.unsupported, null);
            await running.ended;
            await own.plan(statements, [on('jobs', ['state'])]);
          }),
          (error) => error instanceof SandboxFailure && error.trouble === 'disk-full',
        );
        await small.end();
      });
    });

    it('sees what has changed on the source', async () => {
      const sql = `SELECT id FROM lab.jobs WHERE state = 'late'`;
      await plan(sql);
      await client.query(
        `CREATE INDEX jobs_state_idx ON lab.jobs (state); UPDATE lab.jobs SET state = 'late' WHERE id % 2 = 0; ANALYZE lab.jobs`,
      );
      planner.refresh();
      assert.equal((await plan(sql)).costBefore, await realCost(sql));
      await client.query('DROP INDEX lab.jobs_state_idx');
      planner.refresh();
      assert.equal((await plan(sql)).costBefore, await realCost(sql));
    });

    it('prices many sets of indexes with few calls of CREATE INDEX', async () => {
      const sql = `SELECT id FROM lab.parcels WHERE area = 'a7' AND town = 't7' AND sent > '2026-01-10'`;
      const indexes = ['area', 'town', 'sent'].map((column) => on('parcels', [column]));
      const before = planner.callCount;
      const costs = new Set<number>();
      for (let set = 0; set < 64; set++) {
        costs.add(
          (
            await plan(
              sql,
              indexes.filter((_, at) => ((set % 8) >> at) % 2 === 1),
            )
          ).costAfter,
        );
      }
      assert.ok(costs.size >= 3, [...costs].join());
      // one for the plan before, and none where no index is asked about
      assert.equal(planner.callCount - before, 1 + 64 - 8);
      const { rows } = await client.query<{ count: string }>(
        `SELECT count(*) FROM pg_class WHERE relname LIKE 'hypothetical%'`,
      );
      assert.equal(rows[0]?.count, '0');
    });
  });
}
