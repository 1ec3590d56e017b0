-- Support functions, not written in C, of the operator classes that the indexes and partition keys of the relations $1
-- use, and of those that are the default of the types $2 or of a type of PostgreSQL's own. Functions in C there were put
-- in place by a superuser and run with every INSERT: they count as part of the access method (docs/safety.md).
WITH used AS (
  SELECT pg_catalog.unnest(i.indclass::pg_catalog.oid[]) AS oid
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT pg_catalog.unnest(p.partclass::pg_catalog.oid[])
  FROM pg_catalog.pg_partitioned_table p
  WHERE p.partrelid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT c.oid
  FROM pg_catalog.pg_opclass c
  WHERE c.opcdefault AND c.oid >= 16384 AND (c.opcintype < 16384 OR c.opcintype = ANY ($2::pg_catalog.oid[]))
)
SELECT DISTINCT p.oid::pg_catalog.int8 AS oid, 'in the operator class ' || pg_catalog.quote_ident(c.opcname) AS source
FROM used
JOIN pg_catalog.pg_opclass c ON c.oid = used.oid AND c.oid >= 16384
JOIN pg_catalog.pg_amproc s ON s.amprocfamily = c.opcfamily
JOIN pg_catalog.pg_proc p ON p.oid = s.amproc::pg_catalog.oid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'internal')
ORDER BY 2, 1
