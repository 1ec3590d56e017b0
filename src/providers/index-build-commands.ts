// Building and dropping indexes from the editor: the question that names everything, the server's progress with Cancel,
// whoever is in the way, what is left when it fails, and Undo of every change that is remembered.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import { formatBytes, formatMs, formatQuantity } from '../analysis/format/numbers';
import { describeLeftover, describeRemainder } from '../analysis/index-build/build-failure';
import {
  formatBuildConfirmation,
  formatBuildsConfirmation,
  formatDropConfirmation,
  formatSteps,
} from '../analysis/index-build/format-index-build';
import type {
  DroppedIndex,
  IndexBuildOutcome,
  IndexBuildPlan,
  IndexBuildRequest,
  IndexConsent,
  IndexDefinition,
  IndexDropOutcome,
  IndexDropRequest,
  IndexDropTarget,
  IndexIdentity,
  IndexLeftover,
} from '../analysis/index-build/index-build';
import { isExtraStep } from '../analysis/index-build/index-steps';
import { toIndexPromise, type IndexPrediction } from '../analysis/indexes/index-promise';
import { quoteQualifiedName } from '../analysis/sql/identifiers';
import { runCancellable } from './cancellable';
import type { DatabaseSession } from './database-port';
import type { FailureReporter } from './failure-reporter';
import { runWithProgress, waitForEnd } from './index-change-progress';
import type { IndexChange, IndexChanges } from './index-changes';
import { askToChange, copySql, type IndexQuestion } from './index-question';
import { pickIndexChange } from './pick-index-change';
import type { StartedBuild, StartedDrop, StartedIndexChange, StartedIndexChanges } from './started-index-changes';

export type BuiltIndex = Extract<IndexBuildOutcome, { outcome: 'built' }>;
export type DroppedIndexes = Extract<IndexDropOutcome, { outcome: 'dropped' }>;

export interface IndexBuildCommandsParts {
  reporter: FailureReporter;
  log: vscode.LogOutputChannel;
  /** The profile's session, connected when it is not; null when the user gave up. */
  openSession: (profile: ConnectionProfile) => Promise<DatabaseSession | null>;
  /** Null when there is no such profile any more. */
  readProfile: (id: string) => Promise<ConnectionProfile | null>;
  /** The connection that this window uses. */
  findActiveProfile: () => ConnectionProfile | null;
  changes: IndexChanges;
  started: StartedIndexChanges;
  /** The server has one index more. The views read again; whoever asked for the index compares before and after. */
  onDidCreate: (session: DatabaseSession, built: BuiltIndex) => void;
  onDidDrop: (session: DatabaseSession, dropped: DroppedIndexes) => void;
}

/** What is to be built, and why. */
export interface AdvisedBuild {
  request: IndexBuildRequest;
  /** Of the advice that asks for it; null without. */
  prediction: IndexPrediction | null;
}

interface Build extends AdvisedBuild {
  plan: IndexBuildPlan;
  consent: IndexConsent;
  /** The change that it takes back. */
  undone: IndexChange | null;
  /** " (2 of 5)"; empty for one alone. */
  of: string;
}

const undo = 'Undo';
const redo = 'Redo';
const dropRemainder = 'Drop the Remainder';
const buildAgain = 'Build Again';
const dropAgain = 'Drop Again';
const dropInvalid = 'Drop the Invalid Index';

export class IndexBuildCommands {
  readonly #parts: IndexBuildCommandsParts;
  /** By place: what indexes were that an interrupted drop has left invalid. */
  readonly #interrupted = new Map<string, IndexDefinition>();

