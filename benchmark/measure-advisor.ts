// How good the advisor's sets are and how long they take: workload costs with really created indexes at equal real size,
// against the first version (statistics), one index for each column, and a plain greedy.
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../scripts/environment/postgres-server';
import type { HypotheticalIndex } from '../src/analysis/index-advice/what-if-planner';
import { CountingPlanner } from '../src/analysis/index-advice/selection/counting-planner';
import type { StatementContext } from '../src/database/consent';
import { adviseWorkload, captureStatement } from '../src/database/what-if/advise-statement';
import { SandboxPlanner } from '../src/database/what-if/sandbox/sandbox-planner';
import { useStatistics, type UsePlanner } from '../src/database/what-if/use-planner';
import { startSandboxOverPostgres } from '../test/database/sandbox-over-postgres';
import { makeStatementContext } from '../test/database/statement-context';
import { openTestSession } from '../test/database/test-session';
import { fillShopDatabase, shopServerSettings } from '../test/factories/shop-database';
import { mixWorkloads, readWorkload, workloadNames, type BenchmarkStatement } from './read-workload';
import { RealIndexes } from './real-indexes';
import { adviseGreedily, adviseSingleColumns, type CountedStatement } from './simple-advisors';

/** Of the database's size: 250 MB to 2 GB where it has 1 GB. */
const budgetShares = [0.25, 0.5, 1, 2];
const statementCounts = [10, 30, 100, 300];
const timeoutMs = 60_000;

export interface AdvisedSet {
  workload: string;
  advisor: 'PG Insight' | 'statistics' | 'single columns' | 'greedy';
  /** null: none. */
  budgetBytes: number | null;
  indexCount: number;
  /** Measured. */
  sizeBytes: number;
  /** Workload's cost after / before, and the geometric mean of the statements', by the server's planner. */
  costRatio: number;
  meanRatio: number;
  /** Of the advice; of the greedy one for all budgets together, and of those to which the budget is nothing the same for each. */
  advisorMs: number;
  whatIfCalls: number;
}

export interface AdvisorGrowth {
  statements: number;
  advisorMs: number;
  whatIfCalls: number;
  indexCount: number;
}

