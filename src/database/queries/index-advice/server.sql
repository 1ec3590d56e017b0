-- $1: function names.
SELECT
  pg_catalog.current_setting('seq_page_cost')::pg_catalog.float8 AS seq_page_cost,
  pg_catalog.current_setting('random_page_cost')::pg_catalog.float8 AS random_page_cost,
  pg_catalog.current_setting('cpu_tuple_cost')::pg_catalog.float8 AS cpu_tuple_cost,
  pg_catalog.current_setting('cpu_index_tuple_cost')::pg_catalog.float8 AS cpu_index_tuple_cost,
  pg_catalog.current_setting('cpu_operator_cost')::pg_catalog.float8 AS cpu_operator_cost,
  pg_catalog.pg_size_bytes(pg_catalog.current_setting('effective_cache_size')) AS effective_cache_size_bytes,
  pg_catalog.current_setting('parallel_leader_participation') = 'on' AS parallel_leader_participation,
  ARRAY(
    SELECT DISTINCT p.proname::pg_catalog.text COLLATE "C"
    FROM pg_catalog.pg_proc p
    WHERE p.proname = ANY ($1::pg_catalog.name[]) AND p.provolatile = 'v'
    ORDER BY 1
  ) AS volatile_functions,
  ARRAY(
    SELECT DISTINCT p.proname::pg_catalog.text COLLATE "C"
    FROM pg_catalog.pg_proc p
    WHERE p.proname = ANY ($1::pg_catalog.name[]) AND p.provolatile = 'i'
    ORDER BY 1
  ) AS immutable_functions,
  (
    SELECT pg_catalog.quote_ident(n.nspname)
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm'
  ) AS trigram_schema
