-- $1: OID of a table. Of a partitioned index, pages and scans are the sums of its partitions'.
with recursive tree as (
  select i.indexrelid as root, i.indexrelid as oid
  from pg_catalog.pg_index i
  where i.indrelid = $1::pg_catalog.oid
  union all
  select t.root, h.inhrelid
  from tree t
  join pg_catalog.pg_inherits h on h.inhparent = t.oid
)
select
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  m.amname::pg_catalog.text as method,
  i.indisprimary as is_primary,
  i.indisunique as is_unique,
  i.indisvalid as is_valid,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  x.pages,
  x.scans
from (
  select
    t.root,
    pg_catalog.sum(greatest(p.relpages, 0)) as pages,
    pg_catalog.sum(pg_catalog.pg_stat_get_numscans(p.oid)) as scans
  from tree t
  join pg_catalog.pg_class p on p.oid = t.oid
  group by t.root
) x
join pg_catalog.pg_index i on i.indexrelid = x.root
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_am m on m.oid = c.relam
order by i.indisprimary desc, c.relname
