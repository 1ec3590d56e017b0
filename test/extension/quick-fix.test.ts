// Missing indexes in SQL files: which statements are marked, what the light bulb offers, and what the fixes do. The dialog
// that asks before an index is made can't be answered here; test/ui/quick-fix.test.ts does that.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { ignoreFileName } from '../../src/analysis/ignore-list';
import { formatCount } from '../../src/analysis/format/numbers';
import { toMigrationFiles } from '../../src/providers/quick-fix-migration';
import { unadvisedCases } from '../database/index-advice-statements';
import { readDemoStatements } from '../factories/demo-statements';
import { connectExtension, extensionId, waitFor, type ConnectedExtension } from './extension-under-test';
import { toProfile } from './shop-server';

const missingIndexesOf = ({ uri }: vscode.TextDocument) =>
  vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'PG Insight');

const rangesOf = (document: vscode.TextDocument) =>
  missingIndexesOf(document).map(({ range }) => `${range.start.line}: ${document.getText(range)}`);

const fixesAt = async ({ uri }: vscode.TextDocument, range: vscode.Range) =>
  (
    await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      range,
      vscode.CodeActionKind.QuickFix.value,
    )
  ).filter(({ command }) => command?.command.startsWith('pgInsight.') === true);

/** As a person chooses it from the light bulb; the command's own messages are not waited for. */
async function takeFix(document: vscode.TextDocument, title: RegExp): Promise<Thenable<unknown>> {
  const [marked] = missingIndexesOf(document);
  assert.ok(marked, 'a missing index is marked');
  const fix = (await fixesAt(document, marked.range)).find((each) => title.test(each.title));
  assert.ok(fix?.command, String(title));
  return vscode.commands.executeCommand(fix.command.command, ...((fix.command.arguments ?? []) as unknown[]));
}

interface Explained {
  'QUERY PLAN': [{ Plan: { 'Total Cost': number } }];
}

/**
 * The demo's statements that lack an index in a shop of a tenth of the demo's size, and what the columns of that index begin
 * with: whether more of them are worth their space is a matter of a thousandth here.
 */
const expectedInDemo: Record<string, string> = {
  'sql/customers.sql#customer_summary': 'events (customer_id, occurred_at',
  'sql/events.sql#customer_timeline': 'events (customer_id',
  'sql/orders.sql#cancel_stale_orders': "orders (status, (shipping_address ->> 'city'::text)",
  'sql/orders.sql#latest_orders': 'orders (placed_at, id',
  'sql/orders.sql#open_orders': 'orders (placed_at, id',
  'sql/orders.sql#order_lines': 'order_items (order_id',
  'sql/orders.sql#order_page': 'orders (placed_at, id',
  'sql/orders.sql#orders_to_city': "orders (status, (shipping_address ->> 'city'::text)",
  'sql/reports.sql#revenue_by_category': 'orders (placed_at',
};

const orderItems = 'SELECT * FROM order_items WHERE order_id = $1';

