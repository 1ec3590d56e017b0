-- $1: OID of a table. Before 17 a statistics target of -1 stands for none.
select
  n.nspname::pg_catalog.text as schema,
  e.stxname::pg_catalog.text as name,
  pg_catalog.format('%I.%I', n.nspname, e.stxname) as qualified_name,
  pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(e.stxowner)) as owner,
  pg_catalog.pg_get_statisticsobjdef(e.oid) as definition,
  case when e.stxstattarget >= 0 then e.stxstattarget end as statistics_target,
  pg_catalog.quote_literal(pg_catalog.obj_description(e.oid, 'pg_statistic_ext')) as comment
from pg_catalog.pg_statistic_ext e
join pg_catalog.pg_namespace n on n.oid = e.stxnamespace
where e.stxrelid = $1::pg_catalog.oid
order by n.nspname, e.stxname
