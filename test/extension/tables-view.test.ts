import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { formatBytes, formatCompactCount, formatRatio } from '../../src/analysis/format/numbers';
import { quoteName } from '../../src/analysis/sql/identifiers';
import type { TablesNode } from '../../src/providers/tables-view';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

interface Column {
  name: string;
  type: string;
  not_null: boolean;
}

describe('Tables view', () => {
  let extension: ConnectedExtension;
  const children = (node?: TablesNode) => extension.parts.tablesView.getChildren(node);
  const itemOf = (node: TablesNode) => extension.parts.tablesView.getTreeItem(node);
  const labelOf = (node: TablesNode): string => {
    const { label } = itemOf(node);
    assert.equal(typeof label, 'string');
    return label as string;
  };

  async function find(...path: string[]): Promise<TablesNode> {
    let node: TablesNode | undefined;
    for (const label of path) {
      const nodes = await children(node);
      node = nodes.find((each) => labelOf(each) === label);
      assert.ok(node, `${label} is among ${nodes.map(labelOf).join(', ')}`);
    }
    assert.ok(node);
    return node;
  }

  async function tooltipOf(node: TablesNode): Promise<string> {
    const { tooltip } = await Promise.resolve(extension.parts.tablesView.resolveTreeItem(itemOf(node), node));
    assert.ok(tooltip instanceof vscode.MarkdownString);
    // figures are written as entities, so that nothing of them is read as Markdown
    return tooltip.value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  }

  before(async () => {
    extension = await connectExtension();
  });

  afterEach(() => {
    extension.parts.tablesStore.setFilter('');
  });

  it('shows the schemas and tables that the server has', async () => {
    const expected = await extension.shop.query<{ schema: string; name: string }>(
      `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
         AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`,
    );
    const shown: string[] = [];
    for (const schema of await children()) {
      for (const table of await children(schema)) shown.push(`${labelOf(schema)}.${labelOf(table)}`);
    }
    assert.deepEqual(shown.sort(), expected.map(({ schema, name }) => `${schema}.${name}`).sort());
  });

  it('describes a table by its relpages and reltuples, the share of sequential scans and that of dead rows', async () => {
    const [row] = await extension.shop.query<{ size: string; rows: number; scans: number; dead: number }>(
      `SELECT (relpages::bigint * current_setting('block_size')::int)::text AS size, reltuples AS rows,
              seq_scan::float8 / (seq_scan + idx_scan) AS scans,
              n_dead_tup::float8 / (n_live_tup + n_dead_tup) AS dead
       FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = 'public.products'::regclass`,
    );
    assert.ok(row);
    assert.equal(
      itemOf(await find('public', 'products')).description,
      [
        `~${formatBytes(Number(row.size))}`,
        `${formatCompactCount(row.rows)} rows`,
        `${formatRatio(row.scans)} seq scans`,
        `${formatRatio(row.dead)} dead`,
      ].join(' · '),
    );
  });

  it('puts dead rows first where there are many', async () => {
    const [row] = await extension.shop.query<{ ratio: number }>(
      `SELECT n_dead_tup::float8 / (n_live_tup + n_dead_tup) AS ratio
       FROM pg_stat_user_tables WHERE relid = 'public.audit_log'::regclass`,
    );
    assert.ok(row);
    const { description, iconPath } = itemOf(await find('public', 'audit_log'));
    assert.ok(String(description).startsWith(`${Math.round(row.ratio * 100)}% dead · `), String(description));
    assert.equal((iconPath as vscode.ThemeIcon).color?.id, 'list.warningForeground');
  });

  it('nests partitions below their parent', async () => {
    const expected = await extension.shop.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'public.events'::regclass ORDER BY 1`,
    );
    const partitions = await children(await find('public', 'events', 'Partitions'));
    assert.ok(partitions.length > 3);
    assert.deepEqual(
      partitions.map(labelOf),
      expected.map(({ name }) => name),
    );
  });

  it('shows columns with type, not null and the share of NULLs', async () => {
    const expected = await extension.shop.query<Column>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null FROM pg_attribute
       WHERE attrelid = 'public.customers'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    );
    const columns = await children(await find('public', 'customers', 'Columns'));
    assert.deepEqual(
      columns.map(labelOf),
      expected.map(({ name }) => name),
    );
    for (const [index, { type, not_null: notNull }] of expected.entries()) {
      const node = columns[index];
      assert.ok(node);
      const parts = String(itemOf(node).description).split(' · ');
      assert.equal(parts[0], type);
      assert.equal(parts.includes('not null'), notNull);
    }
  });

  it('puts the statistics of a column into its tooltip', async () => {
    const [row] = await extension.shop.query<{ value: string; null_frac: number }>(
      `SELECT (most_common_vals::text::text[])[1] AS value, null_frac FROM pg_stats
       WHERE schemaname = 'public' AND tablename = 'orders' AND attname = 'status'`,
    );
    const status = await find('public', 'orders', 'Columns');
    const node = (await children(status)).find((each) => labelOf(each) === 'status');
    assert.ok(node && row);
    const tooltip = await tooltipOf(node);
    assert.ok(tooltip.includes('NOT NULL'), tooltip);
    assert.ok(tooltip.includes(`${row.value} (`), tooltip);
    assert.ok(tooltip.includes('Distinct values'), tooltip);
  });

  it('shows indexes and foreign keys as the server defines them', async () => {
    const indexes = await extension.shop.query<{ name: string }>(
      `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 'public.orders'::regclass`,
    );
    const shown = (await children(await find('public', 'orders', 'Indexes'))).map((node) => quoteName(labelOf(node)));
    assert.deepEqual(shown.sort(), indexes.map(({ name }) => name).sort());
    const [key] = await children(await find('public', 'reviews', 'Foreign Keys')).then((nodes) =>
      nodes.filter((node) => labelOf(node) === 'reviews_product_id_fkey'),
    );
    assert.ok(key);
    assert.equal(itemOf(key).description, 'product_id → products (id) · not valid');
  });

  it('filters, and says when nothing is left', async () => {
    const { tablesStore } = extension.parts;
    tablesStore.setFilter('order*');
    assert.deepEqual((await children(await find('public'))).map(labelOf), ['order_items', 'orders']);
    tablesStore.setFilter('nothing like this');
    const [clear, ...nothing] = await children();
    assert.deepEqual(nothing.map(labelOf), ['No table matches "nothing like this"']);
    assert.ok(clear);
    const { command } = itemOf(clear);
    assert.ok(command);
    await vscode.commands.executeCommand(command.command);
    assert.equal(tablesStore.filter, '');
    assert.ok((await children()).length > 0 && !(await children()).some(({ kind }) => kind === 'clearFilter'));
  });

  it('asks for exact sizes only on request, and then for one table', async () => {
    const countSizeCalls = async () =>
      (
        await extension.shop.query<{ calls: string }>(
          `SELECT coalesce(sum(calls), 0)::text AS calls FROM pg_stat_statements
           WHERE query ~* 'pg_(total_)?(relation|table|indexes)_size' AND query !~ 'pg_stat_statements'
             -- the snapshot looks at those that have grown
             AND query !~ 'locked as materialized'`,
        )
      )[0]?.calls;
    await extension.parts.tablesStore.refresh();
    const before = await countSizeCalls();
    for (const schema of await children()) for (const table of await children(schema)) await children(table);
    assert.equal(await countSizeCalls(), before, 'expanding measures nothing');

    const node = await find('public', 'reviews');
    await vscode.commands.executeCommand('pgInsight.table.measureSize', node);
    const [row] = await extension.shop.query<{ size: string }>(
      `SELECT pg_total_relation_size('public.reviews')::text AS size`,
    );
    assert.ok(
      String(itemOf(await find('public', 'reviews')).description).includes(`${formatBytes(Number(row?.size))} ·`),
    );
    assert.notEqual(await countSizeCalls(), before);
  });

  it('quotes names exactly where quote_ident() does', async () => {
    const keywords = await extension.shop.query<{ word: string }>('SELECT word FROM pg_get_keywords()');
    const names = [...keywords.map(({ word }) => word), 'UserAccount', 'a b', 'a"b', '1st', 'naïve', 'a_1', '😀'];
    const rows = await extension.shop.query<{ name: string; quoted: string }>(
      'SELECT name, quote_ident(name) AS quoted FROM unnest($1::text[]) AS name',
      [names],
    );
    for (const { name, quoted } of rows) assert.equal(quoteName(name), quoted);
  });

  it('copies names and DDL that the server reads back', async () => {
    const node = await find('public', 'UserAccount');
    await vscode.commands.executeCommand('pgInsight.object.copyName', node);
    assert.equal(await vscode.env.clipboard.readText(), 'public."UserAccount"');
    await vscode.commands.executeCommand('pgInsight.object.copyDdl', node);
    const ddl = await vscode.env.clipboard.readText();
    await extension.shop.query('BEGIN');
    try {
      // the table itself, elsewhere: its keys go back to the real ones
      await extension.shop.query('DROP TABLE public."UserAccount" CASCADE');
      await extension.shop.query(ddl);
      await extension.shop.query('SELECT "id" FROM public."UserAccount"');
    } finally {
      await extension.shop.query('ROLLBACK');
    }
  });

  it('is empty when the connection is closed, and comes back', async () => {
    const { parts, profile } = extension;
    await vscode.commands.executeCommand('pgInsight.connection.disconnect', { kind: 'profile', profile });
    assert.deepEqual(await children(), []);
    await vscode.commands.executeCommand('pgInsight.connection.connect', { kind: 'profile', profile });
    await waitFor('connected', () => parts.connectionStore.stateOf(profile.id).state === 'connected');
    assert.ok((await children()).length > 0);
  });
});
