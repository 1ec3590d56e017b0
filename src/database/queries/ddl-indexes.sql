-- $1: OID of a table. Indexes that no constraint made.
select
  pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  pg_catalog.quote_literal(pg_catalog.obj_description(i.indexrelid, 'pg_class')) as comment
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indrelid = $1::pg_catalog.oid
  and not exists (
    select
    from pg_catalog.pg_constraint k
    where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  )
order by c.relname
