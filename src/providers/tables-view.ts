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

export type TablesNode =
  | { kind: 'schema'; node: SchemaNode }
  | { kind: 'table'; node: TableNode }
  | {
      kind: 'group';
      table: TableSummary;
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
        return parent.node.tables.map((node) => this.#toTableNode(node));
      case 'table':
        return this.#readTable(parent.node);
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

  #toTableNode(node: TableNode): TablesNode {
    const tableNode: TablesNode = { kind: 'table', node };
    this.#tableNodes.set(node.table.oid, tableNode);
    return tableNode;
  }

  async #readTable({ table, partitions }: TableNode): Promise<TablesNode[]> {
    const group = (label: string, icon: string, children: readonly TablesNode[], isOpen = false): TablesNode[] =>
      children.length === 0 ? [] : [{ kind: 'group', table, label, children, isOpen, icon }];
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
        ...group(
          'Partitions',
          'layers',
          partitions.map((node) => this.#toTableNode(node)),
        ),
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

  getTreeItem(node: TablesNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'schema': {
        const { schema, tables, estimatedSizeBytes } = node.node;
        const isOpen = this.#store.filter !== '' || (this.#schemas === 1 && tables.length <= openedSchemaTables);
        // the filter is part of the identity, so that filtering opens what it found
        return makeItem(`schema/${schema}/${this.#store.filter}`, schema, isOpen ? Expanded : Collapsed, {
          description: `${formatQuantity(tables.length, 'table')} · ~${formatBytes(estimatedSizeBytes)}`,
          icon: new vscode.ThemeIcon('symbol-module'),
          contextValue: 'schema',
        });
      }
      case 'table': {
        const { table } = node.node;
        const exact = this.#store.exactSizesOf(table.oid);
        return makeItem(`table/${table.oid}`, table.name, Collapsed, {
          description: describeTable(table, exact),
          icon: toTableIcon(table),
          contextValue: isMeasurable(table) ? 'table.measurable' : 'table',
        });
      }
      case 'group':
        return makeItem(`group/${node.table.oid}/${node.label}`, node.label, node.isOpen ? Expanded : Collapsed, {
          description: String(node.children.length),
          icon: new vscode.ThemeIcon(node.icon),
          contextValue: 'group',
        });
      case 'column':
        return makeItem(`column/${node.table.oid}/${node.column.name}`, node.column.name, None, {
          description: describeColumn(node.column, node.table.schema),
          icon: toColumnIcon(node.column),
          contextValue: 'column',
        });
      case 'index':
        return makeItem(`index/${node.table.oid}/${node.index.name}`, node.index.name, None, {
          description: describeIndex(node.index),
          icon: toIndexIcon(node.index),
          contextValue: 'index',
        });
      case 'foreignKey':
        return makeItem(`foreignKey/${node.table.oid}/${node.foreignKey.name}`, node.foreignKey.name, None, {
          description: describeForeignKey(node.foreignKey),
          icon: toForeignKeyIcon(node.foreignKey),
          contextValue: 'foreignKey',
        });
      case 'statistics':
        return makeItem(`statistics/${node.table.oid}/${node.statistics.name}`, node.statistics.name, None, {
          description: node.statistics.definition.replace(/^.*? ON /s, ''),
          icon: new vscode.ThemeIcon('graph'),
          contextValue: 'statistics',
        });
      case 'clearFilter': {
        const item = makeItem('clearFilter', 'Clear Filter', None, {
          description: 'show all tables',
          icon: new vscode.ThemeIcon('clear-all'),
          contextValue: 'clearFilter',
        });
        item.command = { command: 'pgInsight.tables.clearFilter', title: 'Clear Filter of Tables' };
        return item;
      }
      case 'message': {
        const item = makeItem(`message/${node.id}`, node.text, None, {
          description: '',
          icon: new vscode.ThemeIcon(node.icon),
          contextValue: 'message',
        });
        item.tooltip = node.text;
        return item;
      }
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

function makeItem(
  id: string,
  label: string,
  collapsibleState: vscode.TreeItemCollapsibleState,
  look: { description: string; icon: vscode.ThemeIcon; contextValue: string },
): vscode.TreeItem {
  const item = new vscode.TreeItem(label, collapsibleState);
  item.id = id;
  item.description = look.description;
  item.iconPath = look.icon;
  item.contextValue = look.contextValue;
  return item;
}
