// The Slow Queries view: the statements of pg_stat_statements with all their figures below each; without the extension,
// what to do and what runs now. It asks the store and never the server.
import * as vscode from 'vscode';
import { formatCount, formatQuantity } from '../analysis/format/numbers';
import type { SnapshotActivity } from '../analysis/snapshot';
import { findExplainObstacle } from '../analysis/statements/statement-text';
import type { StatementEntry } from '../analysis/statements/statement-list';
import { formatFailure } from './failure-reporter';
import {
  describeRunning,
  describeStatement,
  sayStatement,
  toRunningIcon,
  toRunningTooltip,
  toStatementIcon,
  toStatementLabel,
  toStatementRows,
  toStatementTooltip,
  toTextContext,
} from './slow-queries-items';
import type { SlowQueriesState, SlowQueriesStore, StatementList } from './slow-queries-store';
import { toStatementIndexItem, toStatementIndexRows, type StatementIndexRow } from './statement-index-item';
import type { StatementIndexes } from './statement-indexes';
import { toMessageItem, toTreeItem } from './tree-items';

export type SlowQueriesNode =
  | { kind: 'statement'; entry: StatementEntry; list: StatementList }
  | { kind: 'figure'; parent: SlowQueriesNode; id: string; label: string; value: string }
  | StatementIndexRow
  | { kind: 'more'; count: number }
  | { kind: 'clearFilter' }
  | { kind: 'remedy'; sql: string }
  | { kind: 'runningGroup'; running: readonly SnapshotActivity[] }
  | { kind: 'running'; parent: SlowQueriesNode; activity: SnapshotActivity }
  | { kind: 'message'; id: string; text: string; icon: string };

/** The first hundred nearly always hold all of the load; the rest is there for the asking. */
const shownAtOnce = 100;

