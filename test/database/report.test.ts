// `pg-insight report` as users run it, against real servers: what it says is compared with SQL run directly.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { reportSchema, type AnalysisReport } from '../../src/analysis/report';

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

const oddTable = `o"dd | <b>\`x\` 🐘\n# name`;
const quotedOddTable = `public."${oddTable.replaceAll('"', '""')}"`;

const objects = `
  CREATE TABLE public.customers (id integer PRIMARY KEY, name text NOT NULL);
  CREATE TABLE public.orders (id integer PRIMARY KEY, customer_id integer REFERENCES public.customers (id), note text);
  CREATE INDEX orders_note_idx ON public.orders (note);
  CREATE INDEX orders_note_copy ON public.orders (note);
  CREATE TABLE public.measurements (at date NOT NULL, value integer) PARTITION BY RANGE (at);
  CREATE TABLE public.measurements_1 PARTITION OF public.measurements FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
  CREATE TABLE public.measurements_2 PARTITION OF public.measurements FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
  CREATE INDEX measurements_at_idx ON public.measurements (at);
  CREATE TABLE ${quotedOddTable} (id integer);
  CREATE SEQUENCE public.nearly MAXVALUE 100;
  SELECT setval('public.nearly', 99);
  INSERT INTO public.customers SELECT g, 'name ' || g FROM generate_series(1, 1000) g;
  INSERT INTO public.orders SELECT g, 1 + g % 1000, 'note ' || g % 50 FROM generate_series(1, 20000) g;
  INSERT INTO public.measurements SELECT date '2026-01-01' + g % 360, g FROM generate_series(1, 5000) g;
  INSERT INTO ${quotedOddTable} SELECT g FROM generate_series(1, 100) g;
  DELETE FROM public.orders WHERE id > 19000;
  ANALYZE;
  CREATE ROLE limited LOGIN PASSWORD 'p';
  GRANT SELECT ON public.customers, public.measurements TO limited;
`;

