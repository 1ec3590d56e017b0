import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { doctorCheckSchema, findDoctorChecks, type DoctorCheck, type MachineFacts } from '../../src/analysis/doctor';
import type { ServerFacts } from '../../src/analysis/server/server-facts';
import { captureServerFacts } from '../../src/database/server-facts';
import { openTestSession } from './test-session';

const majors = [13, 15, 16, 18] as const;
const machine: MachineFacts = {
  host: '127.0.0.1',
  sqlParser: 'libpg-query',
  sqlParserReason: null,
  sandbox: { isThere: true, version: '18.4', folder: '/opt/postgres/bin' },
};
const limitedRole = 'limited "role"';

/** Everything that can be switched off, is. */
const neglected = { track_counts: 'off', track_activities: 'off', autovacuum: 'off', track_io_timing: 'off' };

describe('doctor', () => {
  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, function () {
      this.timeout(120_000);
      let server: PostgresServer;

      before(async () => {
        server = await startPostgres({
          major,
          settings: { ...neglected, ...(major >= 14 ? { compute_query_id: 'off' } : {}) },
        });
        await execute([
          `CREATE ROLE "limited ""role""" LOGIN PASSWORD 'p';`,
          'CREATE SCHEMA "odd ""schema";',
          'CREATE ROLE "the ""owner"',
          'CREATE TABLE "odd ""schema".t (a int);',
          'ALTER TABLE "odd ""schema".t OWNER TO "the ""owner"',
          'CREATE SEQUENCE public.numbers',
          'CREATE TABLE public.u (a int);',
          'CREATE TABLE public.guarded (a int);',
          'ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;',
        ]);
      });

      after(() => server.stop());

      async function execute(statements: readonly string[]): Promise<void> {
        const client = new Client({ connectionString: server.url() });
        await client.connect();
        try {
          for (const statement of statements) await client.query(statement);
        } finally {
          await client.end();
        }
      }

      async function examine(user?: string): Promise<{ facts: ServerFacts; checks: DoctorCheck[] }> {
        const session = await openTestSession(user === undefined ? server : { ...server, user, password: 'p' });
        try {
          const facts = await captureServerFacts(session);
          const checks = findDoctorChecks(facts, machine);
          for (const check of checks) {
            doctorCheckSchema.parse(check);
            assert.equal(check.cost === null, check.status === 'fine', check.id);
          }
          return { facts, checks };
        } finally {
          await session.close();
        }
      }

      async function createIndex(table: string): Promise<void> {
        const client = new Client({
          host: server.host,
          port: server.port,
          database: 'postgres',
          user: limitedRole,
          password: 'p',
        });
        await client.connect();
        try {
          await client.query(`CREATE INDEX ON ${table} (a)`);
        } finally {
          await client.end();
        }
      }

      const find = (checks: DoctorCheck[], id: string): DoctorCheck => {
        const check = checks.find((each) => each.id === id);
        assert.ok(check, id);
        return check;
      };

      /** Runs a remedy as a user would, a statement at a time, and looks again. */
      async function heal(id: string, expected: DoctorCheck['status'], user?: string): Promise<DoctorCheck> {
        const check = find((await examine(user)).checks, id);
        assert.equal(check.status, expected, check.message);
        assert.ok(check.remedy, `${id} has a remedy`);
        await execute(check.remedy.sql.split('\n'));
        if (check.remedy.risk.includes('restart')) await server.restart();
        return find((await examine(user)).checks, id);
      }

      it('has a remedy for each setting, and it works', async () => {
        for (const id of [
          'track-io-timing',
          'track-counts',
          'track-activities',
          'autovacuum',
          ...(major >= 14 ? ['compute-query-id'] : []),
        ]) {
          assert.equal((await heal(id, 'switched-off')).status, 'fine', id);
        }
        assert.equal(
          (await examine()).checks.some(({ id }) => id === 'compute-query-id'),
          major >= 14,
        );
      });

      it('brings auto_explain to work', async () => {
        assert.equal((await heal('auto-explain', 'missing')).status, 'fine');
        await execute([`ALTER SYSTEM SET auto_explain.log_min_duration = '-1'`, 'SELECT pg_reload_conf()']);
        assert.equal((await heal('auto-explain', 'switched-off')).status, 'fine');
      });

      it('brings pg_stat_statements to work, step by step', async () => {
        const hidden = find((await examine(limitedRole)).checks, 'pg-stat-statements');
        assert.equal(hidden.status, 'missing');
        assert.equal(
          hidden.remedy?.sql,
          'GRANT pg_read_all_settings TO "limited ""role""";',
          'no statement that would throw out libraries this role cannot see',
        );
        await execute([`ALTER SYSTEM SET shared_preload_libraries = 'pg_trgm'`]);
        await server.restart();
        const loaded = await heal('pg-stat-statements', 'missing');
        assert.match(loaded.message, /not created in database "postgres"/);
        const { facts } = await examine();
        assert.equal(facts.settings['shared_preload_libraries'], 'pg_trgm, pg_stat_statements');

        assert.equal((await heal('pg-stat-statements', 'missing')).status, 'fine');
        await execute(['DROP EXTENSION pg_stat_statements', `CREATE EXTENSION pg_stat_statements VERSION '1.7'`]);
        assert.match(find((await examine()).checks, 'pg-stat-statements').message, /1\.7 is older than 1\.8/);
        assert.equal((await heal('pg-stat-statements', 'missing')).status, 'fine');
        await execute(['REVOKE SELECT ON pg_stat_statements FROM PUBLIC']);
        assert.equal((await heal('pg-stat-statements', 'not-permitted', limitedRole)).status, 'fine');
        await execute([`ALTER SYSTEM SET pg_stat_statements.track = 'none'`, 'SELECT pg_reload_conf()']);
        assert.equal((await heal('pg-stat-statements', 'switched-off')).status, 'fine');
        // comes before what ALTER SYSTEM sets
        await execute([`ALTER DATABASE postgres SET pg_stat_statements.track = 'none'`]);
        assert.equal((await heal('pg-stat-statements', 'switched-off')).status, 'fine');
        await execute([`ALTER ROLE CURRENT_USER SET pg_stat_statements.track = 'none'`]);
        assert.equal((await heal('pg-stat-statements', 'switched-off')).status, 'fine');
      });

      it("mends a role's rights", async () => {
        const before = find((await examine(limitedRole)).checks, 'role-select');
        assert.match(before.message, /may not read 3 tables and 1 sequence of schemas "odd ""schema", "public"/);
        assert.equal(before.remedy?.sql.includes('pg_read_all_data'), major >= 14);
        assert.equal((await heal('role-statistics', 'not-permitted', limitedRole)).status, 'fine');
        assert.equal((await heal('role-select', 'not-permitted', limitedRole)).status, 'fine');
        assert.equal((await heal('row-security', 'not-permitted', limitedRole)).status, 'fine');
        const owned = find((await examine(limitedRole)).checks, 'role-ownership');
        assert.match(owned.message, /is no member of "postgres" and "the ""owner", who own 3 tables/);
        assert.ok(owned.remedy && !owned.remedy.sql.includes('postgres'), 'nobody is made a superuser');
        await assert.rejects(
          createIndex(`"odd ""schema".t`),
          ({ code }: { code?: string }) => code === '42501',
          'not the owner yet',
        );
        const left = await heal('role-ownership', 'not-permitted', limitedRole);
        assert.match(left.message, /is no member of "postgres", who owns 2 tables/);
        assert.equal(left.remedy, undefined);
        await execute(['GRANT CREATE ON SCHEMA "odd ""schema" TO "the ""owner"']);
        await createIndex(`"odd ""schema".t`);
        await execute([
          'ALTER TABLE public.u OWNER TO "the ""owner"',
          'ALTER TABLE public.guarded OWNER TO "the ""owner"',
        ]);
        for (const { id, status } of (await examine(limitedRole)).checks) assert.equal(status, 'fine', id);
      });

      it('finds nothing wrong in the end', async () => {
        for (const { id, status } of (await examine()).checks) assert.equal(status, 'fine', id);
      });
    });
  }
});
