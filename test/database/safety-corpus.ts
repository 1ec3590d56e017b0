// Statements that write, lock, notify, kill, wait or set something, in disguise. None of them may do so unless somebody
// has agreed.

type Expected = 'free' | 'ask' | 'refuse' | 'syntax';

export interface DisguisedStatement {
  sql: string;
  /** Verdict on planning it. */
  plan: Expected;
  /** Verdict on running it: never 'free'. */
  run: Exclude<Expected, 'free'>;
  /** What a rollback does not undo, or what can't run to its end here. */
  lasting?: boolean;
  /** It says TRIPPED in the log when it runs. */
  trips?: boolean;
  /** Values for its parameters. */
  values?: string[];
  /** Lowest major that knows what it needs. */
  from?: number;
}

const changes = (sql: string, more: Partial<DisguisedStatement> = {}): DisguisedStatement => ({
  sql,
  plan: 'free',
  run: 'ask',
  ...more,
});
/** Reaches a function that planning may call. */
const calls = (sql: string, more: Partial<DisguisedStatement> = {}): DisguisedStatement => ({
  sql,
  plan: 'ask',
  run: 'ask',
  trips: true,
  ...more,
});
const refused = (sql: string): DisguisedStatement => ({ sql, plan: 'refuse', run: 'refuse' });
const unreadable = (sql: string): DisguisedStatement => ({ sql, plan: 'syntax', run: 'syntax' });

const victims = "from pg_stat_activity where application_name = 'victim'";

