// What the demo starts: PostgreSQL 18 with the shop, and a VS Code that has PG Insight, a workspace and a connection.
import { randomBytes } from 'node:crypto';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { buildProduct, root } from './bundles';
import { writeConnectionFiles } from './connection-files';
import { startDemoDatabase, type DemoDatabase } from './demo-database';
import { provideVsix } from './packages';
import { providePostgres } from './postgres-binaries';
import type { Progress } from './progress';
import { makeTemporaryFolder, startProcess } from './supervision';
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
  return { workspace, environment: await writeConnectionFiles(folder.path, server, connectionName, database) };
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
    // the .vsix of the demo brings no PostgreSQL along, and the demo has one
    machineSettings: { 'pgInsight.sandbox.binaries': path.join(await providePostgres(18), 'bin') },
    connectionToken: randomBytes(24).toString('base64url'),
  });
  editorTask.finish('ready');
  return { database, editor, workspace };
}

/** The health report of the demo's database on standard output, without an editor; gives the program's exit code. */
export async function printDemoReport(scale: number, progress: Progress): Promise<number> {
  const task = progress.task('Shop database');
  task.update(0, 100, 'PostgreSQL 18');
  const program = await makeTemporaryFolder('report');
  const [{ server, database }] = await Promise.all([startDemoDatabase(scale, task), buildProduct(program.path)]);
  task.finish('ready');
  progress.stop();
  const { host, port, user, password } = server;
  // not as an argument: the password could be read in the list of processes
  const connection = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  // the demo's own PostgreSQL, which the program brings none of
  const arguments_ = ['report', '--postgres', path.join(await providePostgres(18), 'bin')];
  const report = startProcess(process.execPath, [path.join(program.path, 'cli.js'), ...arguments_], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...connection },
  });
  const code = await report.ended;
  return typeof code === 'number' ? code : 1;
}
