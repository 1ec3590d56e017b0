// Definitions of plain indexes are put together by PG Insight (for speed): each must be what pg_get_indexdef() says.
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import { openTestSession } from './test-session';

const objects = (major: number) => `
  CREATE SCHEMA "Odd ""schema";
  SET search_path = "Odd ""schema", public;
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE TYPE pair AS (a integer, b text);
  CREATE TABLE "select" (
    id integer PRIMARY KEY, "order" text, "a b" varchar(10), fixed char(5), plain text COLLATE "C", m mood, p positive,
    list integer[], c pair, addr inet, net cidr, span int4range, doc jsonb, u uuid UNIQUE, named name, at timestamptz,
    json_array integer, "UPPER" integer, point point, words tsvector, bits bit(3),
    EXCLUDE USING gist (span WITH &&), UNIQUE (id, "order") INCLUDE (m)
  );
  ${[
    'id',
    '"order"',
    '"a b"',
    'fixed',
    'plain',
    'm',
    'p',
    'list',
    'c',
    'addr',
    'net',
    'span',
    'doc',
    'u',
    'named',
    'at',
    'json_array',
    '"UPPER"',
    'bits',
  ]
    .map((column) => `CREATE INDEX ON "select" (${column});`)
    .join('\n  ')}
  CREATE INDEX ON "select" USING hash ("order");
  CREATE INDEX ON "select" USING hash (fixed);
  CREATE INDEX ON "select" USING gin (list);
  CREATE INDEX ON "select" USING gin (doc);
  CREATE INDEX ON "select" USING gin (doc jsonb_path_ops);
  CREATE INDEX ON "select" USING gist (span);
  CREATE INDEX ON "select" USING gist (addr inet_ops);
  CREATE INDEX ON "select" USING gist (point);
  CREATE INDEX ON "select" USING gin (words);
  CREATE INDEX ON "select" USING gist (words);
  CREATE INDEX ON "select" USING gist (words tsvector_ops (siglen = 100));
  CREATE INDEX ON "select" USING spgist (span);
  CREATE INDEX ON "select" USING spgist ("order");
  CREATE INDEX ON "select" USING spgist (point kd_point_ops);
  CREATE INDEX ON "select" USING brin (at, id);
  CREATE INDEX ON "select" USING brin (at) WITH (pages_per_range = 8);
  CREATE INDEX ON "select" ("order" text_pattern_ops, "a b" varchar_pattern_ops, fixed bpchar_pattern_ops);
  CREATE INDEX ON "select" ("a b" bpchar_ops);
  CREATE INDEX ON "select" ("a b" text_ops, "order" varchar_ops);
  CREATE INDEX ON "select" ("order" COLLATE "C", plain COLLATE "default", plain COLLATE "POSIX");
  CREATE INDEX ON "select" ("order" DESC, id NULLS FIRST, u DESC NULLS LAST);
  CREATE INDEX ON "select" (lower("order"), id, (json_array + 1), ("UPPER" % 7) DESC) INCLUDE ("a b", "UPPER") WHERE id > 5 AND "order" IS NOT NULL;
  CREATE UNIQUE INDEX "An ""index" ON "select" ("UPPER", id);
  CREATE UNIQUE INDEX with_fill ON "select" (id) WITH (fillfactor = 70);
  ${major >= 15 ? 'CREATE UNIQUE INDEX ON "select" (json_array) NULLS NOT DISTINCT;' : ''}
  CREATE TABLE wide (${Array.from({ length: 12 }, (_, n) => `c${n} integer`).join(', ')});
  ALTER TABLE wide DROP COLUMN c3, DROP COLUMN c7;
  CREATE INDEX ON wide (c11, c4, c0);
  ALTER TABLE wide RENAME COLUMN c4 TO "table";
  CREATE TABLE parted (at date, n integer) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE INDEX ON parted (at, n);
  CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one;
  CREATE UNIQUE INDEX ON seen (one);
  -- from here on varchar has a default of its own
  CREATE TABLE later (v varchar);
  CREATE INDEX before_class ON later (v);
  CREATE OPERATOR CLASS reversed DEFAULT FOR TYPE varchar USING btree AS
    OPERATOR 1 > (text, text), OPERATOR 2 >= (text, text), OPERATOR 3 = (text, text), OPERATOR 4 <= (text, text),
    OPERATOR 5 < (text, text), FUNCTION 1 (varchar, varchar) bttextcmp(text, text);
  CREATE INDEX after_class ON later (v);
`;

describe('indexes of a snapshot', () => {
  for (const major of [13, 15, 16, 18] as const) {
    it(`are what PostgreSQL ${major} says of them`, async function () {
      this.timeout(60_000);
      let server: PostgresServer | null = null;
      try {
        server = await startPostgres({ major });
        const client = new Client({ connectionString: server.url() });
        await client.connect();
        // the server ends it when the test fails here
        client.on('error', () => undefined);
        await client.query(objects(major));
        const { rows: expected } = await client.query<Record<string, unknown>>(`
          SELECT c.relname AS name, replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') AS definition, pg_get_expr(i.indpred, i.indrelid) AS predicate,
            array(SELECT pg_get_indexdef(c.oid, k, false) FROM generate_series(1, i.indnkeyatts) k ORDER BY k) AS keys,
            array(SELECT quote_ident(a.attname)::text FROM generate_series(i.indnkeyatts + 1, i.indnatts) k
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] ORDER BY k) AS included,
            array(SELECT quote_ident(n.nspname) || '.' || quote_ident(o.opcname)
              || coalesce((SELECT ' (' || array_to_string(a.attoptions, ', ') || ')' FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = k), '') FROM generate_series(1, i.indnkeyatts) k
              JOIN pg_opclass o ON o.oid = i.indclass[k - 1] JOIN pg_namespace n ON n.oid = o.opcnamespace ORDER BY k) AS classes,
            coalesce(c.reloptions, '{}') AS parameters
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE c.relnamespace = '"Odd ""schema"'::regnamespace ORDER BY c.relname::text COLLATE "C"`);
        await client.end();
        const session = await openTestSession(server);
        const { indexes } = (
          await captureSnapshot(session.run, await captureServerFacts(session), {
            server: session.server,
            sections: ['indexes'],
          })
        ).sections;
        await session.close();
        if (indexes.status === 'unavailable') assert.fail(indexes.reason.message);
        assert.ok(expected.length > 45);
        assert.deepEqual(
          indexes.rows.map(({ name, definition, predicate, keys, included, storageParameters }) => ({
            name,
            definition,
            predicate,
            keys: keys.map(({ sql }) => sql),
            included,
            classes: keys.map(({ operatorClass }) => operatorClass),
            parameters: Object.entries(storageParameters).map(([parameter, value]) => `${parameter}=${value}`),
          })),
          expected,
        );
      } finally {
        await server?.stop();
      }
    });
  }
});
