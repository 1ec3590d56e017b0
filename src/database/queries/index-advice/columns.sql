-- $1: OIDs of tables. $2: for each the table, or the partition, whose statistics stand for it where it has none itself.
SELECT
  c.oid AS table_oid,
  a.attname::pg_catalog.text AS name,
  b.typname::pg_catalog.text AS type_name,
  b.oid <> a.atttypid AS is_domain,
  b.typlen AS type_length,
  CASE b.typalign WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END AS alignment,
  EXISTS (
    SELECT
    FROM pg_catalog.pg_opclass o
    JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
    WHERE o.opcdefault
      AND (o.opcintype = b.oid
        -- varchar and the like take the operator class of the type that they are stored as
        OR EXISTS (
          SELECT FROM pg_catalog.pg_cast k
          WHERE k.castsource = b.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'
        )
        OR (b.typtype = 'e' AND o.opcintype = 'pg_catalog.anyenum'::pg_catalog.regtype)
        OR (b.typtype = 'r' AND o.opcintype = 'pg_catalog.anyrange'::pg_catalog.regtype)
        OR (b.typcategory = 'A' AND o.opcintype = 'pg_catalog.anyarray'::pg_catalog.regtype))
  ) AS has_btree,
  -- a B-tree in the order of the bytes serves LIKE 'abc%' without another operator class
  EXISTS (
    SELECT
    FROM pg_catalog.pg_collation l
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
    WHERE l.oid = a.attcollation
      AND (l.collname IN ('C', 'POSIX', 'ucs_basic')
        -- the provider of the database's own collation is there from 15 on
        OR (l.collprovider = 'd' AND CASE coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c')
          WHEN 'c' THEN d.datcollate IN ('C', 'POSIX')
          ELSE pg_catalog.to_jsonb(d) ->> 'datlocprovider' = 'b' END))
  ) AS sorts_by_bytes,
  pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS may_select,
  c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS row_security,
  s.null_frac AS null_ratio,
  s.n_distinct AS distinct_values,
  s.avg_width AS average_width_bytes,
  s.correlation,
  (s.most_common_vals::pg_catalog.text::pg_catalog.text[])[1:100] AS most_common_values,
  s.most_common_freqs[1:100] AS most_common_frequencies
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS w (oid, stand_in)
JOIN pg_catalog.pg_class c ON c.oid = w.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN LATERAL (
  SELECT s.*
  FROM pg_catalog.pg_class x
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = x.relname AND s.attname = a.attname
  WHERE x.oid IN (w.oid, w.stand_in) AND s.inherited = (x.relkind = 'p')
  -- autovacuum gathers statistics of partitions only, never of their table as a whole
  ORDER BY x.oid = w.oid DESC
  LIMIT 1
) AS s ON true
ORDER BY c.oid, a.attnum
