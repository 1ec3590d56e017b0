// One snapshot of the window's connection and what the rules make of it: what the views of indexes, slow queries and
// findings and the report show. Taken when the first of them is opened, kept until "Refresh"; a changed ignore list or
// setting only has the same snapshot analyzed again.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { IgnoreEntry } from '../analysis/parse-ignore-list';
import type { AnalysisReport } from '../analysis/report';
import type { RuleSettings } from '../analysis/rule-choices';
import type { Snapshot } from '../analysis/snapshot';
import type { ConnectionStore } from './connection-store';
import type { DatabaseSession } from './database-port';
import type { FailureReporter } from './failure-reporter';
import type { IgnoreFile } from './ignore-file';

export type HealthState =
  | { state: 'not-connected' }
  | { state: 'loading' }
  | ({ state: 'available' } & AnalyzedSnapshot)
  | { state: 'failed'; failure: DatabaseFailure };

export interface AnalyzedSnapshot {
  snapshot: Snapshot;
  report: AnalysisReport;
  /** Why nothing is ignored although there is a list; null when the list was read or there is none. */
  ignoreProblem: string | null;
}

export type AnalyzeSnapshot = (
  snapshot: Snapshot,
  choices: { rules: RuleSettings; ignore: readonly IgnoreEntry[] },
) => Promise<AnalysisReport>;

export class HealthStore implements vscode.Disposable {
  readonly #connections: ConnectionStore;
  readonly #ignoreFile: IgnoreFile;
  readonly #analyze: AnalyzeSnapshot;
  readonly #reporter: FailureReporter;
  readonly #waitForTables: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  #session: DatabaseSession | null = null;
  #state: HealthState = { state: 'not-connected' };
  #loading: Promise<void> | null = null;
  /** Counts what was begun, so that an answer to an older question is dropped. */
  #captures = 0;

  readonly onDidChange = this.#changed.event;

  constructor(
    connections: ConnectionStore,
    ignoreFile: IgnoreFile,
    analyze: AnalyzeSnapshot,
    reporter: FailureReporter,
    /** Resolves when the Tables view has what it asked for: both at once would make it wait for ten times its own rows. */
    waitForTables: () => Promise<void>,
  ) {
    this.#connections = connections;
    this.#ignoreFile = ignoreFile;
    this.#analyze = analyze;
    this.#reporter = reporter;
    this.#waitForTables = waitForTables;
    const again = () => void reporter.guard(() => this.#analyzeAgain());
    this.#subscriptions = [
      connections.onDidChange(() => {
        this.#followSession();
      }),
      ignoreFile.onDidChange(again),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('pgInsight.rules')) again();
      }),
    ];
  }

  get state(): HealthState {
    return this.#state;
  }

  get session(): DatabaseSession | null {
    return this.#session;
  }

  /** What is known, captured now when nobody has yet. */
  async read(): Promise<HealthState> {
    this.#followSession();
    if (this.#session !== null && this.#state.state === 'not-connected') {
      const session = this.#session;
      const loading = this.#capture(session).finally(() => {
        // by now another capture may be under way
        if (this.#loading === loading) this.#loading = null;
      });
      this.#loading = loading;
    }
    await this.#loading;
    return this.#state;
  }

  async refresh(): Promise<void> {
    this.#forget();
    await this.read();
  }

  /** Of any connection; what the views show stays as it is. */
  async capture(session: DatabaseSession): Promise<AnalyzedSnapshot> {
    const snapshot = await session.captureSnapshot();
    return { snapshot, ...(await this.#analyzeSnapshot(snapshot)) };
  }

  async #capture(session: DatabaseSession): Promise<void> {
    this.#state = { state: 'loading' };
    const capture = ++this.#captures;
    try {
      await this.#waitForTables();
      const result = await this.capture(session);
      if (capture === this.#captures) this.#state = { state: 'available', ...result };
    } catch (error) {
      this.#reporter.logFailure(error);
      if (capture !== this.#captures) return;
      this.#state = {
        state: 'failed',
        failure: isDatabaseFailure(error)
          ? error
          : new DatabaseFailure('other', 'Looking at the server failed.', 'See the log.', {}, { cause: error }),
      };
    } finally {
      this.#changed.fire();
    }
  }

  async #analyzeAgain(): Promise<void> {
    const before = this.#state;
    if (before.state !== 'available') return;
    const result = await this.#analyzeSnapshot(before.snapshot);
    if (this.#state !== before) return;
    this.#state = { ...before, ...result };
    this.#changed.fire();
  }

  async #analyzeSnapshot(snapshot: Snapshot): Promise<Omit<AnalyzedSnapshot, 'snapshot'>> {
    const ignore = await this.#ignoreFile.read();
    const report = await this.#analyze(snapshot, {
      rules: vscode.workspace.getConfiguration('pgInsight').get<RuleSettings>('rules', {}),
      ignore: ignore.status === 'read' ? ignore.entries : [],
    });
    return { report, ignoreProblem: ignore.status === 'read' ? null : ignore.reason };
  }

  /** Another session (or none): nothing that was read before holds. */
  #followSession(): void {
    const session = this.#connections.activeSession;
    if (session === this.#session) return;
    this.#session = session;
    this.#forget();
    this.#changed.fire();
  }

  #forget(): void {
    this.#state = { state: 'not-connected' };
    this.#loading = null;
    this.#captures++;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }
}
