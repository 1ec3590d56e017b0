-- $1: OIDs of tables, $2: age in milliseconds below which a transaction is left out, $3: true for a drop. A concurrent
-- build waits for those who may write to these tables, and for snapshots older than its end; a drop, concurrent or not,
-- for everyone who has a lock on them, readers too, and for no snapshot. Which processes are in a transaction is in
-- pg_locks for every role to see; since when, only the permitted ones see.
with holders as (
  select distinct l.pid, l.virtualtransaction
  from pg_catalog.pg_locks l
  join pg_catalog.pg_database d on d.oid = l.database
  where d.datname = pg_catalog.current_database()
    and l.locktype = 'relation'
    and l.granted
    and l.relation = any ($1::pg_catalog.oid[])
    and ($3::pg_catalog.bool or l.mode not in ('AccessShareLock', 'RowShareLock'))
), sessions as (
  select
    a.pid,
    a.usename,
    a.application_name,
    a.state,
    a.query,
    a.state_change,
    a.xact_start,
    coalesce(a.query = '<insufficient privilege>', true) as is_hidden,
    a.backend_type = 'client backend' and a.backend_xmin is not null as has_snapshot,
    exists (select from holders h where h.pid = a.pid) as holds_lock,
    exists (
      select from pg_catalog.pg_locks l where l.pid = a.pid and l.locktype = 'virtualxid' and l.granted
        and l.mode = 'ExclusiveLock'
    ) as is_in_transaction
  from pg_catalog.pg_stat_activity a
  where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
    -- it goes when the session that it works for is done, and that one holds the same locks
    and a.backend_type is distinct from 'parallel worker'
)
select
  s.pid,
  null as prepared_name,
  s.usename::pg_catalog.text as role,
  s.application_name as application,
  s.state,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.xact_start) * 1000 as age_ms,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.state_change) * 1000 as state_age_ms,
  case when s.is_hidden then null else pg_catalog.left(s.query, 1000) end as text,
  not s.is_hidden as is_visible
from sessions s
where (s.holds_lock or (not $3::pg_catalog.bool and (s.has_snapshot or (s.is_hidden and s.is_in_transaction))))
  and (s.xact_start is null
    or pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.xact_start) * 1000 >= $2::pg_catalog.float8)
union all
select
  null,
  p.gid,
  p.owner::pg_catalog.text,
  null,
  null,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared) * 1000,
  null,
  null,
  true
from pg_catalog.pg_prepared_xacts p
where p.database = pg_catalog.current_database()
  and exists (
    select
    from pg_catalog.pg_locks l
    join holders h on h.virtualtransaction = l.virtualtransaction and h.pid is null
    where l.locktype = 'transactionid' and l.pid is null and l.transactionid = p.transaction
  )
order by age_ms desc nulls last, pid, prepared_name
