-- The functions $1. A parameter's type is what a domain or an array of one's own is made of.
WITH RECURSIVE core AS (
  -- a value of a base type becomes one of the domain, and one of an element a VARIADIC array of it
  SELECT DISTINCT a.oid AS declared, a.oid
  FROM pg_catalog.pg_proc p
  CROSS JOIN LATERAL pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) AS a (oid)
  WHERE p.oid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT core.declared, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
  FROM core
  JOIN pg_catalog.pg_type t ON t.oid = core.oid
  WHERE t.oid >= 16384 AND (t.typtype = 'd' OR (t.typelem <> 0 AND t.typlen = -1))
), types AS (
  SELECT core.declared, t.oid, t.typcategory, t.typtype
  FROM core
  JOIN pg_catalog.pg_type t ON t.oid = core.oid
  WHERE NOT (t.oid >= 16384 AND (t.typtype = 'd' OR (t.typelem <> 0 AND t.typlen = -1)))
)
SELECT
  p.oid::pg_catalog.int8 AS oid,
  n.nspname AS schema,
  p.proname AS name,
  p.oid::pg_catalog.regprocedure::pg_catalog.text AS signature,
  p.provolatile AS volatility,
  p.oid < 16384 AND n.nspname IN ('pg_catalog', 'information_schema') AS builtin,
  p.prorettype::pg_catalog.int8 AS result_type,
  COALESCE(p.proallargtypes, '{}')::pg_catalog.int8[] AS all_types,
  ARRAY(
    SELECT t.oid::pg_catalog.int8
    FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS a (oid, position)
    JOIN types t ON t.declared = a.oid
    ORDER BY a.position
  ) AS parameter_types,
  ARRAY(
    SELECT t.typcategory::pg_catalog.text
    FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS a (oid, position)
    JOIN types t ON t.declared = a.oid
    ORDER BY a.position
  ) AS parameter_categories,
  -- may be written as value.function
  p.pronargs > 0 AND p.pronargs - p.pronargdefaults <= 1 AS takes_one,
  (SELECT t.typtype IN ('c', 'p') FROM types t WHERE t.declared = p.proargtypes[0]) AS takes_row
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid = ANY ($1::pg_catalog.oid[])
ORDER BY signature
