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
  CASE WHEN c.relrowsecurity THEN (
    SELECT pg_catalog.format('%I.%I', vn.nspname, v.relname)
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid
    JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind = 'v'
    JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
    -- a view with its caller's rights has those of the owner of the view that it stands in
    JOIN pg_catalog.pg_class x ON x.relkind = 'v' AND (x.oid = v.oid OR coalesce(v.reloptions, '{}')::pg_catalog.text ~ 'security_invoker=(true|on|yes|1)')
      AND x.oid = ANY ($1::pg_catalog.oid[])
    JOIN pg_catalog.pg_roles o ON o.oid = x.relowner
    WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
      AND v.oid = ANY ($1::pg_catalog.oid[])
      AND NOT (o.rolsuper OR o.rolbypassrls)
      AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(o.oid, c.relowner, 'USAGE'))
      AND NOT (x.oid = v.oid AND coalesce(v.reloptions, '{}')::pg_catalog.text ~ 'security_invoker=(true|on|yes|1)')
    ORDER BY v.oid
    LIMIT 1
  ) END AS guarded_view,
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
