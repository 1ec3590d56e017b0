-- From 1.9 on. The extension's schema is put before the view (statements.ts).
select
  i.dealloc::pg_catalog.float8 as deallocated,
  pg_catalog.to_char(i.stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as statistics_reset
from pg_stat_statements_info i
