// Indexes that are there for a trial only. Each trial has a number, which is in the names of its indexes and which it holds
// an advisory lock on, over a connection of its own: the server lets go of that when the program is gone, however it went.
// An index of a number that nobody holds is what a killed program has left, and the next trial drops it.
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseFailure } from '../../analysis/connection/connection-failure';
import type { IndexBuildRequest, IndexDropRequest, IndexPlan } from '../../analysis/index-build/index-build';
import { toIndexClause } from '../../analysis/index-build/index-steps';
import type { HypotheticalIndex } from '../../analysis/index-advice/what-if-planner';
import { quoteQualifiedName } from '../../analysis/sql/identifiers';
import type { BackendConnection } from '../backend-connection';
import { prepareIndexBuild, runIndexBuild } from '../index-build';
import { lookUnit, type IndexContext } from '../index-build/index-context';
import { prepareIndexDrop, runIndexDrop } from '../index-build/index-drop';
import { indexPartsQuery } from '../queries/index-build/index-build';
import { trialIndexesQuery, type TrialIndexRow } from '../queries/measure/trial-indexes';
import { captureRows } from '../queries/query';

export const trialIndexPrefix = 'pg_insight_trial_';
/** "pgin" in ASCII: the class of the lock. */
const lockClass = 0x7067696e;
/** A concurrent drop waits for those who use the table, and is not given up for a moment's sake. */
const dropTimeoutMs = 60_000;
/** How long a server that is gone is waited for. */
const returnPatienceMs = 30_000;
const retryMs = 1_000;

/** A window that closes does not wait for longer. */
const closingDropTimeoutMs = 3_000;

function toDropSql({ schema, name, is_partitioned: isPartitioned }: TrialIndexRow): string {
  return `DROP INDEX ${isPartitioned ? '' : 'CONCURRENTLY '}${quoteQualifiedName(schema, name)};`;
}

const toConsent = ({ server, database, steps }: IndexPlan) => ({ server, database, sql: steps.map(({ sql }) => sql) });

export class TrialIndexes {
  readonly #context: IndexContext;
  /** Held by the trial from its begin to its end. */
  readonly #connection: BackendConnection;
  readonly #signal: AbortSignal;
  readonly #prefix: string;
  #count = 0;

  private constructor(context: IndexContext, connection: BackendConnection, signal: AbortSignal, prefix: string) {
    this.#context = context;
    this.#connection = connection;
    this.#signal = signal;
    this.#prefix = prefix;
  }

