// What advice promised of an index, and what the server counts of it: advised in a file, made, used, and looked at in the
// Indexes view. The dialog that asks before an index is made can't be answered here (test/ui/quick-fix.test.ts does that),
// so it is made as one whose window went meanwhile, which the next window keeps.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { formatBytes, formatMs, formatQuantity } from '../../src/analysis/format/numbers';
import { describeGain } from '../../src/analysis/index-advice/text/describe-saving';
import type { IndexBuildRequest, IndexIdentity } from '../../src/analysis/index-build/index-build';
import { toIndexClause } from '../../src/analysis/index-build/index-steps';
import { toIndexPrediction } from '../../src/analysis/indexes/index-promise';
import { FailureReporter } from '../../src/providers/failure-reporter';
import type { HealthState } from '../../src/providers/health-store';
import { IndexBuildCommands } from '../../src/providers/index-build-commands';
import { IndexesView } from '../../src/providers/indexes-view';
import { StartedIndexChanges } from '../../src/providers/started-index-changes';
import { TextMemento } from '../unit/text-memento';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

const statement = (order: number) => `SELECT quantity, unit_price FROM order_items WHERE order_id = ${order}`;

describe('The promise of an advised index', () => {
  let extension: ConnectedExtension;
  let log: vscode.LogOutputChannel;
  let index: IndexIdentity;
  const made: IndexIdentity[] = [];

  before(async () => {
    extension = await connectExtension();
    log = vscode.window.createOutputChannel('PG Insight promise test', { log: true });
    await vscode.workspace
      .getConfiguration('pgInsight.sandbox')
      .update('binaries', await providePostgres(18), vscode.ConfigurationTarget.Global);
  });

  after(async () => {
    log.dispose();
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('notifications.clearAll');
    const { indexChanges, indexesView, healthStore } = extension.parts;
    for (const { schema, name } of made) await extension.shop.query(`DROP INDEX ${schema}.${name}`);
    for (const change of indexChanges.all) if ('promise' in change) await indexChanges.remove(change);
    indexesView.setFilter('');
    await healthStore.refresh();
  });

  /** Runs it in one transaction of its own, whose counts the server has when it is over. */
  async function run(times: number): Promise<void> {
    for (let order = 1; order <= times; order += 1) await extension.shop.query(statement(order));
    await extension.shop.query('SELECT pg_stat_force_next_flush()');
  }

  const readCounts = async () => {
    const [row, ...others] = await extension.shop.query<{ calls: number; ms: number }>(
      `SELECT calls::float8, total_exec_time AS ms FROM pg_stat_statements
       WHERE query LIKE 'SELECT quantity, unit_price FROM order_items WHERE order_id = %'`,
    );
    assert.ok(row !== undefined && others.length === 0);
    return row;
  };

  /** Of the index's row, in the extension's view or in one that looks later. */
  async function look(view: IndexesView): Promise<{ item: vscode.TreeItem; tooltip: string }> {
    const node = await view.findNode(index.schema, index.name);
    assert.ok(node);
    const item = view.getTreeItem(node);
    const { tooltip } = await view.resolveTreeItem(view.getTreeItem(node), node);
    assert.ok(tooltip instanceof vscode.MarkdownString);
    const text = tooltip.value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
    return { item, tooltip: text };
  }

  const plain = (text: string) => text.replaceAll('\u00a0', ' ');

  let gain = '';
  let counted: { calls: number; ms: number };

  it('is kept when the index is made', async function () {
    this.timeout(600_000);
    const { missingIndexes, connectionStore, indexChanges, healthStore } = extension.parts;
    await run(20);
    counted = await readCounts();
    const document = await vscode.workspace.openTextDocument({ language: 'sql', content: `${statement(1)};\n` });
    await vscode.window.showTextDocument(document);
    const missing = await waitFor('the mark', async () => {
      while (!missingIndexes.isIdle) await new Promise((resolve) => setTimeout(resolve, 50));
      const [found] = missingIndexes.find(document);
      // the search ends after half a minute, which a busy machine may need to start the sandbox
      if (found === undefined) await vscode.commands.executeCommand('pgInsight.advice.refresh');
      return found;
    });
    const { recommendation, change, sql } = missing;
    gain = describeGain(recommendation.evidence, change, recommendation);
    const { schema, table } = recommendation.index;
    const request: IndexBuildRequest = {
      index: { schema, table, name: recommendation.name, unique: false, clause: toIndexClause(recommendation.index) },
      estimatedSizeBytes: null,
    };

    const { activeSession: session } = connectionStore;
    assert.ok(session);
    const memento = new TextMemento();
    await new StartedIndexChanges(memento).add({
      ...{ id: 'one', profileId: session.profile.id, server: session.server, database: session.database },
      ...{ title: `index ${recommendation.name}`, kind: 'build' },
      build: { request, made: [{ schema, name: recommendation.name, table }], keep: [], unfinishedSql: '' },
      prediction: toIndexPrediction({ ...recommendation, ...change }, [sql]),
    });
    const plan = await session.prepareIndexBuild(request);
    const consent = { sql: plan.steps.map((step) => step.sql), server: session.server, database: session.database };
    const built = await session.runIndexBuild(request, consent, { onProgress: () => undefined });
    assert.ok(built.outcome === 'built', JSON.stringify(built));
    ({ index } = built);
    made.push(index);
    await new IndexBuildCommands({
      reporter: new FailureReporter(log),
      log,
      openSession: () => Promise.resolve(session),
      readProfile: () => Promise.resolve(session.profile),
      findActiveProfile: () => session.profile,
      changes: indexChanges,
      started: new StartedIndexChanges(memento),
      onDidCreate: () => undefined,
      onDidDrop: () => undefined,
    }).lookAfterLost(session);
    assert.ok(indexChanges.findPromise(session, index));

    await healthStore.refresh();
    const { tooltip, item } = await look(extension.parts.indexesView);
    assert.ok(plain(tooltip).includes(`Promised: ${plain(gain)}. Since `), tooltip);
    assert.match(plain(tooltip), /: 0 scans, .*, no call of the statement counted\./);
    assert.doesNotMatch(String(item.description), /never paid/);
  });

  /** The view of this moment, shown after so many days. */
  function lookAfterDays(days: number): IndexesView {
    const { healthStore, indexChanges, tablesStore } = extension.parts;
    const state = (): HealthState => {
      const now = healthStore.state;
      if (now.state !== 'available') return now;
      const capturedAt = new Date(Date.parse(now.snapshot.capturedAt) + days * 86_400_000).toISOString();
      return { ...now, snapshot: { ...now.snapshot, capturedAt } };
    };
    const later = {
      get state() {
        return state();
      },
      read: async () => {
        await healthStore.read();
        return state();
      },
      onDidChange: healthStore.onDidChange,
    };
    return new IndexesView(later, indexChanges, (oid) => tablesStore.readDetails(oid), new TextMemento());
  }

  it('is not kept by an index that no scan has used for a week', async () => {
    const [soon, later] = [lookAfterDays(6.9), lookAfterDays(7)];
    try {
      const { item, tooltip } = await look(later);
      assert.match(String(item.description), /^never paid · /);
      assert.equal(item.contextValue, 'index.droppable.neverPaid');
      assert.match(plain(tooltip), /No scan has used it: it has never paid\./);
      assert.doesNotMatch(String((await look(soon)).item.description), /never paid/);
    } finally {
      soon.dispose();
      later.dispose();
    }
  });

  it('stands beside what the server has counted since', async () => {
    await run(30);
    const after = await readCounts();
    assert.equal(after.calls, counted.calls + 30);
    const [real] = await extension.shop.query<{ scans: number; bytes: number }>(
      `SELECT s.idx_scan::float8 AS scans, pg_relation_size(s.indexrelid)::float8 AS bytes
       FROM pg_stat_user_indexes s WHERE s.indexrelid = $1`,
      [index.oid],
    );
    assert.ok(real !== undefined && real.scans >= 30, JSON.stringify(real));
    await extension.parts.healthStore.refresh();
    const { tooltip } = await look(extension.parts.indexesView);
    const times = [counted.ms / counted.calls, (after.ms - counted.ms) / 30].map((ms) => formatMs(ms));
    const expected = `${formatQuantity(real.scans, 'scan')}, ${formatBytes(real.bytes)}, mean time of the statement ${times.join(' → ')}.`;
    assert.ok(plain(tooltip).includes(plain(expected)), `${expected} in ${tooltip}`);
    const later = lookAfterDays(8);
    assert.doesNotMatch(String((await look(later)).item.description), /never paid/);
    later.dispose();
  });
});
