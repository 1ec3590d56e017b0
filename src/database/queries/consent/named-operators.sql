-- Operators of the names $1, $2 (schema or null, name) on the search path $3 that are not PostgreSQL's own; one behind
-- another (PostgreSQL's own, too) of the same name and operand types is out of sight. `has_text` says whether PostgreSQL has one for two texts.
WITH path AS (
  SELECT n.oid, p.position
  FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY AS p (name, position)
  JOIN pg_catalog.pg_namespace n ON n.nspname = p.name
  WHERE NOT pg_catalog.starts_with(n.nspname, 'pg_temp_')
), wanted AS (
  SELECT DISTINCT w.schema, w.name
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
), seen AS (
  SELECT oid FROM (
    SELECT DISTINCT ON (o.oprname, o.oprleft, o.oprright) o.oid
    FROM wanted
    JOIN pg_catalog.pg_operator o ON o.oprname = wanted.name
    JOIN path ON path.oid = o.oprnamespace
    WHERE wanted.schema IS NULL
    ORDER BY o.oprname, o.oprleft, o.oprright, path.position
  ) AS visible
  UNION
  SELECT o.oid
  FROM wanted
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
  JOIN pg_catalog.pg_operator o ON o.oprnamespace = n.oid AND o.oprname = wanted.name
)
SELECT
  o.oid::pg_catalog.int8 AS oid,
  n.nspname AS schema,
  o.oprname AS name,
  o.oprcode::pg_catalog.oid::pg_catalog.int8 AS function,
  o.oprresult::pg_catalog.int8 AS result_type,
  l.oid::pg_catalog.int8 AS left_type,
  l.oid < 16384 AS left_builtin,
  l.typcategory AS left_category,
  r.oid::pg_catalog.int8 AS right_type,
  r.oid < 16384 AS right_builtin,
  r.typcategory AS right_category,
  EXISTS (
    SELECT FROM pg_catalog.pg_operator t
    WHERE t.oprname = o.oprname AND t.oid < 16384 AND t.oprleft = 25 AND t.oprright = 25
  ) AS has_text
FROM seen
JOIN pg_catalog.pg_operator o ON o.oid = seen.oid
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
LEFT JOIN pg_catalog.pg_type l ON l.oid = o.oprleft
LEFT JOIN pg_catalog.pg_type r ON r.oid = o.oprright
WHERE o.oid >= 16384
ORDER BY 1
