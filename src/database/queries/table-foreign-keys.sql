-- $1: OID of the referencing table.
select
  k.conname::pg_catalog.text as name,
  array(
    select a.attname::pg_catalog.text
    from pg_catalog.unnest(k.conkey) with ordinality u (attnum, position)
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
    order by u.position
  ) as columns,
  n.nspname::pg_catalog.text as referenced_schema,
  c.relname::pg_catalog.text as referenced_table,
  array(
    select a.attname::pg_catalog.text
    from pg_catalog.unnest(k.confkey) with ordinality u (attnum, position)
    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum
    order by u.position
  ) as referenced_columns,
  k.convalidated as is_validated,
  pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.confrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.conrelid = $1::pg_catalog.oid and k.contype = 'f'
  -- a key that references a partitioned table has a shadow for each partition of it
  and not exists (
    select from pg_catalog.pg_constraint p where p.oid = k.conparentid and p.conrelid = k.conrelid
  )
order by k.conname
