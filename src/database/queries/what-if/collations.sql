-- The collations $1.
SELECT
  c.oid::pg_catalog.int8 AS oid,
  n.nspname::pg_catalog.text AS schema,
  c.collname::pg_catalog.text AS name,
  c.collprovider::pg_catalog.text AS provider,
  c.collisdeterministic AS is_deterministic,
  coalesce(c.colllocale, c.collcollate)::pg_catalog.text AS locale
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.oid = ANY ($1::pg_catalog.oid[])
ORDER BY c.oid
