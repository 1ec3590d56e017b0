// The view of a workload's index advice in a browser of its own: the advice of a real sandbox for a real server, under
// several budgets; what it asks of its host, and a thousand statements.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Browser } from 'playwright-core';
import { buildForTests, buildWebview } from '../../scripts/environment/bundles';
import { launchChromium } from '../../scripts/environment/chromium';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startPostgres } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder } from '../../scripts/environment/supervision';
import { takeScreenshot } from '../../scripts/environment/workbench';
import { formatBytes } from '../../src/analysis/format/numbers';
import { findSelection, summarizeSelection, toSelections } from '../../src/analysis/index-advice/workload-selection';
import type { WorkloadStatement } from '../../src/analysis/index-advice/workload-advice';
import { AdviceClient } from '../../src/database/advice-worker/advice-client';
import type { WorkloadDocument, WorkloadViewMessage, WorkloadViewRequest } from '../../src/webviews/workload-protocol';
import { toWorkloadView } from '../../src/webviews/workload-view-model';
import { makeStatementContext } from '../database/statement-context';
import { openTestSession } from '../database/test-session';
import { closeWebview, openWebview, serveWebview, themes, type WebviewPage } from './plan-view-page';

const screenshots = path.resolve('out', 'screenshots', 'workload');

const texts: readonly (readonly [string, number])[] = [
  ['SELECT * FROM visits WHERE shop = $1 ORDER BY at DESC LIMIT 20', 5_000],
  ['SELECT count(*) FROM visits WHERE visitor = $1', 900],
  ['SELECT * FROM visits WHERE id = $1', 40_000],
  ['SELECT s.name, count(*) FROM shops s JOIN visits v ON v.shop = s.id WHERE s.town = $1 GROUP BY s.name', 70],
  ['SELECT * FROM nowhere WHERE id = $1', 3],
  ['SELEKT 1', 1],
];

