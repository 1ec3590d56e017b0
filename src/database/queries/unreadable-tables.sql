-- Tables whose planner statistics this role can't see, and sequences it can't read, by schema: pg_stats shows a column only to who may SELECT it, and
-- nothing of a table under row-level security. A superuser sees all of them, and is not asked about thousands of tables.
select
  n.nspname::pg_catalog.text as schema,
  pg_catalog.count(*) filter (where not t.may_select and not t.is_sequence) as not_permitted,
  pg_catalog.count(*) filter (where t.may_select and t.row_security) as behind_row_security,
  pg_catalog.count(*) filter (where not t.may_select and t.is_sequence) as sequences
from (
  select
    c.relnamespace,
    c.relkind = 'S' as is_sequence,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') as may_select,
    c.relrowsecurity and pg_catalog.row_security_active(c.oid) as row_security
  from pg_catalog.pg_class c
  where c.relkind in ('r', 'p', 'm', 'S')
    and not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
  -- keeps the two functions from being called again for each mention of what they gave
  offset 0
) t
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (not t.may_select or t.row_security)
group by n.nspname
order by n.nspname
