// Statements that have each plan rule speak, and others much like them where it has nothing to say. The database tests
// explain them on the oldest and the newest major; the tables stand beside those of plan-corpus.ts.
import type { Client } from 'pg';

export interface InsightStatement {
  sql: string;
  /** SET LOCAL before it. */
  settings?: Record<string, string>;
}

export interface InsightCase extends InsightStatement {
  rule: string;
  quiet: InsightStatement;
  /** First major that has what the rule speaks of. */
  since?: number;
  /** The rule needs no run: only without costs does it lack data. */
  plannedToo?: true;
  serialize?: true;
  /** Both workers have to take part; the statement is run again until they did. */
  workers?: number;
}

const serial = { max_parallel_workers_per_gather: '0' };
const parallel = {
  max_parallel_workers_per_gather: '2',
  min_parallel_table_scan_size: '0',
  min_parallel_index_scan_size: '0',
  parallel_setup_cost: '0',
  parallel_tuple_cost: '0',
};
const loops = { ...serial, enable_hashjoin: 'off', enable_mergejoin: 'off' };
const little = { ...serial, work_mem: '64kB', hash_mem_multiplier: '1' };
const plenty = { ...serial, work_mem: '256MB' };

const partitionCount = 60;

const schema = [
  'CREATE SCHEMA insight',
  // three rows to a page, some 4,000 pages
  `CREATE TABLE insight.pages (id int, kind int, pad text) WITH (autovacuum_enabled = off)`,
  'ALTER TABLE insight.pages ALTER COLUMN pad SET STORAGE PLAIN',
  `INSERT INTO insight.pages SELECT i, i % 3, repeat('x', 2100) FROM generate_series(1, 12000) i`,
  'CREATE INDEX pages_kind_idx ON insight.pages (kind)',
  // written in a small ring of buffers, so that most of it is not in shared buffers afterwards
  `CREATE TABLE insight.cold WITH (autovacuum_enabled = off) AS SELECT id, left(pad, 1900) AS pad FROM insight.pages, generate_series(1, 2)`,
  `CREATE TABLE insight.fresh WITH (autovacuum_enabled = off) AS SELECT i, md5(i::text) AS note FROM generate_series(1, 40000) i`,
  'CREATE TABLE insight.one AS SELECT 1 AS id',
  'CREATE TABLE insight.parents (id int PRIMARY KEY)',
  'INSERT INTO insight.parents SELECT generate_series(1, 3000)',
  'CREATE TABLE insight.unindexed (parent_id int REFERENCES insight.parents)',
  'INSERT INTO insight.unindexed SELECT 3000 FROM generate_series(1, 40000)',
  'CREATE TABLE insight.kept_parents (id int PRIMARY KEY)',
  'INSERT INTO insight.kept_parents SELECT generate_series(1, 3000)',
  'CREATE TABLE insight.indexed (parent_id int REFERENCES insight.kept_parents)',
  'INSERT INTO insight.indexed SELECT 2001 + i % 1000 FROM generate_series(1, 4000) i',
  'CREATE INDEX indexed_parent_id_idx ON insight.indexed (parent_id)',
  'CREATE TABLE insight.pairs (a int, b int) WITH (autovacuum_enabled = off)',
  'INSERT INTO insight.pairs SELECT i % 1000, i / 1000 FROM generate_series(1, 100000) i',
  // each value of a lies on several pages, so that it pays to search for the next one
  'CREATE INDEX pairs_a_b_idx ON insight.pairs (a, b) WITH (fillfactor = 10)',
  'CREATE TABLE insight.parts (k int, v int) PARTITION BY LIST (k)',
  ...Array.from(
    { length: partitionCount },
    (_, k) => `CREATE TABLE insight.parts_${k} PARTITION OF insight.parts FOR VALUES IN (${k})`,
  ),
  `INSERT INTO insight.parts SELECT i % ${partitionCount}, i / ${partitionCount} FROM generate_series(0, 59999) i`,
  'CREATE TABLE insight.uneven (k int, n int) PARTITION BY LIST (k)',
  'CREATE TABLE insight.uneven_1 PARTITION OF insight.uneven FOR VALUES IN (1) WITH (parallel_workers = 0)',
  'CREATE TABLE insight.uneven_2 PARTITION OF insight.uneven FOR VALUES IN (2) WITH (parallel_workers = 0)',
  'INSERT INTO insight.uneven SELECT CASE WHEN i % 30 = 0 THEN 2 ELSE 1 END, i FROM generate_series(1, 30000) i',
  'CREATE TABLE insight.even (k int, n int) PARTITION BY LIST (k)',
  'CREATE TABLE insight.even_1 PARTITION OF insight.even FOR VALUES IN (1) WITH (parallel_workers = 0)',
  'CREATE TABLE insight.even_2 PARTITION OF insight.even FOR VALUES IN (2) WITH (parallel_workers = 0)',
  'INSERT INTO insight.even SELECT 1 + i % 2, i FROM generate_series(1, 30000) i',
];

