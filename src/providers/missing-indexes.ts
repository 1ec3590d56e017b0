// Looks in the background for indexes that the statements of open SQL files lack. Statements are planned, never run, one
// at a time, over a session that is there anyway: nothing here connects or asks. What is marked in a file follows from its
// text and from the answers that are known, so that an edit moves or removes a mark without asking the server again.
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ParameterValues } from '../analysis/explain/explain';
import { formatQuantity } from '../analysis/format/numbers';
import { findIgnoreReason } from '../analysis/ignore-list';
import { missingIndexRule } from '../analysis/index-advice/missing-index-findings';
import type { IndexAdvice } from '../analysis/index-advice/index-advice';
import type { WorkloadAdvice, WorkloadStatement } from '../analysis/index-advice/workload-advice';
import type { IgnoreEntry } from '../analysis/parse-ignore-list';
import { lexSql } from '../analysis/sql/lex-sql';
import { numberPlaceholders } from '../analysis/sql/placeholders';
import { stripExplain } from '../analysis/sql/strip-explain';
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
import type { ConnectionStore } from './connection-store';
import type { DatabaseSession, IndexAdvisor } from './database-port';
import { toSource } from './explain-commands';
import { isExplainable, longestText } from './explain-lenses';
import type { FailureReporter } from './failure-reporter';
import type { IgnoreFile } from './ignore-file';
import { toDeniedDiagnostic, toMissingIndexDiagnostic, toMissingIndexFinding } from './missing-index-diagnostic';
import { isSqlLanguage } from './source-text';
import { findStatements, type StatementTarget } from './statement-target';

/** An index that a statement of a document lacks, as far as is known now. */
export interface MissingIndex extends AdvisedIndex {
  target: StatementTarget;
  diagnostic: vscode.Diagnostic;
}

/** A statement to advise. */
interface Question {
  target: StatementTarget;
  sql: string;
  /** By which its answer is kept: its tokens, so that neither line breaks nor comments ask again. */
  key: string;
  parameters: ParameterValues;
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
/** A file of many statements can keep the search for the best set busy; what is found until then is shown. */
const searchDeadlineMs = 30_000;

/** As a failure of SQLSTATE 42501 is put into words (database/failures.ts); the server's own words have many languages. */
const deniedReason = /^Role ".*" lacks a right on /s;

/** Documents that a person edits: neither revisions of git nor the output of tools. */
const schemes = new Set(['file', 'untitled']);

export class MissingIndexes implements vscode.Disposable {
  readonly #connections: ConnectionStore;
  readonly #advisor: IndexAdvisor;
  readonly #ignoreFile: IgnoreFile;
  readonly #reporter: FailureReporter;
  readonly #log: vscode.LogOutputChannel;
  readonly #docsUri: vscode.Uri;
  readonly #collection = vscode.languages.createDiagnosticCollection('pgInsight.missingIndex');
  readonly #subscriptions: vscode.Disposable[];
  readonly #answers = new WeakMap<DatabaseSession, Map<string, IndexAnswer>>();
  /** As each document's connection was when it was last looked at. */
  readonly #followed = new Map<string, Connection>();
  readonly #lookTimers = new Map<string, NodeJS.Timeout>();
  readonly #publishTimers = new Map<string, NodeJS.Timeout>();
  readonly #waiting = new Set<string>();
  #running: { uri: string; controller: AbortController } | null = null;
  #ignored: readonly IgnoreEntry[] = [];
  /** What has been said in this window. */
  readonly #saidNotes = new Set<string>();