interface Bench {
  server: PostgresServer;
  client: pg.Client;
  context: StatementContext;
  real: RealIndexes;
  /** A new planner for each piece of work: what one has learnt is no help to the next. */
  usePlanner: UsePlanner;
  databaseBytes: number;
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function withBench<Result>(scale: number, work: (bench: Bench) => Promise<Result>): Promise<Result> {
  const server = await startPostgres({ major: 18, settings: { ...shopServerSettings, autovacuum: 'off' } });
  const cleanUps: (() => Promise<unknown>)[] = [() => server.stop()];
  try {
    await fillShopDatabase(server.url(), { scale });
    // the advisor must not see the indexes that are created to measure them
    await query(server.url('template1'), 'CREATE DATABASE measured TEMPLATE postgres');
    // making the shop is no write of its users
    await query(server.url(), 'SELECT pg_stat_reset()');
    const client = new pg.Client({ connectionString: server.url('measured') });
    await client.connect();
    cleanUps.unshift(() => client.end());
    const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    const session = await openTestSession(server);
    cleanUps.unshift(() => session.close());
    const context = await makeStatementContext(session);
    const sandbox = await startSandboxOverPostgres(18);
    cleanUps.unshift(() => sandbox.stop());
    const usePlanner: UsePlanner = async (_, work) => {
      const planner = new SandboxPlanner(context, sandbox);
      try {
        return { result: await work(planner), engineNote: null };
      } finally {
        await planner.close();
      }
    };
    const databaseBytes = Number(rows[0]?.bytes);
    return await work({ server, client, context, real: new RealIndexes(client), usePlanner, databaseBytes });
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

const toRequests = (statements: readonly BenchmarkStatement[]) =>
  statements.map((statement) => ({ ...statement, parameters: { mode: 'none' } as const, timeoutMs }));

async function capture(
  context: StatementContext,
  statements: readonly BenchmarkStatement[],
): Promise<CountedStatement[]> {
  const { parser } = await context.loadParser();
  const captured: CountedStatement[] = [];
  for (const request of toRequests(statements)) {
    const each = await captureStatement(context, request, parser, undefined);
    if ('reason' in each) throw new Error(`${request.id}: ${each.reason}`);
    captured.push({ ...each, calls: request.calls });
  }
  return captured;
}

interface Found {
  indexes: readonly HypotheticalIndex[];
  advisorMs: number;
  whatIfCalls: number;
}

async function time(work: () => Promise<Omit<Found, 'advisorMs'>>): Promise<Found> {
  const start = performance.now();
  const found = await work();
  return { ...found, advisorMs: performance.now() - start };
}

const advise = (
  bench: Bench,
  statements: readonly BenchmarkStatement[],
  budgetBytes: number | null,
  usePlanner: UsePlanner,
) =>
  time(async () => {
    const { recommendations, whatIfCalls } = await adviseWorkload(
      bench.context,
      toRequests(statements),
      () => undefined,
      undefined,
      { usePlanner, budgetBytes, findsDrops: false },
    );
    return { indexes: recommendations.map(({ index }) => index), whatIfCalls };
  });

async function measureWorkload(
  bench: Bench,
  workload: string,
  statements: readonly BenchmarkStatement[],
  onSet: (set: AdvisedSet) => void,
): Promise<void> {
  const { real, context, usePlanner } = bench;
  const before = await real.costs(statements, []);
  const weigh = (costs: readonly number[]) =>
    costs.reduce((sum, cost, at) => sum + cost * (statements[at]?.calls ?? 0), 0);
  const tell = async (advisor: AdvisedSet['advisor'], budgetBytes: number | null, found: Found) => {
    const { advisorMs, whatIfCalls } = found;
    const indexes = budgetBytes === null ? found.indexes : await real.fit(found.indexes, budgetBytes);
    const after = await real.costs(statements, indexes);
    const logs = after.map((cost, at) => Math.log(cost / (before[at] ?? cost)));
    onSet({
      ...{ workload, advisor, budgetBytes, advisorMs, whatIfCalls },
      indexCount: indexes.length,
      sizeBytes: await real.sizeOf(indexes),
      costRatio: weigh(after) / weigh(before),
      meanRatio: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length),
    });
  };
  const captured = await capture(context, statements);
  const statistics = await advise(bench, statements, null, useStatistics);
  const withPlanner = async (work: (planner: CountingPlanner) => Promise<HypotheticalIndex[][]>): Promise<Found[]> => {
    const start = performance.now();
    const { result } = await usePlanner({ context, statements: captured, signal: undefined }, async (planner) => {
      const counting = new CountingPlanner(planner);
      const sets = await work(counting);
      return { sets, whatIfCalls: counting.callCount };
    });
    const { sets, whatIfCalls } = result;
    return sets.map((indexes) => ({ indexes, whatIfCalls, advisorMs: performance.now() - start }));
  };
  const budgets = [...budgetShares.map((share) => share * bench.databaseBytes), null];
  const [single] = await withPlanner(async (planner) => [await adviseSingleColumns(captured, planner)]);
  const greedy = await withPlanner((planner) =>
    adviseGreedily(
      captured,
      planner,
      budgets.map((budgetBytes) => budgetBytes ?? Infinity),
    ),
  );
  for (const [at, budgetBytes] of budgets.entries()) {
    await tell('PG Insight', budgetBytes, await advise(bench, statements, budgetBytes, usePlanner));
    await tell('statistics', budgetBytes, statistics);
    if (single !== undefined) await tell('single columns', budgetBytes, single);
    if (greedy[at] !== undefined) await tell('greedy', budgetBytes, greedy[at]);
  }
}

export async function measureAdvisor(
  scale: number,
  {
    onStart,
    onSet,
    onGrowth,
  }: {
    onStart: (databaseBytes: number) => void;
    onSet: (set: AdvisedSet) => void;
    onGrowth: (growth: AdvisorGrowth) => void;
  },
): Promise<void> {
  await withBench(scale, async (bench) => {
    onStart(bench.databaseBytes);
    for (const name of workloadNames) await measureWorkload(bench, name, await readWorkload(name), onSet);
    for (const count of statementCounts) {
      const statements = await mixWorkloads(count);
      const { indexes, ...figures } = await advise(bench, statements, null, bench.usePlanner);
      onGrowth({ statements: count, ...figures, indexCount: indexes.length });
    }
  });
}
