// Index advice for statements: plans each one without running it, captures what is known of its tables, and asks the pure
// advisor. A statement that can't be planned, or not without asking, has an answer of its own and stops nobody else.
import { isDatabaseFailure } from '../../analysis/connection/connection-failure';
import { makeIsAllowed, type AllowedIndexes } from '../../analysis/index-advice/allowed-indexes';
import {
  findIndexAdvice,
  minimumSavedRatio,
  toNotPossible,
  type AdviceRequest,
  type AdvisedStatement,
  type EngineAdvice,
  type IndexAdvice,
} from '../../analysis/index-advice/index-advice';
import { CountingPlanner } from '../../analysis/index-advice/selection/counting-planner';
import type { IndexAdviceFacts } from '../../analysis/index-advice/index-advice-facts';
import { PriceBook } from '../../analysis/index-advice/selection/price-book';
import type { WhatIfPlanner } from '../../analysis/index-advice/what-if-planner';
import type { IndexSetOptions } from '../../analysis/index-advice/find-index-set';
import { findStatementIndexSet, findWorkloadIndexSet } from '../../analysis/index-advice/index-set-advice';
import { toPlannedStatement } from '../../analysis/index-advice/planned-statement';
import { findCalledFunctions, findReadRelations } from '../../analysis/index-advice/proposals/table-uses';
import {
  mergeAdvice,
  type StatementOutcome,
  type WorkloadAdvice,
  type WorkloadStatement,
} from '../../analysis/index-advice/workload-advice';
import type { SqlParser } from '../../analysis/sql/sql-parser';
import type { StatementContext } from '../consent';
import { explainStatement } from '../explain';
import { catalogueUnit } from '../tables';
import { captureIndexAdviceFacts } from './index-advice-facts';
import { useStatistics, type UsePlanner } from './use-planner';

/** A few look-ups in the catalogue and in pg_stats. */
const factsTimeoutMs = 15_000;

const fallbackReason =
  "PostgreSQL's grammar could not be loaded here, so conditions can't be read and no index is advised. Doctor says what is missing.";

/** A statement as it is planned today, or why it could not be. */
type CapturedStatement = AdvisedStatement | { reason: string };

/** What is known of a workload, so that asking for another budget asks the server for little. For the same statements only. */
export class WorkloadMemory {
  /** By the ids of the statements. */
  readonly captured = new Map<string, CapturedStatement>();
  /** Costs of two engines can't be compared. */
  readonly #books = new Map<WhatIfPlanner['engine'], PriceBook>();

  bookFor(planner: WhatIfPlanner): PriceBook {
    const book = this.#books.get(planner.engine) ?? new PriceBook(planner);
    this.#books.set(planner.engine, book);
    return book;
  }
}

export interface AdviceOptions {
  /** Of earlier advice for these very statements, on a server that has not changed since. */
  memory?: WorkloadMemory;
  /** Plans that were asked for until now, with and without indexes. */
  onWhatIf?: (count: number) => void;
  /** Default: from statistics. */
  usePlanner?: UsePlanner;
  /** Of all advised indexes together; absent or null: any. */
  budgetBytes?: number | null;
  maximumIndexes?: number | null;
  /** The search for a better set ends then; what was found until then is the answer. */
  deadlineMs?: number | null;
  /** Of a statement's cost; below it nothing is advised for the statement. Default: what estimates can tell from nothing. */
  minimumSavedRatio?: number;
  /** Whether a workload is planned without each of its existing indexes, too. Default: it is. */
  findsDrops?: boolean;
  /** Whether each statement counts the same, whatever it costs. Default: costs do. */
  weighsEach?: boolean;
  /** How many smaller sets are chosen for a workload besides, for `adviceUnderBudget`. Default: none. */
  budgetSteps?: number;
  /** Absent: any index may be advised. */
  allowed?: AllowedIndexes;
}

/** Rejects with a DatabaseFailure when the connection fails or the caller cancels, not for what is wrong with the statement. */
export async function adviseStatement(
  context: StatementContext,
  request: AdviceRequest,
  signal?: AbortSignal,
  options: AdviceOptions = {},
): Promise<EngineAdvice> {
  const { parser } = await context.loadParser();
  const unplanned = { engine: null, engineNote: null };
  if (parser.name !== 'libpg-query') return { ...toNotPossible(fallbackReason), ...unplanned };
  const captured = await captureStatement(context, { id: 'statement', ...request }, parser, signal);
  if ('reason' in captured) return { ...toNotPossible(captured.reason), ...unplanned };
  const setOptions = toSetOptions(options);
  const usePlanner = options.usePlanner ?? useStatistics;
  const { result, engineNote } = await usePlanner({ context, statements: [captured], signal }, async (planner) => {
    const advice =
      planner.grade === 'estimated'
        ? await findIndexAdvice(captured, planner)
        : await findStatementIndexSet({ ...captured, calls: null, estimateFactor: null }, planner, setOptions);
    return { ...advice, engine: planner.engine };
  });
  return { ...result, engineNote };
}

