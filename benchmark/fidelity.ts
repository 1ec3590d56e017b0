// How near the sandbox's plans are to those of a server on which the index was really created: for the benchmark's figures,
// and for the test that holds them.
import type pg from 'pg';
import type { HypotheticalIndex } from '../src/analysis/index-advice/what-if-planner';
import { toIndexClause } from '../src/analysis/index-build/index-steps';
import { parsePlanJson } from '../src/analysis/plan/parse-plan';
import type { Plan, PlanNode } from '../src/analysis/plan/plan';
import { quoteIdentifier } from '../src/analysis/sql/identifiers';
import type { SandboxPlanner } from '../src/database/what-if/sandbox/sandbox-planner';
import type { SandboxStatement } from '../test/factories/sandbox-statements';

export interface Comparison {
  name: string;
  sizeUnknown: string | null;
  /** Why the sandbox gave no answer; null when it did. */
  unsupported: string | null;
  isSamePlan: boolean;
  isSameBefore: boolean;
  /** |sandbox - real| / real, of the statement with the indexes; and without. */
  costError: number;
  costErrorBefore: number;
  /** Of all indexes of the statement together. */
  sizeError: number;
  realCost: number;
  sandboxCost: number;
  realBytes: number;
  sandboxBytes: number;
  realShape: string;
  sandboxShape: string;
  whatIfMs: number;
}

const asTexts = { getTypeParser: () => (value: string) => value };

/** What the plan does, without figures; hypothetical and really created indexes look the same. */
function toShape(plan: Plan, tried: (index: string) => boolean): string {
  const children = (parent: number) => plan.nodes.filter((node) => node.parent === parent);
  const describe = (node: PlanNode): string => {
    const index = node.index === null ? '' : tried(node.index) ? 'TRIED' : node.index;
    const details = ['Strategy', 'Partial Mode', 'Scan Direction'].map((field) => {
      const value = node.fields[field];
      return typeof value === 'string' ? value : '';
    });
    const below = children(node.id).map(describe).join(' ');
    return `${[node.type, ...details, node.joinType ?? '', node.relation ?? '', index].filter((part) => part !== '').join(':')}${below === '' ? '' : `[${below}]`}`;
  };
  return plan.nodes
    .filter((node) => node.parent === null)
    .map(describe)
    .join(' ');
}

