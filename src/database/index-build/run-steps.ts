// Runs the statements of a plan, one after the other, on a connection of their own, and tells how far the server is. That
// connection has its timeouts switched off for its whole life, which is why it must be nobody else's afterwards: it never
// goes through a pooler, and it is closed at the end.
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import { findPhaseRatio, findStepsRatio, noPhase, type PhaseProgress } from '../../analysis/index-build/build-progress';
import type { IndexStep, OpenTransaction } from '../../analysis/index-build/index-build';
import type { BackendConnection } from '../backend-connection';
import { errorCode } from '../error-code';
import { describeLoss, toCancelledFailure, toStatementFailure } from '../failures';
import {
  backendQuery,
  buildProgressQuery,
  cancelBuildQuery,
  toBlocker,
  type BackendRow,
  type BuildProgressRow,
} from '../queries/index-build/index-build';
import { captureRows } from '../queries/query';
import { catalogueUnit } from '../tables';
import { captureIndexStates, type IndexContext, type IndexRunOptions } from './index-context';

/** How often the server is asked how far it is. */
const pollIntervalMs = 500;
const pollTimeoutMs = 5_000;
/** A lock that stops writers is waited for so long and no longer: whoever comes after us waits as well. */
const quickLockTimeoutMs = 3_000;
/** Then the others get their turn. */
const quickRetryMs = 1_000;
/** After a loss the server is asked for so long what became of it. */
const returnPatienceMs = 60_000;

const lockNotAvailable = '55P03';

export type StepsEnd =
  | { done: true }
  | {
      done: false;
      /** Place of the statement that failed. */
      step: number;
      failure: DatabaseFailure;
      /** In the server's words, without a full stop; null when there are none. */
      said: string | null;
      /** OIDs that are ours for certain, by the place of the step that made them. */
      oids: ReadonlyMap<number, number>;
      /** False when the server could not be asked whether it still works on it. */
      isOver: boolean;
    };

/** Rejects with a DatabaseFailure when nothing was begun. */
export async function runSteps(
  context: IndexContext,
  steps: readonly IndexStep[],
  { onProgress, signal: userSignal }: IndexRunOptions,
): Promise<StepsEnd> {
  return context.runDedicated(userSignal, async (connection, signal) => {
    const backend = await checkBackend(context, connection, signal);
    const run = new StepsRun({
      context,
      connection,
      backend,
      steps,
      signal,
      onProgress: onProgress ?? (() => undefined),
    });
    return run.run();
  });
}

/** That it is a direct connection, to the server that the session talks to. Nothing is set before that is known. */
async function checkBackend(
  context: IndexContext,
  connection: BackendConnection,
  signal: AbortSignal,
): Promise<BackendRow> {
  const { facts, server } = context;
  const unit = { query: (text: string) => connection.query(text), atEnd: () => undefined };
  const [backend] = await captureRows(unit, facts, backendQuery).catch((error: unknown) => {
    throw toStatementFailure(error, '', toFailureContext(context), {
      values: [],
      elapsedMs: 0,
      timeoutMs: 0,
      lockTimeoutMs: 0,
    });
  });
  const isDirect = backend?.pid === connection.processId;
  const isKnown =
    isDirect &&
    (await context.run(catalogueUnit(pollTimeoutMs, signal), (unit) => captureProgress(unit, context, backend))) !==
      null;
  if (isKnown && !backend.in_recovery && backend.database === facts.database) return backend;
  throw new DatabaseFailure(
    'other',
    isDirect
      ? `Nothing was changed: the second connection to ${server} reached another server than the first one.`
      : `Nothing was changed: something between here and ${server} (a pooler) shares its connections.`,
    'Connect to the server itself, by a name that means one server only, or run the SQL there.',
  );
}

function toFailureContext({ server, facts }: IndexContext): { server: string; database: string; user: string } {
  return { server, database: facts.database, user: facts.role };
}

/** Null when the process has ended. */
async function captureProgress(
  unit: Parameters<typeof captureRows>[0],
  { facts }: IndexContext,
  { pid, started }: BackendRow,
): Promise<BuildProgressRow | null> {
  const [row] = await captureRows(unit, facts, buildProgressQuery, [pid, started]);
  return row ?? null;
}

class StepsRun {
  readonly #context: IndexContext;
  readonly #connection: BackendConnection;
  readonly #backend: BackendRow;
  readonly #steps: readonly IndexStep[];
  readonly #signal: AbortSignal;
  readonly #onProgress: NonNullable<IndexRunOptions['onProgress']>;
  readonly #oids = new Map<number, number>();
  #ratio = 0;

  constructor(parts: {
    context: IndexContext;
    connection: BackendConnection;
    backend: BackendRow;
    steps: readonly IndexStep[];
    signal: AbortSignal;
    onProgress: NonNullable<IndexRunOptions['onProgress']>;
  }) {
    this.#context = parts.context;
    this.#connection = parts.connection;
    this.#backend = parts.backend;
    this.#steps = parts.steps;
    this.#signal = parts.signal;
    this.#onProgress = parts.onProgress;
  }

