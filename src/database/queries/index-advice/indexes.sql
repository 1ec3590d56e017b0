-- $1: OIDs of tables. Their indexes and each index's key columns in order; a key without a column is an expression. Pages
-- and scans of a partitioned index are its partitions' sums.
SELECT
  i.indrelid AS table_oid,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  m.amname::pg_catalog.text AS method,
  i.indisvalid AND i.indisready AND i.indislive AS is_valid,
  i.indisunique OR i.indisexclusion OR i.indisreplident OR i.indisclustered AS is_needed,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  i.indisunique AS is_unique,
  t.pages,
  t.scans,
  ARRAY(
    SELECT a.attname::pg_catalog.text
    FROM pg_catalog.generate_series(i.indnkeyatts, i.indnatts - 1) AS g (position)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::pg_catalog.int2[])[g.position]
    ORDER BY g.position
  ) AS included,
  k.columns,
  k.texts,
  k.operator_classes,
  k.options,
  k.plain
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL (
  SELECT
    pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY g.position) AS columns,
    pg_catalog.array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, g.position + 1, false) ORDER BY g.position) AS texts,
    pg_catalog.array_agg(o.opcname::pg_catalog.text ORDER BY g.position) AS operator_classes,
    pg_catalog.array_agg((i.indoption::pg_catalog.int2[])[g.position] ORDER BY g.position) AS options,
    pg_catalog.array_agg(
      o.opcdefault AND (i.indcollation::pg_catalog.oid[])[g.position] IN (0, coalesce(a.attcollation, 0))
      ORDER BY g.position
    ) AS plain
  FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g (position)
  JOIN pg_catalog.pg_opclass o ON o.oid = (i.indclass::pg_catalog.oid[])[g.position]
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::pg_catalog.int2[])[g.position]
) AS k
CROSS JOIN LATERAL (
  WITH RECURSIVE tree (oid) AS (
    SELECT c.oid
    UNION ALL
    SELECT h.inhrelid FROM tree p JOIN pg_catalog.pg_inherits h ON h.inhparent = p.oid
  )
  SELECT
    pg_catalog.sum(x.relpages)::pg_catalog.int4 AS pages,
    pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.oid))::pg_catalog.int8 AS scans
  FROM tree JOIN pg_catalog.pg_class x ON x.oid = tree.oid
) AS t
WHERE i.indrelid = ANY ($1::pg_catalog.oid[])
ORDER BY i.indrelid, c.relname
