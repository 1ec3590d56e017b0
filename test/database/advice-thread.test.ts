// The thread that advises: what it answers, that it has no connection of its own, that cancels and failures travel, and
// what is left when it ends or crashes.
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { buildForTests } from '../../scripts/environment/bundles';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { WorkloadStatement } from '../../src/analysis/index-advice/workload-advice';
import { AdviceClient } from '../../src/database/advice-worker/advice-client';
import type { StatementContext } from '../../src/database/consent';
import type { Session } from '../../src/database/session';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

const setUp = `
  CREATE TABLE parcels (id bigint PRIMARY KEY, town text, sent timestamptz);
  INSERT INTO parcels SELECT i, 't' || i % 5000, '2026-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 200000) AS i;
  CREATE ROLE stranger LOGIN PASSWORD 'stranger';
  ANALYZE`;

/** PostgreSQL servers of sandboxes that this process has started, with their data folders. */
async function listSandboxes(): Promise<{ pid: string; folder: string }[]> {
  const found: { pid: string; folder: string }[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    if (status.slice(status.lastIndexOf(')')).split(' ')[2] !== String(process.pid)) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).split('\0');
    const folder = words.find((word) => word.includes('pg-insight-sandbox-'));
    if (folder !== undefined && words[0]?.endsWith('postgres') === true) found.push({ pid, folder });
  }
  return found;
}

const statement = (sql: string): WorkloadStatement => ({
  id: sql,
  sql,
  calls: null,
  parameters: { mode: 'none' },
  timeoutMs: 20_000,
});
const slow = statement("SELECT * FROM parcels WHERE town = 't7'");

