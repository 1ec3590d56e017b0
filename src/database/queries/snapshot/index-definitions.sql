-- Definition, expressions and predicate of the indexes whose OIDs are given. pg_get_indexdef() looks at the catalogue as it
-- is now: of an index that was dropped since the transaction began there is none.
select
  i.indexrelid::pg_catalog.int8::pg_catalog.float8 as oid,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  pg_catalog.to_jsonb(array(
    select pg_catalog.pg_get_indexdef(i.indexrelid, k.position, false)
    from pg_catalog.generate_series(1, i.indnkeyatts) k (position)
    where i.indkey[k.position - 1] = 0
    order by k.position
  )) as expressions,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate
from pg_catalog.pg_index i
where i.indexrelid = any ($1::pg_catalog.oid[])
order by i.indexrelid
