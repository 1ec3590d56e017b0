-- $1: OID of a table. An index that a constraint makes has no definition of its own, but settings.
select
  pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  pg_catalog.quote_ident(c.relname) as short_name,
  case when k.oid is null then pg_catalog.pg_get_indexdef(i.indexrelid) end as definition,
  case when k.oid is null then '{}' else coalesce(c.reloptions, '{}') end as options,
  pg_catalog.quote_ident(s.spcname) as tablespace,
  -- a partitioned one is so until each partition has its share
  i.indisvalid or c.relkind = 'I' as is_complete,
  i.indisclustered as is_clustered,
  -- "ALTER COLUMN position SET STATISTICS target" of each expression that has one
  array(
    select pg_catalog.format('ALTER COLUMN %s SET STATISTICS %s', a.attnum, a.attstattarget)
    from pg_catalog.pg_attribute a
    where a.attrelid = i.indexrelid and a.attstattarget >= 0
    order by a.attnum
  ) as column_alterations,
  pg_catalog.quote_literal(pg_catalog.obj_description(i.indexrelid, 'pg_class')) as comment
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_constraint k
  on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
where i.indrelid = $1::pg_catalog.oid
order by c.relname
