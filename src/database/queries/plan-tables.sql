-- What the rules on plans want to know of the tables $2 in the schemas $1, which a plan reads.
SELECT
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  -- -1 before the first ANALYZE of 14 and newer
  GREATEST(c.reltuples, 0)::pg_catalog.float8 AS rows,
  -- counted only while track_counts is on
  CASE
    WHEN pg_catalog.current_setting('track_counts')::pg_catalog.bool THEN pg_catalog.pg_stat_get_mod_since_analyze(c.oid)
  END AS modified_since_analyze,
  columns.names AS column_names,
  columns.types AS column_types,
  (
    SELECT pg_catalog.array_agg(
      (
        SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum = ANY (e.stxkeys)
      )::pg_catalog.text
      ORDER BY e.oid
    )
    FROM pg_catalog.pg_statistic_ext e
    WHERE e.stxrelid = c.oid
  ) AS extended_statistics
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
CROSS JOIN LATERAL (
  SELECT
    pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS names,
    pg_catalog.array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) AS columns
WHERE c.relkind IN ('r', 'p', 'm', 'f')
ORDER BY n.nspname, c.relname
