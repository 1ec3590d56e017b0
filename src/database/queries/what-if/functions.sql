-- The functions $1 with the statement that makes each.
SELECT
  p.oid::pg_catalog.int8 AS oid,
  p.oid::pg_catalog.regprocedure::pg_catalog.text AS signature,
  l.lanname::pg_catalog.text AS language,
  p.prokind::pg_catalog.text AS kind,
  p.prosrc AS body,
  coalesce(p.proconfig, '{}') AS settings,
  CASE WHEN p.prokind = 'f' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid = ANY ($1::pg_catalog.oid[])
ORDER BY p.oid
