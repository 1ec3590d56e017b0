// Statements that make PostgreSQL plan and run every shape that the plan metrics have a rule for, and the small tables
// they need. The database tests explain them on every major; scripts/record-plans.ts keeps some of the plans for the unit
// tests.
import type { Client } from 'pg';

/** What a statement is here to show; tests look for it by this name. */
export interface CorpusStatement {
  name: string;
  sql: string;
  /** SET LOCAL before it. */
  settings?: Record<string, string>;
  /** First major that knows the statement or the plan node. */
  since?: number;
}

const serial = {
  max_parallel_workers_per_gather: '0',
};

/** Two workers for whatever can be parallel, however small. */
const parallel = {
  max_parallel_workers_per_gather: '2',
  min_parallel_table_scan_size: '0',
  min_parallel_index_scan_size: '0',
  parallel_setup_cost: '0',
  parallel_tuple_cost: '0',
};

const compiled = { jit: 'on', jit_above_cost: '0', jit_inline_above_cost: '0', jit_optimize_above_cost: '0' };

/** Made once per server; about 60,000 orders. Autovacuum is off for them: plans must not change in the middle of a test. */
export const corpusSchema = `
CREATE SCHEMA lab;
CREATE TABLE lab.customers (id int PRIMARY KEY, city int NOT NULL, zip int NOT NULL, name text NOT NULL)
  WITH (autovacuum_enabled = off);
INSERT INTO lab.customers SELECT i, i % 50, i % 50, 'customer ' || i FROM generate_series(1, 2000) i;
CREATE TABLE lab.orders (
  id int PRIMARY KEY,
  customer_id int NOT NULL REFERENCES lab.customers,
  status text NOT NULL,
  region int NOT NULL,
  area int NOT NULL,
  total numeric NOT NULL,
  placed_on date NOT NULL,
  note text NOT NULL
) WITH (autovacuum_enabled = off);
INSERT INTO lab.orders
SELECT i, 1 + i % 2000, CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END, i % 40, i % 40, (i % 977) * 1.5,
       date '2024-01-01' + i % 360, repeat(md5(i::text), 2)
FROM generate_series(1, 60000) i;
CREATE INDEX orders_customer_id_idx ON lab.orders (customer_id);
CREATE INDEX orders_placed_on_idx ON lab.orders (placed_on);
CREATE TABLE lab.items (order_id int NOT NULL, product_id int NOT NULL, quantity int NOT NULL)
  WITH (autovacuum_enabled = off);
INSERT INTO lab.items SELECT 1 + i % 60000, i % 500, i % 7 FROM generate_series(1, 60000) i;
CREATE TABLE lab.labels (order_id int NOT NULL, label text NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO lab.labels SELECT i * 10, 'label ' || i FROM generate_series(1, 8000) i;
CREATE TABLE lab.events (at date NOT NULL, kind int NOT NULL) PARTITION BY RANGE (at);
${[1, 2, 3, 4, 5, 6]
  .map(
    (month) => `CREATE TABLE lab.events_${month} PARTITION OF lab.events
  FOR VALUES FROM ('2024-0${month}-01') TO ('2024-0${month + 1}-01') WITH (autovacuum_enabled = off);`,
  )
  .join('\n')}
INSERT INTO lab.events SELECT date '2024-01-01' + i % 180, i % 10 FROM generate_series(1, 18000) i;
CREATE TABLE lab.parents (id int PRIMARY KEY);
INSERT INTO lab.parents SELECT generate_series(1, 300);
CREATE TABLE lab.children (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES lab.parents ON DELETE CASCADE);
INSERT INTO lab.children SELECT i, 1 + i % 300 FROM generate_series(1, 3000) i;
CREATE TABLE lab.watched (id int, changed int NOT NULL DEFAULT 0);
INSERT INTO lab.watched SELECT generate_series(1, 400);
CREATE FUNCTION lab.work_a_little() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM count(*) FROM generate_series(1, 150);
  RETURN NEW;
END $$;
CREATE FUNCTION lab.work_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM count(*) FROM generate_series(1, 1500);
  RETURN NEW;
END $$;
CREATE TRIGGER before_row BEFORE UPDATE ON lab.watched FOR EACH ROW EXECUTE FUNCTION lab.work_a_little();
CREATE TABLE lab.followed (id int, changed int NOT NULL DEFAULT 0);
INSERT INTO lab.followed SELECT generate_series(1, 400);
CREATE TRIGGER after_row AFTER UPDATE ON lab.followed FOR EACH ROW EXECUTE FUNCTION lab.work_a_little();
CREATE TABLE lab.both_ways (id int, changed int NOT NULL DEFAULT 0);
INSERT INTO lab.both_ways SELECT generate_series(1, 400);
CREATE TRIGGER before_row BEFORE UPDATE ON lab.both_ways FOR EACH ROW EXECUTE FUNCTION lab.work_more();
CREATE TRIGGER after_row AFTER UPDATE ON lab.both_ways FOR EACH ROW EXECUTE FUNCTION lab.work_a_little();
`;