export class SlowQueriesView implements vscode.TreeDataProvider<SlowQueriesNode>, vscode.Disposable {
  readonly #store: SlowQueriesStore;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #indexes: StatementIndexes;
  readonly #subscriptions: vscode.Disposable[];
  #shown = shownAtOnce;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: SlowQueriesStore, indexes: StatementIndexes) {
    this.#store = store;
    this.#indexes = indexes;
    const show = () => {
      this.#changed.fire(undefined);
    };
    this.#subscriptions = [store.onDidChange(show), indexes.onDidChange(show)];
  }

  async getChildren(parent?: SlowQueriesNode): Promise<SlowQueriesNode[]> {
    if (parent === undefined) return this.#toRoots(await this.#store.read());
    switch (parent.kind) {
      case 'statement':
        return [
          ...this.#toIndexRows(parent.entry),
          ...toStatementRows(parent.entry, parent.list).map((row): SlowQueriesNode => ({
            kind: 'figure',
            parent,
            id: `${parent.entry.id}/${row.label}`,
            ...row,
          })),
        ];
      case 'runningGroup':
        return parent.running.length === 0
          ? [{ kind: 'message', id: 'idle', text: 'No other session runs a statement now', icon: 'info' }]
          : parent.running.map((activity) => ({ kind: 'running', parent, activity }));
      default:
        return [];
    }
  }

  /** As far as it is known. */
  #isMissing({ statement: { queryId } }: StatementEntry): boolean {
    return queryId !== null && this.#indexes.find(queryId)?.status === 'missing';
  }

  /** Statements that EXPLAIN does not take have a row that says so. */
  #toIndexRows({ id, statement: { queryId, text } }: StatementEntry): SlowQueriesNode[] {
    return findExplainObstacle(text) === null ? toStatementIndexRows(this.#indexes, id, queryId) : [];
  }

  getParent(node: SlowQueriesNode): SlowQueriesNode | undefined {
    return node.kind === 'figure' || node.kind === 'running' ? node.parent : undefined;
  }

  #toRoots(state: SlowQueriesState): SlowQueriesNode[] {
    switch (state.state) {
      case 'not-connected':
      case 'loading':
        return [];
      case 'failed':
        return [{ kind: 'message', id: 'failure', text: formatFailure(state.failure), icon: 'error' }];
      case 'unavailable':
        // what is missing stands above the rows, where it is not cut off
        return [
          ...(state.gap.fix === undefined ? [] : [{ kind: 'remedy' as const, sql: state.gap.fix.sql }]),
          'kind' in state.running
            ? { kind: 'message', id: 'activity', text: state.running.message, icon: 'warning' }
            : { kind: 'runningGroup', running: state.running },
        ];
      case 'available':
        return this.#toStatements(state.list);
    }
  }

  #toStatements(list: StatementList): SlowQueriesNode[] {
    const { filter } = this.#store;
    const nodes: SlowQueriesNode[] = filter === '' ? [] : [{ kind: 'clearFilter' }];
    if (list.entries.length === 0) {
      const text =
        filter !== ''
          ? `No statement matches "${filter}"`
          : `No statement has run since ${list.mark === null ? 'the last reset' : 'the mark'}`;
      return [...nodes, { kind: 'message', id: 'empty', text, icon: 'info' }];
    }
    for (const entry of list.entries.slice(0, this.#shown)) nodes.push({ kind: 'statement', entry, list });
    const more = list.entries.length - this.#shown;
    return more > 0 ? [...nodes, { kind: 'more', count: more }] : nodes;
  }

  showMore(): void {
    this.#shown += shownAtOnce;
    this.#changed.fire(undefined);
  }

  /** The row of a statement, brought into the list when it is not there; null when there is no such statement. */
  async findStatement(queryId: string): Promise<SlowQueriesNode | null> {
    const find = async () => {
      const state = await this.#store.read();
      if (state.state !== 'available') return null;
      const { list } = state;
      const index = list.entries.findIndex(({ statement }) => statement.queryId === queryId);
      const entry = list.entries[index];
      return entry === undefined ? null : { list, entry, index };
    };
    let found = await find();
    if (found === null && this.#store.filter !== '') {
      this.#store.setFilter('');
      found = await find();
    }
    if (found === null && this.#store.mark !== null) {
      this.#store.clearMark();
      found = await find();
    }
    if (found === null) return null;
    if (found.index >= this.#shown) {
      this.#shown = Math.ceil((found.index + 1) / shownAtOnce) * shownAtOnce;
      this.#changed.fire(undefined);
    }
    return { kind: 'statement', entry: found.entry, list: found.list };
  }

  getTreeItem(node: SlowQueriesNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'statement': {
        const { entry, list } = node;
        const { text } = entry.statement;
        const description = describeStatement(entry, this.#store.order, list.blockSizeBytes);
        const item = toTreeItem(`statement/${entry.id}`, toStatementLabel(text), Collapsed, {
          description,
          icon: this.#isMissing(entry) ? new vscode.ThemeIcon('lightbulb') : toStatementIcon(entry),
          contextValue: toTextContext('statement', text),
        });
        item.accessibilityInformation = { label: sayStatement(entry, this.#store.order, list.blockSizeBytes) };
        return item;
      }
      case 'figure':
        return toTreeItem(`figure/${node.id}`, node.label, None, {
          description: node.value,
          icon: new vscode.ThemeIcon('blank'),
          contextValue: 'figure',
        });
      case 'missingIndex':
        return toStatementIndexItem(node);
      case 'more': {
        const item = toTreeItem('more', `${formatCount(node.count)} more`, None, {
          description: `show the next ${Math.min(shownAtOnce, node.count)}`,
          icon: new vscode.ThemeIcon('ellipsis'),
          contextValue: 'more',
        });
        item.command = { command: 'pgInsight.slowQueries.showMore', title: 'Show More Statements' };
        return item;
      }
      case 'clearFilter': {
        const item = toTreeItem('clearFilter', 'Clear Filter', None, {
          description: 'show all statements',
          icon: new vscode.ThemeIcon('clear-all'),
          contextValue: 'clearFilter',
        });
        item.command = { command: 'pgInsight.slowQueries.clearFilter', title: 'Clear Filter of Slow Queries' };
        return item;
      }
      case 'remedy': {
        const item = toTreeItem('remedy', 'Copy SQL', None, {
          description: node.sql,
          icon: new vscode.ThemeIcon('copy'),
          contextValue: 'remedy',
        });
        item.command = { command: 'pgInsight.slowQueries.copyRemedy', title: 'Copy SQL', arguments: [node] };
        return item;
      }
      case 'runningGroup':
        return toTreeItem('running', 'Running Now', Expanded, {
          description: formatQuantity(node.running.length, 'session'),
          icon: new vscode.ThemeIcon('pulse'),
          contextValue: 'runningGroup',
        });
      case 'running': {
        const { activity } = node;
        const text = activity.text === '' ? null : activity.text;
        return toTreeItem(`running/${activity.pid}`, toStatementLabel(text), None, {
          description: describeRunning(activity, this.#store.session?.database ?? ''),
          icon: toRunningIcon(activity),
          contextValue: toTextContext('running', text),
        });
      }
      case 'message':
        return toMessageItem(node.id, node.text, new vscode.ThemeIcon(node.icon));
    }
  }

  /** Tooltips are made when they are shown. */
  resolveTreeItem(item: vscode.TreeItem, node: SlowQueriesNode): vscode.TreeItem {
    if (node.kind === 'statement') {
      item.tooltip = toStatementTooltip(node.entry, node.list, this.#store.session?.facts.role ?? '');
    }
    if (node.kind === 'running') item.tooltip = toRunningTooltip(node.activity);
    if (node.kind === 'figure') item.tooltip = `${node.label}: ${node.value}`;
    if (node.kind === 'remedy') item.tooltip = node.sql;
    return item;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }
}

/** The text of a row, where it has one that may be seen. */
export function findText(node: SlowQueriesNode): string | null {
  switch (node.kind) {
    case 'statement':
      return node.entry.statement.text;
    case 'running':
      return node.activity.text;
    default:
      return null;
  }
}
