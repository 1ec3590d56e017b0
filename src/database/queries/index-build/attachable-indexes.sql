-- $1: OIDs of partitions. Their indexes that could become parts of a partitioned table's index: valid, part of none yet,
-- and nothing stands on them that could not be made again (a constraint, a replica identity).
select
  i.indrelid::pg_catalog.int8 as table_oid,
  c.oid::pg_catalog.int8 as oid,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  t.relname::pg_catalog.text as table_name,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class t on t.oid = i.indrelid
where i.indrelid = any ($1::pg_catalog.oid[])
  and i.indisvalid and i.indisready and i.indislive and not i.indisreplident and not c.relispartition
  and pg_catalog.pg_has_role(c.relowner, 'USAGE')
  and not exists (
    select from pg_catalog.pg_constraint o
    where o.conindid = c.oid or o.conindid in (select p.relid from pg_catalog.pg_partition_tree(c.oid) p)
  )
  and not exists (
    select from pg_catalog.pg_partition_tree(c.oid) p
    join pg_catalog.pg_index x on x.indexrelid = p.relid and x.indisreplident
  )
order by i.indrelid, c.oid
