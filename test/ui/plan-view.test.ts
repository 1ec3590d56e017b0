// The plan view in a real browser under its own policy: what its cells say against what the server printed, the keyboard,
// the accessibility tree, the requests it makes of its host, and every theme. What it does inside VS Code is tested there.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../scripts/environment/chromium';
import { buildWebview } from '../../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';
import { takeScreenshot } from '../../scripts/environment/workbench';
import type { Finding } from '../../src/analysis/finding';
import { formatMs } from '../../src/analysis/format/numbers';
import type { PlanDocument } from '../../src/webviews/protocol';
import { goldenPlanNames } from '../factories/golden-plans';
import { enlargePlan, explainOn, goldenDocument, printedNodes, toPlanDocument } from './plan-view-documents';
import {
  openPlanView,
  readTheme,
  serveWebview,
  themes,
  type PlanViewOptions,
  type PlanViewPage,
} from './plan-view-page';

/** "1,234" or "~1,234" as a number. */
const toNumber = (text: string) => Number(text.replace(/[~,]/g, ''));

/** As the view writes averages: decimals only where they say something. */
const toShown = (rows: unknown) => (Number(rows) >= 1000 ? Math.round(Number(rows)) : Number(rows));

const inTree = '.tree';
const screenshots = path.resolve('out', 'screenshots', 'plan-widths');

