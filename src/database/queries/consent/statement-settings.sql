-- Runs under the role's own search_path, where any operator could be somebody else's: functions and qualified names only.
SELECT
  pg_catalog.current_schemas(true)::pg_catalog.text[] AS schemas,
  pg_catalog.current_setting('search_path') AS search_path,
  pg_catalog.current_setting('standard_conforming_strings') AS standard_conforming_strings,
  pg_catalog.current_setting('server_encoding') AS server_encoding
