// Creates the two views and what they do when they are shown: read the profiles, connect to what was used last.
import * as vscode from 'vscode';
import type { ConnectionCommands } from './connection-commands';
import type { ConnectionStore } from './connection-store';
import type { ConnectionNode, ConnectionsView } from './connections-view';
import { announceReady } from './context-keys';
import type { FailureReporter } from './failure-reporter';
import type { TablesNode, TablesView } from './tables-view';
import type { TablesStore } from './tables-store';

export interface ViewParts {
  connections: ConnectionsView;
  tables: TablesView;
  connectionStore: ConnectionStore;
  tablesStore: TablesStore;
  commands: ConnectionCommands;
  reporter: FailureReporter;
}

export function createViews(parts: ViewParts): vscode.Disposable[] {
  const connections = vscode.window.createTreeView<ConnectionNode>('pgInsight.connections', {
    treeDataProvider: parts.connections,
  });
  const tables = vscode.window.createTreeView<TablesNode>('pgInsight.tables', {
    treeDataProvider: parts.tables,
    showCollapseAll: true,
  });
  let isFirst = true;
  const show = () =>
    parts.reporter.guard(async () => {
      if (!connections.visible && !tables.visible) return;
      await parts.connectionStore.load();
      announceReady();
      if (!isFirst) return;
      isFirst = false;
      await parts.commands.reconnectLast();
    });
  const describe = () => {
    const { filter, session } = parts.tablesStore;
    tables.message = filter === '' || session === null ? '' : `Filter: ${filter}`;
    tables.description = session?.database ?? '';
  };
  describe();
  void show();
  return [
    connections,
    tables,
    connections.onDidChangeVisibility(show),
    tables.onDidChangeVisibility(show),
    parts.tablesStore.onDidChange(describe),
  ];
}
