-- The relations $1. Lengths of files are asked of these only: the planner looks at the file, not at relpages.
SELECT
  c.oid::pg_catalog.int8 AS oid,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  c.relkind::pg_catalog.text AS kind,
  c.relpersistence::pg_catalog.text AS persistence,
  c.relpages AS pages,
  c.reltuples::pg_catalog.float8 AS rows,
  c.relallvisible AS all_visible_pages,
  CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) END AS size_bytes,
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
  ARRAY(
    SELECT h.inhparent::pg_catalog.int8 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid ORDER BY h.inhseqno
  ) AS parents,
  coalesce(c.reloptions, '{}') AS options,
  CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END AS view_query,
  c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS row_security,
  coalesce((
    SELECT t.spcoptions FROM pg_catalog.pg_tablespace t
    WHERE t.oid = coalesce(nullif(c.reltablespace, 0), (
      SELECT d.dattablespace FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
    ))
  ), '{}') AS tablespace_options,
  EXISTS (
    SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND c.relkind IN ('r', 'p')
  ) AS has_rules
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'c')
ORDER BY c.oid
