-- $1: OID of a table. Sequences that belong to its columns: of serial ones (deptype a) and of identities (deptype i).
select
  pg_catalog.quote_ident(a.attname) as column_name,
  d.deptype = 'i' as is_identity,
  pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  c.relpersistence = 'u' as is_unlogged,
  -- an identity's sequence is made as the table is
  case
    when d.deptype = 'i' and c.relpersistence <> k.relpersistence
      and pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 150000
    then case c.relpersistence when 'u' then 'UNLOGGED' else 'LOGGED' end
  end as altered_persistence,
  n.oid = k.relnamespace and c.relname = k.relname || '_' || a.attname || '_seq' as has_default_name,
  pg_catalog.format_type(s.seqtypid, null) as type,
  s.seqstart::pg_catalog.text as start,
  s.seqincrement::pg_catalog.text as increment,
  s.seqmin::pg_catalog.text as minimum,
  s.seqmax::pg_catalog.text as maximum,
  s.seqcache::pg_catalog.text as cache,
  s.seqcycle as cycle,
  pg_catalog.quote_literal(pg_catalog.obj_description(c.oid, 'pg_class')) as comment
from pg_catalog.pg_depend d
join pg_catalog.pg_class c on c.oid = d.objid and c.relkind = 'S'
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_sequence s on s.seqrelid = c.oid
join pg_catalog.pg_class k on k.oid = d.refobjid
join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and d.refobjid = $1::pg_catalog.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
order by d.refobjsubid, n.nspname, c.relname
