// Looks in the background for indexes that the statements of open SQL files lack. Statements are planned, never run, one
// at a time, over a session that is there anyway: nothing here connects or asks. What is marked in a file follows from its
// text and from the answers that are known, so that an edit moves or removes a mark without asking the server again.
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ParameterValues } from '../analysis/explain/explain';
import { formatQuantity } from '../analysis/format/numbers';
import { findIgnoreReason } from '../analysis/ignore-list';
import type { IndexAdvice, IndexRecommendation } from '../analysis/index-advice/index-advice';
import type { IgnoreEntry } from '../analysis/parse-ignore-list';
import { numberPlaceholders } from '../analysis/sql/placeholders';
import { stripExplain } from '../analysis/sql/strip-explain';
import type { ConnectionStore } from './connection-store';
import type { DatabaseSession } from './database-port';
import { isExplainable, longestText } from './explain-lenses';
import type { FailureReporter } from './failure-reporter';
import type { IgnoreFile } from './ignore-file';
import {
  missingIndexRule,
  toDeniedDiagnostic,
  toMissingIndexDiagnostic,
  toMissingIndexFinding,
} from './missing-index-diagnostic';
import { isSqlLanguage } from './source-text';
import { findStatements, type StatementTarget } from './statement-target';

/** An index that a statement of a document lacks, as far as is known now. */
export interface MissingIndex {
  target: StatementTarget;
  /** As it was planned: without EXPLAIN, placeholders numbered. */
  sql: string;
  parameters: ParameterValues;
  session: DatabaseSession;
  recommendation: IndexRecommendation;
  /** What the list of ignored findings calls it. */
  fingerprint: string;
  diagnostic: vscode.Diagnostic;
}

/** A statement to advise, and by which key its answer is kept. */
interface Question {
  target: StatementTarget;
  sql: string;
  parameters: ParameterValues;
}

interface Answer {
  advice: IndexAdvice;
  /** performance.now() */
  atMs: number;
}

interface Connection {
  session: DatabaseSession | null;
  isConnected: boolean;
}

/** A file with more is a dump or a migration history; the first ones are looked at. */
const mostStatements = 200;
/** Opening and saving several files at once is one event for a person. */
const openPauseMs = 300;
/** Untitled files are never saved: there a pause in typing counts. */
const typingPauseMs = 1_500;
/** Planning that takes longer holds up the other statements, for advice nobody waits for. */
const planTimeoutMs = 5_000;
/** So long an answer is taken to hold: saving a file again and again does not plan everything again and again. */
const answerHoldsMs = 60_000;

/** As a failure of SQLSTATE 42501 is put into words (database/failures.ts); the server's own words have many languages. */
const deniedReason = /^Role ".*" lacks a right on /s;

/** Documents that a person edits: neither revisions of git nor the output of tools. */
const schemes = new Set(['file', 'untitled']);

export class MissingIndexes implements vscode.Disposable {
  readonly #connections: ConnectionStore;
  readonly #ignoreFile: IgnoreFile;
  readonly #reporter: FailureReporter;
  readonly #log: vscode.LogOutputChannel;
  readonly #docsUri: vscode.Uri;
  readonly #collection = vscode.languages.createDiagnosticCollection('pgInsight.missingIndex');
  readonly #subscriptions: vscode.Disposable[];
  readonly #answers = new WeakMap<DatabaseSession, Map<string, Answer>>();
  /** As each document's connection was when it was last looked at. */
  readonly #followed = new Map<string, Connection>();
  readonly #lookTimers = new Map<string, NodeJS.Timeout>();
  readonly #publishTimers = new Map<string, NodeJS.Timeout>();
  readonly #waiting = new Set<string>();
  #running: { uri: string; controller: AbortController } | null = null;
  #ignored: readonly IgnoreEntry[] = [];

