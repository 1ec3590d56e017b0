-- Every process of the server. What belongs to others is hidden from most roles; who is connected to what is not.
select
  a.pid,
  a.usename::pg_catalog.text as role,
  a.datname::pg_catalog.text as database,
  nullif(r.rolconnlimit, -1) as role_connection_limit,
  coalesce(a.application_name, '') as application,
  a.backend_type,
  a.state,
  -- of all columns the text alone says so
  coalesce(a.query = '<insufficient privilege>' and a.backend_type is null, false) as is_hidden,
  case when a.query <> '<insufficient privilege>' or a.backend_type is not null then a.query end as text,
  greatest(extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::pg_catalog.float8, 0) as transaction_seconds,
  case when a.state = 'active' then
    greatest(extract(epoch from pg_catalog.clock_timestamp() - a.query_start)::pg_catalog.float8, 0)
  end as query_seconds,
  a.wait_event_type,
  a.wait_event,
  -- asking the lock manager holds others up for a moment: only about those that wait
  case when a.wait_event_type = 'Lock' then pg_catalog.pg_blocking_pids(a.pid) else '{}' end as blocked_by,
  a.pid = pg_catalog.pg_backend_pid() as is_ours
from pg_catalog.pg_stat_activity a
left join pg_catalog.pg_roles r on r.oid = a.usesysid
order by a.pid
