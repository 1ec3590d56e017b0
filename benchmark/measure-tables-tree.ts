// The Tables view of a database with 10,000 tables, as a person meets it: from the click on Connect to the painted
// schema, and from the click on the schema to its first painted tables.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser } from 'playwright-core';
import { writeConnectionFiles } from '../scripts/environment/connection-files';
import { startPostgres, type PostgresServer } from '../scripts/environment/postgres-server';
import type { TemporaryFolder } from '../scripts/environment/supervision';
import { startVsCode } from '../scripts/environment/vscode-server';
import { expandRow, openViewContainer, openWorkbench, runCommand, treeRow } from '../scripts/environment/workbench';

export const tableCount = 10_000;
/** Locks of one transaction are limited; so many tables fit with the default settings. */
const tablesPerTransaction = 500;
const connectionName = 'Ten thousand tables';

export interface TreeFigures {
  /** From the click on Connect to the schema's row: loads the engine, connects, reads the server's facts and all tables. */
  firstPaintMs: number;
  /** From the click on the schema to the first table's row. */
  expandMs: number;
  /** As firstPaintMs, after disconnecting in the same window: what is loaded and compiled stays. */
  secondPaintMs: number;
  /** Resident memory of the extension host with the tables loaded. */
  memoryBytes: number;
}

export async function startManyTables(): Promise<PostgresServer> {
  const server = await startPostgres({ major: 18, settings: { autovacuum: 'off' } });
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  for (let first = 0; first < tableCount; first += tablesPerTransaction) {
    await client.query(`DO $$
      BEGIN
        FOR n IN ${first}..${first + tablesPerTransaction - 1} LOOP
          EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY, name text, created_at timestamptz)', lpad(n::text, 5, '0'));
        END LOOP;
      END $$`);
  }
  await client.query('VACUUM (ANALYZE)');
  await client.end();
  return server;
}

/** Resident memory of the extension host that runs for this configuration folder (Linux). */
async function readHostMemory(configHome: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
    );
    if (command?.includes('--type=extensionHost') !== true || environment?.includes(configHome) !== true) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
  }
  return Number.NaN;
}

export async function measureTablesTree(
  vsix: string,
  server: PostgresServer,
  browser: Browser,
  scratch: TemporaryFolder,
): Promise<TreeFigures> {
  const folder = path.join(scratch.path, randomUUID());
  const workspace = path.join(folder, 'workspace');
  await mkdir(workspace, { recursive: true });
  const environment = await writeConnectionFiles(folder, server, connectionName, 'postgres');
  const editor = await startVsCode({
    vsix,
    settings: { 'pgInsight.connection.default': connectionName, 'pgInsight.connection.autoConnect': false },
    environment,
  });
  try {
    const { page, context } = await openWorkbench(browser, editor, workspace);
    await openViewContainer(page, 'PG Insight');
    const connect = page.locator('.pane').getByRole('button', { name: 'Connect', exact: true }).first();
    await connect.waitFor();
    const opened = performance.now();
    await connect.click();
    const schema = treeRow(page, 'Tables', 'public');
    await schema.waitFor();
    const painted = performance.now();
    await expandRow(schema);
    await treeRow(page, 'Tables', 't00000').waitFor();
    const expanded = performance.now();
    await runCommand(page, 'PG Insight: Disconnect');
    await connect.waitFor();
    const reopened = performance.now();
    await connect.click();
    await schema.waitFor();
    const repainted = performance.now();
    const memoryBytes = await readHostMemory(environment.PG_INSIGHT_CONFIG_HOME);
    await context.close();
    return {
      firstPaintMs: painted - opened,
      expandMs: expanded - painted,
      secondPaintMs: repainted - reopened,
      memoryBytes,
    };
  } finally {
    await editor.stop();
  }
}
