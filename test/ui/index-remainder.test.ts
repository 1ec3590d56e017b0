// What an interrupted build or drop of an index leaves, and the buttons that put it right: a real window, and a server that
// waits for others.
import assert from 'node:assert/strict';
import path from 'node:path';
import { Client } from 'pg';
import {
  answerInput,
  chooseFromMenu,
  expandRow,
  inputBox,
  modalDialog,
  quickPickEntry,
  runCommand,
  showViews,
  takeScreenshot,
  treeRow,
  type Workbench,
} from '../../scripts/environment/workbench';
import { openShopWorkbench, startShop } from './start-shop';

const screenshots = path.resolve('out', 'screenshots');
const name = 'order_items_rest_idx';
const shown = `index public.${name}`;
/** Of one step; a busy machine may need a while for each. */
const stepMs = 120_000;

describe('what is left of index changes', function () {
  this.timeout(600_000);
  // each step builds on the one before
  this.bail(true);
  const endings: (() => Promise<unknown>)[] = [];
  let client: Client;
  let other: Client;
  let workbench: Workbench;

  const readIndexes = async () =>
    (
      await client.query<{ name: string; valid: boolean; comment: string | null }>(
        `SELECT c.relname AS name, i.indisvalid AS valid, obj_description(c.oid, 'pg_class') AS comment
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'order_items_rest%' ORDER BY 1`,
      )
    ).rows;
  const waitForServer = async (what: string, check: () => Promise<boolean>) => {
    for (const deadline = Date.now() + stepMs; !(await check());) {
      assert.ok(Date.now() < deadline, `in time: ${what}`);
      await workbench.page.waitForTimeout(100);
    }
  };
  const agree = async (question: string, button: string) => {
    const dialog = modalDialog(workbench.page, question);
    await dialog.getByRole('button', { name: button, exact: true }).click({ timeout: stepMs });
    await dialog.waitFor({ state: 'hidden', timeout: stepMs });
  };
  /** Toasts go by themselves; in the list they stay. */
  const press = async (message: string, button: string) => {
    const { page } = workbench;
    await runCommand(page, 'Notifications: Show Notifications');
    const item = page.locator('.notifications-center .notification-list-item').filter({ hasText: message }).first();
    await item.waitFor({ timeout: stepMs });
    await item.hover();
    await item.getByRole('button', { name: button, exact: true }).click({ timeout: stepMs });
  };
  const clearNotifications = () => runCommand(workbench.page, 'Notifications: Clear All Notifications');

  before(async () => {
    const shop = await startShop('index-remainder-test', endings, { scale: 0.05 });
    ({ client } = shop);
    await client.query(`CREATE INDEX ${name} ON order_items (quantity, order_id)`);
    await client.query(`COMMENT ON INDEX ${name} IS 'kept'`);
    other = new Client({ connectionString: shop.postgres.url('shop') });
    await other.connect();
    endings.push(() => other.end());
    workbench = await openShopWorkbench(shop, endings);
    await showViews(workbench.page, ['Indexes'], true);
    await runCommand(workbench.page, 'PG Insight: Group Indexes by Table');
  });

  afterEach(async function () {
    const { currentTest } = this;
    if (currentTest?.state !== 'failed') return;
    const file = `failed-index-remainder-${currentTest.title.replaceAll(/\W+/g, '-')}.png`;
    await takeScreenshot(workbench.page, path.join(screenshots, file));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  it('has an Undo also when the first drop of a valid index was interrupted', async () => {
    const { page } = workbench;
    await other.query('BEGIN; SELECT FROM order_items LIMIT 1');
    await runCommand(page, 'PG Insight: Filter Indexes...');
    await inputBox(page).waitFor({ timeout: stepMs });
    await answerInput(page, name);
    await inputBox(page).waitFor({ state: 'hidden', timeout: stepMs });
    await treeRow(page, 'Indexes', 'audit_log').waitFor({ state: 'hidden', timeout: stepMs });
    await expandRow(treeRow(page, 'Indexes', 'order_items'));
    const row = treeRow(page, 'Indexes', name);
    await row.waitFor({ timeout: stepMs });
    await chooseFromMenu(page, row, 'Drop Index...');
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await waitForServer('the drop waits for the reader', async () => (await readIndexes())[0]?.valid === false);
    await press(`Dropping ${shown}`, 'Cancel');
    await press(`public.${name} is invalid`, 'Drop Again');
    await other.query('ROLLBACK');
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await waitForServer('it is dropped', async () => (await readIndexes()).length === 0);
    await press(`Dropped ${shown}.`, 'Undo');
    await agree(`Create ${shown} on "Shop"?`, 'Create Index');
    await waitForServer('it is as it was', async () => {
      const [index] = await readIndexes();
      return index?.valid === true && index.comment === 'kept';
    });
    await press(`Created ${shown}`, 'Redo');
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await waitForServer('it is dropped', async () => (await readIndexes()).length === 0);
  });

  it('is dropped by the button of a build that was cancelled', async () => {
    await other.query('BEGIN; UPDATE order_items SET quantity = quantity WHERE id = 1');
    await press(`Dropped ${shown}.`, 'Undo');
    await agree(`Create ${shown} on "Shop"?`, 'Create Index');
    await waitForServer('the build waits for the writer', async () => (await readIndexes())[0]?.valid === false);
    await press(`Creating ${shown}`, 'Cancel');
    await press(`The invalid index public.${name} is left`, 'Drop the Remainder');
    await other.query('ROLLBACK');
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await waitForServer('nothing is left', async () => (await readIndexes()).length === 0);
    await clearNotifications();
  });

  it('is dropped by the button of the question for an index of the same definition', async () => {
    const { page } = workbench;
    await other.query('BEGIN; UPDATE order_items SET quantity = quantity WHERE id = 1');
    const build = client.query(`CREATE INDEX CONCURRENTLY ${name}_foreign ON order_items (quantity, order_id)`);
    const ended = assert.rejects(build, /canceling statement/);
    await waitForServer('the build waits for the writer', async () => {
      // a transaction sees what it saw first
      await other.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await other.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_progress_create_index WHERE phase = 'waiting for writers before build'`,
      );
      for (const { pid } of rows) await other.query('SELECT pg_cancel_backend($1)', [pid]);
      return rows.length > 0;
    });
    await ended;
    await other.query('ROLLBACK');
    assert.deepEqual(
      (await readIndexes()).map((index) => [index.name, index.valid]),
      [[`${name}_foreign`, false]],
    );
    await runCommand(page, 'PG Insight: Undo Index Change...');
    await quickPickEntry(page, `Dropped ${shown}`).first().click({ timeout: stepMs });
    await agree(`Create ${shown} on "Shop"?`, 'Drop the Invalid Index');
    await agree(`Drop index public.${name}_foreign on "Shop"?`, 'Drop Index');
    await waitForServer('nothing is left', async () => (await readIndexes()).length === 0);
  });
});
