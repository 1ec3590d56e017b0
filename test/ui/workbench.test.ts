// The packaged extension in a real VS Code, used as a person uses it: every text that comes from the database is compared
// with SQL run directly.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import type { Browser, FrameLocator, Locator } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { provideVsix } from '../../scripts/environment/packages';
import type { PostgresServer } from '../../scripts/environment/postgres-server';
import type { TemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode, type VsCodeServer } from '../../scripts/environment/vscode-server';
import {
  answerInput,
  askUntilShown,
  clearNotifications,
  expandRow,
  findNotification,
  modalDialog,
  notification,
  openFile,
  openViewContainer,
  openWorkbench,
  quickPickEntry,
  runCommand,
  selectLines,
  setColorTheme,
  showViews,
  takeScreenshot,
  treeRow,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { formatBytes, formatCompactCount } from '../../src/analysis/format/numbers';
import { startShop } from './start-shop';

interface PlanJson {
  'Node Type': string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Plan Rows': number;
  Plans?: PlanJson[];
}

type ExplainJson = { Plan: PlanJson; 'Execution Time'?: number }[];

const screenshots = path.resolve('out', 'screenshots');
/** Half of what the statement would sleep that is cancelled. */
const endTimeoutMs = 60_000;

const copyAttempts = 4;
const copyTimeoutMs = 15_000;

describe('the workbench', function () {
  this.timeout(300_000);
  /** What was started, as far as it got. */
  const endings: (() => Promise<void>)[] = [];
  let folder: TemporaryFolder;
  let postgres: PostgresServer;
  let client: Client;
  let server: VsCodeServer;
  let browser: Browser;
  let workbench: Workbench;

  const query = async <Row>(sql: string): Promise<Row[]> => (await client.query(sql)).rows as Row[];
  const statusBarItem = (): Locator => workbench.page.locator('.statusbar-item[id$="pgInsight.connection"]');
  const planFrame = (): FrameLocator => webviewFrame(workbench.page);
  const lens = (title: string, index: number): Locator =>
    workbench.page.locator('.codelens-decoration a', { hasText: new RegExp(`^${title}$`) }).nth(index);

  before(async () => {
    const shop = await startShop('workbench-test', endings, { scale: 0.1 });
    const { workspace } = shop;
    ({ folder, postgres, client } = shop);
    await writeFile(
      path.join(workspace, 'broken.sql'),
      'SELECT id FROM orders;\n\nSELECT id, custmer_id\nFROM orders;\n',
    );
    await writeFile(path.join(workspace, 'sleep.sql'), 'SELECT pg_sleep(120);\n');
    await writeFile(path.join(workspace, 'delete.sql'), 'DELETE FROM reviews WHERE rating < 3;\n');
    // more than a dialog shows
    await writeFile(
      path.join(workspace, 'long.sql'),
      `DELETE FROM reviews WHERE body = '${'long '.repeat(5000)}end';\n`,
    );
    server = await startVsCode({
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
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replaceAll(/\W+/g, '-');
    await takeScreenshot(workbench.page, path.join(screenshots, `failed-${name}.png`));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  /** Answers the step whose title shows this count: the box of the step before may still be there for a moment. */
  async function answerStep(count: string, text: string): Promise<void> {
    await workbench.page.locator('.quick-input-titlebar', { hasText: count }).waitFor();
    await answerInput(workbench.page, text);
  }

  /** What "Copy as JSON" puts on the clipboard: the server's own answer. */
  async function copyPlanJson(): Promise<ExplainJson> {
    const { page } = workbench;
    await page.evaluate("navigator.clipboard.writeText('')");
    const menu = planFrame().getByRole('button', { name: 'Copy', exact: false }).first();
    const entry = planFrame().locator('[data-format=json]');
    for (let attempt = 0; attempt < copyAttempts; attempt += 1) {
      await askUntilShown(page, () => menu.click(), entry);
      // a view that is drawn anew closes its menu
      await entry.click({ timeout: copyTimeoutMs }).catch(() => undefined);
      for (const deadline = Date.now() + copyTimeoutMs; Date.now() < deadline;) {
        const text = await page.evaluate<string>('navigator.clipboard.readText()');
        if (text !== '') return JSON.parse(text) as ExplainJson;
        await page.waitForTimeout(100);
      }
    }
    assert.fail('The plan was never copied.');
  }

  /** Enter in the question about a file's statement opens the statement and runs nothing. */
  async function expectEnterShows(file: string, question: string, start: string): Promise<void> {
    const { page } = workbench;
    const countRuns = async () =>
      (
        await query<{ calls: string }>(
          `SELECT coalesce(sum(calls), 0)::text AS calls FROM pg_stat_statements WHERE query ~ 'ANALYZE.*DELETE FROM reviews'`,
        )
      )[0]?.calls;
    const runs = await countRuns();
    await openFile(page, file);
    await lens('Explain Analyze', 0).click();
    const dialog = modalDialog(page, question);
    await dialog.waitFor();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.locator('.tab.active', { hasText: 'Untitled' }).waitFor();
    await page.locator('.editor-instance .view-line', { hasText: start }).waitFor();
    assert.equal(await countRuns(), runs);
    await runCommand(page, 'View: Revert and Close Editor');
  }

  function flatten(plan: PlanJson): PlanJson[] {
    return [plan, ...(plan.Plans ?? []).flatMap(flatten)];
  }

  it('connects from a URL, asking where to keep the password', async () => {
    const { page } = workbench;
    await openViewContainer(page, 'PG Insight');
    await page.locator('.pane-body a.monaco-button', { hasText: 'Add Connection' }).first().click();
    await quickPickEntry(page, 'Connection URL').click();
    await answerStep('(2/4)', postgres.url('shop'));
    await quickPickEntry(page, 'In Secret Storage').click();
    await quickPickEntry(page, 'Development').click();
    await answerStep('(4/4)', 'Shop');
    await treeRow(page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
    await statusBarItem()
      .filter({ hasText: /Shop · development/ })
      .waitFor();
    await page
      .locator('.statusbar-item[id$="pgInsight.connection"]:not(.error-kind):not(.warning-kind)', { hasText: 'Shop' })
      .waitFor();
    const saved = await readFile(path.join(folder.path, 'config', 'connections.json'), 'utf8');
    assert.ok(!saved.includes(postgres.password), 'the profile holds no password');
  });

  it('shows the tables as the server has them', async () => {
    const { page } = workbench;
    // rows outside the view's height are in no list
    await showViews(page, ['Connections', 'Findings'], false);
    await expandRow(treeRow(page, 'Tables', 'public'));
    const rows = await query<{ name: string; kind: string; size: string; rows: number; ratio: number }>(
      `SELECT c.relname AS name, c.relkind AS kind, c.reltuples AS rows,
              (c.relpages::bigint * current_setting('block_size')::int)::text AS size
       FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
       ORDER BY 1`,
    );
    assert.ok(rows.length > 5);
    for (const { name, size, rows: tuples } of rows) {
      const text = await treeRow(page, 'Tables', new RegExp(`^${name}`)).innerText();
      assert.ok(
        text.includes(`~${formatBytes(Number(size))} · ${formatCompactCount(tuples)} rows`),
        `${name}: ${text}`,
      );
    }
    await expandRow(treeRow(page, 'Tables', /^orders/));
    await treeRow(page, 'Tables', /^Columns/).waitFor();
    const columns = await query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = 'public.orders'::regclass AND attnum > 0 AND NOT attisdropped AND atttypid < 16384 ORDER BY attnum`,
    );
    for (const { name, type } of columns) {
      const text = await treeRow(page, 'Tables', new RegExp(`^${name}\\s?${type.slice(0, 4)}`)).innerText();
      assert.ok(text.replaceAll('\n', ' ').includes(type), `${name}: ${text}`);
    }
    await takeScreenshot(page, path.join(screenshots, 'tables-light.png'));
    await showViews(page, ['Connections'], true);
  });

  it('explains a selection inside TypeScript for unknown values', async () => {
    const { page } = workbench;
    await openFile(page, 'orders.ts');
    const lines = (await readFile(path.resolve('test/fixtures/demo-workspace/src/api/orders.ts'), 'utf8')).split('\n');
    const first = lines.findIndex((line) => line.includes('`SELECT i.id')) + 1;
    await selectLines(page, first, lines.findIndex((line) => line.includes('ORDER BY i.id`')) + 1);
    // the comma behind the template is not part of the statement
    await page.keyboard.press('Shift+ArrowLeft');
    await runCommand(page, 'PG Insight: Explain Statement');
    await quickPickEntry(page, 'Plan for Unknown Values').click();
    await planFrame().locator('[role=treegrid] [data-node-id="0"]').waitFor();
    assert.match(await planFrame().locator('[data-fact=parameters]').innerText(), /generic/);
    const [explained] = await copyPlanJson();
    assert.ok(explained);
    assert.equal(explained['Execution Time'], undefined);
    const names = await planFrame().locator('[data-node-id] .node-operation').allInnerTexts();
    assert.equal(names.length, flatten(explained.Plan).length);
  });

  it('explains and analyzes by the lens, with parameters, and shows what the server measured', async () => {
    const { page } = workbench;
    await openFile(page, 'orders.sql');
    await lens('Explain Analyze', 0).click();
    await quickPickEntry(page, 'delivered').waitFor();
    const [common] = await query<{ value: string; share: number }>(
      `SELECT (most_common_vals::text::text[])[1] AS value, most_common_freqs[1] AS share FROM pg_stats
       WHERE tablename = 'orders' AND attname = 'status'`,
    );
    assert.equal(common?.value, 'delivered');
    assert.match(
      await quickPickEntry(page, 'delivered').innerText(),
      new RegExp(`${Math.round(common.share * 100)}% of the rows`),
    );
    await takeScreenshot(page, path.join(screenshots, 'parameters-light.png'));
    await answerStep('(1/3)', 'pending');
    await answerStep('(2/3)', '2026-06-01');
    await answerStep('(3/3)', '2026-07-01');
    await page.locator('.tab.active', { hasText: 'Plan: open_orders' }).waitFor();
    const tree = planFrame().locator('[role=treegrid]');
    await tree.locator('[data-node-id="0"]').waitFor();
    const [explained] = await copyPlanJson();
    assert.ok(explained);
    const [expected] = await query<{ count: string }>(
      `SELECT count(*)::text AS count FROM orders o JOIN customers c ON c.id = o.customer_id
       WHERE o.status = 'pending' AND o.placed_at >= '2026-06-01' AND o.placed_at < '2026-07-01'`,
    );
    const root = tree.locator('[data-node-id="0"]');
    const cell = async (column: string) => (await root.locator(`[data-column=${column}] .value`).innerText()).trim();
    assert.equal(await cell('rows'), expected?.count);
    assert.equal(Number(await cell('rows')), explained.Plan['Actual Rows']);
    assert.equal(Number((await cell('planned')).replaceAll(',', '')), explained.Plan['Plan Rows']);
    assert.equal(Number(await cell('loops')), explained.Plan['Actual Loops']);
    assert.equal(await tree.locator('[data-node-id]').count(), flatten(explained.Plan).length);
  });

  it('offers the same parameters again', async () => {
    const { page } = workbench;
    await openFile(page, 'orders.sql');
    await lens('Explain Analyze', 0).click();
    await quickPickEntry(page, /Same Values as Last Time.*'pending'/).waitFor();
    await page.keyboard.press('Escape');
  });

  it('asks before it runs a DELETE, and rolls it back', async () => {
    const { page } = workbench;
    const countReviews = async () =>
      (await query<{ count: string }>('SELECT count(*)::text AS count FROM reviews'))[0]?.count;
    const before = await countReviews();
    await openFile(page, 'delete.sql');
    await lens('Explain Analyze', 0).click();
    const dialog = modalDialog(page, 'Run this statement on "Shop"?');
    await dialog.waitFor();
    const text = await dialog.innerText();
    for (const part of [
      `127.0.0.1:${postgres.port}`,
      'Database: shop',
      'Environment: Development',
      'DELETE FROM reviews WHERE rating < 3',
      'sequences',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    await takeScreenshot(page, path.join(screenshots, 'consent-light.png'));
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await page.locator('.tab', { hasText: 'Plan: DELETE' }).count(), 0, 'nothing ran without consent');
    await lens('Explain Analyze', 0).click();
    await dialog.getByRole('button', { name: 'Run and Roll Back' }).click();
    await page.locator('.tab.active', { hasText: 'Plan: DELETE' }).waitFor();
    await planFrame().locator('[data-fact=rolled-back]').waitFor();
    assert.equal(await countReviews(), before);
  });

  it('cancels what runs too long', async () => {
    const { page } = workbench;
    const sleeping = async () =>
      (
        await query(
          `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid()`,
        )
      ).length;
    await openFile(page, 'sleep.sql');
    await lens('Explain Analyze', 0).click();
    const progress = notification(page, /Running .*pg_sleep/);
    const dialog = modalDialog(page, 'Run this statement');
    await progress.or(dialog).first().waitFor();
    if (await dialog.isVisible()) await dialog.getByRole('button', { name: /^Run/ }).click();
    await progress.waitFor();
    const untilSleeping = async (count: number, what: string) => {
      for (const deadline = Date.now() + endTimeoutMs; (await sleeping()) !== count;) {
        assert.ok(Date.now() < deadline, what);
        await page.waitForTimeout(50);
      }
    };
    await untilSleeping(1, 'the server runs the statement');
    await progress.hover();
    await progress.getByRole('button', { name: 'Cancel' }).click();
    await untilSleeping(0, 'the server has ended the statement long before its two minutes');
    await progress.waitFor({ state: 'hidden' });
    // the center keeps what a toast has said, and the progress leaves it
    await runCommand(page, 'Notifications: Show Notifications');
    const said = page.locator('.notifications-center.visible');
    await said.waitFor();
    assert.deepEqual(await said.locator('.monaco-list-row', { hasText: /sleep|cancel/i }).allInnerTexts(), []);
    await runCommand(page, 'Notifications: Hide Notifications');
  });

  it('marks an error where it is, until it is mended', async () => {
    const { page } = workbench;
    await openFile(page, 'broken.sql');
    await lens('Explain', 1).click();
    await page.locator('.squiggly-error').waitFor();
    const toast = await findNotification(page, /custmer_id.*does not exist/);
    assert.ok((await toast.innerText()).includes(`127.0.0.1:${postgres.port}`));
    assert.equal(await toast.getByRole('button', { name: 'Show Log' }).count(), 0, 'without buttons it goes by itself');
    await takeScreenshot(page, path.join(screenshots, 'error-light.png'));
    await query('ALTER TABLE orders ADD COLUMN custmer_id int');
    await lens('Explain', 1).click();
    await page.locator('.tab.active', { hasText: 'Plan: SELECT id, custmer_id' }).waitFor();
    await page.getByRole('tab', { name: /^broken\.sql/ }).click();
    await page.locator('.squiggly-error').waitFor({ state: 'hidden' });
    await query('ALTER TABLE orders DROP COLUMN custmer_id');
    await clearNotifications(page);
  });

  it('colours the status bar by environment, and asks on production before it runs anything', async () => {
    const { page } = workbench;
    const setEnvironment = async (environment: string) => {
      await runCommand(page, 'PG Insight: Edit Connection');
      await quickPickEntry(page, 'Shop').click();
      await quickPickEntry(page, /^Environment/).click();
      await quickPickEntry(page, environment).click();
      await quickPickEntry(page, 'Save').click();
    };
    await setEnvironment('Staging');
    await page.locator('.statusbar-item.warning-kind[id$="pgInsight.connection"]').waitFor();
    await setEnvironment('Production');
    await page.locator('.statusbar-item.error-kind[id$="pgInsight.connection"]').waitFor();
    await statusBarItem()
      .filter({ hasText: /Shop · production/ })
      .waitFor();
    await treeRow(page, 'Connections', /Shop.*production.*PostgreSQL/).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'production-light.png'));
    await openFile(page, 'orders.sql');
    await lens('Explain Analyze', 1).click();
    const dialog = modalDialog(page, '(production)');
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expectEnterShows('delete.sql', '(production)', 'DELETE FROM reviews WHERE rating < 3');
    await setEnvironment('Development');
    await page.locator('.statusbar-item[id$="pgInsight.connection"]:not(.error-kind)').waitFor();
  });

  it('shows a statement that is too long for the question when Enter is pressed', async () => {
    await expectEnterShows('long.sql', 'more characters', "DELETE FROM reviews WHERE body = 'long long");
  });

  it('looks right in every theme', async () => {
    const { page } = workbench;
    await page.locator('.tab', { hasText: 'Plan: open_orders' }).click();
    for (const [theme, name] of [
      ['Dark Modern', 'dark'],
      ['Dark High Contrast', 'high-contrast'],
      ['Light Modern', 'light'],
    ] as const) {
      // keys that are pressed inside a webview do not reach the palette
      await treeRow(page, 'Connections', 'Shop').click();
      await setColorTheme(page, theme);
      await planFrame().locator('[role=treegrid] [data-node-id="0"]').waitFor();
      await takeScreenshot(page, path.join(screenshots, `plan-${name}.png`));
    }
  });

  it('removes the connection and its password', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Remove Connection');
    await quickPickEntry(page, 'Shop').click();
    await modalDialog(page, 'Remove the connection "Shop"?').getByRole('button', { name: 'Remove' }).click();
    await page.locator('.pane-body a.monaco-button', { hasText: 'Add Connection' }).first().waitFor();
    const saved = JSON.parse(await readFile(path.join(folder.path, 'config', 'connections.json'), 'utf8')) as {
      profiles: unknown[];
    };
    assert.deepEqual(saved.profiles, []);
  });

  it('asks nothing outside the machine and breaks no content security policy', () => {
    const refusals = workbench.console.filter((line) =>
      /content security policy|refused to (?:load|apply|execute)/i.test(line),
    );
    assert.deepEqual(refusals, []);
    // names that a service worker of the page answers: what a webview loads from the extension's folder
    const foreign = workbench.foreignRequests.filter(
      (url) => !new URL(url).hostname.endsWith('.vscode-resource.vscode-cdn.net'),
    );
    assert.deepEqual(foreign, []);
  });
});
