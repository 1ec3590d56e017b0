// Index advice for a workload, from the question to its report: collects the statements, asks the advisor with progress and
// Cancel, and does what the report's buttons ask for. Loaded with the engine.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { formatDateTime } from '../analysis/format/date-time';
import { formatCount, formatQuantity } from '../analysis/format/numbers';
import type { WorkloadStatement } from '../analysis/index-advice/workload-advice';
import { toSelections, type SelectedIndex, type WorkloadSelection } from '../analysis/index-advice/workload-selection';
import type { IndexDropRequest } from '../analysis/index-build/index-build';
import { toIndexClause } from '../analysis/index-build/index-steps';
import { toIndexPrediction } from '../analysis/indexes/index-promise';
import { toHiddenStatementsFix } from '../analysis/statements/hidden-statements';
import { WorkloadPanels, type AdviseOptions, type WorkloadPanelHandlers } from '../webviews/workload-panel';
import type { WorkloadDocument } from '../webviews/workload-protocol';
import type { ConnectionCommands } from './connection-commands';
import type { ConnectionStore } from './connection-store';
import type { AdviceOptions, DatabaseSession, IndexAdvisor } from './database-port';
import type { FailureReporter } from './failure-reporter';
import type { AdvisedBuild, BuiltIndex, DroppedIndexes, IndexBuildCommands } from './index-build-commands';
import { addMigration } from './quick-fix-migration';
import { revealStatement } from './reveal-source';
import type { SlowQueriesStore } from './slow-queries-store';
import type { SlowQueriesNode } from './slow-queries-view';
import { sayRowGone } from './tree-items';
import {
  collectFile,
  collectFolder,
  collectText,
  isAdvisableFile,
  toFileWorkload,
  toSlowQueryWorkload,
  type Workload,
} from './workload-sources';

export interface WorkloadReportsParts {
  context: vscode.ExtensionContext;
  connections: ConnectionCommands;
  connectionStore: ConnectionStore;
  slowQueries: SlowQueriesStore;
  advisor: IndexAdvisor;
  builds: IndexBuildCommands;
  reporter: FailureReporter;
  log: vscode.LogOutputChannel;
}

/** Planning that takes longer holds up the other statements. */
const planTimeoutMs = 15_000;
/** The search for the best set ends then; what was found is the answer, and says so. */
const searchDeadlineMs = 180_000;
/** Smaller sets that are found besides, for the slider: between them it asks again. */
const budgetSteps = 4;
/** Names of migration files have to end somewhere. */
const combinedName = 'advised_indexes';

export class WorkloadReports implements vscode.WebviewPanelSerializer {
  readonly #parts: WorkloadReportsParts;
  readonly #panels: WorkloadPanels;

  constructor(parts: WorkloadReportsParts) {
    this.#parts = parts;
    this.#panels = new WorkloadPanels(parts.context, this.#toHandlers());
  }

  /** Of the open reports. */
  get documents(): WorkloadDocument[] {
    return this.#panels.documents;
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    return this.#panels.deserializeWebviewPanel(panel, state);
  }

  noteCreated({ server, database }: DatabaseSession, { index, undo }: BuiltIndex): Promise<void> {
    return this.#panels.noteCreated({ server, database }, index, undo);
  }

  noteDropped({ server, database }: DatabaseSession, { indexes }: DroppedIndexes): Promise<void> {
    return this.#panels.noteDropped({ server, database }, indexes);
  }

  /** All that the view lists now: its filter and its mark hold. */
  async adviseSlowQueries(): Promise<void> {
    const session = await this.#parts.connections.ensureSession();
    if (session === null) return;
    const { slowQueries } = this.#parts;
    const state = await slowQueries.read();
    if (state.state === 'failed') throw state.failure;
    if (state.state === 'unavailable') {
      throw new DatabaseFailure('configuration', state.gap.message, state.gap.nextStep);
    }
    if (state.state !== 'available') return;
    const { filter } = slowQueries;
    const title = filter === '' ? 'slow queries' : `slow queries with "${filter}"`;
    await this.#advise(session, () => Promise.resolve(this.#toSlowQueries(title, session, state.list.entries)));
  }

