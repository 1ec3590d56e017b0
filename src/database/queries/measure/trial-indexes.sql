-- $1: beginning of the names of trial indexes, $2: class of the lock that a running trial holds; its object is the number
-- in the names. Those that the role may drop, without parts of a partitioned table's index, which go with it.
select
  c.oid::pg_catalog.int8 as oid,
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  c.relkind = 'I' as is_partitioned,
  exists (
    select
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database
    where d.datname = pg_catalog.current_database()
      and l.locktype = 'advisory'
      and l.classid::pg_catalog.int8 = $2
      and l.objsubid = 2
      and pg_catalog.starts_with(
        c.relname::pg_catalog.text,
        $1 || pg_catalog.lpad(pg_catalog.to_hex(l.objid::pg_catalog.int8), 8, '0') || '_'
      )
  ) as is_live
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('i', 'I')
  and not c.relispartition
  and pg_catalog.starts_with(c.relname::pg_catalog.text, $1)
  and pg_catalog.pg_has_role(c.relowner, 'USAGE')
order by n.nspname, c.relname