export const corpusStatements: CorpusStatement[] = [
  { name: 'seq-scan-filter', sql: `SELECT * FROM lab.orders WHERE status = 'open'`, settings: serial },
  { name: 'seq-scan-keeps-most', sql: `SELECT * FROM lab.orders WHERE status = 'done'`, settings: serial },
  { name: 'parallel-seq-scan', sql: `SELECT count(*) FROM lab.orders WHERE note LIKE '%abc%'`, settings: parallel },
  {
    name: 'parallel-without-leader',
    sql: `SELECT count(*) FROM lab.orders WHERE note LIKE '%abc%'`,
    settings: { ...parallel, parallel_leader_participation: 'off' },
  },
  {
    name: 'parallel-hash-join',
    sql: `SELECT count(*) FROM lab.orders o JOIN lab.items i ON i.order_id = o.id WHERE o.total > 10`,
    settings: { ...parallel, enable_mergejoin: 'off', enable_nestloop: 'off' },
  },
  {
    name: 'parallel-nested-loop',
    sql: `SELECT count(c.name) FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id`,
    settings: { ...parallel, enable_mergejoin: 'off', enable_hashjoin: 'off' },
  },
  {
    name: 'gather-merge',
    sql: `SELECT id, total FROM lab.orders ORDER BY total, id`,
    settings: { ...parallel, work_mem: '64kB' },
  },
  {
    name: 'parallel-init-plan',
    sql: `SELECT count(*) FROM lab.orders WHERE total > (SELECT avg(quantity) FROM lab.items)`,
    settings: parallel,
  },
  {
    name: 'parallel-limit',
    sql: `SELECT * FROM lab.orders WHERE status = 'open' LIMIT 20`,
    settings: parallel,
  },
  {
    name: 'parallel-append',
    sql: `SELECT count(*) FROM lab.events WHERE kind = 3`,
    settings: parallel,
  },
  {
    name: 'init-plan-in-filter',
    sql: `SELECT * FROM lab.orders WHERE total > (SELECT avg(quantity) * 200 FROM lab.items) ORDER BY placed_on`,
    settings: serial,
  },
  {
    name: 'init-plan-in-target-list',
    sql: `SELECT (SELECT sum(quantity) FROM lab.items), id FROM lab.orders ORDER BY placed_on, id`,
    settings: serial,
  },
  {
    name: 'init-plan-in-limit',
    sql: `SELECT * FROM lab.orders ORDER BY id LIMIT (SELECT count(*) / 6000 FROM lab.items)`,
    settings: serial,
  },
  {
    name: 'many-init-plans',
    sql: `SELECT id FROM lab.customers WHERE id IN (${Array.from(
      { length: 12 },
      (_, index) => `(SELECT max(product_id) + ${index} FROM lab.items WHERE quantity = ${index % 7})`,
    ).join(', ')})`,
    settings: serial,
  },
  {
    name: 'init-plan-reads-init-plan',
    sql: `SELECT count(*) FROM lab.orders WHERE id < (SELECT count(*) FROM lab.items WHERE quantity < (SELECT avg(quantity) FROM lab.items))`,
    settings: serial,
  },
  {
    name: 'sub-plan',
    sql: `SELECT c.id, (SELECT count(*) FROM lab.orders o WHERE o.customer_id = c.id) FROM lab.customers c`,
    settings: serial,
  },
  {
    name: 'sub-plan-exists',
    sql: `SELECT count(*) FROM lab.customers c WHERE c.city = 3 OR EXISTS (SELECT FROM lab.orders o WHERE o.customer_id = c.id AND o.total > 5)`,
    settings: serial,
  },
  {
    name: 'hashed-sub-plan',
    sql: `SELECT count(*) FROM lab.orders WHERE customer_id NOT IN (SELECT id FROM lab.customers WHERE city < 25)`,
    settings: serial,
  },
  {
    name: 'cte-read-twice',
    sql: `WITH busy AS MATERIALIZED (SELECT customer_id, count(*) AS orders FROM lab.orders GROUP BY customer_id)
SELECT a.customer_id FROM busy a JOIN busy b ON a.customer_id = b.customer_id + 1 WHERE a.orders >= b.orders`,
    settings: serial,
  },
  {
    // the workers of a Gather Merge add their blocks when the plan ends, after the scans of the CTE
    name: 'cte-with-gather-merge',
    sql: `WITH busy AS MATERIALIZED (SELECT customer_id, count(*) AS orders FROM lab.orders GROUP BY customer_id ORDER BY customer_id)
SELECT * FROM busy a JOIN busy b USING (customer_id)`,
    settings: { ...parallel, enable_hashagg: 'off' },
  },
  {
    name: 'cte-in-sub-plan',
    sql: `WITH busy AS MATERIALIZED (SELECT customer_id, count(*) AS orders FROM lab.orders GROUP BY customer_id ORDER BY customer_id)
SELECT c.id, (SELECT max(orders) FROM busy WHERE busy.customer_id = c.id) FROM lab.customers c WHERE c.id <= 20`,
    settings: { ...parallel, enable_hashagg: 'off' },
  },
  {
    name: 'init-plan-with-gather-merge',
    sql: `SELECT count(*) FROM lab.customers WHERE id > (SELECT customer_id FROM lab.orders ORDER BY note LIMIT 1)`,
    settings: parallel,
  },
  {
    // a Gather Merge that runs again: the nodes above it do not have the blocks of the workers of its earlier runs
    name: 'gather-merge-again',
    sql: `SELECT c.id, q.customer_id FROM lab.customers c, LATERAL (
  SELECT customer_id FROM (SELECT customer_id, count(*) FROM lab.orders GROUP BY customer_id ORDER BY customer_id OFFSET 0) q
  WHERE q.customer_id > c.id LIMIT 1) q WHERE c.id < 5`,
    settings: parallel,
  },
  {
    name: 'cte-scan-on-top',
    sql: `WITH RECURSIVE n AS (SELECT min(id) AS i FROM lab.orders UNION ALL SELECT i + 1 FROM n WHERE i < 50)
SELECT n.i, (SELECT count(*) FROM n m WHERE m.i < n.i) FROM n`,
    settings: parallel,
  },
  {
    name: 'cte-in-cte',
    sql: `WITH a AS MATERIALIZED (SELECT id, total FROM lab.orders WHERE total > 700),
b AS MATERIALIZED (SELECT id, total FROM a WHERE id % 2 = 0)
SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), count(*) FROM b JOIN a USING (id)`,
    settings: serial,
  },
  {
    name: 'recursive-cte',
    sql: `WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT sum(i) FROM n`,
    settings: serial,
  },
  {
    name: 'writing-cte-unread',
    sql: `WITH gone AS (DELETE FROM lab.items WHERE quantity = 3) SELECT count(*) FROM lab.customers`,
    settings: serial,
  },
  {
    name: 'writing-cte-read',
    sql: `WITH gone AS (DELETE FROM lab.items WHERE quantity = 3 RETURNING product_id) SELECT product_id, count(*) FROM gone GROUP BY product_id`,
    settings: serial,
  },
  {
    name: 'writing-cte-read-in-part',
    sql: `WITH gone AS (DELETE FROM lab.items WHERE quantity = 3 RETURNING product_id) SELECT product_id FROM gone LIMIT 5`,
    settings: serial,
  },
  {
    name: 'never-executed',
    sql: `SELECT * FROM lab.customers c JOIN lab.orders o ON o.customer_id = c.id WHERE c.name = 'nobody'`,
    settings: { ...serial, enable_hashjoin: 'off', enable_mergejoin: 'off' },
  },
  {
    name: 'run-time-pruning',
    sql: `SELECT count(*) FROM lab.events WHERE at = (SELECT date '2024-03-05' + count(*)::int * 0 FROM lab.items)`,
    settings: serial,
  },
  { name: 'plan-time-pruning', sql: `SELECT count(*) FROM lab.events WHERE at < '2024-02-10'`, settings: serial },
  { name: 'trigger-before', sql: 'UPDATE lab.watched SET changed = changed + 1', settings: serial },
  { name: 'trigger-after', sql: 'UPDATE lab.followed SET changed = changed + 1', settings: serial },
  { name: 'trigger-both', sql: 'UPDATE lab.both_ways SET changed = changed + 1', settings: serial },
  { name: 'trigger-foreign-key', sql: 'DELETE FROM lab.parents WHERE id <= 60', settings: serial },
  {
    name: 'insert-with-foreign-key',
    sql: 'INSERT INTO lab.children SELECT 10000 + i, 1 + i % 300 FROM generate_series(1, 500) i',
    settings: serial,
  },
  {
    name: 'jit',
    sql: `SELECT sum(total * 2 + region) FROM lab.orders WHERE area + region > 10`,
    settings: { ...serial, ...compiled },
  },
  {
    name: 'jit-parallel',
    sql: `SELECT sum(total * 2 + region) FROM lab.orders WHERE area + region > 10`,
    settings: { ...parallel, ...compiled },
  },
  { name: 'limit-stops-early', sql: `SELECT * FROM lab.orders WHERE area < 20 LIMIT 10`, settings: serial },
  {
    name: 'limit-runs-out',
    sql: `SELECT * FROM lab.orders WHERE region = 3 AND area = 4 LIMIT 100`,
    settings: serial,
  },
  {
    name: 'limit-over-small-sort',
    sql: `SELECT * FROM lab.customers ORDER BY name LIMIT 10`,
    settings: serial,
  },
  {
    name: 'limit-over-parallel-sort',
    sql: `SELECT * FROM lab.orders ORDER BY total, note LIMIT 10`,
    settings: parallel,
  },
  { name: 'limit-over-index', sql: `SELECT * FROM lab.orders ORDER BY id LIMIT 10`, settings: serial },
  { name: 'limit-over-sort', sql: `SELECT * FROM lab.orders ORDER BY total LIMIT 10`, settings: serial },
  {
    name: 'bitmap-and',
    sql: `SELECT * FROM lab.orders WHERE customer_id BETWEEN 1 AND 40 AND placed_on BETWEEN '2024-02-01' AND '2024-02-06'`,
    settings: { ...serial, enable_indexscan: 'off', enable_seqscan: 'off' },
  },
  {
    name: 'bitmap-or',
    sql: `SELECT * FROM lab.orders WHERE customer_id = 17 OR placed_on = '2024-02-01'`,
    settings: { ...serial, enable_seqscan: 'off' },
  },
  {
    name: 'memoize',
    sql: `SELECT count(c.name) FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id`,
    settings: { ...serial, enable_mergejoin: 'off', enable_hashjoin: 'off' },
    since: 14,
  },
  {
    name: 'many-loops',
    sql: `SELECT count(c.name) FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id`,
    settings: { ...serial, enable_mergejoin: 'off', enable_hashjoin: 'off', enable_material: 'off' },
  },
  {
    name: 'incremental-sort',
    sql: `SELECT * FROM lab.orders ORDER BY placed_on, total`,
    settings: { ...serial, enable_seqscan: 'off' },
  },
  {
    name: 'sort-on-disk',
    sql: `SELECT * FROM lab.orders ORDER BY note`,
    settings: { ...serial, work_mem: '1MB' },
  },
  { name: 'sort-in-memory', sql: `SELECT * FROM lab.orders ORDER BY note`, settings: { ...serial, work_mem: '64MB' } },
  {
    name: 'hash-batches',
    sql: `SELECT * FROM lab.items i JOIN lab.orders o ON o.id = i.order_id`,
    settings: { ...serial, work_mem: '256kB', enable_mergejoin: 'off', enable_nestloop: 'off' },
  },
  {
    name: 'hash-one-batch',
    sql: `SELECT * FROM lab.items i JOIN lab.orders o ON o.id = i.order_id`,
    settings: { ...serial, work_mem: '64MB', enable_mergejoin: 'off', enable_nestloop: 'off' },
  },
  {
    name: 'merge-join',
    sql: `SELECT count(*) FROM lab.orders o JOIN lab.customers c ON c.id = o.id`,
    settings: { ...serial, enable_hashjoin: 'off', enable_nestloop: 'off' },
  },
  {
    name: 'semi-join',
    sql: `SELECT count(*) FROM lab.customers c WHERE EXISTS (SELECT FROM lab.orders o WHERE o.customer_id = c.id)`,
    settings: { ...serial, enable_hashjoin: 'off', enable_mergejoin: 'off' },
  },
  {
    name: 'correlated-columns',
    sql: `SELECT count(*) FROM lab.orders WHERE region = 7 AND area = 7`,
    settings: serial,
  },
  {
    name: 'nested-loop-misestimate',
    sql: `SELECT count(*) FROM lab.orders o JOIN lab.labels l ON l.order_id = o.id + 3 WHERE o.region = 7 AND o.area = 7`,
    settings: {
      ...serial,
      enable_hashjoin: 'off',
      enable_mergejoin: 'off',
      enable_material: 'off',
    },
  },
  {
    name: 'index-scan-filter',
    sql: `SELECT * FROM lab.orders WHERE placed_on BETWEEN '2024-01-01' AND '2024-06-30' AND status = 'open'`,
    settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
  },
  {
    name: 'index-scan-exact',
    sql: `SELECT * FROM lab.orders WHERE placed_on BETWEEN '2024-01-01' AND '2024-06-30'`,
    settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
  },
  { name: 'disabled-node', sql: 'SELECT count(*) FROM lab.items', settings: { ...serial, enable_seqscan: 'off' } },
  { name: 'union-all', sql: `SELECT id FROM lab.orders UNION ALL SELECT id FROM lab.customers`, settings: serial },
  {
    name: 'window-and-set',
    sql: `SELECT id, row_number() OVER (PARTITION BY city ORDER BY name) FROM lab.customers WHERE id IN (SELECT customer_id FROM lab.orders EXCEPT SELECT 5)`,
    settings: serial,
  },
];

