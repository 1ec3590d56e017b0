-- $1 schemas (null: by search path) and $2 names of a statement's relations, $3 the schemas of the search path.
-- Every relation of the name that the path can see, not only the first.
SELECT c.oid::pg_catalog.int8 AS oid
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS wanted (schema, name)
JOIN pg_catalog.pg_class c ON c.relname = wanted.name
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE CASE
    WHEN wanted.schema IS NULL THEN n.nspname = ANY ($3::pg_catalog.text[])
    WHEN wanted.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
    ELSE n.nspname = wanted.schema
  END
ORDER BY 1
