-- One row: what the server and the role are. Readable by every role.
select
  pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version_number,
  pg_catalog.current_setting('server_version') as version,
  pg_catalog.current_setting('block_size')::pg_catalog.int4 as block_size_bytes,
  pg_catalog.current_database()::pg_catalog.text as database,
  current_user::pg_catalog.text as role,
  pg_catalog.pg_is_in_recovery() as in_recovery,
  r.rolsuper as is_superuser,
  array(
    select p.rolname::pg_catalog.text
    from pg_catalog.pg_roles p
    -- names that begin with pg_ are reserved for the predefined roles
    where p.rolname ~ '^pg_' and pg_catalog.pg_has_role(r.oid, p.oid, 'USAGE')
    order by p.rolname
  ) as predefined_roles,
  array(
    select e.name::pg_catalog.text from pg_catalog.pg_available_extensions() e order by e.name
  ) as available_extensions
from pg_catalog.pg_roles r
where r.rolname = current_user