/** Advice for all of them together: one index where several statements want the same. */
export async function adviseWorkload(
  context: StatementContext,
  statements: readonly WorkloadStatement[],
  onProgress: (done: number) => void,
  signal?: AbortSignal,
  options: AdviceOptions = {},
): Promise<WorkloadAdvice> {
  const setOptions = toSetOptions(options);
  const { parser } = await context.loadParser();
  const captured: CapturedStatement[] = [];
  const facts: KnownFacts = new Map();
  for (const statement of statements) {
    const known = options.memory?.captured.get(statement.id);
    const each =
      parser.name === 'libpg-query'
        ? (known ?? (await captureStatement(context, statement, parser, signal, facts)))
        : { reason: fallbackReason };
    options.memory?.captured.set(statement.id, each);
    captured.push(each);
    if (known === undefined) onProgress(captured.length);
  }
  const planned = captured.flatMap((each) => ('reason' in each ? [] : [each]));
  const usePlanner = options.usePlanner ?? useStatistics;
  const { result, engineNote } = await usePlanner({ context, statements: planned, signal }, (planner) => {
    const book = options.memory?.bookFor(planner) ?? null;
    const counted = new CountingPlanner(planner, options.onWhatIf);
    return findWorkloadAdvice(statements, captured, counted, { ...setOptions, book });
  });
  return { ...result, engineNote };
}

async function findWorkloadAdvice(
  statements: readonly WorkloadStatement[],
  captured: readonly CapturedStatement[],
  counted: CountingPlanner,
  options: IndexSetOptions,
): Promise<Omit<WorkloadAdvice, 'engineNote'>> {
  const { engine, grade } = counted;
  const outcomes: StatementOutcome[] = [];
  for (const [at, { id, sql, calls, parameters, estimateFactor = null }] of statements.entries()) {
    const each = captured[at] ?? { reason: fallbackReason };
    const values = toValues(parameters);
    if ('reason' in each) {
      outcomes.push({
        ...{ id, sql, calls, parameters: values, estimateFactor },
        advice: toNotPossible(each.reason),
        planned: null,
      });
      continue;
    }
    const none: IndexAdvice = { status: 'none', reason: null, recommendations: [], plan: each.planned.plan };
    const advice = grade === 'estimated' ? await findIndexAdvice(each, counted, options.isAllowed) : none;
    outcomes.push({ id, sql, calls, parameters: values, advice, planned: each.planned, estimateFactor });
  }
  const merged =
    grade === 'estimated'
      ? await mergeAdvice(outcomes, counted)
      : await findWorkloadIndexSet(outcomes, counted, options);
  return { engine, ...merged, whatIfCalls: counted.callCount };
}

function toSetOptions({ budgetBytes, maximumIndexes, deadlineMs, ...options }: AdviceOptions): IndexSetOptions {
  return {
    budgetBytes: budgetBytes ?? null,
    maximumIndexes: maximumIndexes ?? null,
    deadlineMs: deadlineMs ?? null,
    now: () => performance.now(),
    minimumSavedRatio: options.minimumSavedRatio ?? minimumSavedRatio,
    findsDrops: options.findsDrops ?? true,
    weighsEach: options.weighsEach ?? false,
    budgetSteps: options.budgetSteps ?? 0,
    isAllowed: options.allowed === undefined ? () => true : makeIsAllowed(options.allowed),
  };
}

function toValues(parameters: AdviceRequest['parameters']): readonly (string | null)[] | null {
  return parameters.mode === 'values' ? parameters.values : null;
}

/** By what they were asked for: many statements of a workload read the same tables. */
type KnownFacts = Map<string, IndexAdviceFacts>;

export async function captureStatement(
  context: StatementContext,
  request: AdviceRequest & { id: string; calls?: number | null },
  parser: SqlParser,
  signal: AbortSignal | undefined,
  knownFacts: KnownFacts = new Map(),
): Promise<CapturedStatement> {
  const { id, sql, parameters } = request;
  try {
    const { plan } = await explainStatement(context, { ...request, analyze: false }, signal);
    const [relations, functions] = [findReadRelations(plan), findCalledFunctions(plan)];
    const key = JSON.stringify([relations, functions]);
    const facts =
      knownFacts.get(key) ??
      (await context.run(catalogueUnit(factsTimeoutMs, signal), (unit) =>
        captureIndexAdviceFacts(unit, context.facts, relations, functions),
      ));
    knownFacts.set(key, facts);
    return { id, sql, parameters: toValues(parameters), planned: toPlannedStatement(sql, plan, facts, parser) };
  } catch (error) {
    const reason = describeStatementFailure(error, typeof request.calls === 'number');
    if (reason === null) throw error;
    return { reason };
  }
}

/** What $1 in place of a constant leads to: syntax, ambiguity, types that do not fit or are not known. */
const missingValueCodes: ReadonlySet<string> = new Set(['42601', '42725', '42804', '42883', '42P08', '42P18']);

/**
 * What is wrong with the statement, or with what the role may do with it; null for failures that would meet every statement.
 * The text of one that the server has counted is the server's: nobody can correct it.
 */
function describeStatementFailure(error: unknown, isOfServer: boolean): string | null {
  if (!isDatabaseFailure(error)) return null;
  switch (error.kind) {
    case 'consent-required':
      return `Not assessed: it needs your word. ${error.message}`;
    case 'statement':
      if (!isOfServer) return `${error.message} ${error.nextStep}`.trim();
      return missingValueCodes.has(error.details.code ?? '')
        ? `${error.message} The server keeps the statement without its constants; PostgreSQL can't plan it so.`
        : error.message;
    case 'not-permitted':
    case 'timed-out':
      return `${error.message} ${error.nextStep}`.trim();
    default:
      return null;
  }
}
