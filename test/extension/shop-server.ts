// One server with the shop for all files of this tier: each file is a bundle of its own, so what they share hangs on the
// process they run in. The last of them to finish is the whole run.
import { mkdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { ConnectionProfile, Environment } from '../../src/analysis/connection/connection-profile';
import { toServerProfile, writePasswordFile } from '../../scripts/environment/connection-files';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';

export interface ShopServer {
  server: PostgresServer;
  /** Runs SQL directly, for comparison with what the editor shows. */
  query: <Row>(sql: string, values?: unknown[]) => Promise<Row[]>;
}

const key = Symbol.for('pgInsight.tests.shop');
const shared = globalThis as { [key]?: Promise<ShopServer> | undefined };

export const shopDatabaseName = 'shop';

async function start(): Promise<ShopServer> {
  // plans must not change under a test: autovacuum begins its first round after this time
  const settings = { ...shopServerSettings, autovacuum_naptime: '1h' };
  const server = await startPostgres({ major: 18, settings });
  const admin = new Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${shopDatabaseName}`);
  await admin.end();
  await fillShopDatabase(server.url(shopDatabaseName), { scale: 0.1 });
  const client = new Client({ connectionString: server.url(shopDatabaseName) });
  await client.connect();
  // the extension under test lives in this process: it finds the password as any libpq program would
  const folder = process.env['PG_INSIGHT_CONFIG_HOME'];
  if (folder === undefined) throw new Error('The runner sets PG_INSIGHT_CONFIG_HOME.');
  await mkdir(folder, { recursive: true });
  process.env['PGPASSFILE'] = await writePasswordFile(folder, server);
  after(async () => {
    await client.end();
    await server.stop();
  });
  return {
    server,
    query: async <Row>(sql: string, values: unknown[] = []) => (await client.query(sql, values)).rows as Row[],
  };
}

/** To be called in a root-level before hook, so that the server outlives the file's own suite. */
export function provideShopServer(): Promise<ShopServer> {
  const running = shared[key] ?? start();
  shared[key] = running;
  return running;
}

export function toProfile(
  { server }: ShopServer,
  name = 'Shop',
  environment: Environment = 'development',
): ConnectionProfile {
  return toServerProfile(server, name, shopDatabaseName, environment);
}
