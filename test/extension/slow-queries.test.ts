import assert from 'node:assert/strict';
import { Client } from 'pg';
import * as vscode from 'vscode';
import { formatCompactCount, formatMs } from '../../src/analysis/format/numbers';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import type { SlowQueriesNode } from '../../src/providers/slow-queries-view';
import { toProfile } from './shop-server';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

const statusText = 'SELECT id, customer_id FROM orders WHERE status = $1 ORDER BY placed_at LIMIT $2';

const planTabs = () =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('pgInsight.plan'));

describe('Slow Queries view', () => {
  let extension: ConnectedExtension;
  const view = () => extension.parts.slowQueriesView;
  const store = () => extension.parts.slowQueriesStore;
  const children = (node?: SlowQueriesNode) => view().getChildren(node);
  const itemOf = (node: SlowQueriesNode) => view().getTreeItem(node);
  const run = (name: string, node?: unknown) => vscode.commands.executeCommand(`pgInsight.${name}`, node);
  const message = () => extension.parts.slowQueriesTree.message;

  type StatementNode = Extract<SlowQueriesNode, { kind: 'statement' }>;
  async function findStatement(text: string): Promise<StatementNode> {
    const node = (await children()).find(
      (each): each is StatementNode => each.kind === 'statement' && each.entry.statement.text?.includes(text) === true,
    );
    assert.ok(node, `${text} is there`);
    return node;
  }

  async function callStatus(times: number): Promise<void> {
    for (let call = 0; call < times; call++) {
      await extension.shop.query('SELECT id, customer_id FROM orders WHERE status = $1 ORDER BY placed_at LIMIT 3', [
        'pending',
      ]);
    }
  }

  before(async () => {
    extension = await connectExtension();
    await callStatus(5);
    await extension.shop.query('ANALYZE products');
    await store().refresh();
  });

  afterEach(async () => {
    store().setFilter('');
    store().setOrder('total');
    store().clearMark();
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.window.tabGroups.close(planTabs());
  });

  after(async () => {
    while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  });

  it('shows what pg_stat_statements says, and all figures below a statement', async () => {
    store().setFilter('customer_id FROM orders');
    const node = await findStatement(statusText);
    const [row] = await extension.shop.query<{
      queryid: string;
      calls: number;
      total: number;
      mean: number;
      min: number;
      max: number;
      rows: number;
    }>(
      `SELECT queryid::text, calls::float8, total_exec_time AS total, mean_exec_time AS mean, min_exec_time AS min,
         max_exec_time AS max, rows::float8 FROM pg_stat_statements WHERE query = $1`,
      [statusText],
    );
    assert.ok(row);
    const item = itemOf(node);
    assert.equal(item.label, 'orders');
    assert.match(
      item.accessibilityInformation?.label ?? '',
      /^orders: status = .*, share of the load .*, mean time .*, .* calls$/,
    );
    assert.match(
      String(item.description),
      new RegExp(`^[^ ]*% · ${formatMs(row.mean)} · ${formatCompactCount(row.calls)} calls · status = `),
    );
    const figures = new Map(
      (await children(node)).flatMap((each) => (each.kind === 'figure' ? [[each.label, each.value]] : [])),
    );
    assert.ok(figures.get('Total time')?.startsWith(`${formatMs(row.total)} (`));
    assert.equal(figures.get('Mean time'), formatMs(row.mean));
    assert.equal(figures.get('Fastest, slowest'), `${formatMs(row.min)}, ${formatMs(row.max)}`);
    assert.equal(figures.get('Rows'), `${row.rows} (3 per call)`);
    assert.equal(figures.get('Query ID'), row.queryid);
    const { tooltip } = view().resolveTreeItem(itemOf(node), node);
    assert.ok(tooltip instanceof vscode.MarkdownString && tooltip.value.includes(`\n${statusText}\n`));
  });

  it('names the index that a statement lacks, with the costs that the planner has, below its row and its finding', async () => {
    const configuration = vscode.workspace.getConfiguration('pgInsight');
    const set = async (binaries: string | undefined, rules: unknown) => {
      await configuration.update('sandbox.binaries', binaries, vscode.ConfigurationTarget.Global);
      await configuration.update('rules', rules, vscode.ConfigurationTarget.Global);
    };
    // a statement of its own: of those that differ in comments only, the server keeps the first text
    const sql = 'SELECT *, now() FROM order_items WHERE order_id = $1 /* shipping */';
    await set(await providePostgres(18), { 'slow-statement': { minMeanMs: 0 } });
    try {
      // an index has to pay for the writes of the table, too
      for (let call = 1; call <= 200; call++) await extension.shop.query(sql, [call]);
      await store().refresh();
      const indexes = extension.parts.statementIndexes;
      const node = await findStatement('/* shipping */');
      const queryId = node.entry.statement.queryId!;
      const findRow = async () => (await children(node)).find((each) => each.kind === 'missingIndex');
      assert.equal((await findRow())?.index.status, 'looking');
      const { session } = extension.parts.healthStore;
      assert.ok(session);
      const { row, advised } = await waitFor('the index', async () => {
        const found = await findRow();
        const answer = indexes.find(queryId);
        if (found !== undefined && answer?.status === 'missing') return { row: found, advised: answer.advised };
        // the search ends after ten seconds, which a busy machine may need to start the sandbox
        if (answer?.status === 'none') indexes.forget(session);
        return undefined;
      });
      const { change, recommendation } = advised;
      assert.equal(recommendation.evidence, 'planned');
      assert.deepEqual(recommendation.index.keys, ['order_id']);
      assert.match(
        String(itemOf(row).description),
        /^order_items \(order_id\) · planned cost [\d,]+ → [\d,]+ \(-99.*%\), [\d.]+ MB(?:, costs [\d.]+% on writes)?$/,
      );
      const cost = async () => {
        const [plan] = await extension.shop.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
          `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`,
        );
        return plan!['QUERY PLAN'][0].Plan['Total Cost'];
      };
      assert.ok(Math.abs(change.costBefore - (await cost())) < 1);
      await extension.shop.query('CREATE INDEX proof ON order_items (order_id)');
      try {
        assert.ok(Math.abs(change.costAfter - (await cost())) <= Math.max(3, change.costAfter * 0.15));
      } finally {
        await extension.shop.query('DROP INDEX proof');
      }
      const findings = extension.parts.findingsView;
      const [finding] = (await findings.getChildren()).flatMap((root) =>
        root.kind === 'severity'
          ? root.findings.filter(({ subject }) => subject.kind === 'statement' && subject.queryId === queryId)
          : [],
      );
      assert.ok(finding, 'it is a finding');
      const details = await findings.getChildren({ kind: 'finding', finding, ignoredFor: null });
      const last = details.at(-1);
      assert.ok(last?.kind === 'missingIndex');
      assert.equal(findings.getTreeItem(last).description, itemOf(row).description);
      await run('advice.copyDdl', row);
      assert.match(await vscode.env.clipboard.readText(), /^CREATE INDEX CONCURRENTLY .* \(order_id\);\s*$/);
      const { state } = extension.parts.healthStore;
      assert.ok(state.state === 'available');
      const { snapshot } = state;
      await waitFor('the finding of the report', async () => {
        indexes.forget(session);
        await indexes.lookForReport(session, snapshot);
        const missing = indexes.findForReport(session, snapshot);
        assert.ok(missing?.status === 'looked', JSON.stringify(missing));
        return missing.findings.some(
          ({ fix }) => fix?.sql.includes('order_items') === true && fix.sql.includes('(order_id)'),
        );
      });
    } finally {
      await set(undefined, undefined);
    }
  });

  it('sorts as asked and says so', async () => {
    store().setOrder('calls');
    const calls = (await children()).flatMap((node) => (node.kind === 'statement' ? [node.entry.statement.calls] : []));
    assert.deepEqual(
      calls,
      [...calls].sort((a, b) => b - a),
    );
    assert.match(message(), /by calls\./);
  });

  it('filters, and offers the way back', async () => {
    store().setFilter('no statement has these words');
    const [clear, empty] = await children();
    assert.equal(clear?.kind, 'clearFilter');
    assert.equal(empty?.kind === 'message' && empty.text, 'No statement matches "no statement has these words"');
    await run('slowQueries.clearFilter');
    assert.ok((await children()).length > 1);
  });

  it('counts from a mark on, and notices a reset', async () => {
    await run('slowQueries.mark');
    await callStatus(2);
    await run('slowQueries.refresh');
    assert.equal((await findStatement(statusText)).entry.statement.calls, 2);
    assert.match(message(), /^Since the mark of /);
    await extension.shop.query('SELECT pg_stat_statements_reset()');
    await callStatus(4);
    await run('slowQueries.refresh');
    assert.equal((await findStatement(statusText)).entry.statement.calls, 4);
    assert.match(message(), /reset after the mark/);
    await run('slowQueries.clearMark');
    assert.match(message(), /^Since \d/);
  });

  it('opens and copies the text as it is', async () => {
    const node = await findStatement(statusText);
    await run('slowQuery.open', node);
    await waitFor('the text', () => {
      const shown = vscode.window.activeTextEditor?.document;
      return shown?.getText() === statusText && shown.languageId === 'sql';
    });
    await run('slowQuery.copy', node);
    assert.equal(await vscode.env.clipboard.readText(), statusText);
  });

  it('explains for unknown values', async () => {
    await run('slowQuery.explain', await findStatement(statusText));
    const tab = await waitFor('the plan', () => planTabs()[0]);
    assert.match(tab.label, /^Plan: SELECT … FROM orders WHERE/);
  });

  it('explains with the values that the statistics know, without asking', async () => {
    await extension.shop.query('SELECT count(*) FROM orders WHERE status = $1', ['pending']);
    await run('slowQueries.refresh');
    await run('slowQuery.explainSampled', await findStatement('SELECT count(*) FROM orders WHERE status = $1'));
    const tab = await waitFor('the plan', () => planTabs()[0]);
    assert.match(tab.label, /^Plan: SELECT count\(\*\) FROM orders WHERE/);
  });

  it('says of a utility command why there is no plan', async () => {
    await extension.shop.query('ANALYZE products');
    await run('slowQueries.refresh');
    const analyze = await findStatement('ANALYZE products');
    assert.equal(itemOf(analyze).contextValue, 'statement.utility');
    const [first] = await children(analyze);
    assert.ok(first?.kind === 'figure');
    assert.match(first.value, /^ANALYZE is a utility command/);
  });

  it('shows the row of a statement that a finding is about, also when it is filtered away', async () => {
    const { queryId } = (await findStatement(statusText)).entry.statement;
    store().setFilter('nothing');
    await run('slowQueries.reveal', queryId);
    assert.equal(store().filter, '');
    await waitFor('its row is selected', () => {
      const [selected] = extension.parts.slowQueriesTree.selection;
      return selected?.kind === 'statement' && selected.entry.statement.queryId === queryId;
    });
  });

  it('shows the first of thousands of statements, and more on demand', async () => {
    // the types of constants are what tells statements apart
    await extension.shop.query(`SET pg_stat_statements.track = 'all'`);
    await extension.shop.query(`DO $$ BEGIN FOR n IN 0..4095 LOOP
      EXECUTE 'SELECT ' || (SELECT string_agg(CASE WHEN n & (1 << bit) = 0 THEN '1' ELSE 'true' END, ', ' ORDER BY bit)
                            FROM generate_series(0, 11) bit); END LOOP; END $$`);
    await extension.shop.query('RESET pg_stat_statements.track');
    await run('slowQueries.refresh');
    store().setOrder('mean');
    const nodes = await children();
    const more = nodes.at(-1);
    assert.ok(more?.kind === 'more' && more.count > 3_900, JSON.stringify(more));
    await run('slowQueries.showMore');
    assert.ok((await children()).length > nodes.length);
  });

  describe('of a database without the extension', () => {
    let bare: Client;

    before(async () => {
      await extension.shop.query('CREATE DATABASE bare');
      bare = new Client({ connectionString: extension.shop.server.url('bare') });
      await bare.connect();
      const profile = { ...toProfile(extension.shop, 'Bare'), id: 'bare', database: 'bare' };
      await extension.parts.connectionStore.save(profile);
      await extension.parts.connectionStore.setActive(profile.id);
      await run('connection.connect', { kind: 'profile', profile });
    });

    after(async () => {
      await extension.parts.connectionStore.remove('bare');
      await extension.parts.connectionStore.setActive(extension.profile.id);
      await run('connection.connect', { kind: 'profile', profile: extension.profile });
      await bare.end();
      await extension.shop.query('DROP DATABASE bare WITH (FORCE)');
    });

    it('says what to do, and shows what runs now', async () => {
      const [{ pid } = { pid: 0 }] = (await bare.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
      const sleeping = assert.rejects(bare.query('SELECT pg_sleep(3600)'), /canceling statement/);
      await waitFor('the session', () => store().session?.database === 'bare');
      const { remedy, sleeper } = await waitFor('the running statement', async () => {
        await run('slowQueries.refresh');
        const [first, group] = await children();
        assert.ok(first?.kind === 'remedy' && group?.kind === 'runningGroup');
        const found = (await children(group)).find((node) => node.kind === 'running' && node.activity.pid === pid);
        return found === undefined ? undefined : { remedy: first, sleeper: found };
      });
      assert.match(message(), /not created in database "bare"/);
      assert.equal(remedy.sql, 'CREATE EXTENSION pg_stat_statements;');
      assert.match(message(), /Run CREATE EXTENSION pg_stat_statements\./);
      await run('slowQueries.copyRemedy', remedy);
      assert.equal(await vscode.env.clipboard.readText(), 'CREATE EXTENSION pg_stat_statements;');
      assert.equal(itemOf(sleeper).label, 'pg_sleep(3600)');
      assert.match(
        String(itemOf(sleeper).description),
        new RegExp(`s · active · waits for Timeout: PgSleep · pid ${pid}`),
      );
      await extension.shop.query('SELECT pg_cancel_backend($1)', [pid]);
      await sleeping;
      await bare.query('CREATE EXTENSION pg_stat_statements');
      await run('slowQueries.refresh');
      assert.equal((await children())[0]?.kind, 'statement');
    });
  });
});
