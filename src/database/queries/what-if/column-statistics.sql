-- Planner statistics of the columns of relations and of indexes' expressions $1, as texts that the sandbox reads back.
SELECT
  c.oid::pg_catalog.int8 AS relation,
  a.attnum AS number,
  s.inherited,
  s.null_frac AS null_ratio,
  s.avg_width AS average_width_bytes,
  s.n_distinct AS distinct_values,
  s.most_common_vals::pg_catalog.text AS most_common_vals,
  s.most_common_freqs::pg_catalog.text AS most_common_freqs,
  s.histogram_bounds::pg_catalog.text AS histogram_bounds,
  s.correlation::pg_catalog.text AS correlation,
  s.most_common_elems::pg_catalog.text AS most_common_elems,
  s.most_common_elem_freqs::pg_catalog.text AS most_common_elem_freqs,
  s.elem_count_histogram::pg_catalog.text AS elem_count_histogram,
  s.range_length_histogram::pg_catalog.text AS range_length_histogram,
  s.range_empty_frac::pg_catalog.text AS range_empty_frac,
  s.range_bounds_histogram::pg_catalog.text AS range_bounds_histogram
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
WHERE c.oid = ANY ($1::pg_catalog.oid[])
ORDER BY c.oid, a.attnum, s.inherited
