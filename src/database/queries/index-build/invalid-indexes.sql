-- $1: OIDs of tables. Their invalid indexes, but for parts of a partitioned table's index, which go with it.
select n.nspname::pg_catalog.text as schema, c.relname::pg_catalog.text as name
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indrelid = any ($1::pg_catalog.oid[]) and not i.indisvalid and not c.relispartition
order by n.nspname, c.relname
