// "Open Health Report": the window's one analyzed snapshot in the report view, which follows it from then on.
import * as vscode from 'vscode';
import type { ReportPanels } from '../webviews/report-panel';
import type { ConnectionCommands } from './connection-commands';
import type { FailureReporter } from './failure-reporter';
import type { HealthState, HealthStore } from './health-store';

export interface ReportCommandParts {
  connections: ConnectionCommands;
  store: HealthStore;
  reporter: FailureReporter;
  /** The report view, loaded when it is first needed. */
  loadPanels: () => Promise<ReportPanels>;
}

export class ReportCommands {
  readonly #parts: ReportCommandParts;

  constructor(parts: ReportCommandParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { reporter, store } = this.#parts;
    return [
      vscode.commands.registerCommand('pgInsight.report.open', () => reporter.guard(() => this.#open())),
      store.onDidChange(() => void reporter.guard(() => this.#update())),
    ];
  }

  /** What the view's own button does. */
  async refresh(): Promise<void> {
    if (!(await this.#isConnected())) return;
    await this.#parts.store.refresh();
    const { state } = this.#parts.store;
    if (state.state === 'failed') throw state.failure;
  }

  async #open(): Promise<void> {
    if (!(await this.#isConnected())) return;
    const state = await this.#read();
    if (state.state === 'failed') throw state.failure;
    if (state.state !== 'available') return;
    await (await this.#parts.loadPanels()).show(state.report, toNotice(state.ignoreProblem));
  }

  /** Loads nothing new: where there is a report, the engine is there too. A view that is not open takes no notice. */
  async #update(): Promise<void> {
    const { state } = this.#parts.store;
    if (state.state !== 'available') return;
    await (await this.#parts.loadPanels()).update(state.report, toNotice(state.ignoreProblem));
  }

  async #isConnected(): Promise<boolean> {
    return (await this.#parts.connections.ensureSession()) !== null;
  }

  async #read(): Promise<HealthState> {
    const { store } = this.#parts;
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'PG Insight: reading the statistics' },
      async () => {
        // a failure of before is no answer to a new question
        if (store.state.state === 'failed') await store.refresh();
        return store.read();
      },
    );
  }
}

const toNotice = (ignoreProblem: string | null): string | null =>
  ignoreProblem === null ? null : `The list of ignored findings can't be read, so nothing is ignored. ${ignoreProblem}`;
