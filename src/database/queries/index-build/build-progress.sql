-- $1: process id, $2: its start, as the process itself has told it. No row: the process has ended.
select
  p.phase,
  p.index_relid::pg_catalog.int8 as index_oid,
  coalesce(p.blocks_done, 0) as blocks_done,
  coalesce(p.blocks_total, 0) as blocks_total,
  coalesce(p.tuples_done, 0) as tuples_done,
  coalesce(p.tuples_total, 0) as tuples_total,
  coalesce(p.lockers_done, 0) as lockers_done,
  coalesce(p.lockers_total, 0) as lockers_total,
  -- 0: a prepared transaction; null: it does not wait
  b.pid::pg_catalog.int4 as blocker_pid,
  x.gid as prepared_name,
  o.usename::pg_catalog.text as role,
  o.application_name as application,
  o.state,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - o.xact_start) * 1000 as age_ms,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - o.state_change) * 1000 as state_age_ms,
  case when o.query = '<insufficient privilege>' then null else pg_catalog.left(o.query, 1000) end as text,
  coalesce(o.query <> '<insufficient privilege>', false) as is_visible
from pg_catalog.pg_stat_activity a
left join pg_catalog.pg_stat_progress_create_index p on p.pid = a.pid
-- asked only while it waits: the function stops the lock manager for a moment
left join lateral (
  select case when a.wait_event_type = 'Lock' then pg_catalog.pg_blocking_pids(a.pid) end as pids
) w on true
left join lateral (
  -- for a prepared transaction the view names the process that prepared it, which may do something else by now
  select case when p.current_locker_pid = any (w.pids) then p.current_locker_pid else w.pids[1] end as pid
) b on true
left join lateral (
  select x.gid
  from pg_catalog.pg_locks l
  join pg_catalog.pg_prepared_xacts x on x.transaction = l.transactionid
  where b.pid = 0 and l.pid = a.pid and not l.granted and l.locktype = 'transactionid'
  limit 1
) x on true
left join pg_catalog.pg_stat_activity o on o.pid = b.pid
where a.pid = $1::pg_catalog.int4 and pg_catalog.date_part('epoch', a.backend_start)::pg_catalog.text = $2
