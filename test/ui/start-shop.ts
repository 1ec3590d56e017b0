// What UI tests begin with: a folder of their own, the demo's workspace in it, a server with the shop, and a VS Code that is
// connected to it.
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { launchChromium } from '../../scripts/environment/chromium';
import { writeConnectionFiles } from '../../scripts/environment/connection-files';
import { provideVsix } from '../../scripts/environment/packages';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode } from '../../scripts/environment/vscode-server';
import {
  openViewContainer,
  openWorkbench,
  runCommand,
  treeRow,
  type Workbench,
} from '../../scripts/environment/workbench';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';

export interface StartedShop {
  folder: TemporaryFolder;
  /** A copy that the test may write to. */
  workspace: string;
  postgres: PostgresServer;
  /** Of the database "shop", as the superuser. */
  client: Client;
}

/** Whatever it has begun is among `endings`, also when it fails; they are to be called in reverse. */
export async function startShop(
  purpose: string,
  endings: (() => Promise<unknown>)[],
  { scale }: { scale: number },
): Promise<StartedShop> {
  const folder = await makeTemporaryFolder(purpose);
  endings.push(() => folder.remove());
  const workspace = path.join(folder.path, 'shop');
  await cp(path.resolve('test', 'fixtures', 'demo-workspace'), workspace, { recursive: true });
  // its settings have VS Code open README.md by itself: at any time, with the focus, over a file that was opened before
  await rm(path.join(workspace, '.vscode'), { recursive: true });
  await mkdir(path.resolve('out', 'screenshots'), { recursive: true });
  // plans must not change under a test: autovacuum begins its first round after this time
  const settings = { ...shopServerSettings, autovacuum_naptime: '1h' };
  const postgres = await startPostgres({ major: 18, settings });
  endings.push(() => postgres.stop());
  const admin = new Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  await fillShopDatabase(postgres.url('shop'), { scale });
  const client = new Client({ connectionString: postgres.url('shop') });
  await client.connect();
  endings.push(() => client.end());
  return { folder, workspace, postgres, client };
}

/** A window on the shop's workspace, connected to it as "Shop", without editors. */
export async function openShopWorkbench(
  { folder, workspace, postgres }: StartedShop,
  endings: (() => Promise<unknown>)[],
  { machineSettings }: { machineSettings?: Record<string, unknown> } = {},
): Promise<Workbench> {
  const server = await startVsCode({
    vsix: await provideVsix(),
    environment: await writeConnectionFiles(folder.path, postgres, 'Shop', 'shop'),
    settings: { 'pgInsight.connection.default': 'Shop', 'workbench.colorTheme': 'Dark Modern' },
    ...(machineSettings === undefined ? {} : { machineSettings }),
  });
  endings.push(() => server.stop());
  const browser = await launchChromium();
  endings.push(() => browser.close());
  const workbench = await openWorkbench(browser, server, workspace, { viewport: { width: 1280, height: 800 } });
  await openViewContainer(workbench.page, 'PG Insight');
  await treeRow(workbench.page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
  await runCommand(workbench.page, 'View: Close All Editors');
  return workbench;
}
