-- Operators of the names $1, $2 (schema or null, name) on the search path $3 that are not PostgreSQL's own; one behind
-- another (PostgreSQL's own, too) of the same name and operand types is out of sight. `has_text` says whether PostgreSQL
-- has one for two texts. An operand's type is what a domain or an array of one's own is made of.
WITH RECURSIVE path AS (
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
  JOIN pg_catalog.pg_namespace n ON CASE wanted.schema WHEN 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema() ELSE n.nspname = wanted.schema END
  JOIN pg_catalog.pg_operator o ON o.oprnamespace = n.oid AND o.oprname = wanted.name
), core AS (
  -- a value of a base type becomes one of the domain, and one of an element a VARIADIC array of it
  SELECT DISTINCT s.oid AS declared, s.oid
  FROM seen
  JOIN pg_catalog.pg_operator o ON o.oid = seen.oid AND o.oid >= 16384
  CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[o.oprleft, o.oprright]) AS s (oid)
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
  o.oid::pg_catalog.int8 AS oid,
  n.nspname AS schema,
  o.oprname AS name,
  -- PostgreSQL's own estimate, somebody else's may do anything
  ARRAY(
    SELECT f.oid::pg_catalog.int8
    FROM pg_catalog.unnest(ARRAY[o.oprcode, o.oprrest, o.oprjoin]::pg_catalog.oid[]) WITH ORDINALITY AS f (oid, position)
    WHERE f.position = 1 OR f.oid >= 16384
    ORDER BY f.position
  ) AS functions,
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
LEFT JOIN types l ON l.declared = o.oprleft
LEFT JOIN types r ON r.declared = o.oprright
WHERE o.oid >= 16384
ORDER BY 1
