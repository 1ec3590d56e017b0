-- Where the extension is, and what of it the role may use.
SELECT
  pg_catalog.quote_ident(n.nspname) AS schema,
  e.extversion AS version,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND coalesce(
    (
      SELECT pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
      FROM pg_catalog.pg_proc p
      WHERE p.pronamespace = n.oid AND p.proname IN ('hypopg_create_index', 'hypopg_reset', 'hypopg_relation_size')
    ),
    false
  ) AS is_permitted,
  EXISTS (
    SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'hypopg_hide_index'
  ) AS may_hide
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'hypopg'
