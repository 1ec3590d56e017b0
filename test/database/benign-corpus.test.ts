import assert from 'node:assert/strict';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { assessStatement, type StatementContext } from '../../src/database/consent';
import { explainStatement } from '../../src/database/explain';
import type { Session } from '../../src/database/session';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

// extensions with operators of the commonest names, a function of one's own that nobody calls, a trigram index
const schema = `
  CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm;
  CREATE TYPE mood AS ENUM ('calm', 'cross');
  CREATE DOMAIN percentage AS numeric CHECK (VALUE BETWEEN 0 AND 100);
  CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, email citext, feeling mood, joined date DEFAULT now());
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id int REFERENCES customers, placed timestamptz DEFAULT now(),
    total numeric(10, 2), discount percentage, tags text[], data jsonb, "shipTo" text);
  CREATE INDEX ON customers USING gin (name gin_trgm_ops);
  CREATE INDEX ON customers (lower(name));
  CREATE INDEX ON orders (customer_id) WHERE total > 100;
  CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
  CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE VIEW big_orders AS SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE total > 100;
  CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
  CREATE FUNCTION unused(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN a; END';
  INSERT INTO customers (name, feeling) SELECT 'n' || i, 'calm' FROM generate_series(1, 20) AS i;
  INSERT INTO orders (customer_id, total, tags, data) SELECT i, i * 10, ARRAY['a'], '{"a": 1}' FROM generate_series(1, 20) AS i;
  ANALYZE;`;

const everyday: readonly (string | [sql: string, ...values: string[]])[] = [
  'select 1',
  'values (1, 2), (3, 4)',
  'table orders',
  'select * from orders where id = 7',
  ['select * from orders where id = $1', '7'],
  ["select * from customers where name like $1 || '%'", 'n1'],
  "select * from customers where name ilike '%n1%' and name ~ '^n'",
  'select id, total from orders where total between 10 and 100 order by total desc limit 5 offset 2',
  "select * from orders where placed > now() - interval '30 days'",
  ['select * from orders where placed >= $1::date and placed < $1::date + 1', '2024-01-01'],
  'select customer_id, count(*), sum(total), avg(total), max(placed) from orders group by customer_id having count(*) > 1',
  'select o.id, c.name from orders o join customers c on c.id = o.customer_id where o.total > 50',
  'select c.name, count(o.id) from customers c left join orders o on o.customer_id = c.id group by c.name',
  'select at from events natural join (select at from events) e',
  'select id from orders join customers using (id)',
  'select * from customers where id in (1, 2, 3)',
  ['select id, name from customers where id = any ($1::int[])', '{1,2}'],
  'select name from customers c where exists (select 1 from orders o where o.customer_id = c.id)',
  'select name from customers where id not in (select customer_id from orders where total < 5)',
  'with recent as (select * from orders where total > 10) select count(*) from recent',
  'with recursive t(n) as (values (1) union all select n + 1 from t where n < 10) select sum(n) from t',
  'select id, row_number() over (partition by customer_id order by placed) from orders',
  'select id, lag(total) over w from orders window w as (order by id)',
  "select data->>'a', data->'b'->0 from orders where data @> '{\"a\": 1}'",
  "select * from orders where data ? 'a' and tags && array['a']",
  'select jsonb_agg(data), jsonb_object_agg(id, total) from orders',
  "select json_build_object('id', id, 'tags', tags) from orders",
  'select unnest(tags) from orders',
  "select string_agg(name, ', ' order by name) from customers",
  'select coalesce(total, 0), nullif(total, 10), greatest(1, id), least(id, 5) from orders',
  "select case when total > 100 then 'big' when total > 10 then 'middle' else 'small' end from orders",
  "select case id % 2 when 0 then 'even' end from orders where id % 10 = 0",
  "select feeling, count(*) from customers where feeling = 'calm' group by 1",
  "select upper(name) || '!' || length(name), left(name, 1), md5(name) from customers where lower(name) = 'n1'",
  "select date_trunc('month', placed) as month, extract(year from placed), to_char(placed, 'YYYY') from orders group by 1, 2, 3",
  'select distinct on (customer_id) customer_id, placed from orders order by customer_id, placed desc',
  'select id from orders union select id from customers except select 5',
  'select grouping(customer_id), sum(total) from orders group by rollup (customer_id)',
  'select * from generate_series(1, 10) as g (n), lateral (select count(*) from orders where id = g.n) s',
  'select "shipTo", discount + 1 from orders where discount > 5',
  'select * from big_orders where total > 150',
  'select total from totals where customer_id = 3',
  "select count(*) from events where at >= '2020-02-01' and at < '2020-03-01'",
  'select percentile_cont(0.5) within group (order by total) from orders',
  "select to_tsvector('english', name) @@ plainto_tsquery('english', 'n1') from customers",
  'select random(), clock_timestamp(), gen_random_uuid()',
  'select * from orders tablesample system (10)',
  'select current_user, current_date, localtimestamp, version()',
  "select exists (select from customers where name = $$it's$$)",
  "select regexp_replace(name, 'a', 'b'), split_part(name, ',', 1), substring(name from 1 for 2), trim(name), position('a' in name) from customers",
  "select id::text, total::int, cast(id as numeric), '5'::int from orders",
  'select (id, total) = (1, 2), (id, customer_id) in ((1, 2)) from orders',
  "select placed at time zone 'UTC', age(placed), make_interval(days => 1) from orders",
  'select * from pg_stat_activity',
  "select relname, pg_relation_size(oid) from pg_class where relkind = 'r'",
  "select table_name from information_schema.columns where table_schema = 'public'",
  'select * from pg_locks',
  'select * from pg_stat_user_tables',
  'select -- trip() and delete from orders\n /* drop table orders; */ 1',
];

for (const major of [13, 15, 16, 18] as const) {
  describe(`everyday queries need nobody's word on PostgreSQL ${major}`, () => {
    let context: StatementContext;
    const cleanUps: (() => Promise<void>)[] = [];
    before(async () => {
      const server: PostgresServer = await startPostgres({ major });
      cleanUps.unshift(() => server.stop());
      const client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      await client.query(schema).finally(() => client.end());
      const session: Session = await openTestSession(server);
      cleanUps.unshift(() => session.close());
      context = await makeStatementContext(session);
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });

    for (const each of everyday) {
      const [sql, ...values] = typeof each === 'string' ? [each] : each;
      it(JSON.stringify(sql), async () => {
        for (const analyze of [false, true]) {
          assert.deepEqual(await assessStatement(context, sql, analyze), { verdict: 'free' });
          const parameters = values.length === 0 ? { mode: 'none' as const } : { mode: 'values' as const, values };
          const { plan } = await explainStatement(context, { sql, parameters, analyze, timeoutMs: 20_000 });
          assert.ok(plan.nodes.length > 0);
        }
      });
    }

    it('asks, and names the function, as soon as a statement reaches code of somebody else', async () => {
      for (const [sql, named] of [
        ['select unused(1)', /public\.unused\(integer\)|unused\(integer\)/],
        ["select * from customers where email = 'a'", /citext_eq\(.*behind the operator public\.=/],
        ["select name % 'n' from customers", /similarity_op\(.*behind the operator public\.%/],
      ] as const) {
        const verdict = await assessStatement(context, sql, false);
        assert.ok(verdict.verdict === 'ask', sql);
        assert.match(verdict.reasons.map(({ message }) => message).join('\n'), named);
      }
    });
  });
}