export const disguisedStatements: readonly DisguisedStatement[] = [
  // writes, plain and in CTEs
  changes("insert into data values (1000, 'x')"),
  changes("insert into data values (1, 'x') on conflict (id) do update set v = 'y'"),
  changes("update data set v = 'x'"),
  changes('update data set v = $1 where id = $2', { values: ['x', '1'] }),
  changes('delete from data'),
  changes('with gone as (delete from data returning *) select count(*) from gone'),
  changes("with seen as (select 1), changed as (update data set v = 'x' returning id) select * from seen"),
  changes('/* select */ with a as (insert into audit values (1) returning what) select * from a -- just reading'),
  changes("merge into data using (select 1 as id) s on data.id = s.id when matched then update set v = 'x'", {
    from: 15,
  }),
  changes('insert into triggered values (1)', { trips: true }),
  changes("insert into numbered (v) values ('x')", { lasting: true }),
  calls('insert into defaulted (id) values (1)'),
  calls('insert into ruled values (1)'),
  calls('insert into generated values (1)'),
  calls('insert into domains values (1)'),
  calls('update constrained set id = 5', { trips: false }),
  // row locks
  changes('select * from data for update'),
  changes('select * from data where id = 1 for no key update skip locked'),
  changes('select count(*) from (select * from data for share) s'),
  changes('with locked as (select * from data for key share) select 1 from locked'),
  // functions, wherever a function can stand
  calls("select trip('x')"),
  calls("select 1 from data where trip('x') = 1 limit 1"),
  calls("select 1 from data order by trip('x') limit 1"),
  calls("select count(*) from data having trip('x') = 1"),
  calls("select 1 limit trip('x')"),
  calls("select count(*) filter (where trip('x') = 1) from data"),
  calls("select sum(id) over (order by trip('x')) from data limit 1"),
  calls('select * from data, lateral trip(data.v) limit 1'),
  calls('select * from trip_rows()'),
  calls('select * from rows from (generate_series(1, 2), trip_rows()) as t'),
  calls("select case when true then trip('x') else 0 end"),
  calls("select coalesce(null, trip('x'))"),
  calls("select array[trip('x')]"),
  calls("values (trip('x'))"),
  calls("select (select trip('x'))"),
  calls("select 1 where exists (select from data where id = trip('x'))"),
  calls("select 1 /* ' */ + /* /* nested */ trip('a') */ trip('b') -- trip('c')"),
  calls("select $$trip('x')$$, $a$ $$ $a$, trip('y')"),
  calls("select U&'tr\\0069p', \"trip\"('x')"),
  calls("select public . trip ( 'x' )"),
  calls('select lying(1)'),
  calls('select * from data where id = lying(1)'),
  calls('select * from data where id = lying_sql(1)'),
  calls('select * from data where id = lying_stable(1)'),
  calls('select * from data where id = $1 + lying(2)', { values: ['1'] }),
  calls("select far_away('host=elsewhere', 'drop table data')"),
  calls('select json_scalar(1)', { trips: false }),
  calls('select gather(id) from data'),
  calls('select d.peek from data d limit 1'),
  calls('select (d).peek from data d limit 1'),
  calls('select d.whole_data from data d limit 1'),
  calls('select (d).whole_data from data d limit 1'),
  calls('select whole_data(d) from data d limit 1'),
  calls('select kill()', { trips: false, lasting: true }),
  // PostgreSQL's own functions
  changes(`select pg_terminate_backend(pid) ${victims}`, { lasting: true }),
  changes(`select * from (select pid, pg_cancel_backend(pid) ${victims}) s`),
  changes("select set_config('default_transaction_read_only', 'off', false)"),
  changes("select set_config('work_mem', '1GB', false) from data"),
  changes("select 1 from data where set_config('search_path', 'evil', false) = v"),
  changes('select pg_advisory_lock(42)', { lasting: true }),
  changes('select pg_try_advisory_xact_lock_shared(id) from data'),
  changes("select nextval('counter')", { lasting: true }),
  changes("select setval('counter', 1000)", { lasting: true }),
  changes("select id, nextval('counter') from data", { lasting: true }),
  changes("select pg_notify('alarm', 'fire')"),
  changes('select lo_create(4711)'),
  changes("select lo_from_bytea(4712, 'x')"),
  changes('select pg_sleep(0.01)'),
  changes("select query_to_xml('select trip(''xml'')', true, true, '')", { lasting: true }),
  changes("select * from ts_stat('select to_tsvector(trip_text(''stat''))')", { trips: true }),
  calls("select ts_rewrite('a & b'::tsquery, 'select ''a''::tsquery, to_tsquery(trip_text(''b''))')"),
  calls("select table_to_xml('tripping', true, true, '')", { trips: false, lasting: true }),
  calls('select txid_current()', { trips: false, lasting: true }),
  calls('select * from data where id = txid_current()::text::int', { trips: false, lasting: true }),
  calls('select pg_current_xact_id()', { trips: false, lasting: true }),
  calls("select satisfies_hash_partition('hashed'::regclass, 2, 0, 1)"),
  calls("select pg_input_is_valid('5', 'checked_int')", { from: 16 }),
  // what hides functions
  calls('select 5 === 6'),
  calls('select id from data where id operator(public.===) 6'),
  calls('select !!! id from data limit 1'),
  calls('select 1 from data a join data b on a.id === b.id limit 1'),
  calls("select '(1)'::wrapped::int"),
  calls('select 1 + w from wraps'),
  calls('select * from wraps where w = 1', { trips: false }),
  calls('select 1 from moods where m'),
  calls('select not m from moods'),
  calls('select case when m then 1 end from moods'),
  calls('select count(*) filter (where m) from moods'),
  calls("select 1 limit 'good'::mood::bool::int"),
  calls("select s || 'x' from shades"),
  calls("select 'x' || s from shades"),
  calls(`select jsonb_populate_record(j, '{"x": 5}') from (domains cross join data) j`),
  calls(`select jsonb_populate_record(j, '{"x": 5}') from (select d.* from domains d) j`),
  calls("select '5'::checked_int"),
  calls('select cast(5 as checked_int)'),
  calls('select $1::checked_int', { values: ['5'] }),
  calls(`select * from json_populate_record(null::has_domain, '{"x": 5}')`),
  calls(`select * from json_to_record('{"x": 5}') as t (x checked_int)`),
  calls('select * from spanned where s && spans(1, 2)', { trips: false }),
  calls('select * from tripping'),
  calls('select count(*) from tripping_twice'),
  calls('table tripping'),
  calls('select * from comparing where same'),
  changes('select * from killing', { lasting: true }),
  changes('select count(*) from (select * from sleeping) s'),
  calls('select * from guarded'),
  calls('select * from indexed where id = 1', { trips: false }),
  calls('select * from partly_indexed where id = 10', { trips: false }),
  calls('select * from partitioned where id = 1', { trips: false }),
  calls('select * from parent where id = 1', { trips: false }),
  calls('select * from classed where id = 1', { trips: false }),
  calls('select * from distant', { trips: false, lasting: true }),
  // what EXPLAIN takes and must not, or does not take
  refused('select * into stolen from data'),
  refused('create table stolen as select * from data'),
  refused('create temp table stolen as select trip(1::text)'),
  refused('create materialized view stolen as select 1'),
  refused('refresh materialized view stolen'),
  refused('explain analyze delete from data'),
  refused("explain (analyze, format json) select trip('x')"),
  refused('declare c cursor for select 1'),
  refused('prepare p as delete from data'),
  refused('execute p'),
  refused('deallocate all'),
  refused("do $$ begin perform trip('do'); end $$"),
  refused('call proceed()'),
  refused('copy data to stdout'),
  refused('copy data from stdin'),
  refused("copy (select trip('x')) to stdout"),
  refused("copy data to program 'touch /tmp/stolen'"),
  refused('truncate data'),
  refused('drop table data'),
  refused('lock table data'),
  refused('vacuum data'),
  refused('set default_transaction_read_only = off'),
  refused('set local work_mem = 64'),
  refused('reset all'),
  refused('discard all'),
  refused('commit'),
  refused('rollback'),
  refused('set transaction read write'),
  refused('listen alarm'),
  refused("notify alarm, 'fire'"),
  refused('grant all on data to public'),
  refused('create index on data (v)'),
  refused('alter table data add column w int'),
  // two statements in one text
  refused('select 1; delete from data'),
  refused('select 1; commit; drop table data'),
  refused("select ';'; select trip('x')"),
  refused('select 1 -- ;\n; truncate data'),
  refused('/* ; */ select 1 /* */; /* */ drop table data /* */'),
  unreadable(''),
  refused('-- nothing'),
  unreadable('select 1 \0; drop table data'),
  unreadable(') select 1; drop table data; --'),
  unreadable('1; drop table data'),
  unreadable('analyze delete from data; select'),
];
