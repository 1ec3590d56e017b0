-- Every database of the server.
select
  d.datname::pg_catalog.text as name,
  d.datname = pg_catalog.current_database() as is_current,
  d.datallowconn as allows_connections,
  -- -2 is a database that could not be dropped to the end (from 15.4 on)
  case when d.datconnlimit >= 0 then d.datconnlimit end as connection_limit,
  coalesce(s.numbackends, 0) as connections,
  coalesce(s.blks_read, 0)::pg_catalog.float8 as blocks_read,
  coalesce(s.blks_hit, 0)::pg_catalog.float8 as blocks_hit,
  pg_catalog.age(d.datfrozenxid) as transaction_age,
  pg_catalog.mxid_age(d.datminmxid) as multixact_age,
  pg_catalog.to_char(s.stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as statistics_reset,
  -- After a crash all counts are gone. Up to 14 that shows as a reset of the database; from 15 on only the figures about
  -- the whole server say since when they count: the earlier one, for each can be reset alone.
  pg_catalog.to_char(
    greatest(
      s.stats_reset,
      least(pg_catalog.pg_stat_get_bgwriter_stat_reset_time(), w.stats_reset)
    ) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as counted_since
from pg_catalog.pg_database d
left join pg_catalog.pg_stat_database s on s.datid = d.oid
cross join pg_catalog.pg_stat_archiver w
order by d.datname
