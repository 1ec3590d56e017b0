-- $1: OID of a table. Its columns, with what pg_stats shows of them; why it shows nothing is in may_select and row_security.
select
  a.attname::pg_catalog.text as name,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull as not_null,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression,
  a.attidentity::pg_catalog.text as identity,
  a.attgenerated::pg_catalog.text as generated,
  exists (
    select
    from pg_catalog.pg_index i
    where i.indrelid = a.attrelid and i.indisprimary
      and a.attnum = any ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1])
  ) as is_primary_key,
  pg_catalog.col_description(a.attrelid, a.attnum) as comment,
  pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') as may_select,
  c.relrowsecurity and pg_catalog.row_security_active(c.oid) as row_security,
  s.null_frac as null_ratio,
  s.n_distinct as distinct_values,
  s.avg_width as average_width_bytes,
  s.correlation,
  (s.most_common_vals::pg_catalog.text::pg_catalog.text[])[1:10] as most_common_values,
  s.most_common_freqs[1:10] as most_common_frequencies
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_stats s
  on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
  -- a partitioned table has statistics of all its partitions together, and none of itself alone
  and s.inherited = (c.relkind = 'p')
where c.oid = $1::pg_catalog.oid
order by a.attnum
