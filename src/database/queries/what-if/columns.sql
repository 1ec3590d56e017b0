-- Columns of the relations $1, dropped ones too: attribute numbers have to stay what they are.
SELECT
  a.attrelid::pg_catalog.int8 AS relation,
  a.attnum AS number,
  a.attname::pg_catalog.text AS name,
  a.attisdropped AS is_dropped,
  a.attnotnull AS not_null,
  CASE WHEN a.attisdropped THEN '' ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END AS type,
  CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN (
    SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname)
    FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
    WHERE l.oid = a.attcollation
  ) END AS collation,
  CASE WHEN a.attgenerated = 'v' THEN (
    SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
    WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
  ) END AS virtual_expression,
  coalesce(b.typtype = 'r', false) AS is_range,
  CASE WHEN a.attisdropped THEN false ELSE pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') END AS may_select
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0
ORDER BY a.attrelid, a.attnum
