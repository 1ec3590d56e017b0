// "Open Health Report": reads the server anew and shows the window's one analyzed snapshot in the report view of its
// connection, which follows it from then on. What a view asks for is about its own connection, whichever the window uses.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import { shortenStatement } from '../analysis/statements/statement-text';
import type { ReportPanelHandlers, ReportPanels } from '../webviews/report-panel';
import type { KeptReport } from '../webviews/report-protocol';
import type { ConnectionCommands } from './connection-commands';
import type { ConnectionStore } from './connection-store';
import type { ExplainCommands } from './explain-commands';
import type { FailureReporter } from './failure-reporter';
import { copyFix, openFix, showRuleDocumentation } from './findings-commands';
import type { StatementIndexes } from './statement-indexes';
import type { AnalyzedSnapshot, HealthState, HealthStore } from './health-store';

export interface ReportCommandParts {
  connections: ConnectionCommands;
  connectionStore: ConnectionStore;
  explain: Pick<ExplainCommands, 'explainText'>;
  store: HealthStore;
  statementIndexes: StatementIndexes;
  reporter: FailureReporter;
  log: vscode.LogOutputChannel;
  extensionUri: vscode.Uri;
  /** The report views, loaded when they are first needed. */
  loadPanels: () => Promise<ReportPanels>;
}

/** For the tab of a statement's plan. */
const titleLength = 40;

const progress = { location: vscode.ProgressLocation.Window, title: 'PG Insight: reading the statistics' };

export class ReportCommands {
  readonly #parts: ReportCommandParts;

  constructor(parts: ReportCommandParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { reporter, store, statementIndexes } = this.#parts;
    return [
      vscode.commands.registerCommand('pgInsight.report.open', () => reporter.guard(() => this.#open())),
      store.onDidChange(() => void reporter.guard(() => this.#update())),
      statementIndexes.onDidChange(() => void reporter.guard(() => this.#update())),
    ];
  }

  /** What the views ask for. */
  toHandlers(): ReportPanelHandlers {
    const { connectionStore, extensionUri, reporter, log } = this.#parts;
    return {
      findConnection: async (profileId) => {
        const profile = await connectionStore.readProfile(profileId);
        if (profile === null) return null;
        const { name, environment } = profile;
        return { profileId, name, environment, isConnected: connectionStore.stateOf(profileId).state === 'connected' };
      },
      onDidChangeConnections: connectionStore.onDidChange,
      refresh: (profileId) => this.#refresh(profileId),
      copyFix,
      openFix,
      showDocumentation: (ruleId) => showRuleDocumentation(extensionUri, ruleId),
      openStatement: openSql,
      explainStatement: (profileId, sql) => this.#explain(profileId, sql),
      guard: (work) => reporter.guard(work),
      log,
    };
  }

  async #open(): Promise<void> {
    const { connections, loadPanels } = this.#parts;
    if ((await connections.ensureSession()) === null) return;
    const state = await this.#read();
    if (state.state === 'failed') throw state.failure;
    const kept = this.#toKept();
    if (kept === null) return;
    await (await loadPanels()).show(kept.report, kept.notice);
    this.#lookForIndexes();
  }

  /** In the background: the report follows when they are known. */
  #lookForIndexes(): void {
    const { store, statementIndexes } = this.#parts;
    const { state, session } = store;
    if (state.state === 'available' && session !== null) void statementIndexes.lookForReport(session, state.snapshot);
  }

  /** Loads nothing new: where there is a report, the engine is there too. A view that is not open takes no notice. */
  async #update(): Promise<void> {
    const kept = this.#toKept();
    if (kept !== null) await (await this.#parts.loadPanels()).update(kept.report, kept.notice);
  }

  /** What the store has of the window's connection; null while it has nothing. */
  #toKept(): { report: KeptReport; notice: string | null } | null {
    const { state, session } = this.#parts.store;
    if (state.state !== 'available' || session === null) return null;
    const missingIndexes = this.#parts.statementIndexes.findForReport(session, state.snapshot);
    return toKept(session.profile, { ...state, report: { ...state.report, missingIndexes } });
  }

  /** Of the window's connection the store reads, and the other views follow; of another one only its report. */
  async #refresh(profileId: string): Promise<void> {
    const { connections, store, loadPanels } = this.#parts;
    const session = await connections.openSession(await this.#getProfile(profileId));
    if (session === null) return;
    if (session === this.#parts.connectionStore.activeSession) {
      await store.refresh();
      if (store.state.state === 'failed') throw store.state.failure;
      this.#lookForIndexes();
      return;
    }
    const { report, notice } = toKept(session.profile, await store.capture(session));
    await (await loadPanels()).update(report, notice);
  }

  async #explain(profileId: string, sql: string): Promise<void> {
    const session = await this.#parts.connections.openSession(await this.#getProfile(profileId));
    if (session === null) return;
    await this.#parts.explain.explainText({
      session,
      title: shortenStatement(sql, titleLength),
      sql,
      values: 'generic',
      analyze: false,
      open: () => openSql(sql),
    });
  }

  async #getProfile(profileId: string): Promise<ConnectionProfile> {
    const profile = await this.#parts.connectionStore.readProfile(profileId);
    if (profile !== null) return profile;
    throw new DatabaseFailure(
      'configuration',
      'The connection of this report was removed.',
      'Run "PG Insight: Open Health Report" for the connection that this window uses.',
    );
  }

  async #read(): Promise<HealthState> {
    const { store } = this.#parts;
    return vscode.window.withProgress(progress, async () => {
      // whoever opens a report means the server as it is now; what is being read already is that
      if (store.state.state === 'available' || store.state.state === 'failed') await store.refresh();
      return store.read();
    });
  }
}

function toKept(
  { id, name, environment }: ConnectionProfile,
  { report, ignoreProblem }: Pick<AnalyzedSnapshot, 'report' | 'ignoreProblem'>,
): { report: KeptReport; notice: string | null } {
  return {
    report: { connection: { profileId: id, name, environment }, report },
    notice:
      ignoreProblem === null
        ? null
        : `The list of ignored findings can't be read, so nothing is ignored. ${ignoreProblem}`,
  };
}

async function openSql(sql: string): Promise<void> {
  const content = `${sql.trimEnd()}\n`;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content }));
}
