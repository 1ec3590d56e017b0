// Composition root of the editor. Activation creates objects, views and the status bar item; whatever is large (pg, zod,
// the SQL parser and its WASM, the plan rules) is a bundle of its own, loaded by the first thing that needs it.
import * as vscode from 'vscode';
import { access, AdvisorOnDemand, loadEngine, profiles, sources } from './engine-on-demand';
import type { Plan } from './analysis/plan/plan';
import { ConnectionCommands } from './providers/connection-commands';
import { ConnectionStatus } from './providers/connection-status';
import { ConnectionStore } from './providers/connection-store';
import { ConnectionsView } from './providers/connections-view';
import { followContextKeys } from './providers/context-keys';
import type { DatabaseSession, SandboxSettings } from './providers/database-port';
import { ExplainCommands } from './providers/explain-commands';
import { ExplainLenses } from './providers/explain-lenses';
import { FailureReporter } from './providers/failure-reporter';
import { FindingsCommands } from './providers/findings-commands';
import { FindingsView } from './providers/findings-view';
import { HealthStore } from './providers/health-store';
import { registerFixDocuments } from './providers/fix-document';
import { IgnoreFile } from './providers/ignore-file';
import { IndexBuildCommands } from './providers/index-build-commands';
import { IndexChanges } from './providers/index-changes';
import { IndexesCommands } from './providers/indexes-commands';
import { IndexesView } from './providers/indexes-view';
import { registerLanguageFeatures } from './providers/language-features';
import { LatePanels } from './providers/late-panels';
import { MissingIndexes } from './providers/missing-indexes';
import { OpenPlanCommands } from './providers/open-plan-commands';
import { ParameterMemory } from './providers/parameter-memory';
import { PasswordStore } from './providers/password-store';
import { followPlanDocuments } from './providers/plan-documents';
import { QuickFixActions } from './providers/quick-fix-actions';
import { QuickFixCommands } from './providers/quick-fix-commands';
import { ReportCommands } from './providers/report-commands';
import { revealSource } from './providers/reveal-source';
import { SlowQueriesCommands } from './providers/slow-queries-commands';
import { SlowQueriesStore } from './providers/slow-queries-store';
import { SlowQueriesTree } from './providers/slow-queries-tree';
import { SlowQueriesView } from './providers/slow-queries-view';
import { StatementDiagnostics } from './providers/statement-diagnostics';
import { StartedIndexChanges } from './providers/started-index-changes';
import { StatementIndexes } from './providers/statement-indexes';
import { TableCommands } from './providers/table-commands';
import { TablesStore } from './providers/tables-store';
import { TablesView } from './providers/tables-view';
import { WorkloadCommands } from './providers/workload-commands';
import type { WorkloadReports } from './providers/workload-reports';
import { createViews } from './providers/views';
import type { ComparePanels } from './webviews/compare-panel';
import type { PlanPanels } from './webviews/plan-panel';
import type { ViewedPlan } from './webviews/protocol';
import type { ReportPanels } from './webviews/report-panel';

/** Kept for deactivate(), which VS Code calls without a context. */
let openConnections: ConnectionStore | null = null;
let openAdvisor: AdvisorOnDemand | null = null;

/** What the tests inside VS Code look at: the very objects that the views show. */
export type ExtensionParts = ReturnType<typeof activate>;