  /** `onLeft` gets the SQL that drops what could not be dropped. */
  static async during<Result>(
    context: IndexContext,
    { signal, onLeft }: { signal: AbortSignal | undefined; onLeft: (sql: string) => void },
    work: (indexes: TrialIndexes, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return context.runDedicated(signal, async (connection, linked) => {
      const number = randomInt(2 ** 31 - 1);
      await connection.query('SELECT pg_catalog.pg_advisory_lock($1::int4, $2::int4)', [lockClass, number]);
      const indexes = new TrialIndexes(
        context,
        connection,
        linked,
        `${trialIndexPrefix}${number.toString(16).padStart(8, '0')}_`,
      );
      try {
        return await work(indexes, linked);
      } finally {
        for (const sql of await indexes.dropAll()) onLeft(sql);
      }
    });
  }

  /** A name, or why there is none. Rejects with a DatabaseFailure when the connection fails. */
  async build(index: HypotheticalIndex, signal: AbortSignal): Promise<{ name: string } | { reason: string }> {
    const { schema, table } = index;
    const name = `${this.#prefix}${++this.#count}`;
    const request: IndexBuildRequest = {
      index: { schema, table, name, unique: false, clause: toIndexClause(index) },
      estimatedSizeBytes: null,
    };
    const plan = await prepareIndexBuild(this.#context, request, signal);
    if (plan.refusal !== null) return { reason: `It can't be built: ${plan.refusal.reason}.` };
    const outcome = await runIndexBuild(this.#context, request, toConsent(plan), { signal });
    if (outcome.outcome === 'built') return { name };
    if (outcome.failure.kind === 'cancelled' || outcome.failure.kind === 'connection-lost') throw outcome.failure;
    return { reason: `It could not be built: ${outcome.failure.message}` };
  }

  /** Whatever has a name of this trial, also what a failed build has left. Gives the SQL for what is still there. */
  async dropAll(): Promise<string[]> {
    if (this.#count === 0) return [];
    const start = performance.now();
    for (;;) {
      try {
        const left = await dropTrialIndexes(this.#context, await listTrialIndexes(this.#context, this.#prefix));
        return left.map(toDropSql);
      } catch (error) {
        const isLost = isDatabaseFailure(error) && ['connection-lost', 'unreachable'].includes(error.kind);
        // a session that is closed does not come back
        const isReturning = isLost && !isDatabaseFailure(this.#signal.reason);
        if (isReturning && performance.now() - start < returnPatienceMs) await delay(retryMs);
        else return this.#dropAtLast();
      }
    }
  }

  /** The session is closing and takes no more work; the trial's own connection is there until the trial ends. */
  async #dropAtLast(): Promise<string[]> {
    const { facts } = this.#context;
    const unit = {
      query: (text: string, values?: readonly unknown[]) => this.#connection.query(text, values),
      atEnd: () => undefined,
    };
    const left: string[] = [];
    try {
      await this.#connection.query(`SET statement_timeout = ${closingDropTimeoutMs}`);
      for (const index of await captureRows(unit, facts, trialIndexesQuery, [this.#prefix, lockClass])) {
        const sql = toDropSql(index);
        // one of a partitioned table may have taken in what was there before, and needs more than one statement
        const isDropped = !index.is_partitioned && (await this.#connection.query(sql).catch(() => null)) !== null;
        if (!isDropped) left.push(sql);
      }
      return left;
    } catch {
      return [`-- DROP INDEX CONCURRENTLY of what is left with a name that begins with ${this.#prefix}`];
    }
  }
}

/** Drops what trials have left that were killed; gives the names. It has to go before advice is asked for: it would count as there. */
export async function dropLeftTrials(context: IndexContext): Promise<string[]> {
  const ended = (await listTrialIndexes(context, trialIndexPrefix)).filter(({ is_live: isLive }) => !isLive);
  const left = new Set(await dropTrialIndexes(context, ended));
  return ended.filter((index) => !left.has(index)).map(({ schema, name }) => quoteQualifiedName(schema, name));
}

async function listTrialIndexes({ run, facts }: IndexContext, prefix: string): Promise<TrialIndexRow[]> {
  return run(lookUnit(undefined), (unit) => captureRows(unit, facts, trialIndexesQuery, [prefix, lockClass]));
}

/** Gives those that are still there. */
async function dropTrialIndexes(context: IndexContext, found: readonly TrialIndexRow[]): Promise<TrialIndexRow[]> {
  const { run, facts } = context;
  const left: TrialIndexRow[] = [];
  for (const index of found) {
    const parts = await run(lookUnit(undefined), (unit) => captureRows(unit, facts, indexPartsQuery, [index.oid]));
    const request: IndexDropRequest = {
      indexes: [{ oid: index.oid, schema: index.schema, name: index.name, mustBeInvalid: false }],
      // an index that a partition had before
      keep: parts.filter(({ name }) => !name.startsWith(trialIndexPrefix)),
    };
    const plan = await prepareIndexDrop(context, request).catch((error: unknown) => {
      if (isDatabaseFailure(error) && error.kind === 'statement') return null;
      throw error;
    });
    // somebody else has dropped it
    if (plan === null) continue;
    const outcome =
      plan.refusal === null
        ? await runIndexDrop(context, request, toConsent(plan), { signal: AbortSignal.timeout(dropTimeoutMs) })
        : null;
    if (outcome?.outcome === 'failed' && outcome.failure.kind === 'connection-lost') throw outcome.failure;
    if (outcome?.outcome !== 'dropped') left.push(index);
  }
  return left;
}
