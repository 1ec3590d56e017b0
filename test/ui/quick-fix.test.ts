// From a mark in an SQL file to an index and back, with the keyboard, in a real VS Code: what is created, what the planner
// makes of it, what the comparison says. Compared with SQL run directly.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import type { FrameLocator, Locator } from 'playwright-core';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import {
  answerInput,
  askUntilShown,
  clearNotifications,
  findNotification,
  modalDialog,
  openFile,
  pressInNotification,
  putCursorAt,
  reloadWindow,
  runCommand,
  setColorTheme,
  takeScreenshot,
  treeRow,
  webviewFrame,
  type Workbench,
} from '../../scripts/environment/workbench';
import { formatCount, formatRatio } from '../../src/analysis/format/numbers';
import { openShopWorkbench, startShop } from './start-shop';

const screenshots = path.resolve('out', 'screenshots');
const indexName = 'order_items_order_id_idx';

interface PlanJson {
  'Node Type': string;
  'Index Name'?: string;
  'Total Cost': number;
  Plans?: PlanJson[];
}

const flatten = (plan: PlanJson): PlanJson[] => [plan, ...(plan.Plans ?? []).flatMap(flatten)];

describe('quick fixes', function () {
  this.timeout(300_000);
  // each step builds on the one before
  this.bail(true);
  /** What was started, as far as it got. */
  const endings: (() => Promise<void>)[] = [];
  let client: Client;
  let workbench: Workbench;
  let workspace: string;
  const statement = `SELECT i.id, p.name, i.quantity, i.unit_price, i.discount
    FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.order_id = $1 ORDER BY i.id`;

  const query = async <Row>(sql: string): Promise<Row[]> => (await client.query(sql)).rows as Row[];
  const findIndex = () =>
    query<{ valid: boolean; definition: string }>(
      `SELECT i.indisvalid AS valid, pg_get_indexdef(c.oid) AS definition
       FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relname = '${indexName}'`,
    );
  const explain = async (sql: string): Promise<PlanJson> => {
    const [row] = await query<{ 'QUERY PLAN': [{ Plan: PlanJson }] }>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`);
    assert.ok(row);
    return row['QUERY PLAN'][0].Plan;
  };
  const frame = (): FrameLocator => webviewFrame(workbench.page);
  const squiggles = (): Locator => workbench.page.locator('.squiggly-info');
  const shoot = async (name: string) => {
    await workbench.page.mouse.move(640, 795);
    await takeScreenshot(workbench.page, path.join(screenshots, `${name}.png`));
  };

  before(async () => {
    const shop = await startShop('quick-fix-test', endings, { scale: 0.1 });
    ({ workspace, client } = shop);
    await writeFile(path.join(workspace, 'one-order.sql'), `${statement};\n`);
    await writeFile(path.join(workspace, 'lines.sql'), 'SELECT * FROM order_items WHERE order_id = 4711;\n');
    await writeFile(path.join(workspace, 'timeline.sql'), 'SELECT occurred_at FROM events WHERE customer_id = 17;\n');
    workbench = await openShopWorkbench(shop, endings, {
      machineSettings: { 'pgInsight.sandbox.binaries': await providePostgres(18) },
    });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await shoot(`failed-quick-fix-${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  /** Puts the cursor behind the first letter of a text of the open file. */
  async function putCursor(file: string, text: string): Promise<void> {
    const lines = (await readFile(path.join(workspace, file), 'utf8')).split('\n');
    const line = lines.findIndex((each) => each.includes(text));
    await putCursorAt(workbench.page, line + 1, (lines[line] ?? '').indexOf(text) + 2);
  }

  /** Opens the light bulb's list by its key; the first fix is selected. */
  async function openFixes(columns = 'order_items (order_id)'): Promise<Locator> {
    const { page } = workbench;
    const list = page.locator('.action-widget').first();
    const first = list.locator('.monaco-list-row.focused', {
      hasText: `Create index on ${columns} - planned cost `,
    });
    // pressed while the file is being looked at, it lists less
    await askUntilShown(page, () => page.keyboard.press('Control+.'), first);
    return list;
  }

  /** Takes an entry of the light bulb's list by keyboard. */
  async function takeFix(title: string): Promise<void> {
    const { page } = workbench;
    const focused = page.locator('.action-widget .monaco-list-row.focused').first();
    for (let presses = 0; presses < 20; presses += 1) {
      if ((await focused.innerText()).includes(title)) {
        await page.keyboard.press('Enter');
        return;
      }
      await page.keyboard.press('ArrowDown');
    }
    assert.fail(`The list has no "${title}".`);
  }

  const figure = async (id: string) =>
    (await frame().locator(`[data-figure=${id}] td`).allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' '));

  let costBefore = 0;

  it('mark a statement that lacks an index', async () => {
    const { page } = workbench;
    await openFile(page, 'one-order.sql');
    await squiggles().waitFor();
    assert.equal(await squiggles().count(), 1);
    costBefore = (await explain(statement))['Total Cost'];
    await putCursor('one-order.sql', 'order_items i');
    await runCommand(page, 'Show or Focus Hover');
    const hover = page.locator('.monaco-hover', { hasText: 'Missing index (planned): order_items (order_id)' }).first();
    await hover.waitFor();
    const text = (await hover.innerText()).replaceAll('\u00a0', ' ');
    const [table] = await query<{ pages: number }>(
      "SELECT relpages AS pages FROM pg_class WHERE relname = 'order_items'",
    );
    assert.ok((table?.pages ?? 0) > 1000);
    assert.ok(text.includes(`Planned cost of the statement: ${formatCount(Math.round(costBefore))} → `), text);
    await shoot('quick-fix-hover-dark');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  });

  it('explain the statement with the index, before anything is made', async () => {
    const { page } = workbench;
    await putCursor('one-order.sql', 'order_items i');
    await openFixes();
    await shoot('quick-fix-planned-list-dark');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await frame().locator('[data-verdict=planned]').waitFor();
    assert.deepEqual(await findIndex(), []);
    await query(`CREATE INDEX ${indexName} ON order_items (order_id)`);
    const after = await explain(statement);
    await query(`DROP INDEX ${indexName}`);
    const [shownBefore, shownAfter] = await figure('cost');
    assert.equal(shownBefore, formatCount(Math.round(costBefore)));
    const planned = Number(shownAfter?.replaceAll(',', ''));
    assert.ok(Math.abs(planned - after['Total Cost']) <= Math.max(3, after['Total Cost'] * 0.1), `${planned}`);
    assert.equal(await frame().locator('td.cell-after .compared-node').count(), flatten(after).length);
    assert.equal(await frame().locator('[data-action=undo]').count(), 0);
    await shoot('quick-fix-planned-compare-dark');
    await setColorTheme(page, 'Light Modern');
    await shoot('quick-fix-planned-compare-light');
    await setColorTheme(page, 'Dark Modern');
    await runCommand(page, 'View: Close All Editors');
  });

  it('say why, on a page', async () => {
    const { page } = workbench;
    await openFile(page, 'one-order.sql');
    await squiggles().waitFor();
    await putCursor('one-order.sql', 'order_items i');
    await openFixes();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const text = frame().locator('body', { hasText: 'Why an index on order_items (order_id)?' });
    await text.waitFor();
    assert.match(await text.innerText(), new RegExp(`Index Scan using ${indexName}`));
    await shoot('quick-fix-why-dark');
    await runCommand(page, 'View: Close All Editors');
    await openFile(page, 'one-order.sql');
    await squiggles().waitFor();
  });

  it('create the index by the keyboard alone, and show the plan before and after', async () => {
    const { page } = workbench;
    await putCursor('one-order.sql', 'order_items i');
    const list = await openFixes();
    await shoot('quick-fix-list-dark');
    const offered = await list.innerText();
    assert.ok(offered.includes('Ignore for this statement'));
    await page.keyboard.press('Enter');
    const dialog = modalDialog(page, `Create index public.${indexName} on "Shop"?`);
    await dialog.waitFor();
    assert.deepEqual(await findIndex(), [], 'nothing is made before the answer');
    const writes = /costs ([\d.]+)\s?% on writes/.exec(offered)?.[1];
    assert.ok(writes, offered);
    const dearer = /Writing to the table becomes about ([\d.]+)\s?% dearer\./.exec(await dialog.innerText())?.[1];
    assert.equal(dearer, writes);
    await shoot('quick-fix-dialog-dark');
    await page.keyboard.press('Enter');
    await frame().locator('[data-verdict=used]').waitFor();
    const [made] = await findIndex();
    assert.equal(made?.valid, true);
    assert.equal(made.definition, await frame().locator('.index-line code').innerText());
    const after = await explain(statement);
    assert.ok(flatten(after).some((node) => node['Index Name'] === indexName));
    assert.deepEqual(await figure('cost'), [
      formatCount(Math.round(costBefore)),
      formatCount(Math.round(after['Total Cost'])),
      `${formatRatio(1 - after['Total Cost'] / costBefore)} less`.replaceAll('\u00a0', ' '),
    ]);
    // rows of the side after are the server's nodes
    assert.equal(await frame().locator('td.cell-after .compared-node').count(), flatten(after).length);
    const changed = frame().locator('tr[data-change=changed]', { hasText: indexName });
    assert.match(await changed.locator('.cell-before').first().innerText(), /Seq Scan on order_items/);
    await findNotification(page, `Created index public.${indexName}`);
    await shoot('quick-fix-compare-dark');
    await squiggles().waitFor({ state: 'hidden' });
    await clearNotifications(page);
  });

  it('look right in a light theme, and without room beside the editor', async () => {
    const { page } = workbench;
    await treeRow(page, 'Connections', 'Shop').click();
    await setColorTheme(page, 'Light Modern');
    await shoot('quick-fix-compare-light');
    await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
    await shoot('quick-fix-compare-wide-light');
    await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
    await setColorTheme(page, 'Dark High Contrast');
    await shoot('quick-fix-compare-high-contrast');
    await setColorTheme(page, 'Dark Modern');
  });

  it('keep the comparison over a reload of the window', async () => {
    const { page } = workbench;
    const shown = await frame().locator('.index-line').innerText();
    const cost = await figure('cost');
    await reloadWindow(page);
    await frame().locator('[data-verdict=used]').waitFor();
    assert.equal(await frame().locator('.index-line').innerText(), shown);
    assert.deepEqual(await figure('cost'), cost);
    await treeRow(page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
  });

  it('take the index back from the comparison', async () => {
    const { page } = workbench;
    await frame().locator('[data-action=undo]').click();
    const dialog = modalDialog(page, `Drop index public.${indexName} on "Shop"?`);
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Drop Index' }).click();
    await frame().locator('[data-verdict=undone]').waitFor();
    assert.deepEqual(await findIndex(), []);
    await shoot('quick-fix-undone-dark');
    await squiggles().waitFor();
    await clearNotifications(page);
    await runCommand(page, 'View: Close All Editors');
  });

  it('are asked for from a finding of the plan, in the words of the mark', async () => {
    const { page } = workbench;
    await openFile(page, 'lines.sql');
    await squiggles().waitFor();
    await page.locator('.codelens-decoration a', { hasText: /^Explain Analyze$/ }).click();
    await page.locator('.tab.active', { hasText: 'Plan: SELECT * FROM order_items' }).waitFor();
    await frame().locator('vscode-tab-header[data-tab=findings]').click();
    const finding = frame().locator('[data-rule=sequential-scan-discards-rows]');
    const button = finding.locator('[data-action=create-index]');
    await button.waitFor();
    assert.match(await button.innerText(), /Create Index on order_items \(order_id\)\.\.\./);
    assert.match(
      await finding.locator('.advice').innerText(),
      /^Missing index \(planned\): order_items \(order_id\)\./,
    );
    await shoot('quick-fix-from-plan-dark');
    await setColorTheme(page, 'Light Modern');
    await shoot('quick-fix-from-plan-light');
    await setColorTheme(page, 'Dark Modern');
    await button.click();
    await modalDialog(page, `Create index public.${indexName} on "Shop"?`).waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(await findIndex(), []);
    await runCommand(page, 'View: Close All Editors');
  });

  it('compare times when the statement was measured before', async () => {
    const { page } = workbench;
    await openFile(page, 'lines.sql');
    await squiggles().waitFor();
    await page.locator('.codelens-decoration a', { hasText: /^Explain Analyze$/ }).click();
    await page.locator('.tab.active', { hasText: 'Plan: SELECT * FROM order_items' }).waitFor();
    await openFile(page, 'lines.sql');
    await putCursor('lines.sql', 'order_items');
    await openFixes();
    await page.keyboard.press('Enter');
    await modalDialog(page, `Create index public.${indexName}`).waitFor();
    await page.keyboard.press('Enter');
    await frame().locator('[data-verdict=used]').waitFor();
    assert.equal(await frame().locator('[data-figure=time]').count(), 0, 'nothing is run without a word');
    await clearNotifications(page);
    await frame().locator('[data-action=measure]').click();
    await frame().locator('[data-figure=time]').waitFor();
    const [before, after] = await figure('time');
    assert.match(before ?? '', /^[\d.,]+ (?:ms|s)$/);
    assert.match(after ?? '', /^[\d.,]+ (?:ms|s|µs)$/);
    await shoot('quick-fix-measured-dark');
    await query(`DROP INDEX ${indexName}`);
    await runCommand(page, 'View: Close All Editors');
  });

  it('create the index of a partitioned table on every partition', async () => {
    const { page } = workbench;
    const [partition] = await query<{ name: string }>(
      "SELECT relid::text AS name FROM pg_partition_tree('events') WHERE isleaf ORDER BY 1 LIMIT 1",
    );
    assert.ok(partition);
    await query(`CREATE INDEX our_own_idx ON ${partition.name} (customer_id)`);
    await openFile(page, 'timeline.sql');
    await squiggles().waitFor();
    await putCursor('timeline.sql', 'events');
    await openFixes('events (customer_id)');
    await page.keyboard.press('Enter');
    const dialog = modalDialog(page, 'Create index public.events_customer_id_idx');
    await dialog.waitFor();
    const said = `public.our_own_idx on public.${partition.name} is attached, not built again.`;
    assert.ok((await dialog.innerText()).includes(said));
    await shoot('quick-fix-attach-dark');
    await page.keyboard.press('Enter');
    await frame().locator('[data-verdict=used]').waitFor();
    const [counts] = await query<{ valid: boolean; partitions: string; indexes: string }>(
      `SELECT i.indisvalid AS valid,
              (SELECT count(*) FROM pg_partition_tree('events') WHERE isleaf)::text AS partitions,
              (SELECT count(*) FROM pg_partition_tree(i.indexrelid) WHERE isleaf)::text AS indexes
       FROM pg_index i WHERE i.indexrelid = 'events_customer_id_idx'::regclass`,
    );
    assert.equal(counts?.valid, true);
    assert.equal(counts.indexes, counts.partitions);
    const [own] = await query<{ parent: string }>(
      "SELECT inhparent::regclass::text AS parent FROM pg_inherits WHERE inhrelid = 'our_own_idx'::regclass",
    );
    assert.equal(own?.parent, 'events_customer_id_idx');
    await shoot('quick-fix-partitions-dark');
    await clearNotifications(page);
    await runCommand(page, 'View: Close All Editors');
  });

  it('are undone from the list of changes after a reload, and keep what was there before', async () => {
    const { page } = workbench;
    await reloadWindow(page);
    await treeRow(page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
    const rows = page.locator('.quick-input-list .monaco-list-row');
    const made = rows.filter({ hasText: 'Created index public.events_customer_id_idx' });
    // the focus comes to the restored editor when that is ready, and closes the list
    await askUntilShown(page, () => runCommand(page, 'PG Insight: Undo Index Change...'), made);
    assert.match(await made.innerText(), /shop on .*CREATE INDEX events_customer_id_idx ON public\.events/s);
    assert.match(await rows.first().innerText(), /Created index public\.events_customer_id_idx/, 'newest first');
    assert.equal(await rows.filter({ hasText: `Redo: create index public.${indexName}` }).count(), 1);
    await shoot('quick-fix-changes-dark');
    await made.click();
    const dialog = modalDialog(page, 'Drop index public.events_customer_id_idx on "Shop"?');
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /public\.our_own_idx on .* was there before and stays/);
    await shoot('quick-fix-undo-kept-dark');
    await dialog.getByRole('button', { name: 'Drop Index' }).click();
    const done = await findNotification(page, 'Dropped index public.events_customer_id_idx');
    await done.getByRole('button', { name: 'Redo' }).waitFor();
    const left = await query<{ name: string; valid: boolean }>(
      `SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index
       WHERE indrelid IN (SELECT relid FROM pg_partition_tree('events')) AND pg_get_indexdef(indexrelid) ~ '\\(customer_id\\)$'`,
    );
    assert.deepEqual(left, [{ name: 'our_own_idx', valid: true }]);
    await clearNotifications(page);
  });

  it('mark a file that a reloaded window opens again', async () => {
    const { page } = workbench;
    await openFile(page, 'lines.sql');
    await squiggles().waitFor();
    await reloadWindow(page);
    await squiggles().waitFor();
    await shoot('quick-fix-reloaded-dark');
    await runCommand(page, 'View: Close All Editors');
  });

  it('say so when the planner does not use the index', async () => {
    const { page } = workbench;
    await openFile(page, 'lines.sql');
    await squiggles().waitFor();
    await putCursor('lines.sql', 'order_items');
    await openFixes();
    await page.keyboard.press('Enter');
    await modalDialog(page, `Create index public.${indexName}`).waitFor();
    // what was planned for is not what is there any more
    await query('ALTER TABLESPACE pg_default SET (random_page_cost = 1000000)');
    await page.keyboard.press('Enter');
    await frame().locator('[data-verdict=unused]').waitFor();
    assert.equal((await findIndex())[0]?.valid, true);
    await shoot('quick-fix-unused-dark');
    // before the statement is looked at again: what is then planned is kept
    await query('ALTER TABLESPACE pg_default RESET (random_page_cost)');
    // the notification's Undo is the same
    await pressInNotification(page, `Created index public.${indexName}`, 'Undo');
    await modalDialog(page, `Drop index public.${indexName}`).getByRole('button', { name: 'Drop Index' }).click();
    await frame().locator('[data-verdict=undone]').waitFor();
    assert.deepEqual(await findIndex(), []);
    await clearNotifications(page);
    await runCommand(page, 'View: Close All Editors');
  });

  it('ignore a statement, with the reason in a file', async () => {
    const { page } = workbench;
    await openFile(page, 'lines.sql');
    await squiggles().waitFor();
    await putCursor('lines.sql', 'order_items');
    await openFixes();
    await takeFix('Ignore for this statement');
    await answerInput(page, 'asked once a year');
    await squiggles().waitFor({ state: 'hidden' });
    // the marks go when the file is there
    assert.deepEqual(JSON.parse(await readFile(path.join(workspace, '.pg-insight-ignore.json'), 'utf8')), {
      ignore: [
        { fingerprint: 'missing-index: SELECT * FROM order_items WHERE order_id = 4711', reason: 'asked once a year' },
      ],
    });
  });

  it('break no content security policy', () => {
    const refusals = workbench.console.filter((line) =>
      /content security policy|refused to (?:load|apply|execute)/i.test(line),
    );
    assert.deepEqual(refusals, []);
  });
});
