-- $1: schemas, $2: beginning of the names. Relations of all kinds share one space of names.
select n.nspname::pg_catalog.text as schema, c.relname::pg_catalog.text as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1::pg_catalog.text[]) and pg_catalog.starts_with(c.relname::pg_catalog.text, $2)
order by n.nspname, c.relname
