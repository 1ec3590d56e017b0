-- Deterministic stand-ins for random(). hashint8extended places rows in hash partitions, so no major may change it:
-- the same row number and seed give the same value on every server. They live in pg_temp: nothing of them is left behind.

-- uniform in [0, 1)
CREATE FUNCTION pg_temp.uniform(n bigint, seed integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT (pg_catalog.hashint8extended(n, seed) & 2147483647)::double precision / 2147483648';

-- in [0, 1), crowded near 0: the first tenth of the range holds 46 % of the values
CREATE FUNCTION pg_temp.skewed(n bigint, seed integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT pow(pg_temp.uniform(n, seed), 3)';

-- a whole number from 0 to size - 1
CREATE FUNCTION pg_temp.pick(n bigint, seed integer, size integer) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT floor(pg_temp.uniform(n, seed) * size)::integer';

CREATE FUNCTION pg_temp.pick_skewed(n bigint, seed integer, size integer) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT floor(pg_temp.skewed(n, seed) * size)::integer';

-- how many rows a table gets at this scale
CREATE FUNCTION pg_temp.row_count(table_name text) RETURNS integer
  LANGUAGE sql STABLE
  AS 'SELECT current_setting(''shop.'' || table_name)::integer';
