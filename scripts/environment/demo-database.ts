// The demo's PostgreSQL: the shop filled, its workload run. The first start makes it and keeps the stopped cluster in the
// cache; later starts copy that, statistics and pg_stat_statements included.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { fillShopDatabase, shopServerSettings } from '../../test/factories/shop-database';
import { runShopWorkload } from '../../test/factories/shop-workload';
import { root } from './bundles';
import { cached, run } from './cache';
import { cacheFolder } from './cache-folder';
import { postgresVersions } from './postgres-binaries';
import { startPostgres, type PostgresServer } from './postgres-server';
import type { ProgressTask } from './progress';

const major = 18;
const database = 'shop';
const outdatedAfterMs = 24 * 3_600_000;

const settings = {
  ...shopServerSettings,
  shared_preload_libraries: 'pg_stat_statements,auto_explain',
  'auto_explain.log_min_duration': '500ms',
  'auto_explain.log_analyze': 'on',
  track_io_timing: 'on',
  // old WAL is deleted, not kept for reuse: it would be half of what every start copies
  wal_recycle: 'off',
};

/** Everything that decides what is in the database. */
const sources = [
  'test/factories/shop-database',
  'test/factories/shop-database.ts',
  'test/factories/shop-workload.ts',
  'test/factories/demo-statements.ts',
  'test/fixtures/demo-workspace',
  'scripts/environment/demo-database.ts',
];

async function hashSources(scale: number): Promise<string> {
  const hash = createHash('sha256').update(`${postgresVersions[major]} ${scale}`);
  for (const source of sources) {
    const start = path.join(root, source);
    const names = source.endsWith('.ts') ? [''] : await readdir(start, { recursive: true });
    for (const name of names.sort()) {
      const text = await readFile(path.join(start, name)).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return null;
        throw error;
      });
      if (text !== null) hash.update(name).update(text);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'pg-insight demo' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function makeCluster(target: string, scale: number, task: ProgressTask): Promise<void> {
  const server = await startPostgres({ major, settings });
  try {
    await execute(server.url(), `CREATE DATABASE ${database}`);
    const url = server.url(database);
    // filling is about four fifths of the time; the bar need not be exact
    const share = { fill: 80, workload: 20 };
    await fillShopDatabase(url, {
      scale,
      onProgress: (done, of, what) => {
        task.update((share.fill * done) / of, 100, `filling: ${what}`);
      },
    });
    await runShopWorkload(url, {
      onProgress: (done, of, what) => {
        task.update(share.fill + (share.workload * done) / of, 100, `workload: ${what}`);
      },
    });
    await server.shutdown();
    await run('mv', [server.dataFolder, path.join(target, 'data')]);
  } finally {
    await server.stop();
  }
}

export interface DemoDatabase {
  server: PostgresServer;
  database: string;
}

/** Clusters of an older shop would fill the disk. A younger one may be what a run of another checkout copies right now. */
async function removeOutdated(family: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    if (!name.startsWith(family)) continue;
    const folder = path.join(cacheFolder, name);
    const made = await stat(path.join(folder, '.complete')).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > outdatedAfterMs)
      await rm(folder, { recursive: true, force: true });
  }
}

/** Starts the demo's server with a generated password. */
export async function startDemoDatabase(scale: number, task: ProgressTask): Promise<DemoDatabase> {
  const family = `shop-${scale}-`;
  const name = `${family}${await hashSources(scale)}`;
  const cluster = await cached(name, async (folder) => {
    await removeOutdated(family);
    await makeCluster(folder, scale, task);
  });
  task.update(99, 100, 'starting');
  const server = await startPostgres({ major, settings, template: path.join(cluster, 'data') });
  return { server, database };
}
