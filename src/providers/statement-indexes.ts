// Indexes that the statements of pg_stat_statements lack: looked for when somebody opens a statement's row, and for those
// with the most time when somebody opens the report. Statements are planned, never run, one question at a time, over the
// window's session; answers are kept.
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { findIgnoreReason } from '../analysis/ignore-list';
import { findMissingIndexes, leaveOutIgnored } from '../analysis/index-advice/missing-index-findings';
import type { WorkloadStatement } from '../analysis/index-advice/workload-advice';
import type { IgnoreEntry } from '../analysis/parse-ignore-list';
import type { ReportMissingIndexes } from '../analysis/report';
import type { Snapshot, SnapshotStatement } from '../analysis/snapshot';
import { shortenStatement } from '../analysis/statements/statement-text';
import { toStatementWorkload } from '../analysis/statements/statement-workload';
import {
  answerHoldsMs,
  isAdviceEnabled,
  isWorthwhile,
  planTimeoutMs,
  readThresholds,
  toIndexAnswer,
  type AdvisedIndex,
  type IndexAnswer,
} from './advised-index';
import type { DatabaseSession, IndexAdvisor } from './database-port';
import type { FailureReporter } from './failure-reporter';
import type { HealthStore } from './health-store';
import type { IgnoreFile } from './ignore-file';
import { toMissingIndexFinding } from './missing-index-diagnostic';

export type StatementIndex =
  | { status: 'looking' }
  | { status: 'missing'; advised: AdvisedIndex }
  | { status: 'none' }
  | { status: 'not-possible'; reason: string };

interface Answer extends IndexAnswer {
  /** Null when it can't be planned at all. */
  statement: WorkloadStatement | null;
}

interface Known {
  /** By query identifier. */
  answers: Map<string, Answer>;
  /** Of the snapshot that it was made for. */
  report: { snapshot: Snapshot; missing: ReportMissingIndexes } | null;
}

/** What is under way for a session. */
interface Work {
  session: DatabaseSession;
  controller: AbortController;
  last: Promise<void>;
}

/** For a plan's tab and a page's title. */
const titleLength = 40;
/** A statement with many tables can keep the search for the best set busy. */
const searchDeadlineMs = 10_000;

export class StatementIndexes implements vscode.Disposable {
  readonly #health: HealthStore;
  readonly #advisor: IndexAdvisor;
  readonly #ignoreFile: IgnoreFile;
  readonly #reporter: FailureReporter;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #known = new WeakMap<DatabaseSession, Known>();
  readonly #looking = new Set<string>();
  #work: Work | null = null;
  #ignored: readonly IgnoreEntry[] = [];

  readonly onDidChange = this.#changed.event;

  constructor(health: HealthStore, advisor: IndexAdvisor, ignoreFile: IgnoreFile, reporter: FailureReporter) {
    this.#health = health;
    this.#advisor = advisor;
    this.#ignoreFile = ignoreFile;
    this.#reporter = reporter;
    this.#subscriptions = [
      health.onDidChange(() => {
        if (this.#work !== null && this.#work.session !== health.session) this.#cancel();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration('pgInsight.advice') && !change.affectsConfiguration('pgInsight.sandbox'))
          return;
        this.#cancel();
        if (health.session !== null) this.forget(health.session);
      }),
      ignoreFile.onDidChange(() => void this.#readIgnored()),
    ];
    void this.#readIgnored();
  }

  /** Null when it is switched off, or nobody has looked. */
  find(queryId: string): StatementIndex | null {
    const { session } = this.#health;
    if (session === null || !isAdviceEnabled()) return null;
    const answer = this.#known.get(session)?.answers.get(queryId);
    if (answer === undefined) return this.#looking.has(queryId) ? { status: 'looking' } : null;
    return this.#toIndex(session, queryId, answer);
  }

  /** Looks unless the answer is known; `find` has it then, and says until then that it is being looked for. */
  look(queryId: string): void {
    const { session, state } = this.#health;
    if (session === null || state.state !== 'available' || !isAdviceEnabled()) return;
    const known = this.#known.get(session)?.answers.get(queryId);
    const holds = known !== undefined && performance.now() - known.atMs < answerHoldsMs;
    if (holds || this.#looking.has(queryId)) return;
    const rows = findRows(state.snapshot, queryId);
    if (rows.length === 0) return;
    void this.#enqueue(session, async (signal) => {
      try {
        await this.#ask(session, rows, signal);
      } finally {
        this.#looking.delete(queryId);
        this.#changed.fire();
      }
    });
    // not before: work of another session is dropped with what it was looking for
    this.#looking.add(queryId);
  }

  /** Of a snapshot; null when nobody has looked, or it is switched off. */
  findForReport(session: DatabaseSession, snapshot: Snapshot): ReportMissingIndexes | null {
    const report = this.#known.get(session)?.report ?? null;
    if (report?.snapshot !== snapshot || !isAdviceEnabled()) return null;
    return leaveOutIgnored(report.missing, this.#ignored);
  }

  /** Looks at the statements with the most time; `findForReport` has the answer then. */
  async lookForReport(session: DatabaseSession, snapshot: Snapshot): Promise<void> {
    if (!isAdviceEnabled() || this.findForReport(session, snapshot) !== null) return;
    await this.#enqueue(session, async (signal) => {
      const known = this.#provideKnown(session);
      if (known.report?.snapshot === snapshot) return;
      known.report = { snapshot, missing: await this.#askForReport(session, snapshot, signal) };
      this.#changed.fire();
    });
  }

