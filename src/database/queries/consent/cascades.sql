-- Tables that foreign keys change when rows of the relations $1 are deleted ($2) or updated ($3), and those behind them.
-- A rule may do either.
WITH RECURSIVE changed AS (
  SELECT w.oid, e.event
  FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS w (oid)
  CROSS JOIN (VALUES ('delete', $2::pg_catalog.bool), ('update', $3::pg_catalog.bool)) AS e (event, is_meant)
  WHERE e.is_meant OR EXISTS (
    SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = ANY ($1::pg_catalog.oid[]) AND r.ev_type <> '1'
  )
  UNION
  SELECT k.conrelid, CASE WHEN changed.event = 'delete' AND k.confdeltype = 'c' THEN 'delete' ELSE 'update' END
  FROM changed
  JOIN pg_catalog.pg_constraint k ON k.confrelid = changed.oid AND k.contype = 'f'
  -- cascade, set null, set default
  WHERE CASE changed.event WHEN 'delete' THEN k.confdeltype ELSE k.confupdtype END IN ('c', 'n', 'd')
)
SELECT DISTINCT changed.oid::pg_catalog.int8 AS oid
FROM changed
WHERE NOT changed.oid = ANY ($1::pg_catalog.oid[])
ORDER BY 1
