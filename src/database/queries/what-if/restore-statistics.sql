-- Runs in the sandbox, from 18 on. $1: statistics of columns as JSON; $2: server_version_num of their source.
SELECT
  s.schema,
  s.relation,
  s.number,
  pg_catalog.pg_restore_attribute_stats(
    'schemaname', s.schema,
    'relname', s.relation,
    'attnum', s.number::pg_catalog.int2,
    'inherited', s.inherited,
    'version', $2::pg_catalog.int4,
    'null_frac', s.null_ratio::pg_catalog.float4,
    'avg_width', s.average_width_bytes::pg_catalog.int4,
    'n_distinct', s.distinct_values::pg_catalog.float4,
    'most_common_vals', s.most_common_vals,
    'most_common_freqs', s.most_common_freqs::pg_catalog.float4[],
    'histogram_bounds', s.histogram_bounds,
    'correlation', s.correlation::pg_catalog.float4,
    'most_common_elems', s.most_common_elems,
    'most_common_elem_freqs', s.most_common_elem_freqs::pg_catalog.float4[],
    'elem_count_histogram', s.elem_count_histogram::pg_catalog.float4[],
    'range_length_histogram', s.range_length_histogram,
    'range_empty_frac', s.range_empty_frac::pg_catalog.float4,
    'range_bounds_histogram', s.range_bounds_histogram
  ) AS is_restored
FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS s (
  schema text, relation text, number int, inherited bool, null_ratio float8, average_width_bytes int, distinct_values float8,
  most_common_vals text, most_common_freqs text, histogram_bounds text, correlation text, most_common_elems text,
  most_common_elem_freqs text, elem_count_histogram text, range_length_histogram text, range_empty_frac text,
  range_bounds_histogram text
)