  /** The server has changed: what is known is asked for again by whoever looks next. */
  forget(session: DatabaseSession): void {
    this.#known.delete(session);
    this.#changed.fire();
  }

  dispose(): void {
    this.#cancel();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  #provideKnown(session: DatabaseSession): Known {
    const known = this.#known.get(session) ?? { answers: new Map<string, Answer>(), report: null };
    this.#known.set(session, known);
    return known;
  }

  #cancel(): void {
    this.#work?.controller.abort();
    this.#work = null;
    this.#looking.clear();
  }

  /** What is under way for another session is dropped. */
  #provideWork(session: DatabaseSession): Work {
    if (this.#work?.session === session) return this.#work;
    this.#cancel();
    const work: Work = { session, controller: new AbortController(), last: Promise.resolve() };
    this.#work = work;
    return work;
  }

  /** One question after the other. */
  async #enqueue(session: DatabaseSession, ask: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const work = this.#provideWork(session);
    const { signal } = work.controller;
    const next = work.last.then(async () => {
      if (signal.aborted) return;
      const progress = { location: vscode.ProgressLocation.Window, title: 'Looking for missing indexes' };
      await vscode.window
        .withProgress(progress, () => ask(signal))
        .then(undefined, (error: unknown) => {
          if (!signal.aborted) this.#reporter.logFailure(error);
        });
    });
    work.last = next;
    await next;
  }

  async #ask(session: DatabaseSession, rows: readonly SnapshotStatement[], signal: AbortSignal): Promise<void> {
    const { role } = session.facts;
    const { statements, hidden, utilities } = toStatementWorkload(rows, { role, limit: 1, timeoutMs: planTimeoutMs });
    const { answers } = this.#provideKnown(session);
    for (const { id, reason } of [...hidden, ...utilities]) answers.set(id, toUnsupported(reason ?? ''));
    const [statement] = statements;
    if (statement === undefined) return;
    const { savedRatio } = readThresholds();
    const options = { minimumSavedRatio: savedRatio, findsDrops: false, deadlineMs: searchDeadlineMs };
    try {
      const advice = await this.#advisor.adviseWorkload(session, statements, options, undefined, signal);
      answers.set(statement.id, { ...toIndexAnswer(advice, statement.id), statement });
    } catch (error) {
      if (signal.aborted) throw error;
      this.#reporter.logFailure(error);
      // kept as an answer: rows that are open would ask again and again
      const [message, nextStep] = isDatabaseFailure(error)
        ? [error.message, error.nextStep]
        : ['Looking for an index failed.', 'See the log.'];
      answers.set(statement.id, toUnsupported(`${message} ${nextStep}`.trim()));
    }
  }

  #askForReport(session: DatabaseSession, snapshot: Snapshot, signal: AbortSignal): Promise<ReportMissingIndexes> {
    return findMissingIndexes(
      snapshot,
      session.facts.role,
      (statements, options) => this.#advisor.adviseWorkload(session, statements, options, undefined, signal),
      ({ kind }) => signal.aborted || kind === 'connection-lost',
    );
  }

  #toIndex(session: DatabaseSession, queryId: string, answer: Answer): StatementIndex {
    const { statement, reason, engineNote, indexes } = answer;
    if (reason !== null) return { status: 'not-possible', reason };
    const thresholds = readThresholds();
    const best = indexes.find(({ change }) => isWorthwhile(change, thresholds, statement?.calls ?? 1));
    if (statement === null || best === undefined) return { status: 'none' };
    const { sql, parameters } = statement;
    const { recommendation, change } = best;
    const finding = toMissingIndexFinding(sql, recommendation);
    if (findIgnoreReason(finding, this.#ignored) !== null) return { status: 'none' };
    const advised: AdvisedIndex = {
      title: shortenStatement(sql, titleLength),
      ...{ sql, parameters, session, recommendation, change, engineNote },
      fingerprint: finding.fingerprint,
      document: null,
      source: null,
      lookAgain: (signal) => this.#lookAgain(session, queryId, signal),
    };
    return { status: 'missing', advised };
  }

  async #lookAgain(
    session: DatabaseSession,
    queryId: string,
    signal: AbortSignal,
  ): Promise<AdvisedIndex | { reason: string | null }> {
    const { state } = this.#health;
    const rows = state.state === 'available' ? findRows(state.snapshot, queryId) : [];
    this.#advisor.refresh(session);
    await this.#ask(session, rows, signal);
    this.#changed.fire();
    const answer = this.#known.get(session)?.answers.get(queryId);
    const index = answer === undefined ? null : this.#toIndex(session, queryId, answer);
    return index?.status === 'missing' ? index.advised : { reason: answer?.reason ?? null };
  }

  async #readIgnored(): Promise<void> {
    const reading = await this.#ignoreFile.read();
    this.#ignored = reading.status === 'read' ? reading.entries : [];
    this.#changed.fire();
  }
}

function findRows({ sections: { statements } }: Snapshot, queryId: string): SnapshotStatement[] {
  return statements.status === 'available' ? statements.rows.filter((row) => row.queryId === queryId) : [];
}

function toUnsupported(reason: string): Answer {
  const atMs = performance.now();
  return { status: 'not-possible', reason, indexes: [], engineNote: null, atMs, statement: null };
}
