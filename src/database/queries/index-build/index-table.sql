-- $1: schema, $2: name of one table. One row when it is there: what it is, and what the role may do with it.
select
  c.oid::pg_catalog.int8 as oid,
  c.relkind::pg_catalog.text as kind,
  c.relpersistence::pg_catalog.text as persistence,
  n.nspname = 'pg_catalog' or n.nspname = 'information_schema' or n.nspname ~ '^pg_toast' as is_system,
  pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text as owner,
  pg_catalog.pg_has_role(c.relowner, 'USAGE') as is_owner,
  pg_catalog.has_schema_privilege(n.oid, 'CREATE') as may_create
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'm', 'v', 'f', 't')
