// What the demo starts: PostgreSQL 18 with the shop, and a VS Code that has PG Insight, a workspace and a connection.
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unsetConnection } from '../../src/analysis/connection/unset-connection';
import { openProfileStore } from '../../src/database/profile-store';
import { root } from './bundles';
import { startDemoDatabase, type DemoDatabase } from './demo-database';
import { provideVsix } from './packages';
import type { Progress } from './progress';
import { makeTemporaryFolder } from './supervision';
import { provideVsCode } from './vscode-binaries';
import { startVsCode, type VsCodeServer } from './vscode-server';

const connectionName = 'Shop';

export interface Demo {
  database: DemoDatabase;
  editor: VsCodeServer;
  workspace: string;
}

/** The places that make the demo's VS Code know its connection and nobody else's. */
interface DemoFiles {
  workspace: string;
  environment: Record<string, string>;
}

async function writeDemoFiles({ server, database }: DemoDatabase): Promise<DemoFiles> {
  const folder = await makeTemporaryFolder('demo');
  const workspace = path.join(folder.path, 'shop');
  await cp(path.join(root, 'test', 'fixtures', 'demo-workspace'), workspace, { recursive: true });
  const configHome = path.join(folder.path, 'config');
  await mkdir(configHome, { mode: 0o700 });
  await openProfileStore(configHome).save({
    id: randomUUID(),
    name: connectionName,
    environment: 'development',
    ...unsetConnection,
    host: server.host,
    port: server.port,
    database,
    user: server.user,
  });
  // a browser's secret storage would forget the password on a reload; a password file is read at every connection
  const passwordFile = path.join(folder.path, 'pgpass');
  await writeFile(passwordFile, `${server.host}:${server.port}:*:${server.user}:${server.password}\n`, { mode: 0o600 });
  return { workspace, environment: { PG_INSIGHT_CONFIG_HOME: configHome, PGPASSFILE: passwordFile } };
}

/** The programs are fetched and the extension is built while the database is being filled. */
export async function startDemo(scale: number, progress: Progress): Promise<Demo> {
  const databaseTask = progress.task('Shop database');
  const editorTask = progress.task('VS Code');
  databaseTask.update(0, 100, 'PostgreSQL 18');
  editorTask.update(0, 3, 'fetching');
  const [database, vsix] = await Promise.all([
    startDemoDatabase(scale, databaseTask).then((started) => {
      databaseTask.finish('ready');
      return started;
    }),
    (async () => {
      await provideVsCode();
      editorTask.update(1, 3, 'building PG Insight');
      return provideVsix();
    })(),
  ]);
  editorTask.update(2, 3, 'starting');
  const { workspace, environment } = await writeDemoFiles(database);
  const editor = await startVsCode({
    vsix,
    environment,
    settings: { 'pgInsight.connection.default': connectionName },
    connectionToken: randomBytes(24).toString('base64url'),
  });
  editorTask.finish('ready');
  return { database, editor, workspace };
}
