-- Expressions that planning or running a statement on the relations $1 brings in; $2: the statement writes.
-- `folded`: the planner looks at it but nothing evaluates it for a row.
-- A materialized view's query runs at REFRESH only. Columns that came after PostgreSQL 13 are read through to_jsonb.
WITH wanted AS (
  SELECT c.oid, c.relkind, c.relrowsecurity,
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = ANY ($1::pg_catalog.oid[])
)
SELECT source, tree, folded FROM (
  SELECT CASE r.ev_type WHEN '1' THEN 'in the view ' || w.name ELSE 'in the rule ' || pg_catalog.quote_ident(r.rulename) || ' of ' || w.name END AS source,
    r.ev_action::pg_catalog.text || ' ' || r.ev_qual::pg_catalog.text AS tree, false AS folded
  FROM wanted w
  JOIN pg_catalog.pg_rewrite r ON r.ev_class = w.oid
  WHERE w.relkind <> 'm' AND (r.ev_type = '1' OR $2::pg_catalog.bool)
  UNION ALL
  SELECT 'in the policy ' || pg_catalog.quote_ident(p.polname) || ' of ' || w.name,
    pg_catalog.concat_ws(' ', p.polqual::pg_catalog.text, p.polwithcheck::pg_catalog.text), false
  FROM wanted w
  JOIN pg_catalog.pg_policy p ON p.polrelid = w.oid
  WHERE w.relrowsecurity
  UNION ALL
  SELECT 'in the column ' || w.name || '.' || pg_catalog.quote_ident(a.attname), d.adbin::pg_catalog.text, false
  FROM wanted w
  JOIN pg_catalog.pg_attrdef d ON d.adrelid = w.oid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  -- a virtual column is computed by every reader, a default and a stored column by writers
  WHERE $2::pg_catalog.bool OR a.attgenerated = 'v'
  UNION ALL
  SELECT 'in the check ' || pg_catalog.quote_ident(k.conname) || ' of ' || w.name, k.conbin::pg_catalog.text, NOT $2::pg_catalog.bool
  FROM wanted w
  JOIN pg_catalog.pg_constraint k ON k.conrelid = w.oid
  WHERE k.conbin IS NOT NULL
  UNION ALL
  SELECT 'in the index ' || pg_catalog.quote_ident(c.relname) || ' of ' || w.name,
    pg_catalog.concat_ws(' ', i.indexprs::pg_catalog.text, i.indpred::pg_catalog.text), false
  FROM wanted w
  JOIN pg_catalog.pg_index i ON i.indrelid = w.oid
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
  UNION ALL
  -- a partition read by itself has the bounds of its parents
  SELECT 'in the partition key of ' || a.relid::pg_catalog.text, t.partexprs::pg_catalog.text, false
  FROM wanted w
  CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(w.oid) AS a (relid)
  JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = a.relid
  WHERE t.partexprs IS NOT NULL
  UNION ALL
  SELECT 'in the statistics ' || pg_catalog.quote_ident(s.stxname) || ' of ' || w.name,
    pg_catalog.to_jsonb(s) ->> 'stxexprs', true
  FROM wanted w
  JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = w.oid
  WHERE pg_catalog.to_jsonb(s) ->> 'stxexprs' IS NOT NULL
) AS expressions
ORDER BY 1, 2
