-- Operators, not PostgreSQL's own, that may be found in the bodies of its own SQL functions among $1: until PostgreSQL 13
-- these are texts, whose operators are looked up on the search path $2.
SELECT DISTINCT o.oprcode::pg_catalog.oid::pg_catalog.int8 AS oid,
  'behind the operator ' || n.nspname || '.' || o.oprname || ' in the body of ' || p.oid::pg_catalog.regprocedure::pg_catalog.text AS source
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname = 'sql'
JOIN pg_catalog.pg_operator o ON o.oid >= 16384 AND pg_catalog.strpos(pg_catalog.regexp_replace(p.prosrc, '''[^'']*''', '', 'g'), o.oprname) > 0
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE p.oid = ANY ($1::pg_catalog.oid[]) AND p.oid < 16384 AND n.nspname = ANY ($2::pg_catalog.text[])
  AND o.oprleft < 16384 AND o.oprright < 16384
ORDER BY 2, 1
