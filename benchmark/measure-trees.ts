// The trees of a database at scale, as a person meets them in a real VS Code: from the click until the row is painted.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium } from '../scripts/environment/chromium';
import { writeConnectionFiles } from '../scripts/environment/connection-files';
import type { PostgresServer } from '../scripts/environment/postgres-server';
import type { TemporaryFolder } from '../scripts/environment/supervision';
import { startVsCode } from '../scripts/environment/vscode-server';
import { openViewContainer, openWorkbench, runCommand, treeRow } from '../scripts/environment/workbench';
import { bigIndexes, bigStatements, bigTables, startBigDatabase } from './big-database';
import { megabyte, type Build, type Figures } from './figures';

const connectionName = 'Big';
const paintTimeoutMs = 120_000;
/** Linux counts a process's time in hundredths of a second (USER_HZ). */
const tickMs = 10;

/** From a click to the painted row, and what the extension host computed meanwhile, for us and for VS Code. */
interface Paint {
  ms: number;
  hostMs: number;
}

interface TreesRun {
  paints: Map<string, Paint>;
  /** Resident memory of the extension host in the end. */
  memoryBytes: number;
}

/** The extension host that runs for this configuration folder (Linux). */
async function findHost(configHome: string): Promise<string> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
    );
    if (command?.includes('--type=extensionHost') === true && environment?.includes(configHome) === true) return pid;
  }
  throw new Error('VS Code has no extension host.');
}

async function readHostMs(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // fields after the name, which may hold spaces: utime and stime are the 14th and 15th of all
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

async function readHostMemory(pid: string): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function measurePaint(page: Page, host: string, target: Locator, row: Locator): Promise<Paint> {
  const before = await readHostMs(host);
  // the button goes down when Playwright has found the target at rest: that search is no part of a person's wait
  const pressed = page.evaluate<number>(`new Promise((resolve) => {
    const tell = () => resolve(performance.timeOrigin + performance.now());
    addEventListener('mousedown', tell, { capture: true, once: true });
  })`);
  await target.click();
  await row.waitFor({ timeout: paintTimeoutMs });
  const painted = performance.timeOrigin + performance.now();
  return { ms: painted - (await pressed), hostMs: (await readHostMs(host)) - before };
}

async function measureTrees(
  vsix: string,
  server: PostgresServer,
  browser: Browser,
  scratch: TemporaryFolder,
  figures: Figures,
): Promise<TreesRun> {
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
    const { page, context } = await openWorkbench(browser, editor, workspace, {
      viewport: { width: 1280, height: 1200 },
    });
    await openViewContainer(page, 'PG Insight');
    const connect = page.locator('.pane').getByRole('button', { name: 'Connect', exact: true }).first();
    await connect.waitFor();
    const host = await findHost(environment.PG_INSIGHT_CONFIG_HOME);
    const paints = new Map<string, Paint>();
    const paint = async (name: string, target: Locator, row: Locator) => {
      await figures.settle();
      paints.set(name, await measurePaint(page, host, target, row));
    };
    const pane = (view: string) => page.locator('.pane', { has: page.locator(`.pane-header[aria-label^="${view}"]`) });
    const header = (view: string) => pane(view).locator('.pane-header');
    const group = (view: string, text: string | RegExp) => treeRow(page, view, text);
    const inner = (view: string) => pane(view).locator('.monaco-list-row[aria-level="2"]').first();

    const schema = treeRow(page, 'Tables', 'public');
    const lowFindings = group('Findings', 'Low');
    await paint('tables', connect, schema);
    // the Findings view is open from the start: the snapshot is on its way
    await lowFindings.waitFor({ timeout: paintTimeoutMs });
    await paint('tables of a schema', schema, inner('Tables'));
    await paint('findings of a severity', lowFindings, inner('Findings'));
    // room for the other views
    await header('Tables').click();
    await header('Findings').click();
    await paint('indexes', header('Indexes'), treeRow(page, 'Indexes', /./));
    await paint('indexes of a group', group('Indexes', 'No finding'), inner('Indexes'));
    await header('Indexes').click();
    await paint('slow queries', header('Slow Queries'), treeRow(page, 'Slow Queries', /./));
    await header('Slow Queries').click();
    await header('Tables').click();
    await runCommand(page, 'PG Insight: Disconnect');
    await schema.waitFor({ state: 'hidden' });
    await paint('tables again', connect, schema);
    const memoryBytes = await readHostMemory(host);
    await context.close();
    return { paints, memoryBytes };
  } finally {
    await editor.stop();
  }
}

const lines: readonly { name: string; title: string }[] = [
  { name: 'tables', title: `from Connect to the tree of ${bigTables} tables` },
  { name: 'tables of a schema', title: 'expanding the schema' },
  { name: 'findings of a severity', title: `expanding ${bigTables} findings` },
  { name: 'indexes', title: `opening the Indexes view of ${bigIndexes} indexes` },
  { name: 'indexes of a group', title: 'expanding a group of them' },
  { name: 'slow queries', title: `opening the Slow Queries view of ${bigStatements} statements` },
  { name: 'tables again', title: 'connecting once more in that window' },
];

/** Of several builds in turn. */
export async function printTrees(figures: Figures, builds: readonly Build[], scratch: TemporaryFolder): Promise<void> {
  const server = await startBigDatabase();
  const browser = await launchChromium();
  try {
    const results = await figures.repeat(builds, ({ vsix }) => measureTrees(vsix, server, browser, scratch, figures));
    for (const { name, title } of lines) {
      for (const [index, build] of builds.entries()) {
        const paints = (results[index] ?? []).flatMap((run) => run.paints.get(name) ?? []);
        figures.row(
          build.name + title,
          paints.map(({ ms }) => ms),
          'ms',
          '< 1000 ms',
        );
        figures.row(
          `${build.name}the extension host's CPU time meanwhile`,
          paints.map(({ hostMs }) => hostMs),
          'ms',
        );
      }
    }
    for (const [index, build] of builds.entries()) {
      figures.row(
        `${build.name}extension host in the end`,
        (results[index] ?? []).map(({ memoryBytes }) => memoryBytes / megabyte),
        'MB',
      );
    }
  } finally {
    await browser.close();
    await server.stop();
  }
}
