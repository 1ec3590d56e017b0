-- The connection that is asked: what tells its process from every other one of this server, and what it may do.
select
  a.pid,
  pg_catalog.date_part('epoch', a.backend_start)::pg_catalog.text as started,
  pg_catalog.pg_is_in_recovery() as in_recovery,
  pg_catalog.current_database()::pg_catalog.text as database,
  pg_catalog.current_setting('default_transaction_read_only') = 'on' as is_read_only
from pg_catalog.pg_stat_activity a
where a.pid = pg_catalog.pg_backend_pid()
