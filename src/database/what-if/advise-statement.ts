// Index advice for statements: plans each one without running it, captures what is known of its tables, and asks the pure
// advisor. A statement that can't be planned, or not without asking, has an answer of its own and stops nobody else.
import { isDatabaseFailure } from '../../analysis/connection/connection-failure';
import {
  findIndexAdvice,
  toNotPossible,
  type AdviceRequest,
  type AdvisedStatement,
  type IndexAdvice,
} from '../../analysis/index-advice/index-advice';
import { toPlannedStatement } from '../../analysis/index-advice/planned-statement';
import { findConditionFunctions, findScannedRelations } from '../../analysis/index-advice/scan-targets';
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
import { StatisticsPlanner } from './statistics-planner';

/** A few look-ups in the catalogue and in pg_stats. */
const factsTimeoutMs = 15_000;

const fallbackReason =
  "PostgreSQL's grammar could not be loaded here, so conditions can't be read and no index is advised. Doctor says what is missing.";

/** Rejects with a DatabaseFailure when the connection fails or the caller cancels, not for what is wrong with the statement. */
export async function adviseStatement(
  context: StatementContext,
  request: AdviceRequest,
  signal?: AbortSignal,
): Promise<IndexAdvice> {
  const { parser } = await context.loadParser();
  if (parser.name !== 'libpg-query') return toNotPossible(fallbackReason);
  const planner = new StatisticsPlanner();
  return (await adviseOne(context, { id: 'statement', ...request }, planner, parser, signal)).advice;
}

/** Advice for all of them together: one index where several statements want the same. */
export async function adviseWorkload(
  context: StatementContext,
  statements: readonly WorkloadStatement[],
  onProgress: (done: number) => void,
  signal?: AbortSignal,
): Promise<WorkloadAdvice> {
  const { parser } = await context.loadParser();
  const planner = new StatisticsPlanner();
  const outcomes: StatementOutcome[] = [];
  for (const statement of statements) {
    const outcome =
      parser.name === 'libpg-query'
        ? await adviseOne(context, statement, planner, parser, signal)
        : { advice: toNotPossible(fallbackReason), planned: null };
    outcomes.push({ id: statement.id, sql: statement.sql, calls: statement.calls, ...outcome });
    onProgress(outcomes.length);
  }
  const merged = await mergeAdvice(outcomes, planner);
  return { engine: planner.engine, whatIfCalls: planner.callCount, ...merged };
}

async function adviseOne(
  context: StatementContext,
  request: AdviceRequest & { id: string },
  planner: StatisticsPlanner,
  parser: SqlParser,
  signal: AbortSignal | undefined,
): Promise<Pick<StatementOutcome, 'advice' | 'planned'>> {
  let planned: AdvisedStatement['planned'];
  try {
    planned = await capturePlannedStatement(context, request, parser, signal);
  } catch (error) {
    const reason = describeStatementFailure(error);
    if (reason === null) throw error;
    return { advice: toNotPossible(reason), planned: null };
  }
  planner.add(request.id, planned);
  const advice = await findIndexAdvice({ id: request.id, sql: request.sql, planned }, planner);
  return { advice, planned };
}

async function capturePlannedStatement(
  context: StatementContext,
  request: AdviceRequest,
  parser: SqlParser,
  signal: AbortSignal | undefined,
): Promise<AdvisedStatement['planned']> {
  const { plan } = await explainStatement(context, { ...request, analyze: false }, signal);
  const relations = findScannedRelations(plan);
  const functions = findConditionFunctions(plan, parser);
  const facts = await context.run(catalogueUnit(factsTimeoutMs, signal), (unit) =>
    captureIndexAdviceFacts(unit, context.facts, relations, functions),
  );
  return toPlannedStatement(plan, facts, parser);
}

/** What is wrong with the statement, or with what the role may do with it; null for failures that would meet every statement. */
function describeStatementFailure(error: unknown): string | null {
  if (!isDatabaseFailure(error)) return null;
  switch (error.kind) {
    case 'consent-required':
      return `Not assessed: it needs your word. ${error.message}`;
    case 'statement':
    case 'not-permitted':
    case 'timed-out':
      return `${error.message} ${error.nextStep}`.trim();
    default:
      return null;
  }
}
