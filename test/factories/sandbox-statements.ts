// Statements on the shop with the indexes that are tried for them: every kind of index and of plan that the sandbox has to
// tell as the server would. Some of the indexes are of no use, and the planner has to say that too.
import type { HypotheticalIndex } from '../../src/analysis/index-advice/what-if-planner';

export interface SandboxStatement {
  name: string;
  sql: string;
  indexes: readonly HypotheticalIndex[];
  /** Values of $1 ...; without them it is planned for unknown values. */
  parameters?: readonly string[];
  /** Why the size can't be told well, where no statistics say what is in the index. */
  sizeUnknown?: string;
}

function on(
  table: string,
  keys: readonly string[],
  more: Partial<Pick<HypotheticalIndex, 'schema' | 'method' | 'included' | 'predicate'>> = {},
): HypotheticalIndex {
  return { schema: 'public', table, method: 'btree', keys, included: [], predicate: null, ...more };
}

const noElements = 'no statistics count the keys in a document or text';

export const sandboxStatements: readonly SandboxStatement[] = [
  // one column
  {
    name: 'equality',
    sql: `SELECT id, total FROM orders WHERE status = 'pending'`,
    indexes: [on('orders', ['status'])],
  },
  {
    name: 'a common value',
    sql: `SELECT * FROM orders WHERE status = 'delivered'`,
    indexes: [on('orders', ['status'])],
  },
  {
    name: 'a foreign key',
    sql: `SELECT * FROM order_items WHERE order_id = 4711`,
    indexes: [on('order_items', ['order_id'])],
  },
  {
    name: 'a list',
    sql: `SELECT id FROM reviews WHERE product_id IN (3, 17, 400, 1900)`,
    indexes: [on('reviews', ['product_id'])],
  },
  {
    name: 'an array',
    sql: `SELECT id FROM reviews WHERE product_id = ANY ('{3,17,400}')`,
    indexes: [on('reviews', ['product_id'])],
  },
  {
    name: 'a range of time',
    sql: `SELECT count(*) FROM orders WHERE placed_at >= '2026-03-01' AND placed_at < '2026-03-08'`,
    indexes: [on('orders', ['placed_at'])],
  },
  {
    name: 'the newest',
    sql: `SELECT id FROM orders WHERE placed_at > '2026-06-30 12:00'`,
    indexes: [on('orders', ['placed_at'])],
  },
  {
    name: 'a range of numbers',
    sql: `SELECT id FROM orders WHERE total BETWEEN 900 AND 910`,
    indexes: [on('orders', ['total'])],
  },
  { name: 'IS NULL', sql: `SELECT id FROM orders WHERE shipped_at IS NULL`, indexes: [on('orders', ['shipped_at'])] },
  {
    name: 'IS NOT NULL',
    sql: `SELECT id FROM products WHERE discontinued_at IS NOT NULL`,
    indexes: [on('products', ['discontinued_at'])],
  },
  { name: 'a text', sql: `SELECT id FROM customers WHERE name = 'Nobody'`, indexes: [on('customers', ['name'])] },
  { name: 'inequality', sql: `SELECT id FROM orders WHERE status <> 'delivered'`, indexes: [on('orders', ['status'])] },
  { name: 'an index of no use', sql: `SELECT sum(total) FROM orders`, indexes: [on('orders', ['coupon'])] },
  {
    name: 'camelCase names',
    sql: `SELECT "id" FROM "userSessions" WHERE "userId" = 'nobody'`,
    indexes: [on('userSessions', ['"userId"'])],
  },
  // several columns
  {
    name: 'equality and range',
    sql: `SELECT id FROM orders WHERE status = 'paid' AND placed_at >= '2026-06-01'`,
    indexes: [on('orders', ['status', 'placed_at'])],
  },
  {
    name: 'the range first',
    sql: `SELECT id FROM orders WHERE status = 'paid' AND placed_at >= '2026-06-01'`,
    indexes: [on('orders', ['placed_at', 'status'])],
  },
  {
    name: 'three columns',
    sql: `SELECT id FROM orders WHERE customer_id = 77 AND status = 'delivered' AND placed_at > '2025-06-01'`,
    indexes: [on('orders', ['customer_id', 'status', 'placed_at'])],
  },
  {
    name: 'lists on both',
    sql: `SELECT id FROM orders WHERE status IN ('returned', 'cancelled') AND currency IN ('USD', 'GBP')`,
    indexes: [on('orders', ['status', 'currency'])],
  },
  {
    name: 'the second column only',
    sql: `SELECT id FROM orders WHERE placed_at > '2026-06-29'`,
    indexes: [on('orders', ['status', 'placed_at'])],
  },
  {
    name: 'two indexes joined by bits',
    sql: `SELECT id FROM orders WHERE placed_at > '2026-06-20' AND total > 1500`,
    indexes: [on('orders', ['placed_at']), on('orders', ['total'])],
  },
  {
    name: 'OR',
    sql: `SELECT id FROM orders WHERE total > 2500 OR coupon = 'none such'`,
    indexes: [on('orders', ['total']), on('orders', ['coupon'])],
  },
  // order
  {
    name: 'the last twenty',
    sql: `SELECT * FROM orders ORDER BY placed_at DESC LIMIT 20`,
    indexes: [on('orders', ['placed_at'])],
  },
  {
    name: 'the last twenty of a status',
    sql: `SELECT * FROM orders WHERE status = 'shipped' ORDER BY placed_at DESC LIMIT 20`,
    indexes: [on('orders', ['status', 'placed_at DESC'])],
  },
  {
    name: 'two directions',
    sql: `SELECT id FROM orders ORDER BY currency, placed_at DESC LIMIT 50`,
    indexes: [on('orders', ['currency', 'placed_at DESC'])],
  },
  {
    name: 'NULLS LAST',
    sql: `SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 10`,
    indexes: [on('orders', ['shipped_at DESC NULLS LAST'])],
  },
  {
    name: 'NULLS in the wrong place',
    sql: `SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 10`,
    indexes: [on('orders', ['shipped_at'])],
  },
  {
    name: 'an incremental sort',
    sql: `SELECT id FROM orders ORDER BY placed_at, total LIMIT 100`,
    indexes: [on('orders', ['placed_at'])],
  },
  {
    name: 'a window',
    sql: `SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at) FROM orders`,
    indexes: [on('orders', ['customer_id', 'placed_at'])],
  },
  {
    name: 'min and max',
    sql: `SELECT min(placed_at), max(placed_at) FROM orders`,
    indexes: [on('orders', ['placed_at'])],
  },
  { name: 'groups', sql: `SELECT status, count(*) FROM orders GROUP BY status`, indexes: [on('orders', ['status'])] },
  { name: 'distinct', sql: `SELECT DISTINCT coupon FROM orders`, indexes: [on('orders', ['coupon'])] },
  // covering
  {
    name: 'INCLUDE',
    sql: `SELECT total FROM orders WHERE placed_at >= '2026-01-01' AND placed_at < '2026-02-01'`,
    indexes: [on('orders', ['placed_at'], { included: ['total'] })],
  },
  {
    name: 'INCLUDE of two',
    sql: `SELECT quantity, unit_price FROM order_items WHERE order_id = 99`,
    indexes: [on('order_items', ['order_id'], { included: ['quantity', 'unit_price'] })],
  },
  {
    name: 'an index-only count',
    sql: `SELECT count(*) FROM order_items WHERE order_id < 5000`,
    indexes: [on('order_items', ['order_id'])],
  },
  // partial
  {
    name: 'partial on a status',
    sql: `SELECT id FROM orders WHERE status = 'pending' AND customer_id < 500`,
    indexes: [on('orders', ['customer_id'], { predicate: "status = 'pending'" })],
  },
  {
    name: 'partial on NULL',
    sql: `SELECT id FROM orders WHERE shipped_at IS NULL ORDER BY placed_at LIMIT 10`,
    indexes: [on('orders', ['placed_at'], { predicate: 'shipped_at IS NULL' })],
  },
  {
    name: 'partial that does not fit',
    sql: `SELECT id FROM orders WHERE status = 'paid' AND customer_id < 500`,
    indexes: [on('orders', ['customer_id'], { predicate: "status = 'pending'" })],
  },
  {
    name: 'partial of several columns',
    sql: `SELECT id FROM orders WHERE coupon IS NOT NULL AND total > 800 AND placed_at > '2026-01-01'`,
    indexes: [on('orders', ['placed_at', 'total'], { predicate: 'coupon IS NOT NULL' })],
  },
  // expressions
  {
    name: 'lower()',
    sql: `SELECT id FROM customers WHERE lower(email) = 'nobody@example.org'`,
    indexes: [on('customers', ['lower(email)'])],
  },
  {
    name: 'a value of a document',
    sql: `SELECT id FROM events WHERE payload ->> 'ip' = '10.0.0.1'`,
    indexes: [on('events', ["(payload ->> 'ip')"])],
  },
  {
    name: 'a computed number',
    sql: `SELECT id FROM order_items WHERE quantity * unit_price > 4000`,
    indexes: [on('order_items', ['(quantity * unit_price)'])],
  },
  {
    name: 'a day',
    sql: `SELECT count(*) FROM orders WHERE (placed_at AT TIME ZONE 'UTC')::date = '2026-03-05'`,
    indexes: [on('orders', ["((placed_at AT TIME ZONE 'UTC')::date)"])],
  },
  {
    name: 'a prefix',
    sql: `SELECT id FROM customers WHERE name LIKE 'An%'`,
    indexes: [on('customers', ['name text_pattern_ops'])],
  },
  // other methods
  {
    name: 'GIN on an array',
    sql: `SELECT id FROM customers WHERE tags @> '{vip}'`,
    indexes: [on('customers', ['tags'], { method: 'gin' })],
  },
  {
    name: 'GIN on labels',
    sql: `SELECT id FROM products WHERE labels && '{sale,new}'`,
    indexes: [on('products', ['labels'], { method: 'gin' })],
  },
  {
    name: 'GIN on a document',
    sql: `SELECT id FROM products WHERE attributes @> '{"colour": "red"}'`,
    indexes: [on('products', ['attributes'], { method: 'gin' })],
    sizeUnknown: noElements,
  },
  {
    name: 'GIN on paths',
    sql: `SELECT id FROM customers WHERE preferences @> '{"newsletter": true}'`,
    indexes: [on('customers', ['preferences jsonb_path_ops'], { method: 'gin' })],
    sizeUnknown: noElements,
  },
  {
    name: 'GIN on trigrams',
    sql: `SELECT id FROM customers WHERE email LIKE '%corp47%'`,
    indexes: [on('customers', ['email gin_trgm_ops'], { method: 'gin' })],
    sizeUnknown: noElements,
  },
  {
    name: 'GIN on words',
    sql: `SELECT id FROM reviews WHERE to_tsvector('english', body) @@ to_tsquery('english', 'good & cheap')`,
    indexes: [on('reviews', ["to_tsvector('english', body)"], { method: 'gin' })],
    sizeUnknown: noElements,
  },
  {
    name: 'GiST on a range',
    sql: `SELECT id FROM orders WHERE tstzrange(placed_at, shipped_at) && tstzrange('2026-03-01', '2026-03-02')`,
    indexes: [on('orders', ['tstzrange(placed_at, shipped_at)'], { method: 'gist' })],
  },
  {
    name: 'BRIN',
    sql: `SELECT count(*) FROM orders WHERE placed_at >= '2026-03-01' AND placed_at < '2026-03-08'`,
    indexes: [on('orders', ['placed_at'], { method: 'brin' })],
  },
  {
    name: 'BRIN on what is not sorted',
    sql: `SELECT count(*) FROM orders WHERE total > 2000`,
    indexes: [on('orders', ['total'], { method: 'brin' })],
  },
  {
    name: 'hash',
    sql: `SELECT id FROM customers WHERE name = 'Nobody'`,
    indexes: [on('customers', ['name'], { method: 'hash' })],
  },
  // partitions
  {
    name: 'one partition',
    sql: `SELECT id FROM events WHERE customer_id = 12 AND occurred_at >= '2026-02-01' AND occurred_at < '2026-03-01'`,
    indexes: [on('events', ['customer_id', 'occurred_at'])],
  },
  {
    name: 'all partitions',
    sql: `SELECT count(*) FROM events WHERE customer_id = 12`,
    indexes: [on('events', ['customer_id'])],
  },
  {
    name: 'partitions in order',
    sql: `SELECT id FROM events WHERE kind = 'purchase' ORDER BY occurred_at DESC LIMIT 10`,
    indexes: [on('events', ['kind', 'occurred_at'])],
  },
  {
    name: 'a partition by its name',
    sql: `SELECT id FROM events_2026_03 WHERE customer_id = 12`,
    indexes: [on('events', ['customer_id'])],
  },
  // joins, views, CTEs
  {
    name: 'a join through the index',
    sql: `SELECT c.name, o.total FROM orders o JOIN order_items i ON i.order_id = o.id JOIN customers c ON c.id = o.customer_id WHERE c.email = 'nobody@example.org'`,
    indexes: [on('order_items', ['order_id'])],
  },
  {
    name: 'three tables',
    sql: `SELECT p.category, sum(i.quantity) FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.placed_at >= '2026-06-01' AND o.placed_at < '2026-06-02' GROUP BY p.category`,
    indexes: [on('orders', ['placed_at']), on('order_items', ['order_id'])],
  },
  {
    name: 'columns that depend on each other',
    sql: `SELECT count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.status = 'delivered' AND o.shipped_at IS NOT NULL AND o.placed_at > '2026-06-25' AND i.quantity > 3`,
    indexes: [on('orders', ['placed_at']), on('order_items', ['order_id', 'quantity'])],
  },
  {
    name: 'none in the other table',
    sql: `SELECT c.id FROM customers c WHERE c.status = 'dormant' AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.status = 'returned')`,
    indexes: [on('orders', ['customer_id'], { predicate: "status = 'returned'" })],
  },
  {
    name: 'a view',
    sql: `SELECT * FROM reporting.customer_totals WHERE country = 'NL'`,
    indexes: [on('customers', ['country'])],
  },
  {
    name: 'a materialized view',
    sql: `SELECT * FROM reporting.daily_sales WHERE revenue > 1000`,
    indexes: [on('daily_sales', ['revenue'], { schema: 'reporting' })],
  },
  {
    name: 'a CTE',
    sql: `WITH recent AS (SELECT * FROM orders WHERE placed_at > '2026-06-25') SELECT customer_id, count(*) FROM recent GROUP BY customer_id`,
    indexes: [on('orders', ['placed_at'])],
  },
  {
    name: 'a CTE that is kept',
    sql: `WITH recent AS MATERIALIZED (SELECT * FROM orders WHERE placed_at > '2026-06-25') SELECT r.id FROM recent r JOIN order_items i ON i.order_id = r.id`,
    indexes: [on('orders', ['placed_at']), on('order_items', ['order_id'])],
  },
  {
    name: 'LATERAL',
    sql: `SELECT p.id, r.rating FROM products p CROSS JOIN LATERAL (SELECT rating FROM reviews r WHERE r.product_id = p.id ORDER BY created_at DESC LIMIT 1) r WHERE p.category = 'none'`,
    indexes: [on('reviews', ['product_id', 'created_at'])],
  },
  {
    name: 'a function in SQL',
    sql: `SELECT id, order_total(id) FROM orders WHERE id < 20`,
    indexes: [on('order_items', ['order_id'])],
  },
  {
    name: 'in parallel',
    sql: `SELECT count(*), sum(total) FROM orders WHERE total > 50 AND placed_at > '2025-12-01'`,
    indexes: [on('orders', ['placed_at'], { included: ['total'] })],
  },
  // parameters and writes
  {
    name: 'an unknown value',
    sql: `SELECT id FROM orders WHERE status = $1 AND placed_at > $2`,
    indexes: [on('orders', ['status', 'placed_at'])],
  },
  {
    name: 'given values',
    sql: `SELECT id FROM orders WHERE status = $1 AND placed_at > $2`,
    parameters: ['pending', '2026-06-01'],
    indexes: [on('orders', ['status', 'placed_at'])],
  },
  {
    name: 'an update',
    sql: `UPDATE orders SET note = 'late' WHERE status = 'pending' AND placed_at < '2026-01-01'`,
    indexes: [on('orders', ['status', 'placed_at'])],
  },
  { name: 'a delete', sql: `DELETE FROM audit_log WHERE row_id = 12`, indexes: [on('audit_log', ['row_id'])] },
];
