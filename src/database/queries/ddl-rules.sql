-- $1: OID of a table. _RETURN is what makes a materialized view one.
select
  pg_catalog.quote_ident(r.rulename) as name,
  pg_catalog.pg_get_ruledef(r.oid) as definition,
  r.ev_enabled::pg_catalog.text as enabled,
  pg_catalog.quote_literal(pg_catalog.obj_description(r.oid, 'pg_rewrite')) as comment
from pg_catalog.pg_rewrite r
where r.ev_class = $1::pg_catalog.oid and r.rulename <> '_RETURN'
order by r.rulename
