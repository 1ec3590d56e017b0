-- Functions that the names $1, $2 (schema or null, name) may mean on the search path $3, in the path's order. One behind
-- another of the same name and argument types is out of sight. Functions in temporary schemas are never found by name.
WITH path AS (
  SELECT n.oid, n.nspname, p.position
  FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY AS p (name, position)
  JOIN pg_catalog.pg_namespace n ON n.nspname = p.name
  WHERE NOT pg_catalog.starts_with(n.nspname, 'pg_temp_')
), wanted AS (
  SELECT DISTINCT w.schema, w.name
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
)
SELECT oid FROM (
  SELECT DISTINCT ON (p.proname, p.proargtypes) p.oid::pg_catalog.int8 AS oid
  FROM wanted
  JOIN pg_catalog.pg_proc p ON p.proname = wanted.name
  JOIN path ON path.oid = p.pronamespace
  WHERE wanted.schema IS NULL
  ORDER BY p.proname, p.proargtypes, path.position
) AS visible
UNION
SELECT p.oid::pg_catalog.int8
FROM wanted
JOIN pg_catalog.pg_namespace n ON CASE wanted.schema WHEN 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema() ELSE n.nspname = wanted.schema END
JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = wanted.name
ORDER BY 1