/** insight.cold and insight.fresh are left as they were written: looking at rows is what changes their pages. */
export async function createInsightTables(client: Client): Promise<void> {
  for (const statement of schema) await client.query(statement);
  const analyzed = ['pages', 'parents', 'unindexed', 'kept_parents', 'indexed', 'pairs', 'parts', 'uneven', 'even'];
  await client.query(`ANALYZE ${analyzed.map((name) => `insight.${name}`).join(', ')}`);
  await client.query('VACUUM insight.pairs');
  // a page that is to be written anyway is not counted as changed
  await client.query('CHECKPOINT');
}

export const insightCases: InsightCase[] = [
  {
    rule: 'cold-cache',
    sql: 'SELECT count(*) FROM insight.cold',
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM lab.orders', settings: serial },
  },
  {
    rule: 'dirtied-by-select',
    sql: 'SELECT count(*) FROM insight.fresh',
    settings: serial,
    // the first one has done the work
    quiet: { sql: 'SELECT count(*) FROM insight.fresh', settings: serial },
  },
  {
    rule: 'hash-aggregate-spill',
    sql: 'SELECT note, count(*) FROM lab.orders GROUP BY note',
    settings: { ...little, enable_sort: 'off' },
    quiet: { sql: 'SELECT note, count(*) FROM lab.orders GROUP BY note', settings: { ...plenty, enable_sort: 'off' } },
  },
  {
    rule: 'lossy-bitmap',
    sql: 'SELECT count(pad) FROM insight.pages WHERE kind = 1',
    settings: { ...little, enable_seqscan: 'off', enable_indexscan: 'off' },
    quiet: {
      sql: 'SELECT count(pad) FROM insight.pages WHERE kind = 1',
      settings: { ...plenty, enable_seqscan: 'off', enable_indexscan: 'off' },
    },
  },
  {
    rule: 'temp-io',
    sql: 'SELECT sum(id) OVER () FROM lab.orders',
    settings: little,
    quiet: { sql: 'SELECT sum(id) OVER () FROM lab.orders', settings: plenty },
  },
  {
    rule: 'memoize-thrash',
    sql: 'SELECT count(c.name) FROM lab.orders o LEFT JOIN lab.customers c ON c.id = o.customer_id',
    settings: { ...little, ...loops, work_mem: '128kB' },
    quiet: {
      sql: 'SELECT count(c.name) FROM lab.orders o LEFT JOIN lab.customers c ON c.id = o.customer_id',
      settings: { ...plenty, ...loops },
    },
    since: 14,
  },
  {
    rule: 'order-by-limit-index',
    sql: 'SELECT * FROM lab.orders WHERE region = 3 AND area = 4 ORDER BY id LIMIT 5',
    settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    quiet: {
      sql: 'SELECT * FROM lab.orders WHERE region = 3 ORDER BY id LIMIT 5',
      settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    },
  },
  {
    rule: 'correlated-subplan',
    sql: 'SELECT c.id, (SELECT count(*) FROM lab.orders o WHERE o.customer_id = c.id) FROM lab.customers c',
    settings: serial,
    quiet: {
      sql: 'SELECT c.id, (SELECT count(*) FROM lab.orders o WHERE o.customer_id = c.id) FROM lab.customers c WHERE c.id <= 900',
      settings: serial,
    },
  },
  {
    rule: 'not-in-not-hashed',
    sql: 'SELECT count(*) FROM lab.customers WHERE id NOT IN (SELECT order_id FROM lab.items WHERE quantity < 3) AND id <= 100',
    settings: little,
    quiet: {
      sql: 'SELECT count(*) FROM lab.customers WHERE id NOT IN (SELECT order_id FROM lab.items WHERE quantity < 3) AND id <= 100',
      settings: plenty,
    },
  },
  {
    rule: 'foreign-key-without-index',
    sql: 'DELETE FROM insight.parents WHERE id <= 100',
    settings: serial,
    quiet: { sql: 'DELETE FROM insight.kept_parents WHERE id <= 2000', settings: serial },
  },
  {
    rule: 'user-trigger',
    sql: 'UPDATE lab.both_ways SET changed = changed + 1',
    settings: serial,
    quiet: { sql: 'UPDATE lab.items SET quantity = 0 WHERE order_id < 9000', settings: serial },
  },
  {
    rule: 'planning-dominates',
    sql: `SELECT count(*) FROM insight.one ${[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `JOIN insight.one t${n} USING (id)`).join(' ')}`,
    settings: { ...serial, join_collapse_limit: '20', geqo: 'off' },
    quiet: { sql: 'SELECT count(*) FROM lab.orders, generate_series(1, 30)', settings: serial },
  },
  {
    rule: 'serialization',
    sql: 'SELECT o.*, o.*, o.* FROM lab.orders o',
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM lab.orders', settings: serial },
    since: 17,
    serialize: true,
  },
  {
    rule: 'workers-not-launched',
    sql: `SELECT count(*) FROM lab.orders WHERE note LIKE '%abc%'`,
    settings: { ...parallel, max_parallel_workers: '0' },
    quiet: { sql: `SELECT count(*) FROM lab.orders WHERE note LIKE '%abc%'`, settings: serial },
  },
  {
    rule: 'parallel-overhead',
    sql: 'SELECT count(*) FROM insight.one',
    settings: parallel,
    quiet: { sql: 'SELECT count(*) FROM insight.one', settings: serial },
  },
  {
    rule: 'worker-skew',
    sql: `SELECT k, n FROM insight.uneven WHERE md5(repeat(n::text, 500)) <> ''`,
    settings: { ...parallel, parallel_leader_participation: 'off' },
    quiet: {
      sql: `SELECT k, n FROM insight.even WHERE md5(repeat(n::text, 500)) <> ''`,
      settings: { ...parallel, parallel_leader_participation: 'off' },
    },
    workers: 2,
  },
  {
    rule: 'wide-rows',
    sql: 'SELECT * FROM insight.pages ORDER BY id % 100',
    settings: plenty,
    quiet: { sql: 'SELECT id FROM insight.pages ORDER BY id % 100', settings: plenty },
  },
  {
    rule: 'many-index-searches',
    sql: 'SELECT * FROM insight.pairs WHERE b = 7',
    settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    quiet: {
      sql: 'SELECT * FROM insight.pairs WHERE a = 7',
      settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    },
    since: 18,
  },
  {
    rule: 'disabled-node',
    sql: 'SELECT count(*) FROM lab.items',
    settings: { ...serial, enable_seqscan: 'off' },
    quiet: { sql: 'SELECT count(*) FROM lab.items', settings: serial },
    plannedToo: true,
  },
  {
    rule: 'slow-start-unexplained',
    sql: 'SELECT * FROM insight.one WHERE pg_sleep(0.05) IS NOT NULL',
    settings: serial,
    quiet: { sql: 'SELECT * FROM lab.orders WHERE id + 0 > 59990', settings: serial },
  },
  {
    rule: 'join-filter',
    sql: 'SELECT count(*) FROM lab.customers a JOIN lab.customers b ON b.zip > a.zip + 47 WHERE a.id <= 300',
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM lab.customers a JOIN lab.customers b ON b.id = a.id + 1', settings: serial },
  },
  {
    rule: 'materialize-rescans',
    sql: 'SELECT count(*) FROM lab.customers a JOIN lab.customers b ON b.zip > a.zip + 45 WHERE a.id <= 500',
    settings: serial,
    quiet: {
      sql: 'SELECT count(*) FROM lab.customers a JOIN lab.customers b ON b.zip > a.zip + 45 WHERE a.id < 300',
      settings: { ...serial, enable_material: 'off' },
    },
  },
  {
    rule: 'or-across-tables',
    sql: 'SELECT count(*) FROM lab.customers a JOIN lab.labels l ON l.order_id = a.id OR l.label = a.name WHERE a.id <= 100',
    settings: serial,
    quiet: {
      sql: 'SELECT count(*) FROM lab.customers a JOIN lab.labels l ON l.order_id = a.id WHERE l.label > a.name',
      settings: serial,
    },
    plannedToo: true,
  },
  {
    rule: 'cartesian-product',
    sql: 'SELECT count(*) FROM lab.customers a, lab.items i WHERE a.id <= 20',
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM lab.customers a, lab.items i WHERE a.id = 20', settings: serial },
    plannedToo: true,
  },
  {
    rule: 'cartesian-product',
    sql: 'SELECT count(*) FROM lab.orders a, lab.orders b WHERE a.region = 7 AND b.region = 8',
    settings: serial,
    // what is left of a join by region
    quiet: {
      sql: 'SELECT count(*) FROM lab.orders a JOIN lab.orders b USING (region) WHERE region = 7',
      settings: serial,
    },
    plannedToo: true,
  },
  {
    rule: 'function-on-column',
    sql: `SELECT * FROM lab.orders WHERE lower(note) = 'abc'`,
    settings: serial,
    quiet: { sql: `SELECT * FROM lab.orders WHERE note = 'abc'`, settings: serial },
  },
  {
    rule: 'implicit-cast',
    sql: 'SELECT * FROM lab.orders WHERE region = 3.5',
    settings: serial,
    quiet: { sql: 'SELECT * FROM lab.orders WHERE region = 99', settings: serial },
  },
  {
    rule: 'cte-fence',
    sql: 'WITH c AS MATERIALIZED (SELECT * FROM lab.orders) SELECT * FROM c WHERE region = 3',
    settings: serial,
    quiet: {
      sql: 'WITH c AS NOT MATERIALIZED (SELECT * FROM lab.orders) SELECT * FROM c WHERE region = 3',
      settings: serial,
    },
  },
  {
    rule: 'partitions-pruned-late',
    sql: `SELECT ${Array.from({ length: 12 }, (_, k) => `(SELECT count(*) FROM insight.parts WHERE k = (SELECT ${k}))`).join(', ')}`,
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM insight.parts WHERE k = 5', settings: serial },
  },
  {
    rule: 'partitions-not-pruned',
    sql: 'SELECT count(*) FROM insight.parts WHERE k + 0 = 5',
    settings: serial,
    quiet: { sql: 'SELECT count(*) FROM insight.parts WHERE v + 0 = 5', settings: serial },
  },
  {
    rule: 'heap-fetches',
    sql: 'SELECT count(customer_id) FROM lab.orders WHERE customer_id < 1000',
    settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    quiet: {
      sql: 'SELECT count(a) FROM insight.pairs WHERE a < 200',
      settings: { ...serial, enable_seqscan: 'off', enable_bitmapscan: 'off' },
    },
  },
  {
    rule: 'large-offset',
    sql: 'SELECT * FROM lab.orders ORDER BY id OFFSET 30000 LIMIT 10',
    settings: serial,
    quiet: { sql: 'SELECT * FROM lab.orders ORDER BY id OFFSET 100 LIMIT 10', settings: serial },
  },
];
