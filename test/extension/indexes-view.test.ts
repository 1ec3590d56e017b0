import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { formatBytes } from '../../src/analysis/format/numbers';
import type { IndexesNode } from '../../src/providers/indexes-view';
import { shopDefects } from '../factories/shop-database';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

describe('Indexes view', () => {
  let extension: ConnectedExtension;
  const view = () => extension.parts.indexesView;
  const children = (node?: IndexesNode) => view().getChildren(node);
  const labelOf = (node: IndexesNode): string => {
    const { label } = view().getTreeItem(node);
    assert.equal(typeof label, 'string');
    return label as string;
  };
  const descriptionOf = (node: IndexesNode): string => String(view().getTreeItem(node).description);

  async function find(...path: string[]): Promise<IndexesNode> {
    let node: IndexesNode | undefined;
    for (const label of path) {
      const nodes = await children(node);
      node = nodes.find((each) => labelOf(each) === label);
      assert.ok(node, `${label} is among ${nodes.map(labelOf).join(', ')}`);
    }
    assert.ok(node);
    return node;
  }

  async function tooltipOf(node: IndexesNode): Promise<string> {
    const { tooltip } = await view().resolveTreeItem(view().getTreeItem(node), node);
    assert.ok(tooltip instanceof vscode.MarkdownString);
    return tooltip.value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  }

  /** Labels of all rows below, parts included. */
  async function list(node?: IndexesNode): Promise<string[]> {
    const nodes = await children(node);
    const below = await Promise.all(nodes.map((each) => list(each)));
    return nodes.flatMap((each, position) => [
      ...(each.kind === 'index' ? [labelOf(each)] : []),
      ...(below[position] ?? []),
    ]);
  }

  before(async () => {
    extension = await connectExtension();
    await vscode.workspace
      .getConfiguration('pgInsight')
      .update(
        'rules',
        { 'unused-index': { minStatisticsDays: 0, minSizeBytes: 0 } },
        vscode.ConfigurationTarget.Global,
      );
    await extension.parts.healthStore.refresh();
  });

  after(async () => {
    await vscode.workspace.getConfiguration('pgInsight').update('rules', undefined, vscode.ConfigurationTarget.Global);
  });

  afterEach(() => {
    view().setFilter('');
    view().setGrouping('finding');
  });

  it('shows every index of the server once by table, those of partitions below theirs', async () => {
    view().setGrouping('table');
    const expected = await extension.shop.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`,
    );
    assert.ok(expected.length > 20);
    assert.deepEqual((await list()).sort(), expected.map(({ name }) => name).sort());
    const attached = await extension.shop.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
       WHERE h.inhparent = 'public.events_pkey'::regclass`,
    );
    const parts = await children(await find('events', 'events_pkey'));
    assert.deepEqual(parts.map(labelOf).sort(), attached.map(({ name }) => name).sort());
  });

  it('groups by finding what is wrong with the shop', async () => {
    const names = async (group: string) => (await children(await find(group))).map(labelOf);
    assert.deepEqual(await names('Invalid'), [shopDefects.invalidIndex]);
    assert.deepEqual(await names('Duplicate'), [shopDefects.duplicateIndexes[1]]);
    assert.ok((await names('Redundant')).includes(shopDefects.redundantIndexes[0]));
    assert.ok((await names('Unused')).includes(shopDefects.unusedIndex));
    assert.ok((await names('No finding')).includes('orders_pkey'));
    assert.ok(!(await names('No finding')).includes(shopDefects.unusedIndex));
  });

  it('says size, scans and keys as the server has them', async () => {
    const [row] = await extension.shop.query<{ size: string; scans: string }>(
      `SELECT (c.relpages::bigint * current_setting('block_size')::int)::text AS size, s.idx_scan::text AS scans
       FROM pg_class c JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid WHERE c.relname = $1`,
      [shopDefects.unusedIndex],
    );
    assert.ok(row);
    assert.equal(
      descriptionOf(await find('Unused', shopDefects.unusedIndex)),
      `~${formatBytes(Number(row.size))} · ${row.scans} scans · orders (currency)`,
    );
  });

  it('puts the definition and the statistics of its columns into the tooltip', async () => {
    const [index] = await extension.shop.query<{ definition: string; value: string }>(
      `SELECT pg_get_indexdef($1::regclass) AS definition, (most_common_vals::text::text[])[1] AS value
       FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' AND attname = 'currency'`,
      [shopDefects.unusedIndex],
    );
    assert.ok(index);
    const tooltip = await tooltipOf(await find('Unused', shopDefects.unusedIndex));
    for (const part of [index.definition, '| Last scan | never |', '| Constraint | none |', `${index.value} (`]) {
      assert.ok(tooltip.includes(part), `${part} in ${tooltip}`);
    }
  });

  it('offers a drop only for what stands for nothing else', async () => {
    const contextOf = async (...path: string[]) => view().getTreeItem(await find(...path)).contextValue;
    assert.equal(await contextOf('Unused', shopDefects.unusedIndex), 'index.droppable');
    assert.equal(await contextOf('No finding', 'orders_pkey'), 'index');
    view().setGrouping('table');
    const [part] = await children(await find('events', 'events_pkey'));
    assert.ok(part);
    assert.equal(view().getTreeItem(part).contextValue, 'index');
  });

  it('filters by index and table, says when nothing is left, and finds a row that the filter hides', async () => {
    view().setGrouping('table');
    view().setFilter('orders_cur');
    assert.deepEqual(await list(), [shopDefects.unusedIndex]);
    view().setFilter('nothing like this');
    assert.deepEqual((await children()).map(labelOf), ['Clear Filter', 'No index matches "nothing like this"']);
    const node = await view().findNode('public', 'orders_pkey');
    assert.ok(node);
    assert.equal(labelOf(node), 'orders_pkey');
    assert.equal(await view().findNode('public', 'not_there'), null);
  });

  it('tells an index that was not looked at from one without a finding', async () => {
    const configuration = () => vscode.workspace.getConfiguration('pgInsight');
    const before = configuration().get('rules');
    const unused = async () => {
      const group = (await children()).find((each) => labelOf(each) === 'Unused');
      return group === undefined ? '' : descriptionOf(group);
    };
    await configuration().update('rules', { 'unused-index': 'off' }, vscode.ConfigurationTarget.Global);
    await waitFor('not checked', async () => (await unused()).startsWith('not checked: Switched off'));
    await configuration().update('rules', before, vscode.ConfigurationTarget.Global);
    await waitFor('checked', async () => /^\d+ index/.test(await unused()));
  });

  it('asks before it drops, naming server and index', async () => {
    const node = await find('Unused', shopDefects.unusedIndex);
    // VS Code refuses modal dialogs under test and the reporter shows why: nothing may be gone then
    void vscode.commands.executeCommand('pgInsight.index.drop', node);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const rows = await extension.shop.query('SELECT FROM pg_class WHERE relname = $1', [shopDefects.unusedIndex]);
    assert.equal(rows.length, 1);
  });

  it('copies name and DDL, and shows the table', async () => {
    const node = await find('Unused', shopDefects.unusedIndex);
    await vscode.commands.executeCommand('pgInsight.index.copyName', node);
    assert.equal(await vscode.env.clipboard.readText(), `public.${shopDefects.unusedIndex}`);
    await vscode.commands.executeCommand('pgInsight.index.copyDdl', node);
    assert.equal(
      await vscode.env.clipboard.readText(),
      `CREATE INDEX CONCURRENTLY ${shopDefects.unusedIndex} ON public.orders USING btree (currency);\n`,
    );
    await vscode.commands.executeCommand('pgInsight.index.revealTable', node);
  });
});
