// The Tables view: schema, table (partitions below their parent), then columns, indexes and foreign keys. It asks the
// store and never the server; opening a node reads that one table's details.
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { formatBytes, formatQuantity } from '../analysis/format/numbers';
import type { ExtendedStatistics, ForeignKey, TableColumn, TableIndex, TableSummary } from '../analysis/tables/table';
import type { SchemaNode, TableNode } from '../analysis/tables/table-tree';
import { formatFailure, type FailureReporter } from './failure-reporter';
import {
  describeColumn,
  describeForeignKey,
  describeIndex,
  describeTable,
  isMeasurable,
  toColumnIcon,
  toColumnTooltip,
  toForeignKeyIcon,
  toForeignKeyTooltip,
  toIndexIcon,
  toIndexTooltip,
  toStatisticsTooltip,
  toTableIcon,
  toTableTooltip,
} from './table-items';
import type { TablesStore } from './tables-store';
import { toMessageItem, toTreeItem } from './tree-items';

export type TablesNode =
  | { kind: 'schema'; node: SchemaNode }
  | { kind: 'table'; node: TableNode; parent: TablesNode }
  | {
      kind: 'group';
      table: TableSummary;
      parent: TablesNode;
      label: string;
      children: readonly TablesNode[];
      isOpen: boolean;
      icon: string;
    }
  | { kind: 'column'; table: TableSummary; column: TableColumn }
  | { kind: 'index'; table: TableSummary; index: TableIndex }
  | { kind: 'foreignKey'; table: TableSummary; foreignKey: ForeignKey }
  | { kind: 'statistics'; table: TableSummary; statistics: ExtendedStatistics }
  | { kind: 'message'; id: string; text: string; icon: string }
  | { kind: 'clearFilter' };

/** With one schema and not more tables than fit a few screens, the user would open it anyway. */
const openedSchemaTables = 500;

