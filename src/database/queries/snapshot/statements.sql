-- Statements of this database. The extension's schema is put before the view; `toplevel` is left out before 1.9, and
-- `stats_since` before 1.11 (statements.ts). A role without pg_read_all_stats gets a null queryid and
-- "<insufficient privilege>" for what others ran.
select
  s.queryid::pg_catalog.text as query_id,
  case when s.queryid is not null then s.query end as text,
  r.rolname::pg_catalog.text as role,
  s.toplevel as is_top_level,
  s.calls::pg_catalog.float8 as calls,
  s.total_exec_time as total_exec_ms,
  s.mean_exec_time as mean_exec_ms,
  s.min_exec_time as min_exec_ms,
  s.max_exec_time as max_exec_ms,
  s.stddev_exec_time as stddev_exec_ms,
  case when pg_catalog.current_setting('pg_stat_statements.track_planning', true) = 'on' then s.total_plan_time end
    as total_plan_ms,
  s.rows::pg_catalog.float8 as rows,
  s.shared_blks_hit::pg_catalog.float8 as shared_blocks_hit,
  s.shared_blks_read::pg_catalog.float8 as shared_blocks_read,
  s.shared_blks_dirtied::pg_catalog.float8 as shared_blocks_dirtied,
  s.shared_blks_written::pg_catalog.float8 as shared_blocks_written,
  s.temp_blks_read::pg_catalog.float8 as temp_blocks_read,
  s.temp_blks_written::pg_catalog.float8 as temp_blocks_written,
  s.wal_bytes::pg_catalog.float8 as wal_bytes,
  pg_catalog.to_char(s.stats_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as counted_since
from pg_stat_statements s
left join pg_catalog.pg_roles r on r.oid = s.userid
where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
order by s.total_exec_time desc, s.queryid, s.userid
