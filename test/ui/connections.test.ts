// Every way to a connection and everything that can be done to one, clicked through in a real VS Code with the packaged
// extension. Four databases on one server: each connection leads to one, and its only table tells which one is shown.
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser, Locator } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { freePort } from '../../scripts/environment/free-port';
import { provideVsix } from '../../scripts/environment/packages';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder } from '../../scripts/environment/supervision';
import { startVsCode } from '../../scripts/environment/vscode-server';
import {
  answerInput,
  chooseFromMenu,
  clearNotifications,
  findNotification,
  inputBox,
  modalDialog,
  openFile,
  openViewContainer,
  openWorkbench,
  quickPickEntry,
  runCommand,
  takeScreenshot,
  treeRow,
  type Workbench,
} from '../../scripts/environment/workbench';
import { formatBytes } from '../../src/analysis/format/numbers';

const screenshots = path.resolve('out', 'screenshots');

/** More lines than a dialog has room for. */
const longStatement = `SELECT * FROM of_archive WHERE ${Array.from({ length: 150 }, (_, at) => `id = ${at + 1}`).join(' OR\n  ')}`;

interface SavedProfile {
  name: string;
  environment: string;
  host: string | null;
  port: number | null;
  database: string | null;
  user: string | null;
  service: string | null;
  searchPath: string[] | null;
}

