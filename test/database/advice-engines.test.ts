// Advice with each engine, as users of the terminal get it: on real servers, with the sandbox that the program starts itself
// and with HypoPG. What is promised is compared with really created indexes, and nothing stays behind.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import * as z from 'zod';
import { buildProduct } from '../../scripts/environment/bundles';
import { provideHypopg } from '../../scripts/environment/hypopg';
import { startPgbouncer } from '../../scripts/environment/pgbouncer';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { adviceJsonSchema, type AdviceJson } from '../../src/analysis/index-advice/text/advice-json';
import { useHypopg } from '../../src/database/what-if/hypopg-planner';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';
import { listProcesses, makeTestPlaces, waitForRemains, type TestPlaces } from './sandbox-places';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

const planRows = z.tuple([
  z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: z.object({ 'Total Cost': z.number() }) })]) }),
]);
/** Of a cost that the sandbox or HypoPG says, beside that of the created index. */
const costTolerance = 0.05;
/** HypoPG charges nothing for the way down the tree, and has other sizes: a few page reads. */
const hypopgTolerance = 20;
const longMs = 60_000;

const statements = [
  'SELECT * FROM order_items WHERE order_id = $1;',
  "SELECT id, total FROM orders WHERE status = 'pending' AND placed_at < $1;",
  'SELECT * FROM reviews WHERE product_id = $1;',
  'SELECT id FROM customers WHERE lower(email) = lower($1);',
  'SELECT id, name FROM customers ORDER BY created_at DESC LIMIT 10;',
].join('\n');