  constructor(
    connections: ConnectionStore,
    advisor: IndexAdvisor,
    ignoreFile: IgnoreFile,
    reporter: FailureReporter,
    log: vscode.LogOutputChannel,
    docsFolder: vscode.Uri,
  ) {
    this.#connections = connections;
    this.#advisor = advisor;
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
        if (!change.affectsConfiguration('pgInsight.advice') && !change.affectsConfiguration('pgInsight.sandbox'))
          return;
        this.forget();
        this.#lookEverywhere();
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
    if (session === null || answers === undefined || !isAdviceEnabled(document)) return [];
    const thresholds = readThresholds(document);
    return findQuestions(document).questions.flatMap(({ target, sql, key, parameters }): MissingIndex[] => {
      const answer = answers.get(key);
      const best = answer?.indexes.find(({ change }) => isWorthwhile(change, thresholds));
      if (answer === undefined || best === undefined) return [];
      const { recommendation, change } = best;
      const finding = toMissingIndexFinding(sql, recommendation);
      if (findIgnoreReason(finding, this.#ignored) !== null) return [];
      const diagnostic = toMissingIndexDiagnostic(target, recommendation, change, this.#docsUri);
      const { engineNote } = answer;
      const { fingerprint } = finding;
      const missing: MissingIndex = {
        ...{ target, title: target.title, document, source: toSource(target), diagnostic },
        ...{ sql, parameters, session, recommendation, change, engineNote, fingerprint },
        lookAgain: (signal) => this.#adviseAgain(missing, signal),
      };
      return [missing];
    });
  }

  /** Said where the marks would be: without rights there are none, which must not look like "nothing is missing". */
  #findDenied(document: vscode.TextDocument): vscode.Diagnostic | null {
    const { session } = this.#connectionOf(document);
    const answers = session === null ? undefined : this.#answers.get(session);
    if (answers === undefined || !isAdviceEnabled(document)) return null;
    const denied = findQuestions(document).questions.flatMap(({ target, key }) => {
      const reason = answers.get(key)?.reason ?? null;
      return reason !== null && deniedReason.test(reason) ? [{ target, reason }] : [];
    });
    const [first] = denied;
    return first === undefined ? null : toDeniedDiagnostic(first.target, first.reason, denied.length);
  }

  /** About the whole file, as the mark was found: what is best for a part of its statements may be another index. */
  async #adviseAgain(missing: MissingIndex, signal: AbortSignal): Promise<MissingIndex | { reason: string | null }> {
    const { session, target, fingerprint } = missing;
    const { questions } = findQuestions(target.document);
    this.#advisor.refresh(session);
    await this.#ask(session, target.document, questions, signal);
    this.#publish(target.document);
    const again = this.find(target.document).find((each) => each.fingerprint === fingerprint);
    const own = questions.find(({ sql }) => sql === missing.sql);
    return again ?? { reason: this.#answers.get(session)?.get(own?.key ?? '')?.reason ?? null };
  }

  /** The server has changed, or somebody says so: what is known is asked for again. */
  forget(session: DatabaseSession | null = null): void {
    for (const document of vscode.workspace.textDocuments) {
      const own = this.#connectionOf(document).session;
      if (own === null || (session !== null && own !== session)) continue;
      this.#advisor.refresh(own);
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
    if (session === null || !isConnected || !isAdviceEnabled(document)) {
      this.#publish(document);
      return;
    }
    const { questions, statementCount } = findQuestions(document);
    // all of them together: a statement that has come may share the index of another one
    if (questions.some(({ key }) => !this.#holds(session, key))) {
      const name = vscode.workspace.asRelativePath(document.uri);
      // in the status bar, and only when it takes a moment
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: 'Looking for missing indexes' },
        () => this.#ask(session, document, questions, signal),
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
    // the same statement may stand in a file twice
    const asked = [...new Map(questions.map((question) => [question.key, question])).values()];
    const statements = toWorkload(asked);
    const { savedRatio } = readThresholds(document);
    const options = {
      minimumSavedRatio: savedRatio,
      findsDrops: false,
      weighsEach: true,
      deadlineMs: searchDeadlineMs,
    };
    const advice = await this.#advisor.adviseWorkload(session, statements, options, undefined, signal);
    const answers = this.#answers.get(session) ?? new Map<string, IndexAnswer>();
    this.#answers.set(session, answers);
    for (const [at, { key, target }] of asked.entries()) {
      const answer = toIndexAnswer(advice, statements[at]?.id ?? '');
      answers.set(key, answer);
      if (answer.reason !== null) this.#log.debug(`No index advice for "${target.title}": ${answer.reason}`);
    }
    this.#noteEngine(advice);
  }

  /** Once in a window: all advice is weaker for this reason. */
  #noteEngine({ engine, engineNote }: WorkloadAdvice): void {
    if (engineNote === null || this.#saidNotes.has(engineNote)) return;
    this.#saidNotes.add(engineNote);
    this.#log.warn(engineNote);
    if (engine !== 'statistics') return;
    const openSettings = 'Open Settings';
    void vscode.window
      .showInformationMessage(`Missing indexes are estimated, not planned. ${engineNote}`, openSettings)
      .then((chosen) => {
        if (chosen === openSettings) {
          void vscode.commands.executeCommand('workbench.action.openSettings', 'pgInsight.sandbox');
        }
      });
  }

  #holds(session: DatabaseSession, key: string): boolean {
    const answer = this.#answers.get(session)?.get(key);
    return answer !== undefined && performance.now() - answer.atMs < answerHoldsMs;
  }
}

/** Named as people know them: "becomes dearer" has these names too. */
function toWorkload(questions: readonly Question[]): WorkloadStatement[] {
  const counts = new Map<string, number>();
  return questions.map(({ target: { title }, sql, parameters }) => {
    const count = (counts.get(title) ?? 0) + 1;
    counts.set(title, count);
    const id = count === 1 ? title : `${title} (${count})`;
    return { id, sql, calls: null, parameters, timeoutMs: planTimeoutMs };
  });
}

function toKey(sql: string): string {
  return [...lexSql(sql)]
    .filter(({ kind }) => kind !== 'comment')
    .map(({ start, end }) => sql.slice(start, end))
    .join(' ');
}

/** Of the first statements; `statementCount` counts all that could be planned. */
function findQuestions(document: vscode.TextDocument): { questions: Question[]; statementCount: number } {
  if (document.getText().length > longestText) return { questions: [], statementCount: 0 };
  const statements = findStatements(document).filter(({ sql }) => isExplainable(sql));
  const questions = statements.slice(0, mostStatements).map((target): Question => {
    const { sql, parameters } = numberPlaceholders(stripExplain(target.sql).sql);
    return {
      target,
      sql,
      key: toKey(sql),
      parameters: parameters.length === 0 ? { mode: 'none' } : { mode: 'generic' },
    };
  });
  return { questions, statementCount: statements.length };
}

function describeLook(
  name: string,
  { database, server }: DatabaseSession,
  questions: readonly Question[],
  statementCount: number,
  answers: ReadonlyMap<string, IndexAnswer>,
): string {
  const count = (status: IndexAdvice['status']) =>
    questions.filter(({ key }) => answers.get(key)?.status === status).length;
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
