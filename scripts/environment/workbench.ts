// VS Code's page as a test meets it: opening a folder, commands, views, webviews, notifications. The selectors are the
// workbench's own class names, gathered here so that a new VS Code is met in one place.
import type { Browser, BrowserContext, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core';
import { newContext } from './chromium';
import type { VsCodeServer } from './vscode-server';

/** A cold workbench, a restored webview or an answer of the extension on a machine that is busy with ten other things. */
const loadTimeoutMs = 90_000;
const attempts = 10;
/** What is not there after this time is asked for again; each time it gets this much longer. */
const attemptMs = 2_000;
const pollMs = 50;
/** With patience: a click that is given up may have been taken nevertheless, and would be made twice. */
const pickMs = 15_000;
/** A toast is in sight for ten seconds: who looks for longer finds its text in the notification center. */
const toastMs = 5_000;

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
  page.setDefaultTimeout(loadTimeoutMs);
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

/** Tries again what fails: a key that is pressed before anything listens is lost, as is a list when the focus moves on. */
async function retry<T>(act: (timeoutMs: number) => Promise<T>, beforeNext: () => Promise<void>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act(attemptMs * attempt);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
    await beforeNext();
  }
}

const dismiss = (page: Page) => () => page.keyboard.press('Escape');

/** Asks for a list or a menu until it is there; only for what may be asked twice. */
export async function askUntilShown(page: Page, ask: () => Promise<void>, shown: Locator): Promise<void> {
  await retry(async (timeout) => {
    await ask();
    await shown.waitFor({ timeout });
  }, dismiss(page));
}

/** Waits until something holds; false when it never did. */
async function poll(check: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    if (await check()) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Opens a quick pick, types and takes the entry. What it lists is a snapshot: opened too early, it is opened again. */
async function takeFromPicker(page: Page, key: string, text: string, entry: Locator): Promise<void> {
  try {
    await retry(async (timeout) => {
      await page.keyboard.press(key);
      // a picker that has just been closed may take this one with it
      await quickInput(page).locator('input.input').fill(text, { timeout });
      await entry.waitFor({ timeout });
      await entry.click({ timeout: pickMs });
    }, dismiss(page));
  } catch (error) {
    throw new Error(`VS Code never offered "${text}".`, { cause: error });
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

/** What the editor area shows: the tabs of its groups, and the beginning of what is below them. */
async function describeEditors(page: Page): Promise<string> {
  const tabs = await page.locator('.editor-group-container .tab').allInnerTexts();
  const active = await page.locator('.editor-group-container .tab.active').allInnerTexts();
  const texts = await page.locator('.editor-group-container .editor-container').allInnerTexts();
  const [all, shown] = [tabs, active].map((names) => names.map((name) => name.trim()).join(', ') || 'none');
  return `Tabs: ${all}; active: ${shown}. Below: ${texts.map((text) => text.slice(0, 300)).join(' | ') || 'nothing'}`;
}

/** Opens a file by name; resolves when its text has the focus, so that keys reach it and its lenses are asked for. */
export async function openFile(page: Page, name: string): Promise<void> {
  const tab = page.locator('.tab.active', { hasText: name.split('/').at(-1) ?? name });
  const text = page
    .locator('.editor-group-container.active', { has: tab })
    .locator('.editor-instance .monaco-editor.focused .view-line')
    .first();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await takeFromPicker(page, 'Control+P', name, quickPickEntry(page, name));
      await text.waitFor();
      return;
    } catch (error) {
      if (attempt === 3) throw new Error(`${name} did not open. ${await describeEditors(page)}`, { cause: error });
    }
  }
}

/** Puts the cursor of the active editor somewhere: both 1-based. */
export async function putCursorAt(page: Page, line: number, column: number): Promise<void> {
  await askUntilShown(page, () => page.keyboard.press('Control+G'), quickInput(page).locator('input.input'));
  await answerInput(page, `:${line}:${column}`);
  await quickInput(page).waitFor({ state: 'hidden' });
  await page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
}

/** Selects a range in the active editor by keyboard: 1-based line, whole lines. */
export async function selectLines(page: Page, first: number, last: number): Promise<void> {
  await putCursorAt(page, first, 1);
  for (let line = first; line < last; line += 1) await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+End');
}

/** Shows a view container by the label of its activity bar item. */
export async function openViewContainer(page: Page, label: string): Promise<void> {
  const item = page.locator(`.part.activitybar .action-item:has([aria-label^="${label}"])`).first();
  await item.waitFor({ timeout: loadTimeoutMs });
  await switchTo(item, 'class', /\bchecked\b/, () => item.click());
}

/** Clicks until an attribute says so: a click on what is just being drawn is lost, and a second one would take the first back. */
async function switchTo(
  element: Locator,
  attribute: string,
  wanted: RegExp,
  click: () => Promise<void>,
): Promise<void> {
  const isSo = async () => wanted.test((await element.getAttribute(attribute)) ?? '');
  for (let attempt = 1; !(await isSo()); attempt += 1) {
    if (attempt > attempts) throw new Error(`${attribute} of ${String(element)} never became ${String(wanted)}.`);
    await click();
    await poll(isSo, attemptMs * attempt);
  }
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
    await switchTo(header, 'aria-expanded', new RegExp(`^${isOpen}$`), () => header.click());
  }
}