  /** Rows of the Slow Queries view: all that are selected, when the one that was clicked is among them. */
  async adviseStatements(node: unknown, nodes: unknown): Promise<void> {
    const chosen = (Array.isArray(nodes) && nodes.length > 0 ? nodes : [node]).filter(isStatementNode);
    const { session } = this.#parts.slowQueries;
    if (session === null || chosen.length === 0) {
      sayRowGone();
      return;
    }
    const entries = chosen.map(({ entry }) => entry);
    const title = formatQuantity(entries.length, 'slow query', 'slow queries');
    await this.#advise(session, () => Promise.resolve(this.#toSlowQueries(title, session, entries)));
  }

  async adviseFiles(argument: unknown, others: unknown): Promise<void> {
    const given = (Array.isArray(others) && others.length > 0 ? others : [argument]).filter(
      (each) => each instanceof vscode.Uri,
    );
    const active = vscode.window.activeTextEditor?.document.uri;
    const uris = given.length > 0 ? given : active === undefined ? [] : [active];
    const [first] = uris;
    if (first === undefined) {
      void vscode.window.showInformationMessage('Open a file with SQL first.');
      return;
    }
    const session = await this.#parts.connections.ensureSession(first);
    if (session === null) return;
    const title = uris.length === 1 ? nameOf(first) : formatQuantity(uris.length, 'file');
    await this.#advise(session, async () => {
      const files = uris.filter((uri) => uri === active || isAdvisableFile(uri));
      return toFileWorkload(title, await Promise.all(files.map(collectFile)), []);
    });
  }

  async adviseFolder(argument: unknown): Promise<void> {
    const folder =
      argument instanceof vscode.Uri
        ? argument
        : (vscode.workspace.workspaceFolders?.length ?? 0) > 1
          ? (await vscode.window.showWorkspaceFolderPick({ placeHolder: 'Statements of which folder?' }))?.uri
          : vscode.workspace.workspaceFolders?.[0]?.uri;
    if (folder === undefined) {
      if ((vscode.workspace.workspaceFolders?.length ?? 0) === 0) {
        void vscode.window.showInformationMessage('Open a folder first.');
      }
      return;
    }
    const session = await this.#parts.connections.ensureSession(folder);
    if (session === null) return;
    await this.#advise(session, async ({ say, signal }) => {
      const { collected, notes } = await collectFolder(folder, say, signal);
      return toFileWorkload(`folder ${nameOf(folder)}`, collected, notes);
    });
  }

  async adviseSelection(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || editor.selections.every(({ isEmpty }) => isEmpty)) {
      void vscode.window.showInformationMessage('Select the statements first.');
      return;
    }
    const { document, selections } = editor;
    const session = await this.#parts.connections.ensureSession(document.uri);
    if (session === null) return;
    const text = document.getText();
    const ranges = selections.map(({ start, end }) => [document.offsetAt(start), document.offsetAt(end)] as const);
    // all else is blank, so that places stay what they are
    const blank = (from: number, to: number) => text.slice(from, to).replaceAll(/[^\r\n]/g, ' ');
    let [selected, at] = ['', 0];
    for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
      selected += blank(at, start) + text.slice(start, end);
      at = end;
    }
    const collected = collectText(document.uri, selected, document.languageId);
    // without the quotes around it, what is selected in a program is SQL itself
    const found = collected.found.length > 0 ? collected : collectText(document.uri, selected, 'sql');
    await this.#advise(session, () =>
      Promise.resolve(toFileWorkload(`selection of ${nameOf(document.uri)}`, [found], [])),
    );
  }

  #toSlowQueries(
    title: string,
    session: DatabaseSession,
    entries: Parameters<typeof toSlowQueryWorkload>[1],
  ): Workload {
    const { state, mark } = this.#parts.slowQueries;
    const reset = state.state === 'available' ? state.list.statisticsReset : null;
    const since =
      mark !== null
        ? `since the mark of ${formatDateTime(mark.markedAt)}`
        : `since ${reset === null ? 'the last reset' : formatDateTime(reset)}`;
    return toSlowQueryWorkload(title, entries, since, toHiddenStatementsFix(session.facts.role).sql);
  }

  async #advise(session: DatabaseSession, collect: (options: AdviseOptions) => Promise<Workload>): Promise<void> {
    const document = await withProgress(async (options) => {
      const workload = await collect(options);
      if (options.signal.aborted) return null;
      if (workload.statements.length === 0) {
        const why = workload.notes.slice(1).join(' ');
        void vscode.window.showInformationMessage(
          `There is no statement to advise on in ${workload.title}. ${why}`.trim(),
        );
        return null;
      }
      const { profile, server, database, facts } = session;
      const bare: WorkloadDocument = {
        title: workload.title,
        connection: { profileId: profile.id, name: profile.name, environment: profile.environment },
        ...{ server, database, serverVersion: facts.version, role: facts.role },
        madeAt: new Date().toISOString(),
        notes: workload.notes,
        statements: workload.statements,
        ...{ selections: [], budgetBytes: null, created: [], dropped: [] },
      };
      return this.#adviseAnew(session, bare, options);
    });
    if (document !== null) await this.#panels.show(document);
  }

  /** The whole workload on the server as it is now. */
  async #adviseAnew(
    session: DatabaseSession,
    document: WorkloadDocument,
    options: AdviseOptions,
  ): Promise<WorkloadDocument> {
    const madeAt = new Date().toISOString();
    this.#parts.advisor.refresh(session);
    const selections = await this.#ask(session, { ...document, madeAt }, null, options);
    return { ...document, madeAt, selections, budgetBytes: null, created: [], dropped: [] };
  }

  async #ask(
    session: DatabaseSession,
    document: WorkloadDocument,
    budgetBytes: number | null,
    { say, signal }: AdviseOptions,
  ): Promise<WorkloadSelection[]> {
    const { advisor, log } = this.#parts;
    const { statements, title, madeAt } = document;
    const questions = statements.map(({ id, sql, calls, parameters }): WorkloadStatement => ({
      id,
      sql,
      calls,
      parameters,
      timeoutMs: planTimeoutMs,
    }));
    const isFirst = budgetBytes === null;
    const steps = isFirst ? budgetSteps : 0;
    const options: AdviceOptions = {
      minimumSavedRatio:
        vscode.workspace.getConfiguration('pgInsight.advice').get<number>('minimumSavedPercent', 10) / 100,
      workload: `${title} ${madeAt}`,
      budgetSteps: steps,
      // planned beside the whole set, and said of that one only
      findsDrops: isFirst,
      ...{ budgetBytes, deadlineMs: searchDeadlineMs },
    };
    const startedAtMs = performance.now();
    const advice = await advisor.adviseWorkload(
      session,
      questions,
      options,
      ({ statements: done, plans }) => {
        say(
          plans === 0
            ? `${formatCount(done)} of ${formatQuantity(questions.length, 'statement')} planned`
            : `comparing indexes, ${formatQuantity(plans, 'plan')}`,
        );
      },
      signal,
    );
    const elapsedMs = performance.now() - startedAtMs;
    log.info(
      `Index advice for ${title} on ${session.database} at ${session.server}: ${formatQuantity(questions.length, 'statement')}, ` +
        `${formatQuantity(advice.recommendations.length, 'index', 'indexes')}, ${formatQuantity(advice.whatIfCalls, 'plan')} in ${Math.round(elapsedMs)} ms.`,
    );
    return toSelections(advice, { budgetBytes, steps, elapsedMs });
  }

  #toHandlers(): WorkloadPanelHandlers {
    const { connectionStore, builds, reporter, log } = this.#parts;
    return {
      findConnection: async (profileId) => {
        const profile = await connectionStore.readProfile(profileId);
        if (profile === null) return null;
        const { name, environment } = profile;
        return { profileId, name, environment, isConnected: connectionStore.stateOf(profileId).state === 'connected' };
      },
      onDidChangeConnections: connectionStore.onDidChange,
      advise: async (document, budgetBytes, options) => {
        const session = await this.#openSession(document);
        if (session === null) return null;
        return (await this.#ask(session, document, budgetBytes, options))[0] ?? null;
      },
      refresh: async (document, options) => {
        const session = await this.#openSession(document);
        return session === null ? null : this.#adviseAnew(session, document, options);
      },
      create: async (document, indexes) => {
        const session = await this.#openSession(document);
        if (session !== null)
          await builds.createAll(
            session,
            indexes.map((each) => toAdvisedBuild(each, document)),
          );
      },
      undo: async (document, undo) => {
        await this.#drop(document, undo);
      },
      drop: async (document, index) => {
        const session = await this.#openSession(document);
        if (session === null) return;
        const { sections } = await session.captureSnapshot(['indexes']);
        const rows = sections.indexes.status === 'available' ? sections.indexes.rows : [];
        const found = rows.find(({ schema, name }) => schema === index.schema && name === index.name);
        if (found === undefined) {
          throw new DatabaseFailure(
            'statement',
            `There is no index ${index.schema}.${index.name} any more.`,
            'Refresh the advice.',
          );
        }
        await builds.drop(session, { indexes: [{ ...index, oid: found.oid, mustBeInvalid: false }], keep: [] });
      },
      migrate: async (document, indexes) => {
        const uri = document.statements.find(({ source }) => source !== null)?.source?.uri;
        await addMigration(
          uri === undefined ? null : { uri: vscode.Uri.parse(uri) },
          toScript(indexes),
          indexes.flatMap(({ name, why }) => (indexes.length === 1 ? why : [`${name}: ${why[0] ?? ''}`])),
        );
      },
      openStatement: (statement) => revealStatement(statement.id, statement),
      openSql,
      guard: (work) => reporter.guard(work),
      log,
    };
  }

  async #drop(document: WorkloadDocument, request: IndexDropRequest): Promise<void> {
    const session = await this.#openSession(document);
    if (session !== null) await this.#parts.builds.drop(session, request);
  }

  /** Null when the user gave up. Rejects when the connection does not lead there any more. */
  async #openSession({ connection, server, database }: WorkloadDocument): Promise<DatabaseSession | null> {
    const { connectionStore, connections } = this.#parts;
    const profile = await connectionStore.readProfile(connection.profileId);
    if (profile === null) {
      throw new DatabaseFailure(
        'configuration',
        `The connection "${connection.name}" of this advice was removed.`,
        'Ask for advice again over the connection that this window uses.',
      );
    }
    const session = await connections.openSession(profile);
    if (session === null || (session.server === server && session.database === database)) return session;
    throw new DatabaseFailure(
      'configuration',
      `This advice is for database "${database}" on ${server}; the connection "${profile.name}" now leads to "${session.database}" on ${session.server}.`,
      'Ask for advice again over this connection.',
    );
  }
}

