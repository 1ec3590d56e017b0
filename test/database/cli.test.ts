// The bundled program as users run it: a process of its own, with its own environment, against real servers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { freePort } from '../../scripts/environment/free-port';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { doctorJsonSchema } from '../../src/analysis/doctor-output';
import { planJsonSchema } from '../../src/analysis/format/plan-json-schema';
import { savedTimeLabel } from '../../src/analysis/plan/plan-rule';
import { tablesJsonSchema } from '../../src/analysis/tables/tables-json';
import { openProfileStore } from '../../src/database/profile-store';
import { version } from '../../package.json';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';

/** Covers every boundary between versions. */
const majors = [13, 18] as const;

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('pg-insight', function () {
  this.timeout(120_000);
  let folder: string;
  let cli: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-cli-'));
    cli = path.join(folder, 'dist', 'cli.js');
    await buildProduct(path.join(folder, 'dist'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  /** Nothing of this machine's own settings reaches the program. */
  function start(args: readonly string[], environment: Record<string, string> = {}, program = cli) {
    return spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        PG_INSIGHT_CONFIG_HOME: path.join(folder, 'config'),
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  async function finish(child: ReturnType<typeof start>, input = ''): Promise<Run> {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // a program that fails before it reads closes the pipe
    child.stdin.on('error', () => undefined).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  const run = (args: readonly string[], options: { input?: string; environment?: Record<string, string> } = {}) =>
    finish(start(args, options.environment), options.input);

  async function fails(code: number, pattern: RegExp, args: readonly string[], input?: string): Promise<Run> {
    const result = await run(args, input === undefined ? {} : { input });
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, pattern);
    assert.equal(result.stdout, '', 'errors go to standard error');
    return result;
  }

  describe('without a server', () => {
    it('says its version and what it can do', async () => {
      assert.deepEqual(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
      const help = await run(['--help']);
      assert.equal(help.code, 0);
      for (const command of ['tables', 'explain', 'plan', 'doctor']) {
        assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
        const { code, stdout } = await run([command, '--help']);
        assert.equal(code, 0);
        assert.match(stdout, new RegExp(`^Usage: pg-insight ${command}`));
      }
    });

    it('answers wrong use with exit code 2 and the way out', async () => {
      await fails(2, /No command is given[\s\S]*Commands:/, []);
      await fails(2, /There is no command "tabels"/, ['tabels']);
      await fails(2, /There is no option --nope\.[\s\S]*See pg-insight tables --help/, ['tables', '--nope']);
      await fails(2, /There is no option -x\./, ['tables', '-x']);
      await fails(2, /There is no command "tabels"/, ['help', 'tabels']);
      await fails(2, /--format is "yaml", which is none of text, json, md/, ['tables', '--format', 'yaml']);
      await fails(2, /--limit is "0"/, ['tables', '--limit', '0']);
      await fails(2, /--limit is "-3", which is not a whole number from 1/, [
        'advise',
        '--statements',
        '--limit',
        '-3',
      ]);
      await fails(2, /--timeout is "2147484", .* to 2,147,483\./, ['explain', '--timeout', '2147484']);
      await fails(2, /--url needs a value, and is followed by --quiet\.\n.*--url=--quiet/, [
        'doctor',
        '--url',
        '--quiet',
      ]);
      await fails(2, /"x" is unexpected/, ['tables', 'x']);
      await fails(2, /takes one value/, ['tables', '--url', 'a', '--url', 'b']);
      await fails(2, /exclude each other/, ['tables', '--url', 'postgresql://x', '--profile', 'y']);
      await fails(2, /There is no profile "y" in .*connections\.json; none is saved there yet/, [
        'tables',
        '--profile',
        'y',
      ]);
      await fails(2, /does not begin with postgresql:\/\//, ['tables', '--url', 'mysql://x']);
      await fails(2, /Give --sql or --file/, ['explain']);
      await fails(2, /\$1, :name|without a value: id/, ['explain', '--sql', 'select :id']);
      await fails(2, /--generic and --analyze exclude/, ['explain', '--sql', 'select $1', '--generic', '--analyze']);
      await fails(2, /--param 2: the statement has only the parameters \$1/, [
        'explain',
        '--sql',
        'select $1',
        '--param',
        '1',
        '--param',
        '2',
      ]);
      const unread = await fails(2, /nowhere\.sql can't be read/, ['explain', '--file', 'nowhere.sql']);
      assert.doesNotMatch(unread.stderr, /ENOENT/);
      await fails(2, /--output is empty/, ['tables', '--output', '']);
      await fails(2, /There is no statement in --sql/, ['explain', '--sql', ' -- nothing']);
      await fails(2, /There are 2 statements[\s\S]*--statement N[\s\S]*2 {2}line 2: select 2/, [
        'explain',
        '--sql',
        'select 1;\nselect 2',
      ]);
      await fails(2, /nowhere\.json can't be read/, ['plan', 'nowhere.json']);
      await fails(2, /Which plan\?/, ['plan']);
    });

    it('says where a file is no plan', async () => {
      await fails(4, /standard input:1:1: .*no plan/i, ['plan', '-'], '');
      await fails(4, /standard input:2:\d+: .*JSON/, ['plan', '-'], '[\n{"Plan": oops}]');
    });

    it('says that nobody listens', async () => {
      const port = await freePort();
      const { stderr } = await fails(3, new RegExp(`127\\.0\\.0\\.1:${port}`), [
        'doctor',
        '--url',
        `postgresql://someone:secret-word@127.0.0.1:${port}/shop`,
      ]);
      assert.doesNotMatch(stderr, /secret-word/);
    });
  });

  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, () => {
      let server: PostgresServer;
      let client: Client;
      let url: string;

      before(async () => {
        server = await startPostgres({ major, settings: { ...shopServerSettings } });
        await fillShopDatabase(server.url(), { scale: 0.02, passwords: { app: 'app', readonly: 'readonly' } });
        client = new Client({ connectionString: server.url() });
        await client.connect();
        url = server.url();
      });

      after(async () => {
        await client.end();
        await server.stop();
      });

      const value = async (sql: string): Promise<string> => {
        const { rows } = await client.query<{ value: unknown }>(`SELECT (${sql}) AS value`);
        return String(rows[0]?.value);
      };

      it("lists tables with the server's figures", async () => {
        const { code, stdout, stderr } = await run(['tables', '--url', url, '--format', 'json']);
        assert.equal(code, 0, stderr);
        const list = tablesJsonSchema.parse(JSON.parse(stdout));
        assert.equal(list.server, `127.0.0.1:${server.port}`);
        assert.equal(list.database, 'postgres');
        const orders = list.tables.find(({ name }) => name === 'orders');
        assert.equal(
          String(orders?.estimatedSizeBytes),
          await value(`SELECT relpages::bigint * 8192 FROM pg_class WHERE oid = 'public.orders'::regclass`),
        );
        assert.equal(
          String(orders?.estimatedRows),
          await value(`SELECT reltuples::bigint FROM pg_class WHERE oid = 'public.orders'::regclass`),
        );
        const partition = list.tables.find(({ name }) => name === 'events_2025_09');
        assert.deepEqual(partition?.parent, { schema: 'public', name: 'events' });
        assert.equal(
          String(list.tables.length),
          await value(
            `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
             WHERE relkind IN ('r', 'p', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'`,
          ),
        );

        const text = await run(['tables', '--url', url, '--filter', 'events_2025_0']);
        assert.equal(text.code, 0);
        assert.match(text.stdout, /^ {2}events +partitioned table[^\n]*\n {4}events_2025_07 /m);
        assert.doesNotMatch(text.stdout, /orders/);
        assert.ok(!text.stdout.includes('\u001b'), 'no colours in a pipe');
        const largest = await run(['tables', '--url', url, '--limit', '1', '--format', 'md']);
        assert.match(largest.stdout, /\| events \| partitioned table \||\| order\\_items \|/);
        const wholes = (schema: string) =>
          value(
            `SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND NOT relispartition
             AND relnamespace::regnamespace::text ~ '^(${schema})$'`,
          );
        const ofPublic = await wholes('public');
        assert.match(
          largest.stdout,
          new RegExp(`^## Schema public: 1 of its ${ofPublic} tables listed, together `, 'm'),
        );
        const ofAll = await wholes('public|reporting');
        assert.match(largest.stderr, new RegExp(`^Listed: the 1 largest of ${ofAll} tables in 2 schemas\\.$`, 'm'));
      });

      it('writes a file whole or not at all', async () => {
        const file = path.join(folder, `tables-${major}.json`);
        await writeFile(file, 'old');
        const { code, stdout, stderr } = await run(['tables', '--url', url, '--format', 'json', '--output', file]);
        assert.equal(code, 0);
        assert.equal(stdout, '');
        assert.match(stderr, /^Written to /);
        tablesJsonSchema.parse(JSON.parse(await readFile(file, 'utf8')));
        assert.deepEqual(
          (await readdir(folder)).filter((name) => name.includes('partial')),
          [],
        );
        const quiet = await run(['tables', '--url', url, '--quiet', '--output', file]);
        assert.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
        for (const [output, reason] of [
          ['no-folder/x.json', 'there is no such file or folder'],
          ['dist', 'it is a folder'],
        ] as const) {
          const failure = await fails(2, /./, ['tables', '--url', url, '--quiet', '--output', output]);
          assert.equal(
            failure.stderr,
            `Error: The file ${output} can't be written: ${reason}.\n` +
              'Give --output a file in a folder that exists and that you may write to.\n',
          );
        }
      });

      it('reads PG* variables, .pgpass and saved profiles', async () => {
        const environment = {
          PGHOST: '127.0.0.1',
          PGPORT: String(server.port),
          PGUSER: 'postgres',
          PGDATABASE: 'postgres',
        };
        const withPassword = await run(['tables', '--filter', 'orders'], {
          environment: { ...environment, PGPASSWORD: server.password },
        });
        assert.equal(withPassword.code, 0, withPassword.stderr);
        const passwordFile = path.join(folder, `pgpass-${major}`);
        await writeFile(passwordFile, `127.0.0.1:${server.port}:*:postgres:${server.password}\n`, { mode: 0o600 });
        const withFile = await run(['tables'], { environment: { ...environment, PGPASSFILE: passwordFile } });
        assert.equal(withFile.code, 0, withFile.stderr);

        const configuration = path.join(folder, `config-${major}`);
        await openProfileStore(configuration).save({
          ...{ id: 'a', name: 'My Shop 🐘', environment: 'production', host: '127.0.0.1', port: server.port },
          ...{ database: 'postgres', user: 'postgres', service: null, sslMode: null, sslRootCert: null, sslCert: null },
          ...{ sslKey: null, searchPath: null, passwordCommand: null },
        });
        const saved = { PGPASSWORD: server.password, PG_INSIGHT_CONFIG_HOME: configuration };
        const profile = ['--profile', 'my shop 🐘'];
        assert.equal((await run(['tables', ...profile], { environment: saved })).code, 0);
        // the environment of the profile counts: production asks before every ANALYZE
        const analyzed = await run(['explain', ...profile, '--sql', 'select 1', '--analyze'], { environment: saved });
        assert.equal(analyzed.code, 2);
        assert.match(analyzed.stderr, /environment production/);
        const unknown = await run(['tables', '--profile', 'x'], { environment: saved });
        assert.equal(unknown.code, 2);
        assert.match(unknown.stderr, /it has "My Shop 🐘"/);
      });

      it('says how to connect when nothing was said', async () => {
        // whatever listens on the usual port of this machine does not take this connection
        const environment = { PGCHANNELBINDING: 'require' };
        const plain = await run(['tables'], { environment });
        assert.equal(plain.code, 3, plain.stderr);
        assert.match(plain.stderr, /^Error: No connection was given, so the server of this machine was tried\. /m);
        for (const word of ['--url', '--profile', 'PGHOST']) assert.ok(plain.stderr.includes(word), plain.stderr);
        assert.doesNotMatch(plain.stderr, /DATABASE_URL/);
        const secret = `postgresql://postgres:${server.password}@127.0.0.1:${server.port}/postgres`;
        const withUrl = await run(['tables'], { environment: { ...environment, DATABASE_URL: secret } });
        assert.equal(withUrl.code, 3, withUrl.stderr);
        assert.match(withUrl.stderr, /DATABASE_URL is set but not read by itself: give --url "\$DATABASE_URL"/);
        assert.ok(!withUrl.stderr.includes(server.password));
        const given = await run(['tables', '--url', 'postgresql://127.0.0.1:1/postgres']);
        assert.doesNotMatch(given.stderr, /No connection was given/);
      });

      it('puts failures of connecting into words, never with a password', async () => {
        const wrong = `postgresql://postgres:wrong-word@127.0.0.1:${server.port}/postgres`;
        const { stderr } = await fails(3, /password/i, ['tables', '--url', wrong]);
        assert.doesNotMatch(stderr, /wrong-word/);
        await fails(3, /nowhere/, ['doctor', '--url', server.url('nowhere')]);
      });

      it('plans a statement', async () => {
        const sql = 'SELECT * FROM orders WHERE customer_id = :customer AND status = ?::order_status';
        const planned = await run([
          ...['explain', '--url', url, '--format', 'json', '--sql', sql],
          ...['--param', 'customer=5', '--param', 'paid'],
        ]);
        assert.equal(planned.code, 0, planned.stderr);
        const plan = planJsonSchema.parse(JSON.parse(planned.stdout));
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, unknown> }] }>(
          `EXPLAIN (FORMAT JSON) SELECT * FROM orders WHERE customer_id = 5 AND status = 'paid'`,
        );
        const expected = rows[0]!['QUERY PLAN'][0].Plan;
        assert.equal(plan.nodes[0]?.type, expected['Node Type']);
        assert.equal(plan.nodes[0]?.totalCost, expected['Total Cost']);
        assert.equal(plan.nodes[0]?.plannedRows, expected['Plan Rows']);
        assert.equal(plan.executionMs, null);

        const generic = await run(['explain', '--url', url, '--generic', '--sql', sql]);
        assert.equal(generic.code, 0, generic.stderr);
        assert.match(generic.stdout, /\$1/);
        const isNull = await run([
          'explain',
          '--url',
          url,
          '--sql',
          'select $1::int is null',
          '--null',
          '1',
          '--analyze',
        ]);
        assert.equal(isNull.code, 0, isNull.stderr);
      });

      it('names the parameter with a wrong value as it is written', async () => {
        const named = await fails(4, /./, [
          ...['explain', '--url', url, '--sql', 'SELECT * FROM orders WHERE id = :m', '--param', 'm=xx'],
        ]);
        assert.equal(named.stderr, "Error: m: 'xx' is not a valid bigint.\nCorrect the value of :m.\n");
        await fails(4, /^Error: \?2: 'yy' is not a valid bigint\.\nCorrect the value of \?2\.\n$/, [
          ...[
            'explain',
            '--url',
            url,
            '--sql',
            'SELECT * FROM orders WHERE id IN (?, ?)',
            '--param',
            '1',
            '--param',
            'yy',
          ],
        ]);
      });

      it('runs a harmless statement without asking, and measures it', async () => {
        const { code, stdout, stderr } = await run(
          ['explain', '--url', url, '--file', '-', '--statement', '2', '--analyze', '--format', 'json'],
          { input: "SELECT 1;\r\nSELECT id FROM orders WHERE note <> '🐘';\r\n" },
        );
        assert.equal(code, 0, stderr);
        const plan = planJsonSchema.parse(JSON.parse(stdout));
        assert.equal(String(plan.nodes[0]?.actualRows), await value(`SELECT count(*) FROM orders WHERE note <> '🐘'`));
        assert.ok((plan.executionMs ?? 0) > 0);

        const saved = path.join(folder, `plan-${major}.json`);
        const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(
          'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT count(*) FROM orders',
        );
        await writeFile(saved, JSON.stringify(rows[0]!['QUERY PLAN']));
        const fromFile = await run(['plan', saved]);
        assert.equal(fromFile.code, 0, fromFile.stderr);
        assert.match(fromFile.stdout, /Seq Scan on orders|Index Only Scan/);
        const fromInput = await run(['plan', '-', '--format', 'json'], { input: await readFile(saved, 'utf8') });
        planJsonSchema.parse(JSON.parse(fromInput.stdout));
      });

      it('prints what stands out in a plan, of a statement and of a file', async () => {
        const sql = 'WITH c AS MATERIALIZED (SELECT i FROM generate_series(1, 200000) i) SELECT * FROM c WHERE i = 5';
        const said = /The CTE c made 200,000 rows .* discarded .*99\.9% of them\./;
        const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(
          `EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) ${sql}`,
        );
        const saved = path.join(folder, `insight-${major}.json`);
        await writeFile(saved, JSON.stringify(rows[0]!['QUERY PLAN']));
        for (const command of [
          ['explain', '--url', url, '--analyze', '--sql', sql],
          ['plan', saved],
        ]) {
          for (const format of ['text', 'md', 'json']) {
            const { code, stdout, stderr } = await run([...command, '--format', format]);
            assert.equal(code, 0, stderr);
            if (format === 'json') {
              const { findings } = planJsonSchema.parse(JSON.parse(stdout));
              const saving = findings.map(({ evidence }) =>
                Number(evidence.find(({ label }) => label === savedTimeLabel)?.value),
              );
              assert.ok(findings.some(({ ruleId, message }) => ruleId === 'cte-fence' && said.test(message)));
              assert.deepEqual(
                saving,
                saving.toSorted((a, b) => b - a),
                'ranked by the time at stake',
              );
            } else {
              assert.match(stdout, said);
              assert.match(stdout, /AS NOT MATERIALIZED/);
            }
          }
        }
      });

      it('writes only with --yes, and never keeps it', async () => {
        const sql = `UPDATE customers SET name = 'changed by the test'`;
        const count = () => value(`SELECT count(*) FROM customers WHERE name = 'changed by the test'`);
        const refused = await fails(
          2,
          /needs your word first[\s\S]*database postgres, environment development[\s\S]*--yes/,
          [...['explain', '--url', url, '--sql', sql, '--analyze']],
        );
        assert.match(refused.stderr, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
        const agreed = await run(['explain', '--url', url, '--sql', sql, '--analyze', '--yes']);
        assert.equal(agreed.code, 0, agreed.stderr);
        assert.match(agreed.stdout, /Update on public\.customers/);
        assert.match(agreed.stderr, /rolled back/);
        assert.equal(await count(), '0');
        await fails(2, /environment production/, [
          ...['explain', '--url', url, '--environment', 'production', '--sql', 'SELECT 1', '--analyze'],
        ]);
        const utility = await fails(4, /plans of SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES/, [
          ...['explain', '--url', url, '--sql', 'VACUUM customers', '--analyze', '--yes'],
        ]);
        assert.doesNotMatch(utility.stderr, /--analyze/);
      });

      it('asks on a terminal', async () => {
        // util-linux's script gives the program a terminal
        const command = [process.execPath, cli, 'explain', '--url', url, '--analyze', '--sql', 'select pg_sleep(0)'];
        const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
        for (const [answer, code] of [
          ['y', 0],
          ['n', 2],
        ] as const) {
          const child = spawn('script', ['-qec', quoted, '/dev/null'], {
            env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm' },
            stdio: ['pipe', 'pipe', 'pipe'],
          });
          let output = '';
          child.stdout.setEncoding('utf8').on('data', (text: string) => {
            output += text;
            if (output.includes('[y/N]') && child.stdin.writable) child.stdin.end(`${answer}\n`);
          });
          const [ended] = (await once(child, 'close')) as [number | null];
          assert.equal(ended, code, output);
          assert.match(output, /environment development/);
          assert.equal(output.includes('Execution'), code === 0, output);
        }
      });

      it('shows where a statement is wrong', async () => {
        const file = path.join(folder, `wrong-${major}.sql`);
        await writeFile(file, `SELECT 1;\r\n\r\nSELECT '🐘🐘',\r\n\t no_such_column\r\n  FROM orders;\r\n`);
        const missing = await fails(4, /wrong-\d+\.sql:4:3: .*no_such_column/, [
          ...['explain', '--url', url, '--file', file, '--statement', '2'],
        ]);
        assert.match(missing.stderr, /\n {2}\t no_such_column\n {2}\t \^\n/);
        await fails(4, /--sql:1:10: .*syntax error/, ['explain', '--url', url, '--sql', 'SELECT * FROMM orders']);
      });

      it('gives up after --timeout', async () => {
        await fails(4, /1 s|time/i, [
          ...['explain', '--url', url, '--sql', 'SELECT pg_sleep(30)', '--analyze', '--yes', '--timeout', '1'],
        ]);
      });

      for (const [name, signal, expected] of [
        ['Ctrl+C', 'SIGINT', 130],
        ['SIGTERM', 'SIGTERM', 143],
      ] as const) {
        it(`cancels the statement on the server at ${name}`, async () => {
          const child = start(['explain', '--url', url, '--sql', 'SELECT pg_sleep(60)', '--analyze', '--yes']);
          const ended = finish(child);
          const running = () =>
            value(
              `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'EXPLAIN%pg_sleep(60)%'`,
            );
          while ((await running()) === '0') await delay(50);
          child.kill(signal);
          const { code, stdout } = await ended;
          assert.equal(code, expected);
          assert.equal(stdout, '');
          assert.equal(await running(), '0');
        });
      }

      it('has failed when somebody else cancels the statement on the server', async () => {
        const ended = finish(start(['explain', '--url', url, '--sql', 'SELECT pg_sleep(62)', '--analyze', '--yes']));
        const cancel = `SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                        WHERE state = 'active' AND query LIKE 'EXPLAIN%pg_sleep(62)%'`;
        while ((await value(cancel)) === '0') await delay(50);
        const { code, stderr } = await ended;
        assert.equal(code, 4);
        assert.match(stderr, /was cancelled on the server/);
      });

      it('says to run it again when the connection is lost', async () => {
        const ended = finish(start(['explain', '--url', url, '--sql', 'SELECT pg_sleep(61)', '--analyze', '--yes']));
        const terminate = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                           WHERE state = 'active' AND query LIKE 'EXPLAIN%pg_sleep(61)%'`;
        while ((await value(terminate)) === '0') await delay(50);
        const { code, stderr } = await ended;
        assert.equal(code, 3);
        assert.match(stderr, /was lost: .*\nRun the command again when the server is back\.\n$/);
      });

      it('ends quietly when its reader stops', async () => {
        const child = start(['tables', '--url', url]);
        child.stdout.destroy();
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        child.stdin.end();
        const [code] = (await once(child, 'close')) as [number | null];
        assert.equal(code, 0);
        assert.equal(stderr, '');
      });

      it('tells what is lacking', async () => {
        const role = `postgresql://shop_readonly:readonly@127.0.0.1:${server.port}/postgres`;
        const { code, stdout, stderr } = await run(['doctor', '--url', role, '--format', 'json']);
        assert.equal(code, 0, stderr);
        const report = doctorJsonSchema.parse(JSON.parse(stdout));
        assert.equal(report.role, 'shop_readonly');
        const select = report.checks.find(({ id }) => id === 'role-select');
        assert.equal(select?.status, 'not-permitted');
        assert.equal(report.checks.find(({ id }) => id === 'sql-parser')?.status, 'fine');
        const text = await run(['doctor', '--url', role]);
        assert.match(
          text.stdout,
          /^not permitted {2}Role "shop_readonly" may not read 1 table and \d+ sequences of schema "public"/m,
        );
        assert.ok(text.stdout.includes(select.remedy?.sql.split('\n')[0] ?? 'a remedy'));
        const markdown = await run(['doctor', '--url', role, '--format', 'md']);
        assert.match(markdown.stdout, /```sql\n/);
      });

      it('leaves no connection behind', async () => {
        // a backend notices the end of its client a moment later
        for (let left = 40; left > 0; left--) {
          if ((await value(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'PG Insight'`)) === '0')
            return;
          await delay(50);
        }
        assert.fail(
          await value(`SELECT string_agg(query, '; ') FROM pg_stat_activity WHERE application_name = 'PG Insight'`),
        );
      });
    });
  }

  describe('without libpg-query.wasm', () => {
    let server: PostgresServer;
    let rough: string;

    before(async () => {
      rough = path.join(folder, 'rough');
      await cp(path.join(folder, 'dist'), rough, { recursive: true });
      await rm(path.join(rough, 'libpg-query.wasm'));
      server = await startPostgres({ major: 18 });
    });

    after(() => server.stop());

    const explain = (sql: string, ...options: string[]) =>
      finish(start(['explain', '--url', server.url(), '--sql', sql, ...options], {}, path.join(rough, 'cli.js')));

    it('asks about every statement, names its tables where it can, and lets the server judge', async () => {
      const asked = await explain('SELECT * FROM pg_class c JOIN pg_catalog.pg_index i ON true');
      assert.equal(asked.code, 2, asked.stderr);
      assert.match(asked.stderr, /can't tell what the statement does; it names pg_class, pg_catalog\.pg_index\./);
      assert.doesNotMatch(asked.stderr, /Aborted|ASSERTIONS/);
      for (const sql of [
        "SELECT relname FROM pg_class WHERE relpages = '1'::int ORDER BY oid FOR UPDATE",
        'SELECT relkind, relname FROM pg_class GROUP BY GROUPING SETS ((relkind), (relname), ())',
      ]) {
        const agreed = await explain(sql, '--yes');
        assert.equal(agreed.code, 0, agreed.stderr);
        assert.match(agreed.stdout, /pg_class/);
      }
      const wrong = await explain('SELECT relname FORM pg_class', '--yes');
      assert.match(wrong.stderr, /:1:21: syntax error at or near "pg_class" \(database "postgres" on /);
    });

    it('says that a statement ran in a transaction that was rolled back', async () => {
      const { code, stderr } = await explain('SELECT 1', '--analyze', '--yes');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^The statement ran in a transaction that was rolled back\.$/m);
    });

    it('tells doctor why, in one sentence and nothing on standard error', async () => {
      const { code, stdout, stderr } = await finish(
        start(['doctor', '--url', server.url(), '--format', 'json'], {}, path.join(rough, 'cli.js')),
      );
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      const check = doctorJsonSchema.parse(JSON.parse(stdout)).checks.find(({ id }) => id === 'sql-parser');
      assert.match(check?.message ?? '', /before it plans or runs any: ENOENT: [^.]*'[^']*libpg-query\.wasm'\.$/);
    });
  });

  it('is built as one file with its parts beside it', () => {
    for (const file of ['cli.js', 'libpg-query.wasm', 'node-sql-parser.js']) {
      assert.ok(existsSync(path.join(folder, 'dist', file)), file);
    }
  });
});
