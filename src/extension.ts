// Composition root of the editor. Activation creates objects, views and the status bar item; whatever is large (pg, zod,
// the SQL parser and its WASM, the plan rules) is a bundle of its own, loaded by the first thing that needs it.
import * as vscode from 'vscode';
import { ConnectionCommands } from './providers/connection-commands';
import { ConnectionStatus } from './providers/connection-status';
import { ConnectionStore } from './providers/connection-store';
import { ConnectionsView } from './providers/connections-view';
import { followContextKeys } from './providers/context-keys';
import type { ConnectionSources, DatabaseAccess, ProfileStore } from './providers/database-port';
import { ExplainCommands } from './providers/explain-commands';
import { ExplainLenses } from './providers/explain-lenses';
import { FailureReporter } from './providers/failure-reporter';
import { HealthStore } from './providers/health-store';
import { IgnoreFile } from './providers/ignore-file';
import { ParameterMemory } from './providers/parameter-memory';
import { PasswordStore } from './providers/password-store';
import { revealSource } from './providers/reveal-source';
import { sqlLanguages } from './providers/source-text';
import { StatementDiagnostics } from './providers/statement-diagnostics';
import { TableCommands } from './providers/table-commands';
import { TablesStore } from './providers/tables-store';
import { TablesView } from './providers/tables-view';
import { createViews } from './providers/views';
import type { PlanPanels } from './webviews/plan-panel';

const loadEngine = () => import('./editor-engine');

const access: DatabaseAccess = {
  connect: async (...request) => (await loadEngine()).access.connect(...request),
};

const profiles: ProfileStore = {
  load: async () => (await loadEngine()).profiles.load(),
  save: async (profile) => (await loadEngine()).profiles.save(profile),
  remove: async (id) => (await loadEngine()).profiles.remove(id),
};

const sources: ConnectionSources = {
  createId: async () => (await loadEngine()).sources.createId(),
  parseUrl: async (url) => (await loadEngine()).sources.parseUrl(url),
  findDatabaseUrl: async (text) => (await loadEngine()).sources.findDatabaseUrl(text),
  listEnvironmentVariables: async () => (await loadEngine()).sources.listEnvironmentVariables(),
  listServices: async () => (await loadEngine()).sources.listServices(),
};

/** Kept for deactivate(), which VS Code calls without a context. */
let openConnections: ConnectionStore | null = null;

/** What the tests inside VS Code look at: the very objects that the views show. */
export interface ExtensionParts {
  connectionStore: ConnectionStore;
  connectionsView: ConnectionsView;
  healthStore: HealthStore;
  tablesStore: TablesStore;
  tablesView: TablesView;
  logFolder: vscode.Uri;
}

export function activate(context: vscode.ExtensionContext): ExtensionParts {
  const log = vscode.window.createOutputChannel('PG Insight', { log: true });
  const reporter = new FailureReporter(log);
  const passwords = new PasswordStore(context.secrets, context.globalState);
  const connectionStore = new ConnectionStore(access, profiles, passwords, context.workspaceState, log);
  openConnections = connectionStore;
  const ignoreFile = new IgnoreFile(async (text) => (await loadEngine()).parseIgnoreList(text));
  const healthStore = new HealthStore(
    connectionStore,
    ignoreFile,
    async (...snapshotAndChoices) => (await loadEngine()).analyzeSnapshot(...snapshotAndChoices),
    reporter,
  );
  const tablesStore = new TablesStore(connectionStore, reporter, context.workspaceState);
  const connections = new ConnectionCommands(connectionStore, sources, passwords, reporter);
  const diagnostics = new StatementDiagnostics();
  const lenses = new ExplainLenses();
  let panels: Promise<PlanPanels> | null = null;
  const loadPanels = (): Promise<PlanPanels> =>
    (panels ??= loadEngine().then(
      ({ PlanPanels: Panels }) =>
        new Panels(context, {
          runAgain: (document) => explain.runAgain(document),
          revealSql: (document) => reporter.guard(() => revealSource(document)),
          log,
        }),
    ));
  const explain: ExplainCommands = new ExplainCommands({
    connections,
    store: connectionStore,
    diagnostics,
    memory: new ParameterMemory(context.workspaceState),
    reporter,
    log,
    findPlanInsights: async (plan, session) => (await loadEngine()).findPlanInsights(plan, session),
    showPlan: async (document) => (await loadPanels()).show(document),
  });
  const connectionsView = new ConnectionsView(connectionStore, passwords, async (session) =>
    (await loadEngine()).runDoctor(session),
  );
  const tablesView = new TablesView(tablesStore, reporter);
  context.subscriptions.push(
    log,
    connectionStore,
    ignoreFile,
    healthStore,
    tablesStore,
    diagnostics,
    lenses,
    connectionsView,
    tablesView,
    new ConnectionStatus(connectionStore),
    followContextKeys(connectionStore, tablesStore),
    vscode.languages.registerCodeLensProvider([...sqlLanguages], lenses),
    vscode.window.registerWebviewPanelSerializer('pgInsight.plan', {
      deserializeWebviewPanel: async (panel, state: unknown) =>
        (await loadPanels()).deserializeWebviewPanel(panel, state),
    }),
    vscode.commands.registerCommand('pgInsight.log.show', () => {
      log.show();
    }),
    ...connections.register(),
    ...explain.register(),
    ...new TableCommands(tablesStore, reporter).register(),
    ...createViews({
      connections: connectionsView,
      tables: tablesView,
      connectionStore,
      tablesStore,
      commands: connections,
      reporter,
    }),
  );
  return { connectionStore, connectionsView, healthStore, tablesStore, tablesView, logFolder: context.logUri };
}

/** Nothing stays open on a server when the window closes. */
export async function deactivate(): Promise<void> {
  await openConnections?.close();
}
