// Plans that were run elsewhere, in a real VS Code that is connected to nothing: the button in an editor's title, the list of
// several plans, a text that can't be read, pasting, and a reload of the window.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser, FrameLocator, Locator } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { provideVsix } from '../../scripts/environment/packages';
import { startPostgres } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode } from '../../scripts/environment/vscode-server';
import {
  openFile,
  openWorkbench,
  quickPickEntry,
  reloadWindow,
  runCommand,
  setColorTheme,
  takeScreenshot,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';

const screenshots = path.resolve('out', 'screenshots');

describe('a plan that was run elsewhere', function () {
  this.timeout(180_000);
  const endings: (() => Promise<unknown>)[] = [];
  let browser: Browser;
  let workbench: Workbench;
  /** As the server printed it. */
  let sorted: string;

  const frame = (): FrameLocator => webviewFrame(workbench.page);
  const titleButton = (): Locator =>
    workbench.page.locator('.editor-group-container.active .editor-actions a[aria-label^="Open Plan"]');
  const heading = (name: string): Locator => frame().getByRole('heading', { level: 1, name, exact: true });
  const shoot = (name: string) => takeScreenshot(workbench.page, path.join(screenshots, `${name}.png`));

  before(async () => {
    const folder = await makeTemporaryFolder('open-plan-test');
    endings.push(() => folder.remove());
    const workspace = path.join(folder.path, 'workspace');
    await mkdir(workspace);
    await mkdir(screenshots, { recursive: true });
    const postgres = await startPostgres({ major: 18 });
    endings.push(() => postgres.stop());
    const client = new Client({ connectionString: postgres.url() });
    await client.connect();
    const print = async (sql: string, format: string) => {
      const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (ANALYZE, FORMAT ${format}) ${sql}`);
      return rows
        .map(({ 'QUERY PLAN': line }) => (typeof line === 'string' ? line : JSON.stringify(line, null, 2)))
        .join('\n');
    };
    await client.query('CREATE TABLE readings AS SELECT i AS id, i % 97 AS sensor FROM generate_series(1, 50000) AS i');
    await client.query('ANALYZE readings');
    sorted = await print('SELECT sensor, count(*) FROM readings WHERE sensor <> 3 GROUP BY sensor ORDER BY 2', 'TEXT');
    const counted = await print('SELECT count(*) FROM readings', 'JSON');
    await client.end();
    await writeFile(path.join(workspace, 'sorted.txt'), `${sorted}\n`);
    await writeFile(path.join(workspace, 'notes.txt'), 'The plan is to look at the plan.\n');
    await writeFile(path.join(workspace, 'damaged.json'), counted.slice(0, counted.lastIndexOf('"Node Type"') + 14));
    await writeFile(
      path.join(workspace, 'two.json'),
      `${counted}\n${counted.replace('"Aggregate"', '"Unheard Of"')}\n`,
    );
    const server = await startVsCode({
      vsix: await provideVsix(),
      environment: { PG_INSIGHT_CONFIG_HOME: path.join(folder.path, 'config') },
    });
    endings.push(() => server.stop());
    browser = await launchChromium();
    endings.push(() => browser.close());
    workbench = await openWorkbench(browser, server, workspace, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await shoot(`failed-${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
    }
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  it('opens by the button in the title of a file that looks like one', async () => {
    await setColorTheme(workbench.page, 'Dark Modern');
    await openFile(workbench.page, 'notes.txt');
    await openFile(workbench.page, 'sorted.txt');
    await titleButton().click();
    await heading('sorted.txt').waitFor();
    assert.equal(await frame().locator('[data-fact=from]').innerText(), 'from sorted.txt');
    for (const fact of ['connection', 'environment', 'version', 'ran-at']) {
      assert.equal(await frame().locator(`[data-fact=${fact}]`).count(), 0, fact);
    }
    assert.equal(await frame().getByRole('button', { name: /Again/ }).count(), 0);
    const nodes = sorted.match(/\(cost=/g) ?? [];
    assert.equal(await frame().locator('.tree-body [role=row]').count(), nodes.length);
    const printed = Number(/rows=(\d+)\.00 loops=1/.exec(sorted)?.[1]);
    assert.equal(Number(await frame().locator('[data-node-id="0"] [data-column=rows]').innerText()), printed);
    await shoot('open-plan-dark');
    await frame().getByRole('tab', { name: 'Text' }).click();
    const text = await frame().locator('.raw-lines').innerText();
    assert.equal(text.trimEnd(), sorted);
    await shoot('open-plan-text-dark');
    await setColorTheme(workbench.page, 'Light Modern');
    await shoot('open-plan-text-light');
    await frame().getByRole('tab', { name: 'Plan', exact: true }).click();
    await frame().locator('[data-node-id="0"]').waitFor();
    await shoot('open-plan-light');
    await setColorTheme(workbench.page, 'Dark Modern');
  });

  it('comes back when the window is reloaded, and finds its file', async () => {
    await reloadWindow(workbench.page);
    await heading('sorted.txt').waitFor();
    assert.equal(await frame().locator('[data-fact=from]').innerText(), 'from sorted.txt');
    await frame().getByRole('button', { name: 'Go to Text' }).click();
    await workbench.page.locator('.tab.active', { hasText: /^sorted\.txt/ }).waitFor();
    await titleButton().waitFor();
    await openFile(workbench.page, 'notes.txt');
    await titleButton().waitFor({ state: 'detached' });
  });

  it('is chosen where there are several', async () => {
    await openFile(workbench.page, 'two.json');
    await titleButton().click();
    await quickPickEntry(workbench.page, 'Aggregate').waitFor();
    await quickPickEntry(workbench.page, 'Unheard Of').click();
    await heading('two.json').waitFor();
    assert.match(await frame().locator('[data-fact=from]').innerText(), /^from two\.json, line \d+$/);
    assert.match(await frame().locator('[data-node-id="0"] .node-operation').innerText(), /Unheard Of/);
  });

  it('that was cut off is shown with its fault', async () => {
    await openFile(workbench.page, 'damaged.json');
    await runCommand(workbench.page, 'PG Insight: Open Plan...');
    const alert = frame().getByRole('alert');
    await alert.waitFor();
    const line = Number(/line (\d+)/.exec(await alert.innerText())?.[1]);
    assert.ok(line > 1);
    assert.match(await alert.innerText(), /Run EXPLAIN/);
    await frame().locator('.raw-fault-line').waitFor();
    assert.match(await frame().locator('.raw-fault-line').innerText(), /"Node Type"/);
    await shoot('open-plan-damaged-dark');
    await setColorTheme(workbench.page, 'Light Modern');
    await shoot('open-plan-damaged-light');
    await setColorTheme(workbench.page, 'Dark Modern');
    await frame().getByRole('button', { name: 'Go to Text' }).click();
    await workbench.page.locator('.statusbar-item', { hasText: new RegExp(`Ln ${line},`) }).waitFor();
  });

  it('is pasted', async () => {
    await workbench.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(sorted)})`);
    await runCommand(workbench.page, 'PG Insight: Paste Plan');
    await heading('Pasted Plan').waitFor();
    assert.equal(await frame().locator('[data-fact=from]').innerText(), 'from clipboard');
    assert.ok((await frame().locator('.tree-body [role=row]').count()) > 1);
  });
});
