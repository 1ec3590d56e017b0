// The missing indexes of `pg-insight report`, as users run it: each is made, and the planner is asked on the server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { reportSchema, type ReportMissingIndexes } from '../../src/analysis/report';

const statement = 'SELECT * FROM parcels WHERE code =';

async function planCost(client: Client, sql: string): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
    `EXPLAIN (FORMAT JSON) ${sql}`,
  );
  return rows[0]!['QUERY PLAN'][0].Plan['Total Cost'];
}

describe('missing indexes of pg-insight report', function () {
  this.timeout(120_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-report-'));
    await buildProduct(path.join(folder, 'dist'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function run(...args: readonly string[]) {
    const binaries = path.join(await providePostgres(18), 'bin');
    const sandbox = args.includes('--no-advice') ? [] : ['--postgres', binaries];
    const child = spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), 'report', ...sandbox, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function readMissing(...args: readonly string[]): Promise<ReportMissingIndexes | null> {
    return reportSchema.parse(JSON.parse(await run('--format', 'json', ...args))).missingIndexes;
  }

  /** Of one index, with what earlier sessions counted: up to 14 that comes some time after a session's end. */
  async function countScans(server: PostgresServer, index: string, least: number): Promise<number> {
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    try {
      for (;;) {
        const { rows } = await client.query<{ scans: number }>(
          'SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE indexrelname = $1',
          [index],
        );
        const scans = rows[0]!.scans;
        if (scans >= least) return scans;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      await client.end();
    }
  }

  for (const major of [13, 18] as const) {
    describe(`on PostgreSQL ${major}`, () => {
      let server: PostgresServer;
      let client: Client;

      before(async () => {
        server = await startPostgres({ major, settings: { shared_preload_libraries: 'pg_stat_statements' } });
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await client.query(`
          CREATE EXTENSION pg_stat_statements;
          CREATE TABLE parcels (id int PRIMARY KEY, code text, note text);
          CREATE FUNCTION secret(a int) RETURNS int STABLE LANGUAGE sql AS 'SELECT a';`);
        // an index has to pay for the writes, too; up to 14 the counters come some time after their transaction
        await client.query(
          `INSERT INTO parcels SELECT i, 'c' || i % 9000, repeat('x', 150) FROM generate_series(1, 60000) AS i`,
        );
        const countWrites = async () => {
          const { rows } = await client.query<{ count: number }>(
            `SELECT n_tup_ins::int AS count FROM pg_stat_user_tables WHERE relname = 'parcels'`,
          );
          return rows[0]?.count;
        };
        while ((await countWrites()) !== 60_000) await new Promise((resolve) => setTimeout(resolve, 100));
        await client.query('VACUUM ANALYZE parcels');
        await client.query('SELECT pg_stat_reset()');
        while ((await countWrites()) !== 0) await new Promise((resolve) => setTimeout(resolve, 100));
        await client.query('SELECT pg_stat_statements_reset()');
        for (const code of ['c1', 'c2', 'c3']) await client.query(`${statement} '${code}'`);
        await client.query('SELECT secret(id) FROM parcels WHERE id = 7');
        // kept as jsonb_build_object($1, note): a type that nobody can tell any more
        await client.query("SELECT jsonb_build_object('note', note) FROM parcels WHERE id = 7");
      });
      after(async () => {
        await client.end();
        await server.stop();
      });

      it('names the index that helps, with costs that the server has with it too, and what was not assessed', async () => {
        const missing = await readMissing('--url', server.url());
        assert.ok(missing?.status === 'looked', JSON.stringify(missing));
        assert.equal(missing.engine, 'sandbox');
        const found = missing.findings.find(({ fix }) => fix?.sql.includes('(code)'));
        assert.ok(found, JSON.stringify(missing));
        assert.match(found.message, /^An index on parcels \(code\) is missing for 1 statement: planned cost .* → /);
        const figure = (label: string) => found.evidence.find((each) => each.label === label);
        assert.equal(figure('cost before')?.grade, 'planned');
        const calls = 3;
        const sql = `${statement} 'c4'`;
        assert.ok(Math.abs(Number(figure('cost before')?.value) / calls / (await planCost(client, sql)) - 1) < 0.02);
        await client.query(found.fix!.sql);
        await client.query('ANALYZE parcels');
        const after = Number(figure('cost after')?.value) / calls;
        assert.ok(Math.abs(after / (await planCost(client, sql)) - 1) < 0.1, String(after));
        const { rows } = await client.query<{ size: string }>(`SELECT pg_relation_size('parcels_code_idx') AS size`);
        assert.ok(Math.abs(Number(figure('size')?.value) / Number(rows[0]!.size) - 1) < 0.35);
        assert.ok(
          missing.notAssessed.some(({ sql, reason }) => sql.includes('secret') && reason.includes('needs your word')),
        );

        const untyped = missing.notAssessed.find(({ sql }) => sql.includes('jsonb_build_object'));
        assert.match(
          untyped?.reason ?? '',
          /^could not determine .* without its constants; PostgreSQL can't plan it so\.$/,
        );

        const again = await readMissing('--url', server.url());
        assert.ok(again?.status === 'looked');
        assert.ok(!again.findings.some(({ fix }) => fix?.sql.includes('(code)')), 'it is there now');
        await client.query(found.fix!.undoSql!);
      });

      it('leaves no trace in the uses of indexes that the server counts', async () => {
        const count = (least: number) => countScans(server, 'parcels_pkey', least);
        /** One use, told to the server by the end of its session: whatever came before it is counted by then. */
        const use = async () => {
          const user = new Client({ connectionString: server.url() });
          await user.connect();
          await user.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
          await user.query('SELECT note FROM parcels WHERE id = 7');
          await user.end();
        };
        await use();
        // those of before() as well
        const before = await count(3);
        const missing = await readMissing('--url', server.url());
        assert.ok(missing?.status === 'looked' && missing.engine === 'sandbox', JSON.stringify(missing));
        await use();
        assert.equal(await count(before + 1), before + 1);
      });

      it('leaves out what is ignored, and looks for none with --no-advice', async () => {
        const shown = await run('--url', server.url());
        assert.match(shown, /Missing indexes/i);
        assert.match(shown, /Planned in a sandbox/);
        const ignore = path.join(folder, 'ignore.json');
        const entry = { rule: 'missing-index', object: 'public.parcels', reason: 'it is going away' };
        await writeFile(ignore, JSON.stringify({ ignore: [entry] }));
        const ignored = await readMissing('--url', server.url(), '--ignore', ignore);
        assert.ok(ignored?.status === 'looked');
        assert.deepEqual(ignored.findings, []);
        assert.equal(await readMissing('--url', server.url(), '--no-advice'), null);
      });
    });
  }

  it('says why it could not look', async () => {
    const server = await startPostgres({ major: 18 });
    try {
      const missing = await readMissing('--url', server.url());
      assert.equal(missing?.status, 'unavailable');
      assert.match(missing.message, /pg_stat_statements/);
    } finally {
      await server.stop();
    }
  });
});
