// Builds and drops of an index whose window is reloaded while they run: a real window, and a server that waits for others.
import assert from 'node:assert/strict';
import path from 'node:path';
import { Client } from 'pg';
import {
  answerInput,
  chooseFromMenu,
  clearNotifications,
  expandRow,
  findNotification,
  inputBox,
  modalDialog,
  pressInNotification,
  reloadWindow,
  runCommand,
  showViews,
  takeScreenshot,
  treeRow,
  type Workbench,
} from '../../scripts/environment/workbench';
import { openShopWorkbench, startShop } from './start-shop';

const screenshots = path.resolve('out', 'screenshots');
const name = 'order_items_reload_idx';
const shown = `index public.${name}`;

describe('index changes', function () {
  this.timeout(300_000);
  // each step builds on the one before
  this.bail(true);
  const endings: (() => Promise<unknown>)[] = [];
  let client: Client;
  let other: Client;
  let workbench: Workbench;

  const findIndex = async () =>
    (
      await client.query<{ valid: boolean }>(
        `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('public.${name}')`,
      )
    ).rows[0] ?? null;
  const comment = async () =>
    (await client.query<{ text: string | null }>(`SELECT obj_description('public.${name}'::regclass) AS text`)).rows[0]
      ?.text;
  const waitForServer = async (what: string, check: () => Promise<boolean>) => {
    const deadline = Date.now() + 60_000;
    while (!(await check())) {
      assert.ok(Date.now() < deadline, `in time: ${what}`);
      await workbench.page.waitForTimeout(100);
    }
  };
  const agree = async (question: string, button: string) => {
    const dialog = modalDialog(workbench.page, question);
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  };
  const reload = async () => {
    await reloadWindow(workbench.page);
    await treeRow(workbench.page, 'Connections', /Shop.*PostgreSQL 18/).waitFor();
  };
  const shoot = (file: string) => takeScreenshot(workbench.page, path.join(screenshots, `${file}.png`));

  before(async () => {
    const shop = await startShop('index-changes-test', endings, { scale: 0.05 });
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
    if (this.currentTest?.state === 'failed')
      await shoot(`failed-index-changes-${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  async function dropFromView(): Promise<void> {
    const { page } = workbench;
    await showViews(page, ['Indexes'], true);
    await runCommand(page, 'PG Insight: Filter Indexes...');
    await inputBox(page).waitFor();
    await answerInput(page, name);
    await inputBox(page).waitFor({ state: 'hidden' });
    await treeRow(page, 'Indexes', 'audit_log').waitFor({ state: 'hidden' });
    const row = treeRow(page, 'Indexes', name);
    await expandRow(treeRow(page, 'Indexes', 'order_items'));
    await row.waitFor();
    await chooseFromMenu(page, row, 'Drop Index...');
  }

  it('are told of by the next window when a build was running, and built again', async () => {
    const { page } = workbench;
    await dropFromView();
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await findNotification(page, `Dropped ${shown}.`);
    assert.equal(await findIndex(), null);
    await other.query('BEGIN; UPDATE order_items SET quantity = quantity WHERE id = 1');
    await pressInNotification(page, `Dropped ${shown}.`, 'Undo');
    await agree(`Create ${shown} on "Shop"?`, 'Create Index');
    await waitForServer('the build waits for the writer', async () => (await findIndex())?.valid === false);
    await reload();
    const lost = new RegExp(`The window went while ${shown} was being built`);
    await (await findNotification(page, lost)).getByRole('button', { name: 'Drop the Remainder' }).waitFor();
    await shoot('index-changes-lost-build-dark');
    await other.query('ROLLBACK');
    await pressInNotification(page, lost, 'Build Again');
    // what is left has its name
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await agree(`Create ${shown} on "Shop"?`, 'Create Index');
    await waitForServer('it is built again', async () => (await findIndex())?.valid === true);
    await findNotification(page, `Created ${shown}`);
    assert.equal(await comment(), 'kept');
    await clearNotifications(page);
  });

  it('are told of by the next window when a drop was running, and dropped again', async () => {
    const { page } = workbench;
    await other.query('BEGIN; SELECT FROM order_items LIMIT 1');
    await dropFromView();
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await waitForServer('the drop waits for the reader', async () => (await findIndex())?.valid === false);
    await reload();
    const lost = new RegExp(`The window went while ${shown} was being dropped`);
    const message = await findNotification(page, lost);
    await message.getByRole('button', { name: 'Drop Again' }).waitFor();
    assert.match(await message.innerText(), /is invalid: it answers no query/);
    await shoot('index-changes-lost-drop-dark');
    await other.query('ROLLBACK');
    await pressInNotification(page, lost, 'Drop Again');
    await agree(`Drop ${shown} on "Shop"?`, 'Drop Index');
    await findNotification(page, `Dropped ${shown}.`);
    assert.equal(await findIndex(), null);
    await clearNotifications(page);
  });
});
