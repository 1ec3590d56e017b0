-- The database, what its texts are sorted by, and what this role may read of the statistics.
SELECT
  pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate::pg_catalog.text AS collate,
  d.datctype::pg_catalog.text AS ctype,
  d.datlocprovider::pg_catalog.text AS provider,
  d.datlocale::pg_catalog.text AS locale,
  pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'SELECT') AS may_read_statistics,
  pg_catalog.has_table_privilege('pg_catalog.pg_statistic_ext_data', 'SELECT') AS may_read_extended
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
