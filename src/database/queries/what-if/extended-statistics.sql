-- Extended statistics of the relations $1.
SELECT
  s.oid::pg_catalog.int8 AS oid,
  s.stxrelid::pg_catalog.int8 AS relation,
  n.nspname::pg_catalog.text AS schema,
  s.stxname::pg_catalog.text AS name,
  pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE s.stxrelid = ANY ($1::pg_catalog.oid[])
ORDER BY s.oid
