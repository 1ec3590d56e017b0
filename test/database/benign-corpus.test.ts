import assert from 'node:assert/strict';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { ParameterValues } from '../../src/analysis/explain/explain';
import { assessStatement, type StatementContext } from '../../src/database/consent';
import { explainStatement } from '../../src/database/explain';
import type { Session } from '../../src/database/session';
import { readDemoStatements, type DemoStatement } from '../factories/demo-statements';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';
import { captureFirstValues, writingDemoStatements } from '../factories/shop-workload';
import { isInTurn } from './in-turn';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

// extensions with operators of the commonest names, a function of one's own that nobody calls, a trigram index, and
// whatever else an ordinary table has: its checks, policies, defaults and indexes take part in every plan
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
  CREATE DOMAIN postcode AS text CHECK (VALUE ~ '^[0-9]{5}$' AND length(VALUE) = 5);
  CREATE TYPE address AS (street text, code postcode);
  CREATE TABLE bookings (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL DEFAULT current_user,
    guest text NOT NULL CHECK (guest <> '' AND guest !~ '[<>]' AND guest NOT LIKE '% '),
    nights int NOT NULL CHECK (nights > 0 AND nights BETWEEN 1 AND 365 AND nights % 1 = 0),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'gone')),
    kind text CHECK (kind = ANY (ARRAY['a', 'b']) OR kind IS NULL),
    price numeric(10, 2) CHECK (price >= 0),
    total numeric GENERATED ALWAYS AS (nights * price) STORED,
    stay daterange CHECK (NOT isempty(stay) AND lower(stay) < upper(stay)),
    moods mood[] CHECK (cardinality(moods) < 5 AND 'cross' <> ALL (moods)),
    home address,
    code postcode,
    extra jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(extra) = 'object' AND NOT extra ? 'secret'),
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', guest)) STORED,
    booked timestamptz NOT NULL DEFAULT now() CHECK (booked > '2000-01-01' AND extract(year FROM booked) < 3000),
    CHECK (state <> 'paid' OR price IS NOT NULL),
    EXCLUDE USING gist (stay WITH &&)
  );
  CREATE INDEX ON bookings USING gin (search);
  CREATE INDEX ON bookings USING gin (extra jsonb_path_ops);
  CREATE INDEX ON bookings (upper(guest), (extra ->> 'channel')) WHERE state = 'open' AND booked > '2020-01-01';
  CREATE STATISTICS bookings_states (dependencies, ndistinct) ON state, kind FROM bookings;
  ALTER TABLE bookings ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON bookings USING (tenant = current_user OR tenant = current_setting('app.tenant', true))
    WITH CHECK (nights < 100);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touching BEFORE INSERT OR UPDATE OR DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE TABLE buckets (id int, name text CHECK (name > 'a')) PARTITION BY HASH (id);
  CREATE TABLE buckets_0 PARTITION OF buckets FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE buckets_1 PARTITION OF buckets FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE regions (region text, name text) PARTITION BY LIST (lower(region));
  CREATE TABLE regions_north PARTITION OF regions FOR VALUES IN ('north');
  INSERT INTO bookings (guest, nights, price, stay, moods, home, code)
  SELECT 'g' || i, i, 10, daterange(date '2024-01-01' + i, date '2024-01-01' + i, '[]'), '{calm}', ('s', '12345')::address, '12345'
  FROM generate_series(1, 20) AS i;
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
  'select * from bookings',
  "select * from bookings where nights > 3 and nights < 10 and guest >= 'g' and state <> 'gone' order by booked desc limit 3",
  "select count(*), sum(total) from bookings where kind is null or kind in ('a', 'b') group by state, upper(guest)",
  ['select * from bookings where nights between $1 and $2 and state = any ($3)', '1', '5', '{open,paid}'],
  "select guest from bookings where search @@ websearch_to_tsquery('english', 'g1') order by ts_rank(search, 'g1') desc",
  "select extra ->> 'channel', extra #>> '{a,b}' from bookings where extra @> '{}' and not extra ? 'x'",
  "select stay, upper(stay) - lower(stay) from bookings where stay && daterange('2024-01-01', '2024-02-01')",
  "select moods[1], 'calm' = any (moods) from bookings where moods @> '{calm}'",
  "select * from bookings where upper(guest) = 'G1' and state = 'open' and booked > '2021-01-01'",
  'select b.guest, o.id from bookings b left join orders o on o.customer_id = b.id where o.placed > b.booked or o.id is null',
  "select * from buckets where id = 4 and name like 'b%'",
  'select * from buckets_1 where id = 4',
  "select * from regions where lower(region) = 'north'",
  'select email, name from customers order by name limit 3',
  'select avg(nights) over (order by booked rows between 2 preceding and current row) from bookings',
];

