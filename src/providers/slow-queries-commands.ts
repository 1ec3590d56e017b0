// Commands of the Slow Queries view.
import * as vscode from 'vscode';
import type { Finding } from '../analysis/finding';
import { statementOrders, statementOrderTitles } from '../analysis/statements/statement-list';
import { shortenStatement } from '../analysis/statements/statement-text';
import type { ExplainCommands } from './explain-commands';
import type { FailureReporter } from './failure-reporter';
import { askFilter } from './filter-box';
import type { SlowQueriesStore } from './slow-queries-store';
import { sayGone, type SlowQueriesTree } from './slow-queries-tree';
import { findText, type SlowQueriesNode, type SlowQueriesView } from './slow-queries-view';
import { sayRowGone } from './tree-items';

export interface SlowQueriesCommandsParts {
  store: SlowQueriesStore;
  view: SlowQueriesView;
  tree: Pick<SlowQueriesTree, 'reveal'>;
  explain: Pick<ExplainCommands, 'explainText'>;
  reporter: FailureReporter;
}

/** For the tab of its plan. */
const titleLength = 40;

export class SlowQueriesCommands {
  readonly #parts: SlowQueriesCommandsParts;

  constructor(parts: SlowQueriesCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { store, view, tree, reporter } = this.#parts;
    const command = (name: string, run: (argument: unknown) => Promise<void> | void) =>
      vscode.commands.registerCommand(`pgInsight.slowQueries.${name}`, (argument?: unknown) =>
        reporter.guard(async () => run(argument)),
      );
    const onText = (name: string, run: (text: string) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.slowQuery.${name}`, (argument?: unknown) =>
        reporter.guard(async () => {
          const text = this.#findText(argument);
          if (text !== null) await run(text);
        }),
      );
    return [
      command('refresh', () => store.refresh()),
      command('sort', () => this.#sort()),
      command('filter', () =>
        askFilter(store, {
          title: 'Filter Slow Queries',
          prompt: 'Words of the text or the role; one with - before it leaves statements out. Empty shows all.',
          placeholder: 'orders -pg_catalog',
        }),
      ),
      command('clearFilter', () => {
        store.setFilter('');
      }),
      command('mark', () => store.markNow()),
      command('clearMark', () => {
        store.clearMark();
      }),
      command('showMore', () => {
        view.showMore();
      }),
      command('reveal', async (queryId) => {
        if (typeof queryId === 'string') await tree.reveal(queryId);
      }),
      command('copyRemedy', async (node) => {
        if (isSlowQueriesNode(node) && node.kind === 'remedy') await copy(node.sql, 'SQL');
      }),
      onText('open', openText),
      onText('copy', (text) => copy(text, 'Statement')),
      onText('explain', (text) => this.#explain(text, 'generic', false)),
      onText('explainSampled', (text) => this.#explain(text, 'sampled', false)),
      onText('explainAnalyze', (text) => this.#explain(text, 'typed', true)),
    ];
  }

  /** Of a row of this view, or of a finding about a statement. */
  #findText(node: unknown): string | null {
    if (node === undefined) {
      sayRowGone();
      return null;
    }
    if (isSlowQueriesNode(node)) return findText(node);
    const queryId = findQueryId(node);
    if (queryId === null) return null;
    const text = this.#parts.store.findText(queryId);
    if (text === null) sayGone();
    return text;
  }

  async #explain(text: string, values: 'generic' | 'sampled' | 'typed', analyze: boolean): Promise<void> {
    const { store, explain } = this.#parts;
    const { session } = store;
    if (session === null) return;
    await explain.explainText({
      session,
      title: shortenStatement(text, titleLength),
      sql: text,
      values,
      analyze,
      open: () => openText(text),
    });
  }

  async #sort(): Promise<void> {
    const { store } = this.#parts;
    const chosen = await vscode.window.showQuickPick(
      statementOrders.map((order) => ({
        label: toTitle(statementOrderTitles[order]),
        ...(order === store.order ? { description: 'as it is now' } : {}),
        order,
      })),
      { title: 'Sort Slow Queries', placeHolder: 'What comes first?' },
    );
    if (chosen !== undefined) store.setOrder(chosen.order);
  }
}

const toTitle = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

async function openText(content: string): Promise<void> {
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content }));
}

async function copy(text: string, what: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${what} copied`, 2_000);
}

function isSlowQueriesNode(node: unknown): node is SlowQueriesNode {
  return typeof node === 'object' && node !== null && 'kind' in node && !('finding' in node);
}

/** Of a row of the Findings view; null where it is about something else. */
function findQueryId(node: unknown): string | null {
  if (typeof node !== 'object' || node === null || !('finding' in node)) return null;
  const { subject } = node.finding as Finding;
  return subject.kind === 'statement' ? subject.queryId : null;
}
