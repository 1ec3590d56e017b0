-- $1: OID of a table. How the privileges on it, on its columns and on its sequences differ from what a new one has: first
-- what must be taken back, then what was granted, in the order in which it was (who grants must have been granted).
with objects as (
  select 1 as rank, 'TABLE' as kind, c.oid, null::pg_catalog.text as column_name, c.relowner, c.relacl as acl,
    pg_catalog.acldefault('r', c.relowner) as default_acl
  from pg_catalog.pg_class c
  where c.oid = $1::pg_catalog.oid
  union all
  select 2, 'TABLE', c.oid, pg_catalog.quote_ident(a.attname), c.relowner, a.attacl, null
  from pg_catalog.pg_class c
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
  where c.oid = $1::pg_catalog.oid
  union all
  select 3, 'SEQUENCE', s.oid, null, s.relowner, s.relacl, pg_catalog.acldefault('s', s.relowner)
  from pg_catalog.pg_depend d
  join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refobjid = $1::pg_catalog.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
), items as (
  select o.rank, o.oid, o.column_name, 'grant' as action, x.*
  from objects o
  cross join lateral pg_catalog.aclexplode(o.acl) with ordinality x (grantor, grantee, privilege, is_grantable, position)
  where o.acl is not null
  union all
  select o.rank, o.oid, o.column_name, 'revoke', x.*
  from objects o
  cross join lateral pg_catalog.aclexplode(o.default_acl) with ordinality x (grantor, grantee, privilege, is_grantable, position)
  where o.acl is not null
), differences as (
  select i.*
  from items i
  where not exists (
    select
    from items j
    where j.oid = i.oid and j.column_name is not distinct from i.column_name and j.action <> i.action
      and (j.grantor, j.grantee, j.privilege, j.is_grantable) = (i.grantor, i.grantee, i.privilege, i.is_grantable)
  )
)
select
  d.action,
  o.kind || ' ' || pg_catalog.format('%I.%I', n.nspname, c.relname) as object,
  d.column_name,
  -- whatever a new object's owner has is all there is
  pg_catalog.count(*) = (
    select pg_catalog.count(*)
    from pg_catalog.aclexplode(case o.kind when 'TABLE' then pg_catalog.acldefault('r', o.relowner)
      else pg_catalog.acldefault('s', o.relowner) end)
  ) as is_all,
  pg_catalog.array_agg(d.privilege order by d.privilege) as privileges,
  case when d.grantee = 0 then 'PUBLIC' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.grantee)) end as grantee,
  -- null when the owner granted it, which a superuser's GRANT counts as too
  case when d.grantor <> o.relowner then pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.grantor)) end as grantor,
  d.is_grantable
from differences d
join objects o on o.oid = d.oid and o.column_name is not distinct from d.column_name
join pg_catalog.pg_class c on c.oid = o.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
group by d.rank, d.action, o.kind, n.nspname, c.relname, d.column_name, o.relowner, d.grantee, d.grantor,
  d.is_grantable
order by d.rank, c.relname, d.action desc, pg_catalog.min(d.position), d.column_name, d.is_grantable
