// Advice on the shop, against real servers: where an index is right it is created, the planner has to take it, and what was
// estimated is compared with what came of it.
import assert from 'node:assert/strict';
import pg from 'pg';
import * as z from 'zod';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { ParameterValues } from '../../src/analysis/explain/explain';
import type { IndexRecommendation } from '../../src/analysis/index-advice/index-advice';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan } from '../../src/analysis/plan/plan';
import type { StatementContext } from '../../src/database/consent';
import type { Session } from '../../src/database/session';
import { adviseStatement, adviseWorkload } from '../../src/database/what-if/advise-statement';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';
import { advisedCases, unadvisedCases } from './index-advice-statements';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

/** Large enough for orders, order_items, "userSessions" and all events to have more than 1,000 pages each. */
const scale = 0.36;

/** Costs below are those of a few page reads: how many exactly is of no matter. */
const negligibleCost = 20;

const planRows = z.tuple([z.object({ 'QUERY PLAN': z.unknown() })]);
const sizeRows = z.tuple([z.object({ bytes: z.string().transform(Number) })]);

for (const major of [13, 18] as const) {
  describe(`index advice on PostgreSQL ${major}`, function () {
    this.timeout(240_000);
    let server: PostgresServer;
    let session: Session;
    let context: StatementContext;
    let client: pg.Client;
    const cleanUps: (() => Promise<void>)[] = [];

    before(async () => {
      server = await startPostgres({ major, settings: shopServerSettings });
      cleanUps.unshift(() => server.stop());
      await fillShopDatabase(server.url(), { scale });
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      cleanUps.unshift(() => client.end());
      session = await openTestSession(server);
      cleanUps.unshift(() => session.close());
      context = await makeStatementContext(session);
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });

    const advise = (sql: string, parameters: ParameterValues = { mode: 'none' }) =>
      adviseStatement(context, { sql, parameters, timeoutMs: 20_000 });

    async function explain(sql: string, parameters: ParameterValues = { mode: 'none' }): Promise<Plan> {
      const options = '(FORMAT JSON, VERBOSE)';
      if (parameters.mode === 'generic') {
        await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
        await client.query(`PREPARE advised AS ${sql}`);
      }
      const explained = parameters.mode === 'generic' ? 'EXECUTE advised(NULL)' : sql;
      const { rows } = await client.query(`EXPLAIN ${options} ${explained}`);
      if (parameters.mode === 'generic') await client.query('DEALLOCATE advised');
      const [row] = planRows.parse(rows);
      return parsePlanJson(JSON.stringify(row['QUERY PLAN']), { planNumber: 1 });
    }

    /** Makes the index, looks, and takes it back. */
    async function withIndex<Result>({ steps }: IndexRecommendation, look: () => Promise<Result>): Promise<Result> {
      await client.query('BEGIN');
      try {
        for (const step of steps) await client.query(step.replace('INDEX CONCURRENTLY', 'INDEX'));
        return await look();
      } finally {
        await client.query('ROLLBACK');
      }
    }

    async function sizeOf(name: string): Promise<number> {
      const { rows } = await client.query(
        `SELECT sum(pg_relation_size(coalesce(t.relid, c.oid))) AS bytes
        FROM pg_class c LEFT JOIN LATERAL pg_partition_tree(c.oid) t ON c.relkind = 'I' WHERE c.relname = $1`,
        [name],
      );
      return sizeRows.parse(rows)[0].bytes;
    }

    for (const { name, sql, parameters, index } of advisedCases) {
      it(`advises for ${name}`, async () => {
        const advice = await advise(sql, parameters);
        assert.equal(advice.status, 'advice', advice.reason ?? JSON.stringify(advice.plan?.nodes));
        const [recommendation, ...others] = advice.recommendations;
        assert.ok(recommendation !== undefined && others.length === 0);
        const { schema, table, keys } = recommendation.index;
        const quoted = /^[a-z_]+$/.test(table) ? table : `"${table}"`;
        assert.equal(`${schema}.${quoted} (${keys.join(', ')})`, index);
        assert.equal(recommendation.evidence, 'estimated');
        assert.equal(recommendation.costBefore, advice.plan?.nodes[0]?.totalCost);

        await withIndex(recommendation, async () => {
          const after = await explain(sql, parameters);
          const used = after.nodes.flatMap((node) => node.index ?? []);
          assert.ok(
            used.some((each) => each.startsWith(recommendation.name.slice(0, -1))),
            JSON.stringify(after.nodes.map(({ type, index: of }) => [type, of])),
          );
          const real = after.nodes[0]?.totalCost ?? 0;
          assert.ok(real < recommendation.costBefore * 0.9, `${recommendation.costBefore} -> ${real}`);
          const [smaller, larger] = [real, recommendation.costAfter].sort((a, b) => a - b);
          assert.ok(
            (larger ?? 0) <= 2 * (smaller ?? 0) + negligibleCost,
            `estimated ${recommendation.costAfter}, really ${real}`,
          );
          const bytes = await sizeOf(recommendation.name);
          const factor = (recommendation.sizeBytes ?? 0) / bytes;
          assert.ok(factor > 0.5 && factor < 2, `estimated ${recommendation.sizeBytes ?? 0} bytes, really ${bytes}`);
        });
      });
    }

    for (const { name, sql, parameters } of unadvisedCases) {
      it(`advises nothing for ${name}`, async () => {
        const advice = await advise(sql, parameters);
        assert.deepEqual(advice.recommendations, []);
        assert.equal(advice.status, 'none', advice.reason ?? '');
        assert.ok(advice.plan !== null);
      });
    }

    it('advises one index where several statements want it', async () => {
      const toStatement = (sql: string, position: number) => ({
        id: `s${position + 1}`,
        sql,
        parameters: { mode: 'none' } as const,
        timeoutMs: 20_000,
        calls: position + 1,
      });
      const done: number[] = [];
      const advice = await adviseWorkload(
        context,
        [
          `SELECT id, total FROM orders WHERE status = 'pending'`,
          `SELECT id FROM orders WHERE status = 'shipped' AND placed_at >= '2026-06-01' AND placed_at < '2026-06-08'`,
          'SELECT * FROM order_items WHERE order_id = 5',
          'SELECT * FROM order_items WHERE order_id = 6',
          'SELECT FROM WHERE',
          'SELECT pg_sleep(1), no_such_column FROM orders',
          'SELECT 1',
        ].map(toStatement),
        (count) => done.push(count),
      );
      assert.deepEqual(advice.recommendations.map(({ name, statementIds }) => [name, statementIds]).sort(), [
        ['order_items_order_id_idx', ['s3', 's4']],
        ['orders_status_placed_at_idx', ['s2', 's1']],
      ]);
      assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7]);
      const { statements } = advice;
      assert.deepEqual(
        statements.map(({ status }) => status),
        ['advice', 'advice', 'advice', 'advice', 'not-possible', 'not-possible', 'none'],
      );
      assert.match(statements[4]?.reason ?? '', /can't read this statement/);
      assert.match(statements[5]?.reason ?? '', /no_such_column/);
      assert.equal(statements[4]?.costBefore, null);
      for (const { costBefore, costAfter } of statements.slice(0, 4)) {
        assert.ok((costAfter ?? 0) < (costBefore ?? 0) / 2);
      }
    });
  });
}
