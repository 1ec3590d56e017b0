-- Functions and conditions of the triggers that a write to the relations $1 fires; PostgreSQL's own (foreign keys) are left
-- out.
SELECT t.tgfoid::pg_catalog.int8 AS oid,
  'the trigger ' || pg_catalog.quote_ident(t.tgname) || ' of ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS source,
  t.tgqual::pg_catalog.text AS tree
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgrelid = ANY ($1::pg_catalog.oid[]) AND NOT t.tgisinternal
ORDER BY 2
