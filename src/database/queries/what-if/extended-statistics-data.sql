-- What the extended statistics $1 hold, as bytes: for a role that may read the catalogue itself.
SELECT
  d.stxoid::pg_catalog.int8 AS oid,
  d.stxdinherit AS inherited,
  d.stxdndistinct::pg_catalog.bytea::pg_catalog.text AS distinct_values,
  d.stxddependencies::pg_catalog.bytea::pg_catalog.text AS dependencies,
  d.stxdmcv::pg_catalog.bytea::pg_catalog.text AS most_common,
  d.stxdexpr IS NOT NULL AS has_expressions
FROM pg_catalog.pg_statistic_ext_data d
WHERE d.stxoid = ANY ($1::pg_catalog.oid[])
ORDER BY d.stxoid, d.stxdinherit
