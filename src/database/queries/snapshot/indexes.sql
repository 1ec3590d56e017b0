-- Every index of every user's schema, its keys as numbers that indexes.ts puts names to: joining and aggregating 30,000 of
-- them here takes seconds. indnullsnotdistinct and the last scan are left out on older servers (indexes.ts).
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
constraints as (
  -- behind a primary key, unique or exclusion constraint; and referred to by foreign keys
  select
    k.conindid,
    pg_catalog.min(k.conname::pg_catalog.text) filter (where k.contype in ('p', 'u', 'x')) as name,
    pg_catalog.bool_or(k.contype = 'f') as supports_foreign_key
  from pg_catalog.pg_constraint k
  where k.conindid <> '0' and k.contype in ('p', 'u', 'x', 'f')
  group by k.conindid
),
parameters as (
  -- of operator classes, and of expressions; of tables they are about columns, which no index asks for here
  select
    a.attrelid,
    pg_catalog.jsonb_object_agg(a.attnum, pg_catalog.array_to_string(a.attoptions, ', '))
      filter (where a.attoptions is not null) as of_keys,
    pg_catalog.jsonb_object_agg(a.attnum, a.attstattarget) filter (where a.attstattarget >= 0) as statistics_targets
  from pg_catalog.pg_attribute a
  where a.attnum > 0 and (a.attoptions is not null or a.attstattarget >= 0)
  group by a.attrelid
)
select
  r.oid::pg_catalog.int8::pg_catalog.float8 as oid,
  n.nspname::pg_catalog.text as schema,
  r.relname::pg_catalog.text as name,
  t.oid::pg_catalog.int8::pg_catalog.float8 as table_oid,
  t.relname::pg_catalog.text as table_name,
  h.inhparent::pg_catalog.int8::pg_catalog.float8 as parent_oid,
  r.relkind = 'I' as is_partitioned,
  m.amname::pg_catalog.text as method,
  -- of the keys and INCLUDE columns; the others end with the keys
  i.indkey::pg_catalog.text as columns,
  i.indclass::pg_catalog.text as operator_classes,
  o.of_keys as operator_class_parameters,
  i.indcollation::pg_catalog.text as collations,
  i.indoption::pg_catalog.text as options,
  -- How the definition of an index of plain columns begins. pg_get_indexdef() takes as long as all the rest: it is asked
  -- about those that have more to say.
  case
    when i.indexprs is null and i.indpred is null and r.reloptions is null and o.of_keys is null and r.relkind = 'i'
      and i.indnatts = i.indnkeyatts and not i.indnullsnotdistinct
    then 'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end
      || 'INDEX ' || pg_catalog.quote_ident(r.relname)
      || ' ON ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.relname)
      || ' USING ' || pg_catalog.quote_ident(m.amname) || ' ('
  end as definition_start,
  case when r.reloptions is not null then (
    select pg_catalog.jsonb_object_agg(p.option_name, p.option_value)
    from pg_catalog.pg_options_to_table(r.reloptions) p
  ) end as storage_parameters,
  i.indisunique as is_unique,
  i.indnullsnotdistinct as nulls_not_distinct,
  i.indisprimary as is_primary,
  s.name as constraint,
  coalesce(s.supports_foreign_key, false) as supports_foreign_key,
  i.indisreplident or (i.indisprimary and t.relreplident = 'd') as is_replica_identity,
  ts.spcname::pg_catalog.text as tablespace,
  d.description as comment,
  i.indisclustered as is_clustered,
  o.statistics_targets,
  i.indisvalid as is_valid,
  not i.indisvalid
    and (i.indrelid in (select relation from builders) or i.indexrelid in (select relation from builders)) as is_being_built,
  greatest(r.relpages, 0) as pages,
  pg_catalog.pg_stat_get_numscans(i.indexrelid)::pg_catalog.float8 as scans,
  pg_catalog.to_char(
    pg_catalog.pg_stat_get_lastscan(i.indexrelid)
    at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_scan,
  pg_catalog.pg_stat_get_tuples_returned(i.indexrelid)::pg_catalog.float8 as tuples_read
from pg_catalog.pg_index i
join pg_catalog.pg_class r on r.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = r.relnamespace
join pg_catalog.pg_class t on t.oid = i.indrelid
join pg_catalog.pg_am m on m.oid = r.relam
left join pg_catalog.pg_inherits h on h.inhrelid = i.indexrelid
left join constraints s on s.conindid = i.indexrelid
left join parameters o on o.attrelid = i.indexrelid
left join pg_catalog.pg_tablespace ts on ts.oid = r.reltablespace
left join pg_catalog.pg_description d
  on d.objoid = i.indexrelid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, r.relname
