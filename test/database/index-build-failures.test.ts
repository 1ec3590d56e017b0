import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { runsAsRoot, unprivileged } from '../../scripts/environment/cache-folder';
import { startPgbouncer } from '../../scripts/environment/pgbouncer';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import { formatSteps } from '../../src/analysis/index-build/format-index-build';
import type {
  IndexBuildOutcome,
  IndexDropOutcome,
  IndexDropRequest,
  IndexProgress,
} from '../../src/analysis/index-build/index-build';
import type { DatabaseConnection } from '../../src/database/database-access';
import { prepareIndexBuild, runIndexBuild } from '../../src/database/index-build';
import type { IndexContext } from '../../src/database/index-build/index-context';
import { captureServerFacts } from '../../src/database/server-facts';
import {
  agreeTo,
  assertNothingOpen,
  build,
  connect,
  connectClient,
  drop,
  listIndexes,
  schemaSql,
  toRequest,
  waitUntil,
} from './index-build-server';
import { startTcpProxy } from './tcp-proxy';
import { openTestSession } from './test-session';

const run = promisify(execFile);

function toFailure(outcome: IndexBuildOutcome | IndexDropOutcome): Extract<IndexBuildOutcome, { outcome: 'failed' }> {
  assert.ok(outcome.outcome === 'failed');
  return outcome;
}

/** The cleanup that is offered, after a look at what it is for. */
function toCleanup(outcome: IndexBuildOutcome): IndexDropRequest {
  const { leftover, failure } = toFailure(outcome);
  assert.ok(leftover.left === 'remainder', JSON.stringify(leftover));
  assert.match(failure.message, /drop (it|them)\.$/);
  return leftover.cleanup;
}

const slow = 'USING btree (app.slow(id))';

