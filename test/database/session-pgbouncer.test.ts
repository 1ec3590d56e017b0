import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { startPgbouncer, type Pgbouncer } from '../../scripts/environment/pgbouncer';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { Session } from '../../src/database/session';
import type { UnitOfWorkOptions } from '../../src/database/unit-of-work';
import { openTestSession, type TestServer } from './test-session';

const readOnly: UnitOfWorkOptions = { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 60_000 };

for (const major of [13, 18] as const) {
  describe(`session through pgbouncer in transaction mode, PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let pooler: Pgbouncer;
    let application: Client;
    let session: Session;

    before(async () => {
      server = await startPostgres({ major, settings: { log_statement: 'all' } });
      // one server connection, so that the application gets the very one we have used
      pooler = await startPgbouncer({ server, settings: { default_pool_size: '1' } });
      application = new Client({ connectionString: pooler.url() });
      await application.connect();
      const throughPooler: TestServer = { ...server, host: pooler.host, port: pooler.port };
      session = await openTestSession(throughPooler);
    });

    after(async () => {
      await session.close();
      await application.end();
      await pooler.stop();
      await server.stop();
    });

    const settings = async () => {
      const { rows } = await application.query<{ name: string; setting: string }>(
        "SELECT name, setting FROM pg_settings WHERE name <> 'application_name' ORDER BY name",
      );
      return rows;
    };

    it('works, and knows of the pooler', async () => {
      assert.equal(session.pooler, 'pgbouncer');
      assert.deepEqual(await session.run(readOnly, (unit) => unit.query('SELECT 1 AS a')), [{ a: 1 }]);
    });

    it('is told from a server', async () => {
      const direct = await openTestSession(server);
      assert.equal(direct.pooler, 'none');
      await direct.close();
    });

    it('leaves the application the settings it had, and the right to write', async () => {
      const before = await settings();
      const { rows } = await application.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      for (const access of ['read-only', 'rolled-back'] as const) {
        const used = await session.run({ ...readOnly, access }, (unit) => unit.query('SELECT pg_backend_pid() AS pid'));
        assert.deepEqual(used, rows, 'the application has to get the server connection that we have used');
        await application.query('CREATE TABLE made_by_application (); DROP TABLE made_by_application');
        assert.deepEqual(await settings(), before);
      }
    });

    it('leaves it after errors too', async () => {
      const before = await settings();
      for (const text of ['SELECT 1/0', 'not SQL', 'CREATE TABLE not_ours ()']) {
        await assert.rejects(
          session.run(readOnly, (unit) => unit.query(text)),
          DatabaseFailure,
        );
        await application.query('CREATE TABLE made_by_application (); DROP TABLE made_by_application');
      }
      assert.deepEqual(await settings(), before);
    });

    it('cancels through the pooler, and nothing but its own statement', async () => {
      const controller = new AbortController();
      const running = session.run({ ...readOnly, signal: controller.signal }, (unit) =>
        unit.query('SELECT pg_catalog.pg_sleep(30)'),
      );
      await delay(300);
      controller.abort();
      const start = performance.now();
      await assert.rejects(running, (error) => error instanceof DatabaseFailure && error.kind === 'cancelled');
      // the only server connection: the application would wait for it
      await application.query('SELECT pg_sleep(0.3)');
      assert.ok(performance.now() - start < 5_000);
    });

    it('has a heartbeat that holds no server connection and is in no log', async () => {
      const before = await server.log();
      // longer than the interval, so that at least one has been
      await delay(6_000);
      assert.equal((await server.log()).slice(before.length).replace(/^.*(checkpoint|autovacuum).*\n/gm, ''), '');
      await application.query('SELECT 1');
      assert.deepEqual(await session.run(readOnly, (unit) => unit.query('SELECT 1 AS a')), [{ a: 1 }]);
    });

    it('comes back after a restart of the server behind it', async () => {
      const states: string[] = [];
      session.onDidChangeState(({ state }) => states.push(state));
      application.on('error', () => undefined);
      await server.restart();
      const deadline = performance.now() + 20_000;
      for (;;) {
        const rows = await session.run(readOnly, (unit) => unit.query('SELECT 1 AS a')).catch(() => null);
        if (rows !== null) break;
        assert.ok(performance.now() < deadline, `still ${states.join()}`);
        await delay(200);
      }
    });
  });
}

describe('pgbouncer that can not serve us', () => {
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ major: 18 });
  });

  after(() => server.stop());

  async function rejectsThrough(settings: Parameters<typeof startPgbouncer>[0], pattern: RegExp): Promise<void> {
    const pooler = await startPgbouncer(settings);
    try {
      await assert.rejects(openTestSession({ ...server, host: pooler.host, port: pooler.port }), (error: unknown) => {
        assert.ok(error instanceof DatabaseFailure, String(error));
        assert.equal(error.kind, 'unreachable', error.message);
        assert.match(error.message, pattern);
        return true;
      });
    } finally {
      await pooler.stop();
    }
  }

  it('because it is in statement mode, is named with its reason', () =>
    rejectsThrough(
      { server, poolMode: 'statement' },
      /pooler on 127\.0\.0\.1:\d+ did not pass .* statement pooling mode/,
    ));

  it('because its server is down, is named with its reason', async () => {
    const pooler = { server: { ...server, port: 1 }, settings: { query_wait_timeout: '2', server_login_retry: '1' } };
    await rejectsThrough(pooler, /pooler on 127\.0\.0\.1:\d+ did not (let|pass) .*database "postgres": \w+/);
  });
});
