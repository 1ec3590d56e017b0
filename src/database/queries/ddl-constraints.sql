-- $1: OID of a table. From PostgreSQL 18 on NOT NULL is a constraint too (contype n).
select
  pg_catalog.quote_ident(k.conname) as name,
  k.contype::pg_catalog.text as type,
  pg_catalog.pg_get_constraintdef(k.oid) as definition,
  k.convalidated as is_validated,
  k.conislocal as is_local,
  k.conparentid <> 0 as has_parent,
  k.connoinherit as is_no_inherit,
  k.conname = c.relname || '_' || a.attname || '_not_null' as has_default_name,
  case when k.contype = 'n' then pg_catalog.quote_ident(a.attname) end as not_null_column,
  pg_catalog.quote_literal(pg_catalog.obj_description(k.oid, 'pg_constraint')) as comment
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
left join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.conrelid = $1::pg_catalog.oid and k.contype in ('p', 'u', 'x', 'c', 'f', 'n')
order by pg_catalog.strpos('puxcfn', k.contype::pg_catalog.text), k.conname
