-- $1, $2: schemas and names of relations. The tables that they are, or are partitions of, with all partitions, parents first.
WITH RECURSIVE climb AS (
  SELECT c.oid, c.relispartition
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  UNION
  SELECT p.oid, p.relispartition
  FROM climb x
  JOIN pg_catalog.pg_inherits h ON h.inhrelid = x.oid
  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
  WHERE x.relispartition
), tree AS (
  SELECT x.oid AS root, x.oid, NULL::pg_catalog.oid AS parent, 0 AS level
  FROM climb x
  WHERE NOT x.relispartition
  UNION ALL
  SELECT t.root, c.oid, t.oid, t.level + 1
  FROM tree t
  JOIN pg_catalog.pg_inherits h ON h.inhparent = t.oid
  JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid AND c.relispartition
)
SELECT
  t.root,
  t.oid,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  t.parent,
  c.relkind::pg_catalog.text AS kind,
  c.relpersistence::pg_catalog.text AS persistence,
  c.relpages AS pages,
  c.reltuples::pg_catalog.float8 AS rows,
  c.relallvisible AS all_visible_pages,
  pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS inserted,
  pg_catalog.pg_stat_get_tuples_updated(c.oid) AS updated,
  pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) AS hot_updated,
  pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS deleted
FROM tree t
JOIN pg_catalog.pg_class c ON c.oid = t.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f')
ORDER BY t.root, t.level, n.nspname, c.relname
