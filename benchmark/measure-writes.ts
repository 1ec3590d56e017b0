// What an index costs the statements that write, as the advisor foretells it and as it is: rows are inserted and updated
// without and with an index that was really created.
import pg from 'pg';
import { startPostgres } from '../scripts/environment/postgres-server';
import { estimateWriteCost } from '../src/analysis/index-advice/cost/write-cost';
import type { TableWrites } from '../src/analysis/index-advice/index-advice-facts';
import type { HypotheticalIndex } from '../src/analysis/index-advice/what-if-planner';
import { toIndexClause } from '../src/analysis/index-build/index-steps';
import { captureStatement } from '../src/database/what-if/advise-statement';
import { makeStatementContext } from '../test/database/statement-context';
import { openTestSession } from '../test/database/test-session';
import { fillShopDatabase, shopServerSettings } from '../test/factories/shop-database';

interface Written {
  name: string;
  table: string;
  sql: string;
  writes: TableWrites;
  updatedColumns: readonly string[];
  indexes: readonly Pick<HypotheticalIndex, 'method' | 'keys'>[];
}

const rows = 5_000;
const btree = (...keys: string[]) => ({ method: 'btree' as const, keys });
const noWrites: TableWrites = { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 };

const written: readonly Written[] = [
  {
    name: 'inserted items of orders',
    table: 'order_items',
    sql: `INSERT INTO order_items (order_id, product_id, quantity, unit_price) SELECT order_id, product_id, quantity, unit_price FROM order_items WHERE id <= ${rows}`,
    writes: { ...noWrites, inserted: rows },
    updatedColumns: [],
    indexes: [btree('order_id'), btree('unit_price'), btree('product_id', 'quantity', 'unit_price')],
  },
  {
    name: 'inserted orders',
    table: 'orders',
    sql: `INSERT INTO orders (customer_id, status, total, shipping_address, placed_at) SELECT customer_id, status, total, shipping_address, placed_at FROM orders WHERE id <= ${rows}`,
    writes: { ...noWrites, inserted: rows },
    updatedColumns: [],
    indexes: [
      btree('placed_at'),
      btree('status', 'placed_at'),
      btree('total'),
      { method: 'gin', keys: ['shipping_address'] },
    ],
  },
  {
    name: 'inserted reviews',
    table: 'reviews',
    sql: `INSERT INTO reviews (product_id, customer_id, rating, body, created_at) SELECT 1 + id % 1000, customer_id, rating, body, created_at FROM reviews WHERE id <= ${rows}`,
    writes: { ...noWrites, inserted: rows },
    updatedColumns: [],
    indexes: [btree('product_id'), btree('product_id', 'created_at')],
  },
  {
    name: 'customers seen (HOT)',
    table: 'customers',
    sql: `UPDATE customers SET last_seen_at = '2026-07-01' WHERE id <= ${rows}`,
    writes: { ...noWrites, updated: rows, hotUpdated: rows },
    updatedColumns: ['last_seen_at'],
    indexes: [btree('country'), btree('last_seen_at'), btree('status', 'last_seen_at')],
  },
];

export interface WriteFigure {
  name: string;
  index: string;
  /** Of the time without the index, the advisor's word and the shortest of the runs. */
  predictedRatio: number | null;
  measuredRatio: number;
  withoutMs: number;
  withMs: number;
}

export async function measureWrites(
  scale: number,
  runs: number,
  onFigure: (figure: WriteFigure) => void,
): Promise<void> {
  const server = await startPostgres({ major: 18, settings: { ...shopServerSettings, autovacuum: 'off' } });
  const client = new pg.Client({ connectionString: server.url() });
  try {
    await fillShopDatabase(server.url(), { scale });
    await client.connect();
    // room for HOT updates, as a table that is updated all day has it
    await client.query('ALTER TABLE customers SET (fillfactor = 50)');
    await client.query('VACUUM (FULL, ANALYZE) customers');
    const session = await openTestSession(server);
    const context = await makeStatementContext(session);
    const { parser } = await context.loadParser();
    for (const { name, table, sql, writes, updatedColumns, indexes } of written) {
      const request = {
        id: table,
        sql: `SELECT * FROM ${table}`,
        parameters: { mode: 'none' },
        timeoutMs: 60_000,
      } as const;
      const captured = await captureStatement(context, request, parser, undefined);
      if ('reason' in captured) throw new Error(captured.reason);
      const { tables, settings } = captured.planned.facts;
      const [facts] = tables;
      if (facts === undefined) throw new Error(`Nothing is known of ${table}.`);
      for (const { method, keys } of indexes) {
        const index: HypotheticalIndex = { schema: 'public', table, method, keys, included: [], predicate: null };
        const without = await shortest(client, sql, runs);
        await client.query(`CREATE INDEX written ON ${table} ${toIndexClause(index)}`);
        const size = await client.query<{ bytes: string }>(`SELECT pg_relation_size('written') AS bytes`);
        const withIndex = await shortest(client, sql, runs);
        await client.query('DROP INDEX written');
        // the table's last measurement without it: what others do meanwhile meets both
        const again = await shortest(client, sql, runs);
        const withoutMs = Math.min(without, again);
        const shares = new Map(updatedColumns.map((column) => [column, 1]));
        const bytes = Number(size.rows[0]?.bytes);
        const { ratio } = estimateWriteCost(index, bytes, { ...facts, writes }, settings, shares);
        onFigure({
          ...{ name, index: toIndexClause(index), predictedRatio: ratio, withoutMs, withMs: withIndex },
          measuredRatio: withIndex / withoutMs - 1,
        });
      }
    }
    await session.close();
  } finally {
    await client.end();
    await server.stop();
  }
}

/** Rolled back each time. What else runs makes a statement slower and never faster. */
async function shortest(client: pg.Client, sql: string, runs: number): Promise<number> {
  let shortestMs = Infinity;
  for (let run = 0; run < runs; run++) {
    await client.query('BEGIN');
    const { rows: plans } = await client.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
    );
    await client.query('ROLLBACK');
    shortestMs = Math.min(shortestMs, plans[0]?.['QUERY PLAN'][0]['Execution Time'] ?? Infinity);
  }
  return shortestMs;
}
