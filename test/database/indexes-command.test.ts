// pg-insight indexes as users run it, against real servers: compared with SQL run directly.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { buildProduct } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { ignoreFileName } from '../../src/analysis/ignore-list';
import { indexesJsonSchema, type IndexesJson } from '../../src/analysis/indexes/indexes-json';
import { fillShopDatabase, shopDefects, shopServerSettings } from '../factories/shop-database';

const majors = [13, 18] as const;
const [kept, duplicate] = shopDefects.duplicateIndexes;

describe('pg-insight indexes', function () {
  this.timeout(120_000);
  let folder: string;
  let cli: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-indexes-'));
    cli = path.join(folder, 'dist', 'cli.js');
    await buildProduct(path.join(folder, 'dist'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, () => {
      let server: PostgresServer;
      let client: Client;

      before(async () => {
        server = await startPostgres({ major, settings: shopServerSettings });
        const admin = new Client({ connectionString: server.url() });
        await admin.connect();
        await admin.query('CREATE DATABASE shop');
        await admin.end();
        await fillShopDatabase(server.url('shop'), { scale: 0.02 });
        client = new Client({ connectionString: server.url('shop') });
        await client.connect();
        // definitions name everything in full then
        await client.query("SET search_path = ''");
      });

      after(async () => {
        await client.end();
        await server.stop();
      });

      const run = async (...args: string[]) =>
        promisify(execFile)(process.execPath, [cli, 'indexes', '--url', server.url('shop'), ...args], {
          cwd: folder,
          env: { PATH: process.env['PATH'], HOME: folder },
          maxBuffer: 64 * 1024 * 1024,
        });
      const runJson = async (...args: string[]): Promise<IndexesJson> =>
        indexesJsonSchema.parse(JSON.parse((await run('--format', 'json', ...args)).stdout));

      it('lists every index with its definition, and the scans and size of those without parts', async () => {
        const { rows } = await client.query<{ name: string; definition: string; size: string; scans: string }>(
          `SELECT n.nspname || '.' || c.relname AS name, replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') AS definition,
                  (c.relpages::bigint * current_setting('block_size')::int)::text AS size,
                  coalesce(pg_stat_get_numscans(c.oid), 0)::text AS scans
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`,
        );
        const { indexes, serverVersion, database } = await runJson();
        assert.ok(rows.length > 20);
        assert.equal(database, 'shop');
        assert.ok(serverVersion.startsWith(String(major)));
        const shown = new Map(indexes.map((index) => [`${index.schema}.${index.name}`, index]));
        assert.deepEqual([...shown.keys()].sort(), rows.map(({ name }) => name).sort());
        for (const { name, definition, size, scans } of rows) {
          const index = shown.get(name);
          assert.ok(index);
          assert.equal(index.definition, definition);
          if (index.isPartitioned) continue;
          assert.equal(index.estimatedSizeBytes, Number(size), name);
          assert.equal(index.scans, Number(scans), name);
          assert.equal(index.lastScan === null, index.scans === 0 || major < 16, name);
        }
      });

      it('says what was found about each, and which rule could not judge', async () => {
        const { indexes, rules } = await runJson();
        const rulesOf = (name: string) =>
          indexes.find((index) => index.name === name)?.findings.map(({ ruleId }) => ruleId);
        assert.deepEqual(rulesOf(duplicate), ['duplicate-index']);
        assert.deepEqual(rulesOf(kept), []);
        assert.deepEqual(rulesOf(shopDefects.invalidIndex), ['invalid-index']);
        assert.equal(rules.find(({ ruleId }) => ruleId === 'unused-index')?.status, 'skipped');
        const { stdout } = await run();
        assert.match(stdout, new RegExp(`^public\\.${duplicate} +orders .* duplicate$`, 'm'));
        assert.match(stdout, new RegExp(`^    DROP INDEX CONCURRENTLY public\\.${duplicate};$`, 'm'));
        assert.match(stdout, /^Not checked\n {2}Unused: Scans are counted for/m);
      });

      it('leaves out what the list of the folder ignores', async () => {
        const file = path.join(folder, ignoreFileName);
        const list = { ignore: [{ rule: 'duplicate-index', reason: 'known' }] };
        await writeFile(file, JSON.stringify(list));
        const { indexes } = await runJson('--filter', duplicate);
        await rm(file);
        assert.deepEqual(
          indexes.map(({ name, findings }) => [name, findings]),
          [[duplicate, []]],
        );
      });

      it('filters and limits, and says what it left out', async () => {
        const { rows } = await client.query<{ name: string }>(
          `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           WHERE i.indrelid = 'public.orders'::regclass ORDER BY c.relpages DESC LIMIT 1`,
        );
        const { stdout, stderr } = await run('--filter', 'public.orders', '--limit', '1', '--format', 'md');
        assert.match(
          stdout,
          new RegExp(`^\\| public\\.${rows[0]?.name.replaceAll('_', String.raw`\\_`)} \\| orders`, 'm'),
        );
        assert.match(stderr, /These are the 1 largest of \d+ indexes\./);
        const length = Number(/: (\d+) indexes, /.exec((await run()).stdout)?.[1]);
        assert.match(stdout, new RegExp(`: 1 of ${length} indexes, `));
        assert.match((await run('--limit', '2')).stdout, new RegExp(`^Database .*: 2 of ${length} indexes, `));
        const nothing = await run('--filter', 'nothing like this');
        assert.match(nothing.stdout, /None of \d+ indexes matches "nothing like this"\./);
      });
    });
  }
});
