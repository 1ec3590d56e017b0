// The Slow Queries view as a person uses it: expand a statement, open its text, explain it without and with values.
import assert from 'node:assert/strict';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { writeConnectionFiles } from '../../scripts/environment/connection-files';
import { provideVsix } from '../../scripts/environment/packages';
import type { PostgresServer } from '../../scripts/environment/postgres-server';
import type { TemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode, type VsCodeServer } from '../../scripts/environment/vscode-server';
import {
  answerInput,
  askUntilShown,
  chooseFromMenu,
  expandRow,
  inputBox,
  openViewContainer,
  openWorkbench,
  quickPickEntry,
  runCommand,
  setColorTheme,
  showViews,
  takeScreenshot,
  treeRow,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { formatCompactCount, formatCount, formatMs } from '../../src/analysis/format/numbers';
import { startShop } from './start-shop';
import { runShopWorkload } from '../factories/shop-workload';

const screenshots = path.resolve('out', 'screenshots');
const view = 'Slow Queries';

describe('slow queries in the workbench', function () {
  this.timeout(300_000);
  const endings: (() => Promise<void>)[] = [];
  let folder: TemporaryFolder;
  let postgres: PostgresServer;
  let client: Client;
  let server: VsCodeServer;
  let browser: Browser;
  let workbench: Workbench;

  before(async () => {
    const shop = await startShop('slow-queries-test', endings, { scale: 0.05 });
    ({ folder, postgres, client } = shop);
    await runShopWorkload(postgres.url('shop'));
    server = await startVsCode({
      vsix: await provideVsix(),
      environment: await writeConnectionFiles(folder.path, postgres, 'Shop', 'shop'),
    });
    endings.push(() => server.stop());
    browser = await launchChromium();
    endings.push(() => browser.close());
    workbench = await openWorkbench(browser, server, shop.workspace, { viewport: { width: 1280, height: 800 } });
    await openViewContainer(workbench.page, 'PG Insight');
    await treeRow(workbench.page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
    await runCommand(workbench.page, 'Focus on Slow Queries View');
    // the other views would leave it three rows
    await showViews(workbench.page, ['Connections', 'Tables', 'Indexes', 'Findings'], false);
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replaceAll(/\W+/g, '-');
    await takeScreenshot(workbench.page, path.join(screenshots, `failed-${name}.png`));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  async function filter(text: string): Promise<void> {
    await runCommand(workbench.page, 'PG Insight: Filter Slow Queries');
    await inputBox(workbench.page).waitFor();
    await answerInput(workbench.page, text);
    await treeRow(workbench.page, view, /^Clear Filter/).waitFor();
  }

  it('lists the statements with their figures, which open below', async () => {
    const { page } = workbench;
    await treeRow(page, view, /% · .* · .* calls?/).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'slow-queries-light.png'));
    await filter('-pg_catalog status = $1 orders');
    const row = treeRow(page, view, /% · .* · .* calls?/);
    await expandRow(row);
    await treeRow(page, view, /^Total time/).waitFor();
    const queryId = /-?\d+/.exec(await treeRow(page, view, /^Query ID/).innerText())?.[0];
    const [expected] = (
      await client.query<{ calls: number; mean: number; total: number; rows: number }>(
        `SELECT calls::float8, mean_exec_time AS mean, total_exec_time AS total, rows::float8 FROM pg_stat_statements
         WHERE queryid = $1::bigint`,
        [queryId],
      )
    ).rows;
    assert.ok(expected);
    const text = (await row.innerText()).replaceAll('\n', ' ');
    assert.ok(text.includes(`% · ${formatMs(expected.mean)} · ${formatCompactCount(expected.calls)} call`), text);
    assert.ok((await treeRow(page, view, /^Total time/).innerText()).includes(formatMs(expected.total)));
    assert.ok((await treeRow(page, view, /^Rows/).innerText()).includes(formatCount(expected.rows)));
    await takeScreenshot(page, path.join(screenshots, 'slow-query-expanded-light.png'));
  });

  it('opens the text and explains it for unknown values', async () => {
    const { page } = workbench;
    const row = treeRow(page, view, /% · .* · .* calls?/);
    await chooseFromMenu(workbench.page, row, 'Open Statement');
    await page.locator('.editor-instance .view-line', { hasText: /\$1/ }).first().waitFor();
    await chooseFromMenu(workbench.page, row, 'Explain (Generic Plan)');
    await webviewFrame(page).locator('[role=treegrid] [data-node-id="0"]').waitFor();
    assert.match(await webviewFrame(page).locator('[data-fact=parameters]').innerText(), /generic/);
    await takeScreenshot(page, path.join(screenshots, 'slow-query-plan-light.png'));
  });

  it('explains with sampled values, and asks for what the statistics do not know', async () => {
    const { page } = workbench;
    await client.query(`SELECT id FROM orders WHERE status = 'pending' ORDER BY placed_at LIMIT 7`);
    await filter('SELECT id FROM orders WHERE status LIMIT');
    await runCommand(page, 'PG Insight: Refresh Slow Queries');
    const row = treeRow(page, view, /1 call · status = \$1 OR/);
    await row.waitFor();
    await chooseFromMenu(workbench.page, row, 'Explain with Sampled Values');
    await page.locator('.quick-input-widget input.input[placeholder*="$2"]').waitFor();
    await answerInput(page, '7');
    const [common] = (
      await client.query<{ value: string }>(
        `SELECT (most_common_vals::text::text[])[1] AS value FROM pg_stats WHERE tablename = 'orders' AND attname = 'status'`,
      )
    ).rows;
    await webviewFrame(page)
      .locator('[data-fact=parameters]', { hasText: `$1 = '${common?.value ?? ''}', $2 = '7'` })
      .waitFor();
  });

  it('looks right in the dark, and without a mark', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Clear Filter of Slow Queries');
    await setColorTheme(page, 'Dark Modern');
    await runCommand(page, 'PG Insight: Mark Now');
    await page.locator('.pane .message', { hasText: 'Since the mark of' }).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'slow-queries-marked-dark.png'));
    await runCommand(page, 'PG Insight: Clear Mark');
    await page.locator('.pane .message', { hasText: /Since \d/ }).waitFor();
    await runCommand(page, 'PG Insight: Sort Slow Queries');
    await quickPickEntry(page, 'Mean time').click();
    const row = treeRow(page, view, / · [\d.,]+ calls?/);
    await expandRow(row);
    const hover = page.locator('.workbench-hover', { hasText: 'Total time' });
    // a row that is drawn anew below the pointer has no hover
    const point = async () => {
      await page.mouse.move(640, 600);
      await row.hover();
    };
    await askUntilShown(page, point, hover);
    await takeScreenshot(page, path.join(screenshots, 'slow-queries-hover-dark.png'));
  });

  it('says what to do without the extension, and shows what runs now', async () => {
    const { page } = workbench;
    await client.query('DROP EXTENSION pg_stat_statements');
    const sleeper = new Client({ connectionString: postgres.url('shop') });
    await sleeper.connect();
    // for as long as the window takes; its connection ends it
    sleeper.on('error', () => undefined);
    const sleeping = assert.rejects(sleeper.query('SELECT pg_sleep(600)'));
    await runCommand(page, 'PG Insight: Refresh Slow Queries');
    await page.locator('.pane .message', { hasText: 'Run CREATE EXTENSION pg_stat_statements.' }).waitFor();
    await treeRow(page, view, /^Running Now/).waitFor();
    const text = await treeRow(page, view, /^pg_sleep\(600\).* · active/).innerText();
    assert.match(text.replaceAll(/\s+/g, ' '), /(?:s|min) · active/);
    await takeScreenshot(page, path.join(screenshots, 'slow-queries-missing-dark.png'));
    await client.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'");
    await sleeping;
    await sleeper.end();
  });
});
