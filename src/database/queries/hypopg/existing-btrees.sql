-- $1: OIDs of tables and partitions. Definitions of their own valid B-trees.
SELECT
  i.indexrelid::pg_catalog.int8 AS oid,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid
ORDER BY i.indexrelid
