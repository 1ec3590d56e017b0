import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import { formatBuildConfirmation, formatDropConfirmation } from '../../src/analysis/index-build/format-index-build';
import type { IndexBuildOutcome, IndexProgress, StartedIndexBuild } from '../../src/analysis/index-build/index-build';
import type { DatabaseConnection } from '../../src/database/database-access';
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

type Built = Extract<IndexBuildOutcome, { outcome: 'built' }>;
type Failed = Extract<IndexBuildOutcome, { outcome: 'failed' }>;

function assertBuilt(outcome: IndexBuildOutcome): asserts outcome is Built {
  assert.equal(outcome.outcome, 'built', outcome.outcome === 'failed' ? outcome.failure.message : '');
}

function assertFailed(outcome: IndexBuildOutcome): asserts outcome is Failed {
  assert.equal(outcome.outcome, 'failed');
}

for (const major of [13, 18] as const) {
  describe(`building an index on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let admin: Client;
    let connection: DatabaseConnection;

    before(async () => {
      server = await startPostgres({
        major,
        settings: { log_statement: 'all', max_prepared_transactions: '2', autovacuum: 'off' },
      });
      admin = await connectClient(server.url());
      await admin.query(schemaSql);
      connection = await connect(server.url());
    });

    afterEach(() => assertNothingOpen(admin));

    after(async () => {
      await connection.close();
      await admin.end();
      await server.stop();
    });

    it('shows before it begins what it would do, and changes nothing', async () => {
      const plan = await connection.prepareIndexBuild({
        ...toRequest('orders_customer'),
        estimatedSizeBytes: 100 * 8192,
      });
      const { rows } = await admin.query<{ reltuples: number; bytes: string }>(
        "SELECT reltuples, (relpages * 8192)::text AS bytes FROM pg_class WHERE oid = 'app.orders'::regclass",
      );
      assert.equal(plan.estimatedRows, rows[0]?.reltuples);
      assert.equal(String(plan.tableSizeBytes), rows[0]?.bytes);
      assert.equal(plan.refusal, null);
      assert.deepEqual(plan.openTransactions, []);
      assert.deepEqual(
        plan.steps.map(({ sql }) => sql),
        ['CREATE INDEX CONCURRENTLY orders_customer ON app.orders USING btree (customer_id)'],
      );
      const text = formatBuildConfirmation(plan);
      for (const part of [server.host, 'postgres', 'Production', 'about 1,500 rows', 'about 800 kB']) {
        assert.ok(text.includes(part), text);
      }
      // the statements may be more than a dialog has room for
      assert.ok(text.indexOf('No open transaction') < text.indexOf('CREATE INDEX'), text);
      assert.deepEqual(await listIndexes(admin, 'orders_customer'), []);
    });

    it('builds it, sends nothing else, and takes exactly this one back', async () => {
      const before = (await server.log()).length;
      const outcome = await build(connection, toRequest('orders_customer'));
      assertBuilt(outcome);
      const [index] = await listIndexes(admin, 'orders_customer');
      assert.deepEqual(
        [String(outcome.index.oid), outcome.definition, true],
        [index?.oid, index?.definition, index?.valid],
      );
      const sent = [...(await server.log()).slice(before).matchAll(/execute \S+: (.*)/g)].map(([, sql]) => sql ?? '');
      const writing = sent.filter(
        (sql) =>
          !/^(select|with|BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY|BEGIN READ ONLY|SET LOCAL|ROLLBACK)/i.test(
            sql,
          ) && !sql.startsWith('--'),
      );
      assert.deepEqual(writing, [
        'SET statement_timeout = 0',
        ...(major >= 17 ? ['SET transaction_timeout = 0'] : []),
        'SET lock_timeout = 0',
        'CREATE INDEX CONCURRENTLY orders_customer ON app.orders USING btree (customer_id)',
      ]);
      const undone = await drop(connection, outcome.undo);
      assert.equal(undone.outcome, 'dropped');
      assert.deepEqual(await listIndexes(admin, 'orders_customer'), []);
    });

    it('tells phases and numbers of the server, and never goes back', async () => {
      const events: IndexProgress[] = [];
      const outcome = await build(connection, toRequest('orders_slow', 'USING btree (app.slow(id))'), {
        onProgress: (progress) => events.push(progress),
      });
      assertBuilt(outcome);
      const scanning = events.filter(({ phase }) => phase === 'building index: scanning table');
      assert.ok(scanning.length >= 2, JSON.stringify(events));
      const { rows } = await admin.query<{ pages: string }>(
        "SELECT (pg_relation_size('app.orders') / 8192)::text AS pages",
      );
      assert.equal(String(scanning[0]?.blocksTotal), rows[0]?.pages);
      assert.ok(scanning.some(({ phaseRatio }) => phaseRatio !== null && phaseRatio > 0 && phaseRatio < 1));
      const ratios = events.map(({ ratio }) => ratio);
      assert.deepEqual(
        ratios,
        ratios.toSorted((a, b) => a - b),
      );
      await drop(connection, outcome.undo);
    });

    it('names who is in the way before and meanwhile, and goes on when they are gone', async () => {
      const blocker = await connectClient(`${server.url()}?application_name=reports`);
      await blocker.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await blocker.query('SELECT count(*) FROM app.other');
      const { rows } = await blocker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const pid = rows[0]?.pid ?? 0;
      await delay(1_200);
      const plan = await connection.prepareIndexBuild(toRequest('orders_waits'));
      assert.deepEqual(
        plan.openTransactions.map((each) => [each.pid, each.role, each.application, each.state, each.text]),
        [[pid, 'postgres', 'reports', 'idle in transaction', 'SELECT pg_backend_pid() AS pid']],
      );
      assert.ok((plan.openTransactions[0]?.ageMs ?? 0) > 1_000);
      const events: IndexProgress[] = [];
      const running = connection.runIndexBuild(toRequest('orders_waits'), agreeTo(plan), {
        onProgress: (progress) => events.push(progress),
      });
      await waitUntil('the blocker is named', () => events.some(({ waitingFor }) => waitingFor?.pid === pid));
      const waiting = events.find(({ waitingFor }) => waitingFor !== null);
      assert.equal(waiting?.phase, 'waiting for old snapshots');
      assert.equal(waiting.waitingFor?.application, 'reports');
      assert.equal(waiting.waitingFor.state, 'idle in transaction');
      await blocker.query('COMMIT');
      await blocker.end();
      const outcome = await running;
      assertBuilt(outcome);
      await drop(connection, outcome.undo);
    });

    it('lists a prepared transaction that has written to the table, and not one that read another', async () => {
      const other = await connectClient(server.url());
      await other.query("BEGIN; INSERT INTO app.orders VALUES (-1, 1, ''); PREPARE TRANSACTION 'a b'");
      await other.query('BEGIN; SELECT FROM app.other');
      await delay(1_200);
      const plan = await connection.prepareIndexBuild(toRequest('orders_prepared'));
      await other.query('COMMIT');
      assert.deepEqual(
        plan.openTransactions.map(({ pid, preparedName, role }) => [pid, preparedName, role]),
        [[null, 'a b', 'postgres']],
      );
      const controller = new AbortController();
      const outcome = await connection.runIndexBuild(toRequest('orders_prepared'), agreeTo(plan), {
        signal: controller.signal,
        onProgress: ({ waitingFor }) => {
          if (waitingFor?.preparedName === 'a b') controller.abort();
        },
      });
      await other.query("ROLLBACK PREPARED 'a b'");
      await other.end();
      assertFailed(outcome);
      assert.ok(outcome.leftover.left === 'remainder');
      await drop(connection, outcome.leftover.cleanup);
    });

    it('names readers in the way of a drop, which a build does not wait for, and no one else', async () => {
      await admin.query('CREATE INDEX orders_read ON app.orders (customer_id)');
      const [index] = await listIndexes(admin, 'orders_read');
      const request = {
        indexes: [{ schema: 'app', name: 'orders_read', oid: Number(index?.oid), mustBeInvalid: false }],
        keep: [],
      };
      const reader = await connectClient(`${server.url()}?application_name=reports`);
      await reader.query('BEGIN; SELECT 1 FROM app.orders LIMIT 1');
      const bystander = await connectClient(server.url());
      await bystander.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app.other');
      await delay(1_200);
      const { rows } = await reader.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const pid = rows[0]?.pid ?? 0;
      const plan = await connection.prepareIndexDrop(request);
      assert.deepEqual(
        plan.openTransactions.map((each) => [each.pid, each.application]),
        [[pid, 'reports']],
      );
      assert.match(formatDropConfirmation(plan), new RegExp(`would wait for:\\n• pid ${pid} \\(postgres, reports, `));
      const forBuild = await connection.prepareIndexBuild(toRequest('orders_built'));
      assert.ok(!forBuild.openTransactions.some((each) => each.pid === pid));
      // and the server does as was said: it waits for the reader, and for the other one not
      const waitedFor = new Set<number | null>();
      const running = connection.runIndexDrop(request, agreeTo(plan), {
        onProgress: ({ waitingFor }) => {
          if (waitingFor !== null) waitedFor.add(waitingFor.pid);
        },
      });
      await waitUntil('the reader is named', () => waitedFor.has(pid));
      await reader.query('COMMIT');
      await reader.end();
      assert.equal((await running).outcome, 'dropped');
      assert.deepEqual([...waitedFor], [pid]);
      await bystander.query('COMMIT');
      await bystander.end();
    });

    it('shows of a partitioned index what its parts take, how often they were used, and who reads a partition', async () => {
      await admin.query(`
        CREATE TABLE app.parted (id integer, day integer) PARTITION BY RANGE (day);
        CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (1) TO (2);
        CREATE TABLE app.parted_2 PARTITION OF app.parted FOR VALUES FROM (2) TO (3) PARTITION BY RANGE (day);
        CREATE TABLE app.parted_2_all PARTITION OF app.parted_2 DEFAULT;
        INSERT INTO app.parted SELECT n, 1 + n % 2 FROM generate_series(1, 1000) n;
        CREATE INDEX parted_id ON app.parted (id)`);
      const user = await connectClient(server.url());
      await user.query('SET enable_seqscan = off; SELECT FROM app.parted WHERE id = 7');
      await user.end();
      const sumSql = `SELECT sum(pg_relation_size(relid))::text AS bytes, sum(pg_stat_get_numscans(relid))::text AS scans
        FROM pg_partition_tree('app.parted_id')`;
      const sum = async () => (await admin.query<{ bytes: string; scans: string }>(sumSql)).rows[0];
      await waitUntil('the scans are counted', async () => (await sum())?.scans === '2');
      const reader = await connectClient(server.url());
      await reader.query('BEGIN; SELECT 1 FROM app.parted_2_all LIMIT 1');
      await delay(1_200);
      const { rows } = await reader.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const oid = Number((await listIndexes(admin, 'parted_id'))[0]?.oid);
      const request = { indexes: [{ schema: 'app', name: 'parted_id', oid, mustBeInvalid: false }], keep: [] };
      const plan = await connection.prepareIndexDrop(request);
      await reader.query('COMMIT');
      await reader.end();
      assert.deepEqual(
        plan.openTransactions.map(({ pid }) => pid),
        [rows[0]?.pid],
      );
      const bytes = Number((await sum())?.bytes);
      assert.ok(bytes > 0);
      assert.deepEqual(
        plan.indexes.map(({ sizeBytes, scans }) => [sizeBytes, scans]),
        [[bytes, 2]],
      );
      assert.match(formatDropConfirmation(plan), /used 2 times since/);
      const dropped = await drop(connection, request);
      assert.ok(dropped.outcome === 'dropped');
      assert.equal(dropped.undo?.estimatedSizeBytes, bytes);
      await admin.query('DROP TABLE app.parted');
    });

    it('is cancelled on the server; the invalid rest is ours, said, and dropped', async () => {
      const blocker = await connectClient(server.url());
      await blocker.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app.other');
      const controller = new AbortController();
      const outcome = await build(connection, toRequest('orders_cancelled'), {
        signal: controller.signal,
        onProgress: ({ waitingFor }) => {
          if (waitingFor !== null) controller.abort();
        },
      });
      await blocker.query('COMMIT');
      await blocker.end();
      assertFailed(outcome);
      assert.equal(outcome.failure.kind, 'cancelled');
      assert.match(outcome.failure.message, /app\.orders_cancelled on app\.orders .* cancelled\. The invalid index/);
      const [rest] = await listIndexes(admin, 'orders_cancelled');
      assert.equal(rest?.valid, false);
      assert.ok(outcome.leftover.left === 'remainder');
      const { cleanup } = outcome.leftover;
      assert.deepEqual(cleanup.indexes, [
        { schema: 'app', name: 'orders_cancelled', oid: Number(rest.oid), mustBeInvalid: true },
      ]);
      assert.match(
        (await connection.prepareIndexBuild(toRequest('orders_cancelled'))).refusal?.reason ?? '',
        /an invalid index app\.orders_cancelled is there already/,
      );
      const cleaned = await drop(connection, cleanup);
      assert.ok(cleaned.outcome === 'dropped');
      assert.equal(cleaned.undo, null);
      assert.deepEqual(await listIndexes(admin, 'orders_cancelled'), []);
    });

    it('tells what became of a build whose window is gone', async () => {
      const request = toRequest('orders_lost', 'USING btree (app.slow(id))');
      const started: StartedIndexBuild = {
        request,
        made: [{ schema: 'app', name: 'orders_lost', table: 'orders' }],
        keep: [],
        unfinishedSql: '',
      };
      const look = () => connection.findStartedIndexBuild(started);
      assert.deepEqual(await look(), { state: 'gone' });
      // a client that is cut off, as the process of a window that crashes
      const begin = async () => {
        const window = await connectClient(server.url());
        const { rows } = await window.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const [first] = (await connection.prepareIndexBuild(request)).steps;
        window.query(first?.sql ?? '').catch(() => undefined);
        await waitUntil('it is there', async () => (await listIndexes(admin, 'orders_lost')).length === 1);
        (window as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
        return rows[0]?.pid ?? 0;
      };
      const pid = await begin();
      assert.deepEqual(await look(), { state: 'running', pid });
      // nothing comes beside it meanwhile, whatever its name
      const twin = await connection.prepareIndexBuild(toRequest('orders_lost_idx1', 'USING btree (app.slow(id))'));
      assert.match(
        twin.refusal?.reason ?? '',
        new RegExp(`app\\.orders_lost has the same definition .* pid ${pid} may`),
      );
      await admin.query('SELECT pg_cancel_backend($1)', [pid]);
      await waitUntil('it has ended', async () => (await look()).state !== 'running');
      const left = await look();
      const [rest] = await listIndexes(admin, 'orders_lost');
      assert.ok(left.state === 'left' && rest !== undefined, JSON.stringify(left));
      assert.equal(left.leftover.isWritten, false);
      assert.deepEqual(left.leftover.cleanup.indexes, [
        { schema: 'app', name: 'orders_lost', oid: Number(rest.oid), mustBeInvalid: true },
      ]);
      const beside = await connection.prepareIndexBuild(
        toRequest('orders_lost_idx1', 'USING btree ( app.slow(id) ASC )'),
      );
      assert.equal(beside.refusal, null);
      assert.deepEqual(beside.invalid, [
        { schema: 'app', name: 'orders_lost', oid: Number(rest.oid), table: 'orders', busyPid: null },
      ]);
      assert.match(
        formatBuildConfirmation(beside),
        /app\.orders_lost on app\.orders has the same definition and is invalid/,
      );
      assert.deepEqual((await connection.prepareIndexBuild(toRequest('orders_other'))).invalid, []);
      assert.equal((await drop(connection, left.leftover.cleanup)).outcome, 'dropped');
      await begin();
      await waitUntil('the server has gone on to its end', async () => (await look()).state === 'built');
      const built = await look();
      assert.ok(built.state === 'built');
      assert.equal((await listIndexes(admin, 'orders_lost'))[0]?.valid, true);
      assert.equal((await drop(connection, built.undo)).outcome, 'dropped');
    });

    it("leaves someone else's invalid index alone, also one that took the name of ours", async () => {
      await admin.query('INSERT INTO app.other VALUES (1), (1)');
      await assert.rejects(admin.query('CREATE UNIQUE INDEX CONCURRENTLY foreign_rest ON app.other (id)'));
      const plan = await connection.prepareIndexBuild(
        toRequest('foreign_rest', 'USING btree (id)', { schema: 'app', table: 'other' }),
      );
      assert.match(plan.refusal?.reason ?? '', /invalid index app\.foreign_rest/);
      const request = plan.index;
      await assert.rejects(
        connection.runIndexBuild({ index: request, estimatedSizeBytes: null }, agreeTo(plan)),
        (error) => isDatabaseFailure(error) && error.message.includes('Nothing was changed'),
      );
      const target = { schema: 'app', name: 'foreign_rest', oid: 1, mustBeInvalid: true };
      await assert.rejects(
        connection.prepareIndexDrop({ indexes: [target], keep: [] }),
        (error) => isDatabaseFailure(error) && error.message.includes('app.foreign_rest is gone'),
      );
      assert.equal((await listIndexes(admin, 'foreign_rest')).length, 1);
      await admin.query('DROP INDEX app.foreign_rest');
    });

    it('does not drop a rest that has become valid, nor one that someone is building', async () => {
      await admin.query('CREATE INDEX now_valid ON app.other (id)');
      const [index] = await listIndexes(admin, 'now_valid');
      const valid = await connection.prepareIndexDrop({
        indexes: [{ schema: 'app', name: 'now_valid', oid: Number(index?.oid), mustBeInvalid: true }],
        keep: [],
      });
      assert.match(valid.refusal?.reason ?? '', /has become valid/);
      await assert.rejects(
        connection.runIndexDrop(
          { indexes: [{ schema: 'app', name: 'now_valid', oid: Number(index?.oid), mustBeInvalid: true }], keep: [] },
          agreeTo(valid),
        ),
      );
      await admin.query('DROP INDEX app.now_valid');
      const builder = await connectClient(server.url());
      const building = builder.query('CREATE INDEX CONCURRENTLY being_built ON app.orders (app.slow(id))');
      await waitUntil('it is there', async () => (await listIndexes(admin, 'being_built')).length === 1);
      const [half] = await listIndexes(admin, 'being_built');
      const plan = await connection.prepareIndexDrop({
        indexes: [{ schema: 'app', name: 'being_built', oid: Number(half?.oid), mustBeInvalid: true }],
        keep: [],
      });
      assert.match(plan.refusal?.reason ?? '', /pid \d+ may be building it/);
      await building;
      await builder.end();
      assert.equal((await listIndexes(admin, 'being_built'))[0]?.valid, true);
      await admin.query('DROP INDEX app.being_built');
    });

    it('quotes what needs it, and one message is one statement', async () => {
      const schema = 'we"ird Schéma';
      const table = 'select; --';
      await admin.query('CREATE SCHEMA "we""ird Schéma"; CREATE TABLE "we""ird Schéma"."select; --" ("Größe" integer)');
      const outcome = await build(
        connection,
        toRequest(`it's "an" $1 \\ index`, 'USING btree ("Größe")', { schema, table }),
      );
      assertBuilt(outcome);
      assert.equal((await listIndexes(admin, 'it%'))[0]?.name, `it's "an" $1 \\ index`);
      const undone = await drop(connection, outcome.undo);
      assert.ok(undone.outcome === 'dropped');
      assert.match(
        undone.undoSql,
        /^CREATE INDEX "it's ""an"" \$1 \\ index" ON "we""ird Schéma"\."select; --" USING btree \("Größe"\);\n$/,
      );
      await admin.query(undone.undoSql);
      assert.equal((await listIndexes(admin, 'it%')).length, 1);
      await admin.query('DROP SCHEMA "we""ird Schéma" CASCADE');
      const two = await build(connection, toRequest('two', 'USING btree (id); DROP TABLE app.other'));
      assertFailed(two);
      assert.deepEqual(two.leftover, { left: 'nothing' });
      assert.equal((await admin.query("SELECT FROM pg_class WHERE relname = 'other'")).rowCount, 1);
    });

    it('runs only what was agreed to', async () => {
      const plan = await connection.prepareIndexBuild(toRequest('agreed'));
      const consent = agreeTo(plan);
      for (const other of [
        { ...consent, sql: ['CREATE INDEX CONCURRENTLY agreed ON app.orders USING btree (id)'] },
        { ...consent, sql: [] },
        { ...consent, database: 'another' },
        { ...consent, server: 'another:5432' },
      ]) {
        await assert.rejects(
          connection.runIndexBuild(toRequest('agreed'), other),
          (error) => isDatabaseFailure(error) && error.kind === 'consent-required',
        );
      }
      assert.deepEqual(await listIndexes(admin, 'agreed'), []);
    });
  });
}
