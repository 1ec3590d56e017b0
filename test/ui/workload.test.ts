// Index advice for the slow queries in a real VS Code: the report, its slider, one index created and taken back. Compared
// with SQL run directly.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Client } from 'pg';
import type { FrameLocator, Locator } from 'playwright-core';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import {
  modalDialog,
  reloadWindow,
  runCommand,
  setColorTheme,
  takeScreenshot,
  treeRow,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { formatCompactCount } from '../../src/analysis/format/numbers';
import { openShopWorkbench, startShop } from './start-shop';

const screenshots = path.resolve('out', 'screenshots');
const sql = 'SELECT * FROM order_items WHERE order_id = $1';

describe('index advice for a workload in the workbench', function () {
  this.timeout(300_000);
  // each step builds on the one before
  this.bail(true);
  const endings: (() => Promise<void>)[] = [];
  let client: Client;
  let workbench: Workbench;

  const frame = (): FrameLocator => webviewFrame(workbench.page);
  const indexes = (): Locator => frame().locator('[data-index]');
  const budget = (): Locator => frame().locator('[data-budget]');
  const shoot = async (name: string) => {
    await workbench.page.mouse.move(640, 795);
    await takeScreenshot(workbench.page, path.join(screenshots, `${name}.png`));
  };
  const findIndex = async (name: string) =>
    (
      await client.query<{ size: number }>(
        `SELECT pg_relation_size(c.oid)::float8 AS size FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
         WHERE c.relname = $1 AND i.indisvalid`,
        [name],
      )
    ).rows[0];
  const totalCost = async (text: string) => {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
    );
    return rows[0]?.['QUERY PLAN'][0].Plan['Total Cost'] ?? 0;
  };
  const toCost = (cost: number) => formatCompactCount(Math.round(cost));

  before(async () => {
    const shop = await startShop('workload-test', endings, { scale: 0.1 });
    ({ client } = shop);
    // the load of the shop is writes: without this only many calls would outweigh them
    await client.query('SELECT pg_stat_reset(), pg_stat_statements_reset()');
    for (let run = 0; run < 20; run++) {
      await client.query(sql, [run]);
      await client.query('SELECT count(*) FROM events WHERE customer_id = $1', [run]);
      await client.query('SELECT * FROM orders ORDER BY placed_at DESC LIMIT 10');
    }
    workbench = await openShopWorkbench(shop, endings, {
      machineSettings: { 'pgInsight.sandbox.binaries': await providePostgres(18) },
    });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await shoot(`failed-workload-${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  it('opens from the slow queries, with the figures of the server', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Advise Indexes for Slow Queries');
    await frame().locator('[data-figure=total]').waitFor();
    assert.ok((await indexes().count()) >= 2);
    const row = frame().locator('tr[data-statement]', { hasText: 'FROM order_items WHERE order_id = $1' });
    const cells = await row.locator('td.figure').allInnerTexts();
    assert.equal(cells[0], '20');
    assert.equal(cells[1], toCost(await totalCost(sql)));
    await shoot('workload-dark');
    await setColorTheme(page, 'Light Modern');
    await shoot('workload-light');
    await setColorTheme(page, 'Dark Modern');
  });

  it('keeps to the budget that the slider sets', async () => {
    const { page } = workbench;
    const before = await indexes().count();
    await frame().getByRole('slider', { name: 'Storage budget' }).focus();
    await page.keyboard.press('PageDown');
    await frame().locator('[data-budget]:not([data-budget=none])').waitFor();
    await frame().locator('[data-action=refresh]').waitFor();
    const bytes = Number(await budget().getAttribute('data-budget'));
    assert.ok(bytes > 0);
    const after = await indexes().count();
    assert.ok(after > 0 && after <= before, `${after} of ${before}`);
    await shoot('workload-budget-dark');
    await frame().getByRole('slider', { name: 'Storage budget' }).focus();
    await page.keyboard.press('End');
    await frame().locator('[data-budget=none]').waitFor();
    assert.equal(await indexes().count(), before);
  });

  let name = '';

  it('creates one of the indexes after the question that every index is created with', async () => {
    const { page } = workbench;
    const index = indexes().filter({ hasText: 'order_items (order_id' });
    name = (await index.getAttribute('data-index')) ?? '';
    await index.locator('[data-action=create]').click();
    const dialog = modalDialog(page, `Create index public.${name} on "Shop"?`);
    await dialog.waitFor();
    assert.equal(await findIndex(name), undefined, 'nothing is made before the answer');
    await dialog.getByRole('button', { name: 'Create Index' }).click();
    await frame().locator(`[data-index="${name}"][data-created=true]`).waitFor();
    assert.ok((await findIndex(name))?.size);
    // what was planned for the statement is what the server now expects
    const row = frame().locator('tr[data-statement]', { hasText: 'FROM order_items WHERE order_id = $1' });
    const planned = Number((await row.locator('td.figure').nth(2).innerText()).replaceAll(',', ''));
    const real = await totalCost(sql);
    assert.ok(Math.abs(planned - real) <= Math.max(3, real * 0.1), `${planned}, really ${real}`);
    await shoot('workload-created-dark');
  });

  it('is there again after a reload of the window, and takes the index back', async () => {
    const { page } = workbench;
    await reloadWindow(page);
    const index = frame().locator(`[data-index="${name}"][data-created=true]`);
    await index.waitFor();
    await treeRow(page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
    await index.locator('[data-action=undo]').click();
    const dialog = modalDialog(page, `Drop index public.${name} on "Shop"?`);
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Drop Index' }).click();
    await frame().locator(`[data-index="${name}"][data-created=false]`).waitFor();
    assert.equal(await findIndex(name), undefined);
  });
});
