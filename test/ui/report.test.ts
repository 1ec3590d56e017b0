// The health report where people read it: the report view under its own policy and inside VS Code, and the exported HTML
// in a browser without a network. Figures are compared with SQL run directly.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import type { Browser, FrameLocator } from 'playwright-core';
import { buildWebview } from '../../scripts/environment/bundles';
import { launchChromium } from '../../scripts/environment/chromium';
import { writeConnectionFiles } from '../../scripts/environment/connection-files';
import { startDemoDatabase, type DemoDatabase } from '../../scripts/environment/demo-database';
import { provideVsix } from '../../scripts/environment/packages';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode, type VsCodeServer } from '../../scripts/environment/vscode-server';
import {
  notification,
  openWorkbench,
  quickPickEntry,
  runCommand,
  takeScreenshot,
  waitForWorkbench,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { analyze } from '../../src/analysis/analyze';
import { buildReport } from '../../src/analysis/build-report';
import { formatReport } from '../../src/analysis/format/format-report';
import { formatBytes, formatCount } from '../../src/analysis/format/numbers';
import { toReportDocument } from '../../src/analysis/format/report-document';
import type { AnalysisReport } from '../../src/analysis/report';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import type { ReportViewMessage, ReportViewRequest } from '../../src/webviews/report-protocol';
import { openTestSession, type TestServer } from '../database/test-session';
import { openWebview, serveWebview, themes, type WebviewPage } from './plan-view-page';

const screenshots = path.resolve('out', 'screenshots', 'report');
/** Icons that come late move what is below them by a line or two. */
const readingLinePx = 48;
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

    afterEach(async () => {
      const { complaints } = view;
      await view.close();
      assert.deepEqual(complaints, [], 'the browser has nothing to complain about, its policy neither');
    });

    async function open(shown = report, options: Parameters<typeof openWebview>[2] = {}): Promise<void> {
      view = await openWebview(browser, web.origin, options);
      await view.send({ type: 'report', document: toReportDocument(shown), notice: null });
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
        SELECT s.indexrelname AS name, s.idx_scan AS scans FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid
        ORDER BY c.relpages DESC LIMIT 1`);
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
      await view.page.getByRole('button', { name: 'Export...' }).press('Enter');
      await view.page.getByRole('button', { name: 'Refresh' }).click();
      assert.deepEqual(await view.requests(), [
        { type: 'ready' },
        { type: 'copy-sql', sql: fixed.fix.sql },
        { type: 'open-sql', sql: fixed.fix.sql },
        { type: 'export' },
        { type: 'refresh' },
      ]);
      await view.send({ type: 'refreshing', refreshing: true });
      await view.page.locator('vscode-progress-bar').waitFor();
      assert.equal(await view.page.locator('vscode-button[disabled]').count(), 1);
    });

    it('leads to its sections, and comes back to where one read', async () => {
      await open();
      const link = view.page.getByRole('navigation').getByRole('link', { name: /^Statements/ });
      await link.press('Enter');
      const title = view.page.getByRole('heading', { level: 2, name: 'Statements' });
      assert.equal(await view.page.evaluate('document.activeElement.id'), await title.getAttribute('id'));
      await view.page.locator('nav a[aria-current=true]', { hasText: 'Statements' }).waitFor();
      const top = await view.page.evaluate<number>("document.querySelector('main').scrollTop");
      assert.ok(top > 0);
      await view.page.reload();
      await view.send({ type: 'report', document: toReportDocument(report), notice: null });
      await title.waitFor();
      const again = await view.page.evaluate<number>("document.querySelector('main').scrollTop");
      assert.ok(Math.abs(again - top) < readingLinePx, `${again} is near ${top}`);
      await view.send({ type: 'report', document: toReportDocument(report), notice: 'The list is broken.' });
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

    it('is usable in a narrow tab', async () => {
      await open(report, { width: 480, height: 700 });
      await takeScreenshot(view.page, path.join(screenshots, 'view-narrow.png'));
      const wider = await view.page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
      assert.equal(wider, false, 'nothing is wider than the window');
    });
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

  describe('in VS Code', () => {
    let server: VsCodeServer;
    let workbench: Workbench;
    let workspace: string;
    const frame = (): FrameLocator => webviewFrame(workbench.page);

    before(async () => {
      workspace = path.join(folder.path, 'workspace');
      await mkdir(workspace);
      server = await startVsCode({
        vsix: await provideVsix(),
        environment: await writeConnectionFiles(folder.path, demo.server, 'Shop', demo.database),
        settings: { 'pgInsight.connection.default': 'Shop' },
      });
      endings.push(() => server.stop());
      workbench = await openWorkbench(browser, server, workspace, {
        permissions: ['clipboard-read', 'clipboard-write'],
      });
    });

    afterEach(async function () {
      if (this.currentTest?.state === 'failed') {
        await takeScreenshot(workbench.page, path.join(screenshots, 'failed-in-vscode.png'));
      }
    });

    it('opens by its command and shows what the server says now', async () => {
      await runCommand(workbench.page, 'PG Insight: Open Health Report');
      await frame()
        .getByRole('heading', { level: 1, name: `Health of ${demo.database}` })
        .waitFor();
      const [count] = await ask<{ indexes: string }>(`
        SELECT count(*) AS indexes FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace::regnamespace::text !~ '^pg_'`);
      const figure = frame().locator('.figures div', { hasText: 'Indexes' }).locator('.value');
      assert.equal(await figure.innerText(), formatCount(Number(count?.indexes)));
      await takeScreenshot(workbench.page, path.join(screenshots, 'vscode.png'));
    });

    it('copies the SQL of a fix, and opens it', async () => {
      const { page } = workbench;
      const finding = frame().locator('.finding', { has: frame().getByRole('button', { name: 'Copy SQL' }) });
      const sql = await finding.first().locator('pre').first().innerText();
      await finding.first().getByRole('button', { name: 'Copy SQL' }).click();
      await page.locator('.statusbar-item', { hasText: 'SQL copied' }).waitFor();
      assert.equal(await page.evaluate<string>('navigator.clipboard.readText()'), sql);
      await finding.first().getByRole('button', { name: 'Open in Editor' }).click();
      await page.locator('.tab.active', { hasText: /Untitled|ALTER/ }).waitFor();
      await page
        .locator('.editor-instance .view-line', { hasText: sql.split(' ')[0] ?? '' })
        .first()
        .waitFor();
      await runCommand(page, 'View: Revert and Close Editor');
      await frame().getByRole('heading', { level: 1 }).waitFor();
    });

    it('is exported as HTML, which Chromium opens without a network', async () => {
      const { page } = workbench;
      await frame().getByRole('button', { name: 'Export...' }).click();
      await quickPickEntry(page, 'HTML').click();
      const input = page.locator('.quick-input-widget input.input');
      await input.waitFor();
      const file = path.join(workspace, 'exported.html');
      await input.fill(file);
      await page.keyboard.press('Enter');
      await notification(page, 'The report was written to exported.html').waitFor();
      const { page: exported, heard, close } = await openOffline(file, 'dark');
      try {
        const shown = await frame().locator('.finding h3').allInnerTexts();
        assert.deepEqual(await exported.locator('.finding h3').allInnerTexts(), shown);
        assert.deepEqual(heard, []);
      } finally {
        await close();
      }
    });

    it('follows the server when it is refreshed, and outlives a reload of the window', async () => {
      const { page } = workbench;
      await client.query('CREATE INDEX extra_index ON reviews (rating)');
      const [count] = await ask<{ indexes: string }>(`
        SELECT count(*) AS indexes FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace::regnamespace::text !~ '^pg_'`);
      const figure = () => frame().locator('.figures div', { hasText: 'Indexes' }).locator('.value');
      await frame().getByRole('button', { name: 'Refresh' }).click();
      await figure()
        .filter({ hasText: formatCount(Number(count?.indexes)) })
        .waitFor();
      const subtitle = await frame().locator('.titles .muted').innerText();
      await page.reload();
      await waitForWorkbench(page);
      await frame()
        .getByRole('heading', { level: 1, name: `Health of ${demo.database}` })
        .waitFor();
      assert.equal(await frame().locator('.titles .muted').innerText(), subtitle, 'the report that was kept');
      const refused = workbench.console.filter(
        (line) => line.includes('Content Security Policy') && /report\.js|report\.css/.test(line),
      );
      assert.deepEqual(refused, []);
      // the webview's own files are served under this name by VS Code's service worker
      const foreign = workbench.foreignRequests.filter((url) => !new URL(url).hostname.endsWith('.vscode-cdn.net'));
      assert.deepEqual(foreign, []);
    });
  });
});
