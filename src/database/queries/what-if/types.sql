-- The types $1 that were made by hand: enums, domains, composite and range types.
SELECT
  t.oid::pg_catalog.int8 AS oid,
  n.nspname::pg_catalog.text AS schema,
  t.typname::pg_catalog.text AS name,
  t.typtype::pg_catalog.text AS kind,
  ARRAY(
    SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder
  ) AS labels,
  CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS base,
  t.typnotnull AS not_null,
  CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN (
    SELECT pg_catalog.quote_ident(x.nspname) || '.' || pg_catalog.quote_ident(l.collname)
    FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace x ON x.oid = l.collnamespace
    WHERE l.oid = t.typcollation
  ) END AS collation,
  ARRAY(
    SELECT 'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid)
    FROM pg_catalog.pg_constraint k
    WHERE k.contypid = t.oid AND k.contype = 'c'
    ORDER BY k.conname
  ) AS checks,
  (SELECT pg_catalog.format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) AS subtype,
  CASE WHEN t.typtype = 'c' THEN t.typrelid::pg_catalog.int8 END AS relation
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
WHERE t.oid = ANY ($1::pg_catalog.oid[])
  AND (t.typtype IN ('e', 'd', 'r')
    OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
ORDER BY t.oid
