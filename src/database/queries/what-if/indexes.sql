-- Valid indexes of the relations $1, those of partitioned tables first.
SELECT
  i.indexrelid::pg_catalog.int8 AS oid,
  i.indrelid::pg_catalog.int8 AS relation,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  m.amname::pg_catalog.text AS method,
  c.relkind = 'I' AS is_partitioned,
  pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
  i.indexprs IS NOT NULL AS has_expressions,
  coalesce(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
  -- with those of its plain keys and its predicate
  ARRAY(
    SELECT DISTINCT d.refobjsubid FROM pg_catalog.pg_depend d
    WHERE i.indexprs IS NOT NULL
      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
    ORDER BY d.refobjsubid
  ) AS expression_columns,
  i.indpred IS NOT NULL AS is_partial,
  (i.indkey::pg_catalog.int2[])[0] AS first_column,
  (i.indoption::pg_catalog.int2[])[0] & 1 = 1 AS is_descending,
  i.indnatts AS column_count,
  c.relpages AS pages,
  c.reltuples::pg_catalog.float8 AS rows,
  CASE WHEN c.relkind = 'i' THEN pg_catalog.pg_relation_size(c.oid) END AS size_bytes,
  (
    SELECT 'CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid)
    FROM pg_catalog.pg_constraint k
    WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
    LIMIT 1
  ) AS constraint_definition,
  (SELECT h.inhparent::pg_catalog.int8 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid) AS parent,
  pg_catalog.has_column_privilege(i.indexrelid, 1::pg_catalog.int2, 'SELECT') AS may_select
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
-- an index of a partitioned table that misses some of its parts is invalid, and those parts are used nevertheless
WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indislive AND (i.indisvalid OR c.relkind = 'I')
ORDER BY c.relkind = 'I' DESC, i.indexrelid