  constructor(
    connections: ConnectionStore,
    ignoreFile: IgnoreFile,
    reporter: FailureReporter,
    log: vscode.LogOutputChannel,
    docsFolder: vscode.Uri,
  ) {
    this.#connections = connections;
    this.#ignoreFile = ignoreFile;
    this.#reporter = reporter;
    this.#log = log;
    this.#docsUri = vscode.Uri.joinPath(docsFolder, `${missingIndexRule}.md`);
    const { workspace } = vscode;
    this.#subscriptions = [
      workspace.onDidOpenTextDocument((document) => {
        this.#schedule(document, openPauseMs);
      }),
      workspace.onDidSaveTextDocument((document) => {
        this.#schedule(document, openPauseMs);
      }),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#followEdit(document);
      }),
      workspace.onDidCloseTextDocument((document) => {
        this.#close(document);
      }),
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('pgInsight.advice')) this.#lookEverywhere();
      }),
      connections.onDidChange(() => {
        this.#followConnections();
      }),
      ignoreFile.onDidChange(() => void this.#readIgnored()),
    ];
    void this.#readIgnored();
    this.#lookEverywhere();
  }

  /** Nothing is under way or about to be. */
  get isIdle(): boolean {
    return (
      this.#running === null &&
      this.#waiting.size === 0 &&
      this.#lookTimers.size === 0 &&
      this.#publishTimers.size === 0
    );
  }

  /** What is known now of the document as it reads now. */
  find(document: vscode.TextDocument): MissingIndex[] {
    const { session } = this.#connectionOf(document);
    const answers = session === null ? undefined : this.#answers.get(session);
    if (session === null || answers === undefined || !isEnabled(document)) return [];
    return findQuestions(document).questions.flatMap(({ target, sql, parameters }) => {
      const recommendation = answers.get(sql)?.advice.recommendations[0];
      if (recommendation === undefined) return [];
      const finding = toMissingIndexFinding(sql, recommendation);
      if (findIgnoreReason(finding, this.#ignored) !== null) return [];
      const diagnostic = toMissingIndexDiagnostic(target, recommendation, this.#docsUri);
      return [{ target, sql, parameters, session, recommendation, fingerprint: finding.fingerprint, diagnostic }];
    });
  }

  /** Said where the marks would be: without rights there are none, which must not look like "nothing is missing". */
  #findDenied(document: vscode.TextDocument): vscode.Diagnostic | null {
    const { session } = this.#connectionOf(document);
    const answers = session === null ? undefined : this.#answers.get(session);
    if (answers === undefined || !isEnabled(document)) return null;
    const denied = findQuestions(document).questions.flatMap(({ target, sql }) => {
      const reason = answers.get(sql)?.advice.reason ?? null;
      return reason !== null && deniedReason.test(reason) ? [{ target, reason }] : [];
    });
    const [first] = denied;
    return first === undefined ? null : toDeniedDiagnostic(first.target, first.reason, denied.length);
  }

  /** Asks the server once more about one statement. */
  async adviseAgain({ session, sql, parameters, target }: MissingIndex): Promise<IndexAdvice> {
    const advice = await session.adviseStatement({ sql, parameters, timeoutMs: planTimeoutMs });
    this.#keep(session, sql, advice);
    this.#publish(target.document);
    return advice;
  }

  /** The server has changed, or somebody says so: what is known is asked for again. */
  forget(session: DatabaseSession | null = null): void {
    for (const document of vscode.workspace.textDocuments) {
      const own = this.#connectionOf(document).session;
      if (own === null || (session !== null && own !== session)) continue;
      // kept until the new answer is there: marks that go and come back would flicker
      for (const answer of this.#answers.get(own)?.values() ?? []) answer.atMs = -Infinity;
      this.#schedule(document, 0);
    }
  }

  dispose(): void {
    for (const timer of [...this.#lookTimers.values(), ...this.#publishTimers.values()]) clearTimeout(timer);
    this.#waiting.clear();
    this.#running?.controller.abort();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#collection.dispose();
  }

  #connectionOf(document: vscode.TextDocument): Connection {
    const profile = this.#connections.findProfileFor(document.uri);
    const state = profile === null ? null : this.#connections.stateOf(profile.id);
    if (state?.state === 'connected') return { session: state.session, isConnected: true };
    return { session: state?.state === 'reconnecting' ? state.session : null, isConnected: false };
  }

  #lookEverywhere(): void {
    for (const document of vscode.workspace.textDocuments) this.#schedule(document, openPauseMs);
  }

  #schedule(document: vscode.TextDocument, pauseMs: number): void {
    if (!isSqlLanguage(document.languageId) || !schemes.has(document.uri.scheme)) return;
    const uri = document.uri.toString();
    this.#followed.set(uri, this.#connectionOf(document));
    setTimer(this.#lookTimers, uri, pauseMs, () => {
      this.#waiting.add(uri);
      void this.#work();
    });
  }

  #followEdit(document: vscode.TextDocument): void {
    const uri = document.uri.toString();
    if (!this.#followed.has(uri)) return;
    setTimer(this.#publishTimers, uri, openPauseMs, () => {
      this.#publish(document);
    });
    const isInterrupted = this.#running?.uri === uri || this.#waiting.delete(uri) || this.#lookTimers.has(uri);
    if (this.#running?.uri === uri) this.#running.controller.abort();
    if (isInterrupted || document.isUntitled) this.#schedule(document, typingPauseMs);
  }

  #close(document: vscode.TextDocument): void {
    const uri = document.uri.toString();
    for (const timers of [this.#lookTimers, this.#publishTimers]) {
      clearTimeout(timers.get(uri));
      timers.delete(uri);
    }
    this.#waiting.delete(uri);
    this.#followed.delete(uri);
    if (this.#running?.uri === uri) this.#running.controller.abort();
    this.#collection.delete(document.uri);
  }

  /** A connection that has come, gone or changed: its documents show what that one knows, and are looked at. */
  #followConnections(): void {
    for (const document of vscode.workspace.textDocuments) {
      const before = this.#followed.get(document.uri.toString());
      if (before === undefined) continue;
      const now = this.#connectionOf(document);
      if (now.session === before.session && now.isConnected === before.isConnected) continue;
      this.#schedule(document, openPauseMs);
      if (now.session !== before.session) this.#publish(document);
    }
  }

  async #readIgnored(): Promise<void> {
    const reading = await this.#ignoreFile.read();
    this.#ignored = reading.status === 'read' ? reading.entries : [];
    if (reading.status === 'unreadable') this.#log.warn(`No missing index is ignored: ${reading.reason}`);
    for (const document of vscode.workspace.textDocuments) {
      if (this.#followed.has(document.uri.toString())) this.#publish(document);
    }
  }

  #publish(document: vscode.TextDocument): void {
    if (document.isClosed) return;
    const denied = this.#findDenied(document);
    this.#collection.set(document.uri, [
      ...this.find(document).map(({ diagnostic }) => diagnostic),
      ...(denied === null ? [] : [denied]),
    ]);
  }

  /** One document after the other, until none is waiting. */
  async #work(): Promise<void> {
    if (this.#running !== null) return;
    for (let uri = nextOf(this.#waiting); uri !== undefined; uri = nextOf(this.#waiting)) {
      const current = uri;
      this.#waiting.delete(current);
      const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === current);
      if (document === undefined) continue;
      const controller = new AbortController();
      this.#running = { uri, controller };
      try {
        await this.#look(document, controller.signal);
      } catch (error) {
        // a lost connection meets all of them; they are looked at when it is back
        if (!controller.signal.aborted) this.#reporter.logFailure(error);
        if (isDatabaseFailure(error) && error.kind === 'connection-lost') this.#waiting.clear();
      } finally {
        this.#running = null;
      }
    }
  }

  async #look(document: vscode.TextDocument, signal: AbortSignal): Promise<void> {
    const { session, isConnected } = this.#connectionOf(document);
    if (session === null || !isConnected || !isEnabled(document)) {
      this.#publish(document);
      return;
    }
    const { questions, statementCount } = findQuestions(document);
    const due = questions.filter(({ sql }) => !this.#holds(session, sql));
    if (due.length > 0) {
      const name = vscode.workspace.asRelativePath(document.uri);
      // in the status bar, and only when it takes a moment
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: 'Looking for missing indexes' },
        () => this.#ask(session, document, due, signal),
      );
      this.#log.info(describeLook(name, session, questions, statementCount, this.#answers.get(session) ?? new Map()));
    }
    this.#publish(document);
  }

  async #ask(
    session: DatabaseSession,
    document: vscode.TextDocument,
    questions: readonly Question[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const { target, sql, parameters } of questions) {
      signal.throwIfAborted();
      // the same statement may stand in a file twice
      if (this.#holds(session, sql)) continue;
      const advice = await session.adviseStatement({ sql, parameters, timeoutMs: planTimeoutMs }, signal);
      this.#keep(session, sql, advice);
      if (advice.reason !== null) this.#log.debug(`No index advice for "${target.title}": ${advice.reason}`);
      if (advice.recommendations.length > 0) this.#publish(document);
    }
  }

  #keep(session: DatabaseSession, sql: string, advice: IndexAdvice): void {
    const answers = this.#answers.get(session) ?? new Map<string, Answer>();
    this.#answers.set(session, answers.set(sql, { advice, atMs: performance.now() }));
  }

  #holds(session: DatabaseSession, sql: string): boolean {
    const answer = this.#answers.get(session)?.get(sql);
    return answer !== undefined && performance.now() - answer.atMs < answerHoldsMs;
  }
}

