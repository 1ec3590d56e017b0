// Runs advice on the database that it is for: a development database, and only where the user said so.
import { DatabaseFailure, isDatabaseFailure } from '../../analysis/connection/connection-failure';
import type { TypicalValues } from '../../analysis/explain/explain';
import {
  measureAdvice as findMeasuredAdvice,
  type MeasuredAdvice,
  type MeasureOptions,
  type RunnableStatement,
  type TimedStatement,
  type TrialBench,
  type TrialReason,
  type TrialStatement,
} from '../../analysis/index-advice/measure/measure-advice';
import { toCutOffTime, toMeasuredTime } from '../../analysis/index-advice/measure/measured-time';
import type { WorkloadAdvice } from '../../analysis/index-advice/workload-advice';
import type { Plan } from '../../analysis/plan/plan';
import type { Consent, ConsentVerdict } from '../../analysis/sql/consent';
import { assessStatement, type StatementContext } from '../consent';
import { explainStatement } from '../explain';
import type { IndexContext } from '../index-build/index-context';
import { captureTypicalValues } from '../typical-values';
import { TrialIndexes } from './trial-indexes';

/** A median of five is not moved by two that were disturbed. */
const runCount = 5;
/** Of a statement that takes long, three have to do. */
const fewestRuns = 3;
const longMs = 10_000;
const planTimeoutMs = 15_000;

type AskVerdict = Extract<ConsentVerdict, { verdict: 'ask' }>;

export interface MeasureRequest {
  advice: WorkloadAdvice;
  statements: readonly TrialStatement[];
  reselect: MeasureOptions['reselect'];
  /** statement_timeout of each run. */
  timeoutMs: number;
  /** Until the running statement is cancelled and what is there has to do; null: until it is done. */
  deadlineMs: number | null;
  /** The user's word for a statement that needs it; null when there is none. */
  askConsent: (sql: string, verdict: AskVerdict) => Promise<Consent | null>;
  onProgress: (what: string) => void;
  /** SQL that drops what the trial could not drop. */
  onLeft: (sql: string) => void;
  signal?: AbortSignal;
}

/** Rejects with a DatabaseFailure. No index of the trial is left, whatever happens. */
export async function measureAdvice(
  context: StatementContext,
  indexContext: IndexContext,
  request: MeasureRequest,
): Promise<MeasuredAdvice> {
  const { advice, statements, reselect, deadlineMs, onProgress, onLeft, signal } = request;
  if (context.environment !== 'development') throw toRefusal(context);
  const deadline = deadlineMs === null ? null : AbortSignal.timeout(Math.max(0, Math.floor(deadlineMs)));
  const isOver = () => deadline?.aborted === true;
  if (advice.recommendations.length === 0) {
    return { advice, statements: [], unmeasured: [], lost: [], rounds: 0, isComplete: true };
  }
  return TrialIndexes.during(indexContext, { signal, onLeft }, (indexes, linked) => {
    const either = deadline === null ? linked : AbortSignal.any([linked, deadline]);
    const bench = new ServerBench(context, indexes, request, { user: linked, either });
    return findMeasuredAdvice(advice, statements, bench, { reselect, isOver, onProgress });
  });
}

function toRefusal({ environment, facts, server }: StatementContext): DatabaseFailure {
  return new DatabaseFailure(
    'configuration',
    `Nothing was measured: database "${facts.database}" on ${server} is ${environment}, and indexes are built for a trial on development databases only.`,
    'Measure on a development database with the same data, or set the environment of this connection if it is one.',
  );
}

function toLeftFailure({ facts, server }: StatementContext, left: readonly string[]): DatabaseFailure {
  return new DatabaseFailure(
    'other',
    `The trial was ended: an index of it could not be dropped from database "${facts.database}" on ${server}.`,
    `Find out who uses the table, then run: ${left.join(' ')}`,
  );
}

class ServerBench implements TrialBench {
  readonly #context: StatementContext;
  readonly #indexes: TrialIndexes;
  readonly #request: MeasureRequest;
  readonly #signals: { user: AbortSignal; either: AbortSignal };
  readonly #prepared = new Map<string, RunnableStatement | TrialReason>();
  readonly #consents = new Map<string, Consent>();
  /** What could not be dropped: nothing can be measured without it any more. */
  #left: readonly string[] = [];

  constructor(
    context: StatementContext,
    indexes: TrialIndexes,
    request: MeasureRequest,
    signals: { user: AbortSignal; either: AbortSignal },
  ) {
    this.#context = context;
    this.#indexes = indexes;
    this.#request = request;
    this.#signals = signals;
  }

