-- $1: texts of statements. The session that runs one of them in this database, as a role whose statements may be seen.
select a.pid
from pg_catalog.pg_stat_activity a
where a.datname = pg_catalog.current_database() and a.state = 'active' and a.query = any ($1::pg_catalog.text[])
  and a.pid <> pg_catalog.pg_backend_pid()
order by a.pid
limit 1