for (const major of [13, 18] as const) {
  describe(`what can go wrong with an index on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let admin: Client;
    let connection: DatabaseConnection;

    before(async () => {
      server = await startPostgres({ major, settings: { log_statement: 'all', autovacuum: 'off' } });
      admin = await connectClient(server.url());
      await admin.query(schemaSql);
      await admin.query(`
        CREATE TABLE app.events (id integer, day date, kind text) PARTITION BY RANGE (day);
        CREATE TABLE app.events_old PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE app.events_new PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
          PARTITION BY LIST (kind);
        CREATE SCHEMA parts;
        CREATE TABLE parts.events_new_a PARTITION OF app.events_new FOR VALUES IN ('a');
        CREATE TABLE parts.events_new_b PARTITION OF app.events_new FOR VALUES IN ('b');
        INSERT INTO app.events SELECT n, '2026-02-02', 'b' FROM generate_series(1, 1500) n;
        INSERT INTO app.events SELECT n, '2025-02-02', 'b' FROM generate_series(1, 10) n;
        ANALYZE app.events`);
      connection = await connect(server.url());
    });

    afterEach(() => assertNothingOpen(admin));

    after(async () => {
      await connection.close();
      await admin.end();
      await server.stop();
    });

    const events = { schema: 'app', table: 'events' };

    it('a partitioned table gets it on every level, and loses it in one step', async () => {
      const request = toRequest('events_kind', 'USING btree (kind, id)', events);
      const plan = await connection.prepareIndexBuild(request);
      assert.equal(plan.partitionCount, 3);
      const known = await admin.query<{ rows: number; unknown: number }>(`
        SELECT sum(reltuples) FILTER (WHERE relpages > 0 OR (reltuples = 0 AND ${major} >= 14))::int AS rows,
          count(*) FILTER (WHERE reltuples < 0 OR (relpages = 0 AND ${major} < 14))::int AS unknown
        FROM pg_partition_tree('app.events') t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf`);
      assert.deepEqual([plan.estimatedRows, plan.uncountedPartitions], Object.values(known.rows[0]!));
      assert.equal(
        formatSteps(plan),
        [
          'CREATE INDEX events_kind ON ONLY app.events USING btree (kind, id);',
          'CREATE INDEX events_kind_events_new ON ONLY app.events_new USING btree (kind, id);',
          'CREATE INDEX CONCURRENTLY events_kind_events_new_events_new_a ON parts.events_new_a USING btree (kind, id);',
          'ALTER INDEX app.events_kind_events_new ATTACH PARTITION parts.events_kind_events_new_events_new_a;',
          'CREATE INDEX CONCURRENTLY events_kind_events_new_events_new_b ON parts.events_new_b USING btree (kind, id);',
          'ALTER INDEX app.events_kind_events_new ATTACH PARTITION parts.events_kind_events_new_events_new_b;',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.events_kind_events_new;',
          'CREATE INDEX CONCURRENTLY events_kind_events_old ON app.events_old USING btree (kind, id);',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.events_kind_events_old;',
          '',
        ].join('\n'),
      );
      const outcome = await connection.runIndexBuild(request, agreeTo(plan));
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      const indexes = await listIndexes(admin, 'events_kind%');
      assert.equal(indexes.length, 5);
      assert.ok(indexes.every(({ valid }) => valid));
      const { rows } = await admin.query<{ bytes: string }>(
        "SELECT sum(pg_relation_size(relid))::text AS bytes FROM pg_partition_tree('app.events_kind')",
      );
      assert.equal(String(outcome.sizeBytes), rows[0]?.bytes);
      const part = await connection.prepareIndexDrop({
        indexes: [
          { schema: 'app', name: 'events_kind_events_old', oid: Number(indexes.at(-1)?.oid), mustBeInvalid: false },
        ],
        keep: [],
      });
      assert.match(part.refusal?.reason ?? '', /is a part of the index events_kind/);
      const undone = await drop(connection, outcome.undo);
      assert.ok(undone.outcome === 'dropped');
      assert.equal(undone.undoSql, 'CREATE INDEX events_kind ON app.events USING btree (kind, id);\n');
      assert.deepEqual(await listIndexes(admin, 'events_kind%'), []);
    });

    it('a partitioned build that is cancelled leaves parts, and cleaning up leaves none', async () => {
      await admin.query('CREATE INDEX events_slow_events_old ON app.other (id)');
      const controller = new AbortController();
      const outcome = await build(connection, toRequest('events_slow', slow, events), {
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (phase === 'building index: scanning table') controller.abort();
        },
      });
      assert.equal(toFailure(outcome).failure.kind, 'cancelled');
      const left = await listIndexes(admin, 'events_slow%');
      assert.ok(left.length >= 4 && left.some(({ valid }) => !valid), JSON.stringify(left));
      const cleaned = await drop(connection, toCleanup(outcome));
      assert.ok(cleaned.outcome === 'dropped', JSON.stringify(cleaned));
      assert.deepEqual(
        (await listIndexes(admin, 'events_slow%')).map(({ definition }) => definition),
        ['CREATE INDEX events_slow_events_old ON app.other USING btree (id)'],
      );
      await admin.query('DROP INDEX app.events_slow_events_old');
    });

    it('a step whose index someone has renamed meanwhile is said, and the rest is cleaned up', async () => {
      const renamed: Promise<unknown>[] = [];
      const outcome = await build(connection, toRequest('events_renamed', slow, events), {
        onProgress: ({ phase }) => {
          if (phase?.startsWith('building') !== true || renamed.length > 0) return;
          renamed.push(admin.query('ALTER INDEX app.events_renamed_events_new RENAME TO somebodys'));
        },
      });
      await Promise.all(renamed);
      assert.match(toFailure(outcome).failure.message, /someone has dropped or renamed it meanwhile/);
      const cleaned = await drop(connection, toCleanup(outcome));
      assert.ok(cleaned.outcome === 'dropped', JSON.stringify(cleaned));
      // what has another name now is somebody's, with the parts that are attached to it
      await admin.query('DROP INDEX app.somebodys');
      assert.deepEqual(await listIndexes(admin, 'events_renamed%'), []);
    });

    it('a step that wants a lock stands in line for a moment only, names the holder, and gets it in the end', async () => {
      const writer = await connectClient(server.url());
      await writer.query("BEGIN; INSERT INTO app.events VALUES (1, '2025-03-03', 'c')");
      const seen: IndexProgress[] = [];
      const running = build(connection, toRequest('events_locked', 'USING btree (id)', events), {
        onProgress: (progress) => seen.push(progress),
      });
      await waitUntil('the writer is named', () => seen.some(({ waitingFor }) => waitingFor !== null));
      assert.equal(seen.at(-1)?.step, 1);
      await waitUntil('it lets others pass', () => server.log().then((log) => log.includes('due to lock timeout')));
      await writer.query('COMMIT');
      await writer.end();
      const outcome = await running;
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      await drop(connection, outcome.undo);
    });

    it('duplicates for a unique index', async () => {
      const request = toRequest('orders_once', 'USING btree (customer_id)', undefined, true);
      const outcome = await build(connection, request);
      const { failure } = toFailure(outcome);
      assert.equal(failure.details.code, '23505');
      assert.match(
        failure.message,
        /Index app\.orders_once on app\.orders was not built .* rows of app\.orders have the same key/,
      );
      assert.match(failure.nextStep, /Remove the duplicates/);
      assert.equal((await listIndexes(admin, 'orders_once'))[0]?.valid, false);
      await drop(connection, toCleanup(outcome));
      assert.deepEqual(await listIndexes(admin, 'orders_once'), []);
    });

    it('a limit of temporary files', async () => {
      await admin.query(
        "ALTER ROLE postgres SET temp_file_limit = '64kB'; ALTER ROLE postgres SET maintenance_work_mem = '1MB'",
      );
      await admin.query(
        "INSERT INTO app.orders SELECT n, n, repeat('y', 500) || n FROM generate_series(10001, 14000) n",
      );
      const outcome = await build(connection, toRequest('orders_sorted', 'USING btree (note, id)'));
      await admin.query('ALTER ROLE postgres RESET ALL');
      await admin.query('DELETE FROM app.orders WHERE id > 10000');
      const { failure } = toFailure(outcome);
      assert.equal(failure.details.code, '53400');
      assert.match(failure.message, /a limit of the server was reached: .*temp_file_limit/);
      await drop(connection, toCleanup(outcome));
      assert.deepEqual(await listIndexes(admin, 'orders_sorted'), []);
    });

    it('a full disk', async function () {
      if (!runsAsRoot) this.skip();
      const folder = path.join(server.folder, 'small');
      await mkdir(folder);
      const { uid, gid } = unprivileged;
      await run('mount', ['-t', 'tmpfs', '-o', `size=128k,uid=${uid},gid=${gid},mode=700`, 'tmpfs', folder]);
      try {
        await admin.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
        await admin.query('ALTER ROLE postgres SET default_tablespace = small');
        const outcome = await build(connection, toRequest('orders_full', 'USING btree (note, id)'));
        await admin.query('ALTER ROLE postgres RESET default_tablespace');
        const { failure } = toFailure(outcome);
        assert.equal(failure.details.code, '53100');
        assert.match(failure.message, /the disk of the server is full: .*No space left on device/);
        assert.match(failure.nextStep, /Free space/);
        await drop(connection, toCleanup(outcome));
        assert.deepEqual(await listIndexes(admin, 'orders_full'), []);
        // the files of what was dropped are kept until the next checkpoint
        await admin.query('CHECKPOINT');
        await admin.query('DROP TABLESPACE small');
      } finally {
        await run('umount', [folder]);
      }
    });

    it('a role without rights is told so before, and nothing is sent', async () => {
      await admin.query(
        "CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT USAGE ON SCHEMA app TO reader; GRANT SELECT ON app.orders TO reader",
      );
      const reader = await connect(`postgresql://reader:r@${server.host}:${server.port}/postgres`);
      try {
        const blocker = await connectClient(server.url());
        await blocker.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app.other');
        const plan = await reader.prepareIndexBuild(toRequest('not_mine'));
        await blocker.query('COMMIT');
        await blocker.end();
        assert.match(plan.refusal?.reason ?? '', /only the owner of app\.orders, "postgres"/);
        // that there is a transaction is for every role to see, its age and its statement are not
        const [hidden] = plan.openTransactions;
        assert.deepEqual(
          [hidden?.isVisible, hidden?.ageMs, hidden?.text, hidden?.role],
          [false, null, null, 'postgres'],
        );
        await assert.rejects(
          reader.runIndexBuild(toRequest('not_mine'), agreeTo(plan)),
          (error) =>
            isDatabaseFailure(error) && error.kind === 'not-permitted' && error.message.includes('Nothing was changed'),
        );
      } finally {
        await reader.close();
      }
      await admin.query('ALTER ROLE postgres SET default_transaction_read_only = on');
      const careful = await connect(server.url());
      try {
        const plan = await careful.prepareIndexBuild(toRequest('read_only'));
        assert.match(plan.refusal?.reason ?? '', /default_transaction_read_only is on/);
      } finally {
        await careful.close();
        await admin.query('ALTER ROLE postgres RESET default_transaction_read_only');
      }
      assert.deepEqual([...(await listIndexes(admin, 'not_mine')), ...(await listIndexes(admin, 'read_only'))], []);
    });

    it('a name that a table, a view or an index has already is told before, and nothing is sent', async () => {
      await admin.query('CREATE VIEW app.taken_view AS SELECT 1 AS one; CREATE INDEX taken_index ON app.other (id)');
      for (const name of ['other', 'taken_view', 'taken_index']) {
        const plan = await connection.prepareIndexBuild(toRequest(name));
        assert.equal(plan.refusal?.reason, `app.${name} is there already`);
        await assert.rejects(
          connection.runIndexBuild(toRequest(name), agreeTo(plan)),
          (error) => isDatabaseFailure(error) && error.message.includes('Nothing was changed'),
        );
      }
      await admin.query('DROP VIEW app.taken_view; DROP INDEX app.taken_index');
    });

    it('a name that somebody takes while it stands in line: theirs stays', async () => {
      const blocker = await connectClient(server.url());
      await blocker.query('BEGIN; LOCK TABLE app.orders IN SHARE MODE');
      const taken: Promise<unknown>[] = [];
      const outcome = await build(connection, toRequest('orders_taken'), {
        onProgress: ({ waitingFor }) => {
          if (waitingFor === null || taken.length > 0) return;
          taken.push(blocker.query('CREATE TABLE app.orders_taken (); COMMIT'));
        },
      });
      await Promise.all(taken);
      await blocker.end();
      const { failure, leftover } = toFailure(outcome);
      assert.match(failure.message, /someone has made a relation of this name meanwhile/);
      assert.match(failure.nextStep, /another name/);
      assert.deepEqual(leftover, { left: 'nothing' });
      await admin.query('DROP TABLE app.orders_taken');
    });

    it('timeouts of the role do not end a build', async () => {
      await admin.query(
        `ALTER ROLE postgres SET statement_timeout = '200ms'; ALTER ROLE postgres SET lock_timeout = '200ms'`,
      );
      const blocker = await connectClient(server.url());
      await blocker.query('BEGIN; LOCK TABLE app.orders IN SHARE MODE');
      let waited = 0;
      const outcome = await build(connection, toRequest('orders_patient', slow), {
        onProgress: ({ waitingFor }) => {
          if (waitingFor === null) return;
          waited += 1;
          // longer than either timeout would have let it
          if (waited === 2) void blocker.query('COMMIT');
        },
      });
      await admin.query('ALTER ROLE postgres RESET ALL');
      await blocker.end();
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      assert.ok(waited >= 2 && outcome.durationMs > 1_000);
      await drop(connection, outcome.undo);
    });

    it('a connection that an administrator ends', async () => {
      const ended: Promise<unknown>[] = [];
      const outcome = await build(connection, toRequest('orders_ended', slow), {
        onProgress: ({ phase }) => {
          if (phase === null || ended.length > 0) return;
          ended.push(admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index'));
        },
      });
      await Promise.all(ended);
      assert.match(toFailure(outcome).failure.message, /connection was lost: .*an administrator ended the connection/);
      await drop(connection, toCleanup(outcome));
      assert.deepEqual(await listIndexes(admin, 'orders_ended'), []);
    });

    it('a drop that is cancelled says what the index is now; never one that something stands on', async () => {
      await admin.query(`
        CREATE INDEX orders_waiting ON app.orders (customer_id);
        CREATE TABLE app.keyed (a integer NOT NULL, b integer UNIQUE);
        CREATE UNIQUE INDEX keyed_identity ON app.keyed (a);
        ALTER TABLE app.keyed REPLICA IDENTITY USING INDEX keyed_identity;
        CREATE TABLE app.points (b integer CONSTRAINT points_to_keyed REFERENCES app.keyed (b))`);
      const targetOf = async (name: string) => ({
        schema: 'app',
        name,
        oid: Number((await listIndexes(admin, name))[0]?.oid),
        mustBeInvalid: false,
      });
      for (const [name, reason] of [
        ['keyed_b_key', /unique constraint keyed_b_key on app\.keyed, foreign key points_to_keyed on app\.points/],
        ['keyed_identity', /replica identity/],
        ['orders_pkey', /primary key/],
      ] as const) {
        const request = { indexes: [await targetOf(name)], keep: [] };
        const plan = await connection.prepareIndexDrop(request);
        assert.match(plan.refusal?.reason ?? '', reason);
        await assert.rejects(connection.runIndexDrop(request, agreeTo(plan)));
        assert.equal((await listIndexes(admin, name)).length, 1);
      }
      const writer = await connectClient(server.url());
      await writer.query("BEGIN; INSERT INTO app.orders VALUES (-7, 7, '')");
      const controller = new AbortController();
      const request = { indexes: [await targetOf('orders_waiting')], keep: [] };
      const outcome = await drop(connection, request, {
        signal: controller.signal,
        onProgress: ({ waitingFor }) => {
          if (waitingFor !== null) controller.abort();
        },
      });
      await writer.query('ROLLBACK');
      await writer.end();
      const [index] = await listIndexes(admin, 'orders_waiting');
      assert.deepEqual(toFailure(outcome).leftover, {
        left: 'index',
        index: { schema: 'app', name: 'orders_waiting' },
        isValid: index?.valid,
        isWritten: true,
      });
      const again = await drop(connection, request);
      assert.equal(again.outcome, 'dropped');
      await assert.rejects(
        connection.prepareIndexDrop(request),
        (error) => isDatabaseFailure(error) && error.message.includes('app.orders_waiting is gone'),
      );
    });

    it('a server that restarts in the middle', async () => {
      const restarted: Promise<unknown>[] = [];
      const outcome = await build(connection, toRequest('orders_restart', slow), {
        onProgress: ({ phase }) => {
          if (phase !== null && restarted.length === 0) restarted.push(server.restart());
        },
      });
      await Promise.all(restarted);
      admin = await connectClient(server.url());
      assert.equal(toFailure(outcome).failure.kind, 'connection-lost');
      await drop(connection, toCleanup(outcome));
      assert.deepEqual(await listIndexes(admin, 'orders_restart'), []);
    });
  });
}

