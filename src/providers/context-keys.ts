// What the when clauses of package.json ask for.
import * as vscode from 'vscode';
import type { ConnectionStore } from './connection-store';
import { hasDatabaseUrl } from './dot-env-files';
import type { IndexesView } from './indexes-view';
import type { TablesStore } from './tables-store';

export function followContextKeys(
  connections: ConnectionStore,
  tables: TablesStore,
  indexes: IndexesView,
): vscode.Disposable {
  const known = new Map<string, unknown>();
  const set = (key: string, value: unknown) => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand('setContext', `pgInsight.${key}`, value);
  };
  const update = () => {
    const { active } = connections;
    const state = active === null ? 'disconnected' : connections.stateOf(active.id).state;
    set('hasConnections', connections.profiles.length > 0);
    set('state', state === 'reconnecting' ? 'connected' : state);
    set('tablesFiltered', tables.filter !== '');
    set('indexesFiltered', indexes.filter !== '');
    set('indexesGrouping', indexes.grouping);
  };
  const updateDatabaseUrl = async () => {
    set('hasDatabaseUrl', await hasDatabaseUrl());
  };
  const watcher = vscode.workspace.createFileSystemWatcher('**/.env*');
  const subscriptions = [
    connections.onDidChange(update),
    tables.onDidChange(update),
    indexes.onDidChangeTreeData(update),
    watcher,
    watcher.onDidCreate(updateDatabaseUrl),
    watcher.onDidChange(updateDatabaseUrl),
    watcher.onDidDelete(updateDatabaseUrl),
    vscode.workspace.onDidGrantWorkspaceTrust(updateDatabaseUrl),
    vscode.workspace.onDidChangeWorkspaceFolders(updateDatabaseUrl),
  ];
  update();
  void updateDatabaseUrl();
  return vscode.Disposable.from(...subscriptions);
}

/** Once the profiles have been read: before, "no connections yet" would be a guess. */
export function announceReady(): void {
  void vscode.commands.executeCommand('setContext', 'pgInsight.ready', true);
}
