// The shop at the scale of benchmarks: what it takes to make it, and what PG Insight's own part costs on a database of
// that size, without an editor around it.
import { Client } from 'pg';
import { startPostgres } from '../scripts/environment/postgres-server';
import { unsetConnection } from '../src/analysis/connection/unset-connection';
import { analyzePlan } from '../src/analysis/plan/analyze-plan';
import { connectProfile } from '../src/database/database-access';
import { localSystem } from '../src/database/local-system';
import { fillShopDatabase, shopServerSettings } from '../test/factories/shop-database';

/** Reads every order and its items: a plan with joins, a sort and an aggregate. */
const analyzedSql = `
  SELECT c.country, count(*) AS orders, sum(i.quantity * i.unit_price) AS revenue
  FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_items i ON i.order_id = o.id
  WHERE o.placed_at >= '2026-05-01'
  GROUP BY c.country ORDER BY revenue DESC LIMIT 10`;
const analyzeTimeoutMs = 300_000;

export interface ShopFigures {
  fillMs: number;
  sizeBytes: number;
  connectMs: number[];
  tablesMs: number[];
  /** EXPLAIN without ANALYZE, from the text to the read plan: consent, planning, reading. */
  explainMs: number[];
  /** EXPLAIN ANALYZE, of which the statement itself takes executionMs. */
  analyzeMs: number[];
  executionMs: number[];
  insightsMs: number[];
}

async function measure<Result>(figures: number[], work: () => Result | Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  figures.push(performance.now() - start);
  return result;
}

export async function measureShop(scale: number, runs: number): Promise<ShopFigures> {
  const server = await startPostgres({ major: 18, settings: { ...shopServerSettings } });
  try {
    const start = performance.now();
    await fillShopDatabase(server.url(), { scale });
    const fillMs = performance.now() - start;
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    const { rows } = await client.query<{ size: string }>('SELECT pg_database_size(current_database()) AS size');
    await client.end();
    const figures: ShopFigures = {
      fillMs,
      sizeBytes: Number(rows[0]?.size),
      connectMs: [],
      tablesMs: [],
      explainMs: [],
      analyzeMs: [],
      executionMs: [],
      insightsMs: [],
    };
    const { host, port, user } = server;
    const profile = { id: 'shop', name: 'shop', ...unsetConnection, host, port, user, database: 'postgres' };
    for (let run = 0; run < runs; run += 1) {
      const session = await measure(figures.connectMs, () =>
        connectProfile(
          { ...profile, environment: 'development' },
          server.password,
          localSystem,
          AbortSignal.timeout(analyzeTimeoutMs),
        ),
      );
      await measure(figures.tablesMs, () => session.captureTables());
      const request = {
        sql: analyzedSql,
        parameters: { mode: 'none' },
        analyze: false,
        timeoutMs: analyzeTimeoutMs,
      } as const;
      await measure(figures.explainMs, () => session.explain(request));
      const { plan } = await measure(figures.analyzeMs, () => session.explain({ ...request, analyze: true }));
      figures.executionMs.push(plan.executionMs ?? Number.NaN);
      await measure(figures.insightsMs, () => analyzePlan(plan, { serverVersionNumber: session.facts.versionNumber }));
      await session.close();
    }
    return figures;
  } finally {
    await server.stop();
  }
}
