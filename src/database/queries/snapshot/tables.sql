-- Every table of every user's schema, in one pass. No file of a relation is opened and no relation is locked.
with working as (
  -- who works on a table is hidden from most roles, the locks of that session are not
  select l.relation, p.is_vacuum
  from (
    select pid, true as is_vacuum from pg_catalog.pg_stat_progress_vacuum
    union all
    select pid, false from pg_catalog.pg_stat_progress_analyze
  ) p
  join pg_catalog.pg_locks l
    on l.pid = p.pid and l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
),
analyzed as (
  select schemaname, tablename, pg_catalog.bool_or(inherited) as inherited
  from pg_catalog.pg_stats
  group by schemaname, tablename
)
select
  c.oid::pg_catalog.int8::pg_catalog.float8 as oid,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  c.relkind::pg_catalog.text as kind,
  i.inhparent::pg_catalog.int8::pg_catalog.float8 as parent_oid,
  c.relispartition as is_partition,
  -- -1 is "never vacuumed or analyzed"; before 14 that was written as an empty table
  case
    when c.relkind = 'p' or c.reltuples < 0 then null
    when c.reltuples = 0 and c.relpages = 0
      and pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 140000 then null
    else c.reltuples::pg_catalog.float8
  end as estimated_rows,
  greatest(c.relpages, 0) as pages,
  coalesce(x.pages, 0) as index_pages,
  coalesce(x.has_primary_key, false) as has_primary_key,
  m.may_select,
  case
    when a.tablename is not null then c.relkind <> 'p' or a.inherited
    when not m.may_select or pg_catalog.row_security_active(c.oid) then null
    else false
  end as has_column_statistics,
  e.extname::pg_catalog.text as extension,
  pg_catalog.pg_stat_get_numscans(c.oid)::pg_catalog.float8 as sequential_scans,
  pg_catalog.pg_stat_get_tuples_returned(c.oid)::pg_catalog.float8 as sequential_rows_read,
  coalesce(x.scans, 0) as index_scans,
  pg_catalog.pg_stat_get_tuples_inserted(c.oid)::pg_catalog.float8 as inserted,
  pg_catalog.pg_stat_get_tuples_updated(c.oid)::pg_catalog.float8 as updated,
  pg_catalog.pg_stat_get_tuples_hot_updated(c.oid)::pg_catalog.float8 as hot_updated,
  pg_catalog.pg_stat_get_tuples_deleted(c.oid)::pg_catalog.float8 as deleted,
  pg_catalog.pg_stat_get_live_tuples(c.oid)::pg_catalog.float8 as live_tuples,
  pg_catalog.pg_stat_get_dead_tuples(c.oid)::pg_catalog.float8 as dead_tuples,
  pg_catalog.pg_stat_get_mod_since_analyze(c.oid)::pg_catalog.float8 as modified_since_analyze,
  (pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid))::pg_catalog.float8
    as heap_blocks_read,
  pg_catalog.pg_stat_get_blocks_hit(c.oid)::pg_catalog.float8 as heap_blocks_hit,
  coalesce(x.blocks_read, 0) as index_blocks_read,
  coalesce(x.blocks_hit, 0) as index_blocks_hit,
  pg_catalog.to_char(
    greatest(
      pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
      pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)
    ) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_vacuum,
  pg_catalog.to_char(
    greatest(
      pg_catalog.pg_stat_get_last_analyze_time(c.oid),
      pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)
    ) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_analyze,
  c.oid in (select relation from working where is_vacuum) as is_being_vacuumed,
  c.oid in (select relation from working where not is_vacuum) as is_being_analyzed,
  case when c.reloptions is not null then (
    select o.option_value::pg_catalog.bool
    from pg_catalog.pg_options_to_table(c.reloptions) o
    where o.option_name = 'autovacuum_enabled'
  ) end as autovacuum_enabled,
  case when c.reloptions is not null then (
    select pg_catalog.jsonb_object_agg(o.option_name, o.option_value)
    from pg_catalog.pg_options_to_table(c.reloptions) o
  ) end as storage_parameters,
  case when c.relfrozenxid <> '0' then greatest(
    pg_catalog.age(c.relfrozenxid),
    case when t.relfrozenxid <> '0' then pg_catalog.age(t.relfrozenxid) end
  ) end as transaction_age,
  case when c.relminmxid <> '0' then greatest(
    pg_catalog.mxid_age(c.relminmxid),
    case when t.relminmxid <> '0' then pg_catalog.mxid_age(t.relminmxid) end
  ) end as multixact_age
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
-- a partition has one parent; of several parents of an inheritance child the first counts
left join pg_catalog.pg_inherits i on i.inhrelid = c.oid and i.inhseqno = 1
left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
left join (
  select
    y.indrelid,
    pg_catalog.bool_or(y.indisprimary) as has_primary_key,
    pg_catalog.sum(greatest(z.relpages, 0))::pg_catalog.float8 as pages,
    pg_catalog.sum(pg_catalog.pg_stat_get_numscans(y.indexrelid))::pg_catalog.float8 as scans,
    pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(y.indexrelid))::pg_catalog.float8 as blocks_hit,
    pg_catalog.sum(
      pg_catalog.pg_stat_get_blocks_fetched(y.indexrelid) - pg_catalog.pg_stat_get_blocks_hit(y.indexrelid)
    )::pg_catalog.float8 as blocks_read
  from pg_catalog.pg_index y
  join pg_catalog.pg_class z on z.oid = y.indexrelid
  group by y.indrelid
) x on x.indrelid = c.oid
left join analyzed a on a.schemaname = n.nspname and a.tablename = c.relname
left join pg_catalog.pg_depend d
  on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.objsubid = 0
  and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = d.refobjid
cross join lateral (
  select pg_catalog.has_table_privilege(c.oid, 'SELECT')
    or pg_catalog.has_any_column_privilege(c.oid, 'SELECT') as may_select
) m
where c.relkind in ('r', 'p', 'm', 'f')
  -- names that begin with pg_ are reserved: the catalogue, TOAST and everybody's temporary tables
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  -- of a table that was dropped since the transaction began the catalogue still has a row, but nobody has rights any more
  and m.may_select is not null
order by n.nspname, c.relname