export function activate(context: vscode.ExtensionContext) {
  const log = vscode.window.createOutputChannel('PG Insight', { log: true });
  const reporter = new FailureReporter(log);
  const passwords = new PasswordStore(context.secrets, context.globalState);
  const connectionStore = new ConnectionStore(access, profiles, passwords, context.workspaceState, log);
  openConnections = connectionStore;
  const ignoreFile = new IgnoreFile(async (text) => (await loadEngine()).parseIgnoreList(text));
  const tablesStore = new TablesStore(connectionStore, reporter, context.workspaceState);
  const healthStore = new HealthStore(
    connectionStore,
    ignoreFile,
    async (...snapshotAndChoices) => (await loadEngine()).analyzeSnapshot(...snapshotAndChoices),
    reporter,
    () => tablesStore.settle(),
  );
  const advisor = new AdvisorOnDemand({
    readSandboxSettings,
    warn: (text) => {
      log.warn(text);
    },
  });
  openAdvisor = advisor;
  const statementIndexes = new StatementIndexes(healthStore, advisor, ignoreFile, reporter);
  const connections = new ConnectionCommands(connectionStore, sources, passwords, reporter);
  const diagnostics = new StatementDiagnostics(connectionStore);
  const lenses = new ExplainLenses();
  const revealSql = (document: ViewedPlan) => reporter.guard(() => revealSource(document));
  const plans = new LatePanels<PlanPanels>(async () => {
    const { PlanPanels: Panels } = await loadEngine();
    return new Panels(context, {
      runAgain: (document) => explain.runAgain(document),
      revealSql,
      findMissingIndex: (document) => quickFixes.findForPlan(document),
      createIndex: (document) => quickFixes.createForPlan(document),
      log,
    });
  });
  const showPlan = async (document: ViewedPlan) => (await plans.get()).show(document);
  const reportPanels = new LatePanels<ReportPanels>(async () => {
    const { ReportPanels: Panels } = await loadEngine();
    return new Panels(context, reports.toHandlers());
  });
  const findPlanInsights = async (plan: Plan, session: DatabaseSession) =>
    (await loadEngine()).findPlanInsights(plan, session);
  const explain: ExplainCommands = new ExplainCommands({
    connections,
    store: connectionStore,
    diagnostics,
    memory: new ParameterMemory(context.workspaceState),
    reporter,
    log,
    isStatement: async (sql) => (await loadEngine()).isSqlStatement(sql),
    findPlanInsights,
    showPlan,
  });
  const reports: ReportCommands = new ReportCommands({
    connections,
    connectionStore,
    explain,
    store: healthStore,
    statementIndexes,
    reporter,
    log,
    extensionUri: context.extensionUri,
    loadPanels: () => reportPanels.get(),
  });
  const connectionsView = new ConnectionsView(connectionStore, passwords, async (session) =>
    (await loadEngine()).runDoctor(session, readSandboxSettings().binaries),
  );
  const tablesView = new TablesView(tablesStore, reporter);
  const indexChanges = new IndexChanges(context.workspaceState);
  const indexesView = new IndexesView(
    healthStore,
    indexChanges,
    (oid) => tablesStore.readDetails(oid),
    context.workspaceState,
  );
  const slowQueriesStore = new SlowQueriesStore(healthStore, context.workspaceState);
  const slowQueriesView = new SlowQueriesView(slowQueriesStore, statementIndexes);
  const slowQueriesTree = new SlowQueriesTree(slowQueriesStore, slowQueriesView);
  const findingsView = new FindingsView(healthStore, statementIndexes);
  const views = createViews({
    connections: connectionsView,
    tables: tablesView,
    indexes: indexesView,
    slowQueries: slowQueriesTree,
    findings: findingsView,
    connectionStore,
    tablesStore,
    healthStore,
    commands: connections,
    reporter,
  });
  const missingIndexes = new MissingIndexes(
    connectionStore,
    advisor,
    ignoreFile,
    reporter,
    log,
    vscode.Uri.joinPath(context.extensionUri, 'docs', 'rules'),
  );
  const comparisons = new LatePanels<ComparePanels>(async () => {
    const { ComparePanels: Panels } = await loadEngine();
    return new Panels(context, {
      undo: (document) => quickFixes.undo(document),
      measure: (planned) => explain.runAgain({ ...planned, analyzed: true }),
      showPlan,
      revealSql,
      log,
    });
  });
  const readAgain = () => void Promise.all([tablesStore.refresh(), healthStore.refresh()]);
  const workloads = new LatePanels<WorkloadReports>(async () => {
    const { WorkloadReports: Reports } = await loadEngine();
    return new Reports({
      context,
      connections,
      connectionStore,
      slowQueries: slowQueriesStore,
      advisor,
      builds,
      reporter,
      log,
    });
  });
  const startedIndexChanges = new StartedIndexChanges(context.workspaceState);
  const builds: IndexBuildCommands = new IndexBuildCommands({
    reporter,
    log,
    openSession: (profile) => connections.openSession(profile),
    readProfile: (id) => connectionStore.readProfile(id),
    findActiveProfile: () => connectionStore.active,
    changes: indexChanges,
    started: startedIndexChanges,
    onDidCreate: (session, built) => {
      statementIndexes.forget(session);
      readAgain();
      missingIndexes.forget(session);
      void workloads.ifLoaded((reports) => reports.noteCreated(session, built));
    },
    onDidDrop: (session, dropped) => {
      statementIndexes.forget(session);
      readAgain();
      missingIndexes.forget(session);
      void workloads.ifLoaded((reports) => reports.noteDropped(session, dropped));
      void comparisons.ifLoaded((opened) => opened.noteDropped(dropped.indexes.map(({ oid }) => oid)));
    },
  });
  const quickFixes: QuickFixCommands = new QuickFixCommands({
    missingIndexes,
    advisor,
    explain,
    indexBuild: builds,
    ignoreFile,
    reporter,
    openSession: (profile) => connections.openSession(profile),
    readProfile: (id) => connectionStore.readProfile(id),
    showPlan,
    findPlanInsights,
    findMeasuredPlan: async (planned) => (await plans.get()).findMeasured(planned),
    showComparison: async (document) => (await comparisons.get()).show(document),
  });
  context.subscriptions.push(
    log,
    connectionStore,
    ignoreFile,
    healthStore,
    missingIndexes,
    statementIndexes,
    tablesStore,
    diagnostics,
    lenses,
    connectionsView,
    tablesView,
    indexesView,
    slowQueriesStore,
    slowQueriesView,
    findingsView,
    registerFixDocuments(),
    new ConnectionStatus(connectionStore),
    followContextKeys(connectionStore, tablesStore, indexesView),
    followPlanDocuments(),
    ...registerLanguageFeatures({
      lenses,
      diagnostics,
      quickFixActions: new QuickFixActions(missingIndexes),
    }),
    plans.register('pgInsight.plan'),
    reportPanels.register('pgInsight.report'),
    comparisons.register('pgInsight.compare'),
    workloads.register('pgInsight.workload'),
    ...new WorkloadCommands(() => workloads.get(), reporter).register(),
    connectionStore.onDidChange(() => {
      const session = connectionStore.activeSession;
      if (session !== null) void reporter.guard(() => builds.lookAfterLost(session));
    }),
    reporter.register(),
    ...connections.register(),
    ...explain.register(),
    ...new OpenPlanCommands({
      reporter,
      loadPlanEngine: async () => (await loadEngine()).loadPlanEngine(),
      showPlan,
    }).register(),
    ...reports.register(),
    ...new TableCommands(tablesStore, reporter).register(),
    ...builds.register(),
    ...quickFixes.register(),
    ...new SlowQueriesCommands({
      store: slowQueriesStore,
      view: slowQueriesView,
      tree: slowQueriesTree,
      explain,
      reporter,
    }).register(),
    ...new IndexesCommands({
      health: healthStore,
      view: indexesView,
      builds,
      reporter,
      revealTable: (schema, name) => views.revealTable(schema, name),
    }).register(),
    ...new FindingsCommands({
      health: healthStore,
      view: findingsView,
      ignoreFile,
      reporter,
      extensionUri: context.extensionUri,
      reveal: (subject) => views.reveal(subject),
    }).register(),
    views,
  );
  return {
    connectionStore,
    connectionsView,
    findingsView,
    healthStore,
    indexChanges,
    indexesView,
    missingIndexes,
    plans,
    slowQueriesStore,
    slowQueriesTree,
    slowQueriesView,
    startedIndexChanges,
    statementIndexes,
    tablesStore,
    tablesView,
    workloads,
    logFolder: context.logUri,
  };
}

function readSandboxSettings(): SandboxSettings {
  const settings = vscode.workspace.getConfiguration('pgInsight.sandbox');
  return {
    binaries: settings.get<string>('binaries', ''),
    idleMinutes: settings.get<number>('idleMinutes', 5),
    maxDiskMb: settings.get<number>('maxDiskMb', 1_024),
  };
}

/** Nothing stays open on a server, and no sandbox on this machine, when the window closes. */
export async function deactivate(): Promise<void> {
  await Promise.all([openConnections?.close(), openAdvisor?.end()]);
}
