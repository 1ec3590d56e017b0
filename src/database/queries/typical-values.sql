-- Statistics of the column $3 of the first relation that has it, of the names $1, $2 (schema or null, name) in that order,
-- on the search path $4. `readable` is false when the role may not see the column's statistics.
SELECT
  pg_catalog.quote_ident(c.relname) || '.' || pg_catalog.quote_ident(a.attname) AS column_name,
  pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid) AS readable,
  s.most_common_vals::pg_catalog.text::pg_catalog.text[] AS most_common,
  s.most_common_freqs::pg_catalog.float8[] AS frequencies,
  s.histogram_bounds::pg_catalog.text::pg_catalog.text[] AS bounds
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) WITH ORDINALITY AS w (schema, name, position)
JOIN pg_catalog.pg_class c ON c.relname = w.name
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $3::pg_catalog.text AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.unnest($4::pg_catalog.text[]) WITH ORDINALITY AS path (name, position) ON path.name = n.nspname
LEFT JOIN LATERAL (
  SELECT s.most_common_vals, s.most_common_freqs, s.histogram_bounds
  FROM pg_catalog.pg_stats s
  WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
  -- a parent's own rows and those of its children are two entries; the children's say more
  ORDER BY s.inherited DESC
  LIMIT 1
) AS s ON true
WHERE CASE WHEN w.schema IS NULL THEN path.position IS NOT NULL ELSE n.nspname = w.schema END
  AND c.relkind IN ('r', 'p', 'm', 'f')
ORDER BY w.position, path.position
LIMIT 1
