// Plans that were run elsewhere, opened inside VS Code by each way there is: their figures are those that the server printed,
// read from the text without the code that is tested.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { looksLikePlan } from '../../src/analysis/plan/looks-like-plan';
import type { ExtensionParts } from '../../src/extension';
import type { OpenedPlan, UnreadablePlan, ViewedPlan } from '../../src/webviews/protocol';
import { activateExtension, waitFor } from './extension-under-test';
import { provideShopServer, type ShopServer } from './shop-server';

const statement = 'SELECT status, count(*) FROM orders WHERE id > 10 GROUP BY status ORDER BY 2 DESC';

/** How each format prints what is compared. */
const formats = {
  text: { ending: 'txt', total: /actual time=[\d.]+\.\.([\d.]+)/, run: /Execution Time: ([\d.]+)/, node: /\(cost=/g },
  json: {
    ending: 'json',
    total: /"Actual Total Time": ([\d.]+)/,
    run: /"Execution Time": ([\d.]+)/,
    node: /"Node Type":/g,
  },
  yaml: { ending: 'yaml', total: /Actual Total Time: ([\d.]+)/, run: /Execution Time: ([\d.]+)/, node: /Node Type:/g },
  xml: {
    ending: 'xml',
    total: /<Actual-Total-Time>([\d.]+)/,
    run: /<Execution-Time>([\d.]+)/,
    node: /<Node-Type>/g,
  },
} as const;
type Format = keyof typeof formats;

const figure = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]);

