import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ignoreFileName } from '../../src/analysis/ignore-list';
import type { FindingsNode } from '../../src/providers/findings-view';
import { shopDefects } from '../factories/shop-database';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

describe('Findings view', () => {
  let extension: ConnectedExtension;
  let ignoreUri: vscode.Uri;
  const view = () => extension.parts.findingsView;
  const children = (node?: FindingsNode) => view().getChildren(node);
  const itemOf = (node: FindingsNode) => view().getTreeItem(node);
  const labelOf = (node: FindingsNode): string => {
    const { label } = itemOf(node);
    assert.equal(typeof label, 'string');
    return label as string;
  };
  const textOf = (node: FindingsNode) => `${labelOf(node)} ${String(itemOf(node).description)}`.trim();
  const duplicate = shopDefects.duplicateIndexes[1];

  async function find(...path: RegExp[]): Promise<FindingsNode> {
    let node: FindingsNode | undefined;
    for (const pattern of path) {
      const nodes = await children(node);
      node = nodes.find((each) => pattern.test(textOf(each)));
      assert.ok(node, `${String(pattern)} is among ${nodes.map(textOf).join(' | ')}`);
    }
    assert.ok(node);
    return node;
  }

  async function findDuplicate(): Promise<FindingsNode> {
    return find(/^Medium/, new RegExp(`^${duplicate} ~\\S+ \\S+ · duplicate index · `));
  }

  const ignoredCount = () => {
    const { state } = extension.parts.healthStore;
    return state.state === 'available' ? state.report.ignored.length : -1;
  };

  const deleteList = async () => {
    try {
      await vscode.workspace.fs.delete(ignoreUri);
    } catch (error) {
      assert.ok(error instanceof vscode.FileSystemError && error.code === 'FileNotFound');
    }
  };

  before(async () => {
    extension = await connectExtension();
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder, 'the tests run in a folder');
    ignoreUri = vscode.Uri.joinPath(folder.uri, ignoreFileName);
    await deleteList();
    await extension.parts.healthStore.refresh();
  });

  afterEach(async () => {
    await deleteList();
    await waitFor('nothing is ignored', () => ignoredCount() === 0);
  });

  it('groups by severity, worst first, and counts', async () => {
    const { state } = extension.parts.healthStore;
    assert.ok(state.state === 'available');
    const groups = (await children()).filter(({ kind }) => kind === 'severity');
    const order = ['Critical', 'High', 'Medium', 'Low', 'Info'];
    const shown = groups.map(labelOf);
    assert.deepEqual(
      shown,
      [...shown].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    );
    const rows = (await Promise.all(groups.map((node) => children(node)))).flat();
    assert.equal(rows.length, state.report.findings.length);
    assert.ok(rows.length > 5);
  });

  it('shows the first of very many, and more on demand', async () => {
    const { healthStore } = extension.parts;
    await extension.shop.query('CREATE SCHEMA many');
    try {
      await extension.shop.query(
        `DO $$ BEGIN FOR i IN 1..600 LOOP
           EXECUTE format('CREATE TABLE many.t%s AS SELECT 1 AS a', i);
           EXECUTE format('ANALYZE many.t%s', i);
         END LOOP; END $$`,
      );
      await healthStore.refresh();
      const found =
        healthStore.state.state === 'available'
          ? healthStore.state.report.findings.filter(({ severity }) => severity === 'medium').length
          : 0;
      assert.ok(found >= 600, String(found));
      const medium = await find(/^Medium/);
      const rows = await children(medium);
      assert.equal(rows.length, 501);
      const more = rows.at(-1);
      assert.ok(more);
      assert.equal(textOf(more), `${found - 500} more show the next ${found - 500}`);
      await vscode.commands.executeCommand('pgInsight.findings.showMore', more);
      assert.equal((await children(await find(/^Medium/))).length, found);
    } finally {
      await extension.shop.query('DROP SCHEMA many CASCADE');
      await healthStore.refresh();
    }
  });

  it('shows what the server says as evidence, the advice and the fix', async () => {
    const [row] = await extension.shop.query<{ definition: string }>(
      'SELECT pg_get_indexdef($1::regclass) AS definition',
      [shopDefects.duplicateIndexes[0]],
    );
    assert.ok(row);
    const finding = await findDuplicate();
    const details = (await children(finding)).map(textOf);
    assert.ok(details.includes(`the same as ${row.definition}`), details.join(' | '));
    assert.ok(details.includes(`Drop index public.${duplicate} open in editor`), details.join(' | '));
    const { tooltip } = view().resolveTreeItem(itemOf(finding), finding);
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.ok(tooltip.value.includes(`DROP INDEX CONCURRENTLY public.${duplicate};`), tooltip.value);
    assert.ok(tooltip.value.includes('Risk: '), tooltip.value);
  });

  it('tells what was not checked from what was not found, with the next step', async () => {
    const unused = await find(/^Not checked \(\d+\)/, /^Indexes that no scan uses not possible now/);
    const steps = (await children(unused)).map(textOf);
    assert.match(steps.join('\n'), /Scans are counted for .* days only[^]*Look again when/);
    const setRules = (rules: unknown) =>
      vscode.workspace.getConfiguration('pgInsight').update('rules', rules, vscode.ConfigurationTarget.Global);
    const isOff = () => {
      const { state } = extension.parts.healthStore;
      const outcomes = state.state === 'available' ? state.report.rules : [];
      return outcomes.some(({ ruleId, status }) => ruleId === 'duplicate-index' && status === 'disabled');
    };
    await setRules({ 'duplicate-index': 'off' });
    await waitFor('the rule is off', isOff);
    await find(/^Not checked/, /^Indexes that are the same switched off in the settings/);
    await setRules(undefined);
    await waitFor('the rule is on', () => !isOff());
    await findDuplicate();
  });

  it('opens a fix as a file with its undo, and runs nothing', async () => {
    await vscode.commands.executeCommand('pgInsight.finding.openFix', await findDuplicate());
    const document = await waitFor('the fix', () => {
      const shown = vscode.window.activeTextEditor?.document;
      return shown?.getText().includes(duplicate) === true ? shown : undefined;
    });
    assert.equal(document.isDirty, false, 'it closes without a question');
    assert.equal(document.languageId, 'sql');
    const sql = document
      .getText()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--'));
    assert.deepEqual(sql, [`DROP INDEX CONCURRENTLY public.${duplicate};`]);
    assert.match(document.getText(), /outside a transaction block/);
    assert.match(document.getText(), /^-- CREATE INDEX CONCURRENTLY /m);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await waitFor('no unsaved file', () => !vscode.workspace.textDocuments.some(({ isDirty }) => isDirty));
    assert.equal((await extension.shop.query('SELECT FROM pg_class WHERE relname = $1', [duplicate])).length, 1);
  });

  it('copies the SQL of a fix', async () => {
    await vscode.commands.executeCommand('pgInsight.finding.copyFix', await findDuplicate());
    assert.equal(await vscode.env.clipboard.readText(), `DROP INDEX CONCURRENTLY public.${duplicate};\n`);
  });

  it('opens and explains the statement that a finding is about', async () => {
    const sql = 'SELECT status, pg_sleep(0.15) FROM orders WHERE id = $1';
    const [order] = await extension.shop.query<{ id: string }>('SELECT min(id)::text AS id FROM orders');
    await extension.shop.query(sql.replace('$1', order?.id ?? ''));
    await extension.parts.healthStore.refresh();
    const [row] = await extension.shop.query<{ id: string; query: string }>(
      `SELECT queryid::text AS id, query FROM pg_stat_statements WHERE query LIKE 'SELECT status, pg_sleep%'`,
    );
    const finding = await find(/^Medium/, /^orders \d+ ms · slow statement · id = \$2$/);
    assert.match(itemOf(finding).contextValue ?? '', /^finding\.explainable\.object$/);
    const details = await children(finding);
    assert.deepEqual(
      details.filter(({ kind }) => kind === 'statement' || kind === 'advice').map((node) => node.kind),
      ['statement', 'advice'],
    );
    assert.ok(details.map(textOf).includes(`query ID ${row?.id ?? ''}`));
    const [statement] = details;
    assert.equal(statement?.kind === 'statement' && itemOf(statement).contextValue, 'statement.explainable');
    for (const node of [finding, statement]) {
      await vscode.commands.executeCommand('pgInsight.slowQuery.open', node);
      await waitFor('the statement', () => vscode.window.activeTextEditor?.document.getText() === row?.query);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
    await vscode.commands.executeCommand('pgInsight.slowQuery.explain', finding);
    const tab = await waitFor('the plan', () =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('pgInsight.plan')),
    );
    assert.match(tab.label, /^Plan: SELECT … FROM orders WHERE id = \$2/);
    await vscode.window.tabGroups.close(tab);
    await extension.shop.query('SELECT pg_stat_statements_reset(0, 0, $1::bigint)', [row?.id]);
    await extension.parts.healthStore.refresh();
  });

  it('has a page for every rule', async () => {
    const { state } = extension.parts.healthStore;
    assert.ok(state.state === 'available');
    const folder = vscode.extensions.getExtension('pg-insight.pg-insight')?.extensionUri;
    assert.ok(folder);
    for (const { ruleId } of state.report.rules) {
      await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, 'docs', 'rules', `${ruleId}.md`));
    }
  });

  it('analyzes again when the list changes, and shows what is ignored, and why', async () => {
    const reason = 'dropped with the next release';
    const list = { ignore: [{ object: `public.${duplicate}`, reason }] };
    await vscode.workspace.fs.writeFile(ignoreUri, new TextEncoder().encode(JSON.stringify(list)));
    await waitFor('the finding is ignored', () => ignoredCount() > 0);
    const ignored = await find(
      /^Ignored \(\d+\)/,
      new RegExp(`^${duplicate} ${reason} · ~\\S+ \\S+ · duplicate index · `),
    );
    assert.match(itemOf(ignored).contextValue ?? '', /^ignoredFinding\.fix/);
    const shown = (await children(await find(/^Medium/))).map(textOf);
    assert.ok(!shown.some((text) => text.startsWith(`${duplicate} duplicate index`)));
  });

  it('takes an entry off the list and leaves the others', async () => {
    const other = { rule: 'no-primary-key', object: 'public.not_there', reason: 'kept' };
    const finding = await findDuplicate();
    assert.ok(finding.kind === 'finding');
    const own = { fingerprint: finding.finding.fingerprint, reason: 'for now' };
    const bytes = new TextEncoder().encode(JSON.stringify({ ignore: [other, own] }));
    await vscode.workspace.fs.writeFile(ignoreUri, bytes);
    await waitFor('the finding is ignored', () => ignoredCount() === 1);
    await vscode.commands.executeCommand(
      'pgInsight.finding.unignore',
      await find(/^Ignored \(1\)/, new RegExp(`^${duplicate} for now`)),
    );
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(ignoreUri));
    assert.deepEqual(JSON.parse(text), { ignore: [other] });
    await waitFor('the finding is back', () => ignoredCount() === 0);
    await findDuplicate();
  });

  it('says that a damaged list ignores nothing, and never writes over it', async () => {
    const damaged = '{ "ignore": [ oh }';
    await vscode.workspace.fs.writeFile(ignoreUri, new TextEncoder().encode(damaged));
    const problem = () => {
      const { state } = extension.parts.healthStore;
      return state.state === 'available' && state.ignoreProblem !== null;
    };
    await waitFor('the problem is noticed', problem);
    const row = await find(new RegExp(`^Open ${ignoreFileName}: Line 1: This is not JSON`));
    assert.equal(itemOf(row).command?.command, 'pgInsight.ignoreList.open');
    await findDuplicate();
    // the reporter shows the refusal and waits for an answer
    void vscode.commands.executeCommand('pgInsight.finding.unignore', await findDuplicate());
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(new TextDecoder().decode(await vscode.workspace.fs.readFile(ignoreUri)), damaged);
    await deleteList();
    await waitFor('the problem is gone', () => !problem());
  });
});
