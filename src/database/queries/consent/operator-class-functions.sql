-- Functions, not written in C, in the operator classes that the indexes and partition keys of the relations $1 use, in the
-- default ones of the types $2 and of PostgreSQL's own types, and in those of the range types among $2: the classes'
-- support functions and the functions of their operators. Functions in C there were put in place by a superuser and run
-- with every INSERT: they count as part of the access method (docs/safety.md).
WITH used AS (
  SELECT pg_catalog.unnest(i.indclass::pg_catalog.oid[]) AS oid
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT pg_catalog.unnest(p.partclass::pg_catalog.oid[])
  FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r (oid)
  CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(r.oid) AS a (oid)
  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.oid
  UNION
  SELECT c.oid
  FROM pg_catalog.pg_opclass c
  WHERE c.opcdefault AND (c.opcintype < 16384 OR c.opcintype = ANY ($2::pg_catalog.oid[]))
  UNION
  SELECT g.rngsubopc
  FROM pg_catalog.pg_range g
  WHERE g.rngtypid = ANY ($2::pg_catalog.oid[])
), member AS (
  SELECT s.amprocfamily AS family, s.amproc::pg_catalog.oid AS function, ARRAY[s.amproclefttype, s.amprocrighttype] AS types
  FROM pg_catalog.pg_amproc s
  UNION
  -- CYCLE asks for the negator of =
  SELECT a.amopfamily, f.oprcode::pg_catalog.oid, ARRAY[a.amoplefttype, a.amoprighttype]
  FROM pg_catalog.pg_amop a
  JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr
  JOIN pg_catalog.pg_operator f ON f.oid IN (o.oid, o.oprnegate)
)
SELECT DISTINCT p.oid::pg_catalog.int8 AS oid, 'in the operator class ' || pg_catalog.quote_ident(c.opcname) AS source
FROM used
JOIN pg_catalog.pg_opclass c ON c.oid = used.oid
JOIN member m ON m.family = c.opcfamily
JOIN pg_catalog.pg_proc p ON p.oid = m.function
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
  AND NOT EXISTS (
    SELECT FROM pg_catalog.unnest(m.types) AS t (oid)
    WHERE t.oid >= 16384 AND t.oid <> c.opcintype AND NOT t.oid = ANY ($2::pg_catalog.oid[])
  )
ORDER BY 2, 1