describe('an index and what stands between', () => {
  let server: PostgresServer;
  let admin: Client;

  before(async () => {
    server = await startPostgres({ major: 18, settings: { log_statement: 'all', autovacuum: 'off' } });
    admin = await connectClient(server.url());
    await admin.query(schemaSql);
  });

  after(async () => {
    await admin.end();
    await server.stop();
  });

  it('a network that forgets the connection: the server goes on, and the index is found', async () => {
    const proxy = await startTcpProxy(server);
    const connection = await connect(server.url().replace(`:${server.port}/`, `:${proxy.port}/`));
    try {
      let silent = false;
      const seen: IndexProgress[] = [];
      const running = build(
        connection,
        toRequest('orders_lost', 'USING btree (app.slow(app.slow(app.slow(app.slow(id)))))'),
        {
          onProgress: (progress) => {
            seen.push(progress);
            if (progress.phase === null || silent) return;
            silent = true;
            proxy.fallSilent();
            void delay(9_000).then(() => {
              proxy.recover();
            });
          },
        },
      );
      const outcome = await running;
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      assert.equal((await listIndexes(admin, 'orders_lost'))[0]?.valid, true);
    } finally {
      await connection.close();
      await proxy.close();
    }
  });

  it('a cancel after the connection was lost reaches the server all the same', async () => {
    const proxy = await startTcpProxy(server);
    const connection = await connect(server.url().replace(`:${server.port}/`, `:${proxy.port}/`));
    const blocker = await connectClient(server.url());
    await blocker.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app.other');
    try {
      const controller = new AbortController();
      let silent = false;
      let recovered = false;
      const outcome = await build(connection, toRequest('orders_lost_too'), {
        signal: controller.signal,
        onProgress: ({ waitingFor }) => {
          if (waitingFor === null) return;
          // told over a new connection: the one that had sent the statement is gone
          if (recovered) controller.abort();
          if (silent) return;
          silent = true;
          proxy.fallSilent();
          void delay(9_000).then(() => {
            proxy.recover();
            recovered = true;
          });
        },
      });
      assert.equal(toFailure(outcome).failure.kind, 'connection-lost');
      const { rows } = await admin.query('SELECT FROM pg_stat_progress_create_index');
      assert.equal(rows.length, 0);
      await blocker.query('COMMIT');
      await drop(connection, toCleanup(outcome));
      assert.deepEqual(await listIndexes(admin, 'orders_lost_too'), []);
    } finally {
      await blocker.end();
      await connection.close();
      await proxy.close();
    }
  });

  // what is known of the server was read over a direct connection, so that nothing but the last look stands in the way
  it('a pooler that nobody has noticed before: nothing is set, nothing is built', async () => {
    const pooler = await startPgbouncer({ server });
    const direct = await openTestSession(server);
    const pooled = await openTestSession({ ...server, host: pooler.host, port: pooler.port });
    try {
      const context: IndexContext = {
        facts: await captureServerFacts(direct),
        server: `${pooler.host}:${pooler.port}`,
        environment: 'development',
        run: (options, work) => pooled.run(options, work),
        runDedicated: (signal, work) => pooled.runDedicated(signal, work),
      };
      assert.equal(context.facts.pooler, 'none');
      const request = toRequest('orders_unnoticed');
      const plan = await prepareIndexBuild(context, request);
      assert.equal(plan.refusal, null);
      const before = (await server.log()).length;
      await assert.rejects(
        runIndexBuild(context, request, agreeTo(plan)),
        (error) =>
          isDatabaseFailure(error) && /^Nothing was changed: .*a pooler.* shares its connections/.test(error.message),
      );
      assert.doesNotMatch((await server.log()).slice(before), /: SET (?!LOCAL)|CREATE INDEX/);
      assert.deepEqual(await listIndexes(admin, 'orders_unnoticed'), []);
    } finally {
      await pooled.close();
      await direct.close();
      await pooler.stop();
    }
  });

  for (const poolMode of ['transaction', 'session'] as const) {
    it(`pgbouncer in ${poolMode} mode: refused with the SQL, and nothing is set`, async () => {
      const pooler = await startPgbouncer({ server, poolMode });
      const connection = await connect(pooler.url());
      try {
        const plan = await connection.prepareIndexBuild(toRequest('orders_pooled'));
        assert.match(plan.refusal?.reason ?? '', /is a connection pooler/);
        assert.equal(
          formatSteps(plan),
          'CREATE INDEX CONCURRENTLY orders_pooled ON app.orders USING btree (customer_id);\n',
        );
        const before = (await server.log()).length;
        await assert.rejects(connection.runIndexBuild(toRequest('orders_pooled'), agreeTo(plan)));
        assert.doesNotMatch((await server.log()).slice(before), /: SET (?!LOCAL)|CREATE INDEX/);
        assert.deepEqual(await listIndexes(admin, 'orders_pooled'), []);
      } finally {
        await connection.close();
        await pooler.stop();
      }
    });
  }

  it('closing the connection while it builds ends the build on the server', async () => {
    const connection = await connect(server.url());
    const seen: IndexProgress[] = [];
    const running = build(connection, toRequest('orders_closed', slow), {
      onProgress: (progress) => seen.push(progress),
    });
    await waitUntil('it builds', () => seen.some(({ phase }) => phase !== null));
    await connection.close();
    assert.deepEqual(toFailure(await running).leftover, { left: 'unknown' });
    await waitUntil('nothing runs', async () => {
      const { rows } = await admin.query('SELECT FROM pg_stat_progress_create_index');
      return rows.length === 0;
    });
    await assertNothingOpen(admin);
  });
});
