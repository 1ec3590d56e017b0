import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { StatementPlace } from '../../src/providers/explain-lenses';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

const planTabs = () =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('pgInsight.plan'));

/** Unsaved files stay open until the end: VS Code gives the name of a closed one to the next, and its text for a while. */
async function closePlans(): Promise<void> {
  await vscode.window.tabGroups.close(planTabs());
}

/** Nobody is told when a quick pick is shown: what does nothing before is tried again. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1_500));
const acceptItem = () => vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');

/** Takes the second item of the quick pick, until `read` finds what comes of it. */
async function chooseSecond<Value>(what: string, read: () => Value | undefined): Promise<Value> {
  return waitFor(what, async () => {
    await pause();
    const found = read();
    if (found !== undefined) return found;
    await vscode.commands.executeCommand('workbench.action.quickOpenSelectNext');
    await acceptItem();
    return undefined;
  });
}

async function openText(content: string, language = 'sql'): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language, content }));
}

function select(editor: vscode.TextEditor, text: string): void {
  const start = editor.document.getText().indexOf(text);
  assert.ok(start >= 0, text);
  editor.selection = new vscode.Selection(
    editor.document.positionAt(start),
    editor.document.positionAt(start + text.length),
  );
}

function putCursor(editor: vscode.TextEditor, before: string): void {
  const position = editor.document.positionAt(editor.document.getText().indexOf(before));
  editor.selection = new vscode.Selection(position, position);
}

const errorsOf = (document: vscode.TextDocument) =>
  vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source?.startsWith('PostgreSQL '));

/** The commands wait for their error message to be closed, as a user would: so they are not awaited here. */
function explain(argument?: StatementPlace): void {
  void vscode.commands.executeCommand('pgInsight.statement.explain', argument);
}

async function findError(editor: vscode.TextEditor): Promise<{ text: string; diagnostic: vscode.Diagnostic }> {
  const diagnostic = await waitFor('a diagnostic', () => errorsOf(editor.document)[0]);
  return { text: editor.document.getText(diagnostic.range), diagnostic };
}

