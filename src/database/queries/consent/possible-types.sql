-- Types outside PostgreSQL's own that come in through the columns $2 (all when $3) of the relations $1, the type names
-- $4, $5 (schema or null, name) on the search path $6, and the types $7; with what they are made of.
WITH RECURSIVE start AS (
  SELECT a.atttypid AS oid
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    AND ($3::pg_catalog.bool OR a.attname = ANY ($2::pg_catalog.text[]))
  UNION
  SELECT c.reltype FROM pg_catalog.pg_class c WHERE $3::pg_catalog.bool AND c.oid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT t.oid
  FROM ROWS FROM (pg_catalog.unnest($4::pg_catalog.text[]), pg_catalog.unnest($5::pg_catalog.text[])) AS w (schema, name)
  JOIN pg_catalog.pg_type t ON t.typname = w.name
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE CASE
      WHEN w.schema IS NULL THEN n.nspname = ANY ($6::pg_catalog.text[])
      WHEN w.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
      ELSE n.nspname = w.schema
    END
  UNION
  SELECT pg_catalog.unnest($7::pg_catalog.oid[])
), reached AS (
  SELECT start.oid FROM start
  UNION
  SELECT part.oid
  FROM reached
  JOIN pg_catalog.pg_type t ON t.oid = reached.oid AND t.oid >= 16384
  CROSS JOIN LATERAL (
    SELECT t.typelem AS oid WHERE t.typelem <> 0
    UNION ALL
    SELECT t.typarray WHERE t.typarray <> 0
    UNION ALL
    SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL
    SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
    UNION ALL
    SELECT s.oid
    FROM pg_catalog.pg_range g
    CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[g.rngtypid, (pg_catalog.to_jsonb(g) ->> 'rngmultitypid')::pg_catalog.oid]) AS s (oid)
    WHERE t.oid IN (g.rngtypid, (pg_catalog.to_jsonb(g) ->> 'rngmultitypid')::pg_catalog.oid) AND s.oid IS NOT NULL
  ) AS part
)
SELECT DISTINCT reached.oid::pg_catalog.int8 AS oid
FROM reached
WHERE reached.oid >= 16384
ORDER BY 1
