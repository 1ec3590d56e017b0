import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure, type FailureKind } from '../../src/analysis/connection/connection-failure';
import type { ConnectionState } from '../../src/analysis/connection/connection-state';
import type { Session } from '../../src/database/session';
import type { UnitOfWork, UnitOfWorkOptions } from '../../src/database/unit-of-work';
import { startTcpProxy } from './tcp-proxy';
import { openTestSession } from './test-session';

const newestMajor = 18;
const majors = [13, newestMajor] as const;
const applicationName = 'pg-insight test';

const readOnly: UnitOfWorkOptions = { searchPath: 'role', access: 'read-only', statementTimeoutMs: 60_000 };

function hasKind(kind: FailureKind, pattern = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DatabaseFailure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, pattern);
    assert.notEqual(error.nextStep, '');
    return true;
  };
}

/** Waits until `condition` gives something but null, at most `withinMs`. */
async function eventually<Result>(withinMs: number, condition: () => Promise<Result | null> | Result | null) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const result = await condition();
    if (result !== null) return result;
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms.`);
    await delay(20);
  }
}

for (const major of majors) {
  describe(`session on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let admin: Client;
    let session: Session;

    before(async () => {
      server = await startPostgres({ major, settings: { log_statement: 'all', log_connections: 'on' } });
      admin = new Client({ connectionString: server.url() });
      await admin.connect();
      await admin.query('CREATE TABLE counted (n integer); INSERT INTO counted VALUES (1)');
    });

    after(async () => {
      await admin.end();
      await server.stop();
    });

    beforeEach(async () => {
      session = await openTestSession(server);
    });

    afterEach(() => session.close());

    const query = (text: string, options: Partial<UnitOfWorkOptions> = {}, values?: unknown[]) =>
      session.run({ ...readOnly, ...options }, (unit) => unit.query(text, values));

    const backends = async (): Promise<{ state: string; query: string }[]> => {
      const { rows } = await admin.query<{ state: string; query: string }>(
        'SELECT state, query FROM pg_stat_activity WHERE application_name = $1',
        [applicationName],
      );
      return rows;
    };

    describe('unit of work', () => {
      it('returns rows, with values bound by the protocol', async () => {
        assert.deepEqual(await query('SELECT $1::text AS a, 9007199254740993::bigint AS b', {}, ["'; --"]), [
          { a: "'; --", b: '9007199254740993' },
        ]);
      });

      it('is read-only unless it is to be rolled back, and then it is rolled back', async () => {
        const write = 'INSERT INTO counted VALUES (2) RETURNING n';
        await assert.rejects(query(write), hasKind('statement', /read-only transaction/));
        assert.deepEqual(await query(write, { access: 'rolled-back' }), [{ n: 2 }]);
        assert.equal((await admin.query('SELECT FROM counted')).rowCount, 1);
      });

      it('sets its timeouts for itself alone', async () => {
        const settings = await session.run(
          { ...readOnly, statementTimeoutMs: 1234, lockTimeoutMs: 567 },
          async (unit) => [
            await unit.query('SHOW statement_timeout'),
            await unit.query('SHOW lock_timeout'),
            await unit.query('SHOW transaction_read_only'),
            await unit.query('SHOW transaction_isolation'),
          ],
        );
        assert.deepEqual(settings.flat(), [
          { statement_timeout: '1234ms' },
          { lock_timeout: '567ms' },
          { transaction_read_only: 'on' },
          { transaction_isolation: 'read committed' },
        ]);
      });

      it('has the server count nothing where the role may switch that off, unless it runs what the user asked for', async () => {
        await admin.query(`CREATE ROLE plain LOGIN PASSWORD 'p'; CREATE ROLE granted LOGIN PASSWORD 'p'`);
        const mayBeGranted = major >= 15;
        if (mayBeGranted) await admin.query('GRANT SET ON PARAMETER track_counts TO granted');
        const show = async (user: string) => {
          const other = await openTestSession({ ...server, user, password: 'p' });
          try {
            return await other.run(readOnly, (unit) => unit.query('SHOW track_counts'));
          } finally {
            await other.close();
          }
        };
        assert.deepEqual(await query('SHOW track_counts'), [{ track_counts: 'off' }]);
        assert.deepEqual(await query('SHOW track_counts', { countsUse: true }), [{ track_counts: 'on' }]);
        assert.deepEqual(await show('granted'), [{ track_counts: mayBeGranted ? 'off' : 'on' }]);
        assert.deepEqual(await show('plain'), [{ track_counts: 'on' }]);
        assert.deepEqual(await query('SHOW idle_in_transaction_session_timeout'), [
          { idle_in_transaction_session_timeout: '1min' },
        ]);
      });

      it('sees one snapshot when it asks for repeatable read', async () => {
        const counts = await session.run({ ...readOnly, isolation: 'repeatable read' }, async (unit) => {
          const first = await unit.query('SELECT count(*) FROM counted');
          await admin.query('INSERT INTO counted VALUES (3)');
          return [first, await unit.query('SELECT count(*) FROM counted')];
        });
        await admin.query('DELETE FROM counted WHERE n = 3');
        assert.deepEqual(counts[0], counts[1]);
      });

      it("has an empty search_path for the catalogue and the role's own for user SQL", async () => {
        assert.deepEqual(await query('SHOW search_path', { searchPath: 'catalogue' }), [{ search_path: '""' }]);
        assert.deepEqual(await query('SHOW search_path'), [{ search_path: '"$user", public' }]);
      });

      it("uses the profile's search path, whatever its schemas are called", async () => {
        const own = await openTestSession(server, { searchPath: ['My "schema"', 'public'] });
        try {
          const rows = await own.run(readOnly, (unit) => unit.query('SHOW search_path'));
          assert.deepEqual(rows, [{ search_path: '"My ""schema""", public' }]);
        } finally {
          await own.close();
        }
      });

      it('refuses a second statement in one message', async () => {
        await assert.rejects(
          query('SELECT 1; INSERT INTO counted VALUES (4)', { access: 'rolled-back' }),
          hasKind('statement', /multiple commands/),
        );
      });

      it('sends nothing more when a statement has ended the transaction', async () => {
        await assert.rejects(
          session.run({ ...readOnly, access: 'rolled-back' }, async (unit) => {
            await unit.query('COMMIT').catch(() => undefined);
            await unit.query('INSERT INTO counted VALUES (5)');
          }),
          DatabaseFailure,
        );
        assert.equal((await admin.query('SELECT FROM counted WHERE n = 5')).rowCount, 0);
      });

      it('can not be used after its end', async () => {
        let kept: UnitOfWork | undefined;
        await session.run(readOnly, (unit) => {
          kept = unit;
          return Promise.resolve();
        });
        await assert.rejects(kept!.query('SELECT 1'), DatabaseFailure);
      });

      it('runs queries that are asked for at once one after the other', async () => {
        const rows = await session.run(readOnly, (unit) =>
          Promise.all([1, 2, 3].map((n) => unit.query(`SELECT ${n} AS n`))),
        );
        assert.deepEqual(rows, [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
      });

      it('leaves the connection usable after errors of the server and of the caller', async () => {
        await assert.rejects(query('SELECT 1/0'), hasKind('statement', /division by zero/));
        await assert.rejects(
          session.run(readOnly, () => Promise.reject(new Error('mine'))),
          /mine/,
        );
        assert.deepEqual(await query('SELECT 1 AS a'), [{ a: 1 }]);
        assert.equal((await backends()).length, 1);
      });

      it('says where the error is, in UTF-16 offsets', async () => {
        const text = "SELECT '😀é', nope";
        await assert.rejects(query(text), (error: unknown) => {
          assert.ok(error instanceof DatabaseFailure);
          assert.equal(error.details.offset, text.indexOf('nope'));
          assert.equal(error.details.code, '42703');
          assert.match(error.message, new RegExp(`"nope".*database "postgres" on 127.0.0.1:${server.port}`));
          return true;
        });
      });

      it('is stopped by its statement_timeout', async () => {
        await assert.rejects(
          query('SELECT pg_sleep(30)', { statementTimeoutMs: 100 }),
          hasKind('timed-out', /after 0\.1 s/),
        );
      });

      it('gives up waiting for a lock', async () => {
        await admin.query('BEGIN; LOCK counted');
        try {
          await assert.rejects(
            // it waits no longer when the first limit fails it
            query('SELECT FROM counted', { lockTimeoutMs: 100, statementTimeoutMs: 5_000 }),
            hasKind('timed-out', /for a lock/),
          );
        } finally {
          await admin.query('ROLLBACK');
        }
      });
    });

    describe('connections', () => {
      it('are at most two; the third unit waits its turn', async () => {
        const sleeping = Array.from({ length: 5 }, () => query('SELECT pg_sleep(0.2)'));
        await eventually(5_000, async () => ((await backends()).length === 2 ? true : null));
        await Promise.all(sleeping);
        assert.equal((await backends()).length, 2);
      });

      it('are opened when they are needed', async () => {
        await query('SELECT 1');
        await query('SELECT 1');
        assert.equal((await backends()).length, 1);
      });

      it('send as startup parameters nothing but application_name and what every driver sends', async () => {
        // a setting that came with the startup packet has the source "client"
        const rows = await query("SELECT name FROM pg_settings WHERE source = 'client' ORDER BY name");
        assert.deepEqual(rows, [{ name: 'application_name' }, { name: 'client_encoding' }]);
      });

      it('do not follow PGOPTIONS and other variables of this process', async () => {
        process.env['PGOPTIONS'] = '-c geqo=off';
        try {
          const other = await openTestSession(server);
          const rows = await other.run(readOnly, (unit) => unit.query('SHOW geqo'));
          await other.close();
          assert.deepEqual(rows, [{ geqo: 'on' }]);
        } finally {
          delete process.env['PGOPTIONS'];
        }
      });
    });

    describe('cancel', () => {
      const heavy = 'SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000000) b';

      /** Runs, waits until the server is at it, aborts, and returns when the run has been rejected. */
      async function cancelWhenRunning(text: string, options: Partial<UnitOfWorkOptions> = {}): Promise<void> {
        const controller = new AbortController();
        const running = assert.rejects(
          query(text, { ...options, signal: controller.signal, lockTimeoutMs: 30_000 }),
          hasKind('cancelled'),
        );
        await eventually(5_000, async () =>
          (await backends()).some((backend) => backend.state === 'active' && backend.query === text) ? true : null,
        );
        controller.abort();
        // the server must be rid of it within a second
        await eventually(1_000, async () => ((await backends()).every(({ state }) => state === 'idle') ? true : null));
        await running;
      }

      it('ends a sleep', () => cancelWhenRunning('SELECT pg_sleep(30)'));

      it('ends a heavy query', () => cancelWhenRunning(heavy));

      it('ends what may write', () =>
        cancelWhenRunning('INSERT INTO counted SELECT 9 FROM pg_sleep(30)', { access: 'rolled-back' }));

      it('ends the wait for a lock', async () => {
        await admin.query('BEGIN; LOCK counted');
        try {
          const other = new Client({ connectionString: server.url() });
          await other.connect();
          const controller = new AbortController();
          const running = assert.rejects(
            query('SELECT FROM counted', { signal: controller.signal, lockTimeoutMs: 30_000 }),
            hasKind('cancelled'),
          );
          const isWaiting = async () => {
            const { rowCount } = await other.query(
              "SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
              [applicationName],
            );
            return rowCount === 1;
          };
          await eventually(5_000, async () => ((await isWaiting()) ? true : null));
          controller.abort();
          await eventually(1_000, async () => ((await isWaiting()) ? null : true));
          await running;
          await other.end();
        } finally {
          await admin.query('ROLLBACK');
        }
      });

      it('does not wait for a server that is out of reach, and neither does close', async () => {
        const proxy = await startTcpProxy(server);
        const remote = await openTestSession({ ...server, port: proxy.port });
        try {
          const controller = new AbortController();
          const sleep = (signal?: AbortSignal) =>
            remote.run({ ...readOnly, ...(signal ? { signal } : {}) }, (unit) => unit.query('SELECT pg_sleep(60)'));
          const cancelled = assert.rejects(sleep(controller.signal), hasKind('cancelled'));
          const closed = assert.rejects(sleep(), DatabaseFailure);
          await delay(300);
          proxy.fallSilent();
          const start = performance.now();
          controller.abort();
          await Promise.all([remote.close(), cancelled, closed]);
          assert.ok(performance.now() - start < 8_000);
        } finally {
          await remote.close();
          await proxy.close();
          await admin.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'",
            [applicationName],
          );
        }
      });

      it('takes a unit out of the queue before it began', async () => {
        const controller = new AbortController();
        const sleeping = [query('SELECT pg_sleep(0.5)'), query('SELECT pg_sleep(0.5)')];
        const waiting = query("SELECT 'never sent'", { signal: controller.signal });
        controller.abort();
        await assert.rejects(waiting, hasKind('cancelled'));
        await Promise.all(sleeping);
        assert.doesNotMatch(await server.log(), /never sent/);
      });

      it('does nothing to a unit that begins afterwards on the same connection', async () => {
        for (let round = 0; round < 5; round++) {
          const controller = new AbortController();
          const running = query('SELECT pg_sleep(30)', { signal: controller.signal });
          await delay(round * 10);
          controller.abort();
          await assert.rejects(running, hasKind('cancelled'));
          assert.deepEqual(await query('SELECT 1 AS a FROM pg_sleep(0.05)'), [{ a: 1 }]);
        }
        assert.equal((await backends()).length, 1);
      });

      it('does not send what is aborted already', async () => {
        await assert.rejects(query("SELECT 'unsent'", { signal: AbortSignal.abort() }), hasKind('cancelled'));
        assert.doesNotMatch(await server.log(), /unsent/);
      });

      it('leaves the opening of a session', async () => {
        const controller = new AbortController();
        const opening = openTestSession(
          server,
          {
            readPassword: (_, signal) => {
              controller.abort();
              return delay(60_000, null, { signal });
            },
          },
          controller.signal,
        );
        await assert.rejects(opening, hasKind('cancelled'));
      });
    });

    describe('close', () => {
      it('cancels what runs and leaves no backend and no socket', async () => {
        const running = assert.rejects(query('SELECT pg_sleep(30)'), DatabaseFailure);
        const waiting = Array.from({ length: 3 }, () => assert.rejects(query('SELECT pg_sleep(30)'), DatabaseFailure));
        await eventually(5_000, async () =>
          (await backends()).filter(({ state }) => state === 'active').length === 2 ? true : null,
        );
        await session.close();
        await Promise.all([running, ...waiting]);
        await eventually(1_000, async () => ((await backends()).length === 0 ? true : null));
        await assert.rejects(query('SELECT 1'), hasKind('connection-lost', /is closed/));
      });

      it('leaves no socket and no timer in this process', async () => {
        const countSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
        const timers = new Set<number>();
        const hook = createHook({
          init: (id, type) => type === 'Timeout' && timers.add(id),
          destroy: (id) => timers.delete(id),
        });
        // mocha starts its own timer in this turn
        await setImmediate();
        const socketsBefore = countSockets();
        hook.enable();
        try {
          const other = await openTestSession(server);
          await Promise.all([
            other.run(readOnly, (unit) => unit.query('SELECT pg_sleep(0.1)')),
            other.run(readOnly, (unit) => unit.query('SELECT pg_sleep(0.1)')),
          ]);
          assert.equal(countSockets(), socketsBefore + 2);
          assert.ok(timers.size > 0);
          await other.close();
          // handles are freed in one of the next turns of the event loop
          for (let turn = 0; turn < 10; turn++) await setImmediate();
          assert.equal(countSockets(), socketsBefore);
          assert.equal(timers.size, 0);
        } finally {
          hook.disable();
        }
      });

      it('says so once', async () => {
        const states: ConnectionState[] = [];
        session.onDidChangeState((state) => states.push(state));
        await session.close();
        await session.close();
        assert.deepEqual(states, [{ state: 'closed' }]);
      });
    });

    it('sends nothing but statements of known shapes', async () => {
      const statements = async () =>
        [...(await server.log()).matchAll(/(?:execute <unnamed>|statement): (.*)/g)].map((match) => match[1] ?? '');
      const seenBefore = (await statements()).length;
      const other = await openTestSession(server);
      await other.run({ ...readOnly, searchPath: 'catalogue' }, (unit) => unit.query('SELECT 1 AS catalogue_read'));
      const controller = new AbortController();
      const cancelled = other.run({ ...readOnly, signal: controller.signal }, (unit) =>
        unit.query('SELECT pg_sleep(30)'),
      );
      setTimeout(() => {
        controller.abort();
      }, 100);
      await assert.rejects(cancelled, hasKind('cancelled'));
      // long enough for a heartbeat
      await delay(5_000);
      await other.close();
      const allowed = [
        /^BEGIN( ISOLATION LEVEL REPEATABLE READ)? READ (ONLY|WRITE)$/,
        /^SET LOCAL (statement_timeout|lock_timeout) = \d+$/,
        /^SELECT pg_catalog\.set_config\('idle_in_transaction_session_timeout', '\d+', true\), CASE WHEN .* THEN pg_catalog\.set_config\('track_counts', 'off', true\) END$/,
        /^SET LOCAL search_path = ''$/,
        /^SELECT pg_catalog\.pg_backend_pid\(\) AS pid$/,
        /^SELECT 1 AS catalogue_read$/,
        /^SELECT pg_sleep\(30\)$/,
        /^ROLLBACK$/,
      ];
      const sent = (await statements()).slice(seenBefore);
      assert.ok(sent.length >= 15);
      assert.deepEqual(
        sent.filter((text) => !allowed.some((shape) => shape.test(text))),
        [],
      );
    });

    describe('loss', () => {
      /** For what is slow and the same on every version. */
      const onNewest = (title: string, test: () => Promise<void>) => {
        if (major === newestMajor) it(title, test);
      };

      const toStates = (watched: Session): ConnectionState[] => {
        const states: ConnectionState[] = [];
        watched.onDidChangeState((state) => states.push(state));
        return states;
      };

      it('of a running statement is said, and the session comes back', async () => {
        const states = toStates(session);
        const running = assert.rejects(
          query('SELECT pg_sleep(60)'),
          hasKind('connection-lost', /shutting down|administrator/),
        );
        await eventually(5_000, async () => ((await backends()).some(({ state }) => state === 'active') ? true : null));
        await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
          applicationName,
        ]);
        await running;
        await eventually(5_000, () => (states.at(-1)?.state === 'connected' ? true : null));
        assert.equal(states[0]?.state, 'reconnecting');
        assert.deepEqual(await query('SELECT 1 AS a'), [{ a: 1 }]);
      });

      it('by a restart of the server is said at once, retried with growing pauses, and over when the server is back', async () => {
        const restarted = await startPostgres({ major });
        try {
          const other = await openTestSession(restarted);
          const states = toStates(other);
          await restarted.shutdown();
          await eventually(10_000, () => (states.length >= 2 ? true : null));
          await assert.rejects(
            other.run(readOnly, (unit) => unit.query('SELECT 1')),
            hasKind('unreachable', /nothing listens/),
          );
          await restarted.start();
          await eventually(10_000, () => (states.at(-1)?.state === 'connected' ? true : null));
          const retries = states.filter((state) => state.state === 'reconnecting');
          assert.deepEqual(retries.map(({ attempt, retryInMs }) => [attempt, retryInMs]).slice(0, 2), [
            [1, 1000],
            [2, 2000],
          ]);
          assert.deepEqual(await other.run(readOnly, (unit) => unit.query('SELECT 1 AS a')), [{ a: 1 }]);
          await other.close();
        } finally {
          await restarted.stop();
        }
      });

      onNewest('of the network is noticed within 10 s, idle and in the middle of a statement', async () => {
        const proxy = await startTcpProxy(server);
        const throughProxy = { ...server, port: proxy.port };
        const [idle, busy] = await Promise.all([openTestSession(throughProxy), openTestSession(throughProxy)]);
        try {
          const idleStates = toStates(idle);
          const running = assert.rejects(
            busy.run(readOnly, (unit) => unit.query('SELECT pg_sleep(60)')),
            hasKind('connection-lost', /no longer be reached/),
          );
          await delay(200);
          proxy.fallSilent();
          await Promise.all([
            eventually(10_000, () => (idleStates[0]?.state === 'reconnecting' ? true : null)),
            Promise.race([running, delay(10_000).then(() => assert.fail('not noticed within 10 s'))]),
          ]);
          proxy.recover();
          await eventually(20_000, () => (idleStates.at(-1)?.state === 'connected' ? true : null));
        } finally {
          await Promise.all([idle.close(), busy.close()]);
          await proxy.close();
        }
      });

      onNewest('is not taken for granted: a long statement on a healthy server is left alone', async () => {
        const states = toStates(session);
        await query('SELECT pg_sleep(9)');
        assert.deepEqual(states, []);
      });

      it('ends for good when the server does not accept the password any more', async () => {
        await admin.query("CREATE ROLE leaver LOGIN PASSWORD 'one'");
        const leaver = await openTestSession({ ...server, user: 'leaver', password: 'one' });
        try {
          const states = toStates(leaver);
          await admin.query("ALTER ROLE leaver PASSWORD 'two'");
          await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'leaver'");
          await eventually(10_000, () => (states.at(-1)?.state === 'closed' ? true : null));
          assert.deepEqual(
            states.map(({ state }) => state),
            ['reconnecting', 'closed'],
          );
          await assert.rejects(
            leaver.run(readOnly, (unit) => unit.query('SELECT 1')),
            hasKind('authentication'),
          );
        } finally {
          await leaver.close();
        }
      });
    });
  });
}
