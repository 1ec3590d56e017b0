-- $1: process id, $2: its start, as the process itself has told it. Cancels what it runs; no row when it has ended.
select pg_catalog.pg_cancel_backend(a.pid) as is_sent
from pg_catalog.pg_stat_activity a
where a.pid = $1::pg_catalog.int4 and pg_catalog.date_part('epoch', a.backend_start)::pg_catalog.text = $2
