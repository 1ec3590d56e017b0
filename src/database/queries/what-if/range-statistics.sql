-- Before 17 pg_stats says nothing of ranges; a role that may read pg_statistic sees them.
SELECT
  s.starelid::pg_catalog.int8 AS relation,
  s.staattnum AS number,
  s.stainherit AS inherited,
  ARRAY[s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5] AS kinds,
  ARRAY[s.stavalues1::pg_catalog.text, s.stavalues2::pg_catalog.text, s.stavalues3::pg_catalog.text,
    s.stavalues4::pg_catalog.text, s.stavalues5::pg_catalog.text] AS value_lists,
  ARRAY[s.stanumbers1::pg_catalog.text, s.stanumbers2::pg_catalog.text, s.stanumbers3::pg_catalog.text,
    s.stanumbers4::pg_catalog.text, s.stanumbers5::pg_catalog.text] AS number_lists
FROM pg_catalog.pg_statistic s
WHERE s.starelid = ANY ($1::pg_catalog.oid[]) AND 7 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)
ORDER BY s.starelid, s.staattnum, s.stainherit
