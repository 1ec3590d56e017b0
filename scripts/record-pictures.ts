// `npm run pictures`: the README's pictures, taken in the demo as a user would see it.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from './environment/chromium';
import { startDemo } from './environment/demo';
import { createProgress } from './environment/progress';
import { endRun } from './environment/supervision';
import {
  answerInput,
  expandRow,
  modalDialog,
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
} from './environment/workbench';

const pictures = path.resolve('media', 'readme');
/** cancel_stale_orders in orders.sql. */
const updateLines = { first: 47, last: 50 };
const lens = (page: Page, title: string, index: number) =>
  page.locator('.codelens-decoration a', { hasText: new RegExp(`^${title}$`) }).nth(index);

/** The sandbox may have to be started first. */
const adviceTimeoutMs = 120_000;

type Picture = (name: string) => Promise<void>;

async function recordQuickFix(page: Page, picture: Picture): Promise<void> {
  await openFile(page, 'orders.sql');
  await page.locator('.squiggly-info').first().waitFor();
  // the cursor goes to the first mark
  await runCommand(page, 'Go to Next Problem (Error, Warning, Info)');
  await page.locator('.marker-widget').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.marker-widget').waitFor({ state: 'hidden' });
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget').getByText('Create index on').first().waitFor();
  await picture('quick-fix-dark');
  await page.keyboard.press('Enter');
  await modalDialog(page, 'Create index').waitFor();
  await page.keyboard.press('Enter');
  await webviewFrame(page).locator('[data-verdict=used]').waitFor();
  await runCommand(page, 'Notifications: Clear All Notifications');
  await picture('compare-dark');
  await runCommand(page, 'View: Close All Editors');
}

async function recordHealth(page: Page, picture: Picture): Promise<void> {
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
  await showViews(page, ['Tables'], false);
  await showViews(page, ['Indexes', 'Findings'], true);
  await treeRow(page, 'Findings', /^High/).waitFor();
  await runCommand(page, 'PG Insight: Open Health Report');
  // the last part of the report: what the statements lack
  await webviewFrame(page).getByRole('heading', { name: 'Missing indexes' }).waitFor({ timeout: adviceTimeoutMs });
  await picture('findings-dark');
  await showViews(page, ['Indexes', 'Findings'], false);
  await showViews(page, ['Slow Queries'], true);
  await expandRow(treeRow(page, 'Slow Queries', /% · .* calls?/));
  await treeRow(page, 'Slow Queries', /^Missing index(?!.*looking)/).waitFor({ timeout: adviceTimeoutMs });
  await picture('slow-queries-dark');
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
  await picture('report-dark');
}

async function recordPictures(): Promise<void> {
  const progress = createProgress();
  const { editor, workspace } = await startDemo(1, progress);
  progress.stop();
  const browser = await launchChromium();
  try {
    const { page } = await openWorkbench(browser, editor, workspace, { viewport: { width: 1280, height: 800 } });
    const picture = async (name: string) => {
      await page.mouse.move(640, 795);
      await takeScreenshot(page, path.join(pictures, `${name}.png`));
      console.log(name);
    };
    await mkdir(pictures, { recursive: true });
    // the workspace's README opens by itself, some time after the start
    await page.waitForTimeout(5_000);
    await runCommand(page, 'View: Close All Editors');
    await setColorTheme(page, 'Dark 2026');
    await openViewContainer(page, 'PG Insight');
    await treeRow(page, 'Connections', 'PostgreSQL 18').waitFor();
    await showViews(page, ['Connections', 'Findings'], false);
    await expandRow(treeRow(page, 'Tables', 'public'));
    await expandRow(treeRow(page, 'Tables', /^orders/));
    await expandRow(treeRow(page, 'Tables', 'Columns'));
    await treeRow(page, 'Tables', 'customer_id').waitFor();
    // last: VS Code asks for lenses only while the editor has the focus
    await openFile(page, 'orders.sql');
    await lens(page, 'Explain', 0).waitFor();
    await picture('tables-dark');

    await lens(page, 'Explain Analyze', 0).click();
    await quickPickEntry(page, 'delivered').waitFor();
    await picture('parameters-dark');
    for (const [index, value] of ['pending', '2026-06-01', '2026-07-01'].entries()) {
      await page.locator('.quick-input-titlebar', { hasText: `(${index + 1}/3)` }).waitFor();
      await answerInput(page, value);
    }
    await page.locator('.tab.active', { hasText: 'Plan: open_orders' }).waitFor();

    await openFile(page, 'orders.sql');
    await selectLines(page, updateLines.first, updateLines.last);
    await runCommand(page, 'PG Insight: Explain Analyze Statement');
    await quickPickEntry(page, 'NULL').waitFor();
    await answerInput(page, '2026-06-15');
    await modalDialog(page, 'Run this statement').waitFor();
    await picture('consent-dark');
    await page.keyboard.press('Escape');

    await runCommand(page, 'View: Close All Editors');
    await openFile(page, 'reports.sql');
    await lens(page, 'Explain Analyze', 0).click();
    await page.locator('.tab.active', { hasText: 'Plan: revenue_by_category' }).waitFor();
    const hottest = webviewFrame(page).locator('[role=treegrid]');
    await hottest.locator('[data-node-id="0"]').waitFor();
    await hottest.locator('[data-node-id="0"]').click();
    await page.keyboard.press('h');
    await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
    await page.locator('.notification-toast').waitFor({ state: 'hidden' });
    await picture('explain-analyze-dark');
    await setColorTheme(page, 'Light 2026');
    await webviewFrame(page).locator('[data-node-id="0"]').waitFor();
    await picture('explain-analyze-light');

    await setColorTheme(page, 'Dark 2026');
    await runCommand(page, 'View: Close All Editors');
    await recordQuickFix(page, picture);
    await recordHealth(page, picture);
  } finally {
    await browser.close();
  }
}

try {
  await recordPictures();
} finally {
  await endRun();
}