describe('Open Plan', () => {
  let parts: ExtensionParts;
  let shop: ShopServer;
  let folder: vscode.Uri;
  const written: vscode.Uri[] = [];

  before(async () => {
    parts = await activateExtension();
    shop = await provideShopServer();
    const [workspace] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(workspace);
    folder = workspace.uri;
    await shop.query('SET max_parallel_workers_per_gather = 0');
  });

  afterEach(async () => {
    while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
    await untilNoneIsShown();
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  after(async () => {
    await shop.query('RESET max_parallel_workers_per_gather');
    for (const uri of written) await vscode.workspace.fs.delete(uri);
  });

  async function print(format: Format, sql = statement): Promise<string> {
    const rows = await shop.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT ${format}) ${sql}`);
    return rows
      .map(({ 'QUERY PLAN': line }) => (typeof line === 'string' ? line : JSON.stringify(line, null, 2)))
      .join('\n');
  }

  async function write(name: string, text: string): Promise<vscode.Uri> {
    const uri = vscode.Uri.joinPath(folder, name);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    written.push(uri);
    return uri;
  }

  const shown = async () => (await parts.plans.get()).documents;
  /** The tab of a plan is gone before the extension hears of it. */
  async function untilNoneIsShown(): Promise<void> {
    const panels = await parts.plans.get();
    await waitFor('the end of the plans that were closed', () => panels.documents.length === 0);
  }
  const open = (...values: unknown[]) => vscode.commands.executeCommand('pgInsight.plan.open', ...values);

  async function openEditor(content: string, language = 'plaintext'): Promise<vscode.TextEditor> {
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language, content }));
  }

  async function onlyOne(): Promise<ViewedPlan> {
    const [document, ...others] = await shown();
    assert.ok(document, 'a plan is open');
    assert.equal(others.length, 0);
    return document;
  }

  async function onlyOpened(): Promise<OpenedPlan> {
    const document = await onlyOne();
    assert.ok(document.connection === null && document.result !== null, JSON.stringify(document).slice(0, 500));
    return document;
  }

  async function onlyUnreadable(): Promise<UnreadablePlan> {
    const document = await onlyOne();
    assert.ok(document.result === null, 'the text is refused');
    return document;
  }

  function compare({ result, analyzed }: OpenedPlan, text: string, format: Format): void {
    const { total, run, node } = formats[format];
    assert.equal(result.plan.nodes.length, text.match(node)?.length);
    assert.equal(result.plan.nodes[0]?.totalMs, figure(text, total));
    assert.equal(result.plan.executionMs, figure(text, run));
    assert.ok(analyzed);
  }

  for (const format of Object.keys(formats) as Format[]) {
    it(`opens a file of the Explorer with a plan in ${format}`, async () => {
      const text = await print(format);
      assert.ok(looksLikePlan(text), 'it would have the title button');
      const name = `opened-plan.${formats[format].ending}`;
      const uri = await write(name, text);
      await open(uri, [uri]);
      const document = await onlyOpened();
      compare(document, text, format);
      assert.deepEqual([document.title, document.from, document.sql], [name, name, null]);
      assert.equal(document.text, text);
      const printed = JSON.parse(document.result.planJson) as [{ 'Execution Time': number }];
      assert.equal(printed[0]['Execution Time'], figure(text, formats[format].run));
    });
  }

  it('opens all files that are selected in the Explorer, and each once', async () => {
    const uris = [
      await write('first-plan.txt', await print('text')),
      await write('second-plan.json', await print('json')),
    ];
    await open(uris[0], uris);
    await open(uris[0], uris);
    assert.deepEqual(
      (await shown()).map(({ title }) => title),
      ['first-plan.txt', 'second-plan.json'],
    );
  });

  it('opens the plan of the active editor, or what is selected in it', async () => {
    const [first, second] = [await print('text'), await print('text', 'SELECT * FROM customers')];
    const editor = await openEditor(`${first}\n`);
    await open();
    compare(await onlyOpened(), first, 'text');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await untilNoneIsShown();

    const before = `What a colleague sent:\n\n${first}\n\nAnd the other one:\n\n`;
    const mail = await openEditor(`${before}${second}\n\nWhat do you think?\n`, 'markdown');
    assert.notEqual(mail.document, editor.document);
    mail.selection = new vscode.Selection(
      mail.document.positionAt(before.length),
      mail.document.positionAt(before.length + second.length),
    );
    await open();
    const document = await onlyOpened();
    compare(document, second, 'text');
    assert.equal(document.text, second);
    assert.equal(document.firstLine, before.split('\n').length, 'counted in the whole document');
    assert.equal(document.source?.start.line, document.firstLine - 1);
  });

  it('opens the document whose title button was pressed, whatever word is selected in it', async () => {
    const text = await print('json');
    const editor = await openEditor(text, 'json');
    editor.selection = new vscode.Selection(1, 4, 1, 8);
    await open(editor.document.uri, { groupId: 0 });
    compare(await onlyOpened(), text, 'json');
  });

  it('opens what was copied, framed by psql', async () => {
    const lines = (await print('text')).split('\n');
    const width = Math.max(...lines.map(({ length }) => length)) + 2;
    const head = 'QUERY PLAN'.padStart((width + 10) / 2).padEnd(width);
    const framed = [head, '-'.repeat(width), ...lines.map((line) => ` ${line}`), `(${lines.length} rows)`, ''].join(
      '\n',
    );
    assert.ok(looksLikePlan(framed));
    await vscode.env.clipboard.writeText(framed);
    await vscode.commands.executeCommand('pgInsight.plan.paste');
    const document = await onlyOpened();
    compare(document, framed, 'text');
    assert.deepEqual([document.title, document.from, document.source], ['Pasted Plan', 'clipboard', null]);
  });

  it('says that the clipboard is empty, and opens nothing', async () => {
    await vscode.env.clipboard.writeText(' \n');
    await vscode.commands.executeCommand('pgInsight.plan.paste');
    assert.deepEqual(await shown(), []);
  });

  it('asks which one of several plans in a log, and names the statement', async () => {
    const [first, second] = [await print('text'), await print('text', 'SELECT * FROM customers')];
    // as auto_explain logs it: the statement, the plan, and no times below it
    const toEntry = (sql: string, text: string) =>
      [
        `2026-01-01 10:00:00.000 UTC [42] LOG:  duration: ${figure(text, formats.text.run)} ms  plan:`,
        `Query Text: ${sql}`,
        ...text
          .slice(0, text.search(/^Planning/m))
          .trimEnd()
          .split('\n'),
      ].join('\n\t');
    const log = `2026-01-01 09:59:59.000 UTC [1] LOG:  checkpoint starting: time\n${toEntry(statement, first)}\n${toEntry('SELECT * FROM customers', second)}\n`;
    assert.ok(looksLikePlan(log));
    const panels = await parts.plans.get();
    const opening = open(await write('opened-plans.log', log));
    // the list is shown in its own time: Enter until it was there
    await waitFor('the plan', () => {
      if (panels.documents.length > 0) return true;
      void vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return false;
    });
    await opening;
    const document = await onlyOpened();
    assert.equal(document.sql, statement);
    assert.equal(document.result.plan.nodes[0]?.totalMs, figure(first, formats.text.total));
    assert.equal(document.result.plan.nodes.length, first.match(formats.text.node)?.length);
    assert.match(document.from, /^opened-plans\.log, line \d+$/);
    assert.ok(!document.text.includes('FROM customers'), 'the text is that of the chosen plan');
  });

  it('shows a text that was cut off with the line, and reads it in the same tab once it is mended', async () => {
    const text = await print('json');
    const cut = text.slice(0, text.lastIndexOf('"Node Type"') + 14);
    const uri = await write('damaged-plan.json', cut);
    await open(uri);
    const { failure, text: raw, from } = await onlyUnreadable();
    assert.equal(failure.line, cut.split('\n').length);
    assert.match(
      failure.message,
      new RegExp(`line ${failure.line}, .*Run EXPLAIN \\(ANALYZE, BUFFERS, FORMAT JSON\\)`),
    );
    assert.equal(raw, cut);
    assert.equal(from, 'damaged-plan.json');

    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(9999, 0), text.slice(cut.length));
    assert.ok(await vscode.workspace.applyEdit(edit));
    await open(uri);
    compare(await onlyOpened(), text, 'json');
  });

  it('gives the place of a fault in a selection as the document counts', async () => {
    const text = await print('text');
    const before = '-- the plan\n\n\n';
    const damaged = text.replace(/(->[^\n]*?rows=)\d+/, '$1');
    const at = damaged.split('\n').findIndex((line) => line.includes('->'));
    const editor = await openEditor(`${before}${damaged}\n`);
    editor.selection = new vscode.Selection(3, 0, editor.document.lineCount - 1, 0);
    await open();
    const { failure, firstLine } = await onlyUnreadable();
    assert.equal(firstLine, 4);
    assert.equal(failure.line, 4 + at);
  });

  it('shows a text without a plan, with what to do', async () => {
    const uri = await write('no-plan.txt', 'Nothing here that a server has printed.\n');
    await open(uri);
    const { failure, text } = await onlyUnreadable();
    assert.match(failure.message, /^No plan begins here/);
    assert.match(failure.message, /Run EXPLAIN/);
    assert.match(text, /^Nothing here/);
  });

  it('gives no title button to what only speaks of plans', async () => {
    const uris = await vscode.workspace.findFiles('**/*.{sql,ts,py,go,md,json}');
    assert.ok(uris.length > 5);
    for (const uri of uris.filter((each) => !written.some((plan) => plan.path === each.path))) {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
      assert.ok(!looksLikePlan(text), uri.path);
    }
  });
});
