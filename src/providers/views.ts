// Creates the views and what they do when they are shown: read the profiles, connect to what was used last.
import * as vscode from 'vscode';
import type { ObjectRef } from '../analysis/finding';
import type { ConnectionCommands } from './connection-commands';
import type { ConnectionStore } from './connection-store';
import type { ConnectionNode, ConnectionsView } from './connections-view';
import { announceReady } from './context-keys';
import type { FailureReporter } from './failure-reporter';
import { FindingsStatus } from './findings-status';
import type { FindingsNode, FindingsView } from './findings-view';
import type { HealthStore } from './health-store';
import type { IndexesNode, IndexesView } from './indexes-view';
import type { SlowQueriesTree } from './slow-queries-tree';
import type { TablesNode, TablesView } from './tables-view';
import type { TablesStore } from './tables-store';

export interface ViewParts {
  connections: ConnectionsView;
  tables: TablesView;
  indexes: IndexesView;
  slowQueries: SlowQueriesTree;
  findings: FindingsView;
  connectionStore: ConnectionStore;
  tablesStore: TablesStore;
  healthStore: HealthStore;
  commands: ConnectionCommands;
  reporter: FailureReporter;
}

export interface Views {
  /** Shows the row of what a finding is about. */
  reveal(subject: ObjectRef): Promise<void>;
  revealTable(schema: string, name: string): Promise<void>;
  dispose(): void;
}

export function createViews(parts: ViewParts): Views {
  const connections = vscode.window.createTreeView<ConnectionNode>('pgInsight.connections', {
    treeDataProvider: parts.connections,
  });
  const tables = vscode.window.createTreeView<TablesNode>('pgInsight.tables', {
    treeDataProvider: parts.tables,
    showCollapseAll: true,
  });
  const indexes = vscode.window.createTreeView<IndexesNode>('pgInsight.indexes', {
    treeDataProvider: parts.indexes,
    showCollapseAll: true,
  });
  const findings = vscode.window.createTreeView<FindingsNode>('pgInsight.findings', {
    treeDataProvider: parts.findings,
    showCollapseAll: true,
  });
  const views = [connections, tables, indexes, parts.slowQueries, findings];
  let isFirst = true;
  const show = () =>
    parts.reporter.guard(async () => {
      if (!views.some(({ visible }) => visible)) return;
      await parts.connectionStore.load();
      announceReady();
      if (!isFirst) return;
      isFirst = false;
      await parts.commands.reconnectLast();
    });
  const describe = () => {
    const { session } = parts.tablesStore;
    for (const [view, { filter }] of [
      [tables, parts.tablesStore],
      [indexes, parts.indexes],
    ] as const) {
      view.message = filter === '' || session === null ? '' : `Filter: ${filter}`;
      view.description = session?.database ?? '';
    }
  };
  describe();
  void show();
  const disposables = [
    ...views,
    ...views.map((view) => view.onDidChangeVisibility(show)),
    ...[connections, tables, indexes, findings].map((view) =>
      view.onDidChangeVisibility(() => {
        layOut(view);
      }),
    ),
    parts.tablesStore.onDidChange(describe),
    parts.indexes.onDidChangeTreeData(describe),
    new FindingsStatus(parts.healthStore, findings),
  ];
  const revealTable = async (schema: string, name: string) =>
    revealNode(tables, await parts.tables.findNode(schema, name), `${schema}.${name}`);
  return {
    revealTable,
    async reveal(subject) {
      switch (subject.kind) {
        case 'index': {
          const { schema, name } = subject;
          await revealNode(indexes, await parts.indexes.findNode(schema, name), `${schema}.${name}`);
          break;
        }
        case 'relation':
          await revealTable(subject.schema, subject.name);
          break;
        case 'constraint':
          await revealTable(subject.schema, subject.table);
          break;
        case 'statement':
          await parts.slowQueries.reveal(subject.queryId);
          break;
        default:
          break;
      }
    },
    dispose() {
      for (const disposable of disposables) disposable.dispose();
    },
  };
}

/**
 * VS Code makes the tree of a view that was collapsed from the start only after it has laid the view out, and then shows no
 * row until it lays it out again two seconds later. A message, even the same one, has that done at once.
 */
function layOut(view: vscode.TreeView<unknown>): void {
  const { message = '' } = view;
  view.message = message;
}

async function revealNode<Node>(view: vscode.TreeView<Node>, node: Node | null, name: string): Promise<void> {
  if (node === null) {
    void vscode.window.showInformationMessage(
      `${name} is no longer there, or this role can't see it. Refresh the view.`,
    );
    return;
  }
  await view.reveal(node, { select: true, focus: true, expand: true });
}