async function explain(client: pg.Client, { sql, parameters }: SandboxStatement): Promise<Plan> {
  const count = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const isGeneric = count > 0 && parameters === undefined;
  if (isGeneric) {
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE compared AS ${sql}`);
  }
  const explained = isGeneric ? `EXECUTE compared(${Array.from({ length: count }, () => 'NULL').join(', ')})` : sql;
  const { rows } = await client.query<{ 'QUERY PLAN': string }>({
    text: `EXPLAIN (FORMAT JSON, VERBOSE) ${explained}`,
    values: [...(isGeneric ? [] : (parameters ?? []))],
    types: asTexts,
  });
  if (isGeneric) await client.query('DEALLOCATE compared');
  return parsePlanJson(rows[0]?.['QUERY PLAN'] ?? '', { planNumber: 1 });
}

const costOf = (plan: Plan) => plan.nodes[0]?.totalCost ?? 0;
const relativeError = (found: number, real: number) => Math.abs(found - real) / Math.max(real, 1e-9);

type IndexTest = (index: string) => boolean;

interface RealPlan {
  before: Plan;
  after: Plan;
  bytes: number;
  isTried: IndexTest;
}

/** Creates the indexes in a transaction that is rolled back. */
async function planReally(client: pg.Client, statement: SandboxStatement): Promise<RealPlan> {
  await client.query('BEGIN');
  try {
    const before = await explain(client, statement);
    const names = async () =>
      (
        await client.query<{ name: string }>("SELECT relname AS name FROM pg_class WHERE relkind IN ('i', 'I')")
      ).rows.map(({ name }) => name);
    const there = new Set(await names());
    for (const [position, index] of statement.indexes.entries()) await create(client, index, `compared_${position}`);
    const created = (await names()).filter((name) => !there.has(name));
    const after = await explain(client, statement);
    const { rows } = await client.query<{ bytes: string }>(
      "SELECT coalesce(sum(pg_relation_size(oid)), 0) AS bytes FROM pg_class WHERE relkind = 'i' AND relname = ANY ($1)",
      [created],
    );
    return { before, after, bytes: Number(rows[0]?.bytes), isTried: (index) => created.includes(index) };
  } finally {
    await client.query('ROLLBACK');
  }
}

async function create(client: pg.Client, index: HypotheticalIndex, name: string): Promise<void> {
  const table = `${quoteIdentifier(index.schema)}.${quoteIdentifier(index.table)}`;
  await client.query(`CREATE INDEX ${name} ON ${table} ${toIndexClause(index)}`);
}

/** `client` is a superuser's on the source. */
export async function comparePlans(
  client: pg.Client,
  planner: SandboxPlanner,
  statement: SandboxStatement,
): Promise<Comparison> {
  const start = performance.now();
  const answer = await planner.plan(
    [{ id: statement.name, sql: statement.sql, parameters: statement.parameters ?? null }],
    statement.indexes,
  );
  const whatIfMs = performance.now() - start;
  const real = await planReally(client, statement);
  const [result] = answer.results;
  const realShape = toShape(real.after, real.isTried);
  const tried = (index: string) => index.startsWith('hypothetical_');
  const none = { nodes: [] as PlanNode[] } as Plan;
  const after = result?.planAfter ?? none;
  const before = result?.planBefore ?? none;
  const sandboxBytes = answer.indexSizesBytes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  const sandboxShape = toShape(after, tried);
  return {
    name: statement.name,
    sizeUnknown: statement.sizeUnknown ?? null,
    unsupported: result?.unsupported ?? null,
    isSamePlan: sandboxShape === realShape,
    isSameBefore: toShape(before, tried) === toShape(real.before, real.isTried),
    costError: relativeError(costOf(after), costOf(real.after)),
    costErrorBefore: relativeError(costOf(before), costOf(real.before)),
    sizeError: relativeError(sandboxBytes, real.bytes),
    realCost: costOf(real.after),
    sandboxCost: costOf(after),
    realBytes: real.bytes,
    sandboxBytes,
    realShape,
    sandboxShape,
    whatIfMs,
  };
}

export interface FidelitySummary {
  statements: number;
  answered: number;
  samePlans: number;
  samePlansBefore: number;
  medianCostError: number;
  largestCostError: number;
  /** Of indexes whose contents statistics describe. */
  medianSizeError: number;
  largestSizeError: number;
  medianWhatIfMs: number;
}

export function summarize(comparisons: readonly Comparison[]): FidelitySummary {
  const answered = comparisons.filter(({ unsupported }) => unsupported === null);
  const quantile = (figures: readonly number[], at: number) =>
    [...figures].sort((a, b) => a - b)[Math.floor((figures.length - 1) * at)] ?? 0;
  const costs = answered.map(({ costError }) => costError);
  const sizes = answered.filter(({ sizeUnknown }) => sizeUnknown === null).map(({ sizeError }) => sizeError);
  return {
    statements: comparisons.length,
    answered: answered.length,
    samePlans: answered.filter(({ isSamePlan }) => isSamePlan).length,
    samePlansBefore: answered.filter(({ isSameBefore }) => isSameBefore).length,
    medianCostError: quantile(costs, 0.5),
    largestCostError: quantile(costs, 1),
    medianSizeError: quantile(sizes, 0.5),
    largestSizeError: quantile(sizes, 1),
    medianWhatIfMs: quantile(
      answered.map(({ whatIfMs }) => whatIfMs),
      0.5,
    ),
  };
}