describe('Explain', () => {
  let extension: ConnectedExtension;

  before(async () => {
    extension = await connectExtension();
  });

  afterEach(async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await closePlans();
  });

  after(async () => {
    while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  });

  describe('opens a plan', () => {
    it('of the statement at the cursor of an untitled SQL file', async () => {
      const editor = await openText(
        'SELECT 1;\n\n-- name: newest\nSELECT id FROM orders ORDER BY placed_at DESC LIMIT 5;\n',
      );
      putCursor(editor, 'FROM orders');
      explain();
      const tab = await waitFor('the plan', () => planTabs()[0]);
      assert.equal(tab.label, 'Plan: newest');
    });

    it('of a statement that was run', async () => {
      await openText('SELECT count(*) FROM customers');
      void vscode.commands.executeCommand('pgInsight.statement.explainAnalyze');
      const tab = await waitFor('the plan', () => planTabs()[0]);
      assert.equal(tab.label, 'Plan: SELECT count(*) FROM customers');
    });

    it('of a selection inside a TypeScript string, quotes included', async () => {
      const editor = await openText('const sql = "SELECT \\"id\\"\\n FROM \\"UserAccount\\" LIMIT 1";\n', 'typescript');
      select(editor, '"SELECT \\"id\\"\\n FROM \\"UserAccount\\" LIMIT 1"');
      explain();
      assert.equal(
        (await waitFor('the plan', () => planTabs()[0])).label,
        'Plan: SELECT "id" FROM "UserAccount" LIMIT 1',
      );
    });

    it('of a parameter that nothing is known of only once a value is chosen', async () => {
      const editor = await openText('SELECT $1::text AS word');
      putCursor(editor, 'SELECT');
      explain();
      for (let accepted = 0; accepted < 3; accepted++) {
        await pause();
        await acceptItem();
      }
      await pause();
      assert.deepEqual(planTabs(), []);
      await chooseSecond('the plan', () => planTabs()[0]);
    });

    it('of a statement that begins with EXPLAIN', async () => {
      await openText('EXPLAIN (ANALYZE, BUFFERS) SELECT 1');
      explain();
      await waitFor('the plan', () => planTabs()[0]);
    });
  });

  describe('marks an error', () => {
    for (const [language, lines, first, last] of [
      ['typescript', 'const rows = query(`\n  SELECT 1,\n    missing_column\n`, [limit]);\n', 'const', '[limit]);'],
      ['python', 'cur.execute("""\n  SELECT 1,\n    missing_column\n""", (limit,))\n', 'SELECT', '(limit,))'],
      ['go', 'rows := query(`\n  SELECT 1,\n    missing_column\n`, limit)\n', 'SELECT', 'limit)'],
    ] as const) {
      it(`of whole lines selected in ${language}, in its place`, async () => {
        const editor = await openText(lines, language);
        select(editor, lines.slice(lines.indexOf(first), lines.indexOf(last) + last.length));
        explain();
        assert.equal((await findError(editor)).text, 'missing_column');
      });
    }

    it('behind emoji, in the second statement', async () => {
      const editor = await openText(`SELECT '😀😀';\nSELECT '👩‍👩‍👧 ü', custmer_id FROM orders;\n`);
      putCursor(editor, 'FROM orders');
      explain();
      const { text, diagnostic } = await findError(editor);
      assert.equal(text, 'custmer_id');
      assert.equal(diagnostic.range.start.line, 1);
      assert.equal(diagnostic.code, '42703');
      assert.match(diagnostic.message, /custmer_id/);
    });

    it('in a file with CRLF and tabs', async () => {
      const editor = await openText(`SELECT 1;\r\n\r\nSELECT\r\n\t\tid,\r\n\t\tnothing_like_it\r\n\tFROM\torders;\r\n`);
      await editor.edit((edit) => {
        edit.setEndOfLine(vscode.EndOfLine.CRLF);
      });
      putCursor(editor, 'FROM\torders');
      explain();
      const { text, diagnostic } = await findError(editor);
      assert.equal(text, 'nothing_like_it');
      assert.deepEqual([diagnostic.range.start.line, diagnostic.range.start.character], [4, 2]);
    });

    it('of the grammar', async () => {
      const editor = await openText('SELECT 1;\nSELECT id FORM orders WHERE id = 1;\n');
      putCursor(editor, 'orders');
      explain();
      const { text, diagnostic } = await findError(editor);
      // "FORM" reads as the column's alias, so the grammar stops behind it
      assert.equal(text, 'orders');
      assert.equal(diagnostic.code, '42601');
    });

    it('at the end of the input', async () => {
      const editor = await openText('SELECT id FROM orders WHERE (id = 1');
      explain();
      const { diagnostic } = await findError(editor);
      assert.equal(diagnostic.range.start.line, 0);
      assert.ok(!diagnostic.range.isEmpty);
    });

    it('behind a placeholder that was numbered and quotes that were unescaped', async () => {
      const editor = await openText(
        `db.query('SELECT \\'😀\\' AS smile, nope FROM orders WHERE id = \${order.id} LIMIT 1');\n`,
        'typescript',
      );
      select(editor, `'SELECT \\'😀\\' AS smile, nope FROM orders WHERE id = \${order.id} LIMIT 1'`);
      explain();
      // parameters: plan for unknown values
      await chooseSecond('a diagnostic', () => errorsOf(editor.document)[0]);
      assert.equal((await findError(editor)).text, 'nope');
    });

    it('in a Python string with %% and a name in quotes', async () => {
      const editor = await openText(
        `cur.execute("""\n    SELECT "é", "Nope"\n    FROM orders WHERE coupon LIKE 'A%%'\n""")\n`,
        'python',
      );
      select(editor, `SELECT "é", "Nope"\n    FROM orders WHERE coupon LIKE 'A%%'`);
      explain();
      assert.equal((await findError(editor)).text, '"é"');
    });

    it('with database, server and what to do next, and the log at hand', async () => {
      const editor = await openText('SELECT 1;\nSELECT id FORM orders;\n');
      putCursor(editor, 'orders');
      explain();
      const { diagnostic } = await findError(editor);
      const { host, port } = extension.shop.server;
      assert.equal(diagnostic.source, `PostgreSQL shop on ${host}:${port}`);
      assert.match(diagnostic.message, /\nCorrect it and run it again\.$/);
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        editor.document.uri,
        diagnostic.range,
      );
      assert.equal(actions.find(({ title }) => title === 'Show Log')?.command?.command, 'pgInsight.log.show');
    });

    it('before it asks for values, where the statement can’t be read', async () => {
      const editor = await openText("SELECT id FROM orders WHERE id = $1 AND note = 'x'';");
      explain();
      assert.equal((await findError(editor)).diagnostic.code, '42601');
    });

    it('until its statement is edited', async () => {
      const editor = await openText('SELECT nope FROM orders');
      explain();
      await findError(editor);
      await editor.edit((edit) => {
        edit.insert(new vscode.Position(0, 0), ' ');
      });
      await waitFor('no diagnostic', () => errorsOf(editor.document).length === 0);
    });

    it('and moves with its statement when the document is edited elsewhere', async () => {
      const editor = await openText('SELECT 1; SELECT nope FROM orders;\nSELECT 2;\n');
      putCursor(editor, 'nope');
      explain();
      await findError(editor);
      const marked = () => errorsOf(editor.document).map(({ range }) => editor.document.getText(range));
      await editor.edit((edit) => {
        edit.insert(new vscode.Position(0, 0), '-- 😀\n\n');
        edit.replace(new vscode.Range(0, 7, 0, 8), '10,\n11');
        edit.insert(new vscode.Position(1, 8), ', 3');
      });
      assert.equal(editor.document.getText(), '-- 😀\n\nSELECT 10,\n11; SELECT nope FROM orders;\nSELECT 2, 3;\n');
      await waitFor('the mark in its new place', () => errorsOf(editor.document)[0]?.range.start.line === 3);
      assert.deepEqual(marked(), ['nope']);
      await editor.edit((edit) => {
        edit.delete(new vscode.Range(0, 0, 3, 3));
      });
      await waitFor('the mark in the first line', () => errorsOf(editor.document)[0]?.range.start.line === 0);
      assert.deepEqual(marked(), ['nope']);
    });

    it('until the window uses another connection, or none', async () => {
      const { parts, profile } = extension;
      const other = { ...profile, id: 'test-other', name: 'Other' };
      await parts.connectionStore.save(other);
      await parts.connectionStore.setActive(profile.id);
      try {
        const editor = await openText('SELECT * FROM of_another_server');
        explain();
        await findError(editor);
        await parts.connectionStore.setActive(other.id);
        await waitFor('no diagnostic after the switch', () => errorsOf(editor.document).length === 0);
        await parts.connectionStore.setActive(profile.id);
        explain();
        await findError(editor);
        await parts.connectionStore.disconnect(profile.id);
        await waitFor('no diagnostic after disconnecting', () => errorsOf(editor.document).length === 0);
      } finally {
        await parts.connectionStore.remove(other.id);
        await vscode.commands.executeCommand('pgInsight.connection.connect', { kind: 'profile', profile });
      }
    });

    it('until its statement is explained again, and leaves those of others', async () => {
      await extension.shop.query('DROP TABLE IF EXISTS not_yet');
      const editor = await openText('SELECT * FROM not_yet;\nSELECT nope FROM orders;\n');
      const place = (text: string): StatementPlace => ({
        uri: editor.document.uri.toString(),
        offset: editor.document.getText().indexOf(text),
      });
      explain(place('SELECT nope'));
      await findError(editor);
      explain(place('SELECT * FROM not_yet'));
      await waitFor('two diagnostics', () => errorsOf(editor.document).length === 2);
      await extension.shop.query('CREATE TABLE not_yet ()');
      explain(place('SELECT * FROM not_yet'));
      await waitFor('the plan', () => planTabs().length === 1);
      assert.deepEqual(
        errorsOf(editor.document).map(({ range }) => editor.document.getText(range)),
        ['nope'],
      );
      await extension.shop.query('DROP TABLE not_yet');
    });
  });

  describe('lenses', () => {
    const lensesOf = (document: vscode.TextDocument) =>
      vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);

    it('stand above each statement that EXPLAIN takes', async () => {
      const { document } = await openText(
        [
          '-- a comment',
          'SELECT 1;',
          '',
          'CREATE TABLE x (id int);',
          'WITH a AS (SELECT 1) SELECT * FROM a;',
          "DO $$ BEGIN PERFORM 'select 1;'; END $$;",
          'CREATE TABLE y AS SELECT 1;',
        ].join('\n'),
      );
      const lenses = await lensesOf(document);
      assert.deepEqual(
        lenses.map(({ range, command }) => [range.start.line, command?.title]),
        [1, 4, 6].flatMap((line) => [
          [line, 'Explain'],
          [line, 'Explain Analyze'],
        ]),
      );
    });

    it('run the statement they stand above', async () => {
      const { document } = await openText("SELECT 'first';\nSELECT 'second';\n");
      const lens = (await lensesOf(document)).at(-1);
      assert.ok(lens?.command);
      void vscode.commands.executeCommand(lens.command.command, ...((lens.command.arguments ?? []) as unknown[]));
      assert.equal((await waitFor('the plan', () => planTabs()[0])).label, "Plan: SELECT 'second'");
    });

    it('can be switched off', async () => {
      const { document } = await openText('SELECT 1;');
      const settings = vscode.workspace.getConfiguration('pgInsight.explain');
      await settings.update('codeLens', false, vscode.ConfigurationTarget.Global);
      try {
        await waitFor('no lens', async () => (await lensesOf(document)).length === 0);
      } finally {
        await settings.update('codeLens', undefined, vscode.ConfigurationTarget.Global);
      }
      await waitFor('two lenses', async () => (await lensesOf(document)).length === 2);
    });
  });

  it('takes plain TypeScript for no statement, and of a mixed selection only what is SQL', async () => {
    const code = 'const total = rows.length;\nconsole.log(total);\nexport const rate = total / 2;\n';
    const editor = await openText(code, 'typescript');
    select(editor, code);
    assert.equal(await vscode.commands.executeCommand('pgInsight.statement.explain'), undefined);
    assert.deepEqual(planTabs(), []);
    assert.deepEqual(errorsOf(editor.document), []);
    const mixed = await openText('SELECT 42 AS answer;\nconst x = 1;\n', 'typescript');
    select(mixed, mixed.document.getText());
    explain();
    assert.equal((await waitFor('the plan', () => planTabs()[0])).label, 'Plan: SELECT 42 AS answer');
  });

  it('does not run what writes while nobody has agreed', async () => {
    await openText('DELETE FROM reviews');
    void vscode.commands.executeCommand('pgInsight.statement.explainAnalyze');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const [row] = await extension.shop.query<{ deletes: string[]; reviews: string }>(
      `SELECT ARRAY(SELECT query FROM pg_stat_statements WHERE query ~* '^EXPLAIN .*ANALYZE.*DELETE FROM reviews') AS deletes,
              (SELECT count(*) FROM reviews)::text AS reviews`,
    );
    assert.deepEqual(row?.deletes, []);
    assert.equal(row.reviews, '8000');
    assert.equal(planTabs().length, 0);
  });

  describe('log', () => {
    it('writes what it did to the log, and no password', async () => {
      const { shop, parts } = extension;
      const wrong = { ...extension.profile, id: 'test-wrong', name: 'Wrong', user: 'nobody_here' };
      await parts.connectionStore.save(wrong);
      await assert.rejects(parts.connectionStore.connect(wrong, new AbortController().signal));
      await parts.connectionStore.remove(wrong.id);
      const folder = parts.logFolder.fsPath;
      const read = async () =>
        (await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8')))).join(
          '\n',
        );
      let log = '';
      for (const line of [
        /Explain of "newest" on shop at /,
        /"Shop": connected to shop on /,
        /"Wrong": failed\. /,
        /custmer_id/,
      ]) {
        await waitFor(`${String(line)} in the log`, async () => {
          log = await read().catch(() => '');
          return line.test(log);
        });
      }
      assert.ok(!log.includes(shop.server.password));
    });
  });
});
