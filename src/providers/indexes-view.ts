// The Indexes view: by finding or by table, then the indexes (those of partitions below the one they are attached to). It
// asks the health store and never the server, but for the columns of a table whose index is pointed at.
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { formatBytes, formatCount, formatQuantity } from '../analysis/format/numbers';
import { groupByFinding, groupByTable, type FindingGroup, type TableGroup } from '../analysis/indexes/index-groups';
import { buildIndexTree, filterIndexTree, type IndexNode } from '../analysis/indexes/index-tree';
import { describeNotChecked } from '../analysis/indexes/indexes-text';
import type { AnalysisReport } from '../analysis/report';
import { describePromise, hasNeverPaid, type KeptPromise } from '../analysis/indexes/index-promise';
import { isNeeded } from '../analysis/indexes/index-shape';
import type { TableDetails } from '../analysis/tables/table';
import { formatFailure } from './failure-reporter';
import type { AnalyzedSnapshot, HealthStore } from './health-store';
import type { IndexChanges } from './index-changes';
import { describeIndexNode, toIndexNodeIcon, toIndexNodeTooltip, type IndexGrouping } from './indexes-items';
import { toGapIcon } from './findings-items';
import { toMessageItem, toTreeItem } from './tree-items';

export type IndexesNode =
  | { kind: 'findingGroup'; group: FindingGroup }
  | { kind: 'tableGroup'; group: TableGroup; showsSchema: boolean }
  | { kind: 'index'; node: IndexNode; parent: IndexesNode; path: string }
  | { kind: 'more'; path: string; count: number }
  | { kind: 'message'; id: string; text: string; icon: vscode.ThemeIcon }
  | { kind: 'clearFilter' };

/** VS Code lays out a list of this length at once; who looks for one of more has to filter anyway. */
const shownRows = 500;

const groupingKey = 'pgInsight.indexesGrouping';
const filterKey = 'pgInsight.indexesFilter';

type ShownHealth = Pick<HealthStore, 'state' | 'read' | 'onDidChange'>;