export class TablesView implements vscode.TreeDataProvider<TablesNode>, vscode.Disposable {
  readonly #store: TablesStore;
  readonly #reporter: FailureReporter;
  readonly #changed = new vscode.EventEmitter<TablesNode | undefined>();
  readonly #subscription: vscode.Disposable;
  /** Nodes on screen by OID: VS Code wants the same object again when one of them changed. */
  readonly #tableNodes = new Map<number, TablesNode>();
  #schemas = 0;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: TablesStore, reporter: FailureReporter) {
    this.#store = store;
    this.#reporter = reporter;
    this.#subscription = store.onDidChange((oid) => {
      this.#changed.fire(oid === undefined ? undefined : this.#tableNodes.get(oid));
    });
  }

  /** Says what the view shows: a filter, a failure, an empty database. */
  async getChildren(parent?: TablesNode): Promise<TablesNode[]> {
    if (parent === undefined) return this.#readRoots();
    switch (parent.kind) {
      case 'schema':
        return parent.node.tables.map((node) => this.#toTableNode(node, parent));
      case 'table':
        return this.#readTable(parent.node, parent);
      case 'group':
        return [...parent.children];
      default:
        return [];
    }
  }

  async #readRoots(): Promise<TablesNode[]> {
    this.#tableNodes.clear();
    const schemas = await this.#store.readTree();
    this.#schemas = schemas.length;
    const { state } = this.#store;
    if (state.state === 'failed') {
      return [{ kind: 'message', id: 'failure', text: formatFailure(state.failure), icon: 'error' }];
    }
    if (state.state === 'available' && schemas.length === 0) {
      const text =
        this.#store.filter === ''
          ? `No tables in ${this.#store.session?.database ?? 'this database'} that this role can see`
          : `No table matches "${this.#store.filter}"`;
      return [...this.#toFilterNodes(), { kind: 'message', id: 'empty', text, icon: 'info' }];
    }
    return [...this.#toFilterNodes(), ...schemas.map((node): TablesNode => ({ kind: 'schema', node }))];
  }

  /** The view's message says what the filter is but can hold no link; the button in the title shows only on hover. */
  #toFilterNodes(): TablesNode[] {
    return this.#store.filter === '' || this.#store.session === null ? [] : [{ kind: 'clearFilter' }];
  }

  #toTableNode(node: TableNode, parent: TablesNode): TablesNode {
    const tableNode: TablesNode = { kind: 'table', node, parent };
    this.#tableNodes.set(node.table.oid, tableNode);
    return tableNode;
  }

  #toPartitionsNodes(table: TableSummary, partitions: readonly TableNode[], parent: TablesNode): TablesNode[] {
    if (partitions.length === 0) return [];
    const children: TablesNode[] = [];
    const group = toPartitionsGroup(parent, table, children);
    children.push(...partitions.map((node) => this.#toTableNode(node, group)));
    return [group];
  }

  async #readTable({ table, partitions }: TableNode, parent: TablesNode): Promise<TablesNode[]> {
    const group = (label: string, icon: string, children: readonly TablesNode[], isOpen = false): TablesNode[] =>
      children.length === 0 ? [] : [{ kind: 'group', table, parent, label, children, isOpen, icon }];
    try {
      const details = await this.#store.readDetails(table.oid);
      return [
        ...group(
          'Columns',
          'symbol-structure',
          details.columns.map((column) => ({ kind: 'column', table, column })),
          true,
        ),
        ...group(
          'Indexes',
          'list-ordered',
          details.indexes.map((index) => ({ kind: 'index', table, index })),
        ),
        ...group(
          'Foreign Keys',
          'references',
          details.foreignKeys.map((foreignKey) => ({ kind: 'foreignKey', table, foreignKey })),
        ),
        ...group(
          'Statistics',
          'graph',
          details.extendedStatistics.map((statistics) => ({ kind: 'statistics', table, statistics })),
        ),
        ...this.#toPartitionsNodes(table, partitions, parent),
        ...(details.statisticsUnavailable === null
          ? []
          : [
              {
                kind: 'message' as const,
                id: `${table.oid}/statistics`,
                text: details.statisticsUnavailable,
                icon: 'info',
              },
            ]),
      ];
    } catch (error) {
      this.#reporter.logFailure(error);
      const text = isDatabaseFailure(error) ? formatFailure(error) : 'Reading the table failed. See the log.';
      return [{ kind: 'message', id: `${table.oid}/failure`, text, icon: 'error' }];
    }
  }

  getParent(node: TablesNode): TablesNode | undefined {
    return node.kind === 'table' || node.kind === 'group' ? node.parent : undefined;
  }

  /** The row of a table; clears the filter when that hides it. */
  async findNode(schema: string, name: string): Promise<TablesNode | null> {
    const search = (nodes: readonly TableNode[], parent: TablesNode): TablesNode | null => {
      for (const node of nodes) {
        const tableNode: TablesNode = { kind: 'table', node, parent };
        if (node.table.schema === schema && node.table.name === name) return tableNode;
        const partition = search(node.partitions, toPartitionsGroup(tableNode, node.table, []));
        if (partition !== null) return partition;
      }
      return null;
    };
    const find = (schemas: readonly SchemaNode[]): TablesNode | null => {
      for (const node of schemas) {
        const found = search(node.tables, { kind: 'schema', node });
        if (found !== null) return found;
      }
      return null;
    };
    const shown = find(await this.#store.readTree());
    if (shown !== null || this.#store.filter === '') return shown;
    this.#store.setFilter('');
    return find(await this.#store.readTree());
  }

  getTreeItem(node: TablesNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'schema': {
        const { schema, tables, estimatedSizeBytes } = node.node;
        const isOpen = this.#store.filter !== '' || (this.#schemas === 1 && tables.length <= openedSchemaTables);
        // the filter is part of the identity, so that filtering opens what it found
        return toTreeItem(`schema/${schema}/${this.#store.filter}`, schema, isOpen ? Expanded : Collapsed, {
          description: `${formatQuantity(tables.length, 'table')} · ~${formatBytes(estimatedSizeBytes)}`,
          icon: new vscode.ThemeIcon('symbol-module'),
          contextValue: 'schema',
        });
      }
      case 'table': {
        const { table } = node.node;
        const exact = this.#store.exactSizesOf(table.oid);
        return toTreeItem(`table/${table.oid}`, table.name, Collapsed, {
          description: describeTable(table, exact),
          icon: toTableIcon(table),
          contextValue: isMeasurable(table) ? 'table.measurable' : 'table',
        });
      }
      case 'group':
        return toTreeItem(`group/${node.table.oid}/${node.label}`, node.label, node.isOpen ? Expanded : Collapsed, {
          description: String(node.children.length),
          icon: new vscode.ThemeIcon(node.icon),
          contextValue: 'group',
        });
      case 'column':
        return toTreeItem(`column/${node.table.oid}/${node.column.name}`, node.column.name, None, {
          description: describeColumn(node.column, node.table.schema),
          icon: toColumnIcon(node.column),
          contextValue: 'column',
        });
      case 'index':
        return toTreeItem(`index/${node.table.oid}/${node.index.name}`, node.index.name, None, {
          description: describeIndex(node.index),
          icon: toIndexIcon(node.index),
          contextValue: 'index',
        });
      case 'foreignKey':
        return toTreeItem(`foreignKey/${node.table.oid}/${node.foreignKey.name}`, node.foreignKey.name, None, {
          description: describeForeignKey(node.foreignKey),
          icon: toForeignKeyIcon(node.foreignKey),
          contextValue: 'foreignKey',
        });
      case 'statistics':
        return toTreeItem(`statistics/${node.table.oid}/${node.statistics.name}`, node.statistics.name, None, {
          description: node.statistics.definition.replace(/^.*? ON /s, ''),
          icon: new vscode.ThemeIcon('graph'),
          contextValue: 'statistics',
        });
      case 'clearFilter': {
        const item = toTreeItem('clearFilter', 'Clear Filter', None, {
          description: 'show all tables',
          icon: new vscode.ThemeIcon('clear-all'),
          contextValue: 'clearFilter',
        });
        item.command = { command: 'pgInsight.tables.clearFilter', title: 'Clear Filter of Tables' };
        return item;
      }
      case 'message':
        return toMessageItem(node.id, node.text, new vscode.ThemeIcon(node.icon));
    }
  }

  /** Tooltips are made when they are shown: 10,000 of them would be slow to send. */
  resolveTreeItem(item: vscode.TreeItem, node: TablesNode): vscode.TreeItem {
    const tooltip = this.#toTooltip(node);
    if (tooltip !== null) item.tooltip = tooltip;
    return item;
  }

  #toTooltip(node: TablesNode): vscode.MarkdownString | null {
    switch (node.kind) {
      case 'table':
        return toTableTooltip(node.node.table, this.#store.exactSizesOf(node.node.table.oid));
      case 'column':
        return toColumnTooltip(node.column);
      case 'index':
        return toIndexTooltip(node.index);
      case 'foreignKey':
        return toForeignKeyTooltip(node.foreignKey);
      case 'statistics':
        return toStatisticsTooltip(node.statistics);
      case 'schema':
      case 'group':
      case 'clearFilter':
      case 'message':
        return null;
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function toPartitionsGroup(parent: TablesNode, table: TableSummary, children: readonly TablesNode[]): TablesNode {
  return { kind: 'group', table, parent, label: 'Partitions', children, isOpen: false, icon: 'layers' };
}
