// A built webview (the plan view, where nothing else is said) in a browser of its own: the page that the extension makes, under its own policy, with VS Code's
// real theme variables. Only the message channel is not VS Code's: it is recorded, and answered by the test.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { PlanDocument, PlanViewMessage, PlanViewRequest } from '../../src/webviews/protocol';
import { formatWebviewPage } from '../../src/webviews/webview-page';

export const themes = ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const;
export type Theme = (typeof themes)[number];

interface ThemeVariables {
  theme: string;
  bodyClass: string;
  variables: Record<string, string>;
}

const fixtures = path.resolve('test/fixtures/webview');
const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };

export async function readTheme(theme: Theme): Promise<ThemeVariables> {
  return JSON.parse(await readFile(path.join(fixtures, `${theme}.json`), 'utf8')) as ThemeVariables;
}

/** Serves the built webview and the page; the nonce differs for every page, as it does in the extension. */
export async function serveWebview(
  webview: string,
  name = 'plan',
): Promise<{ origin: string; close: () => Promise<void> }> {
  let pages = 0;
  const server: Server = createServer((request, response) => {
    void (async () => {
      const file = path.basename(new URL(request.url ?? '/', 'http://localhost').pathname);
      if (file === 'favicon.ico') {
        response.end();
        return;
      }
      if (file === '') {
        pages += 1;
        const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const page = formatWebviewPage({
          title: name,
          element: `${name}-view`,
          cspSource: origin,
          nonce: `nonce${pages}`,
          scriptUri: `${origin}/${name}.js`,
          styleUri: `${origin}/${name}.css`,
          codiconsUri: `${origin}/codicon.css`,
        });
        response.setHeader('content-type', 'text/html');
        // VS Code puts its own styles before the page's
        response.end(page.replace('<link ', `<link rel="stylesheet" href="${origin}/default-styles.css">\n<link `));
        return;
      }
      const folder = file === 'default-styles.css' ? fixtures : webview;
      try {
        const content = await readFile(path.join(folder, file));
        response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
        response.end(content);
      } catch {
        response.statusCode = 404;
        response.end();
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export interface WebviewPage<Message, Request> {
  page: Page;
  /** Errors, refusals of the policy and whatever else the browser complained about. */
  complaints: string[];
  send: (message: Message) => Promise<void>;
  requests: () => Promise<Request[]>;
  close: () => Promise<void>;
}

export interface PlanViewPage extends WebviewPage<PlanViewMessage, PlanViewRequest> {
  show: (document: PlanDocument, documentId?: string) => Promise<void>;
  row: (nodeId: number) => Locator;
  cell: (nodeId: number, column: string) => Locator;
}

export interface PlanViewOptions {
  theme?: Theme;
  width?: number;
  height?: number;
}

export async function openWebview<Message, Request>(
  browser: Browser,
  origin: string,
  options: PlanViewOptions = {},
): Promise<WebviewPage<Message, Request>> {
  const { theme = 'dark', width = 1280, height = 800 } = options;
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'UTC' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)));
  page.on('requestfailed', (request) => {
    const problem = request.failure()?.errorText;
    // a page that is left or closed stops what it still loads
    if (problem !== 'net::ERR_ABORTED') complaints.push(`request failed: ${request.url()}: ${problem}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  const { bodyClass, variables } = await readTheme(theme);
  // the policy of the page does not hold for scripts of the browser's driver
  await page.addInitScript(
    `{
      const requests = [];
      globalThis.recordedRequests = requests;
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (message) => requests.push(structuredClone(message)),
        getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
        setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
      });
      addEventListener('securitypolicyviolation', (event) =>
        console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
      const variables = ${JSON.stringify(variables)};
      addEventListener('DOMContentLoaded', () => {
        for (const name in variables) document.documentElement.style.setProperty(name, variables[name]);
        document.body.className = ${JSON.stringify(bodyClass)};
        // in VS Code the webview itself is transparent and the editor's background is behind it
        document.documentElement.style.background = 'var(--vscode-editor-background)';
      });
    }`,
  );
  await page.goto(origin);
  return {
    page,
    complaints,
    // until the view has taken it and drawn: what it shows can then be looked at
    send: (message) =>
      page.evaluate(`new Promise((resolve) => {
        addEventListener('message', () => requestAnimationFrame(() => setTimeout(resolve)), { once: true });
        postMessage(${JSON.stringify(message)});
      })`),
    requests: () => page.evaluate('recordedRequests'),
    close: () => context.close(),
  };
}

export async function closeWebview({ complaints, close }: WebviewPage<never, unknown>): Promise<void> {
  await close();
  assert.deepEqual(complaints, [], 'the browser has nothing to complain about, its policy neither');
}

export async function openPlanView(
  browser: Browser,
  origin: string,
  options: PlanViewOptions = {},
): Promise<PlanViewPage> {
  const webview = await openWebview<PlanViewMessage, PlanViewRequest>(browser, origin, options);
  const { page } = webview;
  const view: PlanViewPage = {
    ...webview,
    async show(document, documentId = 'document-1') {
      await view.send({ type: 'plan', documentId, document });
      await page.getByRole('heading', { level: 1, name: document.title }).waitFor();
    },
    row: (nodeId) => page.locator(`[role=row][data-node-id="${nodeId}"]`),
    cell: (nodeId, column) => page.locator(`[role=row][data-node-id="${nodeId}"] > [data-column="${column}"]`),
  };
  return view;
}