/** What only ANALYZE asks about. */
const everydayWrites: readonly string[] = [
  "insert into bookings (guest, nights, price) values ('x', 3, 10) returning id, total",
  "update bookings set state = 'paid', price = price * 1.1 where booked < now() - interval '30 days' and nights > 2",
  "delete from bookings where state = 'gone' or nights >= 300",
  "insert into orders (customer_id, total) select id, 10 from customers where name like 'n%' on conflict (id) do nothing",
  'update customers set name = trim(name) where id in (select customer_id from orders where total > 10)',
  "delete from events where at < '2020-02-01'",
  'select * from bookings where nights > 1 order by id limit 1 for update skip locked',
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

    for (const each of everyday.filter((_, at) => isInTurn(major, at))) {
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

    for (const sql of everydayWrites.filter((_, at) => isInTurn(major, at))) {
      it(`is planned: ${JSON.stringify(sql)}`, async () => {
        assert.deepEqual(await assessStatement(context, sql, false), { verdict: 'free' });
        await explainStatement(context, { sql, parameters: { mode: 'none' }, analyze: false, timeoutMs: 20_000 });
        assert.equal((await assessStatement(context, sql, true)).verdict, 'ask');
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

describe("the demo's statements need nobody's word", () => {
  for (const major of [13, 18] as const) {
    it(`on PostgreSQL ${major}`, async () => {
      const server = await startPostgres({ major, settings: shopServerSettings });
      try {
        await fillShopDatabase(server.url(), { scale: 0.002 });
        const client = new pg.Client({ connectionString: server.url() });
        await client.connect();
        const session = await openTestSession(server);
        try {
          const context = await makeStatementContext(session);
          for (const statement of await readDemoStatements()) await checkDemoStatement(context, client, statement);
        } finally {
          await session.close();
          await client.end();
        }
      } finally {
        await server.stop();
      }
    }).timeout(120_000);
  }
});

async function checkDemoStatement(
  context: StatementContext,
  client: pg.Client,
  statement: DemoStatement,
): Promise<void> {
  const { id, numbered: sql, parameterCount } = statement;
  const explain = async (analyze: boolean, parameters: ParameterValues) => {
    const { plan } = await explainStatement(context, { sql, parameters, analyze, timeoutMs: 20_000 });
    assert.ok(plan.nodes.length > 0, id);
  };
  assert.deepEqual(await assessStatement(context, sql, false), { verdict: 'free' }, id);
  await explain(false, { mode: 'generic' });
  if (writingDemoStatements.includes(id)) {
    const verdict = await assessStatement(context, sql, true);
    assert.ok(verdict.verdict === 'ask', id);
    assert.match(verdict.reasons[0]?.message ?? '', /really changes rows of/, id);
    return;
  }
  assert.deepEqual(await assessStatement(context, sql, true), { verdict: 'free' }, id);
  const values = (await captureFirstValues(client, id)).map(String);
  await explain(true, parameterCount === 0 ? { mode: 'none' } : { mode: 'values', values });
}
