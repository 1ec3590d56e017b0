// Index advice for a workload inside VS Code: what each command makes of its statements, and that its figures are those of
// the server. The dialogs that ask before an index is made can't be answered here; test/ui/workload.test.ts does that.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import type { WorkloadDocument } from '../../src/webviews/workload-protocol';
import { connectExtension, type ConnectedExtension } from './extension-under-test';

interface Explained {
  'QUERY PLAN': [{ Plan: { 'Total Cost': number } }];
}

describe('Index advice for a workload', () => {
  let extension: ConnectedExtension;
  let workspace: vscode.Uri;

  const setBinaries = (binaries: string | undefined) =>
    vscode.workspace
      .getConfiguration('pgInsight.sandbox')
      .update('binaries', binaries, vscode.ConfigurationTarget.Global);

  before(async () => {
    extension = await connectExtension();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    workspace = folder.uri;
    await setBinaries(await providePostgres(18));
  });

  afterEach(async () => {
    while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  after(() => setBinaries(undefined));

  /** Runs a command and reads the report that it opens. */
  async function advise(command: string, ...values: unknown[]): Promise<WorkloadDocument> {
    await vscode.commands.executeCommand(`pgInsight.workload.${command}`, ...values);
    const [document, ...others] = (await extension.parts.workloads.get()).documents;
    assert.ok(document, 'a report is open');
    assert.equal(others.length, 0);
    return document;
  }

  const totalCost = async (sql: string) => {
    const [row] = await extension.shop.query<Explained>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`);
    return row?.['QUERY PLAN'][0].Plan['Total Cost'] ?? 0;
  };

  /** The server's own word on each statement: as it is, and with all advised indexes really there. */
  async function prove({ statements, selections }: WorkloadDocument): Promise<void> {
    const [whole] = selections;
    assert.ok(whole && whole.recommendations.length > 0);
    assert.equal(whole.engine, 'sandbox', whole.engineNote ?? '');
    const priced = statements.flatMap(({ sql }, at) => {
      const outcome = whole.outcomes[at];
      return outcome === undefined || outcome.costBefore === null || outcome.status === 'not-possible'
        ? []
        : [{ sql, costBefore: outcome.costBefore, costAfter: outcome.costAfter ?? 0 }];
    });
    assert.ok(priced.length > 0);
    for (const { sql, costBefore } of priced) {
      const real = await totalCost(sql);
      assert.ok(Math.abs(costBefore - real) <= Math.max(1, real * 0.01), `${sql}: ${costBefore}, really ${real}`);
    }
    try {
      for (const { steps } of whole.recommendations) for (const step of steps) await extension.shop.query(step);
      const sums = { planned: 0, real: 0 };
      for (const { sql, costAfter } of priced) {
        sums.planned += costAfter;
        sums.real += await totalCost(sql);
      }
      assert.ok(Math.abs(sums.planned - sums.real) <= sums.real * 0.1, `${sums.planned}, really ${sums.real}`);
    } finally {
      for (const { undo } of whole.recommendations) await extension.shop.query(undo);
    }
  }

  it('takes the statements of an SQL file, once each, with their places', async () => {
    const uri = vscode.Uri.joinPath(workspace, 'sql', 'orders.sql');
    const document = await advise('adviseFile', uri);
    assert.equal(document.title, 'orders.sql');
    assert.match(document.notes[0] ?? '', /each counts once/);
    const file = await vscode.workspace.openTextDocument(uri);
    for (const { source, calls, id } of document.statements) {
      assert.equal(calls, null);
      assert.ok(source);
      const { start, end } = source;
      const text = file.getText(new vscode.Range(start.line, start.character, end.line, end.character));
      assert.match(text, /^(select|with|insert|update|delete)\b/i, id);
    }
    assert.ok(document.statements.some(({ id }) => id === 'order_lines'));
    await prove(document);
  });

  it('takes the strings of programs, and a folder of both', async function () {
    this.timeout(600_000);
    const program = await advise('adviseFile', vscode.Uri.joinPath(workspace, 'src', 'api', 'orders.ts'));
    assert.ok(program.statements.length > 1);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const folder = await advise('adviseFolder', workspace);
    const endings = new Set(folder.statements.map(({ source }) => /\.\w+$/.exec(source?.uri ?? '')?.[0]));
    assert.deepEqual([...endings].sort(), ['.go', '.py', '.sql', '.ts']);
    const [whole] = folder.selections;
    const outcomes = folder.statements.map((each, at) => ({ id: each.id, reason: whole?.outcomes[at]?.reason }));
    assert.deepEqual(
      outcomes.filter(({ reason }) => reason !== null && (reason ?? '').includes('syntax error')),
      [],
    );
  });

  it('takes a selection', async () => {
    const content =
      'SELECT 1;\nSELECT * FROM order_items WHERE order_id = $1;\nSELECT * FROM events WHERE customer_id = 7;\n';
    const editor = await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument({ language: 'sql', content }),
    );
    editor.selection = new vscode.Selection(1, 0, 3, 0);
    const document = await advise('adviseSelection');
    assert.deepEqual(
      document.statements.map(({ sql, source }) => [source?.start.line, sql]),
      [
        [1, 'SELECT * FROM order_items WHERE order_id = $1'],
        [2, 'SELECT * FROM events WHERE customer_id = 7'],
      ],
    );
    await prove(document);
  });

  it('takes the slow queries with their calls', async () => {
    const { shop, parts } = extension;
    await shop.query('SELECT pg_stat_statements_reset()');
    // fewer would not outweigh what the index costs the inserts that filled the table
    for (let run = 0; run < 300; run++) await shop.query('SELECT * FROM order_items WHERE order_id = $1', [run]);
    await parts.slowQueriesStore.refresh();
    const document = await advise('adviseSlowQueries');
    const slow = document.statements.find(({ sql }) => sql === 'SELECT * FROM order_items WHERE order_id = $1');
    assert.equal(slow?.calls, 300);
    assert.match(document.notes[0] ?? '', /each as often as it was called since /);
    await prove(document);
  });
});
