-- $1: OID of a table. No row when it has been dropped meanwhile.
select n.nspname::pg_catalog.text as schema, c.relname::pg_catalog.text as name, c.relkind::pg_catalog.text as kind
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = $1::pg_catalog.oid
