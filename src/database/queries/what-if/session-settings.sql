-- Settings that a plan depends on, as this session has them. Runs under the role's own search_path.
SELECT s.name, s.setting
FROM pg_catalog.pg_settings s
WHERE pg_catalog.starts_with(s.category, 'Query Tuning')
  OR s.name OPERATOR(pg_catalog.=) ANY (ARRAY[
    'work_mem', 'hash_mem_multiplier', 'max_parallel_workers', 'max_parallel_workers_per_gather', 'parallel_leader_participation',
    'effective_io_concurrency', 'row_security', 'TimeZone', 'DateStyle', 'IntervalStyle', 'default_text_search_config',
    'transform_null_equals', 'array_nulls', 'standard_conforming_strings', 'bytea_output', 'extra_float_digits', 'xmloption',
    'lc_monetary', 'lc_numeric', 'lc_time'
  ])
ORDER BY s.name
