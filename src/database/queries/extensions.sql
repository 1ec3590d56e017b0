-- Extensions of this database, and whether the role may read the view that pg_stat_statements came with.
select
  e.extname::pg_catalog.text as name,
  e.extversion as version,
  n.nspname::pg_catalog.text as schema,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') as may_use_schema,
  e.extname = 'pg_stat_statements'
    and exists (
      select
      from pg_catalog.pg_class c
      where c.relnamespace = n.oid and c.relname = 'pg_stat_statements'
        and pg_catalog.has_table_privilege(c.oid, 'SELECT')
    ) as may_select_statements
from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace
order by e.extname