describe('Missing indexes', () => {
  let extension: ConnectedExtension;
  let workspace: vscode.Uri;

  before(async () => {
    extension = await connectExtension();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    workspace = folder.uri;
    await setBinaries(await providePostgres(18));
  });

  const setBinaries = (binaries: string | undefined) =>
    vscode.workspace
      .getConfiguration('pgInsight.sandbox')
      .update('binaries', binaries, vscode.ConfigurationTarget.Global);

  afterEach(async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await extension.shop.query('DROP INDEX IF EXISTS order_items_order_id_idx');
    // they stay open, since VS Code gives the name of a closed one to the next; without text they take no time
    const edit = new vscode.WorkspaceEdit();
    for (const { isUntitled, uri, lineCount } of vscode.workspace.textDocuments) {
      if (isUntitled) edit.delete(uri, new vscode.Range(0, 0, lineCount, 0));
    }
    await vscode.workspace.applyEdit(edit);
    await vscode.commands.executeCommand('pgInsight.advice.refresh');
    await untilLooked();
  });

  after(async () => {
    while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  });

  /** However long that takes on a busy machine; mocha ends it. */
  async function untilLooked(): Promise<void> {
    while (!extension.parts.missingIndexes.isIdle) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async function open(content: string): Promise<vscode.TextEditor> {
    const document = await vscode.workspace.openTextDocument({ language: 'sql', content });
    const editor = await vscode.window.showTextDocument(document);
    await untilLooked();
    return editor;
  }

  /** The search ends after half a minute, which a busy machine may need to start the sandbox: then it is asked again. */
  async function untilMarked(document: vscode.TextDocument, count: number): Promise<void> {
    while (missingIndexesOf(document).length < count) {
      await vscode.commands.executeCommand('pgInsight.advice.refresh');
      await untilLooked();
    }
  }

  async function openMarked(content: string, count = 1): Promise<vscode.TextEditor> {
    const editor = await open(content);
    await untilMarked(editor.document, count);
    return editor;
  }

  const totalCost = async (sql: string) => {
    const [row] = await extension.shop.query<Explained>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`);
    return row?.['QUERY PLAN'][0].Plan['Total Cost'] ?? 0;
  };

  /** The server's own word: with the index really there, the planner expects what was said. */
  async function prove(message: string, sql: string): Promise<void> {
    const columns = /^Missing index \(planned\): (.*?)\. /.exec(message)?.[1] ?? message;
    const said = /Planned cost of the statement: ([\d,]+) → ([\d,]+) /.exec(message.replaceAll('\u00a0', ' '));
    const toNumber = (text: string | undefined) => Number(text?.replaceAll(',', ''));
    const before = await totalCost(sql);
    await extension.shop.query(`CREATE INDEX proof ON ${columns}`);
    const after = await totalCost(sql);
    await extension.shop.query('DROP INDEX proof');
    assert.equal(said?.[1], formatCount(Math.round(before)), message);
    assert.ok(after < before * 0.9, `${sql}: ${before} → ${after}`);
    // pages and entries of an index that is not there are a model's
    assert.ok(Math.abs(toNumber(said[2]) - after) <= Math.max(3, after * 0.15), `${message} - really ${after}`);
  }

  it('say that the role may not read the tables, where the marks would be', async () => {
    const { connectionStore } = extension.parts;
    await extension.shop.query(`CREATE ROLE stranger LOGIN PASSWORD 'p'`);
    const stranger = {
      ...toProfile(extension.shop, 'Stranger'),
      id: 'stranger',
      user: 'stranger',
      passwordCommand: ['echo', 'p'],
    };
    try {
      await connectionStore.save(stranger);
      await connectionStore.setActive(stranger.id);
      await vscode.commands.executeCommand('pgInsight.connection.connect', { kind: 'profile', profile: stranger });
      const { document } = await open(`SELECT 1;\n${orderItems};\nSELECT * FROM orders;\n`);
      const [said, ...others] = await waitFor('it is said', () => {
        const found = missingIndexesOf(document);
        return found.length > 0 ? found : undefined;
      });
      assert.equal(others.length, 0);
      assert.equal(said?.range.start.line, 1);
      assert.equal(said.severity, vscode.DiagnosticSeverity.Information);
      assert.match(
        said.message,
        /^PG Insight can't look for missing indexes in 2 statements of this file\. Role "stranger" lacks a right on .*: permission denied for table order_items\. Ask the owner for a GRANT: GRANT SELECT ON order_items TO stranger;/,
      );
    } finally {
      await connectionStore.remove(stranger.id);
      await connectionStore.setActive(extension.profile.id);
      await vscode.commands.executeCommand('pgInsight.connection.connect', {
        kind: 'profile',
        profile: extension.profile,
      });
      await extension.shop.query('DROP ROLE stranger');
    }
  });

  it('are marked in the demo where there are any, and nowhere else', async function () {
    this.timeout(600_000);
    const statements = await readDemoStatements();
    const found = new Map<string, string>();
    for (const name of ['accounts', 'customers', 'events', 'orders', 'reports']) {
      const file = vscode.Uri.joinPath(workspace, 'sql', `${name}.sql`);
      const document = await vscode.workspace.openTextDocument(file);
      await untilLooked();
      const prefix = `sql/${name}.sql#`;
      await untilMarked(document, Object.keys(expectedInDemo).filter((id) => id.startsWith(prefix)).length);
      const offsets = statements
        .filter(({ id }) => id.startsWith(prefix))
        .map((statement) => ({ ...statement, offset: document.getText().indexOf(statement.source) }));
      for (const { range, message } of missingIndexesOf(document)) {
        const statement = offsets.findLast(({ offset }) => offset <= document.offsetAt(range.start));
        assert.ok(statement);
        const columns = /^Missing index \(planned\): (.*?)\. /.exec(message)?.[1] ?? message;
        found.set(statement.id, columns);
        assert.ok(columns.startsWith(`${document.getText(range)} (`), `${columns} at ${document.getText(range)}`);
        await prove(message, statement.numbered);
      }
    }
    assert.deepEqual([...found.keys()].sort(), Object.keys(expectedInDemo).sort());
    for (const [id, columns] of found) assert.ok(columns.startsWith(expectedInDemo[id] ?? '?'), `${id}: ${columns}`);
  });

  it('are seen only where the index would really help', async function () {
    this.timeout(600_000);
    // the estimates see nothing to advise here; plans find what an index on an expression or in an order would do
    const { document } = await open(unadvisedCases.map(({ sql }) => `${sql};\n`).join('\n'));
    const marked = missingIndexesOf(document);
    for (const { range, message } of marked) {
      await prove(message, unadvisedCases[range.start.line / 2]?.sql ?? '');
    }
    const names = marked.map(({ range }) => unadvisedCases[range.start.line / 2]?.name);
    for (const name of ['a small table', 'an aggregate of the whole table', '<>', 'a join of two whole tables']) {
      assert.ok(!names.includes(name), name);
    }
    assert.ok(marked.length < unadvisedCases.length / 2);
  });

  it('say nothing of SQL that is wrong, unknown, changes the schema, or needs consent', async () => {
    await extension.shop.query(
      'CREATE OR REPLACE FUNCTION own_number() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$',
    );
    const { document } = await open(
      [
        'SELECT FROM WHERE;',
        'SELECT * FROM no_such_table WHERE id = 1;',
        'CREATE TABLE copied AS SELECT * FROM order_items WHERE order_id = 1;',
        'SELECT * FROM order_items WHERE order_id = own_number();',
        'SELECT * FROM order_items WHERE order_id =',
      ].join('\n'),
    );
    assert.deepEqual(rangesOf(document), []);
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    await extension.shop.query('DROP FUNCTION own_number()');
  });

  it('follow the text as it is edited, and go when their statement changes', async () => {
    const editor = await openMarked(`SELECT 1;\n${orderItems};\n`);
    assert.deepEqual(rangesOf(editor.document), ['1: order_items']);
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), '-- one\n-- two\n');
    });
    await waitFor('the mark to move', () => rangesOf(editor.document)[0] === '3: order_items');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(3, orderItems.length), ' OR quantity > 0');
    });
    await waitFor('the mark to go', () => rangesOf(editor.document).length === 0);
    await untilLooked();
    assert.deepEqual(rangesOf(editor.document), []);
  });

  it('are found in what is typed into an untitled file', async () => {
    const editor = await open('');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), 'EXPLAIN SELECT * FROM order_items WHERE order_id = :order');
    });
    await waitFor('the mark', () => rangesOf(editor.document)[0] === '0: order_items');
  });

  it('go with the connection, and come back with it', async () => {
    const { document } = await openMarked(`${orderItems};\n`);
    assert.equal(missingIndexesOf(document).length, 1);
    await extension.parts.connectionStore.disconnect(extension.profile.id);
    await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    await vscode.commands.executeCommand('pgInsight.connection.connect', {
      kind: 'profile',
      profile: extension.profile,
    });
    await waitFor('the mark', () => missingIndexesOf(document).length === 1);
  });

  it('are looked for over the connection that the file is bound to, which is not opened for it', async () => {
    const { connectionStore } = extension.parts;
    const other = { ...extension.profile, id: 'test-other', name: 'Other', database: 'postgres' };
    await connectionStore.save(other);
    await connectionStore.setActive(extension.profile.id);
    const { document } = await openMarked(`${orderItems};\n`);
    assert.equal(missingIndexesOf(document).length, 1);
    await connectionStore.bindFile(document.uri, other.id);
    await untilLooked();
    assert.equal(missingIndexesOf(document).length, 0);
    assert.equal(connectionStore.stateOf(other.id).state, 'disconnected');
    await connectionStore.bindFile(document.uri, null);
    await connectionStore.remove(other.id);
    await waitFor('the mark', () => missingIndexesOf(document).length === 1);
  });

  it('share one index where several statements want the same', async () => {
    const { document } = await openMarked(
      `${orderItems};\nSELECT quantity FROM order_items WHERE order_id = 7 AND quantity > 2;\n`,
      2,
    );
    const marks = missingIndexesOf(document);
    assert.equal(marks.length, 2);
    for (const { message } of marks) {
      assert.match(
        message,
        /^Missing index \(planned\): order_items \(order_id(?:, quantity)?\)\. .*It serves 2 statements of this file\./,
      );
    }
  });

  it('are estimated where there is no sandbox, and say so', async () => {
    await setBinaries('/nowhere');
    try {
      const { document } = await openMarked(`${orderItems};\n`);
      await waitFor('the estimate', () =>
        (missingIndexesOf(document)[0]?.message ?? '').startsWith('Missing index (estimated)'),
      );
      const fixes = await fixesAt(document, missingIndexesOf(document)[0]?.range ?? new vscode.Range(0, 0, 0, 0));
      assert.match(fixes[0]?.title ?? '', /^Create index on order_items \(order_id\) - estimated cost /);
      assert.ok(!fixes.some(({ title }) => title === 'Explain with this index'));
    } finally {
      await setBinaries(await providePostgres(18));
    }
    const { document } = await open(`${orderItems} AND quantity > 0;\n`);
    await waitFor('the plan', () =>
      (missingIndexesOf(document)[0]?.message ?? '').startsWith('Missing index (planned)'),
    );
  });

  it('are not seen where they save less than the settings say', async () => {
    const { document } = await openMarked(`${orderItems};\n`);
    const settings = vscode.workspace.getConfiguration('pgInsight.advice');
    await settings.update('minimumSavedCost', 1e9, vscode.ConfigurationTarget.Global);
    try {
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    } finally {
      await settings.update('minimumSavedCost', undefined, vscode.ConfigurationTarget.Global);
    }
    await waitFor('the mark', () => missingIndexesOf(document).length === 1);
  });

  it('can be switched off', async () => {
    const { document } = await openMarked(`${orderItems};\n`);
    const settings = vscode.workspace.getConfiguration('pgInsight.advice');
    await settings.update('enabled', false, vscode.ConfigurationTarget.Global);
    try {
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    } finally {
      await settings.update('enabled', undefined, vscode.ConfigurationTarget.Global);
    }
    await waitFor('the mark', () => missingIndexesOf(document).length === 1);
  });

  it('are looked for in the first 200 statements only', async function () {
    this.timeout(600_000);
    const { document } = await open(
      `${Array.from({ length: 200 }, (_, index) => `SELECT ${index};`).join('\n')}\n${orderItems};`,
    );
    assert.deepEqual(rangesOf(document), []);
  });

  describe('quick fixes', () => {
    it('are offered on the mark, the one that creates the index first', async () => {
      const { document } = await openMarked(`SELECT 1;\n${orderItems};\n`);
      const [marked] = missingIndexesOf(document);
      assert.ok(marked);
      assert.equal(marked.severity, vscode.DiagnosticSeverity.Information);
      const { code } = marked;
      assert.ok(typeof code === 'object');
      assert.equal(code.value, 'missing-index');
      const page = new TextDecoder().decode(await vscode.workspace.fs.readFile(code.target));
      assert.match(page, /^# A statement of an SQL file lacks an index/);
      const fixes = await fixesAt(document, marked.range);
      // the server's own word, with the index really there
      const before = await totalCost(orderItems);
      await extension.shop.query('CREATE INDEX proof ON order_items (order_id)');
      const after = await totalCost(orderItems);
      const [made] = await extension.shop.query<{ bytes: string }>("SELECT pg_relation_size('proof') AS bytes");
      await extension.shop.query('DROP INDEX proof');
      const [title = ''] = fixes.map((each) => each.title);
      const said =
        /^Create index on order_items \(order_id\) - planned cost ([\d,]+) → ([\d,]+) \(-([\d.]+)%\), ([\d.]+) MB(?:, costs [\d.]+% on writes)?$/.exec(
          title.replaceAll('\u00a0', ' '),
        );
      assert.ok(said, title);
      assert.equal(said[1], formatCount(Math.round(before)));
      assert.equal(said[2], formatCount(Math.round(after)));
      const sizeMb = Number(made?.bytes) / 1024 ** 2;
      assert.ok(Math.abs(Number(said[4]) - sizeMb) < sizeMb * 0.2, `${said[4]} MB, really ${sizeMb} MB`);
      assert.deepEqual(
        fixes.map(({ title }) => title),
        [
          title,
          'Explain with this index',
          'Why this index?',
          'Add as migration file...',
          'Copy DDL',
          'Show plan',
          'Ignore for this statement...',
        ],
      );
      assert.deepEqual(await fixesAt(document, new vscode.Range(0, 0, 0, 3)), []);
    });

    it('are those that the walkthrough shows, but for the figures', async () => {
      const { document } = await openMarked(`${orderItems};\n`);
      const fixes = await fixesAt(document, new vscode.Range(0, 0, 0, orderItems.length));
      const file = path.join(
        vscode.extensions.getExtension(extensionId)?.extensionPath ?? '',
        'media/walkthrough/fix.svg',
      );
      const drawn = [...(await readFile(file, 'utf8')).matchAll(/>([^<>]+)<\/text>/g)].map(([, text = '']) => text);
      const figures = /[\d.,]+/g;
      assert.deepEqual(
        drawn.slice(drawn.indexOf('Quick Fix') + 1).map((text) => text.replaceAll(figures, '#')),
        fixes.map(({ title }) => title.replaceAll('\u00a0', ' ').replaceAll(figures, '#')),
      );
    });

    it('explain the statement with the index, beside its plan of today', async () => {
      const { document } = await openMarked(`-- name: lines\n${orderItems};\n`);
      await takeFix(document, /^Explain with this index/);
      await waitFor('the comparison', () => hasTab('With and Without Index: lines'));
      assert.deepEqual(
        await extension.shop.query("SELECT 1 FROM pg_class WHERE relname = 'order_items_order_id_idx'"),
        [],
      );
    });

    it('say why, on a page that can only be read', async () => {
      const { document } = await openMarked(`-- name: lines\n${orderItems};\n`);
      await takeFix(document, /^Why this index/);
      const page = await waitFor('the page', () =>
        vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'pg-insight-fix' && uri.path.includes('Why')),
      );
      const text = page.getText();
      assert.match(text, /^# Why an index on order\\?_items \(order\\?_id\)\?/);
      assert.match(text, /\*\*Planned\*\*/);
      assert.match(
        text,
        /^## Plan without the index\n[^]*Seq Scan on [^]*^## Plan with the index\n[^]*Index Scan using order_items_order_id_idx/m,
      );
      assert.match(text, /^CREATE INDEX CONCURRENTLY order_items_order_id_idx /m);
    });

    const hasTab = (title: string) =>
      vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(({ label }) => label === title));

    it('copy the DDL, which runs', async () => {
      const { document } = await openMarked(`${orderItems};\n`);
      await takeFix(document, /^Copy DDL/);
      const ddl = await vscode.env.clipboard.readText();
      await extension.shop.query(ddl);
      const [made] = await extension.shop.query<{ definition: string }>(
        "SELECT pg_get_indexdef('order_items_order_id_idx'::regclass) AS definition",
      );
      assert.match(made?.definition ?? '', /ON public\.order_items USING btree \(order_id\)$/);
      await vscode.commands.executeCommand('pgInsight.advice.refresh');
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    });

    it('are of the index that their title names, also where a part of the file would have another one', async () => {
      const timeline = 'SELECT * FROM events WHERE customer_id = $1 ORDER BY occurred_at DESC LIMIT 20';
      const others = ['order_items', 'orders', 'audit_log', 'customers'].map(
        (table) => `SELECT count(*) FROM ${table};`,
      );
      const advised = (document: vscode.TextDocument) => {
        const [missing] = extension.parts.missingIndexes.find(document);
        assert.ok(missing);
        return missing;
      };
      const editor = await open(`${timeline};\n`);
      const byItself = advised(editor.document).recommendation.index;
      await editor.edit((edit) => {
        edit.insert(new vscode.Position(0, 0), `${others.join('\n')}\n`);
      });
      await vscode.commands.executeCommand('pgInsight.advice.refresh');
      await untilLooked();
      const missing = advised(editor.document);
      assert.notDeepEqual(missing.recommendation.index.keys, byItself.keys, 'the file matters');
      const again = await missing.lookAgain(new AbortController().signal);
      assert.ok('recommendation' in again);
      assert.deepEqual(again.recommendation.index, missing.recommendation.index);
    });

    it('take no other index than the one that was chosen without a word', async () => {
      const { document } = await open(`${orderItems};\n`);
      const [marked] = missingIndexesOf(document);
      assert.ok(marked);
      const copy = (await fixesAt(document, marked.range)).find(({ title }) => title === 'Copy DDL');
      const [place] = (copy?.command?.arguments ?? []) as object[];
      assert.ok(place);
      await vscode.env.clipboard.writeText('untouched');
      // VS Code shows no modal dialog under test: the command waits, or ends there
      const other = { ...place, columns: 'order_items (quantity)' };
      await Promise.race([
        vscode.commands.executeCommand('pgInsight.advice.copyDdl', other),
        new Promise((resolve) => setTimeout(resolve, 3_000)),
      ]);
      assert.equal(await vscode.env.clipboard.readText(), 'untouched');
      await vscode.commands.executeCommand('pgInsight.advice.copyDdl', place);
      assert.match(await vscode.env.clipboard.readText(), /\(order_id\)/);
    });

    it('show the plan, for unknown values and without asking', async () => {
      const { document } = await openMarked(`-- name: lines\n${orderItems};\n`);
      await takeFix(document, /^Show plan/);
      await waitFor('the plan', () =>
        vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(({ label }) => label === 'Plan: lines')),
      );
    });

    it('write a migration into the configured folder', async () => {
      const settings = vscode.workspace.getConfiguration('pgInsight.advice');
      await settings.update('migrationsFolder', 'db/changes', vscode.ConfigurationTarget.Workspace);
      try {
        const { document } = await openMarked(`${orderItems};\n`);
        await takeFix(document, /^Add as migration file/);
        const written = await waitFor(
          'the file',
          () => /\/db\/changes\/\d{14}_create_order_items_order_id_idx\.sql$/.test(activePath()) && activePath(),
        );
        const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(written)));
        assert.match(text, /^-- It serves .*order_id/);
        assert.match(text, /^CREATE INDEX CONCURRENTLY order_items_order_id_idx ON public\.order_items /m);
        assert.match(text, /^-- To take it back: DROP INDEX CONCURRENTLY public\.order_items_order_id_idx;/m);
      } finally {
        await settings.update('migrationsFolder', undefined, vscode.ConfigurationTarget.Workspace);
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
        await vscode.workspace.fs.delete(vscode.Uri.joinPath(workspace, 'db'), { recursive: true });
      }
    });

    const activePath = () => vscode.window.activeTextEditor?.document.uri.path ?? '';

    it('name a migration as the tool that is there does', () => {
      const script = { name: 'orders_coupon_idx', steps: ['CREATE INDEX a'], undo: 'DROP INDEX a' };
      const now = new Date('2026-07-29T10:15:00Z');
      const name = (existing: string[]) => toMigrationFiles(existing, script, [], now).map(({ path }) => path);
      assert.deepEqual(name([]), ['20260729101500_create_orders_coupon_idx.sql']);
      assert.deepEqual(name(['0001_init.sql', '0009_more.sql']), ['0010_create_orders_coupon_idx.sql']);
      assert.deepEqual(name(['V1__init.sql', 'V2__more.sql']), ['V3__create_orders_coupon_idx.sql']);
      assert.deepEqual(name(['20260101000000_a/migration.sql']), [
        '20260729101500_create_orders_coupon_idx/migration.sql',
      ]);
      assert.deepEqual(name(['000001_a.up.sql', '000001_a.down.sql']), [
        '000002_create_orders_coupon_idx.up.sql',
        '000002_create_orders_coupon_idx.down.sql',
      ]);
    });

    it('leave out what the list of ignored findings names, while it does', async () => {
      const file = vscode.Uri.joinPath(workspace, ignoreFileName);
      const { document } = await openMarked(`${orderItems};\n`);
      const fingerprint = `missing-index: ${orderItems}`;
      const entries = { ignore: [{ fingerprint, reason: 'is asked once a year' }] };
      await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(JSON.stringify(entries)));
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
      await vscode.workspace.fs.delete(file);
      await waitFor('the mark', () => missingIndexesOf(document).length === 1);
    });

    it('make no index without an answer to the question', async () => {
      const { document } = await openMarked(`${orderItems};\n`);
      // VS Code shows no modal dialog under test: the command fails with what the dialog would have asked
      void takeFix(document, /^Create index/);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const made = await extension.shop.query("SELECT FROM pg_class WHERE relname = 'order_items_order_id_idx'");
      assert.deepEqual(made, []);
      assert.equal(missingIndexesOf(document).length, 1);
    });

    it('see that somebody else made the index meanwhile', async () => {
      const { document } = await openMarked(`${orderItems};\n`);
      await extension.shop.query('CREATE INDEX order_items_order_id_idx ON order_items (order_id)');
      await takeFix(document, /^Create index/);
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    });

    it('see that the table is gone', async () => {
      await extension.shop.query('CREATE TABLE short_lived AS SELECT * FROM order_items');
      await extension.shop.query('ANALYZE short_lived');
      const { document } = await openMarked('SELECT * FROM short_lived WHERE order_id = 7;\n');
      assert.deepEqual(rangesOf(document), ['0: short_lived']);
      await extension.shop.query('DROP TABLE short_lived');
      await takeFix(document, /^Create index/);
      await waitFor('no mark', () => missingIndexesOf(document).length === 0);
    });
  });
});
