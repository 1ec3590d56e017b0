-- Runs in the sandbox before 18. For each type the operators "=" and "<" of the default B-tree operator class that sorts it:
-- its own, of what it is stored as, or of all arrays, enums, ranges, rows. A table of its own, because looking them up for
-- each column takes a hundred times as long.
CREATE TEMPORARY TABLE sorting_class AS
SELECT DISTINCT ON (t.oid)
  t.oid AS type,
  e.amopopr AS equal,
  l.amopopr AS less
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_opclass o ON o.opcdefault
JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
LEFT JOIN pg_catalog.pg_amop e ON e.amopfamily = o.opcfamily AND e.amoplefttype = o.opcintype
  AND e.amoprighttype = o.opcintype AND e.amopstrategy = 3
LEFT JOIN pg_catalog.pg_amop l ON l.amopfamily = o.opcfamily AND l.amoplefttype = o.opcintype
  AND l.amoprighttype = o.opcintype AND l.amopstrategy = 1
WHERE o.opcintype = t.oid
  OR EXISTS (
    SELECT FROM pg_catalog.pg_cast k
    WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'
  )
  OR (t.typtype = 'e' AND o.opcintype = 'pg_catalog.anyenum'::pg_catalog.regtype)
  OR (t.typtype = 'r' AND o.opcintype = 'pg_catalog.anyrange'::pg_catalog.regtype)
  OR (t.typtype = 'c' AND o.opcintype = 'pg_catalog.record'::pg_catalog.regtype)
  OR (t.typelem <> 0 AND t.typlen = -1 AND o.opcintype = 'pg_catalog.anyarray'::pg_catalog.regtype)
ORDER BY t.oid, o.opcintype = t.oid DESC, o.opcintype
