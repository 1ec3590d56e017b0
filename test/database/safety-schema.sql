-- Everything through which a statement can reach code that nobody sees in it. Each function of this schema says TRIPPED
-- in the server's log when it runs, so that a run is seen even where it is rolled back.
CREATE TABLE audit (what text);
CREATE TABLE data (id int PRIMARY KEY, v text);
INSERT INTO data SELECT i, 'v' || i FROM generate_series(1, 50) AS i;
CREATE SEQUENCE counter;

CREATE FUNCTION trip(what text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED %', what; INSERT INTO audit VALUES (what); RETURN 1; END $$;
CREATE FUNCTION trip_text(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED %', what; RETURN what; END $$;
CREATE FUNCTION trip_rows() RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED rows'; RETURN NEXT 1; END $$;
-- the planner believes these and computes them while it plans
CREATE FUNCTION lying(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED lying'; RETURN a; END $$;
CREATE FUNCTION lying_sql(a int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT lying(a)';
CREATE FUNCTION lying_stable(a int) RETURNS int STABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED stable'; RETURN a; END $$;
CREATE FUNCTION kill() RETURNS SETOF bool LANGUAGE sql AS
  $$SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'$$;
CREATE FUNCTION far_away(connection text, sent text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED far away'; RETURN sent; END $$;
CREATE PROCEDURE proceed() LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'TRIPPED procedure'; END $$;
-- on servers before SQL/JSON this is an ordinary call
CREATE FUNCTION "json_scalar"(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'TRIPPED json_scalar'; RETURN a; END $$;

CREATE FUNCTION same(a int, b int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED operator'; RETURN a = b; END $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same);
CREATE OPERATOR !!! (RIGHTARG = int, FUNCTION = lying);

CREATE TYPE wrapped AS (x int);
CREATE FUNCTION unwrap(w wrapped) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED cast'; RETURN w.x; END $$;
CREATE CAST (wrapped AS int) WITH FUNCTION unwrap(wrapped) AS IMPLICIT;
CREATE TABLE wraps (w wrapped);
INSERT INTO wraps VALUES (ROW(1));

CREATE DOMAIN checked_int AS int CHECK (lying(VALUE) > 0);
CREATE TYPE has_domain AS (x checked_int);
CREATE TABLE domains (x checked_int);
INSERT INTO domains VALUES (5);

-- a condition assigns to bool
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE FUNCTION is_good(m mood) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED mood'; RETURN m = 'good'; END $$;
CREATE CAST (mood AS bool) WITH FUNCTION is_good(mood) AS ASSIGNMENT;
CREATE TABLE moods (m mood);
INSERT INTO moods VALUES ('good');
-- PostgreSQL's own function behind || casts to text
CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE FUNCTION shade_name(s shade) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED shade'; RETURN 'shade'; END $$;
CREATE CAST (shade AS text) WITH FUNCTION shade_name(shade);
CREATE TABLE shades (s shade);
INSERT INTO shades VALUES ('light');
-- lying(-5) is computed when a plan with the domain is set up, once a session
CREATE DOMAIN whole_data AS data CHECK ((VALUE).id > lying(-5) AND lying((VALUE).id) > 0);

-- somebody's hash function decides on the partition
CREATE FUNCTION hash_int(a int, seed int8) RETURNS int8 IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED hash'; RETURN a; END $$;
CREATE OPERATOR CLASS tripping_hash_ops FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 2 hash_int(int, int8);
CREATE TABLE hashed (id int) PARTITION BY HASH (id tripping_hash_ops);

CREATE FUNCTION distance(a float8, b float8) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED range'; RETURN a - b; END $$;
CREATE TYPE spans AS RANGE (subtype = float8, subtype_diff = distance);
CREATE TABLE spanned (s spans);

CREATE VIEW tripping AS SELECT trip('view') AS a;
CREATE VIEW tripping_twice AS SELECT a FROM tripping;
CREATE VIEW killing AS SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity WHERE application_name = 'victim';
CREATE VIEW sleeping AS SELECT id, pg_sleep(0.001)::text AS slept FROM data;
CREATE VIEW comparing AS SELECT id === 3 AS same FROM data;

CREATE TABLE guarded (id int);
INSERT INTO guarded VALUES (1);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY guard ON guarded USING (trip('policy') = 1);

CREATE TABLE indexed (id int);
CREATE INDEX ON indexed (lying(id));
CREATE TABLE partly_indexed (id int);
CREATE INDEX ON partly_indexed (id) WHERE lying(id) > 5;
CREATE TABLE constrained (id int CHECK (id > lying(0)));
CREATE TABLE partitioned (id int) PARTITION BY RANGE (lying(id));
CREATE TABLE partitioned_1 PARTITION OF partitioned FOR VALUES FROM (0) TO (10);
CREATE TABLE parent (id int);
CREATE TABLE child (CHECK (lying(id) >= 0)) INHERITS (parent);
CREATE TABLE generated (id int, twice int GENERATED ALWAYS AS (lying(id)) STORED);
CREATE TABLE defaulted (id int, v text DEFAULT trip_text('default'));
CREATE TABLE numbered (id serial, v text);
CREATE TABLE triggered (id int);
CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'TRIPPED trigger'; RETURN NEW; END $$;
CREATE TRIGGER watch BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION on_write();
CREATE TABLE ruled (id int);
CREATE RULE too AS ON INSERT TO ruled DO ALSO INSERT INTO audit VALUES (trip_text('rule'));

CREATE FUNCTION compare(a int, b int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED operator class'; RETURN a - b; END $$;
CREATE OPERATOR CLASS tripping_ops FOR TYPE int USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(int, int);
CREATE TABLE classed (id int);
CREATE INDEX ON classed (id tripping_ops);

CREATE FUNCTION peek(d data) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'TRIPPED peek'; RETURN 1; END $$;
CREATE FUNCTION accumulate(state int, value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED aggregate'; RETURN state; END $$;
CREATE AGGREGATE gather(int) (SFUNC = accumulate, STYPE = int, INITCOND = '0');

CREATE EXTENSION postgres_fdw;
CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', use_remote_estimate 'true');
CREATE FOREIGN TABLE distant (id int) SERVER nowhere;

CREATE ROLE app LOGIN PASSWORD 'app';
CREATE USER MAPPING FOR app SERVER nowhere OPTIONS (user 'x', password 'x');
GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;

-- finds somebody else's = before PostgreSQL's own
CREATE SCHEMA evil;
CREATE FUNCTION evil.equal(a int, b int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED shadow'; RETURN true; END $$;
CREATE FUNCTION evil.equal(a oid, b oid) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED shadow'; RETURN true; END $$;
CREATE FUNCTION evil.equal(a name, b name) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED shadow'; RETURN true; END $$;
CREATE FUNCTION evil.equal(a name, b text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED shadow'; RETURN true; END $$;
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.equal);
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.equal);
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.equal);
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.equal);
CREATE ROLE shadowed LOGIN PASSWORD 'shadowed';
ALTER ROLE shadowed SET search_path = evil, pg_catalog, public;
GRANT USAGE ON SCHEMA evil TO shadowed;
GRANT SELECT ON data TO shadowed;
CREATE ROLE old_strings LOGIN PASSWORD 'old_strings';
ALTER ROLE old_strings SET standard_conforming_strings = off;