for (const major of [15, 18] as const) {
  const hasHypopg = major === 15;
  describe(`pg-insight advise by each engine, PostgreSQL ${major}`, function () {
    this.timeout(240_000);
    let folder: string;
    let binaries: string;
    let server: PostgresServer;
    let client: pg.Client;
    let places: TestPlaces;
    /** Without limits. */
    let whole: AdviceJson;

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-engines-'));
      await buildProduct(path.join(folder, 'dist'));
      places = await makeTestPlaces();
      binaries = hasHypopg ? await provideHypopg() : await providePostgres(major);
      server = await startPostgres({ major, binaries, settings: { ...shopServerSettings, autovacuum: 'off' } });
      await fillShopDatabase(server.url(), { scale: 0.05 });
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      if (hasHypopg) await client.query('CREATE SCHEMA "What if"; CREATE EXTENSION hypopg SCHEMA "What if"');
      await client.query(`
        CREATE ROLE half LOGIN PASSWORD 'half'; GRANT SELECT ON customers TO half;
        CREATE TABLE never_analyzed (a int, b text) WITH (autovacuum_enabled = false);
        INSERT INTO never_analyzed SELECT i, repeat('x', 200) FROM generate_series(1, 5000) AS i`);
      await writeFile(path.join(folder, 'shop.sql'), statements);
    });
    after(async () => {
      await client.end();
      await server.stop();
      await places.temporary.remove();
      await rm(folder, { recursive: true, force: true });
    });

    function start(args: readonly string[], url = server.url()): ChildProcess {
      return spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), 'advise', '--url', url, ...args], {
        cwd: folder,
        env: {
          PATH: '/usr/bin:/bin',
          HOME: folder,
          PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config'),
          XDG_CACHE_HOME: places.cacheFolder,
          TMPDIR: places.temporaryFolder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    }
    async function run(args: readonly string[], url?: string) {
      const child = start(args, url);
      let [stdout, stderr] = ['', ''];
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout, stderr };
    }
    async function advise(args: readonly string[], url?: string): Promise<AdviceJson> {
      const { code, stdout, stderr } = await run([...args, '--format', 'json'], url);
      assert.equal(code, 0, stderr);
      return adviceJsonSchema.parse(JSON.parse(stdout));
    }
    const inSandbox = () => ['--engine', 'sandbox', '--postgres', binaries];

    /** As the server plans it for unknown values. */
    async function costOf(sql: string): Promise<number> {
      const count = sql.includes('$1') ? 1 : 0;
      await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
      await client.query(`PREPARE priced AS ${sql}`);
      const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE priced${count === 0 ? '' : '(NULL)'}`);
      await client.query('DEALLOCATE priced');
      return planRows.parse(rows)[0]['QUERY PLAN'][0].Plan['Total Cost'];
    }

    /** Every statement's cost before and after, with all indexes really there. */
    async function compareWithServer(advice: AdviceJson, tolerance: (cost: number) => number): Promise<void> {
      const check = async (which: 'costBefore' | 'costAfter') => {
        for (const statement of advice.statements) {
          const real = await costOf(statement.sql);
          const said = statement[which] ?? NaN;
          assert.ok(Math.abs(said - real) <= tolerance(real), `${statement.sql}: ${which} ${said}, really ${real}`);
        }
      };
      await client.query('BEGIN');
      try {
        await check('costBefore');
        for (const { ddl } of advice.recommendations) await client.query(ddl.replaceAll(' CONCURRENTLY', ''));
        await check('costAfter');
      } finally {
        await client.query('ROLLBACK');
      }
    }

    it('plans in a sandbox of its own: costs are those of the created indexes, and the next run says the same', async () => {
      const advice = await advise(['--postgres', binaries, '--file', 'shop.sql']);
      assert.equal(advice.engine, 'sandbox');
      assert.deepEqual(
        advice.recommendations.map(({ evidence }) => evidence),
        advice.recommendations.map(() => 'planned'),
      );
      assert.ok(advice.recommendations.length >= 3, JSON.stringify(advice.recommendations.map(({ ddl }) => ddl)));
      const again = await advise(['--postgres', binaries, '--file', 'shop.sql']);
      // the server counts it as a scan when its planner looks up the end of an index, for us too
      const comparable = (each: AdviceJson) => ({
        ...each,
        elapsedMs: 0,
        drops: each.drops.map((drop) => ({ ...drop, scans: 0 })),
      });
      assert.deepEqual(comparable(again), comparable(advice));
      await compareWithServer(advice, (cost) => Math.max(1, cost * costTolerance));
      whole = advice;
      assert.deepEqual(await waitForRemains(places), []);
    });

    it('takes the next engine and says why, in each format; one that was asked for by name it never replaces', async () => {
      const nowhere = ['--postgres', path.join(folder, 'nowhere'), '--file', 'shop.sql'];
      const advice = await advise(nowhere);
      assert.equal(advice.engine, hasHypopg ? 'hypopg' : 'statistics');
      const missing = /--postgres names \S+nowhere, but there is no initdb and no postgres in it\./;
      assert.match(advice.engineNote ?? '', missing);
      if (!hasHypopg) assert.match(advice.engineNote ?? '', /The extension HypoPG is not installed in database "\w+"/);
      const text = await run(nowhere);
      assert.match(text.stdout, missing);
      assert.match(
        text.stdout,
        hasHypopg ? /^Planned on the server with HypoPG\.$/m : /^Estimated from statistics\.$/m,
      );
      assert.match(
        (await run([...nowhere, '--format', 'md'])).stdout,
        /Planned with HypoPG|Nothing could be planned with the indexes/,
      );
      const sql = await run([...nowhere, '--format', 'sql']);
      assert.match(sql.stderr, missing);
      // at this size statistics may see nothing that is worth an index
      assert.equal(sql.stdout, advice.recommendations.map(({ ddl }) => `${ddl}\n`).join(''));
      if (hasHypopg) assert.match(sql.stdout, /^(CREATE INDEX [^\n]*;\n)+$/);
      const sandbox = await run([...nowhere, '--engine', 'sandbox']);
      assert.equal(sandbox.code, 2, sandbox.stderr);
      assert.match(sandbox.stderr, missing);
      await mkdir(path.join(folder, 'foreign'), { recursive: true });
      for (const name of ['initdb', 'postgres']) {
        await writeFile(path.join(folder, 'foreign', name), '\u007fELF of another machine', { mode: 0o755 });
      }
      const foreign = await run(['--postgres', 'foreign', '--engine', 'sandbox', '--file', 'shop.sql']);
      assert.equal(foreign.code, 2, foreign.stderr);
      assert.match(foreign.stderr, /its postgres does not run here: it is for another platform, or damaged/);
      const hypopg = await run(['--engine', 'hypopg', '--file', 'shop.sql']);
      assert.equal(hypopg.code, hasHypopg ? 0 : 2, hypopg.stderr);
    });

    // what follows knows no major
    if (!hasHypopg) return;

    it('keeps a budget, a number and a deadline', async () => {
      const file = ['--file', 'shop.sql'];
      const total = (advice: AdviceJson) =>
        advice.recommendations.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
      const budgetKb = Math.floor(total(whole) / 2 / 1024);
      const cheap = await advise([...inSandbox(), ...file, '--budget', `${budgetKb}kB`]);
      assert.ok(total(cheap) <= budgetKb * 1024 && total(cheap) > 0, `${total(cheap)} of ${budgetKb} kB`);
      const single = await advise([...inSandbox(), ...file, '--max-indexes', '1']);
      assert.equal(single.recommendations.length, 1);
      const hasty = await advise([...inSandbox(), ...file, '--deadline', '0.001']);
      assert.equal(hasty.complete, false);
      assert.equal(hasty.statements.length, whole.statements.length);
    });

    it('says what is wrong with each statement, and advises on the others', async () => {
      const wrong: [sql: string, reason: RegExp][] = [
        ['SELEC 1', /can't read this statement/],
        ['SELECT * FROM no_such_table WHERE a = 1', /no_such_table/],
        ['SELECT no_such_column FROM orders', /no_such_column/],
        ['SELECT * FROM pg_temp.mine WHERE a = 1', /mine/],
        ['CREATE TABLE made (a int)', /CREATE|EXPLAIN takes/],
        ['VACUUM orders', /VACUUM|EXPLAIN takes/],
        ['SELECT * FROM never_analyzed WHERE a = 5', /never_analyzed|ANALYZE/],
      ];
      const good = 'SELECT * FROM order_items WHERE order_id = ';
      const script = Array.from({ length: 60 }, (_, at) => `${good}${at}`);
      const broken = Array.from({ length: 21 }, (_, at) => wrong[at % wrong.length]?.[0] ?? '');
      await writeFile(path.join(folder, 'many.sql'), [...broken, ...script].map((sql) => `${sql};\n`).join(''));
      const advice = await advise([...inSandbox(), '--file', 'many.sql', '--max-indexes', '3', '--deadline', '60']);
      assert.equal(advice.statements.length, 81);
      for (const [at, { unsupported, id }] of advice.statements.entries()) {
        const expected = at < broken.length ? wrong[at % wrong.length] : undefined;
        if (expected === undefined) assert.equal(unsupported, undefined, id);
        else if (!expected[0].includes('never_analyzed')) assert.match(unsupported ?? '', expected[1], expected[0]);
      }
      assert.deepEqual(
        advice.recommendations
          .map(({ table, columns }) => [table, columns[0]])
          .filter(([table]) => table === 'order_items'),
        [['order_items', 'order_id']],
      );
    });

    it('answers a role that may read half of the tables with what it lacks', async () => {
      const half = new URL(server.url());
      [half.username, half.password] = ['half', 'half'];
      const advice = await advise(
        [
          ...inSandbox(),
          '--sql',
          'SELECT * FROM orders WHERE total = 1; SELECT id FROM customers WHERE last_seen_at < $1',
        ],
        half.href,
      );
      assert.match(advice.statements[0]?.unsupported ?? '', /orders/);
      assert.equal(advice.statements[1]?.unsupported, undefined);
    });

    it('leaves neither process nor folder when it is interrupted, terminated or killed', async () => {
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
        ['SIGKILL', null],
      ] as const) {
        const child = start([...inSandbox(), '--file', 'shop.sql']);
        const ended = once(child, 'close') as Promise<[number | null]>;
        const isOver = new AbortController();
        void ended.then(() => {
          isOver.abort();
        });
        // in the middle: its PostgreSQL runs
        for (;;) {
          const processes = await listProcesses(places.temporary.path);
          if (processes.some((line) => line.includes(' -D '))) break;
          assert.ok(!isOver.signal.aborted, 'it ended before there was a sandbox');
          await delay(50);
        }
        child.kill(signal);
        assert.deepEqual(await ended, signal === 'SIGKILL' ? [null, signal] : [code, null]);
        assert.deepEqual(await waitForRemains(places), []);
      }
    });

    it('plans with HypoPG, whichever its schema is: costs are near, sizes those of our model, nothing stays', async () => {
      const advice = await advise(['--engine', 'hypopg', '--file', 'shop.sql']);
      assert.equal(advice.engine, 'hypopg');
      assert.equal(advice.engineNote, null);
      assert.ok(advice.recommendations.length >= 3);
      assert.ok(advice.recommendations.every(({ method }) => method !== 'gin' && method !== 'gist'));
      await compareWithServer(advice, (cost) => Math.max(hypopgTolerance, cost * costTolerance));
      for (const { ddl, sizeBytes, where } of advice.recommendations) {
        await client.query('BEGIN');
        await client.query(ddl.replace(' CONCURRENTLY', '').replace(/INDEX \S+/, 'INDEX really_made'));
        const { rows } = await client.query<{ bytes: string }>("SELECT pg_relation_size('really_made') AS bytes");
        await client.query('ROLLBACK');
        // expressions and predicates have no model without a planner of statistics
        if (where !== null || ddl.includes('((')) continue;
        const ratio = (sizeBytes ?? 0) / Number(rows[0]?.bytes);
        assert.ok(ratio > 0.5 && ratio < 2, `${ddl}: ${sizeBytes} of ${rows[0]?.bytes} bytes`);
      }
    });

    it('sees no gain in a copy of what is there, refuses what HypoPG has not, and forgets its indexes', async () => {
      const session = await openTestSession(server);
      try {
        const context = await makeStatementContext(session);
        const { result } = await useHypopg({ context, statements: [], signal: undefined }, async (planner) => {
          const sql = 'SELECT * FROM orders WHERE customer_id = 42';
          const index = { schema: 'public', table: 'orders', method: 'btree', included: [], predicate: null } as const;
          const copy = await planner.plan([{ id: 'a', sql }], [{ ...index, keys: ['customer_id'] }]);
          await assert.rejects(
            planner.plan([{ id: 'a', sql }], [{ ...index, method: 'gin', keys: ['shipping_address'] }]),
            (error: Error) => error.message.includes("HypoPG can't plan with gin indexes"),
          );
          await assert.rejects(
            planner.plan([{ id: 'a', sql }], [{ ...index, keys: ['no_such_column'] }]),
            (error: Error & { kind?: string }) => error.kind === 'statement',
          );
          const asks = await planner.plan([{ id: 'a', sql: 'DROP TABLE orders' }], []);
          return { copy, refusal: asks.results[0]?.unsupported };
        });
        assert.ok(result.refusal !== null && result.refusal !== undefined);
        const [priced] = result.copy.results;
        assert.ok(priced !== undefined && priced.costBefore > 0);
        const left = await session.run(
          { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: longMs },
          (unit) => unit.query('SELECT indexname FROM "What if".hypopg()'),
        );
        assert.deepEqual(left, []);
      } finally {
        await session.close();
      }
    });

    it('does not use HypoPG through a pooler', async () => {
      const pooler = await startPgbouncer({ server });
      try {
        const { code, stderr } = await run(['--engine', 'hypopg', '--file', 'shop.sql'], pooler.url());
        assert.equal(code, 2, stderr);
        assert.match(
          stderr,
          /HypoPG is not used through a pooler .*hands on to others\.\nConnect to the server itself\./,
        );
      } finally {
        await pooler.stop();
      }
    });

    it('is started again when its PostgreSQL is killed in the middle', async () => {
      const child = start([
        ...inSandbox(),
        '--file',
        'shop.sql',
        '--max-indexes',
        '2',
        '--deadline',
        '60',
        '--format',
        'json',
      ]);
      let stdout = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      const ended = once(child, 'close') as Promise<[number | null]>;
      for (;;) {
        assert.equal(child.exitCode, null, 'it ended before there was a sandbox');
        const postmaster = (await listProcesses(places.temporary.path)).find((line) => line.includes(' -D '));
        if (postmaster !== undefined) {
          // it takes connections by then, and loading takes longer
          await delay(500);
          process.kill(Number(postmaster.split(' ')[0]), 'SIGKILL');
          break;
        }
        await delay(50);
      }
      const [code] = await ended;
      assert.equal(code, 0);
      assert.equal(adviceJsonSchema.parse(JSON.parse(stdout)).engine, 'sandbox');
      assert.deepEqual(await waitForRemains(places), []);
    });
  });
}
