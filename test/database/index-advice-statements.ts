// Statements on the shop with the one index that is right for each, and statements that no index is right for. The tests
// create the index and look whether the planner takes it.
import type { ParameterValues } from '../../src/analysis/explain/explain';

export interface AdvisedCase {
  name: string;
  sql: string;
  parameters?: ParameterValues;
  /** "schema.table (keys)" */
  index: string;
}

export interface UnadvisedCase {
  name: string;
  sql: string;
  parameters?: ParameterValues;
}

const generic: ParameterValues = { mode: 'generic' };

export const advisedCases: readonly AdvisedCase[] = [
  {
    name: 'an equality with a value',
    sql: `SELECT * FROM orders WHERE coupon = 'SAVE30'`,
    index: 'public.orders (coupon)',
  },
  {
    name: 'an equality with an unknown value',
    sql: 'SELECT * FROM order_items WHERE order_id = $1',
    parameters: generic,
    index: 'public.order_items (order_id)',
  },
  {
    name: 'a rare value of a column with few values',
    sql: `SELECT id, total FROM orders WHERE status = 'pending'`,
    index: 'public.orders (status)',
  },
  {
    name: 'an equality and a range, unqualified columns',
    sql: `SELECT id FROM orders WHERE status IN ('shipped') AND placed_at >= '2026-06-01' AND placed_at < '2026-06-08'`,
    index: 'public.orders (status, placed_at)',
  },
  {
    name: 'a range alone',
    sql: `SELECT count(*) FROM orders WHERE placed_at BETWEEN '2026-03-01' AND '2026-03-03'`,
    index: 'public.orders (placed_at)',
  },
  {
    name: 'the newest rows',
    sql: 'SELECT id, total FROM orders ORDER BY placed_at DESC LIMIT 50',
    index: 'public.orders (placed_at)',
  },
  {
    name: 'mixed directions',
    sql: 'SELECT id FROM orders ORDER BY total DESC, placed_at LIMIT 20',
    index: 'public.orders (total DESC, placed_at)',
  },
  {
    name: 'NULLS LAST',
    sql: 'SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20',
    index: 'public.orders (shipped_at DESC NULLS LAST)',
  },
  {
    name: 'an equality and an order with LIMIT',
    sql: `SELECT id FROM orders WHERE status = 'cancelled' ORDER BY placed_at DESC, id DESC LIMIT 20`,
    index: 'public.orders (status, placed_at, id)',
  },
  {
    name: 'a join to few rows',
    sql: `SELECT i.* FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_id = 17`,
    index: 'public.order_items (order_id)',
  },
  {
    name: 'a correlated subquery',
    sql: `SELECT o.id, (SELECT sum(quantity) FROM order_items WHERE order_id = o.id) FROM orders o WHERE o.id IN (7, 8, 9)`,
    index: 'public.order_items (order_id)',
  },
  {
    name: 'a derived table',
    sql: `SELECT d.id FROM (SELECT id, coupon AS c FROM public.orders) AS d WHERE d.c = 'SAVE30'`,
    index: 'public.orders (coupon)',
  },
  {
    name: 'a CTE',
    sql: `WITH open AS MATERIALIZED (SELECT * FROM orders WHERE status = 'pending') SELECT count(*) FROM open`,
    index: 'public.orders (status)',
  },
  {
    name: 'a partitioned table',
    sql: 'SELECT * FROM events WHERE customer_id = $1',
    parameters: generic,
    index: 'public.events (customer_id)',
  },
  {
    name: 'quoted names',
    sql: `SELECT * FROM "userSessions" WHERE "userId" = $1`,
    parameters: generic,
    index: 'public."userSessions" ("userId")',
  },
  {
    name: 'a sort that is most of the work',
    sql: 'SELECT * FROM orders ORDER BY total',
    index: 'public.orders (total)',
  },
  {
    name: 'rows to delete',
    sql: 'DELETE FROM order_items WHERE order_id = 4711',
    index: 'public.order_items (order_id)',
  },
  {
    name: 'two equalities, the more selective one first',
    sql: `SELECT id FROM orders WHERE status = 'paid' AND coupon = 'SAVE25'`,
    index: 'public.orders (coupon, status)',
  },
];

export const unadvisedCases: readonly UnadvisedCase[] = [
  { name: 'a small table', sql: `SELECT * FROM products WHERE weight_kg = 3` },
  { name: 'a filter that keeps most rows', sql: `SELECT * FROM orders WHERE status = 'delivered'` },
  { name: 'an aggregate of the whole table', sql: 'SELECT count(*), sum(total) FROM orders' },
  { name: 'groups of the whole table', sql: 'SELECT customer_id, sum(total) FROM orders GROUP BY customer_id' },
  { name: 'a function of the column', sql: `SELECT * FROM orders WHERE lower(coupon) = 'save30'` },
  { name: 'arithmetic on the column', sql: 'SELECT * FROM order_items WHERE order_id + 1 = 5' },
  { name: 'a cast of the column', sql: `SELECT * FROM order_items WHERE order_id::text = '5'` },
  { name: 'a cast that the types force', sql: 'SELECT * FROM order_items WHERE order_id = 5.5' },
  { name: 'OR of two columns', sql: `SELECT * FROM orders WHERE coupon = 'SAVE30' OR note = 'x'` },
  { name: 'a pattern that begins with anything', sql: `SELECT * FROM orders WHERE note LIKE '%door 7%'` },
  {
    name: 'a pattern with an order and a LIMIT',
    sql: `SELECT * FROM orders WHERE note ILIKE '%twice%' ORDER BY placed_at LIMIT 20`,
  },
  { name: '<>', sql: `SELECT * FROM orders WHERE coupon <> 'SAVE30'` },
  { name: 'NOT IN', sql: `SELECT * FROM orders WHERE coupon NOT IN ('SAVE10', 'SAVE5')` },
  { name: 'LIMIT without an order', sql: `SELECT * FROM orders WHERE status = 'cancelled' LIMIT 10` },
  { name: 'a comparison with a volatile function', sql: 'SELECT * FROM orders WHERE total = random()' },
  { name: 'a column that has an index', sql: 'SELECT * FROM orders WHERE customer_id = 5' },
  { name: 'the beginning of an index', sql: 'SELECT * FROM order_items WHERE product_id = 5 AND order_id > 7' },
  { name: 'two columns of one row', sql: 'SELECT * FROM orders WHERE shipped_at = placed_at' },
  { name: 'a join of two whole tables', sql: 'SELECT count(*) FROM orders o JOIN order_items i ON i.order_id = o.id' },
  { name: 'a key inside jsonb', sql: `SELECT * FROM orders WHERE shipping_address ->> 'city' = 'City 7'` },
  { name: 'another collation', sql: `SELECT * FROM orders WHERE coupon COLLATE "C" = 'SAVE30'` },
  { name: 'partitions of which some are empty', sql: `SELECT * FROM events WHERE path LIKE '%/7'` },
  { name: 'no table at all', sql: 'SELECT 1' },
  { name: 'new rows', sql: `INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES (1, 1, 1, 1)` },
];
