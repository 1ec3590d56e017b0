-- Every sequence of every user's schema, with the column it fills; of several the narrowest. The last values are read
-- afterwards (src/database/snapshot.ts): pg_sequence_last_value() would lock each sequence until the transaction ends.
select
  n.nspname::pg_catalog.text as schema,
  c.relname::pg_catalog.text as name,
  pg_catalog.format_type(s.seqtypid, null) as type,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT')
    -- a standby has no data of unlogged ones
    and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery()) as may_read,
  s.seqmin::pg_catalog.float8 as minimum,
  s.seqmax::pg_catalog.float8 as maximum,
  s.seqincrement::pg_catalog.float8 as increment,
  s.seqcycle as cycles,
  f.schema as column_schema,
  f.table_name as column_table,
  f.name as column_name,
  f.type as column_type,
  -- views, and tables with rules; each hangs on the column by way of its rule
  case when f.relation is not null then (
    select pg_catalog.jsonb_agg(distinct pg_catalog.jsonb_build_array(vn.nspname, v.relname))
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite w on w.oid = d.objid
    join pg_catalog.pg_class v on v.oid = w.ev_class
    join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
    where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = f.relation and d.refobjsubid = f.attnum
      and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  ) end as column_users
from pg_catalog.pg_sequence s
join pg_catalog.pg_class c on c.oid = s.seqrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join (
  select distinct on (u.sequence)
    u.sequence,
    u.relation,
    u.attnum,
    tn.nspname::pg_catalog.text as schema,
    t.relname::pg_catalog.text as table_name,
    a.attname::pg_catalog.text as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type
  from (
    -- OWNED BY and identity
    select d.objid as sequence, d.refobjid as relation, d.refobjsubid as attnum
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    union all
    -- DEFAULT nextval(...)
    select d.refobjid, f.adrelid, f.adnum
    from pg_catalog.pg_depend d
    join pg_catalog.pg_attrdef f on f.oid = d.objid
    where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid = 0
  ) u
  join pg_catalog.pg_sequence q on q.seqrelid = u.sequence
  join pg_catalog.pg_attribute a on a.attrelid = u.relation and a.attnum = u.attnum
  join pg_catalog.pg_type y on y.oid = a.atttypid
  join pg_catalog.pg_class t on t.oid = u.relation
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
  -- a partition's column is its table's; numeric and text are no narrower than bigint
  order by u.sequence, case when y.typlen > 0 then y.typlen else 100 end, t.relispartition, tn.nspname, t.relname, a.attnum
) f on f.sequence = c.oid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  -- null for one that was dropped since the transaction began
  and pg_catalog.has_table_privilege(c.oid, 'SELECT') is not null
order by n.nspname, c.relname