describe('the plan view', function () {
  this.timeout(180_000);
  let browser: Browser;
  let folder: TemporaryFolder;
  let web: Awaited<ReturnType<typeof serveWebview>>;
  let server: PostgresServer;
  let view: PlanViewPage | null = null;

  before(async () => {
    folder = await makeTemporaryFolder('plan-view');
    [browser, server] = await Promise.all([launchChromium(), startPostgres({ major: 18 }), buildWebview(folder.path)]);
    web = await serveWebview(folder.path);
  });
  after(async () => {
    await Promise.all([browser.close(), web.close(), server.stop()]);
    await folder.remove();
  });
  afterEach(async () => {
    const complaints = view?.complaints;
    await view?.close();
    view = null;
    assert.deepEqual(complaints ?? [], [], 'the browser has nothing to complain about, its policy neither');
  });

  async function open(document: PlanDocument, options?: PlanViewOptions): Promise<PlanViewPage> {
    view = await openPlanView(browser, web.origin, options);
    await view.show(document);
    return view;
  }

  /** A column's texts by node: a tree's rows are not in the order of the printed nodes where there are several roots. */
  async function texts(of: PlanViewPage, column: string): Promise<string[]> {
    const rows = await of.page.evaluate<[number, string][]>(
      `[...document.querySelectorAll('.tree-body [role=row]')].map((row) =>
        [Number(row.dataset.nodeId), row.querySelector('[data-column="${column}"]').innerText])`,
    );
    return rows.sort(([a], [b]) => a - b).map(([, text]) => text);
  }
  const selectedNode = async (of: PlanViewPage) => {
    const id = await of.page.locator(inTree).getAttribute('aria-activedescendant');
    return id === null ? null : Number(id.replace('plan-node-', ''));
  };

  describe('figures', () => {
    for (const server of ['15', '18', 'jit'] as const) {
      it(`of all recorded plans of ${server} are those the server printed`, async () => {
        const names = goldenPlanNames(server);
        assert.ok(names.length > 0);
        const shown = await open(goldenDocument(server, names[0] ?? ''), { height: 2000, width: 1900 });
        for (const name of names) {
          const document = goldenDocument(server, name);
          await shown.show(document, name);
          const printed = printedNodes(document.result.planJson);
          await shown.page.locator(`.tree[aria-rowcount="${printed.length + 1}"]`).waitFor();
          const executed = printed.map((node) => node['Actual Loops'] !== 0);
          const figures = (await texts(shown, 'rows')).map(toNumber);
          assert.deepEqual(
            figures.filter((_, index) => executed[index]),
            printed.filter((_, index) => executed[index]).map((node) => toShown(node['Actual Rows'])),
            `${name}: rows`,
          );
          assert.deepEqual(
            (await texts(shown, 'planned')).map(toNumber),
            printed.map((node) => node['Plan Rows']),
            `${name}: planned rows`,
          );
          assert.deepEqual(
            (await texts(shown, 'loops')).filter((_, index) => executed[index]).map(toNumber),
            printed.map((node) => node['Actual Loops']).filter((_, index) => executed[index]),
            `${name}: loops`,
          );
          const labels = await texts(shown, 'node');
          printed.forEach((node, index) => {
            const label = labels[index] ?? '';
            for (const field of ['Relation Name', 'Index Name', 'Subplan Name']) {
              const text = node[field];
              if (typeof text !== 'string') continue;
              assert.ok(label.includes(text.replace(/ \(returns .*\)$/, '')), `${name}: "${label}" has "${text}"`);
            }
          });
          const self = await texts(shown, 'self');
          self.forEach((text, index) => {
            if (executed[index]) assert.match(text, /^<?[\d.,]+ (ms|s)$/, `${name}: self time`);
            else assert.equal(text, 'never executed');
          });
        }
      });
    }

    it('add up to the execution time in the strip', async () => {
      const document = goldenDocument('18', 'trigger-both');
      const { page } = await open(document);
      const parts = page.getByRole('list', { name: 'Time of the statement' }).getByRole('listitem');
      const figures = await parts.locator('.figure').allInnerTexts();
      const labels = await parts.locator('.label').allInnerTexts();
      assert.deepEqual(labels, ['Execution', 'Planning', 'Plan', 'Triggers after the plan', 'Start and end']);
      const [execution = 0, , ...inside] = figures.map((text) => Number(/^([\d.,]+) ms$/.exec(text)?.[1]));
      const sum = inside.reduce((total, ms) => total + ms, 0);
      assert.ok(Math.abs(sum - execution) < 0.01 * execution, `${inside.join(' + ')} is ${execution}`);
      assert.equal(await page.locator('.strip-bar .segment').count(), figures.length - 1);
    });

    it('without ANALYZE are costs', async () => {
      const planJson = await explainOn(
        server.url(),
        'SETTINGS',
        'SELECT * FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace',
      );
      const shown = await open(toPlanDocument(planJson, { analyzed: false }));
      assert.deepEqual(await shown.page.getByRole('columnheader').allInnerTexts(), [
        'Node',
        'Self cost',
        'Total cost',
        'Startup cost',
        'Planned rows',
        'Width',
      ]);
      const printed = printedNodes(planJson);
      assert.deepEqual(
        (await texts(shown, 'cost')).map(toNumber),
        printed.map((node) => node['Total Cost']),
      );
      assert.deepEqual(
        (await texts(shown, 'startup')).map(toNumber),
        printed.map((node) => node['Startup Cost']),
      );
      assert.deepEqual(
        (await texts(shown, 'width')).map(toNumber),
        printed.map((node) => node['Plan Width']),
      );
      await shown.page.getByText('Not run: the plan and its figures are estimates').waitFor();
    });

    it('without TIMING and BUFFERS leave their columns out', async () => {
      const planJson = await explainOn(
        server.url(),
        'ANALYZE, TIMING OFF, BUFFERS OFF',
        'SELECT count(*) FROM pg_class',
      );
      const shown = await open(toPlanDocument(planJson));
      assert.deepEqual(await shown.page.getByRole('columnheader').allInnerTexts(), [
        'Node',
        'Self cost',
        'Total cost',
        'Rows',
        'Planned',
        'Estimate',
        'Loops',
      ]);
    });
  });

  describe('as a tree', () => {
    it('has the roles, levels and states of a treegrid', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const { page, row } = await open(document);
      const grid = page.getByRole('treegrid', { name: 'Plan' });
      const { nodes } = document.result.plan;
      assert.equal(await grid.getAttribute('aria-rowcount'), String(nodes.length + 1));
      assert.equal(await grid.getAttribute('aria-colcount'), String(await page.getByRole('columnheader').count()));
      const levels: number[] = [];
      for (const node of nodes) {
        levels.push(node.parent === null ? 1 : (levels[node.parent] ?? 0) + 1);
        const each = row(node.id);
        assert.equal(await each.getAttribute('aria-level'), String(levels[node.id]));
        const siblings = nodes.filter(({ parent }) => parent === node.parent);
        assert.equal(await each.getAttribute('aria-setsize'), String(siblings.length));
        assert.equal(await each.getAttribute('aria-posinset'), String(siblings.indexOf(node) + 1));
        const isLeaf = nodes.every(({ parent }) => parent !== node.id);
        assert.equal(await each.getAttribute('aria-expanded'), isLeaf ? null : 'true');
        assert.equal(await each.getByRole('gridcell').count(), await page.getByRole('columnheader').count());
      }
    });

    it('takes its keys from the moment it is open', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      await shown.row(0).waitFor();
      await shown.page.keyboard.press('ArrowDown');
      assert.equal(await selectedNode(shown), 0);
      await shown.page.keyboard.press('ArrowDown');
      assert.equal(await selectedNode(shown), 1, 'the tree has the focus now, and each key counts once');
    });

    it('is moved through with the keys of a VS Code tree', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      const { page, row } = shown;
      const count = document.result.plan.nodes.length;
      await page.getByRole('tab', { name: 'Plan' }).focus();
      for (
        let tries = 0;
        tries < 8 && !(await page.evaluate<boolean>("document.activeElement.matches('.tree')"));
        tries += 1
      ) {
        await page.keyboard.press('Tab');
      }
      assert.equal(await selectedNode(shown), 0, 'the first row when the keyboard comes in');
      const steps: [key: string, expected: number, what: string][] = [
        ['ArrowDown', 1, 'down'],
        ['End', count - 1, 'the last'],
        ['ArrowDown', count - 1, 'not beyond the last'],
        ['Home', 0, 'the first'],
        ['ArrowUp', 0, 'not before the first'],
        ['PageDown', count - 1, 'a page of a short plan'],
        ['PageUp', 0, 'back'],
        ['ArrowRight', 1, 'into the children'],
        ['ArrowLeft', 1, 'closes'],
        ['ArrowLeft', 0, 'to the parent'],
      ];
      for (const [key, expected, what] of steps) {
        await page.keyboard.press(key);
        assert.equal(await selectedNode(shown), expected, `${key}: ${what}`);
      }
      assert.equal(await row(1).getAttribute('aria-expanded'), 'false');
      assert.equal(await row(2).count(), 0, 'what is below a closed row is not shown');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.equal(await row(1).getAttribute('aria-expanded'), 'true');
      await page.keyboard.press('Space');
      assert.equal(await row(1).getAttribute('aria-expanded'), 'false');
      await page.keyboard.press('ArrowRight');
      assert.equal(await row(1).getAttribute('aria-expanded'), 'true');
      await page.keyboard.press('h');
      const { nodes } = document.result.plan;
      const hottest = nodes.reduce((a, b) => ((b.selfMs ?? 0) > (a.selfMs ?? 0) ? b : a));
      assert.equal(await selectedNode(shown), hottest.id, 'h: most self time');
      await page.keyboard.press('Escape');
      assert.equal(await selectedNode(shown), null);
      await page.getByRole('heading', { name: 'Statement' }).waitFor();
    });

    it('is opened and closed with the mouse and the toolbar', async () => {
      const { page, row } = await open(goldenDocument('18', 'parallel-hash-join'));
      await row(1).locator('.twistie').click();
      assert.equal(await row(1).getAttribute('aria-expanded'), 'false');
      await row(1).dblclick();
      assert.equal(await row(1).getAttribute('aria-expanded'), 'true');
      await page.getByRole('button', { name: 'Collapse All' }).click();
      assert.equal(await page.locator('.tree-body [role=row]').count(), 1);
      await page.getByRole('button', { name: 'Expand All' }).click();
      assert.equal(await row(3).count(), 1);
    });

    it('is filtered by what its nodes are, read and compare', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      const { page } = shown;
      await page.locator(inTree).focus();
      await page.keyboard.press('/');
      await page.keyboard.type('items');
      const printed = printedNodes(document.result.planJson);
      const matching = printed.flatMap((node, id) =>
        JSON.stringify({ ...node, Plans: [] }).includes('items') ? [id] : [],
      );
      await page.getByText(`${matching.length} of ${printed.length}`).waitFor();
      const ids = await page.evaluate(
        `[...document.querySelectorAll('.tree-body [role=row]:not(.dimmed)')].map(({ id }) => id)`,
      );
      assert.deepEqual(
        ids,
        matching.map((id) => `plan-node-${id}`),
      );
      assert.equal(await page.locator('.found').first().innerText(), 'items');
      await page.keyboard.press('Enter');
      assert.equal(await selectedNode(shown), matching[0]);
      await page.keyboard.press('/');
      await page.keyboard.type('nothing is called so');
      await page.getByText('No node contains').waitFor();
      // what is not listed is not described
      await page.locator('plan-details').getByText('Select one to see its details.').waitFor();
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('.tree-body [role=row]').count(), printed.length);
      assert.equal(await page.evaluate("document.activeElement.matches('.tree')"), true);
    });

    it('scrolls the columns that do not fit beside the node’s own, which stays', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document, { width: 460 });
      const { page } = shown;
      const columns = [
        'Node',
        'Self time',
        'Total time',
        'Rows/loop',
        'Planned',
        'Estimate',
        'Loops',
        'Own hit',
        'Own read',
      ];
      assert.deepEqual(await page.getByRole('columnheader').allInnerTexts(), columns);
      const last = page.getByRole('columnheader', { name: 'Own read' });
      const node = page.getByRole('columnheader', { name: 'Node', exact: true });
      const rightOf = async (of: typeof last) => {
        const box = await of.boundingBox();
        return (box?.x ?? 0) + (box?.width ?? 0);
      };
      assert.ok((await rightOf(last)) > 460);
      // the browser of tests is started without scroll bars
      assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.tree')).overflowX"), 'auto');
      await mkdir(screenshots, { recursive: true });
      for (const theme of ['dark', 'light'] as const) {
        const { variables } = await readTheme(theme);
        await page.evaluate(
          `for (const [name, value] of Object.entries(${JSON.stringify(variables)})) document.documentElement.style.setProperty(name, value)`,
        );
        for (const width of [1280, 900, 600, 460]) {
          await page.setViewportSize({ width, height: 800 });
          await takeScreenshot(page, path.join(screenshots, `${theme}-${width}.png`));
        }
      }
      await page.locator(inTree).focus();
      for (let step = 0; step < 8; step += 1) await page.keyboard.press('Shift+ArrowRight');
      await page.waitForFunction(
        "document.querySelector('[role=columnheader]:last-child').getBoundingClientRect().right <= innerWidth",
      );
      assert.equal((await node.boundingBox())?.x, 0);
      assert.equal((await shown.cell(0, 'node').boundingBox())?.x, 0);
    });

    it('cuts conditions and operations before the names of relations', async () => {
      const shown = await open(goldenDocument('18', 'parallel-hash-join'), { width: 460 });
      const cut = await shown.page.evaluate<string[]>(
        `[...document.querySelectorAll('.node-target')]
          .filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => element.textContent)`,
      );
      assert.deepEqual(cut, []);
    });

    it('breaks no figure of the details and cuts no label', async () => {
      const shown = await open(goldenDocument('18', 'parallel-hash-join'));
      const { page } = shown;
      for (const width of [1280, 900, 460]) {
        await page.setViewportSize({ width, height: 800 });
        for (const { id } of goldenDocument('18', 'parallel-hash-join').result.plan.nodes) {
          await shown.row(id).click();
          const wrong = await page.evaluate<string[]>(
            `[...document.querySelectorAll('.field:not(.code)')].flatMap((field) => {
              const [label, value] = field.children;
              const range = document.createRange();
              range.selectNodeContents(value);
              const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
              return label.scrollWidth > label.clientWidth + 1 || lines > 1 ? [field.innerText] : [];
            })`,
          );
          assert.deepEqual(wrong, [], `at ${width} px`);
        }
      }
    });

    it('fits any width, and cut texts can be read', async () => {
      const document = goldenDocument('18', 'many-init-plans');
      const shown = await open(document);
      const { page } = shown;
      for (const width of [1280, 600, 320]) {
        await page.setViewportSize({ width, height: 800 });
        const cut = await page.evaluate<string[]>(
          `[...document.querySelectorAll('.tree *, .view-header *, .details dt')]
            .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflow !== 'visible'
              && element.clientWidth > 0 && !element.closest('[title]') && !element.matches('.node-cell, .tree'))
            .map((element) => element.outerHTML.slice(0, 200))`,
        );
        assert.deepEqual(cut, [], `at ${width} px`);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `at ${width} px`);
      }
    });

    it('opens a plan of 2000 nodes without making 2000 rows', async () => {
      const document = enlargePlan(goldenDocument('18', 'parallel-hash-join'), 2000);
      const shown = await open(goldenDocument('18', 'sort-in-memory'));
      const { page } = shown;
      await shown.send({ type: 'plan', documentId: 'large', document });
      await page.locator('.tree[aria-rowcount="2001"]').waitFor();
      assert.ok((await page.locator('.tree-body [role=row]').count()) < 100);
      await page.locator(inTree).focus();
      await page.keyboard.press('End');
      await shown.row(1999).waitFor();
      assert.equal(await selectedNode(shown), 1999);
      const box = await shown.row(1999).boundingBox();
      const tree = await page.locator(inTree).boundingBox();
      assert.ok(box !== null && tree !== null && box.y + box.height <= tree.y + tree.height + 1, 'the row is in sight');
      await page.mouse.move(tree.x + 100, tree.y + 100);
      await page.mouse.wheel(0, -20_000);
      await shown.row(1999).waitFor({ state: 'detached' });
      const scrollTop = await page.evaluate<number>("document.querySelector('.tree').scrollTop");
      await shown.row(Math.floor(scrollTop / 22) + 3).waitFor();
    });
  });

  describe('as a flame graph', () => {
    const box = (of: PlanViewPage, id: number) => of.page.locator(`[role=treeitem][data-node-id="${id}"]`);
    const focusedBox = async (of: PlanViewPage) => {
      const id = await of.page.locator('.flame').getAttribute('aria-activedescendant');
      return id === null ? null : Number(id.replace('flame-node-', ''));
    };

    it('draws each node as wide as its time, under its parent, and zooms', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      const { page } = shown;
      await page.getByRole('tab', { name: 'Flame' }).click();
      await box(shown, 0).waitFor();
      const { nodes } = document.result.plan;
      const wholeMs = nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0);
      const below = (id: number): number =>
        (nodes[id]?.selfMs ?? 0) +
        nodes.filter(({ parent }) => parent === id).reduce((sum, each) => sum + below(each.id), 0);
      const wholePx = (await box(shown, 0).boundingBox())?.width ?? 0;
      assert.ok(wholePx > 1000);
      for (const { id, parent } of nodes) {
        if ((below(id) / wholeMs) * wholePx < 4) continue;
        const own = await box(shown, id).boundingBox();
        assert.ok(own !== null && Math.abs(own.width - (below(id) / wholeMs) * wholePx) < 1.5, `node ${id}`);
        const above = parent === null ? null : await box(shown, parent).boundingBox();
        assert.ok(above === null || (own.x >= above.x - 1 && own.x + own.width <= above.x + above.width + 1));
        assert.ok(above === null || Math.abs(own.y - above.y - above.height) < 1);
      }
      const leaf = nodes.findLast(({ id }) => (below(id) / wholeMs) * wholePx > 50);
      assert.ok(leaf);
      await box(shown, leaf.id).click();
      await page.getByRole('region', { name: 'Details' }).locator('[data-detail=time]').waitFor();
      assert.equal(await focusedBox(shown), leaf.id);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Zoom Out' }).waitFor();
      const zoomed = await box(shown, leaf.id).boundingBox();
      assert.ok(zoomed !== null && Math.abs(zoomed.width - wholePx) < 1);
      await page.keyboard.press('ArrowUp');
      assert.equal(await focusedBox(shown), leaf.parent);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Zoom Out' }).waitFor({ state: 'detached' });
      await page.keyboard.press('h');
      const hottest = nodes.reduce((a, b) => ((b.selfMs ?? 0) > (a.selfMs ?? 0) ? b : a));
      assert.equal(await focusedBox(shown), hottest.id);
      await page.getByRole('tab', { name: 'Plan', exact: true }).click();
      await shown.row(0).waitFor();
      assert.equal(await selectedNode(shown), hottest.id, 'what is selected is selected in both');
    });

    it('says what a node took itself, in every theme', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      await mkdir(screenshots, { recursive: true });
      for (const theme of themes) {
        const shown = await openPlanView(browser, web.origin, { theme });
        await shown.show(document);
        await shown.page.getByRole('tab', { name: 'Flame' }).click();
        await box(shown, 1).click();
        const own = document.result.plan.nodes[1]?.selfMs ?? null;
        assert.equal(await box(shown, 1).locator('.flame-own').innerText(), formatMs(own));
        await takeScreenshot(shown.page, path.join(screenshots, `flame-${theme}.png`));
        assert.deepEqual(shown.complaints, []);
        await shown.close();
      }
    });

    it('draws what can be seen of 2000 nodes', async () => {
      const shown = await open(enlargePlan(goldenDocument('18', 'parallel-hash-join'), 2000));
      await shown.page.getByRole('tab', { name: 'Flame' }).click();
      await box(shown, 0).waitFor();
      const count = await shown.page.getByRole('treeitem').count();
      assert.ok(count > 10 && count < 2000, `${count} boxes`);
      await shown.page.getByText(`${(2000 - count).toLocaleString('en-US')} nodes of 2,000 not shown`).waitFor();
    });
  });

  describe('details', () => {
    it('of a node have all that the server printed for it', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const { page, row } = await open(document, { height: 1400 });
      for (const [id, node] of printedNodes(document.result.planJson).entries()) {
        await row(id).click();
        const details = page.getByRole('region', { name: 'Details' });
        const labels = await details.locator('dt').allInnerTexts();
        for (const name of Object.keys(node)) {
          if (['Node Type', 'Plans', 'Workers', 'Parent Relationship', 'Subplan Name'].includes(name)) continue;
          assert.ok(
            labels.some((label) => label === name || label === `${name} per Loop`),
            `${name} is among ${labels.join(', ')}`,
          );
        }
        const workers = (node['Workers'] as unknown[] | undefined) ?? [];
        const rows = details.locator('[data-group=workers] tbody tr');
        assert.equal(await rows.count(), workers.length);
        assert.match(await details.locator('[data-detail=estimate]').innerText(), /planned, .* came/);
      }
    });

    it('of the statement are shown while no node is selected', async () => {
      const { page } = await open(goldenDocument('jit', 'jit-parallel'));
      const details = page.getByRole('region', { name: 'Details' });
      await details.getByRole('heading', { name: 'Statement' }).waitFor();
      assert.equal(await details.locator('[data-group=JIT]').count(), 1);
      assert.match(await details.locator('[data-group=timing]').innerText(), /JIT Time, All Processes\s+[\d,.]+ ms/);
    });

    it('list triggers with where they ran', async () => {
      const { page } = await open(goldenDocument('18', 'trigger-both'));
      const rows = await page.locator('[data-group=triggers] tbody tr').allInnerTexts();
      assert.equal(rows.filter((text) => text.endsWith('inside the plan')).length, 1);
      assert.equal(rows.filter((text) => text.endsWith('after the plan')).length, 1);
    });

    it('say in words that a node never ran', async () => {
      const document = goldenDocument('18', 'never-executed');
      const never = document.result.plan.nodes.find(({ neverExecuted }) => neverExecuted);
      assert.ok(never);
      const { page, row, cell } = await open(document);
      assert.equal(await cell(never.id, 'self').innerText(), 'never executed');
      await row(never.id).click();
      await page.getByText('This node was never executed.').waitFor();
    });
  });

  describe('findings', () => {
    const fix: NonNullable<Finding['fix']> = {
      title: 'Index the column that the filter compares',
      sql: 'CREATE INDEX CONCURRENTLY ON lab.orders (status);',
      risk: 'Building it reads the whole table.',
      outsideTransaction: true,
    };

    function withFindings(): PlanDocument {
      const document = goldenDocument('18', 'seq-scan-filter');
      const [found] = document.findings;
      assert.ok(found, 'the rules find something in this plan');
      return {
        ...document,
        findings: [
          ...document.findings.map((finding) => ({ ...finding, fix })),
          { ...found, severity: 'critical', subject: { kind: 'server' }, fingerprint: 'of-the-statement' },
        ],
      };
    }

    it('are icons with a word for them in the tree, and steps of n and p', async () => {
      const document = goldenDocument('18', 'seq-scan-filter');
      const [finding] = document.findings;
      assert.equal(finding?.subject.kind, 'plan-node');
      const { nodeId } = finding.subject;
      const shown = await open(document);
      const badge = shown.row(nodeId).locator('.finding-badge');
      assert.equal(await badge.getAttribute('aria-label'), 'High, 1 finding');
      assert.equal(
        await badge.getAttribute('title'),
        `High: The sequential scan of lab.orders read 60,000 rows and its filter discarded 99% of them.`,
      );
      assert.equal(await badge.innerText(), '', 'an icon alone: the names need the room');
      await shown.page.locator(inTree).focus();
      await shown.page.keyboard.press('n');
      assert.equal(await selectedNode(shown), nodeId);
      await shown.page.getByRole('region', { name: 'Details' }).getByText(finding.message).waitFor();
      await shown.page.keyboard.press('Escape');
      await shown.page.keyboard.press('p');
      assert.equal(await selectedNode(shown), nodeId);
    });

    it('are listed as they are ranked, with a way to the node and their SQL', async () => {
      const document = withFindings();
      const shown = await open(document);
      const { page } = shown;
      const tab = page.getByRole('tab', { name: 'Findings' });
      assert.match(await tab.innerText(), new RegExp(`${document.findings.length}$`));
      await tab.click();
      const items = page.locator('findings-list .finding');
      assert.equal(await items.count(), document.findings.length);
      assert.equal(await items.first().getAttribute('data-severity'), 'high');
      assert.equal(await items.last().getAttribute('data-severity'), 'critical');
      const [finding] = document.findings;
      assert.equal(finding?.subject.kind, 'plan-node');
      await items.first().getByRole('button', { name: 'Copy SQL' }).click();
      assert.deepEqual((await shown.requests()).at(-1), { type: 'copy-fix', fingerprint: finding.fingerprint });
      await items.first().locator('button.link').click();
      await page.locator('.tree:focus').waitFor();
      assert.equal(await selectedNode(shown), finding.subject.nodeId);
    });

    it('that are none are said to be none', async () => {
      const { page } = await open({ ...goldenDocument('18', 'sort-in-memory'), findings: [] });
      await page.getByRole('tab', { name: 'Findings' }).click();
      await page.getByText('None of the checks found anything in this plan.').waitFor();
    });
  });

  describe('and its host', () => {
    it('exchange requests', async () => {
      const shown = await open(goldenDocument('18', 'sort-in-memory'));
      const { page } = shown;
      assert.deepEqual(await shown.requests(), [{ type: 'ready' }]);
      await page.getByRole('button', { name: 'Run EXPLAIN ANALYZE Again' }).click();
      await page.getByRole('button', { name: 'Go to SQL' }).click();
      for (const name of ['Text', 'Markdown', 'JSON']) {
        await page.getByRole('button', { name: 'Copy', exact: true }).click();
        await page.getByRole('menuitem', { name: `Copy Plan as ${name}` }).click();
      }
      await page.getByRole('button', { name: 'Copy', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      assert.equal(await page.getByRole('menu').count(), 0);
      await shown.row(1).click();
      await page.keyboard.press('Control+C');
      await page.getByRole('tab', { name: 'JSON' }).click();
      await page.getByRole('button', { name: 'Copy JSON' }).click();
      await page.getByRole('button', { name: 'Open JSON in Editor' }).click();
      assert.deepEqual((await shown.requests()).slice(1), [
        { type: 'run-again' },
        { type: 'reveal-sql' },
        { type: 'copy', format: 'text' },
        { type: 'copy', format: 'markdown' },
        { type: 'copy', format: 'json' },
        { type: 'copy', format: 'sql' },
        { type: 'copy-node', nodeId: 1 },
        { type: 'copy', format: 'json' },
        { type: 'open-json' },
      ]);
    });

    it('show progress while the statement runs again', async () => {
      const shown = await open(goldenDocument('18', 'sort-in-memory'));
      await shown.send({ type: 'running', running: true });
      await shown.page.getByRole('progressbar', { name: 'Running the statement' }).waitFor();
      assert.equal(await shown.page.getByRole('button', { name: 'Run EXPLAIN ANALYZE Again' }).isDisabled(), true);
      await shown.send({ type: 'running', running: false });
      await shown.page.getByRole('progressbar').waitFor({ state: 'detached' });
    });

    it('keep what the user did over a reload, for the same document only', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      const { page } = shown;
      await shown.row(3).click();
      await shown.row(5).locator('.twistie').click();
      await page.getByRole('button', { name: 'Statement', exact: true }).click();
      await page.reload();
      assert.deepEqual(await shown.requests(), [{ type: 'ready' }]);
      await shown.show(document);
      assert.equal(await selectedNode(shown), 3);
      await page.locator('pre.statement-text').waitFor();
      assert.equal(await shown.row(5).getAttribute('aria-expanded'), 'false');
      await shown.show({ ...document, title: 'another' }, 'document-2');
      assert.equal(await selectedNode(shown), null);
      await page.locator('code.statement-line').waitFor();
    });

    it('keep the selection when the statement ran again with the same plan, and drop it with another', async () => {
      const document = goldenDocument('18', 'parallel-hash-join');
      const shown = await open(document);
      await shown.row(3).click();
      await shown.show({ ...document, title: 'again' });
      assert.equal(await selectedNode(shown), 3);
      await shown.show(goldenDocument('18', 'parallel-nested-loop'));
      assert.equal(await selectedNode(shown), null);
    });

    it('keep where the user had scrolled to, for the same plan', async () => {
      const document = enlargePlan(goldenDocument('18', 'parallel-hash-join'), 300);
      const shown = await open(document);
      const { page } = shown;
      const scrollTop = () => page.evaluate<number>("document.querySelector('.tree').scrollTop");
      await page.evaluate("document.querySelector('.tree').scrollTop = 1500");
      await shown.row(70).waitFor();
      await shown.show({ ...document, title: 'again' });
      assert.equal(await scrollTop(), 1500, 'run again in sight');
      await page.reload();
      await shown.show({ ...document, title: 'shown again' });
      await shown.row(70).waitFor();
      assert.equal(await scrollTop(), 1500, 'run again while the tab was hidden');
      await shown.show(enlargePlan(goldenDocument('18', 'merge-join'), 300));
      await shown.row(0).waitFor();
      assert.equal(await scrollTop(), 0, 'another plan');
    });

    it('say when a plan is gone', async () => {
      view = await openPlanView(browser, web.origin);
      await view.send({ type: 'unavailable', reason: 'This plan was not kept.' });
      await view.page.getByRole('status').getByText('This plan was not kept.').waitFor();
    });
  });

  it('says what was run, where, when and how', async () => {
    const shown = await open(
      goldenDocument('18', 'trigger-both', {
        parameters: "$1 = 'open'",
        connection: { profileId: 'p', name: 'Shop', environment: 'production' },
        result: { ...goldenDocument('18', 'trigger-both').result, rolledBack: true },
      }),
    );
    const facts = shown.page.getByRole('list', { name: 'About this plan' });
    assert.deepEqual(await facts.getByRole('listitem').allInnerTexts(), [
      'Production',
      '127.0.0.1:5432 / shop',
      'PostgreSQL 18.4',
      'Ran 1 Jul 2026, 10:20:30',
      "$1 = 'open'",
      'Rolled back',
    ]);
    assert.equal(
      await shown.page.locator('code.statement-line').innerText(),
      "SELECT id, total FROM orders WHERE status = 'open'",
    );
  });

  it('shows the server’s JSON as it came', async () => {
    const document = goldenDocument('18', 'parallel-hash-join');
    const { page } = await open(document);
    await page.getByRole('tab', { name: 'JSON' }).click();
    const text = await page.evaluate<string>("document.querySelector('.json').textContent");
    assert.equal(text.trim(), document.result.planJson.trim());
    assert.ok((await page.locator('.json-name').count()) > 20);
  });

  it('treats names and statements as text, whatever is in them', async () => {
    const name = '<img src=x onerror=alert(1)>"\'&amp; 🐘';
    const planJson = JSON.stringify([
      {
        Plan: {
          'Node Type': 'Seq Scan',
          'Relation Name': name,
          Alias: name,
          'Plan Rows': 1,
          'Total Cost': 1,
          Filter: name,
        },
      },
    ]);
    const shown = await open(toPlanDocument(planJson, { title: name, sql: name, parameters: name, analyzed: false }));
    assert.equal(await shown.page.locator('img').count(), 0);
    const cell = await shown.cell(0, 'node').innerText();
    assert.equal(cell.replaceAll('\n', ''), `Seq Scan on ${name}${name}`);
    assert.equal(await shown.page.locator('h1').innerText(), name);
  });

  for (const theme of themes) {
    it(`takes its colours from the theme: ${theme}`, async () => {
      const { variables, bodyClass } = await readTheme(theme);
      const document = goldenDocument('18', 'seq-scan-filter');
      const shown = await open(document, { theme });
      const { page, row } = shown;
      await row(0).click();
      const styleOf = (selector: string, property: string, pseudo = '') =>
        page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}'), '${pseudo}').${property}`);
      const colorOf = (variable: string) =>
        page.evaluate<string>(`(() => {
          const probe = document.createElement('i');
          probe.style.color = 'var(${variable})';
          document.body.append(probe);
          const { color } = getComputedStyle(probe);
          probe.remove();
          return color;
        })()`);
      assert.equal(await styleOf('body', 'color'), await colorOf('--vscode-foreground'));
      assert.equal(await styleOf('.tree-head', 'backgroundColor'), await colorOf('--vscode-editor-background'));
      assert.equal(await styleOf('.bar-fill', 'backgroundColor'), await colorOf('--vscode-charts-blue'));
      if (bodyClass.includes('high-contrast')) {
        assert.equal(await styleOf('.tree-row.selected', 'outlineStyle', '::after'), 'solid');
        assert.ok(variables['--vscode-contrastActiveBorder'] !== undefined);
      } else {
        // over an opaque ground: other columns scroll beneath the node's
        const colour = await colorOf('--vscode-list-activeSelectionBackground');
        assert.equal(
          await styleOf('.tree-row.selected', 'backgroundImage'),
          `linear-gradient(0deg, ${colour}, ${colour}), none`,
        );
      }
      const bodyFont = await styleOf('body', 'fontFamily');
      assert.equal(await styleOf('.cell.number', 'fontFamily'), bodyFont);
      assert.match(await styleOf('.cell.number', 'fontVariantNumeric'), /tabular-nums/);
    });
  }
});
