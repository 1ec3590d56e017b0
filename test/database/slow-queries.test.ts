// pg-insight slow-queries and the list behind the Slow Queries view, compared with SQL run directly on
// pg_stat_statements.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { numberPlaceholders } from '../../src/analysis/sql/placeholders';
import type { StatementCounts } from '../../src/analysis/statements/statement-window';
import { findStatementWindow } from '../../src/analysis/statements/statement-window';
import { statementsJsonSchema, type StatementsJson } from '../../src/analysis/statements/statements-json';
import { findSampledValues } from '../../src/analysis/statements/sampled-values';
import { explainStatement } from '../../src/database/explain';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import { captureTypicalValues } from '../../src/database/typical-values';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

const oddSchema = `stat$&"s 🐘`;
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const view = `${quote(oddSchema)}.pg_stat_statements`;

/** Statements of tools as docs/report.md defines them, in SQL; no other tool than PG Insight has been here. */
const isTool = `(query ~* '^\\s*(begin|start transaction|rollback|abort|savepoint|release|set|show|reset|explain|deallocate)\\M'
  OR query ~* '^\\s*select pg_catalog\\.(set_config|pg_backend_pid)\\(' OR query ~ '/\\* PG Insight \\*/\\s*$')`;

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

for (const major of [13, 18] as const) {
  describe(`slow queries of PostgreSQL ${major}`, function () {
    this.timeout(120_000);
    let folder: string;
    let server: PostgresServer;
    let client: Client;

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-slow-queries-'));
      await buildProduct(path.join(folder, 'dist'));
      server = await startPostgres({
        major,
        settings: { shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off' },
      });
      client = new Client({ connectionString: server.url() });
      await client.connect();
      await client.query(`
        CREATE DATABASE bare;
      `);
      await client.query(`
        CREATE SCHEMA ${quote(oddSchema)};
        CREATE EXTENSION pg_stat_statements WITH SCHEMA ${quote(oddSchema)};
        CREATE TABLE public.orders (id integer PRIMARY KEY, status text, placed date, total numeric);
        INSERT INTO public.orders SELECT g, (ARRAY['open', 'paid', 'paid', 'sent'])[1 + g % 4], date '2026-01-01' + g % 300, g
        FROM generate_series(1, 20000) g;
        ANALYZE public.orders;
        CREATE ROLE limited LOGIN PASSWORD 'p';
        GRANT SELECT ON public.orders TO limited;
        GRANT USAGE ON SCHEMA ${quote(oddSchema)} TO limited;
      `);
      for (let call = 1; call <= 7; call++) {
        await client.query('SELECT id, total FROM public.orders WHERE status = $1 AND placed > $2', [
          'open',
          '2026-05-01',
        ]);
      }
      await client.query(`SET work_mem = '64kB'`);
      await client.query('SELECT * FROM public.orders ORDER BY total, status');
      await client.query('RESET work_mem');
      await client.query(`SELECT count(*) FROM public.orders WHERE id = ANY ('{1,2,3}'::integer[])`);
      await client.query(`SELECT count(*) FROM public.orders WHERE placed > now() - interval '30 days'`);
      await client.query('VACUUM public.orders');
    });

    after(async () => {
      await client.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    async function run(args: readonly string[], url = server.url()): Promise<Run> {
      const child = spawn(
        process.execPath,
        [path.join(folder, 'dist', 'cli.js'), 'slow-queries', '--url', url, ...args],
        {
          cwd: folder,
          env: { PATH: process.env['PATH'], HOME: folder, PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config') },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const closed = once(child, 'close') as Promise<[number | null]>;
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await closed;
      return { code, stdout, stderr };
    }

    async function runJson(args: readonly string[], url?: string): Promise<StatementsJson> {
      const { code, stdout, stderr } = await run(['--format', 'json', ...args], url);
      assert.equal(code, 0, stderr);
      return statementsJsonSchema.parse(JSON.parse(stdout));
    }

    const asLimited = () => {
      const url = new URL(server.url());
      url.username = 'limited';
      url.password = 'p';
      return url.href;
    };

    it('are what pg_stat_statements says, load and ratios included', async () => {
      const list = await runJson(['--limit', '10000']);
      const { rows } = await client.query<{ row: Record<string, unknown> }>(`
        SELECT to_jsonb(x) AS row FROM (
          SELECT s.queryid::text AS "queryId", s.query AS text, u.rolname AS role, s.calls, s.total_exec_time AS "totalMs",
            s.mean_exec_time AS "meanMs", s.min_exec_time AS "minMs", s.max_exec_time AS "maxMs", s.stddev_exec_time AS "stddevMs",
            s.rows, s.rows::float8 / s.calls AS "rowsPerCall",
            s.shared_blks_hit::float8 / nullif(s.shared_blks_hit + s.shared_blks_read, 0) AS "hitRatio",
            jsonb_build_object('hit', s.shared_blks_hit, 'read', s.shared_blks_read, 'dirtied', s.shared_blks_dirtied, 'written', s.shared_blks_written) AS "sharedBlocks",
            jsonb_build_object('read', s.temp_blks_read * 8192, 'written', s.temp_blks_written * 8192) AS "tempBytes",
            s.wal_bytes AS "walBytes"
          FROM ${view} s JOIN pg_roles u ON u.oid = s.userid
          WHERE s.query LIKE '%public.orders%' AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          ORDER BY s.total_exec_time DESC) x`);
      const shown = list.statements.filter(({ text: sql }) => sql?.includes('public.orders') === true);
      assert.ok(rows.length >= 6);
      const columns = Object.keys(rows[0]?.row ?? {});
      assert.deepEqual(
        shown.map((statement) =>
          Object.fromEntries(Object.entries(statement).filter(([key]) => columns.includes(key))),
        ),
        rows.map(({ row }) => row),
      );
      const totalMs = list.statements.reduce((sum, statement) => sum + statement.totalMs, 0);
      for (const { totalMs: own, loadRatio } of list.statements) {
        assert.ok(Math.abs(loadRatio - own / totalMs) < 1e-9);
      }
      assert.equal(list.totalStatements, list.statements.length);
      assert.equal(list.hiddenStatements, 0);
      assert.equal(list.statisticsReset !== null, major > 13);
    });

    it('leave out statements of tools, load included, and say how many', async () => {
      await run([]);
      const { rows } = await client.query<{ text: string; isTool: boolean }>(`
        SELECT s.query AS text, ${isTool} AS "isTool" FROM ${view} s
        WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      const list = await runJson(['--limit', '10000']);
      // the first run has left all of the second's own behind; the query above was counted when it had ended
      const expected = rows.filter((row) => !row.isTool).map(({ text: sql }) => sql);
      const listed = list.statements.filter(({ text: sql }) => sql?.includes('"isTool"') !== true);
      assert.deepEqual(listed.map(({ text: sql }) => sql).sort(), [...expected].sort());
      const tools = rows.length - expected.length;
      assert.ok(tools > 5, 'PG Insight itself has asked the catalogue');
      assert.equal(list.toolStatements, tools);
      const load = list.statements.reduce((sum, { loadRatio }) => sum + loadRatio, 0);
      assert.ok(Math.abs(load - 1) < 1e-9);
      const { stdout } = await run([]);
      assert.match(stdout, new RegExp(`${tools} statements of tools \\(catalogue queries, transaction control\\) are`));
    });

    it("of applications stay although PG Insight's PREPARE or the catalogue is in their text", async () => {
      await client.query(
        'PREPARE pg_insight_test (text) AS SELECT id FROM public.orders WHERE status = $1 AND total > 5',
      );
      await client.query('EXPLAIN EXECUTE pg_insight_test(NULL)');
      await client.query('DEALLOCATE pg_insight_test');
      for (const status of ['open', 'paid']) {
        await client.query('SELECT id FROM public.orders WHERE status = $1 AND total > 5', [status]);
      }
      await client.query(
        'PREPARE find_order (integer, numeric(10, 2)) AS SELECT total FROM public.orders WHERE id = $1',
      );
      for (const id of [1, 2, 3]) await client.query(`EXECUTE find_order(${id}, 1)`);
      await client.query('SELECT id FROM public.orders WHERE placed < pg_catalog.now() LIMIT 1');
      await client.query('SELECT c.relname FROM pg_catalog.pg_class c JOIN public.orders o ON o.status = c.relname');
      // of a tool: psql's \d sends such
      await client.query(`SELECT c.oid, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') ORDER BY 1`);
      const first = await client.query<{ query: string }>(
        `SELECT query FROM ${view} WHERE query ILIKE 'PREPARE %' ORDER BY calls`,
      );
      assert.match(first.rows[0]?.query ?? '', /^PREPARE pg_insight_test/);
      assert.match(first.rows[1]?.query ?? '', /^PREPARE find_order/);
      const { statements } = await runJson(['--limit', '10000']);
      const callsOf = (text: string) => statements.find((statement) => statement.text === text)?.calls;
      assert.equal(callsOf('SELECT id FROM public.orders WHERE status = $1 AND total > $2'), 2);
      assert.equal(callsOf('SELECT total FROM public.orders WHERE id = $1'), 3);
      assert.equal(callsOf('SELECT id FROM public.orders WHERE placed < pg_catalog.now() LIMIT $1'), 1);
      assert.equal(
        callsOf('SELECT c.relname FROM pg_catalog.pg_class c JOIN public.orders o ON o.status = c.relname'),
        1,
      );
      assert.ok(!statements.some(({ text: sql }) => sql?.startsWith('SELECT c.oid, pg_catalog.') === true));
    });

    it('are sorted, limited and filtered by mean time as asked', async () => {
      const byTemp = await runJson(['--sort', 'temp', '--limit', '1']);
      assert.match(byTemp.statements[0]?.text ?? '', /ORDER BY total, status/);
      const byMean = await runJson(['--sort', 'mean', '--limit', '5']);
      const means = byMean.statements.map(({ meanMs }) => meanMs);
      assert.equal(means.length, 5);
      assert.deepEqual(
        means,
        [...means].sort((a, b) => b - a),
      );
      const threshold = means[2] ?? 0;
      const slow = await runJson(['--min-mean-ms', String(threshold), '--limit', '10000']);
      assert.ok(slow.statements.length >= 3);
      assert.ok(slow.statements.every(({ meanMs }) => meanMs >= threshold));
      const nothing = await run(['--min-mean-ms', '3600000']);
      assert.match(nothing.stdout, /None of \d+ statements takes 3600000 ms or more on average\./);
      const wrong = await run(['--min-mean-ms', 'many']);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /--min-mean-ms is "many"/);
    });

    it('are a table for people, with whole texts in Markdown', async () => {
      const { code, stdout, stderr } = await run(['--sort', 'calls', '--limit', '50']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Database postgres on .*, PostgreSQL/);
      assert.match(stdout, / 7 .* SELECT … FROM public\.orders WHERE status = \$1 AND placed > \$2/);
      const markdown = await run(['--format', 'md', '--limit', '50']);
      assert.match(
        markdown.stdout,
        /```sql\nSELECT id, total FROM public\.orders WHERE status = \$1 AND placed > \$2\n```/,
      );
    });

    it('of other roles are hidden from a role without pg_read_all_stats, and it is said how to see them', async () => {
      const list = await runJson(['--limit', '10000'], asLimited());
      const hidden = list.statements.filter(({ text: sql }) => sql === null);
      const { rows } = await client.query<{ count: string }>(
        `SELECT count(*) FROM ${view} WHERE userid <> 'limited'::regrole
           AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      assert.equal(list.hiddenStatements, hidden.length);
      // this count itself may have been counted after the list
      assert.ok(Math.abs(hidden.length - Number(rows[0]?.count)) <= 1);
      assert.ok(hidden.every(({ queryId, role }) => queryId === null && role !== 'limited'));
      const { stdout } = await run([], asLimited());
      assert.match(stdout, /hidden from role "limited": GRANT pg_read_all_stats TO "limited";/);
      assert.match(stdout, /\(hidden from this role\)/);
    });

    it('ask for the extension where it is missing', async () => {
      const { code, stdout, stderr } = await run([], server.url('bare'));
      assert.equal(code, 4);
      assert.equal(stdout, '');
      assert.match(stderr, /Run CREATE EXTENSION pg_stat_statements\./);
    });

    it('ask for SELECT where the role may not read the view', async () => {
      await client.query(`REVOKE ALL ON ${view} FROM PUBLIC`);
      try {
        const { code, stderr } = await run([], asLimited());
        assert.equal(code, 3);
        assert.match(stderr, /GRANT SELECT ON .*pg_stat_statements TO "limited"\./);
      } finally {
        await client.query(`GRANT SELECT ON ${view} TO PUBLIC`);
      }
    });

    it('can be planned for unknown and for sampled values, as the extension keeps them', async () => {
      const { rows } = await client.query<{ query: string }>(
        `SELECT query FROM ${view} WHERE query LIKE 'SELECT %public.orders%' AND query NOT LIKE '%pg_stat%' ORDER BY 1`,
      );
      assert.ok(rows.length >= 4);
      const session = await openTestSession(server);
      try {
        const context = await makeStatementContext(session);
        let sampledValues = 0;
        for (const { query } of rows) {
          const { sql, parameters } = numberPlaceholders(query);
          const generic = parameters.length === 0 ? { mode: 'none' as const } : { mode: 'generic' as const };
          await explainStatement(context, { sql, parameters: generic, analyze: false, timeoutMs: 10_000 });
          if (parameters.length === 0) continue;
          const values = findSampledValues(sql, await captureTypicalValues(context, sql));
          sampledValues += values.filter((value) => value !== null).length;
          if (values.includes(null)) continue;
          const { plan } = await explainStatement(context, {
            sql,
            parameters: { mode: 'values', values },
            analyze: true,
            timeoutMs: 10_000,
          });
          assert.ok(plan.nodes.length > 0, sql);
        }
        assert.ok(sampledValues >= 3, 'status, placed and id have statistics');
      } finally {
        await session.close();
      }
    });

    describe('of a window', () => {
      let session: Awaited<ReturnType<typeof openTestSession>>;

      before(async () => {
        session = await openTestSession(server);
      });

      after(() => session.close());

      async function capture(): Promise<StatementCounts> {
        const { sections } = await captureSnapshot(session.run, await captureServerFacts(session), {
          server: session.server,
          sections: ['statements', 'statementStatistics'],
        });
        assert.ok(sections.statements.status === 'available' && sections.statementStatistics.status === 'available');
        return {
          statements: sections.statements.rows,
          statisticsReset: sections.statementStatistics.rows[0]?.statisticsReset ?? null,
        };
      }
      const call = () =>
        client.query('SELECT id, total FROM public.orders WHERE status = $1 AND placed > $2', ['paid', '2026-03-01']);
      const find = ({ statements }: Pick<StatementCounts, 'statements'>) =>
        statements.find(({ text: sql }) => sql?.startsWith('SELECT id, total') === true);
      const figuresOf = async () =>
        (
          await client.query<{ calls: number; total: number }>(
            `SELECT calls::float8, total_exec_time AS total FROM ${view} WHERE query LIKE 'SELECT id, total%'`,
          )
        ).rows[0];
      const reset = (queryId = '0') =>
        client.query(`SELECT ${quote(oddSchema)}.pg_stat_statements_reset(0, 0, ${queryId})`);

      it('hold what ran since the mark', async () => {
        const mark = await capture();
        const before = await figuresOf();
        await call();
        await call();
        const now = await capture();
        const window = findStatementWindow(mark, now);
        const [after, since] = [await figuresOf(), find(window)];
        assert.ok(before && after && since);
        assert.deepEqual([window.wasReset, window.restarted, window.gone], [false, 0, 0]);
        assert.equal(window.mayMissReset, major === 13);
        assert.equal(since.calls, 2);
        assert.ok(Math.abs(since.totalExecMs - (after.total - before.total)) < 1e-6);
        assert.ok(!window.statements.some(({ text: sql }) => sql?.includes('ORDER BY total') === true), 'did not run');
      });

      it('tell of a reset of one statement, and count it since then', async () => {
        for (const calls of [1, 12]) {
          const mark = await capture();
          await reset(find(mark)?.queryId ?? '0');
          for (let n = 0; n < calls; n++) await call();
          const window = findStatementWindow(mark, await capture());
          const since = find(window);
          const now = await figuresOf();
          assert.equal(window.wasReset, false);
          // before 1.11 one that has overtaken its former self may go unnoticed: then that is said
          if (major === 18 || calls === 1) {
            assert.equal(window.restarted, 1);
            assert.deepEqual([since?.calls, since?.totalExecMs], [now?.calls, now?.total]);
          } else assert.equal(window.mayMissReset, true);
          assert.ok(window.statements.every((each) => each.calls > 0 && each.totalExecMs >= 0));
        }
      });

      it('tell of a statement that is gone', async () => {
        await call();
        const mark = await capture();
        await reset(find(mark)?.queryId ?? '0');
        const window = findStatementWindow(mark, await capture());
        assert.deepEqual([window.wasReset, window.gone, find(window)], [false, 1, undefined]);
      });

      it('tell of a reset of everything, also when the counters have overtaken the mark', async () => {
        await call();
        const mark = await capture();
        await reset();
        for (let n = 0; n < 5; n++) await call();
        const window = findStatementWindow(mark, await capture());
        const now = await figuresOf();
        assert.equal(window.wasReset, true);
        assert.deepEqual([find(window)?.calls, find(window)?.totalExecMs], [now?.calls, now?.total]);
      });
    });
  });
}

describe('slow queries of a server that does not load pg_stat_statements', () => {
  it('say how to load it', async () => {
    const server = await startPostgres({ major: 18 });
    try {
      const session = await openTestSession(server);
      try {
        const facts = await captureServerFacts(session);
        const { sections } = await captureSnapshot(session.run, facts, {
          server: session.server,
          sections: ['statements', 'activity'],
        });
        assert.ok(sections.statements.status === 'unavailable');
        assert.match(sections.statements.reason.nextStep, /shared_preload_libraries.*restart the server/s);
        assert.equal(sections.activity.status, 'available');
      } finally {
        await session.close();
      }
    } finally {
      await server.stop();
    }
  }).timeout(60_000);
});