describe('pg-insight report', function () {
  this.timeout(120_000);
  let folder: string;
  let cli: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-report-'));
    cli = path.join(folder, 'dist', 'cli.js');
    await buildProduct(path.join(folder, 'dist'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function start(args: readonly string[]) {
    // statements are planned in further transactions; report-missing-indexes.test.ts is about that
    return spawn(process.execPath, [cli, 'report', '--no-advice', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async function finish(child: ReturnType<typeof start>): Promise<Run> {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  const run = (...args: readonly string[]) => finish(start(args));

  async function readReport(...args: readonly string[]): Promise<AnalysisReport> {
    const { code, stdout, stderr } = await run('--format', 'json', ...args);
    assert.equal(code, 0, stderr);
    return reportSchema.parse(JSON.parse(stdout));
  }

  for (const major of [13, 18] as const) {
    describe(`on PostgreSQL ${major}`, () => {
      let server: PostgresServer;
      let client: Client;
      let url: string;

      before(async () => {
        server = await startPostgres({
          major,
          settings: {
            shared_preload_libraries: 'pg_stat_statements',
            autovacuum: 'off',
            // so that some blocks are read from outside
            shared_buffers: '1MB',
          },
        });
        url = server.url();
        client = new Client({ connectionString: url });
        await client.connect();
        await client.query('CREATE EXTENSION pg_stat_statements');
        await client.query(objects);
        await client.query('SELECT count(*) FROM public.orders WHERE id = 5');
        // a sort on disk, of which not all is read
        await client.query(`SET work_mem = '64kB'; SET enable_indexscan = off`);
        await client.query('SELECT note, id FROM public.orders ORDER BY note, id LIMIT 6000');
        // counts of a session reach the others when it ends
        await client.end();
        client = new Client({ connectionString: url, application_name: 'watcher' });
        await client.connect();
      });
      after(async () => {
        await client.end();
        await server.stop();
      });

      async function ask(sql: string): Promise<Record<string, unknown>[]> {
        const { rows } = await client.query<{ x: Record<string, unknown> }>(`SELECT to_jsonb(x) AS x FROM (${sql}) x`);
        return rows.map(({ x }) => x);
      }

      it('has the figures that the server gives to anybody who asks it', async () => {
        const report = await readReport('--url', url);
        const [server_] = await ask(`
          SELECT current_database() AS database, current_user AS role,
            current_setting('server_version_num')::int AS "versionNumber", pg_is_in_recovery() AS "inRecovery"`);
        const { database, role, versionNumber, inRecovery } = report.server;
        assert.deepEqual({ database, role, versionNumber, inRecovery }, server_);

        const tables = await ask(`
          SELECT c.relname AS name, c.relpages * 8192 AS "sizeBytes", c.reltuples AS rows,
            (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
            (SELECT coalesce(sum(x.relpages), 0) * 8192 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) AS "indexesSizeBytes",
            s.idx_scan::float / nullif(s.idx_scan + s.seq_scan, 0) AS "indexCoverageRatio",
            s.n_dead_tup::float / nullif(s.n_dead_tup + s.n_live_tup, 0) AS "deadTupleRatio"
          FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relname IN ('customers', 'orders') ORDER BY 1`);
        const shown = (report.tables ?? [])
          .filter(({ name }) => name === 'customers' || name === 'orders')
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, sizeBytes, rows, indexes, indexesSizeBytes, indexCoverageRatio, deadTupleRatio }) => ({
            name,
            sizeBytes,
            rows,
            indexes,
            indexesSizeBytes,
            indexCoverageRatio,
            deadTupleRatio,
          }));
        assert.deepEqual(shown, tables);

        const [measurements] = await ask(`
          SELECT sum(relpages) * 8192 AS "sizeBytes", sum(reltuples) AS rows FROM pg_class WHERE relname ~ '^measurements_[12]$'`);
        const whole = report.tables?.filter(({ name }) => name.startsWith('measurements')) ?? [];
        assert.deepEqual(
          whole.map(({ name, sizeBytes, rows }) => ({ name, sizeBytes, rows })),
          [{ name: 'measurements', ...measurements }],
          'partitions are counted with their table',
        );
        assert.ok(report.tables?.some(({ name }) => name === oddTable));

        const indexes = await ask(`
          SELECT c.relname AS name, replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') AS definition, sum(s.idx_scan)::int AS scans
          FROM pg_stat_user_indexes s LEFT JOIN pg_inherits i ON i.inhrelid = s.indexrelid
          JOIN pg_class c ON c.oid = coalesce(i.inhparent, s.indexrelid)
          GROUP BY c.oid, c.relname ORDER BY c.relname COLLATE "C"`);
        assert.deepEqual(
          (report.indexes ?? [])
            .map(({ name, definition, scans }) => ({ name, definition, scans }))
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
          indexes,
          'those of partitions are counted with the one they are attached to',
        );
        const [parts] = await ask(
          `SELECT count(*)::int AS count FROM pg_class WHERE relkind = 'i' AND relispartition AND relname ~ '^measurements'`,
        );
        assert.ok(Number(parts?.['count']) > 1, 'there are indexes of partitions');

        const [statement] = await ask(`
          SELECT queryid::text AS "queryId", calls, rows, total_exec_time AS "totalMs" FROM pg_stat_statements
          WHERE query LIKE 'INSERT INTO public.orders%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`);
        const found = report.statements?.find(({ queryId }) => queryId === statement?.['queryId']);
        assert.deepEqual(
          { queryId: found?.queryId, calls: found?.calls, rows: found?.rows, totalMs: found?.totalMs },
          statement,
        );
        const blocks = await ask(`
          SELECT queryid::text AS "queryId", shared_blks_hit::float / nullif(shared_blks_hit + shared_blks_read, 0) AS "hitRatio",
            (temp_blks_read + temp_blks_written) * current_setting('block_size')::int AS "tempBytes",
            temp_blks_read AS "tempRead", temp_blks_written AS "tempWritten"
          FROM pg_stat_statements
          WHERE query ~ '^(INSERT INTO public|SELECT .* FROM public)' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          ORDER BY 1`);
        assert.ok(blocks.some(({ hitRatio }) => Number(hitRatio) > 0.6 && Number(hitRatio) < 1));
        assert.ok(blocks.some(({ tempRead, tempWritten }) => tempRead !== 0 && tempRead !== tempWritten));
        assert.deepEqual(
          blocks.map(({ queryId }) => {
            const row = report.statements?.find((each) => each.queryId === queryId);
            return { queryId, hitRatio: row?.hitRatio, tempBytes: row?.tempBytes };
          }),
          blocks.map(({ queryId, hitRatio, tempBytes }) => ({ queryId, hitRatio, tempBytes })),
        );
        const tools = await ask(`
          SELECT queryid::text AS "queryId" FROM pg_stat_statements
          WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (query ~* '^\\s*(begin|start transaction|commit|end|rollback|abort|savepoint|release|set|show|reset|explain|deallocate)\\M'
              OR query ~* '^\\s*(select|with)\\M.*\\mpg_catalog\\.')`);
        const toolIds = new Set(tools.map(({ queryId }) => queryId));
        assert.deepEqual(
          report.statements?.filter(({ queryId }) => toolIds.has(queryId)).map(({ text: sql }) => sql),
          [],
        );
        // what the report ran last was counted after it had looked
        assert.ok((report.toolStatements ?? 0) > 0 && (report.toolStatements ?? 0) <= tools.length);
        const sum = (figure: 'calls' | 'totalMs') =>
          report.statements?.reduce((total, each) => total + each[figure], 0) ?? 0;
        const mean = report.targets.find(({ id }) => id === 'mean-statement-time')?.current ?? 0;
        assert.ok(Math.abs(mean - sum('totalMs') / sum('calls')) < 1e-9);
        const load = report.statements.reduce((sum, { loadRatio }) => sum + loadRatio, 0);
        assert.ok(Math.abs(load - 1) < 1e-9);

        const [limits] = await ask(`
          SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0) AS "limit"`);
        assert.equal(report.connections?.limit, limits?.['limit']);
        assert.equal(report.connections?.used, 2, 'the watcher and PG Insight');
        assert.ok(report.connections.byApplication.some(({ application }) => application === 'watcher'));

        const currentOf = (wanted: string) => report.targets.find(({ id }) => id === wanted)?.current;
        assert.equal(currentOf('connections'), 2 / Number(limits?.['limit']));
        const [hits] = await ask(`
          SELECT sum(heap_blks_hit)::float / sum(heap_blks_hit + heap_blks_read) AS heap,
            sum(idx_blks_hit)::float / sum(idx_blks_hit + idx_blks_read) AS index
          FROM pg_statio_user_tables`);
        assert.deepEqual(
          [currentOf('table-hit-ratio'), currentOf('index-hit-ratio')],
          [hits?.['heap'], hits?.['index']],
        );
        const dead = report.targets.find(({ id }) => id === 'dead-rows');
        const [deadRows] = await ask(
          `SELECT sum(n_dead_tup)::float / nullif(sum(n_dead_tup + n_live_tup), 0) AS ratio FROM pg_stat_user_tables`,
        );
        assert.equal(dead?.current, deadRows?.['ratio']);
      });

      it('is graded by its worst finding, with a fix that names the object', async () => {
        const report = await readReport('--url', url);
        const worst = report.findings[0];
        assert.deepEqual(worst?.subject, { kind: 'sequence', schema: 'public', name: 'nearly' });
        assert.equal(worst.severity, 'critical');
        assert.equal(report.grade, 'D');
        assert.equal(report.gradeReason, '1 finding is critical.');
        assert.deepEqual(report.gaps, []);
        const copies = report.findings.filter(({ ruleId }) => ruleId === 'duplicate-index');
        assert.equal(copies.length, 1);
        assert.match(copies[0]?.fix?.sql ?? '', /DROP INDEX CONCURRENTLY public\.orders_note_/);
        const ofOrders = report.findings.filter(({ subject }) =>
          [('table' in subject && subject.table) || '', 'name' in subject ? subject.name : ''].includes('orders'),
        );
        assert.ok(ofOrders.length >= 2, 'an index and a foreign key');
        assert.equal(report.tables?.find(({ name }) => name === 'orders')?.findings, ofOrders.length);
      });

      it('exits with 1 for findings at or above --fail-on, and still writes the report', async () => {
        // on a busy machine filling the tables makes slow statements
        await client.query('SELECT pg_stat_statements_reset()');
        const failing = await run('--url', url, '--fail-on', 'high');
        assert.equal(failing.code, 1);
        assert.match(failing.stderr, /^1 finding at or above "high": the exit code is 1\.$/m);
        assert.match(failing.stdout, /^Grade: D$/m);
        await writeFile(
          path.join(folder, 'ignore.json'),
          JSON.stringify({ ignore: [{ rule: 'sequence-exhaustion', reason: 'It is closed in June | "soon".' }] }),
        );
        const passing = await run('--url', url, '--fail-on', 'high', '--ignore', 'ignore.json', '--format', 'md');
        assert.equal(passing.code, 0, passing.stderr);
        assert.match(passing.stdout, /\*\*Grade: B\*\*/);
        assert.match(passing.stdout, /It is closed in June \\\| "soon"\./);
      });

      it('writes odd names into every format, and a file with --output', async () => {
        for (const format of ['text', 'md', 'html'] as const) {
          const { code, stdout } = await run('--url', url, '--format', format);
          assert.equal(code, 0);
          assert.match(stdout, /o""dd/.exec(stdout) === null ? /o&quot;&quot;dd/ : /o""dd/);
          if (format !== 'text') assert.doesNotMatch(stdout, /<b>/);
        }
        const file = path.join(folder, 'report.html');
        const { code, stdout, stderr } = await run('--url', url, '--format', 'html', '--output', file);
        assert.deepEqual([code, stdout], [0, '']);
        assert.match(stderr, /Written to .*report\.html/);
        assert.match(await readFile(file, 'utf8'), /^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
      });

      it('is incomplete, and says why, for a role that sees half of it', async () => {
        const limited = new URL(url);
        limited.username = 'limited';
        limited.password = 'p';
        const report = await readReport('--url', limited.href);
        assert.equal(report.grade, 'incomplete');
        const gapOf = (section: string) => report.gaps.find((gap) => gap.section === section);
        const [unread] = await ask(`
          SELECT count(*) FILTER (WHERE NOT has_table_privilege('limited', c.oid, 'SELECT')) AS hidden, count(*) AS "all"
          FROM pg_class c WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace`);
        assert.match(
          gapOf('column statistics of some tables')?.message ?? '',
          new RegExp(`may not read ${String(unread?.['hidden'])} of ${String(unread?.['all'])} tables`),
        );
        const grant = gapOf('column statistics of some tables')?.fix?.sql ?? '';
        assert.match(
          grant,
          major === 13 ? /GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "limited"/ : /pg_read_all_data/,
        );
        assert.match(gapOf('texts of some statements')?.fix?.sql ?? '', /GRANT pg_read_all_stats TO "limited";/);
        const meanOf = ({ targets }: AnalysisReport) => targets.find(({ id }) => id === 'mean-statement-time')?.current;
        assert.equal(meanOf(report), null, 'hidden statements may be those of tools');
        assert.notEqual(meanOf(await readReport('--url', url)), null);
        assert.match(gapOf('transactions of some sessions')?.message ?? '', /may not see what 1 of 2 sessions do/);
        assert.match(gapOf('values of some sequences')?.message ?? '', /1 of 1 sequences/);
        const { stdout } = await run('--url', limited.href);
        assert.match(stdout, /^Grade: incomplete\nNo grade without column statistics of some tables/m);

        // the very step that it names closes the gap
        await client.query('BEGIN');
        await client.query(grant);
        await client.query('COMMIT');
        const after = await readReport('--url', limited.href);
        assert.ok(!after.gaps.some(({ section }) => section === 'column statistics of some tables'));
      });

      it('is incomplete without pg_stat_statements, and names the step', async () => {
        await client.query('CREATE DATABASE bare');
        const report = await readReport('--url', server.url('bare'));
        assert.equal(report.grade, 'incomplete');
        assert.equal(report.statements, null);
        const gap = report.gaps.find(({ section }) => section === 'statement statistics');
        assert.match(gap?.fix?.sql ?? '', /CREATE EXTENSION/);
        const slow = report.rules.find(({ ruleId }) => ruleId === 'slow-statement');
        assert.equal(slow?.status, 'skipped');
        assert.equal(report.targets.find(({ id }) => id === 'mean-statement-time')?.status, 'unknown');
        const { stdout } = await run('--url', server.url('bare'));
        assert.match(stdout, /^Statements\nIt could not be looked at; the reason is below\.$/m);
      });
    });
  }

  describe('with bad input', () => {
    it('refuses an unreadable ignore list before it connects', async () => {
      const nowhere = 'postgresql://nobody@127.0.0.1:1/none';
      const absent = await run('--url', nowhere, '--ignore', 'absent.json');
      assert.deepEqual([absent.code, absent.stdout], [2, '']);
      assert.match(absent.stderr, /list of ignored findings absent\.json can't be read/);
      const file = path.join(folder, '.pg-insight-ignore.json');
      const withoutReason = '{ "ignore": [{ "rule": "sequence-exhaustion" }] }';
      await writeFile(file, withoutReason);
      try {
        const broken = await run('--url', nowhere, '--output', 'never.txt');
        assert.equal(broken.code, 2);
        assert.match(broken.stderr, /\.pg-insight-ignore\.json can't be read[\s\S]*reason[\s\S]*--ignore FILE/);
        assert.equal(await readFile(file, 'utf8'), withoutReason, 'the file is left as it was');
        await assert.rejects(readFile(path.join(folder, 'never.txt')));
      } finally {
        await rm(file);
      }
      const severity = await run('--url', nowhere, '--fail-on', 'worst');
      assert.equal(severity.code, 2);
      assert.match(severity.stderr, /--fail-on is "worst", which is none of critical, high, medium, low, info/);
      assert.equal((await run('--url', nowhere, '--format', 'yaml')).code, 2);
      assert.equal((await run('--url', nowhere)).code, 3);
    });

    it('ends with an error, and writes no half report, when the server goes away in the middle', async () => {
      const server = await startPostgres({ major: 18 });
      const blocker = new Client({ connectionString: server.url() });
      const watcher = new Client({ connectionString: server.url() });
      for (const client of [blocker, watcher]) {
        // they are ended with the server
        client.on('error', () => undefined);
        await client.connect();
      }
      try {
        await blocker.query('CREATE SEQUENCE public.counter');
        // who reads the sequence waits, so that the report is certainly in the middle
        await blocker.query('BEGIN; DROP SEQUENCE public.counter');
        const file = path.join(folder, 'half.json');
        const child = start(['--url', server.url(), '--format', 'json', '--output', file]);
        const result = finish(child);
        const waiting = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'PG Insight' AND wait_event_type = 'Lock'`;
        for (;;) {
          const { rows } = await watcher.query<{ count: number }>(waiting);
          if ((rows[0]?.count ?? 0) > 0) break;
          assert.equal(child.exitCode, null, 'the report waits for the lock');
          await delay(50);
        }
        await server.stop();
        const { code, stdout, stderr } = await result;
        assert.ok(code === 3 || code === 4, `${code}: ${stderr}`);
        assert.equal(stdout, '');
        assert.match(stderr, /Error: /);
        assert.doesNotMatch(stderr, /fault of PG Insight/);
        await assert.rejects(readFile(file), /ENOENT/);
      } finally {
        await Promise.allSettled([blocker.end(), watcher.end()]);
        await server.stop();
      }
    });
  });
});