/**
 * More shapes, for what must hold of every plan: nothing is looked for in them. Each is run with all the settings below,
 * so that it is planned in several ways.
 */
export const variedStatements: string[] = [
  'SELECT count(*) FROM lab.orders o JOIN lab.items i ON i.order_id = o.id WHERE o.total > 10',
  'SELECT count(*) FROM (SELECT * FROM lab.orders ORDER BY note) o JOIN lab.items i ON i.order_id = o.id',
  'SELECT count(*) FROM lab.events e JOIN lab.customers c ON c.id = e.kind',
  'SELECT count(*) FROM (SELECT id FROM lab.orders UNION ALL SELECT order_id FROM lab.items UNION ALL SELECT id FROM lab.customers) q',
  'SELECT customer_id FROM lab.orders EXCEPT SELECT product_id FROM lab.items',
  'SELECT customer_id FROM lab.orders INTERSECT ALL SELECT product_id FROM lab.items',
  'SELECT * FROM lab.events ORDER BY at, kind LIMIT 100',
  '(SELECT id FROM lab.orders ORDER BY id) UNION ALL (SELECT id FROM lab.customers ORDER BY id) ORDER BY 1',
  'SELECT * FROM lab.orders LIMIT 50',
  'SELECT * FROM lab.orders ORDER BY note LIMIT 50',
  `SELECT * FROM lab.orders WHERE note LIKE '%abc%' LIMIT 3`,
  'SELECT count(*) FROM (SELECT * FROM lab.orders ORDER BY note LIMIT 50) q JOIN lab.items i ON i.order_id = q.id',
  'SELECT * FROM (SELECT * FROM lab.orders ORDER BY note LIMIT 5) a, (SELECT * FROM lab.items ORDER BY order_id LIMIT 5) b',
  'SELECT * FROM (SELECT * FROM lab.orders ORDER BY note OFFSET 10000 LIMIT 10) q',
  'SELECT c.id, l.total FROM lab.customers c, LATERAL (SELECT total FROM lab.orders o WHERE o.customer_id = c.id ORDER BY total DESC LIMIT 2) l WHERE c.id < 200',
  // InitPlans: in workers, in other InitPlans, in a LIMIT, in a CTE, never run, run to their first row only
  'SELECT count(*) FROM lab.orders WHERE total > (SELECT avg(quantity) FROM lab.items)',
  'SELECT region, count(*) FROM lab.orders WHERE id > (SELECT order_id FROM lab.items ORDER BY product_id, order_id LIMIT 1) GROUP BY region ORDER BY region',
  'SELECT count(*) FROM lab.orders WHERE id < (SELECT count(*) FROM lab.items WHERE quantity < (SELECT customer_id FROM lab.orders ORDER BY note LIMIT 1))',
  'WITH c AS MATERIALIZED (SELECT * FROM lab.orders WHERE id > (SELECT customer_id FROM lab.orders ORDER BY note LIMIT 1)) SELECT count(*) FROM c a JOIN c b USING (id)',
  'SELECT * FROM lab.orders ORDER BY id LIMIT (SELECT product_id / 100 + 3 FROM lab.items ORDER BY quantity, product_id LIMIT 1)',
  'SELECT count(*) FROM lab.orders WHERE EXISTS (SELECT FROM lab.items WHERE quantity = 5)',
  `SELECT count(*) FROM lab.customers WHERE name = 'nobody' AND id > (SELECT min(quantity) FROM lab.items)`,
  'SELECT count(*) FROM lab.orders WHERE (SELECT count(*) FROM lab.items) < 5',
  'SELECT (SELECT count(*) FROM lab.items), (SELECT id FROM lab.orders ORDER BY note LIMIT 1), (SELECT max(id) FROM lab.orders WHERE id > (SELECT min(quantity) FROM lab.items))',
  'SELECT min(placed_on), max(placed_on), (SELECT count(*) FROM lab.items) FROM lab.orders',
  'SELECT count(*) FROM generate_series(1, 1000) s WHERE s > (SELECT min(quantity) FROM lab.items)',
  // SubPlans: in workers, hashed, with a Gather of their own
  'SELECT count(*) FROM lab.orders o WHERE total > (SELECT avg(zip) FROM lab.customers c WHERE c.id = o.customer_id)',
  'SELECT count(*) FROM lab.orders WHERE customer_id NOT IN (SELECT id FROM lab.customers WHERE city < 25)',
  'SELECT id, (SELECT count(*) FROM lab.items WHERE product_id = c.id) FROM lab.customers c WHERE id < 10',
  'SELECT id, id > ALL (SELECT quantity FROM lab.items WHERE order_id < 300) FROM lab.customers c WHERE id < 10',
  'SELECT id, (SELECT q.customer_id + c.id FROM lab.orders q ORDER BY note LIMIT 1) FROM lab.customers c WHERE id < 5',
  'SELECT id, (SELECT max(q.customer_id) FROM (SELECT customer_id, count(*) n FROM lab.orders GROUP BY customer_id ORDER BY customer_id OFFSET 0) q WHERE q.n > c.id) FROM lab.customers c WHERE id < 5',
  'SELECT id, (SELECT count(*) FROM lab.items i WHERE i.order_id = c.id AND i.quantity > (SELECT min(product_id) FROM lab.items)) FROM lab.customers c WHERE id < 5',
  `SELECT * FROM lab.customers c, LATERAL (SELECT count(*) FROM lab.orders WHERE customer_id = c.id) q WHERE c.name = 'nobody'`,
  // CTEs: read once, twice, by each other, by InitPlans and SubPlans, in part, not at all
  ...[
    'SELECT sum(n) FROM c',
    'SELECT * FROM c LIMIT 5',
    'SELECT g FROM c UNION ALL SELECT n FROM c',
    'SELECT 1 FROM c WHERE false',
    'SELECT count(*) FROM lab.orders WHERE id < (SELECT max(n) FROM c) AND id >= (SELECT min(n) FROM c)',
    'SELECT id FROM lab.customers x WHERE id < 20 AND (city = 3 OR EXISTS (SELECT FROM c WHERE c.g = x.id))',
    'SELECT x.id, l.n FROM lab.customers x, LATERAL (SELECT n FROM c WHERE g >= x.id ORDER BY g LIMIT 1) l WHERE x.id < 15',
    'SELECT (SELECT max(n) FROM c), (SELECT count(*) FROM c WHERE n > (SELECT min(n) FROM c)), (SELECT g FROM c ORDER BY n, g LIMIT 1)',
  ].map(
    (rest) =>
      `WITH c AS MATERIALIZED (SELECT customer_id AS g, count(*) AS n FROM lab.orders GROUP BY 1 ORDER BY 1) ${rest}`,
  ),
  'SELECT * FROM (WITH c AS MATERIALIZED (SELECT customer_id AS g FROM lab.orders ORDER BY note) SELECT a.g FROM c a JOIN c b USING (g)) q LIMIT 3',
  'WITH c AS MATERIALIZED (SELECT * FROM lab.orders) SELECT * FROM c LIMIT 1000',
  `WITH c AS MATERIALIZED (SELECT * FROM lab.orders WHERE note LIKE '%ab%') SELECT EXISTS (SELECT FROM c), EXISTS (SELECT FROM c WHERE id < 0)`,
  'SELECT c.id, (WITH q AS MATERIALIZED (SELECT customer_id, count(*) n FROM lab.orders GROUP BY 1 ORDER BY 1) SELECT count(*) FROM q WHERE q.n > c.id) FROM lab.customers c WHERE c.id < 4',
  'SELECT c.id, (WITH q AS MATERIALIZED (SELECT * FROM lab.orders o WHERE o.customer_id = c.id) SELECT count(*) FROM q a JOIN q b ON a.id < b.id) FROM lab.customers c WHERE c.id < 20',
  'WITH RECURSIVE n AS (SELECT id, 1 d FROM lab.customers WHERE id < 5 UNION ALL SELECT i.product_id, d + 1 FROM n JOIN lab.items i ON i.order_id = n.id WHERE d < 4) SELECT count(*) FROM n a JOIN n b USING (id)',
  // CTEs that write, and triggers
  'WITH gone AS (DELETE FROM lab.items WHERE quantity = 3 RETURNING *) SELECT count(*) FROM gone a JOIN gone b USING (product_id) WHERE a.order_id < 100',
  `WITH a AS (DELETE FROM lab.items WHERE quantity = 3 RETURNING *), b AS (INSERT INTO lab.labels SELECT order_id, 'x' FROM a RETURNING *) SELECT count(*) FROM b`,
  `WITH a AS (DELETE FROM lab.items WHERE quantity = 3 RETURNING *), b AS (INSERT INTO lab.labels SELECT order_id, 'x' FROM a) SELECT count(*) FROM lab.customers`,
  `WITH c AS MATERIALIZED (SELECT customer_id AS g FROM lab.orders ORDER BY note), w AS (INSERT INTO lab.labels SELECT g, 'c' FROM c) SELECT count(*) FROM lab.customers`,
  `WITH c AS MATERIALIZED (SELECT customer_id AS g FROM lab.orders ORDER BY note) INSERT INTO lab.labels SELECT g, 'x' FROM c WHERE g < 20`,
  'WITH w AS (UPDATE lab.items SET quantity = 1 WHERE quantity = (SELECT min(quantity) FROM lab.items) RETURNING 1) SELECT count(*) FROM w',
  'UPDATE lab.watched SET changed = (SELECT count(*) FROM lab.customers WHERE id < watched.id)',
  'UPDATE lab.labels l SET label = c.name FROM lab.customers c WHERE c.id = l.order_id AND c.id < 500',
  // and the rest
  'SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY note) FROM lab.orders',
  'SELECT region, area, count(*) FROM lab.orders GROUP BY GROUPING SETS ((region), (area), ())',
  'SELECT DISTINCT ON (customer_id) * FROM lab.orders ORDER BY customer_id, total DESC',
  'SELECT count(*) FROM lab.orders TABLESAMPLE SYSTEM (20)',
  'SELECT * FROM lab.orders WHERE id < 50 FOR UPDATE',
];

