-- The functions behind the operators $1, and those that estimate them when they are not PostgreSQL's own.
SELECT DISTINCT o.oid::pg_catalog.int8 AS oid, f.oid::pg_catalog.int8 AS function
FROM pg_catalog.pg_operator o
CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[o.oprcode, o.oprrest, o.oprjoin]::pg_catalog.oid[]) AS f (oid)
WHERE (f.oid = o.oprcode::pg_catalog.oid OR f.oid >= 16384) AND o.oid = ANY ($1::pg_catalog.oid[])
ORDER BY 1, 2