describe('connections', function () {
  this.timeout(300_000);
  // each step builds on the one before
  this.bail(true);
  /** What was started, as far as it got. */
  const endings: (() => Promise<void>)[] = [];
  let postgres: PostgresServer;
  let browser: Browser;
  let workbench: Workbench;
  let profileFile: string;
  let workspace: string;

  const savedProfiles = async (): Promise<SavedProfile[]> =>
    (JSON.parse(await readFile(profileFile, 'utf8')) as { profiles: SavedProfile[] }).profiles;
  const findSaved = async (name: string) => (await savedProfiles()).find((profile) => profile.name === name);
  const statusBarItem = (): Locator => workbench.page.locator('.statusbar-item[id$="pgInsight.connection"]');
  const connection = (text: string | RegExp): Locator => treeRow(workbench.page, 'Connections', text);
  const table = (text: string | RegExp): Locator => treeRow(workbench.page, 'Tables', text);

  async function query<Row>(database: string, sql: string): Promise<Row> {
    const client = new Client({ connectionString: postgres.url(database) });
    await client.connect();
    try {
      return (await client.query(sql)).rows[0] as Row;
    } finally {
      await client.end();
    }
  }

  /** Answers the box whose title shows this count: the one of the question before may still be there for a moment. */
  async function answerStep(count: string, text: string): Promise<void> {
    await workbench.page.locator('.quick-input-titlebar', { hasText: count }).waitFor();
    await answerInput(workbench.page, text);
  }

  async function pickStep(count: string, entry: string | RegExp): Promise<void> {
    await workbench.page.locator('.quick-input-titlebar', { hasText: count }).waitFor();
    await quickPickEntry(workbench.page, entry).click();
  }

  before(async () => {
    const folder = await makeTemporaryFolder('connections-test');
    endings.push(() => folder.remove());
    workspace = path.join(folder.path, 'workspace');
    await mkdir(workspace);
    await writeFile(path.join(workspace, 'query.sql'), 'SELECT * FROM of_shop WHERE id = :id;\n');
    await writeFile(path.join(workspace, 'other.sql'), 'SELECT * FROM other;\n');
    await writeFile(path.join(workspace, 'depot.sql'), 'SELECT * FROM of_depot;\n');
    await writeFile(path.join(workspace, 'long.sql'), `${longStatement};\n`);
    await writeFile(path.join(workspace, 'query.ts'), "export const query = 'SELECT * FROM of_shop';\n");
    await mkdir(screenshots, { recursive: true });
    postgres = await startPostgres({ major: 18 });
    endings.push(() => postgres.stop());
    const admin = new Client({ connectionString: postgres.url() });
    await admin.connect();
    await admin.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk of the shop'");
    for (const name of ['shop', 'stock', 'archive']) await admin.query(`CREATE DATABASE ${name}`);
    await admin.end();
    for (const name of ['shop', 'stock', 'archive']) {
      const client = new Client({ connectionString: postgres.url(name) });
      await client.connect();
      await client.query(`CREATE TABLE of_${name} AS SELECT id FROM generate_series(1, 1000) AS id`);
      await client.query('CREATE TABLE other (id int)');
      await client.end();
    }
    const { host, port, user, password } = postgres;
    const passwordFile = path.join(folder.path, 'pgpass');
    await writeFile(passwordFile, `${host}:${port}:stock:${user}:${password}\n`);
    await chmod(passwordFile, 0o600);
    const serviceFile = path.join(folder.path, 'pg_service.conf');
    await writeFile(
      serviceFile,
      `[archive]\nhost=${host}\nport=${port}\ndbname=archive\nuser=${user}\npassword=${password}\n`,
    );
    const config = path.join(folder.path, 'config');
    profileFile = path.join(config, 'connections.json');
    const server = await startVsCode({
      vsix: await provideVsix(),
      environment: {
        PG_INSIGHT_CONFIG_HOME: config,
        PGHOST: host,
        PGPORT: String(port),
        PGDATABASE: 'stock',
        PGUSER: user,
        PGPASSFILE: passwordFile,
        PGSERVICEFILE: serviceFile,
      },
    });
    endings.push(() => server.stop());
    browser = await launchChromium();
    endings.push(() => browser.close());
    workbench = await openWorkbench(browser, server, workspace);
    await openViewContainer(workbench.page, 'PG Insight');
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replaceAll(/\W+/g, '-');
    await takeScreenshot(workbench.page, path.join(screenshots, `failed-${name}.png`));
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  it('are added from fields, once they work: a wrong port is said and mended', async () => {
    const { page } = workbench;
    const button = page.locator('.pane-body a.monaco-button', { hasText: 'Add Connection' }).first();
    await button.waitFor();
    await takeScreenshot(page, path.join(screenshots, 'connections-welcome.png'));
    await button.click();
    await quickPickEntry(page, 'Host, Database and User').waitFor();
    await takeScreenshot(page, path.join(screenshots, 'connections-sources.png'));
    await quickPickEntry(page, 'Host, Database and User').click();
    await answerStep('(2/8)', postgres.host);
    await answerStep('(3/8)', String(await freePort()));
    await answerStep('(4/8)', 'shop');
    await answerStep('(5/8)', 'clerk');
    await answerStep('(6/8)', 'clerk of the shop');
    await pickStep('(6/8)', 'In Secret Storage');
    await pickStep('(7/8)', 'Development');
    const name = page.locator('.quick-input-widget input.input');
    await page.locator('.quick-input-titlebar', { hasText: '(8/8)' }).waitFor();
    assert.equal(await name.getAttribute('placeholder'), 'shop', 'the name that an empty box stands for');
    await takeScreenshot(page, path.join(screenshots, 'connections-name.png'));
    await page.keyboard.press('Enter');
    const failure = await findNotification(page, '"shop" is not saved.');
    await takeScreenshot(page, path.join(screenshots, 'connections-add-failed.png'));
    assert.match(await failure.innerText(), /can't be reached: nothing listens there/);
    await assert.rejects(readFile(profileFile), { code: 'ENOENT' });
    await failure.getByRole('button', { name: 'Show Log' }).click();
    await failure.getByRole('button', { name: 'Edit' }).click();
    await quickPickEntry(page, /^Port/).click();
    await inputBox(page).waitFor();
    await answerInput(page, String(postgres.port));
    await takeScreenshot(page, path.join(screenshots, 'connections-edit.png'));
    await quickPickEntry(page, 'Test and Save').click();
    await connection(/shop.*PostgreSQL 18/).waitFor();
    await table(/^of_shop/).waitFor();
    const { id, ...saved } = (await findSaved('shop')) as SavedProfile & { id: string };
    assert.notEqual(id, '');
    assert.equal(JSON.stringify(saved).includes('clerk of the shop'), false, 'the profile holds no password');
    assert.deepEqual(
      [saved.host, saved.port, saved.database, saved.user],
      [postgres.host, postgres.port, 'shop', 'clerk'],
    );
  });

  it('are added from PG* variables', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Add Connection...');
    const entry = quickPickEntry(page, 'Environment Variables');
    await entry.waitFor();
    assert.ok((await entry.innerText()).includes(`PGPORT=${postgres.port}`));
    await entry.click();
    await pickStep('(2/3)', 'Staging');
    await answerStep('(3/3)', 'SHOP');
    await page.locator('.quick-input-widget', { hasText: 'There is a connection "shop" already.' }).waitFor();
    await answerInput(page, '');
    await table(/^of_stock/).waitFor();
    await page.locator('.statusbar-item.warning-kind[id$="pgInsight.connection"]').waitFor();
    await statusBarItem()
      .filter({ hasText: /stock · staging/ })
      .waitFor();
    const saved = await findSaved('stock');
    assert.deepEqual([saved?.host, saved?.port, saved?.database, saved?.user], [null, null, null, null]);
  });

  it('are added from a service file', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Add Connection...');
    await quickPickEntry(page, 'Service archive').click();
    await pickStep('(2/3)', 'Development');
    await answerStep('(3/3)', 'old');
    await table(/^of_archive/).waitFor();
    assert.equal((await findSaved('old'))?.service, 'archive');
  });

  it('are added unproved when the user says so; then the window keeps the connection it has', async () => {
    const { page } = workbench;
    await runCommand(page, 'PG Insight: Add Connection...');
    await quickPickEntry(page, 'Connection URL').click();
    await answerStep('(2/4)', postgres.url('nowhere'));
    await pickStep('(2/4)', 'Only in This Window');
    await pickStep('(3/4)', 'Production');
    await answerStep('(4/4)', 'later');
    const failure = await findNotification(page, '"later" is not saved.');
    assert.match(await failure.innerText(), /There is no database "nowhere" on/);
    assert.equal(await findSaved('later'), undefined);
    await failure.getByRole('button', { name: 'Save Anyway' }).click();
    await connection(/later.*production.*nowhere on/).waitFor();
    await statusBarItem().filter({ hasText: /old/ }).waitFor();
    await table(/^of_archive/).waitFor();
    assert.equal((await findSaved('later'))?.database, 'nowhere');
  });

  it('are tested, with what the server says of itself', async () => {
    const { page } = workbench;
    const expected = await query<{ version: string }>(
      'stock',
      "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
    );
    await chooseFromMenu(workbench.page, connection(/^stock/), 'Test Connection');
    await findNotification(page, `"stock" works: PostgreSQL ${expected.version} as ${postgres.user}`);
    await takeScreenshot(page, path.join(screenshots, 'connections-tested.png'));
    await clearNotifications(page);
  });

  it('are switched by the status bar', async () => {
    const { page } = workbench;
    await statusBarItem().click();
    await quickPickEntry(page, 'shop').waitFor();
    await takeScreenshot(page, path.join(screenshots, 'connections-switch.png'));
    await quickPickEntry(page, 'shop').click();
    await table(/^of_shop/).waitFor();
    await statusBarItem()
      .filter({ hasText: /shop · development/ })
      .waitFor();
  });

  it('show tables that are filtered and measured', async () => {
    const { page } = workbench;
    await table(/^other/).waitFor();
    await runCommand(page, 'PG Insight: Filter Tables...');
    await inputBox(page).waitFor();
    await answerInput(page, 'of_');
    await table(/^other/).waitFor({ state: 'hidden' });
    await table(/^of_shop/).waitFor();
    await chooseFromMenu(workbench.page, table(/^of_shop/), 'Measure Exact Size');
    const { size } = await query<{ size: string }>('shop', "SELECT pg_total_relation_size('of_shop')::text AS size");
    await table(new RegExp(`^of_shop[^~]*${formatBytes(Number(size)).replaceAll('.', '\\.')}`)).waitFor();
    await runCommand(page, 'PG Insight: Clear Filter of Tables');
    await table(/^other/).waitFor();
  });

  it('are used by a statement: a wrong value is said at once and can be changed', async () => {
    const { page } = workbench;
    await query('shop', 'GRANT SELECT ON of_shop TO clerk');
    await openFile(page, 'query.sql');
    const lens = page.locator('.codelens-decoration a', { hasText: /^Explain Analyze$/ }).first();
    await lens.click();
    await page.locator('.quick-input-titlebar', { hasText: 'Parameters' }).waitFor();
    await answerInput(page, 'abc');
    await quickPickEntry(page, /abc.*is not a valid integer/s).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'connections-wrong-value.png'));
    const box = page.locator('.quick-input-widget input.input');
    assert.equal(await box.inputValue(), 'abc');
    assert.equal(await page.locator('.squiggly-error').count(), 0, 'the statement is not to blame');
    await answerInput(page, '7');
    await page.locator('.tab.active', { hasText: 'Plan: SELECT * FROM of_shop' }).waitFor();
  });

  it('say what to select in a file that is not SQL', async () => {
    const { page } = workbench;
    await openFile(page, 'query.ts');
    await runCommand(page, 'PG Insight: Explain Statement');
    await findNotification(page, 'Select the SQL first');
    await clearNotifications(page);
  });

  it('are edited', async () => {
    const { page } = workbench;
    await chooseFromMenu(workbench.page, connection(/^old/), 'Edit Connection...');
    await quickPickEntry(page, /^Name/).click();
    await inputBox(page).waitFor();
    await answerInput(page, 'attic');
    await quickPickEntry(page, /^Environment/).click();
    await quickPickEntry(page, 'Production').click();
    await quickPickEntry(page, 'Save').click();
    await connection(/^attic.*production/).waitFor();
    assert.equal((await findSaved('attic'))?.environment, 'production');
    assert.equal(await findSaved('old'), undefined);
  });

  it('ask in production, with all of the question in sight; Enter shows the whole statement and runs nothing', async () => {
    const { page } = workbench;
    const countScans = async () => {
      const sql = "SELECT seq_scan::int AS scans FROM pg_stat_user_tables WHERE relname = 'of_archive'";
      return (await query<{ scans: number }>('archive', sql)).scans;
    };
    await statusBarItem().click();
    await quickPickEntry(page, 'attic').click();
    await page.locator('.statusbar-item.error-kind[id$="pgInsight.connection"]').waitFor();
    await table(/^of_archive/).waitFor();
    const before = await countScans();
    await openFile(page, 'long.sql');
    await page
      .locator('.codelens-decoration a', { hasText: /^Explain Analyze$/ })
      .first()
      .click();
    const dialog = modalDialog(page, 'Run this statement on "attic" (production)?');
    await dialog.waitFor();
    const detail = dialog.locator('.dialog-message-detail');
    assert.match(await detail.innerText(), /id = 12 OR\n… and [\d,]+ more characters$/);
    const [shown, buttons] = [await detail.boundingBox(), await dialog.locator('.dialog-buttons').boundingBox()];
    assert.ok(shown && buttons);
    assert.ok(shown.y + shown.height <= buttons.y, 'nothing of the question is cut off');
    await takeScreenshot(page, path.join(screenshots, 'connections-long-question.png'));
    assert.ok(await dialog.getByRole('button', { name: 'Run', exact: true }).isVisible());
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.locator('.tab.active', { hasText: 'Untitled' }).waitFor();
    await page.keyboard.press('Control+End');
    await page.locator('.editor-instance .view-line', { hasText: 'id = 150' }).waitFor();
    await page.locator('.editor-instance .view-line', { hasText: 'marked as production' }).waitFor();
    assert.equal(await countScans(), before, 'nothing was run');
    await statusBarItem().click();
    await quickPickEntry(page, 'shop').click();
    await table(/^of_shop/).waitFor();
  });

  it('forget a password, and ask for it then', async () => {
    const { page } = workbench;
    await chooseFromMenu(workbench.page, connection(/^shop/), 'Forget Stored Password');
    await findNotification(page, 'The password of "shop" is forgotten.');
    await chooseFromMenu(workbench.page, connection(/^shop/), 'Disconnect');
    await connection(/^shop\s*shop on/).waitFor();
    await chooseFromMenu(workbench.page, connection(/^shop/), 'Connect');
    await page.locator('.quick-input-titlebar', { hasText: 'Password of "shop" (1/2)' }).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'connections-password.png'));
    await page.keyboard.press('Escape');
    const failure = await findNotification(page, 'asks for a password for role "clerk"');
    // by another way than the message's own buttons
    await chooseFromMenu(workbench.page, connection(/^shop/), 'Connect');
    await answerStep('(1/2)', 'clerk of the shop');
    await pickStep('(2/2)', 'Only in This Window');
    await connection(/^shop.*PostgreSQL 18/).waitFor();
    await failure.waitFor({ state: 'hidden' });
  });

  it('take the message of a statement away once it works', async () => {
    const { page } = workbench;
    await openFile(page, 'other.sql');
    const explain = () =>
      page
        .locator('.codelens-decoration a', { hasText: /^Explain$/ })
        .first()
        .click();
    await explain();
    const failure = await findNotification(page, 'permission denied');
    await failure.getByRole('button', { name: 'Show Log' }).waitFor();
    await query('shop', 'GRANT SELECT ON other TO clerk');
    await explain();
    await page.locator('.tab.active', { hasText: 'Plan: SELECT * FROM other' }).waitFor();
    await failure.waitFor({ state: 'hidden' });
  });

  it('are removed', async () => {
    const { page } = workbench;
    await chooseFromMenu(workbench.page, connection(/^later/), 'Remove Connection...');
    const dialog = modalDialog(page, 'Remove the connection "later"?');
    assert.match(await dialog.innerText(), /nowhere on \S+\s+Environment: Production/);
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await connection(/^later/).waitFor({ state: 'hidden' });
    assert.deepEqual((await savedProfiles()).map(({ name }) => name).sort(), ['attic', 'shop', 'stock']);
  });

  it("are added from the workspace's .env, which is offered and never taken; Prisma's schema= holds", async () => {
    const { page } = workbench;
    await query('shop', 'CREATE SCHEMA depot');
    await query('shop', 'CREATE TABLE depot.of_depot AS SELECT id FROM generate_series(1, 10) AS id');
    const file = path.join(workspace, '.env');
    await writeFile(file, `NODE_ENV=test\nDATABASE_URL="${postgres.url('shop')}?schema=depot"\n`);
    await runCommand(page, 'PG Insight: Add Connection...');
    const entry = quickPickEntry(page, 'DATABASE_URL of .env');
    await entry.waitFor();
    assert.ok(!(await entry.innerText()).includes(postgres.password), 'the list shows no password');
    assert.equal((await savedProfiles()).length, 3, 'offered, not taken');
    await entry.click();
    await pickStep('(1/3)', 'Only in This Window');
    await pickStep('(2/3)', 'Development');
    await answerStep('(3/3)', 'depot');
    await connection(/^depot.*PostgreSQL 18/).waitFor();
    const saved = await findSaved('depot');
    assert.deepEqual(saved?.searchPath, ['depot']);
    assert.ok(!(await readFile(profileFile, 'utf8')).includes(postgres.password), 'the profile holds no password');
    await openFile(page, 'depot.sql');
    const lens = page.locator('.codelens-decoration a', { hasText: /^Explain$/ }).first();
    await lens.click();
    await page.locator('.tab.active', { hasText: 'Plan: SELECT * FROM of_depot' }).waitFor();
  });
});