  constructor(parts: IndexBuildCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    return [
      vscode.commands.registerCommand('pgInsight.index.undo', () =>
        this.#parts.reporter.guard(async () => {
          const change = await pickIndexChange(this.#parts.changes.all, this.#parts.findActiveProfile());
          if (change !== null) await this.undo(change);
        }),
      ),
    ];
  }

  /**
   * Null when the user did not want it, or it failed and that was said. Rejects when nothing could be begun. `undone` is
   * the change that it takes back; `notes` are what the user is to know of the advice, above all else.
   */
  async create(
    session: DatabaseSession,
    request: IndexBuildRequest,
    {
      undone = null,
      prediction = null,
      notes = [],
    }: Partial<Pick<Build, 'undone' | 'prediction'>> & { notes?: readonly string[] } = {},
  ): Promise<BuiltIndex | null> {
    const { index } = request;
    const title = `index ${quoteQualifiedName(index.schema, index.name)}`;
    const plan = await runCancellable(`Looking at what ${title} needs`, (signal) =>
      session.prepareIndexBuild(request, signal),
    );
    const consent = await askToChange(session, plan, {
      question: `Create ${title}`,
      detail: [...notes, formatBuildConfirmation(plan)].join('\n\n'),
      agree: 'Create Index',
      ...this.#toDropInvalid(session, plan),
    });
    return consent === null ? null : this.#build(session, { request, prediction, plan, consent, undone, of: '' });
  }

  /**
   * Asks once for all of them, and builds one after the other until one fails or is cancelled. Rejects when nothing could
   * be begun.
   */
  async createAll(session: DatabaseSession, builds: readonly AdvisedBuild[]): Promise<void> {
    const [first, ...others] = builds;
    if (first === undefined) return;
    if (others.length === 0) {
      await this.create(session, first.request, first);
      return;
    }
    const looked = await runCancellable(`Looking at what ${builds.length} indexes need`, async (signal) => {
      const plans: (AdvisedBuild & { plan: IndexBuildPlan })[] = [];
      for (const each of builds) plans.push({ ...each, plan: await session.prepareIndexBuild(each.request, signal) });
      return plans;
    });
    const possible = looked.filter(({ plan }) => plan.refusal === null);
    const refused = looked.filter(({ plan }) => plan.refusal !== null).map(({ plan }) => plan);
    const plans = possible.map(({ plan }) => plan);
    const [plan] = [...plans, ...refused];
    if (plan === undefined) return;
    const consent = await askToChange(
      session,
      { ...plan, steps: plans.flatMap(({ steps }) => steps) },
      {
        question: `Create ${formatQuantity(plans.length, 'index', 'indexes')}`,
        detail: formatBuildsConfirmation(plans, refused),
        agree: 'Create Indexes',
      },
    );
    if (consent === null) return;
    for (const [at, each] of possible.entries()) {
      const sql = each.plan.steps.map((step) => step.sql);
      const of = ` (${at + 1} of ${possible.length})`;
      const built = await this.#build(session, { ...each, consent: { ...consent, sql }, undone: null, of });
      if (built !== null) continue;
      const left = possible.length - at - 1;
      if (left > 0) {
        void vscode.window.showInformationMessage(
          `${formatQuantity(at, 'index was', 'indexes were')} created; ${formatQuantity(left, 'index was', 'indexes were')} not begun.`,
        );
      }
      return;
    }
  }

  /** Null when it failed and that was said. */
  async #build(session: DatabaseSession, build: Build): Promise<BuiltIndex | null> {
    const { request, prediction, plan, consent, undone, of } = build;
    const { index } = request;
    const title = `index ${quoteQualifiedName(index.schema, index.name)}`;
    const started: StartedBuild = { ...toStarted(session, title, request, plan), prediction };
    const outcome = await this.#runRemembered(started, () =>
      runWithProgress(session, `Creating ${title}${of}`, (options) => session.runIndexBuild(request, consent, options)),
    );
    if (outcome.outcome === 'failed') {
      await this.#showFailure(session, outcome);
      return null;
    }
    this.#parts.log.info(
      `Created ${title} on ${session.database} at ${session.server} in ${formatMs(outcome.durationMs)}.`,
    );
    const change: IndexChange & { kind: 'created' } = {
      ...toFacts(session, title, outcome.definition, undone),
      kind: 'created',
      undo: outcome.undo,
    };
    await this.#keepBuild(session, change, undone, prediction);
    this.#parts.onDidCreate(session, outcome);
    this.#offerUndo(`Created ${title} (${formatBytes(outcome.sizeBytes)}) in ${formatMs(outcome.durationMs)}.`, change);
    this.#sayUnfinished(title, outcome);
    return outcome;
  }

  /** What its statements take without the index is what has been counted until now. */
  async #keepBuild(
    session: DatabaseSession,
    change: IndexChange & { kind: 'created' },
    undone: IndexChange | null,
    prediction: IndexPrediction | null,
  ): Promise<void> {
    const { changes, reporter } = this.#parts;
    await changes.add(change, undone);
    if (prediction === null) return;
    try {
      const snapshot = await session.captureSnapshot(['statements', 'statementStatistics']);
      await changes.add({ ...change, promise: toIndexPromise(prediction, snapshot) }, change);
    } catch (error) {
      // the index is there all the same
      reporter.logFailure(error);
    }
  }

  /** The next window hears of it when this one does not see its end. */
  async #runRemembered<Outcome extends { outcome: string; leftover?: IndexLeftover }>(
    started: StartedIndexChange,
    run: () => Promise<Outcome>,
  ): Promise<Outcome> {
    await this.#parts.started.add(started);
    let isSeen = true;
    try {
      const ended = await run();
      // the window may be closing
      isSeen = ended.leftover?.left !== 'unknown';
      return ended;
    } finally {
      if (isSeen) await this.#parts.started.remove(started);
    }
  }

  #sayUnfinished(title: string, { unfinishedSql }: Pick<BuiltIndex, 'unfinishedSql'>): void {
    if (unfinishedSql === '') return;
    const message = `${title} is there, and what it had beside its definition is not: ${unfinishedSql.trimEnd()}`;
    this.#parts.log.warn(message);
    void vscode.window.showWarningMessage(message, copySql).then(async (chosen) => {
      if (chosen === copySql) await vscode.env.clipboard.writeText(unfinishedSql);
    });
  }

  /** What is there of the same definition and of no use, with a button that drops it. */
  #toDropInvalid(session: DatabaseSession, { invalid }: IndexBuildPlan): Pick<IndexQuestion, 'other'> {
    const indexes = invalid
      .filter(({ busyPid }) => busyPid === null)
      .map(({ schema, name, oid }) => ({ schema, name, oid, mustBeInvalid: true }));
    if (indexes.length === 0) return {};
    return {
      other: {
        title: dropInvalid,
        run: async () => {
          await this.drop(session, { indexes, keep: [] });
        },
      },
    };
  }

  /** Says what became of what an earlier window began over this connection and did not see the end of. */
  async lookAfterLost(session: DatabaseSession): Promise<void> {
    const { profile, server, database } = session;
    for (const started of this.#parts.started.takeLost({ profileId: profile.id, server, database })) {
      await (started.kind === 'build' ? this.#lookAfterBuild(session, started) : this.#lookAfterDrop(session, started));
    }
  }

  async #lookAfterBuild(session: DatabaseSession, started: StartedBuild): Promise<void> {
    const { title, build, prediction = null } = started;
    const where = toPlace(session);
    const state = await waitForEnd(`${title} is still being built`, () => session.findStartedIndexBuild(build));
    if (state.state === 'running') return;
    await this.#parts.started.remove(started);
    if (state.state === 'built') {
      const change: IndexChange & { kind: 'created' } = {
        ...toFacts(session, title, state.definition, null),
        kind: 'created',
        undo: state.undo,
      };
      await this.#keepBuild(session, change, null, prediction);
      this.#offerUndo(`The server went on without the window: ${title} is built (${where}).`, change);
      this.#sayUnfinished(title, state);
      return;
    }
    const what = state.state === 'left' ? describeRemainder(state.leftover) : 'Nothing is left of it on the server.';
    const message = `The window went while ${title} was being built (${where}). ${what}`;
    this.#parts.log.warn(message);
    const buttons = [...(state.state === 'left' ? [dropRemainder] : []), buildAgain];
    void vscode.window.showWarningMessage(message, ...buttons).then((chosen) =>
      this.#parts.reporter.guard(async () => {
        if (chosen === undefined) return;
        // with the remainder there the name is taken
        if (state.state === 'left' && (await this.drop(session, state.leftover.cleanup)) === null) return;
        if (chosen === buildAgain) await this.create(session, build.request, { prediction });
      }),
    );
  }

  async #lookAfterDrop(session: DatabaseSession, started: StartedDrop): Promise<void> {
    const { title, drop } = started;
    const where = toPlace(session);
    const state = await waitForEnd(`${title} is still being dropped`, () => session.findStartedIndexDrop(drop));
    if (state.state === 'running') return;
    await this.#parts.started.remove(started);
    if (state.state === 'dropped') {
      const message = `The server went on without the window: ${title} is dropped (${where}).`;
      await this.#keepDrop(session, title, { ...state, request: drop.request, message });
      return;
    }
    this.#keepInterrupted(session, state.leftover, drop.indexes);
    const message = `The window went while ${title} was being dropped (${where}). ${describeLeftover(state.leftover, 'drop', drop.indexes[0] ?? { schema: '', name: title })}`;
    this.#parts.log.warn(message);
    const { leftover } = state;
    const buttons: { title: string; run: () => Promise<unknown> }[] =
      leftover.left === 'renames'
        ? [{ title: copySql, run: async () => vscode.env.clipboard.writeText(leftover.sql) }]
        : leftover.left === 'remainder'
          ? [{ title: dropRemainder, run: () => this.drop(session, leftover.cleanup) }]
          : [{ title: dropAgain, run: () => this.drop(session, drop.request) }];
    void vscode.window.showWarningMessage(message, ...buttons.map((button) => button.title)).then((chosen) =>
      this.#parts.reporter.guard(async () => {
        await buttons.find((button) => button.title === chosen)?.run();
      }),
    );
  }

  /** Remembers a drop that is done, and says so. */
  async #keepDrop(
    session: DatabaseSession,
    title: string,
    {
      undo,
      undoSql,
      request,
      message,
    }: Pick<DroppedIndexes, 'undo' | 'undoSql'> & {
      request: IndexDropRequest;
      message: string;
    },
  ): Promise<void> {
    // the log keeps what brings it back, also when the window is closed
    const howToUndo = undoSql === '' ? '' : ` To bring it back: ${undoSql.trimEnd()}`;
    this.#parts.log.info(`Dropped ${title} on ${session.database} at ${session.server}.${howToUndo}`);
    if (undo === null) {
      void vscode.window.showInformationMessage(message);
      return;
    }
    const undone = this.#parts.changes.findCreated(session, request);
    const change: IndexChange = { ...toFacts(session, title, undoSql.trimEnd(), undone), kind: 'dropped', undo };
    await this.#parts.changes.add(change, undone);
    this.#offerUndo(message, change);
  }

  /** Null when the user did not want it, or it failed and that was said. */
  async drop(session: DatabaseSession, wanted: IndexDropRequest): Promise<DroppedIndexes | null> {
    // what was made here is taken back, wherever that is asked for: it may hold indexes that were there before
    const undone = this.#parts.changes.findCreated(session, wanted);
    const request = {
      indexes: wanted.indexes.map((target) => this.#withBefore(session, target)),
      keep: undone === null ? wanted.keep : undone.undo.keep,
    };
    const title = `index ${request.indexes.map(({ schema, name }) => quoteQualifiedName(schema, name)).join(', ')}`;
    const plan = await runCancellable(`Looking at ${title}`, (signal) => session.prepareIndexDrop(request, signal));
    const consent = await askToChange(session, plan, {
      question: `Drop ${title}`,
      detail: formatDropConfirmation(plan),
      agree: 'Drop Index',
    });
    if (consent === null) return null;
    const { indexes, rebuilt, steps } = plan;
    const started: StartedDrop = {
      ...toStartedFacts(session, title),
      kind: 'drop',
      drop: { request, indexes, rebuilt, steps },
    };
    const outcome = await this.#runRemembered(started, () =>
      runWithProgress(session, `Dropping ${title}`, (options) => session.runIndexDrop(request, consent, options)),
    );
    if (outcome.outcome === 'failed') {
      this.#keepInterrupted(session, outcome.leftover, indexes);
      await this.#showFailure(session, outcome, request);
      return null;
    }
    await this.#keepDrop(session, title, { ...outcome, request, message: `Dropped ${title}.` });
    this.#parts.onDidDrop(session, outcome);
    return outcome;
  }

  /** When it is dropped again, Undo brings back what it was. */
  #keepInterrupted(session: DatabaseSession, leftover: IndexLeftover, indexes: readonly DroppedIndex[]): void {
    if (leftover.left !== 'index' || leftover.isValid) return;
    for (const index of indexes) {
      if (index.isMissed) this.#interrupted.set(toKey(session, index), index.undo);
    }
  }

  #withBefore(session: DatabaseSession, target: IndexDropTarget): IndexDropTarget {
    const before = this.#interrupted.get(toKey(session, target));
    return before === undefined ? target : { ...target, before };
  }

  /** Asks as every other change does. */
  async undo(change: IndexChange): Promise<void> {
    const session = await this.#openSessionOf(change);
    if (session === null) return;
    try {
      if (change.kind === 'created') await this.drop(session, change.undo);
      else await this.create(session, change.undo, { undone: change });
    } catch (error) {
      // the index or its table is gone: there is nothing left to take back
      if (isDatabaseFailure(error) && error.kind === 'statement') await this.#parts.changes.remove(change);
      throw error;
    }
  }

  /** Null when the user gave up. Rejects when the connection does not lead there any more. */
  async #openSessionOf({
    profileId,
    connection,
    title,
    server,
    database,
  }: IndexChange): Promise<DatabaseSession | null> {
    const profile = await this.#parts.readProfile(profileId);
    if (profile === null) {
      throw new DatabaseFailure(
        'configuration',
        `The connection "${connection}", over which ${title} was changed, is gone.`,
        `Add a connection to database "${database}" on ${server}, and use its Indexes view.`,
      );
    }
    const session = await this.#parts.openSession(profile);
    if (session === null || (session.server === server && session.database === database)) return session;
    throw new DatabaseFailure(
      'configuration',
      `${title} was changed in database "${database}" on ${server}; the connection "${profile.name}" now leads to "${session.database}" on ${session.server}. Nothing was changed.`,
      'Connect to the first one, and use its Indexes view.',
    );
  }

  /** A notification waits for its button for as long as it likes; the command does not. */
  #offerUndo(message: string, change: IndexChange): void {
    const button = change.isUndo ? redo : undo;
    void vscode.window.showInformationMessage(message, button).then(async (chosen) => {
      // it may have been taken back meanwhile
      const isThere = this.#parts.changes.all.some(({ id }) => id === change.id);
      if (chosen === button && isThere) await this.#parts.reporter.guard(() => this.undo(change));
    });
  }

  async #showFailure(
    session: DatabaseSession,
    { failure, leftover }: { failure: DatabaseFailure; leftover: IndexLeftover },
    drop?: IndexDropRequest,
  ): Promise<void> {
    const { reporter } = this.#parts;
    const toDrop = (title: string, request: IndexDropRequest) => ({
      title,
      run: () =>
        reporter.guard(async () => {
          await this.drop(session, request);
        }),
    });
    if (leftover.left === 'renames') {
      const { sql } = leftover;
      await showOutcome(reporter, failure, [
        { title: copySql, run: () => Promise.resolve(vscode.env.clipboard.writeText(sql)) },
      ]);
      return;
    }
    if (leftover.left === 'remainder') {
      await showOutcome(reporter, failure, [toDrop(dropRemainder, leftover.cleanup)]);
      return;
    }
    const isInterrupted = drop !== undefined && leftover.left === 'index' && !leftover.isValid;
    await showOutcome(reporter, failure, isInterrupted ? [toDrop(dropAgain, drop)] : []);
  }
}

