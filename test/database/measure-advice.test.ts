// Advice that is run before it is given: on real servers, with the indexes really built, and none of them left.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { Environment } from '../../src/analysis/connection/connection-profile';
import { makeIsAllowed } from '../../src/analysis/index-advice/allowed-indexes';
import type { MeasuredAdvice } from '../../src/analysis/index-advice/measure/measure-advice';
import { adviceJsonSchema } from '../../src/analysis/index-advice/text/advice-json';
import type { WorkloadAdvice, WorkloadStatement } from '../../src/analysis/index-advice/workload-advice';
import { parseConnectionUrl } from '../../src/database/connection-url';
import { connectProfile, type DatabaseConnection } from '../../src/database/database-access';
import { localSystem } from '../../src/database/local-system';
import type { MeasureRequest } from '../../src/database/measure/measure-advice';
import { connectClient, waitUntil } from './index-build-server';

/**
 * Rows of status "late" are the last ones, which the planner can't know: by an index on `made` it expects to find ten of
 * them at once, and reads nearly all of the table in random order.
 */
const schemaSql = `
  CREATE TABLE jobs (id int PRIMARY KEY, customer int, made timestamptz, status text, note text);
  INSERT INTO jobs SELECT i, i % 5000, '2026-01-01'::timestamptz + (i * 7919::bigint % 150000) * interval '1 minute',
    CASE WHEN i * 7919::bigint % 150000 > 148000 THEN 'late' ELSE 'done' END, repeat('x', 100)
  FROM generate_series(1, 150000) AS i;
  CREATE TABLE parts (id int, kind int) PARTITION BY RANGE (id);
  CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM (0) TO (100000);
  CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM (100000) TO (200000);
  INSERT INTO parts SELECT i, i % 20000 FROM generate_series(1, 150000) AS i;
  CREATE INDEX parts_a_kind ON parts_a (kind);
  CREATE FUNCTION nudge(a int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT a'`;

const byCustomer = 'SELECT * FROM jobs WHERE customer = $1';
const late = `SELECT * FROM jobs WHERE status = 'late' ORDER BY made LIMIT 10`;

function toStatement(id: string, sql: string): WorkloadStatement {
  const parameters = sql.includes('$1') ? ({ mode: 'generic' } as const) : ({ mode: 'none' } as const);
  return { id, sql, calls: null, parameters, timeoutMs: 15_000 };
}

/** Advice that nobody has checked: what the trial has to judge. */
function toAdvice(statements: readonly WorkloadStatement[], keys: Record<string, string[]>): WorkloadAdvice {
  return {
    engine: 'statistics',
    engineNote: null,
    whatIfCalls: 0,
    statements: statements.map(({ id, sql, calls }) => ({
      ...{ id, sql, calls, costBefore: 100, costAfter: 50, reason: null },
      status: 'advice',
    })),
    recommendations: Object.entries(keys).map(([name, [table = '', ...columns]]) => ({
      ...{ name, steps: [], undo: '', sizeBytes: null, evidence: 'planned', costBefore: 100, costAfter: 50 },
      index: { schema: 'public', table, method: 'btree', keys: columns, included: [], predicate: null },
      ...{ why: [], makesRedundant: [], write: null, planAfter: null, winners: [], losers: [] },
      statementIds: statements.map(({ id }) => id),
    })),
    redundant: [],
    drops: [],
    meanRatio: null,
    budgetSteps: [],
    isComplete: true,
  };
}

