// The Indexes and Findings views in a real VS Code, with the keyboard where a person would use it: what they show is
// compared with SQL run directly, what is ignored with the file that a team commits.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { writeConnectionFiles } from '../../scripts/environment/connection-files';
import { provideVsix } from '../../scripts/environment/packages';
import { startVsCode } from '../../scripts/environment/vscode-server';
import {
  focusRow,
  openViewContainer,
  openWorkbench,
  quickPickEntry,
  runCommand,
  setColorTheme,
  takeScreenshot,
  treeRow,
} from '../../scripts/environment/workbench';
import { formatBytes } from '../../src/analysis/format/numbers';
import { ignoreFileName } from '../../src/analysis/ignore-list';
import { shopDefects } from '../factories/shop-database';
import { startShop } from './start-shop';

const screenshots = path.resolve('out', 'screenshots');
const [, duplicate] = shopDefects.duplicateIndexes;

describe('the Indexes and Findings views', function () {
  this.timeout(300_000);
  const endings: (() => Promise<unknown>)[] = [];
  let workspace: string;
  let client: Client;
  let page: Page;

  before(async () => {
    const shop = await startShop('health-views-test', endings, { scale: 0.1 });
    ({ workspace, client } = shop);
    const server = await startVsCode({
      vsix: await provideVsix(),
      environment: await writeConnectionFiles(shop.folder.path, shop.postgres, 'Shop', 'shop'),
      settings: {
        'pgInsight.connection.default': 'Shop',
        // the shop's statistics are minutes old: as they are, no index could be called unused
        'pgInsight.rules': { 'unused-index': { minStatisticsDays: 0, minSizeBytes: 0 } },
      },
    });
    endings.push(() => server.stop());
    const browser: Browser = await launchChromium();
    endings.push(() => browser.close());
    const workbench = await openWorkbench(browser, server, workspace, {
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    ({ page } = workbench);
    await openViewContainer(page, 'PG Insight');
    await treeRow(page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replaceAll(/\W+/g, '-');
    await takeScreenshot(page, path.join(screenshots, `failed-${name}.png`));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  /** Chooses from the context menu of the row that has the focus, by keyboard. */
  async function chooseFromMenu(title: string): Promise<void> {
    await page.keyboard.press('Shift+F10');
    const entry: Locator = page.locator('.monaco-menu .action-item', { hasText: title });
    await entry.waitFor();
    for (let presses = 0; presses < 30; presses += 1) {
      if (/\bfocused\b/.test((await entry.getAttribute('class')) ?? '')) {
        await page.keyboard.press('Enter');
        return;
      }
      await page.keyboard.press('ArrowDown');
    }
    assert.fail(`The menu has no "${title}".`);
  }

  it('counts findings at the view, in the activity bar and in the status bar', async () => {
    await treeRow(page, 'Findings', /^High/).waitFor();
    let count = 0;
    for (const severity of [/^Critical/, /^High/]) {
      count += Number((await treeRow(page, 'Findings', severity).innerText()).replace(/\D+/, ''));
    }
    assert.ok(count > 1);
    const exactly = new RegExp(`^\\s*${count}\\s*$`);
    // they are told each for itself, the badge a moment after the rows
    await page.locator('.statusbar-item[id$="pgInsight.findings"]', { hasText: exactly }).waitFor();
    await page
      .locator('.part.activitybar .action-item:has([aria-label^="PG Insight"]) .badge-content', { hasText: exactly })
      .first()
      .waitFor();
    await takeScreenshot(page, path.join(screenshots, 'findings-light.png'));
  });

  it('shows a finding with evidence and fix, and opens the fix', async () => {
    await focusRow(page, 'Findings', new RegExp(`^${duplicate}\\b.*duplicate index`));
    await page.keyboard.press('ArrowRight');
    await focusRow(page, 'Findings', /^index scans/);
    await takeScreenshot(page, path.join(screenshots, 'finding-light.png'));
    await focusRow(page, 'Findings', new RegExp(`^Drop index public\\.${duplicate}`));
    await page.keyboard.press('Enter');
    // the text comes as a whole, and is drawn line by line
    await page.locator('.editor-instance .view-line', { hasText: /^DROP\sINDEX\sCONCURRENTLY/ }).waitFor();
    await page.locator('.editor-instance .view-line', { hasText: /^--\sCREATE\sINDEX\sCONCURRENTLY/ }).waitFor();
    const text = (await page.locator('.editor-instance .view-lines').first().innerText()).replaceAll('\u00a0', ' ');
    assert.match(text, new RegExp(`DROP INDEX CONCURRENTLY public\\.${duplicate};`));
    assert.match(text, /-- To take it back:\n-- CREATE INDEX CONCURRENTLY/);
    await takeScreenshot(page, path.join(screenshots, 'finding-fix-light.png'));
    await runCommand(page, 'View: Revert and Close Editor');
  });

  it('shows the page of a rule', async () => {
    await focusRow(page, 'Findings', new RegExp(`^${duplicate}\\b.*duplicate index`));
    await chooseFromMenu('Show Documentation');
    await page.locator('.tab.active', { hasText: 'Preview duplicate-index.md' }).waitFor();
    await runCommand(page, 'View: Close All Editors');
  });

  it('ignores a finding by keyboard, with a reason, in the file of the workspace', async () => {
    await focusRow(page, 'Findings', new RegExp(`^${duplicate}\\b.*duplicate index`));
    await chooseFromMenu('Ignore...');
    await quickPickEntry(page, 'This Rule on This Object').waitFor();
    await takeScreenshot(page, path.join(screenshots, 'ignore-light.png'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-titlebar', { hasText: 'Ignore Finding (2/2)' }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-message', { hasText: 'A reason is needed.' }).waitFor();
    await page.keyboard.type('dropped with the next release');
    await page.keyboard.press('Enter');
    const file = path.join(workspace, ignoreFileName);
    for (const deadline = Date.now() + 60_000; !existsSync(file);) {
      assert.ok(Date.now() < deadline, 'the list is written');
      await page.waitForTimeout(50);
    }
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
      ignore: [{ rule: 'duplicate-index', object: `public.${duplicate}`, reason: 'dropped with the next release' }],
    });
    await focusRow(page, 'Findings', 'Ignored (1)');
    await page.keyboard.press('ArrowRight');
    await focusRow(page, 'Findings', new RegExp(`^${duplicate}\\s*dropped with the next release`));
    await takeScreenshot(page, path.join(screenshots, 'ignored-light.png'));
    await focusRow(page, 'Findings', 'Ignored (1)');
    await page.keyboard.press('ArrowRight');
    await focusRow(page, 'Findings', new RegExp(`^${duplicate}\\s*dropped with the next release`));
    await takeScreenshot(page, path.join(screenshots, 'ignored-light.png'));
  });

  it('leads from a finding to the row of its index', async () => {
    await focusRow(page, 'Findings', new RegExp(`^${shopDefects.invalidIndex}\\b.*invalid index`));
    await chooseFromMenu('Show Object');
    const pane = page.locator('.pane', { has: page.locator('.pane-header[aria-label^="Indexes"]') });
    await pane.locator('.monaco-list-row.selected', { hasText: new RegExp(`^${shopDefects.invalidIndex}`) }).waitFor();
  });

  it('shows the indexes by finding and by table as the server has them', async () => {
    const [row] = (
      await client.query<{ size: string; scans: string }>(
        `SELECT (c.relpages::bigint * current_setting('block_size')::int)::text AS size, s.idx_scan::text AS scans
         FROM pg_class c JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid WHERE c.relname = $1`,
        [shopDefects.unusedIndex],
      )
    ).rows;
    assert.ok(row);
    const shown = `~${formatBytes(Number(row.size))} · ${row.scans} scans`;
    await focusRow(page, 'Indexes', new RegExp(`^${shopDefects.unusedIndex}`));
    const byFinding = await treeRow(page, 'Indexes', new RegExp(`^${shopDefects.unusedIndex}`)).innerText();
    assert.ok(byFinding.includes(shown), byFinding);
    await takeScreenshot(page, path.join(screenshots, 'indexes-by-finding-light.png'));
    await runCommand(page, 'PG Insight: Group Indexes by Table');
    await focusRow(page, 'Indexes', /^orders\s*\d/);
    await page.keyboard.press('ArrowRight');
    await focusRow(page, 'Indexes', new RegExp(`^${shopDefects.unusedIndex}`));
    const byTable = await treeRow(page, 'Indexes', new RegExp(`^${shopDefects.unusedIndex}`)).innerText();
    assert.ok(byTable.includes(`unused · ${shown}`), byTable);
    await treeRow(page, 'Indexes', new RegExp(`^${shopDefects.unusedIndex}`)).hover();
    await page.locator('.monaco-hover', { hasText: 'Most common' }).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'indexes-by-table-light.png'));
  });

  it('looks right in the dark', async () => {
    await setColorTheme(page, 'Dark Modern');
    await focusRow(page, 'Findings', /^High/);
    await takeScreenshot(page, path.join(screenshots, 'health-views-dark.png'));
  });
});