describe('the view of a workload', function () {
  this.timeout(180_000);
  const endings: (() => Promise<unknown>)[] = [];
  let browser: Browser;
  let origin: string;
  let document: WorkloadDocument;
  let view: WebviewPage<WorkloadViewMessage, WorkloadViewRequest>;

  before(async () => {
    await mkdir(screenshots, { recursive: true });
    const folder = await makeTemporaryFolder('workload-view-test');
    endings.push(() => folder.remove());
    const postgres = await startPostgres({ major: 18 });
    endings.push(() => postgres.stop());
    const client = new Client({ connectionString: postgres.url() });
    await client.connect();
    await client.query(`
      CREATE TABLE shops (id integer PRIMARY KEY, name text, town text);
      CREATE TABLE visits (id bigint PRIMARY KEY, shop integer, visitor integer, at timestamptz, note text);
      INSERT INTO shops SELECT g, 'shop ' || g, 'town ' || g % 50 FROM generate_series(1, 500) g;
      INSERT INTO visits SELECT g, g % 500, g % 9000, timestamptz '2026-01-01' + make_interval(mins => g), repeat('x', 80)
        FROM generate_series(1, 120000) g;
      CREATE INDEX visits_note_idx ON visits (note);
      ANALYZE`);
    await client.end();
    const session = await openTestSession(postgres);
    const binaries = await providePostgres(18);
    const advisor = new AdviceClient({
      // beside this file's own bundle are the parsers
      file: await buildForTests('src/database/what-if/advice-engine.ts', __dirname),
      readSandboxSettings: () => ({ binaries, idleMinutes: 5, maxDiskMb: 1_024 }),
      warn: (text) => assert.fail(text),
    });
    const statements = texts.map(([sql, calls]) => ({ id: sql, sql, calls, parameters: { mode: 'generic' as const } }));
    const questions = statements.map((each): WorkloadStatement => ({ ...each, timeoutMs: 60_000 }));
    const advice = await advisor.adviseWorkload(await makeStatementContext(session), questions, { budgetSteps: 4 });
    await advisor.end();
    await session.close();
    document = {
      title: 'slow queries',
      connection: { profileId: 'p', name: 'Shop', environment: 'production' },
      ...{ server: 'localhost:5432', database: 'shop', serverVersion: '18.0', role: 'postgres' },
      madeAt: '2026-07-01T10:00:00.000Z',
      notes: ['Statements of pg_stat_statements, each as often as it was called since the last reset.'],
      statements: statements.map((each) => ({ ...each, source: null })),
      selections: toSelections(advice, { budgetBytes: null, steps: 4, elapsedMs: 1_000 }),
      ...{ budgetBytes: null, created: [], dropped: [] },
    };
    const built = path.join(folder.path, 'webview');
    await buildWebview(built);
    const web = await serveWebview(built, 'workload');
    endings.push(() => web.close());
    origin = web.origin;
    browser = await launchChromium();
    endings.push(() => browser.close());
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  afterEach(() => closeWebview(view));

  async function show(shown: WorkloadDocument): Promise<void> {
    const selection = findSelection(shown.selections, shown.budgetBytes);
    assert.ok(selection);
    await view.send({
      type: 'workload',
      documentId: 'workload-1',
      view: toWorkloadView(shown, selection, 'connected'),
    });
    await view.page.locator('[data-figure=total]').waitFor();
  }

  async function open(options: Parameters<typeof openWebview>[2] = {}, shown = document): Promise<void> {
    view = await openWebview(browser, origin, options);
    await show(shown);
  }

  const lastRequest = async () => (await view.requests()).at(-1);
  const whole = () => {
    const [first] = document.selections;
    assert.ok(first);
    return first;
  };

  it('shows the indexes of the advice, what each statement gains, and who could not be advised', async () => {
    await open();
    const { page } = view;
    const first = whole();
    assert.equal(first.engine, 'sandbox');
    assert.ok(first.recommendations.length >= 2, String(first.recommendations.length));
    assert.equal(await page.locator('[data-index]').count(), first.recommendations.length);
    const { fates } = summarizeSelection(first, document.statements);
    assert.equal(await page.locator('tr[data-fate=winner]').count(), fates.winner);
    assert.equal(await page.locator('[data-section=unknown] .link').count(), 2);
    await page.locator('[data-section=unknown]', { hasText: 'relation "nowhere" does not exist' }).waitFor();
    await page.locator('[data-section=drops]', { hasText: 'visits_note_idx' }).waitFor();
    await page.locator('[data-fate=winner]').first().click();
    assert.equal(await page.locator('tr[data-statement]').count(), fates.winner);
  });

  it('asks its host for what is clicked', async () => {
    await open();
    const { page } = view;
    const index = page.locator('[data-index]').first();
    const name = await index.getAttribute('data-index');
    await index.locator('[data-action=create]').click();
    assert.deepEqual(await lastRequest(), { type: 'index', action: 'create', index: { schema: 'public', name } });
    await page.locator('[data-action=create-all]').click();
    assert.deepEqual(await lastRequest(), { type: 'index', action: 'create', index: null });
    await page.getByRole('button', { name: `Copy DDL: ${name}` }).click();
    assert.deepEqual(await lastRequest(), { type: 'index', action: 'copy', index: { schema: 'public', name } });
    await page.locator('tr[data-statement] .link').first().click();
    assert.equal((await lastRequest())?.type, 'open-statement');
    await page.getByRole('button', { name: 'Drop index visits_note_idx' }).click();
    assert.deepEqual(await lastRequest(), { type: 'drop', schema: 'public', name: 'visits_note_idx' });
  });

  it('moves the budget by the keyboard, and shows the set that was chosen for it', async () => {
    await open();
    const { page } = view;
    const slider = page.getByRole('slider', { name: 'Storage budget' });
    await slider.focus();
    await page.keyboard.press('Home');
    assert.deepEqual(await lastRequest(), { type: 'set-budget', budgetBytes: 0 });
    await page.keyboard.press('End');
    assert.deepEqual(await lastRequest(), { type: 'set-budget', budgetBytes: null });
    const smaller = document.selections[1];
    assert.ok(smaller?.budgetBytes && smaller.recommendations.length < whole().recommendations.length);
    await show({ ...document, budgetBytes: smaller.budgetBytes });
    assert.equal(await page.locator('[data-index]').count(), smaller.recommendations.length);
    assert.match((await slider.getAttribute('aria-valuetext')) ?? '', new RegExp(formatBytes(smaller.budgetBytes)));
    await takeScreenshot(page, path.join(screenshots, 'budget.png'));
  });

  it('says what is being done and lets it be cancelled, and what was created', async () => {
    const [first] = whole().recommendations;
    assert.ok(first);
    const { schema } = first.index;
    const created = [{ schema, name: first.name, undo: { indexes: [], keep: [] } }];
    await open({}, { ...document, created });
    const { page } = view;
    assert.equal(await page.getByRole('slider').isDisabled(), true);
    await page.locator(`[data-index="${first.name}"] [data-action=undo]`).click();
    assert.deepEqual(await lastRequest(), { type: 'undo', schema, name: first.name });
    await view.send({ type: 'running', what: 'comparing indexes', canCancel: true });
    await page.getByRole('status').filter({ hasText: 'comparing indexes' }).waitFor();
    await takeScreenshot(page, path.join(screenshots, 'running.png'));
    await page.locator('[data-action=cancel]').click();
    assert.deepEqual(await lastRequest(), { type: 'cancel' });
  });

  it('draws a thousand statements a hundred at a time', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ at, of: at % 4 }));
    const [firstStatement] = document.statements;
    assert.ok(firstStatement);
    const statements = many.map(({ at }) => ({ ...firstStatement, id: `statement ${at}` }));
    const outcomes = many.flatMap(({ of }) => whole().outcomes[of] ?? []);
    await open({}, { ...document, statements, selections: [{ ...whole(), outcomes }] });
    const rows = view.page.locator('tr[data-statement]');
    assert.equal(await rows.count(), 100);
    await view.page.locator('[data-action=more]').click();
    assert.equal(await rows.count(), 200);
  });

  it('comes back to its document after a reload, and says when that is gone', async () => {
    await open();
    const { page } = view;
    assert.deepEqual(await page.evaluate('acquireVsCodeApi().getState()'), {
      documentId: 'workload-1',
      top: 0,
      fate: 'all',
    });
    await page.reload();
    await view.send({ type: 'unavailable', reason: 'This advice was not kept.' });
    await page.getByRole('alert').filter({ hasText: 'This advice was not kept.' }).waitFor();
  });

  for (const theme of themes) {
    it(`can be read in ${theme}`, async () => {
      await open({ theme });
      await view.page.locator('details summary').first().click();
      await takeScreenshot(view.page, path.join(screenshots, `${theme}.png`));
      await view.page.locator('[data-section=unknown]').scrollIntoViewIfNeeded();
      await takeScreenshot(view.page, path.join(screenshots, `${theme}-below.png`));
    });
  }

  it('is usable in half a window', async () => {
    await open({ width: 600 });
    await takeScreenshot(view.page, path.join(screenshots, 'narrow.png'));
    assert.equal(await view.page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
  });
});
