-- $1: OID of a table. The table itself and, when it is partitioned, every partition below it.
with recursive tree as (
  select $1::pg_catalog.oid as oid, null::pg_catalog.oid as parent_oid
  union all
  select i.inhrelid, i.inhparent
  from tree t
  join pg_catalog.pg_class p on p.oid = t.oid and p.relkind = 'p'
  join pg_catalog.pg_inherits i on i.inhparent = t.oid
)
select
  c.oid::pg_catalog.int8 as oid,
  t.parent_oid::pg_catalog.int8 as parent_oid,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  c.relkind::pg_catalog.text as kind,
  -- -1 is "never vacuumed or analyzed"; before 14 that was written as an empty table
  case
    when c.reltuples < 0 then null
    when c.reltuples = 0 and c.relpages = 0
      and pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 140000 then null
    else c.reltuples::pg_catalog.float8
  end as estimated_rows,
  c.relpages as pages
from tree t
join pg_catalog.pg_class c on c.oid = t.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by n.nspname, c.relname
