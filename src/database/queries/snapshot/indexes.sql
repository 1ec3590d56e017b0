-- Every index of every user's schema. The two figures marked with a version are left out on older servers (indexes.ts).
with builders as (
  -- CONCURRENTLY holds this lock on the table while it builds, and on the index too while it drops; everybody may see it
  select l.relation
  from pg_catalog.pg_locks l
  where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
    and l.pid in (select p.pid from pg_catalog.pg_stat_progress_create_index p)
  union all
  select l.relation
  from pg_catalog.pg_locks l
  join pg_catalog.pg_index b on b.indexrelid = l.relation
  where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
),
keys as (
  select
    i.indexrelid,
    -- [column, SQL, operator class, collation, option bits, NOT NULL]
    pg_catalog.jsonb_agg(
      pg_catalog.jsonb_build_array(
        a.attname,
        coalesce(pg_catalog.quote_ident(a.attname), pg_catalog.pg_get_indexdef(i.indexrelid, k.position::pg_catalog.int4, false)),
        pg_catalog.quote_ident(os.nspname) || '.' || pg_catalog.quote_ident(o.opcname),
        pg_catalog.quote_ident(cs.nspname) || '.' || pg_catalog.quote_ident(c.collname),
        k.option,
        coalesce(a.attnotnull, false)
      ) order by k.position
    ) filter (where k.position <= i.indnkeyatts) as keys,
    pg_catalog.jsonb_agg(pg_catalog.quote_ident(a.attname) order by k.position) filter (where k.position > i.indnkeyatts)
      as included
  from pg_catalog.pg_index i
  -- without those of the catalogue and of TOAST tables, which are a quarter of all
  join pg_catalog.pg_class r on r.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = r.relnamespace and n.nspname !~ '^pg_'
  -- unqualified: only then it takes several arrays, and the name means the system's own whatever the path. The arrays of
  -- classes, collations and options end with the keys: null for INCLUDE columns
  cross join lateral unnest(i.indkey, i.indclass, i.indcollation, i.indoption)
    with ordinality k (attnum, class, coll, option, position)
  left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum <> 0
  left join pg_catalog.pg_opclass o on o.oid = k.class
  left join pg_catalog.pg_namespace os on os.oid = o.opcnamespace
  left join pg_catalog.pg_collation c on c.oid = k.coll
  left join pg_catalog.pg_namespace cs on cs.oid = c.collnamespace
  group by i.indexrelid
),
constraints as (
  -- behind a primary key, unique or exclusion constraint; and referred to by foreign keys
  select
    k.conindid,
    pg_catalog.min(k.conname::pg_catalog.text) filter (where k.contype in ('p', 'u', 'x')) as name,
    pg_catalog.bool_or(k.contype = 'f') as supports_foreign_key
  from pg_catalog.pg_constraint k
  where k.conindid <> '0' and k.contype in ('p', 'u', 'x', 'f')
  group by k.conindid
)
select
  r.oid::pg_catalog.int8 as oid,
  n.nspname::pg_catalog.text as schema,
  r.relname::pg_catalog.text as name,
  t.oid::pg_catalog.int8 as table_oid,
  t.relname::pg_catalog.text as table_name,
  h.inhparent::pg_catalog.int8 as parent_oid,
  r.relkind = 'I' as is_partitioned,
  m.amname::pg_catalog.text as method,
  k.keys,
  coalesce(k.included, '[]') as included,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
  i.indisunique as is_unique,
  /* 15 */ i.indnullsnotdistinct as nulls_not_distinct,
  i.indisprimary as is_primary,
  s.name as constraint,
  coalesce(s.supports_foreign_key, false) as supports_foreign_key,
  i.indisreplident or (i.indisprimary and t.relreplident = 'd') as is_replica_identity,
  i.indisvalid as is_valid,
  not i.indisvalid
    and (i.indrelid in (select relation from builders) or i.indexrelid in (select relation from builders)) as is_being_built,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  greatest(r.relpages, 0) as pages,
  pg_catalog.pg_stat_get_numscans(i.indexrelid)::pg_catalog.float8 as scans,
  pg_catalog.to_char(
    /* 16 */ pg_catalog.pg_stat_get_lastscan(i.indexrelid)
    at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_scan,
  pg_catalog.pg_stat_get_tuples_returned(i.indexrelid)::pg_catalog.float8 as tuples_read
from pg_catalog.pg_index i
join pg_catalog.pg_class r on r.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = r.relnamespace
join pg_catalog.pg_class t on t.oid = i.indrelid
join pg_catalog.pg_am m on m.oid = r.relam
join keys k on k.indexrelid = i.indexrelid
left join pg_catalog.pg_inherits h on h.inhrelid = i.indexrelid
left join constraints s on s.conindid = i.indexrelid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, r.relname
