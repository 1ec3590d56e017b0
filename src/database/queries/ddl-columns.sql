-- $1: OID of a table. A column of an inheritance parent starts with the parent's storage, default and NOT NULL (x); a
-- partition is made on its own and attached.
select
  pg_catalog.quote_ident(a.attname) as name,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  case when l.oid <> t.typcollation then pg_catalog.format('%I.%I', ln.nspname, l.collname) end as collation,
  a.attnotnull as not_null,
  a.attislocal as is_local,
  coalesce(x.not_null, false) as parent_not_null,
  coalesce(x.has_default, false) as parent_has_default,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression,
  a.attidentity::pg_catalog.text as identity,
  a.attgenerated::pg_catalog.text as generated,
  case when a.attstorage <> coalesce(x.storage, t.typstorage) then
    case a.attstorage when 'p' then 'PLAIN' when 'e' then 'EXTERNAL' when 'm' then 'MAIN' when 'x' then 'EXTENDED' end
  end as storage,
  null::pg_catalog.text as compression,
  case when a.attstattarget >= 0 then a.attstattarget end as statistics_target,
  coalesce(a.attoptions, '{}') as options,
  coalesce(a.attfdwoptions, '{}') as foreign_options,
  pg_catalog.quote_literal(pg_catalog.col_description(a.attrelid, a.attnum)) as comment
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_collation l on l.oid = a.attcollation
left join pg_catalog.pg_namespace ln on ln.oid = l.collnamespace
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join lateral (
  select
    pg_catalog.bool_or(p.attnotnull) as not_null,
    pg_catalog.bool_or(p.atthasdef) as has_default,
    (pg_catalog.array_agg(p.attstorage order by h.inhseqno))[1] as storage
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_attribute p on p.attrelid = h.inhparent and p.attname = a.attname and not p.attisdropped
  where h.inhrelid = a.attrelid
) x on a.attinhcount > 0 and not c.relispartition
where a.attrelid = $1::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
