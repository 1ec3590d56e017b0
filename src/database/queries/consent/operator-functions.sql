-- The functions behind the operators $1.
SELECT o.oid::pg_catalog.int8 AS oid, o.oprcode::pg_catalog.oid::pg_catalog.int8 AS function
FROM pg_catalog.pg_operator o
WHERE o.oid = ANY ($1::pg_catalog.oid[])
ORDER BY 1
