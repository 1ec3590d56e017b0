// The comparison in a browser of its own: plans of a real server before and after an index, one of them below a LIMIT,
// whose costs are compared with what the server prints.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser } from 'playwright-core';
import { buildWebview } from '../../scripts/environment/bundles';
import { launchChromium } from '../../scripts/environment/chromium';
import { startPostgres } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder } from '../../scripts/environment/supervision';
import { takeScreenshot } from '../../scripts/environment/workbench';
import { formatCount } from '../../src/analysis/format/numbers';
import type { ComparisonDocument, ComparisonMessage, ComparisonRequest } from '../../src/webviews/protocol';
import { explainOn, printedNodes, toPlanDocument } from './plan-view-documents';
import { closeWebview, openWebview, serveWebview, themes, type WebviewPage } from './plan-view-page';

const screenshots = path.resolve('out', 'screenshots', 'compare');
const sql = 'SELECT * FROM visits WHERE shop = 7 ORDER BY at LIMIT 10';

describe('the comparison', function () {
  this.timeout(120_000);
  const endings: (() => Promise<unknown>)[] = [];
  let browser: Browser;
  let origin: string;
  let document: ComparisonDocument;
  let view: WebviewPage<ComparisonMessage, ComparisonRequest>;

  before(async () => {
    await mkdir(screenshots, { recursive: true });
    const folder = await makeTemporaryFolder('compare-view-test');
    endings.push(() => folder.remove());
    const postgres = await startPostgres({ major: 18 });
    endings.push(() => postgres.stop());
    const client = new Client({ connectionString: postgres.url() });
    await client.connect();
    await client.query(`
      CREATE TABLE visits (shop integer, at timestamptz);
      INSERT INTO visits SELECT g % 20, timestamptz '2026-01-01' + make_interval(mins => g) FROM generate_series(1, 50000) g;
      ANALYZE visits`);
    const before = toPlanDocument(await explainOn(postgres.url(), 'COSTS', sql), { sql, analyzed: false });
    await client.query('CREATE INDEX visits_shop_at_idx ON visits (shop, at)');
    const after = toPlanDocument(await explainOn(postgres.url(), 'COSTS', sql), { sql, analyzed: false });
    await client.end();
    const index = {
      oid: 16500,
      schema: 'public',
      table: 'visits',
      name: 'visits_shop_at_idx',
      isPartitioned: false,
      definition: 'CREATE INDEX visits_shop_at_idx ON public.visits USING btree (shop, at)',
      sizeBytes: 1_572_864,
      durationMs: 41,
    };
    document = {
      before,
      after,
      index,
      undo: { indexes: [{ ...index, mustBeInvalid: false }], keep: [] },
      undone: false,
    };
    const built = path.join(folder.path, 'webview');
    await buildWebview(built);
    const web = await serveWebview(built, 'compare');
    endings.push(() => web.close());
    origin = web.origin;
    browser = await launchChromium();
    endings.push(() => browser.close());
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  afterEach(() => closeWebview(view));

  async function open(options: Parameters<typeof openWebview>[2] = {}): Promise<void> {
    view = await openWebview(browser, origin, options);
    await view.send({ type: 'comparison', documentId: 'comparison-1', document });
    await view.page.locator('[data-verdict=used]').waitFor();
  }

  it('shows below a LIMIT what the planner expects to pay, of what it would cost to the end', async () => {
    await open();
    const costs = printedNodes(document.after.result.planJson).map((node) => Number(node['Total Cost']));
    const [limit = 0, scan = 0] = costs;
    assert.equal(costs.length, 2);
    assert.ok(scan > 10 * limit, 'read to its end, the index scan is dear');
    const shown = view.page.locator('td.cell-after.figure');
    const limitText = formatCount(Math.round(limit));
    assert.deepEqual(await shown.allInnerTexts(), [limitText, `${limitText}\nof ${formatCount(Math.round(scan))}`]);
    await view.page.locator('.parts-note', { hasText: 'stops it' }).waitFor();
    // a sort reads all of what is below it, whatever the LIMIT
    const scanBefore = printedNodes(document.before.result.planJson).at(-1);
    assert.equal(scanBefore?.['Node Type'], 'Seq Scan');
    const before = await view.page.locator('td.cell-before.figure').allInnerTexts();
    assert.equal(before.at(-1), formatCount(Math.round(Number(scanBefore['Total Cost']))));
  });

  it('comes back to its document after a reload, and says when that is gone', async () => {
    await open();
    const { page } = view;
    assert.deepEqual(await page.evaluate('acquireVsCodeApi().getState()'), { documentId: 'comparison-1' });
    await page.reload();
    await view.send({ type: 'unavailable', reason: 'This comparison was not kept.' });
    await page.getByRole('alert').filter({ hasText: 'This comparison was not kept.' }).waitFor();
  });

  for (const theme of themes) {
    it(`can be read in ${theme}`, async () => {
      await open({ theme });
      await takeScreenshot(view.page, path.join(screenshots, `${theme}.png`));
    });
  }

  for (const width of [1280, 980, 490]) {
    it(`breaks names only between their parts at ${width} px`, async () => {
      await open({ width });
      const broken = await view.page.evaluate<string[]>(
        `[...document.querySelectorAll('.compared-node')].flatMap((node) => {
          const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
          const texts = [];
          while (walker.nextNode()) texts.push(walker.currentNode);
          return texts.flatMap((text) => [...text.data.matchAll(/[\\p{L}\\d]+[_.]?/gu)].flatMap((word) => {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            return range.getClientRects().length > 1 ? [word[0]] : [];
          }));
        })`,
      );
      assert.deepEqual(broken, []);
      await takeScreenshot(view.page, path.join(screenshots, `names-${width}.png`));
    });
  }

  it('is usable in half a window', async () => {
    await open({ width: 600 });
    await takeScreenshot(view.page, path.join(screenshots, 'narrow.png'));
    assert.equal(await view.page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
  });
});
