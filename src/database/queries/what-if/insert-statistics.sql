-- Runs in the sandbox before 18, as its superuser. $1: statistics of columns as JSON, each with five slots of pg_statistic.
-- Operators are those that ANALYZE would have found: of the type's default B-tree class, or of what it is stored as.
WITH given AS (
  SELECT *
  FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS s (
    schema text, relation text, number int, inherited bool, null_ratio float8, average_width_bytes int,
    distinct_values float8, kinds int2[], operators text[], numbers text[], value_lists text[], types text[]
  )
), typed AS (
  SELECT g.*, c.oid AS relation_oid, a.attnum, a.attcollation AS collation, b.oid AS own_type,
    CASE WHEN b.typname = 'tsvector' THEN 'pg_catalog.text'::pg_catalog.regtype ELSE b.typelem END AS element_type
  FROM given g
  JOIN pg_catalog.pg_namespace n ON n.nspname = g.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = g.relation
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = g.number AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem
  -- reading values of a domain runs its checks, here as superuser
  WHERE coalesce(e.typtype, 'b') <> 'd'
), resolved AS (
  SELECT t.*, own.equal AS own_equal, own.less AS own_less, element.equal AS element_equal
  FROM typed t
  LEFT JOIN pg_temp.sorting_class own ON own.type = t.own_type
  LEFT JOIN pg_temp.sorting_class element ON element.type = t.element_type
)
INSERT INTO pg_catalog.pg_statistic
SELECT r.relation_oid, r.attnum, r.inherited, r.null_ratio, r.average_width_bytes, r.distinct_values,
  slot_columns
FROM resolved r
RETURNING starelid::pg_catalog.int8 AS relation
