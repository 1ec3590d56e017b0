-- What the OIDs in pg_index mean: operator classes, with the types that they are the default for, and collations.
select
  o.oid::pg_catalog.int8::pg_catalog.float8 as oid,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.opcname) as name,
  case
    when not o.opcdefault then '[]'
    -- varchar has none of its own and takes that of text
    when o.opcintype = 'pg_catalog.text'::pg_catalog.regtype and not exists (
      select
      from pg_catalog.pg_opclass v
      where v.opcmethod = o.opcmethod and v.opcdefault and v.opcintype = 'pg_catalog.varchar'::pg_catalog.regtype
    )
    then pg_catalog.jsonb_build_array(
      o.opcintype::pg_catalog.int8, 'pg_catalog.varchar'::pg_catalog.regtype::pg_catalog.oid::pg_catalog.int8)
    else pg_catalog.jsonb_build_array(o.opcintype::pg_catalog.int8)
  end as default_for
from pg_catalog.pg_opclass o
join pg_catalog.pg_namespace n on n.oid = o.opcnamespace
union all
select
  c.oid::pg_catalog.int8::pg_catalog.float8,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname),
  null
from pg_catalog.pg_collation c
join pg_catalog.pg_namespace n on n.oid = c.collnamespace
order by oid, name