  async run(): Promise<StepsEnd> {
    for (const [place, step] of this.#steps.entries()) {
      const failure = await this.#runWatched(step, place);
      if (failure !== null) {
        const isOver = this.#connection.lost === null || (await this.#waitForEnd(place));
        return { done: false, step: place, ...failure, oids: this.#oids, isOver };
      }
    }
    return { done: true };
  }

  /** Null when the step is done. */
  async #runWatched(step: IndexStep, place: number): Promise<{ failure: DatabaseFailure; said: string | null } | null> {
    const cancels: Promise<void>[] = [];
    const onAbort = () => {
      cancels.push(this.#connection.cancel());
    };
    this.#signal.addEventListener('abort', onAbort, { once: true });
    const over = new AbortController();
    const watching = this.#watch(place, over.signal);
    const start = performance.now();
    try {
      if (this.#signal.aborted) throw toCancelledFailure(toFailureContext(this.#context));
      await this.#send(step);
      await this.#keepOid(step, place);
      return null;
    } catch (error) {
      return this.#toFailure(error, step, performance.now() - start);
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
      over.abort();
      await Promise.all([...cancels, watching]);
    }
  }

  async #send({ pace, sql }: IndexStep): Promise<void> {
    const { facts } = this.#context;
    const connection = this.#connection;
    await connection.query('SET statement_timeout = 0');
    if (facts.versionNumber >= 170_000) await connection.query('SET transaction_timeout = 0');
    await connection.query(`SET lock_timeout = ${pace === 'slow' ? 0 : quickLockTimeoutMs}`);
    for (;;) {
      try {
        await connection.query(sql);
        return;
      } catch (error) {
        if (pace === 'slow' || errorCode(error) !== lockNotAvailable) throw error;
        await delay(quickRetryMs, undefined, { signal: this.#signal });
      }
    }
  }

  /** What was just made gets its OID while nobody else can have put something else under its name for long. */
  async #keepOid({ index, sql }: IndexStep, place: number): Promise<void> {
    if (!sql.startsWith('CREATE') || this.#oids.has(place)) return;
    const { facts } = this.#context;
    const unit = {
      query: (text: string, values?: readonly unknown[]) => this.#connection.query(text, values),
      atEnd: () => undefined,
    };
    const [state] = await captureIndexStates(unit, facts, [index]);
    if (state?.is_owner === true) this.#oids.set(place, state.oid);
  }

  #toFailure(error: unknown, step: IndexStep, elapsedMs: number): { failure: DatabaseFailure; said: string | null } {
    const context = toFailureContext(this.#context);
    if (this.#signal.aborted) {
      const reason: unknown = this.#signal.reason;
      return { failure: reason instanceof DatabaseFailure ? reason : toCancelledFailure(context), said: null };
    }
    const failure = toStatementFailure(error, step.sql, context, {
      values: [],
      elapsedMs,
      timeoutMs: 0,
      lockTimeoutMs: step.pace === 'slow' ? 0 : quickLockTimeoutMs,
    });
    if (failure.kind === 'connection-lost') {
      return { failure, said: `the connection was lost: ${describeLoss(failure.cause).replace(/\.$/, '')}` };
    }
    return { failure, said: error instanceof Error ? error.message : null };
  }

  // --- progress ----------------------------------------------------------------------------------------------------

  /** Looks until it is over; what goes wrong here is the business of the statement itself. */
  async #watch(place: number, over: AbortSignal): Promise<void> {
    this.#tell(place, noPhase, null);
    const isOver = () => over.aborted;
    while (!isOver()) {
      await delay(pollIntervalMs, undefined, { signal: over }).catch(() => undefined);
      const row = isOver() ? null : await this.#poll(over).catch(() => null);
      if (row !== null && !isOver()) this.#tellRow(place, row);
    }
  }

  #poll(signal?: AbortSignal): Promise<BuildProgressRow | null> {
    return this.#context.run(catalogueUnit(pollTimeoutMs, signal), (unit) =>
      captureProgress(unit, this.#context, this.#backend),
    );
  }

  #tellRow(place: number, row: BuildProgressRow): void {
    // the proof that this index is ours: our own process is building it
    if (row.index_oid !== null && row.index_oid !== 0) this.#oids.set(place, row.index_oid);
    const phase: PhaseProgress = {
      phase: row.phase,
      blocksDone: row.blocks_done,
      blocksTotal: row.blocks_total,
      tuplesDone: row.tuples_done,
      tuplesTotal: row.tuples_total,
      lockersDone: row.lockers_done,
      lockersTotal: row.lockers_total,
    };
    this.#tell(place, phase, toBlocker(row));
  }

  #tell(place: number, phase: PhaseProgress, waitingFor: OpenTransaction | null): void {
    const step = this.#steps[place];
    if (step === undefined) return;
    this.#ratio = Math.max(this.#ratio, findStepsRatio(this.#steps, place, phase));
    this.#onProgress({
      step: place + 1,
      stepCount: this.#steps.length,
      index: step.index,
      ...phase,
      phaseRatio: findPhaseRatio(phase),
      ratio: this.#ratio,
      waitingFor,
    });
  }

  // --- loss --------------------------------------------------------------------------------------------------------

  /**
   * A server does not notice that its client is gone before it has something to say, so a build goes on after a loss. It
   * is followed to its end over the session's own connections; false when the server can't be asked.
   */
  async #waitForEnd(place: number): Promise<boolean> {
    let askedToEnd = false;
    for (let lastAnswer = performance.now(); performance.now() - lastAnswer < returnPatienceMs;) {
      try {
        const row = await this.#poll();
        if (row === null) return true;
        lastAnswer = performance.now();
        this.#tellRow(place, row);
        if (this.#signal.aborted && !askedToEnd) {
          askedToEnd = true;
          await this.#cancelFromOutside();
        }
      } catch (error) {
        // closed for good: nobody will answer
        if (this.#signal.aborted && this.#signal.reason instanceof DatabaseFailure) return false;
        if (error instanceof DatabaseFailure && error.kind === 'authentication') return false;
      }
      await delay(pollIntervalMs);
    }
    return false;
  }

  async #cancelFromOutside(): Promise<void> {
    const { pid, started } = this.#backend;
    await this.#context.run(catalogueUnit(pollTimeoutMs, undefined), (unit) =>
      captureRows(unit, this.#context.facts, cancelBuildQuery, [pid, started]),
    );
  }
}
