// The health report where people read it: the report view under its own policy and inside VS Code, and the exported HTML
// in a browser without a network. Figures are compared with SQL run directly.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import type { Browser, FrameLocator, Locator } from 'playwright-core';
import { buildWebview } from '../../scripts/environment/bundles';
import { launchChromium } from '../../scripts/environment/chromium';
import { toServerProfile, writeConnectionFiles } from '../../scripts/environment/connection-files';
import { startDemoDatabase, type DemoDatabase } from '../../scripts/environment/demo-database';
import { provideVsix } from '../../scripts/environment/packages';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode, type VsCodeServer } from '../../scripts/environment/vscode-server';
import {
  clearNotifications,
  findNotification,
  modalDialog,
  openWorkbench,
  quickPickEntry,
  reloadWindow,
  runCommand,
  takeScreenshot,
  untilStatusBarSays,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { analyze } from '../../src/analysis/analyze';
import { buildReport } from '../../src/analysis/build-report';
import { formatReport } from '../../src/analysis/format/format-report';
import { formatBytes, formatCount } from '../../src/analysis/format/numbers';
import { toReportDocument } from '../../src/analysis/format/report-document';
import type { AnalysisReport } from '../../src/analysis/report';
import { openProfileStore } from '../../src/database/profile-store';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import type { ReportViewMessage, ReportViewRequest } from '../../src/webviews/report-protocol';
import { openTestSession, type TestServer } from '../database/test-session';
import { closeWebview, openWebview, serveWebview, themes, type WebviewPage } from './plan-view-page';

const screenshots = path.resolve('out', 'screenshots', 'report');
/** Icons that come late move what is below them by a line or two. */
const readingLinePx = 48;
type ShownReport = Extract<ReportViewMessage, { type: 'report' }>;
const quietTask = { update: () => undefined, finish: () => undefined };

describe('the health report', function () {
  this.timeout(180_000);
  const endings: (() => Promise<unknown>)[] = [];
  let folder: TemporaryFolder;
  let demo: DemoDatabase;
  let client: Client;
  let browser: Browser;
  let report: AnalysisReport;

  before(async () => {
    await mkdir(screenshots, { recursive: true });
    folder = await makeTemporaryFolder('report-test');
    endings.push(() => folder.remove());
    demo = await startDemoDatabase(0.1, quietTask);
    endings.push(() => demo.server.stop());
    client = new Client({ connectionString: demo.server.url(demo.database) });
    await client.connect();
    endings.push(() => client.end());
    browser = await launchChromium();
    endings.push(() => browser.close());
    report = await captureReport(demo.server);
  });

  async function captureReport(server: TestServer): Promise<AnalysisReport> {
    const session = await openTestSession(server, { database: demo.database });
    try {
      const facts = await captureServerFacts(session);
      const snapshot = await captureSnapshot(session.run, facts, { server: session.server });
      return buildReport(snapshot, analyze(snapshot));
    } finally {
      await session.close();
    }
  }

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  async function ask<Row extends Record<string, unknown>>(sql: string): Promise<Row[]> {
    return (await client.query<Row>(sql)).rows;
  }

  describe('in the report view', () => {
    let web: Awaited<ReturnType<typeof serveWebview>>;
    let view: WebviewPage<ReportViewMessage, ReportViewRequest>;

    before(async () => {
      const built = path.join(folder.path, 'webview');
      await buildWebview(built);
      web = await serveWebview(built, 'report');
    });
    after(() => web.close());

    afterEach(() => closeWebview(view));

    const toMessage = (shown = report, part: Partial<ShownReport> = {}): ShownReport => ({
      type: 'report',
      document: toReportDocument(shown),
      connection: { profileId: 'shop', name: 'Shop', environment: 'development', state: 'connected' },
      notice: null,
      ...part,
    });

    async function open(shown = report, options: Parameters<typeof openWebview>[2] = {}): Promise<void> {
      view = await openWebview(browser, web.origin, options);
      await view.send(toMessage(shown));
      await view.page.getByRole('heading', { level: 1 }).waitFor();
    }

    it('has the sizes of tables and the scans of indexes that the server counts', async () => {
      await open();
      const tables = await ask<{ name: string; size: string; scans: string | null }>(`
        SELECT c.relname AS name, c.relpages * 8192 AS size, s.idx_scan AS scans
        FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relname IN ('orders', 'order_items', 'products')`);
      assert.equal(tables.length, 3);
      for (const { name, size } of tables) {
        const row = view.page.locator('#tables tbody tr', {
          has: view.page.locator('td:first-child', { hasText: new RegExp(`^public\\.${name}$`) }),
        });
        assert.equal(await row.locator('td').nth(1).innerText(), formatBytes(Number(size)));
      }
      const [largest] = await ask<{ name: string; scans: string }>(`
        SELECT r.relname AS name, sum(s.idx_scan) AS scans FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid
        LEFT JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class r ON r.oid = coalesce(i.inhparent, c.oid)
        GROUP BY r.oid, r.relname ORDER BY sum(c.relpages) DESC LIMIT 1`);
      const cells = await view.page.locator('#indexes tbody tr').first().locator('td').allInnerTexts();
      assert.equal(cells[0], `public.${largest?.name ?? ''}`);
      assert.equal(cells[3], formatCount(Number(largest?.scans)));
      const headings = await view.page.locator('main h2').allInnerTexts();
      assert.deepEqual(
        headings,
        toReportDocument(report).sections.map(({ title }) => title),
      );
      assert.equal(await view.page.locator('.finding').count(), report.findings.length);
      assert.equal(await view.page.locator('table.targets tbody tr').count(), report.targets.length);
    });

    it('asks its host for what its buttons say, by mouse and by keyboard', async () => {
      await open();
      const fixed = report.findings.find(({ fix }) => fix !== undefined);
      assert.ok(fixed?.fix);
      const finding = view.page.locator('.finding', { hasText: fixed.message });
      await finding.getByRole('button', { name: 'Copy SQL' }).click();
      await finding.getByRole('button', { name: 'Open in Editor' }).press('Enter');
      await finding.getByRole('button', { name: fixed.ruleId }).press('Enter');
      const slow = report.findings.find(({ ruleId }) => ruleId === 'slow-statement');
      assert.ok(slow);
      const statement = view.page.locator('.finding', { hasText: slow.message });
      await statement.getByRole('button', { name: 'Explain' }).press('Enter');
      await statement.getByRole('button', { name: 'Open Statement' }).click();
      await view.page.getByRole('button', { name: 'Export...' }).press('Enter');
      await view.page.getByRole('button', { name: 'Refresh' }).click();
      const onFinding = ({ fingerprint }: { fingerprint: string }, action: string) => {
        return { type: 'finding', fingerprint, action };
      };
      assert.deepEqual(await view.requests(), [
        { type: 'ready' },
        onFinding(fixed, 'copy-fix'),
        onFinding(fixed, 'open-fix'),
        onFinding(fixed, 'show-documentation'),
        onFinding(slow, 'explain-statement'),
        onFinding(slow, 'open-statement'),
        { type: 'export' },
        { type: 'refresh' },
      ]);
      const offered = await view.page.getByRole('button', { name: 'Explain' }).count();
      assert.equal(offered, report.findings.filter(({ subject }) => subject.kind === 'statement').length);
      await view.send({ type: 'refreshing', refreshing: true });
      await view.page.locator('vscode-progress-bar').waitFor();
      assert.equal(await view.page.locator('vscode-button[disabled]').count(), 1);
    });

    it('says whose report it is, and what became of the connection', async () => {
      await open();
      const { page } = view;
      const fact = (name: string) => page.locator(`.facts [data-fact=${name}]`).innerText();
      assert.deepEqual(
        [await fact('environment'), await fact('connection'), await fact('role')],
        ['Development', 'Shop', 'postgres'],
      );
      assert.equal(await page.locator('[data-fact=captured-at]').getAttribute('title'), report.capturedAt);
      const connection = { profileId: 'shop', name: 'Live', environment: 'production' as const };
      await view.send(toMessage(report, { connection: { ...connection, state: 'not-connected' } }));
      await page.locator('[data-fact=connection]', { hasText: 'Live (not connected)' }).waitFor();
      assert.equal(await fact('environment'), 'Production');
      const refresh = page.locator('vscode-button', { hasText: 'Refresh' });
      assert.equal(await refresh.getAttribute('disabled'), null, 'it connects');
      await takeScreenshot(page, path.join(screenshots, 'view-production.png'));
      await view.send(toMessage(report, { connection: { ...connection, state: 'removed' } }));
      await page.getByRole('alert').filter({ hasText: 'The connection "Live" was removed.' }).waitFor();
      assert.equal(await refresh.getAttribute('disabled'), '');
      await takeScreenshot(page, path.join(screenshots, 'view-removed.png'));
    });

    it('says what to do when a restored view has lost its report', async () => {
      view = await openWebview(browser, web.origin);
      await view.send({ type: 'unavailable', reason: 'The report of "Shop" was not kept.', profileId: 'shop' });
      await view.page.getByText('The report of "Shop" was not kept.').waitFor();
      await takeScreenshot(view.page, path.join(screenshots, 'view-lost.png'));
      await view.page.getByRole('button', { name: 'Refresh' }).click();
      assert.deepEqual((await view.requests()).at(-1), { type: 'refresh' });
      await view.send(toMessage());
      await view.page.getByRole('heading', { level: 1 }).waitFor();
    });

    it('leads to its sections, and comes back to where one read', async () => {
      await open();
      const link = view.page.getByRole('navigation').getByRole('link', { name: /^Statements/ });
      await link.press('Enter');
      const title = view.page.getByRole('heading', { level: 2, name: 'Statements' });
      assert.equal(await view.page.evaluate('document.activeElement.id'), await title.getAttribute('id'));
      await view.page.locator('nav a[aria-current=true]', { hasText: 'Statements' }).waitFor();
      // what is kept is told by an event of its own
      await view.page.waitForFunction(
        "document.querySelector('main').scrollTop === acquireVsCodeApi().getState()?.top",
      );
      const top = await view.page.evaluate<number>("document.querySelector('main').scrollTop");
      assert.ok(top > 0);
      await view.page.reload();
      await view.send(toMessage());
      await title.waitFor();
      await view.page.waitForFunction(`Math.abs(document.querySelector('main').scrollTop - ${top}) < ${readingLinePx}`);
      await view.send(toMessage(report, { notice: 'The list is broken.' }));
      await view.page.getByRole('alert').filter({ hasText: 'The list is broken.' }).waitFor();
    });

    for (const theme of themes) {
      it(`can be read in ${theme}`, async () => {
        await open(report, { theme });
        await takeScreenshot(view.page, path.join(screenshots, `view-${theme}.png`));
        const wider = await view.page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        assert.equal(wider, false, 'nothing is wider than the window');
        for (const id of ['findings-medium', 'tables', 'statements', 'connections', 'not-looked-at']) {
          await view.page.locator(`nav a[href="#${id}"]`).click();
          await takeScreenshot(view.page, path.join(screenshots, `view-${theme}-${id}.png`));
        }
      });
    }

    it('says what a role that sees half could not look at, and how to mend it', async () => {
      await client.query(`CREATE ROLE "half ""seen" LOGIN PASSWORD 'p'; GRANT SELECT ON orders TO "half ""seen"`);
      await open(await captureReport({ ...demo.server, user: 'half "seen', password: 'p' }));
      assert.equal(await view.page.locator('.grade').innerText(), 'incomplete');
      await view.page.locator('nav a[href="#not-looked-at"]').click();
      const gap = view.page.locator('.gap', { hasText: 'Column statistics of some tables' });
      await gap.getByRole('button', { name: 'Copy SQL' }).click();
      const sql = 'GRANT pg_read_all_data TO "half ""seen";';
      assert.deepEqual((await view.requests()).at(-1), { type: 'copy-sql', sql });
      await takeScreenshot(view.page, path.join(screenshots, 'view-incomplete.png'));
      await client.query(`DROP OWNED BY "half ""seen"; DROP ROLE "half ""seen"`);
    });

    for (const width of [480, 600]) {
      it(`is usable in a tab of ${width} pixels`, async () => {
        await open(report, { width, height: 800 });
        await takeScreenshot(view.page, path.join(screenshots, `view-narrow-${width}.png`));
        const wider = await view.page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        assert.equal(wider, false, 'nothing is wider than the window');
        // names stay in one line, and statements have room to be read
        for (const name of await view.page.locator('#tables tbody td:first-child').all()) {
          assert.ok(((await name.boundingBox())?.height ?? Infinity) < 40, await name.innerText());
        }
        const statement = await view.page.locator('#statements td.prose').first().boundingBox();
        assert.ok((statement?.width ?? 0) >= 240);
        for (const id of ['targets', 'tables', 'statements']) {
          await view.page.locator(`section[id="${id}"]`).scrollIntoViewIfNeeded();
          await view.page.evaluate(`document.querySelector('#${id}').scrollIntoView()`);
          await takeScreenshot(view.page, path.join(screenshots, `view-narrow-${width}-${id}.png`));
        }
      });
    }
  });

  /** Opens an HTML file without a network; gives what it asked for beside itself and what the browser printed. */
  async function openOffline(file: string, colorScheme: 'dark' | 'light') {
    const context = await browser.newContext({ offline: true, colorScheme, viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const heard: string[] = [];
    const url = pathToFileURL(file).href;
    page.on('request', (request) => {
      if (request.url() !== url) heard.push(`request: ${request.url()}`);
    });
    page.on('console', (message) => heard.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
    await page.goto(url);
    return { page, heard, close: () => context.close() };
  }

  describe('as HTML', () => {
    for (const colorScheme of ['dark', 'light'] as const) {
      it(`needs no network and says what the report says (${colorScheme})`, async () => {
        const file = path.join(folder.path, `report-${colorScheme}.html`);
        await writeFile(file, formatReport(report, 'html'));
        const { page, heard, close } = await openOffline(file, colorScheme);
        try {
          assert.equal(await page.locator('h1').innerText(), `Health of ${demo.database}`);
          assert.equal(await page.locator('.finding').count(), report.findings.length);
          const first = report.statements?.[0];
          const cells = await page.locator('#statements tbody tr').first().locator('td').allInnerTexts();
          assert.equal(cells[3], formatCount(first?.calls ?? -1));
          const wider = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
          assert.equal(wider, false, 'nothing is wider than the window');
          await page.screenshot({ path: path.join(screenshots, `html-${colorScheme}.png`) });
          await page.locator('#tables').scrollIntoViewIfNeeded();
          await page.screenshot({ path: path.join(screenshots, `html-${colorScheme}-tables.png`) });
          await page.emulateMedia({ media: 'print' });
          assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
          assert.equal(await page.locator('nav').isVisible(), false);
          await page.setViewportSize({ width: 794, height: 1123 });
          await page.screenshot({ path: path.join(screenshots, `html-${colorScheme}-print.png`) });
          assert.deepEqual(heard, []);
        } finally {
          await close();
        }
      });
    }
  });

  describe('in VS Code', function () {
    // each step builds on the one before
    this.bail(true);
    let server: VsCodeServer;
    let workbench: Workbench;
    let workspace: string;
    const frame = (): FrameLocator => webviewFrame(workbench.page);
    const heading = (database: string) =>
      frame().getByRole('heading', { level: 1, name: `Health of ${database}`, exact: true });
    const fact = (name: string) => frame().locator(`.facts [data-fact=${name}]`);
    const tab = (label: string | RegExp) => workbench.page.locator('.tab', { hasText: label });

    before(async () => {
      workspace = path.join(folder.path, 'workspace');
      await mkdir(workspace);
      await client.query('CREATE DATABASE small');
      const environment = await writeConnectionFiles(folder.path, demo.server, 'Shop', demo.database);
      const small = toServerProfile(demo.server, 'Small', 'small', 'staging');
      await openProfileStore(environment.PG_INSIGHT_CONFIG_HOME).save(small);
      server = await startVsCode({
        vsix: await provideVsix(),
        environment,
        settings: { 'pgInsight.connection.default': 'Shop' },
      });
      endings.push(() => server.stop());
      workbench = await openWorkbench(browser, server, workspace, {
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      await runCommand(workbench.page, 'View: Close All Editors');
    });

    afterEach(async function () {
      if (this.currentTest?.state !== 'failed') return;
      const name = this.currentTest.title.replaceAll(/\W+/g, '-');
      await takeScreenshot(workbench.page, path.join(screenshots, `failed-${name}.png`));
    });

    async function countIndexes(): Promise<string> {
      const [row] = await ask<{ indexes: string }>(`
        SELECT count(*) AS indexes FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace::regnamespace::text !~ '^pg_' AND NOT c.relispartition`);
      return formatCount(Number(row?.indexes));
    }

    const shownIndexes = () => frame().locator('.figures div', { hasText: 'Indexes' }).locator('.value');

    it('opens by its command and shows what the server says now', async () => {
      await runCommand(workbench.page, 'PG Insight: Open Health Report');
      await heading(demo.database).waitFor();
      await tab('Health: Shop').waitFor();
      assert.equal(await shownIndexes().innerText(), await countIndexes());
      assert.equal(await fact('environment').innerText(), 'Development');
      await takeScreenshot(workbench.page, path.join(screenshots, 'vscode.png'));
    });

    it('copies the SQL of a fix, and opens it', async () => {
      const { page } = workbench;
      const finding = frame()
        .locator('.finding', { has: frame().getByRole('button', { name: 'Copy SQL' }) })
        .first();
      const sql = await finding.locator('pre').first().innerText();
      await page.evaluate("navigator.clipboard.writeText('nothing yet')");
      await untilStatusBarSays(page, 'SQL of the fix copied', () =>
        finding.getByRole('button', { name: 'Copy SQL' }).click(),
      );
      assert.equal(await page.evaluate<string>('navigator.clipboard.readText()'), `${sql}\n`);
      await finding.getByRole('button', { name: 'Open in Editor' }).click();
      await page.locator('.tab.active:not(:has-text("Health: "))').waitFor();
      // as the Findings view opens it: with its risk, and what takes it back
      for (const text of [/^--\sRisk:/, new RegExp(`^${sql.split(' ')[0] ?? ''}`)]) {
        await page.locator('.editor-instance .view-line', { hasText: text }).first().waitFor();
      }
      // closing it could, on a busy machine, be asked for twice, and take the report along
      await tab('Health: Shop').click();
      await heading(demo.database).waitFor();
    });

    it('leads from a slow statement to its text and its plan, and to the page of a rule', async () => {
      const { page } = workbench;
      const finding = () => frame().locator('.finding[data-rule=slow-statement]').first();
      await finding().getByRole('button', { name: 'slow-statement' }).click();
      await page.locator('.tab.active', { hasText: 'Preview slow-statement.md' }).waitFor();
      await runCommand(page, 'View: Close Editor');
      await heading(demo.database).waitFor();
      const message = await finding().locator('h3').innerText();
      await finding().getByRole('button', { name: 'Open Statement' }).click();
      await page.locator('.tab.active', { hasText: 'Untitled' }).waitFor();
      const [word = ''] = message.split(' ');
      await page.locator('.editor-instance .view-line', { hasText: word }).first().waitFor();
      await runCommand(page, 'View: Revert and Close Editor');
      await heading(demo.database).waitFor();
      await finding().getByRole('button', { name: 'Explain' }).click();
      await page.locator('.tab.active', { hasText: 'Plan: ' }).waitFor();
      await frame().locator('[data-fact=parameters]', { hasText: 'generic plan' }).waitFor();
      await runCommand(page, 'View: Close Editor');
      await heading(demo.database).waitFor();
    });

    it('is exported as HTML, which Chromium opens without a network', async () => {
      const { page } = workbench;
      const shown = await frame().locator('.finding h3').allInnerTexts();
      await frame().getByRole('button', { name: 'Export...' }).click();
      await quickPickEntry(page, 'HTML').click();
      // the box of the formats and that of the file's name are one element: it is the latter's once it proposes a name
      const input = page.locator('.quick-input-widget input.input');
      await untilValue(input, /-health-[\d-]+\.html$/);
      const file = path.join(workspace, 'exported.html');
      await input.fill(file);
      await untilValue(input, /\/exported\.html$/);
      await page.keyboard.press('Enter');
      await findNotification(page, 'The report was written to exported.html');
      const { page: exported, heard, close } = await openOffline(file, 'dark');
      try {
        assert.deepEqual(await exported.locator('.finding h3').allInnerTexts(), shown);
        assert.deepEqual(heard, []);
      } finally {
        await close();
      }
      await clearNotifications(page);
    });

    it('has a tab for each connection, which stays with it when the window switches to another one', async () => {
      const { page } = workbench;
      await runCommand(page, 'PG Insight: Switch Connection');
      await quickPickEntry(page, 'Small').click();
      await page.locator('.statusbar-item', { hasText: 'Small' }).waitFor();
      await heading(demo.database).waitFor();
      await runCommand(page, 'PG Insight: Open Health Report');
      await heading('small').waitFor();
      assert.equal(await fact('environment').innerText(), 'Staging');
      assert.equal(await shownIndexes().innerText(), '0');
      await takeScreenshot(page, path.join(screenshots, 'vscode-staging.png'));
      // Refresh reads the tab's own database, which is not the window's
      await client.query('CREATE INDEX extra_index ON reviews (rating)');
      await tab('Health: Shop').click();
      await heading(demo.database).waitFor();
      const before = await fact('captured-at').getAttribute('title');
      await frame().getByRole('button', { name: 'Refresh' }).click();
      await shownIndexes()
        .filter({ hasText: new RegExp(`^${await countIndexes()}$`) })
        .waitFor();
      assert.notEqual(await fact('captured-at').getAttribute('title'), before);
      await tab('Health: Small').click();
      await heading('small').waitFor();
      assert.equal(await shownIndexes().innerText(), '0');
    });

    it('outlives a reload of the window, with the time it was read', async () => {
      const { page } = workbench;
      const small = await fact('captured-at').getAttribute('title');
      await tab('Health: Shop').click();
      await heading(demo.database).waitFor();
      const shop = await fact('captured-at').getAttribute('title');
      await reloadWindow(page);
      await heading(demo.database).waitFor();
      assert.equal(await fact('captured-at').getAttribute('title'), shop, 'the report that was kept');
      await fact('connection').filter({ hasText: 'Shop (not connected)' }).waitFor();
      await tab('Health: Small').click();
      await heading('small').waitFor();
      assert.equal(await fact('captured-at').getAttribute('title'), small, 'the report that was kept');
      const refused = workbench.console.filter(
        (line) => line.includes('Content Security Policy') && /report\.js|report\.css/.test(line),
      );
      assert.deepEqual(refused, []);
      // the webview's own files are served under this name by VS Code's service worker
      const foreign = workbench.foreignRequests.filter((url) => !new URL(url).hostname.endsWith('.vscode-cdn.net'));
      assert.deepEqual(foreign, []);
    });

    it('connects to read again, and says when its connection was removed', async () => {
      const { page } = workbench;
      const before = await fact('captured-at').getAttribute('title');
      await frame().getByRole('button', { name: 'Refresh' }).click();
      await frame()
        .locator(`[data-fact=captured-at]:not([title="${before ?? ''}"])`)
        .waitFor();
      await fact('connection')
        .filter({ hasText: /^\s*Small\s*$/ })
        .waitFor();
      await runCommand(page, 'PG Insight: Remove Connection');
      await quickPickEntry(page, 'Small').click();
      await modalDialog(page, 'Remove the connection "Small"?').getByRole('button', { name: 'Remove' }).click();
      await frame().getByRole('alert').filter({ hasText: 'The connection "Small" was removed.' }).waitFor();
      await frame().locator('vscode-button[disabled]', { hasText: 'Refresh' }).waitFor();
      assert.equal(await frame().locator('h1').innerText(), 'Health of small');
      await tab('Health: Shop').click();
      await fact('connection').filter({ hasText: 'Shop (not connected)' }).waitFor();
      assert.equal(await frame().getByRole('alert').count(), 0);
    });
  });
});

/** Waits until a box holds what it should: what is typed before is lost. */
async function untilValue(input: Locator, pattern: RegExp): Promise<void> {
  let value = '';
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    value = await input.inputValue();
    if (pattern.test(value)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`"${value}" never became ${String(pattern)}.`);
}