function isEnabled(document: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration('pgInsight.advice', document).get<boolean>('enabled', true);
}

/** Of the first statements; `statementCount` counts all that could be planned. */
function findQuestions(document: vscode.TextDocument): { questions: Question[]; statementCount: number } {
  if (document.getText().length > longestText) return { questions: [], statementCount: 0 };
  const statements = findStatements(document).filter(({ sql }) => isExplainable(sql));
  const questions = statements.slice(0, mostStatements).map((target): Question => {
    const { sql, parameters } = numberPlaceholders(stripExplain(target.sql).sql);
    return { target, sql, parameters: parameters.length === 0 ? { mode: 'none' } : { mode: 'generic' } };
  });
  return { questions, statementCount: statements.length };
}

function describeLook(
  name: string,
  { database, server }: DatabaseSession,
  questions: readonly Question[],
  statementCount: number,
  answers: ReadonlyMap<string, Answer>,
): string {
  const count = (status: IndexAdvice['status']) =>
    questions.filter(({ sql }) => answers.get(sql)?.advice.status === status).length;
  const limit =
    statementCount > questions.length
      ? ` Only the first ${questions.length} of ${statementCount} statements were looked at.`
      : '';
  return (
    `Looked for missing indexes in ${name} on ${database} at ${server}: ` +
    `${formatQuantity(questions.length, 'statement')}, ${count('advice')} with a missing index, ${count('not-possible')} not assessed.${limit}`
  );
}

/** What is in front first: somebody is looking at it. */
function nextOf(uris: ReadonlySet<string>): string | undefined {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  const inSight = [activeTextEditor, ...visibleTextEditors].map((editor) => editor?.document.uri.toString());
  const [first] = uris;
  return inSight.find((uri) => uri !== undefined && uris.has(uri)) ?? first;
}

function setTimer(timers: Map<string, NodeJS.Timeout>, key: string, pauseMs: number, run: () => void): void {
  clearTimeout(timers.get(key));
  timers.set(
    key,
    setTimeout(() => {
      timers.delete(key);
      run();
    }, pauseMs),
  );
}
