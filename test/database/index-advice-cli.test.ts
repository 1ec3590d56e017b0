// `pg-insight advise` as users run it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { adviceJsonSchema } from '../../src/analysis/index-advice/text/advice-json';

describe('pg-insight advise', function () {
  this.timeout(120_000);
  let folder: string;
  let server: PostgresServer;
  let client: pg.Client;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-advise-'));
    await buildProduct(path.join(folder, 'dist'));
    server = await startPostgres({ major: 18, settings: { shared_preload_libraries: 'pg_stat_statements' } });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(`
      CREATE TABLE parcels (id int PRIMARY KEY, code text, sent timestamptz, note text);
      INSERT INTO parcels SELECT i, 'c' || i % 9000, '2026-01-01'::timestamptz + i % 7919 * interval '1 minute', repeat('x', 150)
      FROM generate_series(1, 60000) AS i;
      CREATE FUNCTION secret(a int) RETURNS int STABLE LANGUAGE sql AS 'SELECT a';`);
    await client.query('VACUUM ANALYZE parcels');
    await client.query('CREATE EXTENSION pg_stat_statements');
    await mkdir(path.join(folder, 'sql', 'deep'), { recursive: true });
    await writeFile(
      path.join(folder, 'sql', 'a.sql'),
      `-- two of one line\nSELECT * FROM parcels WHERE code = :code; SELECT 1;\n\nSELECT * FROM parcels WHERE code = 'c7' AND note <> ?;\n`,
    );
    await writeFile(
      path.join(folder, 'sql', 'deep', 'b.sql'),
      'SELECT id FROM parcels ORDER BY sent DESC LIMIT 5;\nSELEC 2;\n',
    );
  });
  after(async () => {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(args: readonly string[], input = '') {
    const child = spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), 'advise', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config') },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }
  const connected = (args: readonly string[], input?: string) => run(['--url', server.url(), ...args], input);
  /** What follows is about statements and output: every engine goes the same way. */
  const estimated = (args: readonly string[], input?: string) => connected(['--engine', 'statistics', ...args], input);

  it('advises on a folder, with one index where several statements want it', async () => {
    const { code, stdout, stderr } = await estimated(['--workload', 'sql', '--format', 'json']);
    assert.equal(code, 0, stderr);
    const advice = adviceJsonSchema.parse(JSON.parse(stdout));
    assert.equal(advice.engine, 'statistics');
    assert.deepEqual(
      advice.statements.map(({ id, unsupported }) => [id, unsupported !== undefined]),
      [
        ['sql/a.sql:2', false],
        ['sql/a.sql:2#2', false],
        ['sql/a.sql:4', false],
        ['sql/deep/b.sql:1', false],
        ['sql/deep/b.sql:2', true],
      ],
    );
    const byName = advice.recommendations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(
      byName.map(({ name, statements, evidence }) => [name, statements, evidence]),
      [
        ['parcels_code_idx', ['sql/a.sql:2', 'sql/a.sql:4'], 'estimated'],
        ['parcels_sent_idx', ['sql/deep/b.sql:1'], 'estimated'],
      ],
    );
    assert.ok(advice.whatIfCalls > 0);
    const again = await estimated(['--workload', 'sql', '--format', 'json']);
    assert.deepEqual(
      { ...adviceJsonSchema.parse(JSON.parse(again.stdout)), elapsedMs: 0 },
      { ...advice, elapsedMs: 0 },
      'the same input has the same answer',
    );
  });

  it('prints DDL that a server takes as it is', async () => {
    const { code, stdout, stderr } = await estimated([
      '--file',
      'sql/a.sql',
      '--file',
      'sql/deep/b.sql',
      '--format',
      'sql',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /sql\/deep\/b\.sql:2: PostgreSQL can't read this statement/);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assert.match(line, /^CREATE INDEX CONCURRENTLY .*;$/);
      await client.query(line);
    }
    const helped = await estimated(['--workload', 'sql', '--format', 'sql', '--quiet']);
    assert.deepEqual(helped, { code: 0, stdout: '', stderr: '' });
    await client.query('DROP INDEX parcels_code_idx, parcels_sent_idx');
  });

  it('says it in words and as Markdown', async () => {
    const sql = 'SELECT * FROM parcels WHERE code = $1';
    const text = await estimated(['--sql', sql]);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^1 index advised for 1 statement\.\n/);
    assert.match(text.stdout, /^CREATE INDEX CONCURRENTLY parcels_code_idx ON public\.parcels USING btree \(code\);$/m);
    assert.match(text.stdout, /% less\), about [\d.]+ (?:kB|MB); estimated from statistics/);
    assert.match(text.stdout, /To take it back: DROP INDEX CONCURRENTLY public\.parcels_code_idx;/);
    const markdown = await estimated(['--sql', sql, '--format', 'md']);
    assert.match(markdown.stdout, /^# Index advice\n[^]*```sql\nCREATE INDEX CONCURRENTLY parcels_code_idx/);
    const nothing = await estimated(['--file', '-'], 'SELECT 1');
    assert.match(nothing.stdout, /^No index advised for 1 statement\.\n[^]*standard input:1 /);
  });

  it('advises on what the server has run', async () => {
    await client.query('SELECT pg_stat_statements_reset()');
    for (let call = 0; call < 3; call++) await client.query('SELECT * FROM parcels WHERE code = $1', [`c${call}`]);
    await client.query('CREATE TABLE other (a int)');
    await client.query('PREPARE by_code (text) AS SELECT id FROM parcels WHERE code = $1');
    await client.query(`EXECUTE by_code('c1')`);
    await client.query('BEGIN');
    await client.query('DECLARE c CURSOR FOR SELECT * FROM parcels');
    await client.query('FETCH 5 FROM c');
    await client.query('COMMIT');
    await client.query('DO $$ BEGIN PERFORM count(*) FROM parcels; END $$');
    const { code, stdout, stderr } = await estimated(['--statements', '--format', 'json', '--limit', '50']);
    assert.equal(code, 0, stderr);
    const advice = adviceJsonSchema.parse(JSON.parse(stdout));
    const { rows } = await client.query<{ id: string }>(
      `SELECT queryid::text AS id FROM pg_stat_statements WHERE query = 'SELECT * FROM parcels WHERE code = $1'`,
    );
    const [recommendation] = advice.recommendations;
    const prepared = await client.query<{ id: string }>(
      `SELECT queryid::text AS id FROM pg_stat_statements WHERE query LIKE 'PREPARE by_code%'`,
    );
    assert.deepEqual(recommendation?.statements.toSorted(), [rows[0]?.id, prepared.rows[0]?.id].sort());
    const statement = advice.statements.find(({ id }) => id === rows[0]?.id);
    assert.equal(statement?.calls, 3);
    const second = advice.statements.find(({ id }) => id === prepared.rows[0]?.id);
    assert.equal(second?.sql, 'SELECT id FROM parcels WHERE code = $1');
    const sum = 3 * (statement.costBefore ?? 0) + (second.costBefore ?? 0);
    assert.ok(Math.abs(recommendation.costBefore - sum) < 1e-6);
    // every other statement is there with the reason why there is no advice on it
    const utilities = await client.query<{ id: string; word: string }>(
      `SELECT queryid::text AS id, upper(substring(query FROM '^\\w+')) AS word FROM pg_stat_statements
       WHERE query ~* '^(create|declare|fetch|commit|do)\\M'`,
    );
    assert.equal(utilities.rows.length, 5);
    for (const { id, word } of utilities.rows) {
      const { unsupported } = advice.statements.find((each) => each.id === id) ?? {};
      assert.match(unsupported ?? '', new RegExp(`^${word} is a utility command: EXPLAIN takes SELECT`));
    }
    const text = await estimated(['--statements']);
    assert.match(text.stdout, /^-?\d+ FETCH 5 FROM c +1 +– +– +FETCH is a utility command/m);
    assert.match(text.stderr, /\d+ statements of tools .* are not counted\./);
    await client.query(`CREATE ROLE stranger LOGIN PASSWORD 'p'`);
    const stranger = new URL(server.url());
    [stranger.username, stranger.password] = ['stranger', 'p'];
    const hidden = await run([
      '--url',
      stranger.href,
      '--engine',
      'statistics',
      '--statements',
      '--format',
      'json',
      '--limit',
      '1',
    ]);
    assert.equal(hidden.code, 4, hidden.stderr);
    assert.deepEqual(
      adviceJsonSchema.parse(JSON.parse(hidden.stdout)).statements.map(({ id, unsupported }) => [id, unsupported]),
      [['hidden', 'The text is hidden from this role. GRANT pg_read_all_stats TO "stranger";']],
    );
    const slow = await estimated(['--statements', '--min-mean-ms', '100000', '--format', 'json']);
    assert.deepEqual(adviceJsonSchema.parse(JSON.parse(slow.stdout)).statements, []);
  });

  it('answers wrong use with exit code 2, and 4 when nothing could be assessed', async () => {
    for (const [args, pattern] of [
      [[], /Which statements\? Give one of --sql, --file, --workload, --statements/],
      [['--sql', 'SELECT 1', '--statements'], /--sql and --statements exclude each other/],
      [['--sql', 'SELECT 1', '--limit', '5'], /--limit is for --statements/],
      [['--sql', 'SELECT 1', '--engine', 'magic'], /--engine is "magic", which is none of auto, sandbox, hypopg, stat/],
      [['--sql', 'SELECT 1', '--budget', '5'], /--budget is "5", which is not a size above 0 with a unit: 500MB/],
      [['--sql', 'SELECT 1', '--deadline', '0'], /--deadline is "0", which is not a number of seconds above 0/],
      [['--sql', 'SELECT 1', '--max-indexes', '0'], /--max-indexes is "0", which is not a whole number/],
      [
        ['--sql', 'SELECT 1', '--engine', 'statistics', '--budget', '1GB'],
        /--budget and --max-indexes need an engine that makes plans, and --engine is statistics/,
      ],
      [
        ['--sql', 'SELECT 1', '--engine', 'hypopg', '--postgres', '/'],
        /--postgres is for the sandbox, and --engine is hypopg/,
      ],
      [['--sql', ' -- nothing'], /no statement/],
      [
        ['--workload', 'nowhere'],
        /The folder nowhere can't be read: there is no such file or folder\.\nGive --workload/,
      ],
      [['--workload', 'sql/a.sql'], /The folder sql\/a\.sql can't be read: it is no folder\./],
      [['--sql', 'SELECT 1', '--format', 'html'], /none of text, json, md, sql/],
    ] as const) {
      const { code, stdout, stderr } = await connected(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, pattern);
      assert.equal(stdout, '');
    }
    const broken = await estimated(['--sql', 'SELEC 1']);
    assert.equal(broken.code, 4);
    assert.match(broken.stdout, /could not be assessed[^]*can't read this statement/);
    const asks = await estimated(['--sql', 'SELECT * FROM parcels WHERE id = secret(5)']);
    assert.equal(asks.code, 4);
    assert.match(asks.stdout, /Not assessed: it needs your word/);
  });
});
