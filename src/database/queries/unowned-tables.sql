-- Tables that belong to a role whose rights this one does not have, by owner.
select
  r.rolname::pg_catalog.text as owner,
  r.rolsuper as is_owner_superuser,
  o.tables
from (
  select c.relowner, pg_catalog.count(*) as tables
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  group by c.relowner
) o
join pg_catalog.pg_roles r on r.oid = o.relowner
where not pg_catalog.pg_has_role(o.relowner, 'USAGE')
order by r.rolname
