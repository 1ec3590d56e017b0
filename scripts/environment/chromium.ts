// Chromium for UI and extension tests: from CHROMIUM_PATH, from PATH, or from Debian's packages when that is allowed.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';
import { installPackage } from './debian-packages';
import { superviseResource } from './supervision';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function findInPath(): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

/** The path of a Chromium, installed when missing and permitted. */
export async function provideChromium(): Promise<string> {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen !== undefined) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, and there is no such file.`);
  }
  const present = findInPath();
  if (present !== null) return present;
  await installPackage('chromium', 'or set CHROMIUM_PATH to a Chromium or Chrome that is already here');
  const installed = findInPath();
  if (installed === null) throw new Error('The package chromium was installed, but PATH has no chromium.');
  return installed;
}

export async function launchChromium(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: await provideChromium(),
    // Ctrl+C is the run's to handle: it ends everything else as well
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--headless',
      // Debian's sandbox needs rights that containers and root do not have; only our own pages are opened
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const forget = superviseResource(() => browser.close());
  browser.once('disconnected', forget);
  return browser;
}

/**
 * A browser profile for the workbench. VS Code's web page asks its host for a key to encrypt secrets with; the outer
 * program that would answer is not run here, and without an answer secrets are lost on a reload.
 */
export async function newContext(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.route('**/mint-key', (route) =>
    route.fulfill({ status: 200, contentType: 'application/octet-stream', body: Buffer.alloc(32, 7) }),
  );
  return context;
}