for (const major of [13, 18] as const) {
  describe(`measured advice on PostgreSQL ${major}`, function () {
    this.timeout(240_000);
    let server: PostgresServer;
    let admin: Client;
    let connection: DatabaseConnection;
    let folder: string;

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-measure-'));
      await buildProduct(path.join(folder, 'dist'));
      // everything is in memory: pages read at random cost as much as others, which is what the trap needs
      server = await startPostgres({ major, settings: { autovacuum: 'off', random_page_cost: '1.1' } });
      admin = await connectClient(server.url());
      for (const sql of schemaSql.split(';')) await admin.query(sql);
      await admin.query('VACUUM ANALYZE');
      connection = await connect();
    });
    after(async () => {
      await connection.close();
      await admin.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    afterEach(async () => {
      assert.deepEqual(await listTrialIndexes(), [], 'no index of a trial is left');
    });

    async function connect(environment: Environment = 'development'): Promise<DatabaseConnection> {
      const { fields, password } = parseConnectionUrl(server.url());
      const profile = { ...fields, id: 'p', name: 'p', environment };
      return connectProfile(profile, password, { ...localSystem, env: {} });
    }

    async function listTrialIndexes(): Promise<string[]> {
      const { rows } = await admin.query<{ relname: string }>(
        `SELECT relname FROM pg_class WHERE relname LIKE 'pg\\_insight\\_trial%' ORDER BY relname`,
      );
      return rows.map(({ relname }) => relname);
    }

    const count = async (sql: string) => Number((await admin.query<{ count: string }>(sql)).rows[0]?.count);

    function measure(
      advice: WorkloadAdvice,
      statements: readonly WorkloadStatement[],
      more: Partial<MeasureRequest> = {},
      over = connection,
    ): Promise<MeasuredAdvice> {
      return over.measureAdvice({
        advice,
        statements,
        reselect: (allowed) =>
          Promise.resolve({
            ...advice,
            recommendations: advice.recommendations.filter(({ index }) => makeIsAllowed(allowed)(index)),
          }),
        ...{ timeoutMs: 30_000, deadlineMs: null, askConsent: () => Promise.resolve(null) },
        onProgress: () => undefined,
        onLeft: (sql) => assert.fail(sql),
        ...more,
      });
    }

    it('keeps what makes statements faster, with values from the statistics', async () => {
      const statements = [toStatement('a', byCustomer), toStatement('b', 'SELECT max(note) FROM jobs')];
      const {
        advice,
        statements: measured,
        lost,
      } = await measure(toAdvice(statements, { by_customer: ['jobs', 'customer'] }), statements);
      assert.deepEqual(lost, []);
      assert.deepEqual(
        advice.recommendations.map(({ name, evidence }) => [name, evidence]),
        [['by_customer', 'measured']],
      );
      assert.match(advice.recommendations[0]?.why.join('\n') ?? '', /^Measured: a [^→]+→ .*median of 5 and 5 runs\.$/m);
      // the plan of the other one is the same: it is not run
      assert.deepEqual(
        measured.map(({ id, change, before, after }) => [id, change, before.runsMs.length, after.runsMs.length]),
        [['a', 'faster', 5, 5]],
      );
      const [value] = measured[0]?.values ?? [];
      assert.equal(await count(`SELECT count(*) FROM jobs WHERE customer = ${value ?? ''}`), 30);
      const [{ before, after } = assert.fail()] = measured;
      assert.ok(before.lowMs <= before.medianMs && before.medianMs <= before.highMs);
      assert.ok(after.medianMs < before.medianMs / 5, `${before.medianMs} to ${after.medianMs}`);
    });

    it('drops what makes a statement slower, and what makes none faster', async () => {
      const statements = [toStatement('a', byCustomer), toStatement('late', late)];
      const given = toAdvice(statements, {
        by_customer: ['jobs', 'customer'],
        trap: ['jobs', 'made'],
        useless: ['jobs', 'note'],
      });
      const { advice, lost, rounds, isComplete, statements: measured } = await measure(given, statements);
      assert.deepEqual(
        lost.map(({ name }) => name),
        ['trap', 'useless'],
      );
      assert.match(lost[0]?.reason ?? '', /^late takes longer with it: .* → .* \(\+/);
      assert.match(lost[1]?.reason ?? '', /No statement uses it/);
      assert.deepEqual(
        advice.recommendations.map(({ name, evidence }) => [name, evidence]),
        [['by_customer', 'measured']],
      );
      assert.deepEqual([rounds, isComplete], [2, true]);
      assert.deepEqual(
        measured.map(({ id }) => id),
        ['a'],
      );
    });

    it('tells the next choice how far the row estimates were off', async () => {
      const statements = [toStatement('late', late)];
      const factors = new Map<string, number>();
      await measure(toAdvice(statements, { trap: ['jobs', 'made'], by_customer: ['jobs', 'customer'] }), statements, {
        reselect: (_, found) => {
          for (const [id, factor] of found) factors.set(id, factor);
          return Promise.resolve(toAdvice(statements, {}));
        },
      });
      assert.ok((factors.get('late') ?? 0) >= 1);
    });

    it('runs what writes only with the word for it, and rolls it back', async () => {
      const statements = [
        toStatement('write', 'UPDATE jobs SET note = note WHERE customer = 17'),
        toStatement('nudge', 'SELECT nudge(id) FROM jobs WHERE customer = 18'),
      ];
      const given = toAdvice(statements, { by_customer: ['jobs', 'customer'] });
      const without = await measure(given, statements);
      assert.deepEqual(
        without.unmeasured.map(({ id }) => id),
        ['write', 'nudge'],
      );
      assert.deepEqual(
        without.advice.recommendations.map(({ evidence }) => evidence),
        ['planned'],
        'what could not be run stays what it was',
      );
      const before = await count('SELECT sum(xmin::text::bigint) AS count FROM jobs');
      const asked: string[] = [];
      const withWord = await measure(given, statements, {
        askConsent: (sql, { reasons }) => {
          asked.push(sql);
          return Promise.resolve({ sql, server: connection.server, database: connection.database, reasons });
        },
      });
      assert.deepEqual(asked, [statements[0]?.sql, statements[1]?.sql]);
      assert.deepEqual(
        withWord.statements.map(({ id, change }) => [id, change]),
        [
          ['write', 'faster'],
          ['nudge', 'faster'],
        ],
      );
      assert.equal(await count('SELECT sum(xmin::text::bigint) AS count FROM jobs'), before, 'no row has changed');
    });

    it('takes the indexes of partitions as they are, and leaves them', async () => {
      const statements = [toStatement('a', 'SELECT * FROM parts WHERE kind = 77')];
      const oid = `SELECT oid AS count FROM pg_class WHERE relname = 'parts_a_kind'`;
      assert.ok((await count(oid)) > 0);
      const { advice } = await measure(toAdvice(statements, { by_kind: ['parts', 'kind'] }), statements);
      assert.deepEqual(
        advice.recommendations.map(({ evidence }) => evidence),
        ['measured'],
      );
      assert.ok((await count(oid)) > 0);
      assert.equal(
        await count(`SELECT count(*) FROM pg_index WHERE indrelid IN ('parts'::regclass, 'parts_b'::regclass)`),
        0,
      );
    });

    it('gives up what takes longer than the limit, and says so', async () => {
      const sql = 'SELECT (SELECT count(*) FROM jobs j WHERE j.customer = k.id) FROM jobs k WHERE k.id < 400';
      const statements = [toStatement('slow', sql)];
      const { statements: measured, advice } = await measure(
        toAdvice(statements, { by_customer: ['jobs', 'customer'] }),
        statements,
        { timeoutMs: 1_000 },
      );
      assert.deepEqual(
        measured.map(({ before, after, change }) => [before.isCutOff, before.medianMs, after.isCutOff, change]),
        [[true, 1_000, false, 'faster']],
      );
      assert.match(advice.recommendations[0]?.why.join('\n') ?? '', /Measured: slow more than 1,000 ms → /);
    });

    it('refuses other environments, and begins nothing', async () => {
      const statements = [toStatement('a', byCustomer)];
      for (const environment of ['staging', 'production'] as const) {
        const other = await connect(environment);
        try {
          await assert.rejects(
            measure(toAdvice(statements, { by_customer: ['jobs', 'customer'] }), statements, {}, other),
            new RegExp(`is ${environment}, and indexes are built for a trial on development databases only`),
          );
        } finally {
          await other.close();
        }
      }
    });

    it('leaves no index when it is cancelled, when its time is over, or when the connections are cut', async () => {
      const statements = [
        toStatement('a', byCustomer),
        toStatement('pause', `SELECT nudge(1), pg_sleep(60) FROM jobs WHERE customer = 3`),
      ];
      const given = toAdvice(statements, { by_customer: ['jobs', 'customer'] });
      const agree: MeasureRequest['askConsent'] = (sql, { reasons }) =>
        Promise.resolve({ sql, server: connection.server, database: connection.database, reasons });
      const isRunning = async () => (await listTrialIndexes()).length === 1;
      const isPausing = () =>
        count(
          `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'EXPLAIN (ANALYZE%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()`,
        );

      const cancelling = new AbortController();
      const cancelled = measure(given, statements, { askConsent: agree, signal: cancelling.signal });
      await waitUntil('the trial runs', async () => (await isRunning()) && (await isPausing()) > 0);
      cancelling.abort();
      await assert.rejects(cancelled, { kind: 'cancelled' });
      assert.deepEqual(await listTrialIndexes(), []);

      const over = await measure(given, statements, { askConsent: agree, deadlineMs: 3_000 });
      assert.deepEqual([over.isComplete, over.statements], [false, []]);
      assert.deepEqual(await listTrialIndexes(), []);

      const cut = measure(given, statements, { askConsent: agree });
      const cutOff = assert.rejects(cut, { kind: 'connection-lost' });
      await waitUntil('the trial runs', async () => (await isRunning()) && (await isPausing()) > 0);
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'PG Insight%' AND pid <> pg_backend_pid()`,
      );
      await cutOff;
      assert.deepEqual(await listTrialIndexes(), []);

      const closing = await connect();
      const closed = assert.rejects(measure(given, statements, { askConsent: agree }, closing));
      await waitUntil('the trial runs', async () => (await isRunning()) && (await isPausing()) > 0);
      await closing.close();
      await closed;
    });

    describe('pg-insight advise --measure', () => {
      function start(args: readonly string[]): {
        child: ChildProcess;
        ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
      } {
        const child = spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), 'advise', ...args], {
          cwd: folder,
          env: { PATH: process.env['PATH'], HOME: folder, PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config') },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let stdout = '';
        let stderr = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
        return { child, ended };
      }
      const measured = ['--engine', 'statistics', '--measure', '--environment', 'development'];
      const run = (args: readonly string[]) => start(['--url', server.url(), ...args]).ended;

      it('asks for a word that it is a development database', async () => {
        const refused = await run(['--engine', 'statistics', '--measure', '--sql', byCustomer]);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /nothing says that this is one\.\nGive --environment development/);
        const production = await run(['--measure', '--environment', 'production', '--sql', byCustomer]);
        assert.equal(production.code, 2);
        const alone = await run(['--yes', '--sql', byCustomer]);
        assert.match(alone.stderr, /--yes is for --measure/);
      });

      it('prints times before and after in every format', async () => {
        const json = await run([...measured, '--sql', byCustomer, '--format', 'json']);
        assert.equal(json.code, 0, json.stderr);
        const advice = adviceJsonSchema.parse(JSON.parse(json.stdout));
        assert.deepEqual(
          advice.recommendations.map(({ name, evidence }) => [name, evidence]),
          [['jobs_customer_idx', 'measured']],
        );
        const [statement] = advice.measured?.statements ?? [];
        assert.equal(statement?.change, 'faster');
        assert.equal(statement.before.runsMs.length, 5);
        assert.ok(
          statement.after.lowMs <= statement.after.medianMs && statement.after.medianMs < statement.before.medianMs,
        );
        const text = await run([...measured, '--sql', byCustomer]);
        assert.match(text.stdout, /; measured before and after$/m);
        assert.match(text.stdout, /^Measured +Before +Half of the runs +After/m);
        assert.match(text.stdout, /^--sql:1 +[\d.]+ ms +[\d.]+ ms to [\d.]+ ms of 5 +.* faster +\$1 = \d+$/m);
        const sql = await run([...measured, '--sql', byCustomer, '--format', 'sql']);
        assert.match(
          sql.stdout,
          /^-- --sql:1: [\d.]+ ms → [\d.]+ ms \(-\d+(?:\.\d+)?%\), median of 5 and 5 runs\nCREATE INDEX CONCURRENTLY [^\n]+;\n$/,
        );
      });

      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        it(`drops what it has built on ${signal}`, async () => {
          const { child, ended } = start([
            '--url',
            server.url(),
            ...measured,
            '--yes',
            '--timeout',
            '60',
            '--sql',
            'SELECT pg_sleep(60) FROM jobs WHERE customer = 3',
          ]);
          await waitUntil('an index is there', async () => (await listTrialIndexes()).length === 1);
          child.kill(signal);
          const { code } = await ended;
          assert.equal(code, signal === 'SIGTERM' ? 143 : 130);
          assert.deepEqual(await listTrialIndexes(), []);
        });
      }

      it('drops what a killed program has left, and nothing of one that goes on', async () => {
        const args = [
          '--url',
          server.url(),
          ...measured,
          '--yes',
          '--timeout',
          '60',
          '--sql',
          'SELECT pg_sleep(60) FROM jobs WHERE customer = 3',
        ];
        const killed = start(args);
        await waitUntil('an index is there', async () => (await listTrialIndexes()).length === 1);
        const left = await listTrialIndexes();
        killed.child.kill('SIGKILL');
        await killed.ended;
        // the server is still at the statement; its index can be dropped when that is over
        await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
        );
        await waitUntil(
          'the lock is gone',
          async () => (await count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'`)) === 0,
        );
        assert.deepEqual(await listTrialIndexes(), left);
        const running = start(args);
        await waitUntil('the left one is gone', async () => !(await listTrialIndexes()).includes(left[0] ?? ''));
        await waitUntil('another index is there', async () => (await listTrialIndexes()).length === 1);
        const going = await listTrialIndexes();
        const beside = await run([...measured, '--sql', byCustomer, '--format', 'json']);
        assert.equal(beside.code, 0, beside.stderr);
        assert.deepEqual(await listTrialIndexes(), going);
        running.child.kill('SIGINT');
        await running.ended;
      });
    });
  });
}
