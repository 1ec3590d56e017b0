// `npm run demo`: PostgreSQL 18 with the shop database and a real VS Code with PG Insight installed, until Ctrl+C.
// `--scale 0.1` makes a smaller shop.
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { unsetConnection } from '../src/analysis/connection/unset-connection';
import { openProfileStore } from '../src/database/profile-store';
import { root } from './environment/bundles';
import { startDemoDatabase, type DemoDatabase } from './environment/demo-database';
import { cleanUpDeadRuns } from './environment/ledger';
import { provideVsix } from './environment/packages';
import { createProgress } from './environment/progress';
import { endRun, isEnding, makeTemporaryFolder } from './environment/supervision';
import { provideVsCode } from './environment/vscode-binaries';
import { startVsCode, type VsCodeServer } from './environment/vscode-server';

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
const progress = createProgress();
const connectionName = 'Shop';

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
async function startDemo(): Promise<{ database: DemoDatabase; editor: VsCodeServer; workspace: string }> {
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

function endWhenGone(what: string, ended: Promise<unknown>): void {
  const end = async (): Promise<void> => {
    if (isEnding()) return;
    console.error(`${what} ended unexpectedly. The demo stops and removes what it made.`);
    await endRun();
    process.exit(1);
  };
  void ended.then(end, end);
}

async function main(): Promise<void> {
  if (!(scale > 0 && scale <= 100))
    throw new Error(`--scale takes a number above 0, at most 100; not "${values.scale}".`);
  const left = await cleanUpDeadRuns();
  if (left > 0) console.log('Removed what a killed run had left behind.');
  const { database, editor, workspace } = await startDemo();
  progress.stop();
  endWhenGone('PostgreSQL', database.server.ended());
  endWhenGone("VS Code's server", editor.process.ended);
  console.log(`
PG Insight's demo is running, on this machine only.

  PostgreSQL 18   ${database.server.url(database.database)}
  Stop            Ctrl+C ends everything and removes what was made

Open this address in a browser:

${editor.url(workspace)}`);
}

try {
  await main();
} catch (error) {
  progress.stop();
  console.error(error instanceof Error ? error.message : error);
  await endRun();
  process.exit(1);
}
