-- $1: OID of one table; a partitioned one counts all its partitions. These functions open every file of the relations.
with recursive relations as (
  select c.oid, c.relkind, c.reltoastrelid
  from pg_catalog.pg_class c
  where c.oid = $1::pg_catalog.oid
  union all
  select c.oid, c.relkind, c.reltoastrelid
  from relations r
  join pg_catalog.pg_inherits i on i.inhparent = r.oid
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  where r.relkind = 'p'
), sizes as (
  select
    pg_catalog.pg_table_size(r.oid) as main,
    case when r.reltoastrelid = 0 then 0 else pg_catalog.pg_total_relation_size(r.reltoastrelid) end as toast,
    pg_catalog.pg_indexes_size(r.oid) as indexes
  from relations r
)
select
  pg_catalog.sum(s.main - s.toast)::pg_catalog.int8 as heap_bytes,
  pg_catalog.sum(s.toast)::pg_catalog.int8 as toast_bytes,
  pg_catalog.sum(s.indexes)::pg_catalog.int8 as index_bytes,
  pg_catalog.sum(s.main + s.indexes)::pg_catalog.int8 as total_bytes
from sizes s
