-- Runs in the sandbox. Columns of the indexes $1 with what statistics say of them; an expression's are its index's own.
SELECT
  i.indexrelid::pg_catalog.int8 AS index,
  c.relname::pg_catalog.text AS name,
  pg_catalog.pg_relation_filepath(c.oid) AS file,
  m.amname::pg_catalog.text AS method,
  r.oid::pg_catalog.int8 AS relation,
  n.nspname::pg_catalog.text AS relation_schema,
  r.relname::pg_catalog.text AS relation_name,
  pg_catalog.pg_relation_filepath(r.oid) AS relation_file,
  pg_catalog.pg_relation_size(r.oid) AS relation_bytes,
  pg_catalog.pg_relation_size(c.oid) AS index_bytes,
  i.indisunique AS is_unique,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  a.attnum <= i.indnkeyatts AS is_key,
  pg_catalog.pg_get_indexdef(i.indexrelid, a.attnum::pg_catalog.int4, false) AS expression,
  h.attname IS NOT NULL AS is_column,
  b.typname::pg_catalog.text AS type_name,
  b.typlen AS type_length,
  CASE b.typalign WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END AS alignment,
  o.opcname::pg_catalog.text AS operator_class,
  ht.typname::pg_catalog.text AS column_type_name,
  s.stawidth AS width,
  s.stanullfrac AS null_ratio,
  s.stadistinct AS distinct_values,
  (
    SELECT x.numbers
    FROM (VALUES (s.stakind1, s.stanumbers1), (s.stakind2, s.stanumbers2), (s.stakind3, s.stanumbers3),
      (s.stakind4, s.stanumbers4), (s.stakind5, s.stanumbers5)) AS x (kind, numbers)
    WHERE x.kind = 1
  ) AS most_common_ratios,
  (
    SELECT x.numbers
    FROM (VALUES (s.stakind1, s.stanumbers1), (s.stakind2, s.stanumbers2), (s.stakind3, s.stanumbers3),
      (s.stakind4, s.stanumbers4), (s.stakind5, s.stanumbers5)) AS x (kind, numbers)
    WHERE x.kind = 4
  ) AS element_ratios,
  (
    SELECT x.numbers[pg_catalog.cardinality(x.numbers)]
    FROM (VALUES (s.stakind1, s.stanumbers1), (s.stakind2, s.stanumbers2), (s.stakind3, s.stanumbers3),
      (s.stakind4, s.stanumbers4), (s.stakind5, s.stanumbers5)) AS x (kind, numbers)
    WHERE x.kind = 5
  ) AS elements_per_row
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
JOIN pg_catalog.pg_am m ON m.oid = c.relam
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_catalog.pg_opclass o ON o.oid = (i.indclass::pg_catalog.oid[])[a.attnum - 1]
LEFT JOIN pg_catalog.pg_attribute h
  ON h.attrelid = i.indrelid AND h.attnum = (i.indkey::pg_catalog.int2[])[a.attnum - 1] AND h.attnum > 0
LEFT JOIN pg_catalog.pg_type ht ON ht.oid = h.atttypid
LEFT JOIN pg_catalog.pg_statistic s
  ON s.starelid = CASE WHEN h.attname IS NULL THEN c.oid ELSE r.oid END
  AND s.staattnum = CASE WHEN h.attname IS NULL THEN a.attnum ELSE h.attnum END
  AND NOT s.stainherit
WHERE i.indexrelid = ANY ($1::pg_catalog.oid[])
ORDER BY i.indexrelid, a.attnum
