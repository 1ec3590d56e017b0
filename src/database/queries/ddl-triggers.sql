-- $1: OID of a table. A partition has copies of its parent's row triggers, which ATTACH PARTITION makes; they appear here
-- without a definition, and only when they are switched on or off differently.
select
  pg_catalog.quote_ident(t.tgname) as name,
  case when t.tgparentid = 0 then pg_catalog.pg_get_triggerdef(t.oid) end as definition,
  t.tgenabled::pg_catalog.text as enabled,
  pg_catalog.quote_literal(pg_catalog.obj_description(t.oid, 'pg_trigger')) as comment
from pg_catalog.pg_trigger t
left join pg_catalog.pg_trigger p on p.oid = t.tgparentid
left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
where t.tgrelid = $1::pg_catalog.oid
  -- the others are how keys are kept; 13 and 14 call a partition's copies internal too
  and coalesce(k.contype, 't') = 't'
  and case when t.tgparentid = 0 then not t.tgisinternal else t.tgenabled <> p.tgenabled end
order by t.tgname