describe('the thread that advises', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let observer: Client;
  let session: Session;
  let context: StatementContext;
  let file: string;
  let binaries: string;
  const clients: AdviceClient[] = [];
  const warnings: string[] = [];

  function makeClient(bundle = file): AdviceClient {
    const client = new AdviceClient({
      file: bundle,
      readSandboxSettings: () => ({ binaries, idleMinutes: 5, maxDiskMb: 1_024 }),
      warn: (text) => warnings.push(text),
    });
    clients.push(client);
    return client;
  }

  /** Of the session's connections: how many, and those that are in a transaction. */
  async function findBackends(): Promise<{ count: number; busy: number }> {
    const { rows } = await observer.query<{ count: number; busy: number }>(
      `SELECT count(*)::int AS count, (count(*) FILTER (WHERE state <> 'idle'))::int AS busy FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return rows[0] ?? { count: 0, busy: 0 };
  }

  before(async () => {
    binaries = await providePostgres(18);
    // beside this file's own bundle are the parsers
    file = await buildForTests('src/database/what-if/advice-engine.ts', __dirname);
    server = await startPostgres({ major: 18, settings: { autovacuum: 'off' } });
    observer = new Client({ connectionString: server.url() });
    await observer.connect();
    await observer.query(setUp);
    session = await openTestSession(server);
    context = await makeStatementContext(session);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });

  after(async () => {
    await session.close();
    await observer.end();
    await server.stop();
  });

  it('advises by plans, over the connections of the session', async () => {
    const client = makeClient();
    const done: number[] = [];
    const advice = await client.adviseWorkload(context, [slow], { findsDrops: false }, ({ statements }) =>
      done.push(statements),
    );
    assert.equal(advice.engine, 'sandbox', advice.engineNote ?? '');
    const [index] = advice.recommendations;
    assert.equal(index?.evidence, 'planned');
    assert.deepEqual(index.index.keys, ['town']);
    assert.equal(done.at(-1), 1);
    const { rows } = await observer.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
      `EXPLAIN (FORMAT JSON) ${slow.sql}`,
    );
    assert.equal(index.winners[0]?.costBefore, rows[0]?.['QUERY PLAN'][0].Plan['Total Cost']);
    const { count, busy } = await findBackends();
    assert.ok(count <= 2 && busy === 0, `${count} connections, ${busy} of them at work`);
  });

  it('knows for another budget what it has asked before, and answers the same', async () => {
    const latest = statement('SELECT * FROM parcels ORDER BY sent DESC LIMIT 10');
    const client = makeClient();
    const first = await client.adviseWorkload(context, [slow, latest], { workload: 'a' });
    assert.equal(first.recommendations.length, 2);
    const sizes = first.recommendations.map(({ sizeBytes }) => sizeBytes ?? 0);
    const options = { budgetBytes: Math.max(...sizes) };
    const again = await client.adviseWorkload(context, [slow, latest], { ...options, workload: 'a' });
    const anew = await client.adviseWorkload(context, [slow, latest], { ...options, workload: 'b' });
    assert.equal(anew.recommendations.length, 1);
    assert.deepEqual({ ...again, whatIfCalls: 0 }, { ...anew, whatIfCalls: 0 });
    assert.ok(again.whatIfCalls < anew.whatIfCalls / 2, `${again.whatIfCalls} of ${anew.whatIfCalls} questions`);
  });

  it('makes the plans without and with an index', async () => {
    const client = makeClient();
    const index = { schema: 'public', table: 'parcels', keys: ['town'], included: [], predicate: null };
    const result = await client.explainWithIndex(context, slow, { ...index, method: 'btree' });
    assert.equal(
      result.planBefore?.nodes.some(({ type }) => type.endsWith('Seq Scan')),
      true,
    );
    assert.equal(
      result.planAfter?.nodes.some(({ index: used }) => used !== null),
      true,
    );
    assert.ok(result.costAfter < result.costBefore / 10);
  });

  it('says of each statement what is wrong with it, and what a role lacks', async () => {
    const stranger = await openTestSession({ ...server, user: 'stranger', password: 'stranger' }, { user: 'stranger' });
    try {
      const client = makeClient();
      const advice = await client.adviseWorkload(
        await makeStatementContext(stranger),
        [slow, statement('SELECT FROM WHERE'), statement('SELECT 1')],
        {},
      );
      const [denied, wrong, fine] = advice.statements;
      assert.match(denied?.reason ?? '', /^Role "stranger" lacks a right on .*permission denied for table parcels/);
      assert.match(wrong?.reason ?? '', /^PostgreSQL can't read this statement: syntax error/);
      assert.equal(fine?.reason, null);
    } finally {
      await stranger.close();
    }
  });

  it('rejects with the failure of the session, all of it', async () => {
    const own = await openTestSession(server);
    const lost = await makeStatementContext(own);
    await own.close();
    const failure: unknown = await makeClient()
      .adviseWorkload(lost, [slow], {})
      .catch((error: unknown) => error);
    const same: unknown = await lost
      .run({ searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 1_000 }, () => Promise.resolve())
      .catch((error: unknown) => error);
    assert.ok(isDatabaseFailure(failure) && isDatabaseFailure(same));
    const { kind, message, nextStep, details } = failure;
    assert.deepEqual(
      { kind, message, nextStep, details },
      { kind: same.kind, message: same.message, nextStep: same.nextStep, details: same.details },
    );
  });

  it('ends what runs on the server when it is cancelled', async () => {
    const locker = new Client({ connectionString: server.url() });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE parcels IN ACCESS EXCLUSIVE MODE');
    try {
      const controller = new AbortController();
      const advice = makeClient().adviseWorkload(context, [slow], {}, undefined, controller.signal);
      const rejected = assert.rejects(advice, (error) => isDatabaseFailure(error) && error.kind === 'cancelled');
      // until it waits for the lock
      for (;;) {
        const { rows } = await observer.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        if (rows.length > 0) break;
        await delay(20);
      }
      controller.abort();
      await rejected;
    } finally {
      await locker.end();
    }
    assert.equal((await findBackends()).busy, 0);
  });

  it('leaves neither process nor folder when it ends', async () => {
    const client = makeClient();
    await client.adviseWorkload(context, [slow], {});
    const [sandbox] = await listSandboxes();
    assert.ok(sandbox, 'a sandbox runs');
    await client.end();
    assert.deepEqual(await listSandboxes(), []);
    await assert.rejects(stat(sandbox.folder));
  });

  it('rolls back what a crash leaves open, says so, and is started once more', async () => {
    const crashing = await buildForTests('test/factories/crashing-thread.ts', __dirname);
    const client = makeClient(crashing);
    const ask = () => client.adviseWorkload(context, [slow], {});
    warnings.length = 0;
    await assert.rejects(ask(), /Looking for indexes was broken off: its thread has ended \(out of luck\)/);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /has crashed: Error: out of luck[^]*The next question starts it anew\.$/);
    // in the session's order: a unit that follows finds the connection free
    await context.run({ searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 5_000 }, (unit) =>
      unit.query('SELECT 1'),
    );
    assert.equal((await findBackends()).busy, 0);
    await assert.rejects(ask(), /was broken off/);
    await assert.rejects(ask(), /Index advice is off in this window: its thread has crashed 2 times\./);
    assert.equal(warnings.length, 2);
  });
});
