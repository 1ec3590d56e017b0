-- From 1.9 on. /* schema */ is where the extension is.
select
  i.dealloc::pg_catalog.float8 as deallocated,
  pg_catalog.to_char(i.stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as statistics_reset
from /* schema */ pg_stat_statements_info i