  async prepare(statement: TrialStatement): Promise<RunnableStatement | TrialReason> {
    const known = this.#prepared.get(statement.id);
    if (known !== undefined) return known;
    const prepared = await this.#guard(() => this.#prepare(statement));
    this.#prepared.set(statement.id, prepared);
    return prepared;
  }

  plan(statement: RunnableStatement): Promise<Plan | TrialReason> {
    return this.#guard(() => this.#explain(statement, { analyze: false, timeoutMs: planTimeoutMs }));
  }

  /** The first run warms the caches, and its nodes are timed: it is the one to look at. */
  time(statement: RunnableStatement): Promise<TimedStatement | TrialReason> {
    const { timeoutMs } = this.#request;
    return this.#guard(async () => {
      if (this.#left.length > 0) throw toLeftFailure(this.#context, this.#left);
      const runsMs: number[] = [];
      let plan: Plan | null = null;
      try {
        plan = await this.#explain(statement, { analyze: true, timeoutMs });
        let totalMs = plan.executionMs ?? 0;
        while (runsMs.length < fewestRuns || (runsMs.length < runCount && totalMs < longMs)) {
          const { executionMs } = await this.#explain(statement, { analyze: true, timesNodes: false, timeoutMs });
          runsMs.push(executionMs ?? 0);
          totalMs += executionMs ?? 0;
        }
      } catch (error) {
        if (!isDatabaseFailure(error) || error.kind !== 'timed-out' || this.#signals.either.aborted) throw error;
        return { time: toCutOffTime(timeoutMs), plan };
      }
      return { time: toMeasuredTime(runsMs), plan };
    });
  }

  build(index: Parameters<TrialBench['build']>[0]): ReturnType<TrialBench['build']> {
    return this.#guard(() => this.#indexes.build(index, this.#signals.either));
  }

  async dropAll(): Promise<void> {
    // what is left is tried once more, and told, at the end of the trial
    this.#left = await this.#indexes.dropAll();
  }

  async #prepare({ id, sql, parameters }: TrialStatement): Promise<RunnableStatement | TrialReason> {
    const verdict = await assessStatement(this.#context, sql, true, this.#signals.either);
    if (verdict.verdict === 'refuse') return { reason: verdict.reason };
    const values = parameters.mode === 'generic' ? await this.#sampleValues(sql) : parameters;
    if ('reason' in values) return values;
    if (verdict.verdict === 'ask') {
      const consent = await this.#request.askConsent(sql, verdict);
      if (consent === null) {
        return { reason: `It runs only with your word: ${verdict.reasons.map(({ message }) => message).join(' ')}` };
      }
      // running it begins with planning it, which has reasons of its own
      const planning = await assessStatement(this.#context, sql, false, this.#signals.either);
      const more = planning.verdict === 'ask' ? planning.reasons : [];
      this.#consents.set(id, { ...consent, reasons: [...consent.reasons, ...more] });
    }
    return { id, sql, parameters: values, values: values.mode === 'values' ? values.values : [] };
  }

  async #sampleValues(sql: string): Promise<{ mode: 'values'; values: string[] } | TrialReason> {
    const typical = await captureTypicalValues(this.#context, sql, this.#signals.either);
    const values: string[] = [];
    for (const [at, each] of typical.entries()) {
      const value = each === null ? null : pickValue(each);
      if (value === null) {
        return {
          reason: `No value is known for its parameter $${at + 1}: ${each?.note ?? 'it is compared with no column.'} Write one into the statement.`,
        };
      }
      values.push(value);
    }
    return { mode: 'values', values };
  }

  async #explain(
    { id, sql, parameters }: RunnableStatement,
    how: { analyze: boolean; timesNodes?: boolean; timeoutMs: number },
  ): Promise<Plan> {
    const consent = this.#consents.get(id);
    const request = { sql, parameters, ...how, ...(consent === undefined ? {} : { consent }) };
    const { plan } = await explainStatement(this.#context, request, this.#signals.either);
    return plan;
  }

  /** What is wrong with one statement or one index stops nobody else. */
  async #guard<Result>(work: () => Promise<Result>): Promise<Result | TrialReason> {
    try {
      return await work();
    } catch (error) {
      const { user, either } = this.#signals;
      if (either.aborted && !user.aborted) return { reason: 'The time was over before.' };
      if (!isDatabaseFailure(error)) throw error;
      switch (error.kind) {
        case 'statement':
        case 'not-permitted':
        case 'timed-out':
        case 'consent-required':
          return { reason: `${error.message} ${error.nextStep}`.trim() };
        default:
          throw error;
      }
    }
  }
}

/** From the middle of the histogram, where there is one: the most common value says little of the others. */
function pickValue({ values }: TypicalValues): string | null {
  const bounds = values.filter(({ frequency }) => frequency === null);
  return (bounds[Math.floor(bounds.length / 2)] ?? values[0])?.value ?? null;
}
