-- Every table of every user's schema, in one pass over four catalogues. No file of a relation is opened and no relation
-- is locked: sizes are relpages, which VACUUM, ANALYZE and CREATE INDEX leave behind. Counts come as float8, exact to 2^53,
-- which the driver makes numbers of: of 10,000 tables texts would take longer to check than to read.
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
  pg_catalog.pg_stat_get_numscans(c.oid)::pg_catalog.float8 as sequential_scans,
  coalesce(x.scans, 0)::pg_catalog.float8 as index_scans,
  pg_catalog.pg_stat_get_live_tuples(c.oid)::pg_catalog.float8 as live_tuples,
  pg_catalog.pg_stat_get_dead_tuples(c.oid)::pg_catalog.float8 as dead_tuples,
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
  d.description as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
-- a partition has one parent; of several parents of an inheritance child the first counts
left join pg_catalog.pg_inherits i on i.inhrelid = c.oid and i.inhseqno = 1
left join (
  select indrelid, pg_catalog.sum(pg_catalog.pg_stat_get_numscans(indexrelid)) as scans
  from pg_catalog.pg_index
  group by indrelid
) x on x.indrelid = c.oid
left join pg_catalog.pg_description d
  on d.objoid = c.oid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
where c.relkind in ('r', 'p', 'm', 'f')
  -- names that begin with pg_ are reserved: the catalogue, TOAST and everybody's temporary tables
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname
