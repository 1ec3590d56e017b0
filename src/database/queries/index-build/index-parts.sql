-- $1: OID of a partitioned table's index. The indexes below it, parents first.
select
  p.relid::pg_catalog.oid::pg_catalog.int8 as oid,
  p.parentrelid::pg_catalog.oid::pg_catalog.int8 as parent_oid,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name
from pg_catalog.pg_partition_tree($1::pg_catalog.oid) p
join pg_catalog.pg_class c on c.oid = p.relid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.level > 0
order by p.level, n.nspname, c.relname
