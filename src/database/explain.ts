// Plans and runs statements for EXPLAIN. The verdict is made once more in the transaction that the statement goes to: what
// the user agreed to is what happens, or nothing does.
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ExplainRequest, ExplainResult } from '../analysis/explain/explain';
import { parsePlanJson } from '../analysis/plan/parse-plan';
import { coversVerdict, type ConsentVerdict } from '../analysis/sql/consent';
import { captureConsentVerdict, readUserStatement, type StatementContext, type UnderstoodReading } from './consent';
import type { UnitOfWork, UnitOfWorkOptions } from './unit-of-work';

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.string() })]);
const parameterRows = z.tuple([z.object({ count: z.number() })]);

interface PlannedStatement {
  context: StatementContext;
  request: ExplainRequest;
  reading: UnderstoodReading;
}

/** Plans the statement, or with `request.analyze` runs it; what it writes is rolled back. */
export async function explainStatement(
  context: StatementContext,
  request: ExplainRequest,
  signal?: AbortSignal,
): Promise<ExplainResult> {
  const reading = await readUserStatement(context, request.sql);
  const statement: PlannedStatement = { context, request, reading };
  checkParameters(statement);
  const agreedToEffects = request.consent?.reasons.some(({ kind }) => kind !== 'production') ?? false;
  const options: UnitOfWorkOptions = {
    searchPath: 'role',
    access: request.analyze && agreedToEffects ? 'rolled-back' : 'read-only',
    statementTimeoutMs: request.timeoutMs,
    countsUse: request.analyze,
    ...(signal === undefined ? {} : { signal }),
  };
  const { planJson, rolledBack } = await context.run(options, async (unit) => {
    const verdict = await captureConsentVerdict(unit, context, { ...request, reading });
    checkVerdict(statement, verdict);
    const writes = verdict.verdict === 'ask' && verdict.rollsBack;
    // the catalogue may have become more harmless since the user was asked
    if (options.access === 'rolled-back' && !writes) await unit.query('SET TRANSACTION READ ONLY');
    return { planJson: await capturePlan(unit, statement), rolledBack: writes };
  });
  return {
    // a rule (DO ALSO) makes several plans of one statement; the first one is shown, the JSON has them all
    plan: parsePlanJson(planJson, { planNumber: 1 }),
    planJson,
    rolledBack,
    ranAt: new Date().toISOString(),
    server: context.server,
    database: context.facts.database,
    serverVersion: context.facts.version,
  };
}

function checkParameters({ request, reading }: PlannedStatement): void {
  const { parameters, analyze } = request;
  if (analyze && parameters.mode === 'generic') {
    throw new DatabaseFailure(
      'statement',
      'A statement can only be run with values for its parameters.',
      'Give the values, or look at its plan without running it.',
    );
  }
  if (!reading.understood || parameters.mode === 'generic') return;
  const needed = reading.facts.parameterCount;
  const given = parameters.mode === 'values' ? parameters.values.length : 0;
  if (needed === given) return;
  throw new DatabaseFailure(
    'statement',
    `The statement has ${needed} parameter${needed === 1 ? '' : 's'}, and ${given} value${given === 1 ? ' was' : 's were'} given.`,
    'Give one value for each parameter, or plan it for unknown values.',
  );
}

function checkVerdict({ context, request }: PlannedStatement, verdict: ConsentVerdict): void {
  const { server, facts } = context;
  if (verdict.verdict === 'refuse') {
    throw new DatabaseFailure('statement', verdict.reason, 'Choose another statement.');
  }
  if (verdict.verdict === 'free') return;
  const { database } = facts;
  if (coversVerdict(request.consent, verdict, { sql: request.sql, server, database })) return;
  throw new DatabaseFailure(
    'consent-required',
    `PG Insight ${request.analyze ? 'runs' : 'plans'} this statement on database "${database}" on ${server} only when you agree: ${verdict.reasons.map(({ message }) => message).join(' ')}`,
    request.analyze ? 'Agree to it, or look at its plan without running it.' : 'Agree to it, or leave it.',
  );
}

function toOptions({ request, reading }: PlannedStatement): string {
  const options = ['FORMAT JSON', 'VERBOSE', 'SETTINGS'];
  if (request.analyze) options.unshift('ANALYZE', 'BUFFERS');
  if (request.analyze && request.timesNodes === false) options.push('TIMING OFF');
  // WAL is printed for every node, so only where there may be some
  if (request.analyze && (!reading.understood || reading.facts.writes.length > 0)) options.push('WAL');
  return options.join(', ');
}

async function capturePlan(unit: UnitOfWork, statement: PlannedStatement): Promise<string> {
  const { sql, parameters } = statement.request;
  const explain = `EXPLAIN (${toOptions(statement)}) `;
  if (parameters.mode === 'generic') return captureGenericPlan(unit, statement, explain);
  const values = parameters.mode === 'values' ? parameters.values : [];
  return toPlanJson(await queryUserStatement(unit, explain, sql, values));
}

/**
 * Plans for unknown values. EXPLAIN (GENERIC_PLAN) came with 16 and does not take the extended protocol, so the statement
 * is prepared under a random name. A PREPARE outlives the rollback: it is taken back before.
 */
async function captureGenericPlan(unit: UnitOfWork, { request }: PlannedStatement, explain: string): Promise<string> {
  const name = `pg_insight_${randomBytes(12).toString('hex')}`;
  // without it the NULLs below would be planned for
  await unit.query('SET LOCAL plan_cache_mode = force_generic_plan');
  await unit.query(`SAVEPOINT ${name}`);
  await queryUserStatement(unit, `PREPARE ${name} AS `, request.sql, []);
  unit.atEnd(`ROLLBACK TO SAVEPOINT ${name}`);
  unit.atEnd(`DEALLOCATE ${name}`);
  // the server counts them, so that the weaker parser need not
  const [prepared] = parameterRows.parse(
    await unit.query(
      'SELECT pg_catalog.cardinality(parameter_types) AS count FROM pg_catalog.pg_prepared_statements WHERE name = $1',
      [name],
    ),
  );
  const values = prepared.count === 0 ? '' : `(${Array.from({ length: prepared.count }, () => 'NULL').join(', ')})`;
  try {
    return toPlanJson(await unit.query(`${explain}EXECUTE ${name}${values}`));
  } catch (error) {
    // a place in this text is none in the user's
    throw withOffset(error, () => null);
  }
}

/** Sends the user's text behind a prefix; an error's place is one in the user's text. */
async function queryUserStatement(
  unit: UnitOfWork,
  prefix: string,
  sql: string,
  values: readonly unknown[],
): Promise<unknown[]> {
  try {
    return await unit.query(`${prefix}${sql}`, values);
  } catch (error) {
    throw withOffset(error, (offset) => (offset < prefix.length ? null : offset - prefix.length));
  }
}

function withOffset(error: unknown, map: (offset: number) => number | null): unknown {
  if (!isDatabaseFailure(error)) return error;
  const { offset } = error.details;
  if (offset === null || offset === undefined) return error;
  const { kind, message, nextStep, details, cause } = error;
  return new DatabaseFailure(kind, message, nextStep, { ...details, offset: map(offset) }, { cause });
}

function toPlanJson(rows: readonly unknown[]): string {
  const [row] = planRows.parse(rows);
  return row['QUERY PLAN'];
}