export class IndexesView implements vscode.TreeDataProvider<IndexesNode>, vscode.Disposable {
  readonly #health: ShownHealth;
  readonly #changes: Pick<IndexChanges, 'findPromise'>;
  readonly #readDetails: (tableOid: number) => Promise<TableDetails>;
  readonly #workspaceState: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscription: vscode.Disposable;
  #grouping: IndexGrouping;
  /** Of the report at hand: sorting 30,000 names takes longer than a user types. */
  #tree: { report: AnalysisReport; nodes: IndexNode[] } | null = null;
  #filter: string;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    health: ShownHealth,
    changes: Pick<IndexChanges, 'findPromise'>,
    readDetails: (tableOid: number) => Promise<TableDetails>,
    workspaceState: vscode.Memento,
  ) {
    this.#health = health;
    this.#changes = changes;
    this.#readDetails = readDetails;
    this.#workspaceState = workspaceState;
    this.#grouping = workspaceState.get<IndexGrouping>(groupingKey, 'finding');
    this.#filter = workspaceState.get(filterKey, '');
    this.#subscription = health.onDidChange(() => {
      this.#changed.fire(undefined);
    });
  }

  get grouping(): IndexGrouping {
    return this.#grouping;
  }

  setGrouping(grouping: IndexGrouping): void {
    this.#grouping = grouping;
    void this.#workspaceState.update(groupingKey, grouping);
    this.#changed.fire(undefined);
  }

  get filter(): string {
    return this.#filter;
  }

  setFilter(filter: string): void {
    this.#filter = filter.trim();
    void this.#workspaceState.update(filterKey, this.#filter === '' ? undefined : this.#filter);
    this.#changed.fire(undefined);
  }

  async getChildren(parent?: IndexesNode): Promise<IndexesNode[]> {
    if (parent === undefined) {
      await this.#health.read();
      return this.#toRoots();
    }
    switch (parent.kind) {
      case 'findingGroup':
      case 'tableGroup':
        return this.#toIndexNodes(parent.group.nodes, parent);
      case 'index':
        return this.#toIndexNodes(parent.node.parts, parent);
      case 'more':
      case 'message':
      case 'clearFilter':
        return [];
    }
  }

  getParent(node: IndexesNode): IndexesNode | undefined {
    return node.kind === 'index' ? node.parent : undefined;
  }

  /** The row of an index, wherever the grouping has it; narrows or clears the filter when that hides it. */
  async findNode(schema: string, name: string): Promise<IndexesNode | null> {
    await this.#health.read();
    const shown = this.#findShown(schema, name);
    if (shown !== null) return shown;
    this.setFilter(`${schema}.${name}`);
    return this.#findShown(schema, name);
  }

  #findShown(schema: string, name: string): IndexesNode | null {
    const find = (nodes: IndexesNode[]): IndexesNode | null => {
      for (const node of nodes) {
        if (node.kind !== 'index') continue;
        const { index, parts } = node.node;
        if (index.schema === schema && index.name === name) return node;
        const inside = find(this.#toIndexNodes(parts, node));
        if (inside !== null) return inside;
      }
      return null;
    };
    for (const group of this.#toRoots()) {
      if (group.kind !== 'findingGroup' && group.kind !== 'tableGroup') continue;
      const found = find(this.#toIndexNodes(group.group.nodes, group));
      if (found !== null) return found;
    }
    return null;
  }

  #toRoots(): IndexesNode[] {
    const { state } = this.#health;
    switch (state.state) {
      case 'not-connected':
      case 'loading':
        return [];
      case 'failed':
        return [toMessage('failure', formatFailure(state.failure), 'error')];
      case 'available':
    }
    const section = state.snapshot.sections.indexes;
    if (section.status === 'unavailable') {
      const { kind, message, nextStep } = section.reason;
      return [{ kind: 'message', id: 'gap', text: `${message} ${nextStep}`, icon: toGapIcon(kind) }];
    }
    if (this.#tree?.report !== state.report) {
      this.#tree = { report: state.report, nodes: buildIndexTree(section.rows, state.report.findings) };
    }
    const all = this.#tree.nodes;
    const nodes = filterIndexTree(all, this.#filter);
    const filterNodes: IndexesNode[] = this.#filter === '' ? [] : [{ kind: 'clearFilter' }];
    if (nodes.length === 0) {
      const text =
        all.length === 0
          ? `No indexes in ${state.report.server.database} that this role can see`
          : `No index matches "${this.#filter}"`;
      return [...filterNodes, toMessage('empty', text, 'info')];
    }
    return [...filterNodes, ...this.#toGroupNodes(nodes, state.report.rules)];
  }

  #toGroupNodes(nodes: IndexNode[], outcomes: Parameters<typeof groupByFinding>[1]): IndexesNode[] {
    switch (this.#grouping) {
      case 'finding':
        return groupByFinding(nodes, outcomes).map((group) => ({ kind: 'findingGroup', group }));
      case 'table': {
        const groups = groupByTable(nodes);
        const showsSchema = new Set(groups.map(({ schema }) => schema)).size > 1;
        return capped(groups, 'tables', (group) => ({ kind: 'tableGroup', group, showsSchema }));
      }
    }
  }

  #toIndexNodes(nodes: readonly IndexNode[], parent: IndexesNode): IndexesNode[] {
    const path = toId(parent);
    return capped(nodes, path, (node) => ({ kind: 'index', node, parent, path: `${path}/${node.index.oid}` }));
  }

  getTreeItem(node: IndexesNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    // the filter is part of the identity, so that filtering opens what it found
    const id = `${toId(node)}/${this.#filter}`;
    switch (node.kind) {
      case 'findingGroup': {
        const { ruleId, title, nodes, sizeBytes, notChecked } = node.group;
        if (notChecked !== null) {
          return toTreeItem(id, title, nodes.length === 0 ? None : Collapsed, {
            description: `not checked: ${describeNotChecked(notChecked) ?? ''}`,
            icon: notChecked.status === 'disabled' ? toGapIcon('switched-off') : toGapIcon(notChecked.reason.kind),
            contextValue: 'group',
          });
        }
        const isOpen = this.#filter !== '' || (ruleId !== null && nodes.length <= openedRows);
        return toTreeItem(id, title, isOpen ? Expanded : Collapsed, {
          description: `${formatQuantity(nodes.length, 'index', 'indexes')} · ~${formatBytes(sizeBytes)}`,
          icon: new vscode.ThemeIcon(ruleId === null ? 'pass' : 'warning'),
          contextValue: 'group',
        });
      }
      case 'tableGroup': {
        const { schema, table, nodes, sizeBytes, findingCount } = node.group;
        const parts = [
          findingCount === 0 ? '' : formatQuantity(findingCount, 'finding'),
          formatQuantity(nodes.length, 'index', 'indexes'),
          `~${formatBytes(sizeBytes)}`,
          node.showsSchema ? schema : '',
        ];
        return toTreeItem(id, table, this.#filter === '' ? Collapsed : Expanded, {
          description: parts.filter((part) => part !== '').join(' · '),
          icon: new vscode.ThemeIcon('table'),
          contextValue: 'tableGroup',
        });
      }
      case 'index': {
        const { index, parts } = node.node;
        const neverPaid = this.#hasNeverPaid(node.node);
        return toTreeItem(id, index.name, parts.length === 0 ? None : Collapsed, {
          description: describeIndexNode(node.node, this.#grouping, neverPaid),
          icon: toIndexNodeIcon(node.node, neverPaid),
          contextValue: isNeeded(index) ? 'index' : neverPaid ? 'index.droppable.neverPaid' : 'index.droppable',
        });
      }
      case 'more': {
        const item = toTreeItem(id, `${formatCount(node.count)} more`, None, {
          description: 'filter to see them',
          icon: new vscode.ThemeIcon('ellipsis'),
          contextValue: 'more',
        });
        item.command = { command: 'pgInsight.indexes.filter', title: 'Filter Indexes' };
        return item;
      }
      case 'clearFilter': {
        const item = toTreeItem('clearFilter', 'Clear Filter', None, {
          description: 'show all indexes',
          icon: new vscode.ThemeIcon('clear-all'),
          contextValue: 'clearFilter',
        });
        item.command = { command: 'pgInsight.indexes.clearFilter', title: 'Clear Filter of Indexes' };
        return item;
      }
      case 'message':
        return toMessageItem(node.id, node.text, node.icon);
    }
  }

  /** Made when it is shown: the columns' statistics are read then. */
  async resolveTreeItem(item: vscode.TreeItem, node: IndexesNode): Promise<vscode.TreeItem> {
    const { state } = this.#health;
    if (node.kind === 'findingGroup' && node.group.notChecked !== null) {
      item.tooltip = describeNotChecked(node.group.notChecked) ?? '';
    } else if (node.kind === 'index' && state.state === 'available') {
      const details = await this.#readDetails(node.node.index.tableOid).catch((error: unknown) =>
        isDatabaseFailure(error) ? formatFailure(error) : 'Reading the statistics of its columns failed. See the log.',
      );
      const kept = this.#findPromise(node.node, state);
      const promise = kept === null ? null : describePromise(kept, node.node, state.snapshot);
      item.tooltip = toIndexNodeTooltip(node.node, state.report.server.versionNumber, details, promise);
    }
    return item;
  }

  #findPromise({ index }: IndexNode, { snapshot }: AnalyzedSnapshot): KeptPromise | null {
    return this.#changes.findPromise(snapshot.server, index);
  }

  #hasNeverPaid(node: IndexNode): boolean {
    const { state } = this.#health;
    if (state.state !== 'available') return false;
    const kept = this.#findPromise(node, state);
    return kept !== null && hasNeverPaid(kept, node, state.snapshot);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** A group that is short enough to be read stands open. */
const openedRows = 20;

function toId(node: IndexesNode): string {
  switch (node.kind) {
    case 'findingGroup':
      return `finding/${node.group.ruleId ?? ''}`;
    case 'tableGroup':
      return `table/${node.group.schema}/${node.group.table}`;
    case 'index':
      return node.path;
    case 'more':
      return `${node.path}/more`;
    case 'message':
      return `message/${node.id}`;
    case 'clearFilter':
      return node.kind;
  }
}

function capped<Row>(rows: readonly Row[], path: string, toNode: (row: Row) => IndexesNode): IndexesNode[] {
  const nodes = rows.slice(0, shownRows).map(toNode);
  return rows.length > shownRows ? [...nodes, { kind: 'more', path, count: rows.length - shownRows }] : nodes;
}

function toMessage(id: string, text: string, icon: string): IndexesNode {
  return { kind: 'message', id, text, icon: new vscode.ThemeIcon(icon) };
}
