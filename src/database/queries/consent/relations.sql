-- Relations of $1 with their partitions and inheritance children.
WITH RECURSIVE reached AS (
  SELECT wanted.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS wanted (oid)
  UNION
  SELECT i.inhrelid FROM reached JOIN pg_catalog.pg_inherits i ON i.inhparent = reached.oid
)
SELECT
  c.oid::pg_catalog.int8 AS oid,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
  c.relkind AS kind
FROM reached
JOIN pg_catalog.pg_class c ON c.oid = reached.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1
