-- $1: schemas and $2: names of relations, pairwise. A row for each that is there, index or not.
select
  w.place::pg_catalog.int4 as place,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  c.oid::pg_catalog.int8 as oid,
  c.relkind::pg_catalog.text as kind,
  i.indrelid::pg_catalog.int8 as table_oid,
  t.relname::pg_catalog.text as table_name,
  i.indisvalid as is_valid,
  -- the index of a partitioned table has no entries
  i.indisready and c.relkind = 'i' as is_written,
  i.indisunique as is_unique,
  i.indisreplident or exists (
    select from pg_catalog.pg_partition_tree(c.oid) p
    join pg_catalog.pg_index x on x.indexrelid = p.relid and x.indisreplident
  ) as is_replica_identity,
  i.indisclustered as is_clustered,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  case when t.oid is not null then
    pg_catalog.format('CREATE %sINDEX %I ON %s%I.%I ', case when i.indisunique then 'UNIQUE ' else '' end, c.relname,
      case when c.relkind = 'I' then 'ONLY ' else '' end, n.nspname, t.relname)
  end as definition_begin,
  coalesce(parts.size_bytes, 0)::pg_catalog.int8 as size_bytes,
  parts.scans::pg_catalog.int8 as scans,
  parent.relname::pg_catalog.text as attached_to,
  ts.spcname::pg_catalog.text as tablespace,
  pg_catalog.obj_description(c.oid, 'pg_class') as comment,
  pg_catalog.pg_has_role(c.relowner, 'USAGE') as is_owner,
  pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text as owner,
  array(
    select pg_catalog.format('%s %I on %s',
      case o.contype when 'p' then 'primary key' when 'u' then 'unique constraint' when 'x' then 'exclusion constraint'
        when 'f' then 'foreign key' else 'constraint' end, o.conname, o.conrelid::pg_catalog.regclass)
    from pg_catalog.pg_constraint o
    where o.conindid = c.oid or o.conindid in (select p.relid from pg_catalog.pg_partition_tree(c.oid) p)
    order by o.contype desc, o.conname
  ) as constraints,
  array(
    select e.extname::pg_catalog.text
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
      and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    order by e.extname
  ) as extensions,
  (
    select pg_catalog.jsonb_object_agg(a.attnum, a.attstattarget)
    from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attstattarget >= 0 and i.indexrelid is not null and a.attnum > 0
  ) as statistics_targets,
  -- someone who builds or reindexes on this table holds this lock; autovacuum does too and makes no index
  (
    select pg_catalog.min(l.pid)
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
      and a.backend_type is distinct from 'autovacuum worker'
  ) as busy_pid
from rows from (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]))
  with ordinality as w (schema, name, place)
join pg_catalog.pg_namespace n on n.nspname = w.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
left join pg_catalog.pg_index i on i.indexrelid = c.oid
left join pg_catalog.pg_class t on t.oid = i.indrelid
left join pg_catalog.pg_inherits h on h.inhrelid = c.oid and c.relkind in ('i', 'I')
left join pg_catalog.pg_class parent on parent.oid = h.inhparent
left join pg_catalog.pg_tablespace ts on ts.oid = c.reltablespace
-- the index of a partitioned table has no file and no counters of its own; pg_partition_tree knows no other index
left join lateral (
  select pg_catalog.sum(pg_catalog.pg_relation_size(x.oid)) as size_bytes, pg_catalog.sum(s.idx_scan) as scans
  from (select c.oid union select p.relid from pg_catalog.pg_partition_tree(c.oid) p) x
  left join pg_catalog.pg_stat_all_indexes s on s.indexrelid = x.oid
  where c.relkind in ('i', 'I')
) parts on true
order by w.place