const toKey = ({ server, database }: DatabaseSession, { oid }: Pick<IndexIdentity, 'oid'>) =>
  JSON.stringify([server, database, oid]);

const toPlace = ({ server, database }: DatabaseSession) => `database "${database}" on ${server}`;

function toStartedFacts(
  { profile, server, database }: DatabaseSession,
  title: string,
): Omit<StartedBuild, 'kind' | 'build'> {
  return { id: `${new Date().toISOString()} ${title}`, profileId: profile.id, server, database, title };
}

function toStarted(
  session: DatabaseSession,
  title: string,
  request: IndexBuildRequest,
  { steps, attached }: IndexBuildPlan,
): StartedBuild {
  return {
    ...toStartedFacts(session, title),
    kind: 'build',
    build: {
      request,
      made: steps
        .filter(({ sql }) => sql.startsWith('CREATE'))
        .map(({ index, table }) => ({ ...index, table: table.name })),
      keep: attached.map(({ schema, name, oid }) => ({ schema, name, oid })),
      unfinishedSql: formatSteps({ steps: steps.filter(isExtraStep) }),
    },
  };
}

function toFacts(
  { profile, server, database }: DatabaseSession,
  title: string,
  sql: string,
  undone: IndexChange | null,
): Omit<IndexChange, 'kind' | 'undo'> {
  const at = new Date().toISOString();
  return {
    id: `${at} ${title}`,
    at,
    profileId: profile.id,
    connection: profile.name,
    server,
    database,
    title,
    sql,
    // to redo is to do it as it was first done
    isUndo: undone !== null && !undone.isUndo,
  };
}

/** The reporter keeps silent about a cancel; one that has left something on the server is to be heard of. */
async function showOutcome(
  reporter: FailureReporter,
  failure: DatabaseFailure,
  actions: Parameters<FailureReporter['showFailure']>[1],
): Promise<void> {
  if (!isDatabaseFailure(failure) || failure.kind !== 'cancelled') {
    await reporter.showFailure(failure, actions);
    return;
  }
  reporter.logFailure(failure);
  const chosen = await vscode.window.showWarningMessage(failure.message, ...(actions ?? []).map(({ title }) => title));
  await actions?.find(({ title }) => title === chosen)?.run();
}