/** Ways to have a varied statement planned; the last one puts a Gather on top of whatever allows it. */
export function variedSettings(major: number): Record<string, string>[] {
  return [
    serial,
    { ...parallel, work_mem: '128kB' },
    { ...parallel, enable_hashagg: 'off', enable_hashjoin: 'off', parallel_leader_participation: 'off' },
    { [major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode']: 'on' },
  ];
}

export async function createCorpus(client: Client): Promise<void> {
  await client.query(corpusSchema);
  await client.query(
    'ANALYZE lab.customers, lab.orders, lab.items, lab.labels, lab.events, lab.parents, lab.children, lab.watched, lab.followed, lab.both_ways',
  );
}

export interface ExplainOptions {
  verbose?: boolean;
  timing?: boolean;
  analyze?: boolean;
  /** PostgreSQL 17 and newer. */
  serialize?: boolean;
  costs?: boolean;
  format?: 'JSON' | 'TEXT' | 'YAML' | 'XML';
}

/** Explains a statement as the user would, in a transaction that is rolled back; the server's answer as it came. */
export async function explainCorpusStatement(
  client: Client,
  { sql, settings = {} }: Pick<CorpusStatement, 'sql' | 'settings'>,
  {
    verbose = true,
    timing = true,
    analyze = true,
    serialize = false,
    costs = true,
    format = 'JSON',
  }: ExplainOptions = {},
): Promise<string> {
  const options = [
    ...(analyze ? ['ANALYZE', 'BUFFERS', `TIMING ${timing ? 'on' : 'off'}`] : []),
    ...(analyze && serialize ? ['SERIALIZE TEXT'] : []),
    ...(verbose ? ['VERBOSE', 'SETTINGS'] : []),
    `COSTS ${costs ? 'on' : 'off'}`,
    `FORMAT ${format}`,
  ];
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL jit = off');
    for (const [name, value] of Object.entries(settings)) {
      await client.query(`SET LOCAL ${name} = '${value}'`);
    }
    const result = await client.query<{ plan: string }>({
      text: `EXPLAIN (${options.join(', ')}) ${sql}`,
      types: { getTypeParser: () => String },
    });
    // text comes in one row for each line
    return (result.rows as Record<string, string>[]).map((row) => row['QUERY PLAN'] ?? '').join('\n');
  } finally {
    await client.query('ROLLBACK');
  }
}
