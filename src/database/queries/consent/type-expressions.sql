-- Checks and functions of the types $1: a domain's checks as stored, its default when the statement writes ($2), and what
-- a range type calls.
SELECT source, tree, function FROM (
  SELECT 'in the domain ' || pg_catalog.format_type(t.oid, NULL) AS source, k.conbin::pg_catalog.text AS tree, NULL::pg_catalog.int8 AS function
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid
  WHERE t.oid = ANY ($1::pg_catalog.oid[]) AND k.conbin IS NOT NULL
  UNION ALL
  SELECT 'in the default of the domain ' || pg_catalog.format_type(t.oid, NULL), t.typdefaultbin::pg_catalog.text, NULL
  FROM pg_catalog.pg_type t
  WHERE t.oid = ANY ($1::pg_catalog.oid[]) AND t.typdefaultbin IS NOT NULL AND $2::pg_catalog.bool
  UNION ALL
  SELECT 'in the range type ' || pg_catalog.format_type(t.oid, NULL), NULL, f.oid::pg_catalog.oid::pg_catalog.int8
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
  CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[g.rngcanonical, g.rngsubdiff]) AS f (oid)
  WHERE t.oid = ANY ($1::pg_catalog.oid[]) AND f.oid::pg_catalog.oid <> 0
) AS expressions
ORDER BY 1
