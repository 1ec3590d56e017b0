-- $1: schemas. $2: for each the beginning of a relation's name. What a new index could be called already.
SELECT DISTINCT n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, start)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND pg_catalog.starts_with(c.relname::pg_catalog.text, w.start)
ORDER BY schema, name
