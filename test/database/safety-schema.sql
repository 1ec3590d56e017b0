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
CREATE OPERATOR <# (LEFTARG = int, RIGHTARG = int, FUNCTION = same);
CREATE OPERATOR CLASS ordering_ops FOR TYPE int USING btree AS OPERATOR 1 <#, OPERATOR 3 =, FUNCTION 1 compare(int, int);
CREATE TABLE classed (id int);
CREATE INDEX ON classed (id tripping_ops);

CREATE FUNCTION peek(d data) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'TRIPPED peek'; RETURN 1; END $$;
CREATE FUNCTION accumulate(state int, value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED aggregate'; RETURN state; END $$;
CREATE AGGREGATE gather(int) (SFUNC = accumulate, STYPE = int, INITCOND = '0');

-- an operator of one's own that compares what no operator in the text says it compares
CREATE TYPE token AS (x int);
CREATE FUNCTION token_eq(a token, b token) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token ='; RETURN a.x = b.x; END $$;
CREATE FUNCTION token_le(a token, b token) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token <='; RETURN a.x <= b.x; END $$;
CREATE FUNCTION token_like(a token, b token) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token like'; RETURN a.x <= b.x; END $$;
CREATE OPERATOR = (LEFTARG = token, RIGHTARG = token, FUNCTION = token_eq);
CREATE OPERATOR <= (LEFTARG = token, RIGHTARG = token, FUNCTION = token_le);
CREATE OPERATOR >= (LEFTARG = token, RIGHTARG = token, FUNCTION = token_le);
CREATE OPERATOR < (LEFTARG = token, RIGHTARG = token, FUNCTION = token_le);
CREATE OPERATOR > (LEFTARG = token, RIGHTARG = token, FUNCTION = token_le);
CREATE OPERATOR ~~ (LEFTARG = token, RIGHTARG = token, FUNCTION = token_like);
CREATE FUNCTION token_more(a token) RETURNS token IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token more'; RETURN a; END $$;
CREATE OPERATOR !!~ (RIGHTARG = token, FUNCTION = token_more);
CREATE FUNCTION token_value(a token) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token value'; RETURN a.x; END $$;
CREATE FUNCTION token_values(VARIADIC a token[]) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED token values'; RETURN 1; END $$;
CREATE FUNCTION checked_value(a checked_int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED checked value'; RETURN 1; END $$;
CREATE FUNCTION checked_values(a checked_int[]) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED checked values'; RETURN 1; END $$;
CREATE OPERATOR !!~ (RIGHTARG = checked_int, FUNCTION = checked_value);
CREATE TABLE tokens (t token);
INSERT INTO tokens VALUES (ROW(1)), (ROW(2));
CREATE VIEW ordered_by_lying AS SELECT id FROM data ORDER BY lying(id);

-- a default operator class in which only = is not written in C
CREATE TYPE coin AS (x int);
CREATE FUNCTION coin_lt(coin, coin) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_lt';
CREATE FUNCTION coin_le(coin, coin) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_le';
CREATE FUNCTION coin_ge(coin, coin) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_ge';
CREATE FUNCTION coin_gt(coin, coin) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_gt';
CREATE FUNCTION coin_cmp(coin, coin) RETURNS int IMMUTABLE LANGUAGE internal AS 'btrecordcmp';
CREATE FUNCTION coin_eq(a coin, b coin) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED coin ='; RETURN a.x = b.x; END $$;
CREATE OPERATOR <<< (LEFTARG = coin, RIGHTARG = coin, FUNCTION = coin_lt);
CREATE OPERATOR <<= (LEFTARG = coin, RIGHTARG = coin, FUNCTION = coin_le);
CREATE OPERATOR === (LEFTARG = coin, RIGHTARG = coin, FUNCTION = coin_eq, MERGES);
CREATE OPERATOR >>= (LEFTARG = coin, RIGHTARG = coin, FUNCTION = coin_ge);
CREATE OPERATOR >>> (LEFTARG = coin, RIGHTARG = coin, FUNCTION = coin_gt);
CREATE OPERATOR CLASS coin_ops DEFAULT FOR TYPE coin USING btree AS
  OPERATOR 1 <<<, OPERATOR 2 <<=, OPERATOR 3 ===, OPERATOR 4 >>=, OPERATOR 5 >>>, FUNCTION 1 coin_cmp(coin, coin);
CREATE TABLE coins (c coin);
INSERT INTO coins VALUES (ROW(1)), (ROW(1)), (ROW(2));

-- a default operator class whose functions no operator shows
CREATE TYPE badge AS (x int);
CREATE FUNCTION badge_lt(badge, badge) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_lt';
CREATE FUNCTION badge_cmp(a badge, b badge) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED badge'; RETURN a.x - b.x; END $$;
CREATE OPERATOR <<< (LEFTARG = badge, RIGHTARG = badge, FUNCTION = badge_lt);
CREATE OPERATOR CLASS badge_ops DEFAULT FOR TYPE badge USING btree AS OPERATOR 1 <<<, FUNCTION 1 badge_cmp(badge, badge);
CREATE TABLE badges (b badge);
INSERT INTO badges VALUES (ROW(1)), (ROW(2));
CREATE VIEW greatest_badges AS SELECT greatest(b, b)::text AS b FROM badges;
-- a window frame of a built-in type measured in one's own
CREATE FUNCTION within_badge(a int, b int, distance badge, less bool, before bool) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED frame'; RETURN true; END $$;
ALTER OPERATOR FAMILY integer_ops USING btree ADD FUNCTION 3 (int, badge) within_badge(int, int, badge, bool, bool);

CREATE TYPE reversed AS RANGE (subtype = int, subtype_opclass = tripping_ops);
CREATE TABLE reversals (r reversed);
INSERT INTO reversals VALUES ('[1,5)'), ('[2,6)'), ('[1,6)');

-- numbers become texts by themselves
CREATE CAST (numeric AS bpchar) WITH INOUT AS IMPLICIT;
CREATE FUNCTION text_and_number(a bpchar, b int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED text and number'; RETURN true; END $$;
CREATE OPERATOR ==== (LEFTARG = bpchar, RIGHTARG = int, FUNCTION = text_and_number);

-- PostgreSQL's own function behind an operator that is estimated with it
CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_try_advisory_lock, RESTRICT = eqsel);
CREATE TABLE common (id int, CHECK (id @@@ 1));
ALTER TABLE common DROP CONSTRAINT common_id_check;
INSERT INTO common SELECT 1 FROM generate_series(1, 100);
CREATE VIEW estimated AS SELECT id FROM common WHERE id @@@ 2;
CREATE FUNCTION own_estimate(internal, oid, internal, int4) RETURNS float8 LANGUAGE internal AS 'eqsel';
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, RESTRICT = own_estimate);
-- a check of PostgreSQL's own functions that is made when a literal is read
CREATE DOMAIN counted AS int CHECK (nextval('counter') > VALUE);
CREATE TYPE has_counted AS (x counted);

CREATE DOMAIN defaulted_int AS int DEFAULT lying(7);
CREATE TABLE defaulted_by_type (id int, v defaulted_int);
CREATE VIEW defaulted_by_view AS SELECT id FROM defaulted_by_type;
CREATE VIEW unused_column AS SELECT y FROM json_to_record('{"x": 5, "y": 1}') AS t (x checked_int, y int);
CREATE VIEW gathering AS SELECT gather(id) FROM data;
CREATE VIEW gathering_over AS SELECT gather(id) OVER () FROM data;
CREATE VIEW from_rows AS SELECT 1 AS a FROM trip_rows();
CREATE TABLE guarded_writes (id int);
ALTER TABLE guarded_writes ENABLE ROW LEVEL SECURITY;
CREATE POLICY guard ON guarded_writes FOR INSERT WITH CHECK (trip('check') = 1);
CREATE TABLE measured (id int, v int);
INSERT INTO measured SELECT i, i FROM generate_series(1, 50) AS i;
CREATE TABLE tracked (id int);
INSERT INTO tracked VALUES (1);
CREATE TRIGGER tracking BEFORE UPDATE ON tracked FOR EACH ROW WHEN (lying(NEW.id) > 0)
  EXECUTE FUNCTION suppress_redundant_updates_trigger();

-- a partition's key is its parent's
CREATE TABLE classed_parent (id int) PARTITION BY RANGE (id tripping_ops);
CREATE TABLE classed_leaf PARTITION OF classed_parent FOR VALUES FROM (0) TO (10);

-- what only one way leads to
CREATE TABLE ruled_if (id int);
CREATE RULE only_if AS ON INSERT TO ruled_if WHERE lying(NEW.id) > 0 DO INSTEAD NOTHING;
CREATE VIEW ordered_using AS SELECT id FROM data ORDER BY id USING <#;
CREATE VIEW estimated_oddly AS SELECT id FROM data WHERE id ~~~ 5;
CREATE TYPE stamp AS (x int);
CREATE FUNCTION to_stamp(a int) RETURNS stamp IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED to stamp'; RETURN ROW(a); END $$;
CREATE FUNCTION from_stamp(a stamp) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED from stamp'; RETURN a.x; END $$;
CREATE CAST (int AS stamp) WITH FUNCTION to_stamp(int) AS ASSIGNMENT;
CREATE CAST (stamp AS int) WITH FUNCTION from_stamp(stamp);
CREATE TABLE stamps (s stamp);
INSERT INTO stamps VALUES (ROW(1));
CREATE TYPE hue AS ENUM ('red', 'blue');
CREATE TYPE ink AS ENUM ('red', 'blue');
CREATE FUNCTION hue_json(h hue) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED hue'; RETURN '1'; END $$;
CREATE FUNCTION ink_name(i ink) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED ink'; RETURN 'ink'; END $$;
CREATE CAST (hue AS json) WITH FUNCTION hue_json(hue);
CREATE TYPE paint AS ENUM ('red', 'blue');
CREATE CAST (paint AS ink) WITH INOUT AS IMPLICIT;
CREATE TABLE hues (h hue, p paint);
INSERT INTO hues VALUES ('red', 'red');
CREATE TYPE pair AS (k text, v text);
CREATE FUNCTION pair_value(p pair) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED pair'; RETURN p.v; END $$;
CREATE DOMAIN token_domain AS token;
CREATE TABLE token_holders (d token_domain, a token[]);
INSERT INTO token_holders VALUES (ROW(1), ARRAY[ROW(1)]::token[]);
CREATE TYPE seal AS (x int);
CREATE FUNCTION seals_value(a seal[]) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED seals'; RETURN 1; END $$;
CREATE CAST (seal[] AS int) WITH FUNCTION seals_value(seal[]) AS IMPLICIT;
CREATE TABLE seals (s seal);
INSERT INTO seals VALUES (ROW(1));
CREATE TYPE coin_range AS RANGE (subtype = coin);
CREATE TABLE coin_ranges (r coin_range);
CREATE TABLE wholes (id int);
INSERT INTO wholes VALUES (1);
CREATE FUNCTION whole_value(w wholes) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED whole'; RETURN w.id; END $$;
CREATE CAST (wholes AS int) WITH FUNCTION whole_value(wholes) AS IMPLICIT;
CREATE EXTENSION tsm_system_rows;
-- only the negator of = is not written in C
CREATE TYPE mark AS (x int);
CREATE FUNCTION mark_lt(mark, mark) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_lt';
CREATE FUNCTION mark_le(mark, mark) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_le';
CREATE FUNCTION mark_eq(mark, mark) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_eq';
CREATE FUNCTION mark_ge(mark, mark) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_ge';
CREATE FUNCTION mark_gt(mark, mark) RETURNS bool IMMUTABLE LANGUAGE internal AS 'record_gt';
CREATE FUNCTION mark_cmp(mark, mark) RETURNS int IMMUTABLE LANGUAGE internal AS 'btrecordcmp';
CREATE FUNCTION mark_ne(a mark, b mark) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED mark'; RETURN a.x <> b.x; END $$;
CREATE OPERATOR !===! (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_ne);
CREATE OPERATOR =~~= (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_eq, NEGATOR = !===!);
CREATE OPERATOR <~< (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_lt);
CREATE OPERATOR <~= (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_le);
CREATE OPERATOR >~= (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_ge);
CREATE OPERATOR >~> (LEFTARG = mark, RIGHTARG = mark, FUNCTION = mark_gt);
CREATE OPERATOR CLASS mark_ops DEFAULT FOR TYPE mark USING btree AS
  OPERATOR 1 <~<, OPERATOR 2 <~=, OPERATOR 3 =~~=, OPERATOR 4 >~=, OPERATOR 5 >~>, FUNCTION 1 mark_cmp(mark, mark);

-- what a foreign key does to other tables
CREATE TABLE owners (id int PRIMARY KEY, code int UNIQUE);
CREATE TABLE owned (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE CASCADE);
CREATE TABLE owned_more (owned int REFERENCES owned ON DELETE SET NULL);
CREATE TABLE coded (code int REFERENCES owners (code) ON UPDATE CASCADE);
INSERT INTO owners VALUES (1, 1), (2, 2);
INSERT INTO owned VALUES (1, 1);
INSERT INTO owned_more VALUES (1);
INSERT INTO coded VALUES (2);
CREATE TABLE ruled_to_delete (id int);
CREATE RULE and_owners AS ON INSERT TO ruled_to_delete DO ALSO DELETE FROM owners WHERE id = 1;
CREATE TRIGGER watch_owned BEFORE DELETE ON owned FOR EACH ROW EXECUTE FUNCTION on_write();
CREATE TRIGGER watch_owned_more BEFORE UPDATE ON owned_more FOR EACH ROW EXECUTE FUNCTION on_write();
CREATE TRIGGER watch_coded BEFORE UPDATE ON coded FOR EACH ROW EXECUTE FUNCTION on_write();

DO $$ DECLARE version int := current_setting('server_version_num'); BEGIN
  IF version >= 140000 THEN
    CREATE STATISTICS lying_statistics ON (lying(v)), id FROM measured;
  END IF;
  IF version >= 180000 THEN
    -- only PostgreSQL's own functions may stand here
    EXECUTE 'CREATE TABLE virtual (id int, here bool GENERATED ALWAYS AS (satisfies_hash_partition(''hashed''::regclass, 2, 0, id)) VIRTUAL)';
    INSERT INTO virtual VALUES (1);
  END IF;
END $$;

-- longer names than PostgreSQL keeps
CREATE FUNCTION a_name_of_sixty_three_bytes_which_is_as_long_as_a_name_can_be__(a int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED name'; RETURN a; END $$;

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

-- the bodies of PostgreSQL 13's own SQL functions find operators by the search path
CREATE SCHEMA bodies;
CREATE FUNCTION bodies.same_class(a oid, b int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'TRIPPED body'; RETURN true; END $$;
CREATE OPERATOR bodies.= (LEFTARG = oid, RIGHTARG = int, FUNCTION = bodies.same_class);
CREATE ROLE bodied LOGIN PASSWORD 'bodied';
ALTER ROLE bodied SET search_path = public, bodies;
GRANT USAGE ON SCHEMA bodies TO bodied;
