-- Columns that an index of a user's schema has.
select
  a.attrelid::pg_catalog.int8::pg_catalog.float8 as table_oid,
  a.attnum as number,
  a.attname::pg_catalog.text as name,
  -- as SQL writes it, where that is something else
  nullif(pg_catalog.quote_ident(a.attname), a.attname) as quoted,
  a.attnotnull as is_not_null,
  a.atttypid::pg_catalog.int8::pg_catalog.float8 as type_oid,
  a.attcollation::pg_catalog.int8::pg_catalog.float8 as collation_oid
from pg_catalog.pg_attribute a
where (a.attrelid, a.attnum) in (
  select i.indrelid, k.attnum
  from pg_catalog.pg_index i
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = t.relnamespace
  cross join lateral pg_catalog.unnest(i.indkey) k (attnum)
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
)
order by a.attrelid, a.attnum
