-- Every foreign key of every user's schema.
with others as (
  -- neither tables nor indexes, and called as the indexes that are made (index-ddl.ts)
  select relnamespace, pg_catalog.jsonb_agg(relname order by relname) as names
  from pg_catalog.pg_class
  where relkind in ('S', 'v', 'c') and relname ~ '_idx[0-9]*$'
  group by relnamespace
)
select
  n.nspname::pg_catalog.text as schema,
  k.conrelid::pg_catalog.int8 as table_oid,
  t.relname::pg_catalog.text as table_name,
  k.conname::pg_catalog.text as name,
  (
    select pg_catalog.jsonb_agg(a.attname order by u.position)
    from pg_catalog.unnest(k.conkey) with ordinality u (attnum, position)
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
  ) as columns,
  k.confrelid::pg_catalog.int8 as referenced_oid,
  rn.nspname::pg_catalog.text as referenced_schema,
  r.relname::pg_catalog.text as referenced_name,
  k.confdeltype::pg_catalog.text as on_delete,
  k.confupdtype::pg_catalog.text as on_update,
  k.convalidated as is_validated,
  p.oid is not null as is_inherited,
  o.names as index_like_names
from pg_catalog.pg_constraint k
join pg_catalog.pg_class t on t.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
join pg_catalog.pg_class r on r.oid = k.confrelid
join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
left join pg_catalog.pg_constraint p on p.oid = k.conparentid
left join others o on o.relnamespace = t.relnamespace
where k.contype = 'f'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  -- a key that references a partitioned table has a shadow for each partition of it
  and (p.oid is null or p.conrelid <> k.conrelid)
order by n.nspname, t.relname, k.conname
