-- Checks of the relations $1, and the foreign keys among them.
SELECT
  k.oid::pg_catalog.int8 AS oid,
  k.conrelid::pg_catalog.int8 AS relation,
  k.conname::pg_catalog.text AS name,
  k.contype::pg_catalog.text AS kind,
  k.convalidated AS is_validated,
  pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint k
WHERE k.conrelid = ANY ($1::pg_catalog.oid[])
  AND (k.contype = 'c' OR (k.contype = 'f' AND k.confrelid = ANY ($1::pg_catalog.oid[])))
  -- a partition's foreign keys come with its table's
  AND (k.contype = 'c' OR k.conparentid = 0)
ORDER BY k.contype, k.oid