/** Opens a collapsed row; one without rows below it stays as it is. */
export async function expandRow(row: Locator): Promise<void> {
  await row.waitFor();
  await switchTo(row, 'aria-expanded', /^(?:true)?$/, () => row.locator('.monaco-tl-twistie').click());
}

/** Moves the focus of a view down to a row by keyboard. */
export async function focusRow(page: Page, view: string, text: string | RegExp): Promise<void> {
  const pane = page.locator('.pane', { has: page.locator(`.pane-header[aria-label^="${view}"]`) });
  await treeRow(page, view, /./).waitFor({ timeout: loadTimeoutMs });
  const focused = pane.locator('.monaco-list-row.focused').first();
  // a row outside the view's height is in no list until the focus brings it there
  const target = pane.locator('.monaco-list-row.focused', { hasText: text });
  const place = async () => ((await focused.count()) > 0 ? focused.getAttribute('data-index') : null);
  // Once more from the top when the list ends: its rows may have come or gone meanwhile, and something else may have taken
  // the focus.
  await retry(
    async (timeout) => {
      await runCommand(page, `PG Insight: Focus on ${view} View`);
      await pane.locator(':focus').first().waitFor({ timeout });
      await page.keyboard.press('Home');
      await poll(async () => (await place()) === '0', timeout);
      while ((await target.count()) === 0) {
        const before = await place();
        await page.keyboard.press('ArrowDown');
        // the list draws what it has scrolled to in a later frame
        if (await poll(async () => (await place()) !== before, attemptMs)) continue;
        throw new Error(`The focus never came to ${String(text)}. ${view}: ${await pane.innerText()}`);
      }
    },
    () => Promise.resolve(),
  );
}

/**
 * Chooses from the context menu of a row. A click right after the menu has opened is taken for the end of the one that
 * opened it, so the entry is chosen by Enter once the pointer has given it the focus.
 */
export async function chooseFromMenu(page: Page, row: Locator, title: string): Promise<void> {
  const label = page.locator('.action-label').getByText(title, { exact: true });
  // a row that is drawn anew takes its menu with it
  await retry(async (timeout) => {
    await row.click({ button: 'right' });
    await page.locator('.monaco-menu .action-item').filter({ has: label }).hover({ timeout });
    await page.locator('.monaco-menu .action-item.focused').filter({ has: label }).waitFor({ timeout });
  }, dismiss(page));
  await page.keyboard.press('Enter');
  await page.locator('.monaco-menu').first().waitFor({ state: 'hidden' });
}

/** The document of the extension's webview that is shown. */
export function webviewFrame(page: Page): FrameLocator {
  return page.locator('iframe.webview.ready').last().contentFrame().locator('iframe#active-frame').contentFrame();
}

/** A notification that is in sight: as a toast, or in the notification center when that is open. */
export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator('.notification-toast, .notifications-center.visible .monaco-list-row', { hasText: text }).first();
}

/** Waits for a notification, and makes it stay: a toast goes by itself, and may be gone before it is looked for. */
export async function findNotification(page: Page, text: string | RegExp): Promise<Locator> {
  const found = notification(page, text);
  try {
    await found.waitFor({ timeout: toastMs });
    // below the pointer it does not fade
    await found.hover({ timeout: toastMs });
  } catch {
    await runCommand(page, 'Notifications: Show Notifications');
    await found.waitFor({ timeout: loadTimeoutMs });
  }
  return found;
}

/** Presses a button of a notification, whenever that comes. */
export async function pressInNotification(page: Page, text: string | RegExp, button: string): Promise<void> {
  const found = await findNotification(page, text);
  await found.getByRole('button', { name: button, exact: true }).click();
}

export async function clearNotifications(page: Page): Promise<void> {
  await runCommand(page, 'Notifications: Clear All Notifications');
  await notification(page, /./).waitFor({ state: 'hidden' });
}

/** Does something of which a word in the status bar tells; that goes after two seconds, so it is caught when it comes. */
export async function untilStatusBarSays(page: Page, text: string, act: () => Promise<void>): Promise<void> {
  await page.evaluate(`{
    const bar = document.querySelector('.part.statusbar');
    window.statusBarSaid = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (!bar.innerText.includes(${JSON.stringify(text)})) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(bar, { childList: true, subtree: true, characterData: true });
    });
    // the promise as the value would be waited for
    void 0;
  }`);
  await act();
  const said = page.evaluate<boolean>('window.statusBarSaid.then(() => true)');
  const limit = new Promise<boolean>((resolve) => setTimeout(resolve, loadTimeoutMs, false).unref());
  if (!(await Promise.race([said, limit]))) throw new Error(`The status bar never said "${text}".`);
}

/** A modal dialog of VS Code. */
export function modalDialog(page: Page, text: string | RegExp): Locator {
  return page.locator('.monaco-dialog-box', { hasText: text }).first();
}

/** Sets the colour theme through the user's settings command, so that no file is touched: the theme's label. */
export async function setColorTheme(page: Page, label: string): Promise<void> {
  // typed before the themes are known, their list stays empty
  const choose = async () => {
    await runCommand(page, 'Preferences: Color Theme');
    await quickInput(page).locator('input.input').fill(label);
  };
  await askUntilShown(page, choose, quickPickEntry(page, label));
  await page.keyboard.press('Enter');
  await quickInput(page).waitFor({ state: 'hidden' });
}

/** A picture without a blinking cursor or a fading toast. */
export async function takeScreenshot(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
}
