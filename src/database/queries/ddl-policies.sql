-- $1: OID of a table. Row security policies; role 0 is PUBLIC.
select
  pg_catalog.quote_ident(p.polname) as name,
  p.polpermissive as is_permissive,
  case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end
    as command,
  array(
    select case when u.role = 0 then 'PUBLIC' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(u.role)) end
    from pg_catalog.unnest(p.polroles) with ordinality u (role, position)
    order by u.position
  ) as roles,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using_expression,
  pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as check_expression,
  pg_catalog.quote_literal(pg_catalog.obj_description(p.oid, 'pg_policy')) as comment
from pg_catalog.pg_policy p
where p.polrelid = $1::pg_catalog.oid
order by p.polname
