-- One row: when the transaction began by the server's clock, and whether it is a standby now.
select
  pg_catalog.to_char(pg_catalog.now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as captured_at,
  pg_catalog.pg_is_in_recovery() as in_recovery