/** In a notification with Cancel, from the first moment: it may take minutes. */
function withProgress<Result>(work: (options: AdviseOptions) => Promise<Result>): Thenable<Result> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Looking for indexes', cancellable: true },
    (notification, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => {
        controller.abort();
      });
      return work({
        signal: controller.signal,
        say: (message) => {
          notification.report({ message });
        },
      });
    },
  );
}

function isStatementNode(node: unknown): node is Extract<SlowQueriesNode, { kind: 'statement' }> {
  return typeof node === 'object' && node !== null && 'kind' in node && node.kind === 'statement';
}

const nameOf = ({ path }: vscode.Uri) => path.replace(/\/+$/, '').replace(/^.*\//, '');

function toAdvisedBuild(selected: SelectedIndex, { statements }: WorkloadDocument): AdvisedBuild {
  const { index, name, sizeBytes, winners } = selected;
  const { schema, table } = index;
  const gain = ({ alone }: (typeof winners)[number]) => alone.costBefore - alone.costAfter;
  const texts = winners
    .toSorted((a, b) => gain(b) - gain(a))
    .flatMap(({ id }) => statements.find((each) => each.id === id)?.sql ?? []);
  return {
    request: {
      index: { schema, table, name, unique: false, clause: toIndexClause(index) },
      estimatedSizeBytes: sizeBytes === null ? null : Math.round(sizeBytes),
    },
    prediction: toIndexPrediction(selected, texts),
  };
}

function toScript(indexes: readonly SelectedIndex[]) {
  const [only, ...others] = indexes;
  if (only !== undefined && others.length === 0) return only;
  return {
    name: combinedName,
    steps: indexes.flatMap(({ steps }) => steps),
    undo: indexes.map(({ undo }) => undo).join(';\n'),
  };
}

async function openSql(sql: string): Promise<void> {
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content: sql }));
}
