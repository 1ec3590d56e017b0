// How near what-if plans are to those with really created indexes, on the shop: the sandbox for sources of every boundary of
// versions, by a sandbox of the same major and by the newest.
import pg from 'pg';
import type { PostgresMajor } from '../scripts/environment/postgres-binaries';
import { startPostgres } from '../scripts/environment/postgres-server';
import { SandboxPlanner } from '../src/database/what-if/sandbox/sandbox-planner';
import { startSandboxOverPostgres } from '../test/database/sandbox-over-postgres';
import { makeStatementContext } from '../test/database/statement-context';
import { openTestSession } from '../test/database/test-session';
import { sandboxStatements } from '../test/factories/sandbox-statements';
import { fillShopDatabase, shopServerSettings } from '../test/factories/shop-database';
import { comparePlans, summarize, type Comparison, type FidelitySummary } from './fidelity';

export interface Fidelity {
  sandbox: PostgresMajor;
  summary: FidelitySummary;
  comparisons: readonly Comparison[];
}

/** Of one source, planned in a sandbox of each of these majors. */
export async function measureFidelity(
  source: PostgresMajor,
  sandboxes: readonly PostgresMajor[],
  scale: number,
): Promise<Fidelity[]> {
  const server = await startPostgres({ major: source, settings: { ...shopServerSettings, autovacuum: 'off' } });
  await fillShopDatabase(server.url(), { scale });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  const session = await openTestSession(server);
  const context = await makeStatementContext(session);
  const found: Fidelity[] = [];
  for (const sandbox of sandboxes) {
    const running = await startSandboxOverPostgres(sandbox);
    const planner = new SandboxPlanner(context, running);
    // at once, so that the source is read once
    await planner.plan(
      sandboxStatements.map(({ name, sql, parameters }) => ({ id: name, sql, parameters: parameters ?? null })),
      [],
    );
    const comparisons: Comparison[] = [];
    for (const statement of sandboxStatements) comparisons.push(await comparePlans(client, planner, statement));
    found.push({ sandbox, summary: summarize(comparisons), comparisons });
    await planner.close();
    await running.stop();
  }
  await session.close();
  await client.end();
  await server.stop();
  return found;
}
