// VS Code's page as a test meets it: opening a folder, commands, views, webviews, notifications. The selectors are the
// workbench's own class names, gathered here so that a new VS Code is met in one place.
import type { Browser, BrowserContext, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core';
import { newContext } from './chromium';
import type { VsCodeServer } from './vscode-server';

/** A cold workbench on a busy machine. */
const loadTimeoutMs = 90_000;
const actionTimeoutMs = 30_000;
const pickerAttempts = 15;
const pickerTimeoutMs = 2_000;

export interface Workbench {
  page: Page;
  context: BrowserContext;
  /** What the page has printed, as `type: text`: CSP refusals are among it. */
  console: string[];
  /** Addresses outside the server that the page has asked for. */
  foreignRequests: string[];
}

/** Opens a folder in a new browser profile; resolves when the file explorer has been painted. */
export async function openWorkbench(
  browser: Browser,
  server: Pick<VsCodeServer, 'origin' | 'url'>,
  folder: string,
  options: BrowserContextOptions = {},
): Promise<Workbench> {
  const context = await newContext(browser, options);
  const page = await context.newPage();
  page.setDefaultTimeout(actionTimeoutMs);
  const workbench: Workbench = { page, context, console: [], foreignRequests: [] };
  page.on('console', (message) => workbench.console.push(`${message.type()}: ${message.text()}`));
  page.on('request', (request) => {
    const { protocol, origin, hostname } = new URL(request.url());
    if (/^https?:$/.test(protocol) && origin !== server.origin && !hostname.endsWith('.localhost')) {
      workbench.foreignRequests.push(request.url());
    }
  });
  await page.goto(server.url(folder), { timeout: loadTimeoutMs });
  await waitForWorkbench(page);
  return workbench;
}

/** After a reload, too. */
export async function waitForWorkbench(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .part.activitybar .action-item').first().waitFor({ timeout: loadTimeoutMs });
  await page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: loadTimeoutMs });
}

/**
 * Reloads the window as a user does: VS Code then writes down which editors are open. A reload of the browser's page can't
 * wait for that.
 */
export async function reloadWindow(page: Page): Promise<void> {
  const loaded = page.waitForEvent('domcontentloaded', { timeout: loadTimeoutMs });
  await runCommand(page, 'Developer: Reload Window');
  await loaded;
  await waitForWorkbench(page);
}

const quickInput = (page: Page) => page.locator('.quick-input-widget');

/** Opens a quick pick, types and takes the entry. What it lists is a snapshot: opened too early, it is opened again. */
async function takeFromPicker(page: Page, key: string, text: string, entry: Locator): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await page.keyboard.press(key);
    const input = quickInput(page).locator('input.input');
    try {
      // a picker that has just been closed may take this one with it
      await input.fill(text, { timeout: pickerTimeoutMs });
      await entry.click({ timeout: pickerTimeoutMs });
      return;
    } catch (error) {
      if (attempt === pickerAttempts) throw new Error(`VS Code never offered "${text}".`, { cause: error });
    }
    await page.keyboard.press('Escape');
  }
}

/** Runs a command by its title in the palette (`PG Insight: Add Connection`). */
export async function runCommand(page: Page, title: string): Promise<void> {
  await takeFromPicker(page, 'F1', `>${title}`, quickPickEntry(page, title));
}

/** Answers an input box, or a list that takes text. Where a box follows a list, `inputBox` tells when it is there. */
export async function answerInput(page: Page, text: string): Promise<void> {
  const input = quickInput(page).locator('input.input');
  await input.waitFor();
  await input.fill(text);
  await page.keyboard.press('Enter');
}

/** An input box, not the list that is about to give way to it. */
export function inputBox(page: Page): Locator {
  return quickInput(page).filter({ hasText: "Press 'Enter' to confirm" });
}

/** The entry of an open quick pick whose text contains `text`. */
export function quickPickEntry(page: Page, text: string | RegExp): Locator {
  return page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
}

/** Opens a file by name. */
export async function openFile(page: Page, name: string): Promise<void> {
  await takeFromPicker(page, 'Control+P', name, quickPickEntry(page, name));
  await page.locator('.tab.active', { hasText: name.split('/').at(-1) ?? name }).waitFor();
  await page.locator('.editor-instance .view-line').first().waitFor();
}

/** Selects a range in the active editor by keyboard: 1-based line, whole lines. */
export async function selectLines(page: Page, first: number, last: number): Promise<void> {
  await page.keyboard.press('Control+G');
  await quickInput(page).locator('input.input').fill(`:${first}:1`);
  await page.keyboard.press('Enter');
  for (let line = first; line < last; line += 1) await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+End');
}

/** Shows a view container by the label of its activity bar item. */
export async function openViewContainer(page: Page, label: string): Promise<void> {
  const item = page.locator(`.part.activitybar .action-item:has([aria-label^="${label}"])`).first();
  await item.waitFor({ timeout: loadTimeoutMs });
  if (!/\bchecked\b/.test((await item.getAttribute('class')) ?? '')) await item.click();
}

/** A row of a view in the side bar: `treeRow(page, 'Tables', 'public')`. */
export function treeRow(page: Page, view: string, text: string | RegExp): Locator {
  return page
    .locator('.pane', { has: page.locator(`.pane-header[aria-label^="${view}"]`) })
    .locator('.monaco-list-row', { hasText: text })
    .first();
}

/** Opens or closes views of the side bar by their headers. */
export async function showViews(page: Page, names: readonly string[], isOpen: boolean): Promise<void> {
  for (const name of names) {
    const header = page.locator(`.pane-header[aria-label^="${name}"]`).first();
    if ((await header.getAttribute('aria-expanded')) !== String(isOpen)) await header.click();
  }
}

/** Opens a collapsed row. */
export async function expandRow(row: Locator): Promise<void> {
  await row.waitFor();
  if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
}

/**
 * Chooses from the context menu of a row. A click right after the menu has opened is taken for the end of the one that
 * opened it, so the entry is chosen by Enter once the pointer has given it the focus.
 */
export async function chooseFromMenu(page: Page, row: Locator, title: string): Promise<void> {
  await row.click({ button: 'right' });
  const label = page.locator('.action-label').getByText(title, { exact: true });
  await page.locator('.monaco-menu .action-item').filter({ has: label }).hover();
  await page.locator('.monaco-menu .action-item.focused').filter({ has: label }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.monaco-menu').first().waitFor({ state: 'hidden' });
}

/** The document of the extension's webview that is shown. */
export function webviewFrame(page: Page): FrameLocator {
  return page.locator('iframe.webview.ready').last().contentFrame().locator('iframe#active-frame').contentFrame();
}

export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator('.notification-toast', { hasText: text }).first();
}

/** A modal dialog of VS Code. */
export function modalDialog(page: Page, text: string | RegExp): Locator {
  return page.locator('.monaco-dialog-box', { hasText: text }).first();
}

/** Sets the colour theme through the user's settings command, so that no file is touched: the theme's label. */
export async function setColorTheme(page: Page, label: string): Promise<void> {
  await runCommand(page, 'Preferences: Color Theme');
  const input = quickInput(page).locator('input.input');
  await input.fill(label);
  await quickPickEntry(page, label).waitFor();
  await page.keyboard.press('Enter');
  await quickInput(page).waitFor({ state: 'hidden' });
}

/** A picture without a blinking cursor or a fading toast. */
export async function takeScreenshot(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
}
