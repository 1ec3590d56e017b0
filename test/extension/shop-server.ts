// One server with the shop for all files of this tier: each file is a bundle of its own, so what they share hangs on the
// process they run in. The last of them to finish is the whole run.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { unsetConnection } from '../../src/analysis/connection/unset-connection';
import type { ConnectionProfile, Environment } from '../../src/analysis/connection/connection-profile';
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
  const server = await startPostgres({ major: 18, settings: shopServerSettings });
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
  const passwordFile = path.join(folder, 'pgpass');
  await writeFile(passwordFile, `${server.host}:${server.port}:*:${server.user}:${server.password}\n`);
  await chmod(passwordFile, 0o600);
  process.env['PGPASSFILE'] = passwordFile;
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
  return {
    id: `test-${name}`,
    name,
    environment,
    ...unsetConnection,
    host: server.host,
    port: server.port,
    database: shopDatabaseName,
    user: server.user,
  };
}
