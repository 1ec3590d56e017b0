-- Casts that are not PostgreSQL's own.
SELECT
  c.castsource::pg_catalog.int8 AS source_type,
  c.casttarget::pg_catalog.int8 AS target_type,
  c.castfunc::pg_catalog.int8 AS function,
  c.castcontext AS context,
  'behind the cast of ' || pg_catalog.format_type(c.castsource, NULL) || ' to ' || pg_catalog.format_type(c.casttarget, NULL) AS source
FROM pg_catalog.pg_cast c
WHERE c.oid >= 16384
ORDER BY 5
