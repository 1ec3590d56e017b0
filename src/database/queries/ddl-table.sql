-- $1: OID of a table. Names and literals come quoted, so that what is put together of them is SQL.
select
  pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  pg_catalog.format('%I', n.nspname) as schema,
  c.relkind::pg_catalog.text as kind,
  pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) as owner,
  c.relpersistence = 'u' as is_unlogged,
  c.relispartition as is_partition,
  array(
    select pg_catalog.format('%I.%I', pn.nspname, p.relname)
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class p on p.oid = i.inhparent
    join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where i.inhrelid = c.oid
    order by i.inhseqno
  ) as parents,
  case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as partition_bound,
  case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_key,
  case when c.reloftype <> 0 then pg_catalog.format_type(c.reloftype, null) end as of_type,
  coalesce(c.reloptions, '{}') as options,
  coalesce(t.reloptions, '{}') as toast_options,
  case when a.amname <> 'heap' then pg_catalog.quote_ident(a.amname) end as access_method,
  pg_catalog.quote_ident(s.spcname) as tablespace,
  c.relreplident::pg_catalog.text as replica_identity,
  (
    select pg_catalog.quote_ident(r.relname)
    from pg_catalog.pg_index i
    join pg_catalog.pg_class r on r.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisreplident
  ) as replica_identity_index,
  c.relrowsecurity as has_row_security,
  c.relforcerowsecurity as forces_row_security,
  case when c.relkind = 'm' then pg_catalog.pg_get_viewdef(c.oid) end as query,
  c.relispopulated as is_populated,
  pg_catalog.quote_ident(fs.srvname) as foreign_server,
  coalesce(f.ftoptions, '{}') as foreign_options,
  pg_catalog.quote_literal(pg_catalog.obj_description(c.oid, 'pg_class')) as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
left join pg_catalog.pg_am a on a.oid = c.relam
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join pg_catalog.pg_foreign_table f on f.ftrelid = c.oid
left join pg_catalog.pg_foreign_server fs on fs.oid = f.ftserver
where c.oid = $1::pg_catalog.oid
