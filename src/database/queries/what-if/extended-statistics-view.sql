-- What the extended statistics $1 hold, as far as a role may know that can't read the catalogue itself.
SELECT
  e.oid::pg_catalog.int8 AS oid,
  s.inherited,
  s.n_distinct::pg_catalog.text AS distinct_values,
  s.dependencies::pg_catalog.text AS dependencies,
  s.most_common_vals IS NOT NULL AS has_most_common
FROM pg_catalog.pg_statistic_ext e
JOIN pg_catalog.pg_namespace n ON n.oid = e.stxnamespace
JOIN pg_catalog.pg_stats_ext s ON s.statistics_schemaname = n.nspname AND s.statistics_name = e.stxname
WHERE e.oid = ANY ($1::pg_catalog.oid[])
ORDER BY e.oid, s.inherited
