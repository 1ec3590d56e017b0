-- $1: OIDs of tables. How large their files are now, but of those that somebody has to himself: asking would wait for him.
with locked as materialized (
  select l.relation
  from pg_catalog.pg_locks l
  where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
)
select
  w.oid::pg_catalog.int8::pg_catalog.float8 as oid,
  pg_catalog.pg_relation_size(w.oid)::pg_catalog.float8 as size_bytes
from pg_catalog.unnest($1::pg_catalog.oid[]) w (oid)
where w.oid not in (select relation from locked)
order by w.oid
