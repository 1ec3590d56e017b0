-- Everything that the relations $1 and the functions and types in $2, $3 (classes, OIDs) lead to: parents and partitions, views and
-- what they read, indexes, checks, extended statistics, types, functions. What belongs to an extension comes with its name.
WITH RECURSIVE reached (class, object) AS (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, w.oid
  FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS w (oid)
  UNION
  SELECT w.class::pg_catalog.regclass::pg_catalog.oid, w.oid
  FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.oid[])) AS w (class, oid)
  UNION
  SELECT n.class, n.object
  FROM reached r
  CROSS JOIN LATERAL (
    SELECT d.refclassid, d.refobjid
    FROM pg_catalog.pg_depend d
    WHERE d.classid = r.class AND d.objid = r.object AND d.refobjid >= 16384
      -- an extension's member leads to the extension and nowhere else
      AND (d.deptype = 'e' OR NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e WHERE e.classid = r.class AND e.objid = r.object AND e.deptype = 'e'
      ))
    UNION ALL
    SELECT r.class, h.inhrelid FROM pg_catalog.pg_inherits h
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND h.inhparent = r.object
    UNION ALL
    SELECT r.class, h.inhparent FROM pg_catalog.pg_inherits h
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND h.inhrelid = r.object
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid FROM pg_catalog.pg_rewrite w
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND w.ev_class = r.object
      -- a materialized view is read as a table
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class m WHERE m.oid = r.object AND m.relkind = 'm')
    UNION ALL
    SELECT r.class, i.indexrelid FROM pg_catalog.pg_index i
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indrelid = r.object
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint k
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.conrelid = r.object AND k.contype = 'c'
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint k
    WHERE r.class = 'pg_catalog.pg_type'::pg_catalog.regclass AND k.contypid = r.object
    UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid FROM pg_catalog.pg_statistic_ext s
    WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.stxrelid = r.object
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid FROM pg_catalog.pg_type t
    WHERE r.class = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = r.object AND t.typrelid <> 0
  ) AS n (class, object)
  WHERE n.object >= 16384
)
SELECT
  c.relname::pg_catalog.text AS class,
  r.object::pg_catalog.int8 AS oid,
  (
    SELECT x.extname::pg_catalog.text
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = r.class AND d.objid = r.object AND d.deptype = 'e'
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    LIMIT 1
  ) AS extension,
  pg_catalog.pg_describe_object(r.class, r.object, 0) AS description
FROM reached r
JOIN pg_catalog.pg_class c ON c.oid = r.class
ORDER BY c.relname, r.object
