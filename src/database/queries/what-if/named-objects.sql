-- Functions ($1 schemas or null, $2 names) and types ($3, $4) that a statement names, on the search path $5, that are not PostgreSQL's own.
SELECT 'pg_proc' AS class, p.oid::pg_catalog.int8 AS oid
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
JOIN pg_catalog.pg_proc p ON p.proname = w.name AND p.oid >= 16384
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = w.schema OR (w.schema IS NULL AND n.nspname = ANY ($5::pg_catalog.text[]))
UNION
SELECT 'pg_type', t.oid::pg_catalog.int8
FROM ROWS FROM (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[])) AS w (schema, name)
JOIN pg_catalog.pg_type t ON t.typname IN (w.name, '_' || w.name) AND t.oid >= 16384
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = w.schema OR (w.schema IS NULL AND n.nspname = ANY ($5::pg_catalog.text[]))
ORDER BY class, oid
