import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { ServerFacts } from '../../src/analysis/server/server-facts';
import type { TableSummary } from '../../src/analysis/tables/table';
import { buildTableTree } from '../../src/analysis/tables/table-tree';
import { captureServerFacts } from '../../src/database/server-facts';
import type { Session } from '../../src/database/session';
import { captureTableDdl } from '../../src/database/table-definition';
import { captureExactSizes, captureTableDetails } from '../../src/database/table-details';
import { captureTables } from '../../src/database/tables';
import { fillShopDatabase, shopServerSettings } from '../factories/shop-database';
import { dumpTableCatalogue } from './table-catalogue';
import { openTestSession } from './test-session';

/** Covers every boundary between versions that the queries know. */
const majors = [13, 15, 16, 18] as const;
const shopScale = 0.02;

/** Names that break whatever puts SQL together without quoting. */
const nastySchema = `sch"ema 'x' 🐘`;
const nastyTables = [
  `ta"ble`,
  `it's`,
  `with space`,
  `emoji 🐘 Ünïcödé`,
  `back\\slash`,
  `select`,
  `CamelCase`,
  `$dollar$`,
  `percent %I %s`,
  // 63 bytes: the longest name PostgreSQL keeps
  `${'x'.repeat(59)}🐘`,
];

const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function runAs<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Functions and types are not a table's: the copy gets them before its tables. */
const functionsAndTypes = `
  CREATE COLLATION oddities.german (locale = 'C');
  CREATE DOMAIN oddities.cents AS bigint CHECK (value >= 0);
  CREATE SEQUENCE oddities.shared_seq;
  CREATE TYPE oddities.pair AS (a integer, b text);
  CREATE FUNCTION oddities.may_see(who text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT who = current_user';
`;

/** Tables with one of everything that can be said of a table besides its columns, keys and indexes. */
async function createNastyTables(client: Client, major: number): Promise<void> {
  await client.query('SET allow_in_place_tablespaces = on');
  await client.query(`CREATE TABLESPACE "other disk" LOCATION ''`);
  await client.query(`
    CREATE ROLE "The Owner"; CREATE ROLE reader; CREATE ROLE "it's a ""clerk""";
    GRANT USAGE, CREATE ON SCHEMA oddities TO "The Owner", reader, "it's a ""clerk""";
    CREATE FUNCTION oddities."on change"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    GRANT CREATE ON TABLESPACE "other disk" TO "The Owner";
    CREATE TABLE oddities."na""sty" (
      id serial PRIMARY KEY,
      own bigint GENERATED ALWAYS AS IDENTITY,
      who text DEFAULT CURRENT_USER,
      "it's" text,
      kind integer NOT NULL,
      at timestamptz,
      CONSTRAINT once UNIQUE (kind, at) DEFERRABLE INITIALLY DEFERRED
    ) TABLESPACE "other disk";
    ALTER TABLE oddities."na""sty" ALTER COLUMN "it's" SET STORAGE MAIN;
    ALTER TABLE oddities."na""sty" ALTER COLUMN "it's" SET STATISTICS 0;
    ALTER TABLE oddities."na""sty" ALTER COLUMN who SET (n_distinct = 12, n_distinct_inherited = -1);
    CREATE UNIQUE INDEX "by kind" ON oddities."na""sty" (kind) TABLESPACE "other disk";
    CREATE INDEX by_expression ON oddities."na""sty" (lower(who), kind, ("it's" || 'x'));
    ALTER INDEX oddities.by_expression ALTER COLUMN 1 SET STATISTICS 700;
    ALTER INDEX oddities.by_expression ALTER COLUMN 3 SET STATISTICS 0;
    ALTER INDEX oddities."na""sty_pkey" SET TABLESPACE "other disk";
    ALTER INDEX oddities."na""sty_pkey" SET (fillfactor = 55);
    COMMENT ON INDEX oddities."na""sty_pkey" IS 'of a constraint';
    ALTER TABLE oddities."na""sty" CLUSTER ON "by kind";
    ALTER TABLE oddities."na""sty" REPLICA IDENTITY USING INDEX "by kind";
    CREATE STATISTICS oddities."to gether" (mcv) ON kind, who FROM oddities."na""sty";
    ALTER STATISTICS oddities."to gether" SET STATISTICS 300;
    ALTER STATISTICS oddities."to gether" OWNER TO reader;

    CREATE TRIGGER "Before It" BEFORE INSERT OR UPDATE OF kind, "it's" ON oddities."na""sty"
      FOR EACH ROW WHEN (new.kind > 0 AND new."it's" <> E'\\\\ '';') EXECUTE FUNCTION oddities."on change"('it''s', 'a;b');
    CREATE TRIGGER after_all AFTER UPDATE ON oddities."na""sty" REFERENCING OLD TABLE AS gone NEW TABLE AS come
      FOR EACH STATEMENT EXECUTE FUNCTION oddities."on change"();
    CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON oddities."na""sty" DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    CREATE TRIGGER off BEFORE DELETE ON oddities."na""sty" FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    CREATE TRIGGER on_replica BEFORE DELETE ON oddities."na""sty" FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    ALTER TABLE oddities."na""sty" DISABLE TRIGGER off, ENABLE REPLICA TRIGGER on_replica, ENABLE ALWAYS TRIGGER checked;
    COMMENT ON TRIGGER "Before It" ON oddities."na""sty" IS 'it''s first';

    CREATE RULE "No Delete" AS ON DELETE TO oddities."na""sty" WHERE old.kind = 7 DO INSTEAD NOTHING;
    CREATE RULE twice AS ON INSERT TO oddities."na""sty" DO ALSO (
      UPDATE oddities.hidden SET open = 'a;b'; NOTIFY "na""sty"; );
    ALTER TABLE oddities."na""sty" DISABLE RULE twice;
    COMMENT ON RULE "No Delete" ON oddities."na""sty" IS 'keeps 7';

    ALTER TABLE oddities."na""sty" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY "Sees Own" ON oddities."na""sty" FOR SELECT TO reader, "it's a ""clerk""" USING (oddities.may_see(who));
    CREATE POLICY narrow ON oddities."na""sty" AS RESTRICTIVE USING (kind > 0) WITH CHECK (kind < 10 AND "it's" <> 'it''s');
    CREATE POLICY adds ON oddities."na""sty" FOR INSERT TO CURRENT_USER
      WITH CHECK (EXISTS (SELECT FROM oddities.hidden h WHERE h.open = who));
    COMMENT ON POLICY narrow ON oddities."na""sty" IS 'for all';
    COMMENT ON SEQUENCE oddities."na""sty_id_seq" IS 'counts';

    ALTER TABLE oddities."na""sty" OWNER TO "The Owner";
    REVOKE DELETE, TRUNCATE ON oddities."na""sty" FROM "The Owner";
    GRANT SELECT, INSERT ON oddities."na""sty" TO reader WITH GRANT OPTION;
    GRANT ALL ON oddities."na""sty" TO "it's a ""clerk""";
    GRANT UPDATE (kind, "it's"), REFERENCES (id) ON oddities."na""sty" TO reader;
    GRANT SELECT (at) ON oddities."na""sty" TO PUBLIC;
    GRANT USAGE ON SEQUENCE oddities."na""sty_id_seq" TO reader WITH GRANT OPTION;
    REVOKE ALL ON SEQUENCE oddities."na""sty_own_seq" FROM "The Owner";
    SET ROLE reader;
    GRANT SELECT ON oddities."na""sty" TO PUBLIC;
    RESET ROLE;

    CREATE TABLE oddities.typed OF oddities.pair (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'b');
    REVOKE ALL ON oddities.typed FROM postgres;
    CREATE TABLE oddities.heir_parent (a integer DEFAULT 1, b text NOT NULL, c text);
    ALTER TABLE oddities.heir_parent ALTER COLUMN c SET STORAGE EXTERNAL;
    CREATE TABLE oddities.heir (CHECK (a > 0)) INHERITS (oddities.heir_parent);
    ALTER TABLE oddities.heir ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a SET NOT NULL, ALTER COLUMN b SET STORAGE MAIN;
    ALTER TABLE oddities.heir ALTER COLUMN c SET STORAGE EXTENDED;

    CREATE TRIGGER each_row AFTER INSERT ON oddities.nested FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    CREATE TRIGGER never AFTER INSERT ON oddities.nested FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    ALTER TABLE oddities.nested DISABLE TRIGGER never;
    ALTER TABLE oddities.nested_eu_2 DISABLE TRIGGER each_row;
    ALTER TABLE oddities.late ENABLE ALWAYS TRIGGER never;
    CREATE TRIGGER of_its_own BEFORE INSERT ON oddities.late FOR EACH ROW EXECUTE FUNCTION oddities."on change"();
    ALTER TABLE oddities.nested_eu OWNER TO reader;
    COMMENT ON CONSTRAINT nested_note ON oddities.late IS 'of a partition';
    CREATE INDEX view_of_n ON oddities.view_of (n);
    ALTER MATERIALIZED VIEW oddities.view_of CLUSTER ON view_of_n;
    ALTER MATERIALIZED VIEW oddities.view_of OWNER TO reader;
    GRANT SELECT ON oddities.view_of TO PUBLIC;
  `);
  if (major >= 14) {
    await client.query(`
      CREATE STATISTICS oddities.of_expression ON (lower(who)) FROM oddities."na""sty";
      ALTER TABLE oddities.heir ALTER COLUMN b SET COMPRESSION pglz;
    `);
  }
  if (major >= 15) {
    await client.query(`
      CREATE UNLOGGED TABLE oddities.light (a integer GENERATED ALWAYS AS IDENTITY, b serial);
      ALTER SEQUENCE oddities.light_a_seq SET LOGGED;
      ALTER SEQUENCE oddities.light_b_seq SET LOGGED;
      CREATE UNIQUE INDEX alike ON oddities."na""sty" (who) NULLS NOT DISTINCT;
    `);
  }
  if (major >= 18) {
    await client.query('ALTER TABLE oddities.heir ADD CONSTRAINT c_is_there NOT NULL c NO INHERIT');
  }
}

async function createOddities(client: Client, major: number): Promise<void> {
  await client.query(`
    CREATE SCHEMA oddities;
    CREATE TABLE oddities.nested (id bigint NOT NULL, region text NOT NULL, at date NOT NULL, note text) PARTITION BY LIST (region);
    CREATE TABLE oddities.nested_eu PARTITION OF oddities.nested FOR VALUES IN ('de', 'fr') PARTITION BY RANGE (at);
    CREATE TABLE oddities.nested_eu_2 PARTITION OF oddities.nested_eu FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE oddities.nested_eu_10 PARTITION OF oddities.nested_eu FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
    CREATE TABLE oddities.nested_rest PARTITION OF oddities.nested DEFAULT;
    CREATE INDEX nested_at ON oddities.nested (at);
    ALTER TABLE oddities.nested ADD CONSTRAINT nested_note CHECK (note <> '') ;
    ALTER TABLE oddities.nested ADD CONSTRAINT nested_key PRIMARY KEY (region, at, id);
    INSERT INTO oddities.nested SELECT g, CASE WHEN g % 3 = 0 THEN 'us' ELSE 'de' END, date '2026-01-01' + g % 700, 'n' FROM generate_series(1, 5000) g;
    CREATE TABLE oddities.late (note text, at date NOT NULL, region text NOT NULL, id bigint NOT NULL);
    ALTER TABLE oddities.late ADD CONSTRAINT nested_note CHECK (note <> '');
    ALTER TABLE oddities.nested ATTACH PARTITION oddities.late FOR VALUES IN ('jp');
    ANALYZE oddities.nested;

    ${functionsAndTypes}
    CREATE UNLOGGED TABLE oddities.everything (
      always integer GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5 CACHE 20),
      by_default smallint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME oddities.own_name CYCLE MAXVALUE 100),
      counter serial,
      big bigserial,
      shared bigint DEFAULT nextval('oddities.shared_seq'),
      price oddities.cents DEFAULT 5,
      doubled bigint GENERATED ALWAYS AS ((price)::bigint * 2) STORED,
      label varchar(20) COLLATE oddities.german DEFAULT 'it''s \\ "x"',
      moment timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP,
      matrix integer[][],
      plain_text text,
      dropped text,
      during tstzrange,
      PRIMARY KEY (always) WITH (fillfactor = 80),
      CONSTRAINT "odd Name" UNIQUE (by_default, label) DEFERRABLE INITIALLY DEFERRED,
      CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (price > 0),
      CHECK (price < 1000) NO INHERIT
    ) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_vacuum_scale_factor = 0.5);
    ALTER TABLE oddities.everything DROP COLUMN dropped;
    ALTER TABLE oddities.everything ALTER COLUMN plain_text SET STORAGE EXTERNAL;
    ALTER TABLE oddities.everything ALTER COLUMN label SET STATISTICS 500;
    ALTER TABLE oddities.everything ALTER COLUMN label SET (n_distinct = -0.5);
    ALTER TABLE oddities.everything ADD CONSTRAINT later CHECK (plain_text <> 'x') NOT VALID;
    ALTER TABLE oddities.everything ADD CONSTRAINT self FOREIGN KEY (shared) REFERENCES oddities.everything (always) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE;
    ALTER TABLE oddities.everything REPLICA IDENTITY FULL;
    CREATE INDEX partial_one ON oddities.everything USING btree (lower(label) text_pattern_ops DESC NULLS LAST, price) INCLUDE (shared) WITH (fillfactor = 60) WHERE plain_text IS NOT NULL;
    CREATE INDEX brin_one ON oddities.everything USING brin (moment);
    CREATE STATISTICS oddities.together (ndistinct, dependencies) ON label, price FROM oddities.everything;
    COMMENT ON STATISTICS oddities.together IS 'both';
    COMMENT ON TABLE oddities.everything IS E'two\\nlines \\\\ and it''s';
    COMMENT ON COLUMN oddities.everything.label IS 'a label';
    COMMENT ON INDEX oddities.brin_one IS 'small';
    COMMENT ON CONSTRAINT later ON oddities.everything IS 'one day';

    CREATE TABLE oddities.child (extra text DEFAULT 'c') INHERITS (oddities.everything);
    ALTER TABLE oddities.child ALTER COLUMN price SET DEFAULT 7;
    CREATE TABLE oddities.no_columns ();
    CREATE MATERIALIZED VIEW oddities.view_of AS SELECT count(*) AS n FROM oddities.nested WITH NO DATA;
    COMMENT ON MATERIALIZED VIEW oddities.view_of IS 'not filled';
    CREATE TABLE oddities.hidden (secret text, open text);
    INSERT INTO oddities.hidden SELECT g::text, (g % 3)::text FROM generate_series(1, 300) g;
    CREATE TABLE oddities.guarded (owner text);
    INSERT INTO oddities.guarded SELECT 'me' FROM generate_series(1, 100);
    ALTER TABLE oddities.guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON oddities.guarded USING (owner = current_user);
    ANALYZE oddities.hidden, oddities.guarded;
    CREATE TABLE oddities.never_analyzed (a int) WITH (autovacuum_enabled = false);
  `);
  if (major >= 18) {
    await client.query(`
      CREATE TABLE oddities.numbered (id bigint GENERATED ALWAYS AS IDENTITY (START WITH 7), at date) PARTITION BY RANGE (at);
      CREATE TABLE oddities.numbered_1 PARTITION OF oddities.numbered FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE TABLE oddities.eighteen (
        a integer, b integer CONSTRAINT b_is_there NOT NULL NO INHERIT, c integer,
        d integer GENERATED ALWAYS AS (a * 2) VIRTUAL, CONSTRAINT loose CHECK (a > 0) NOT ENFORCED
      );
      ALTER TABLE oddities.eighteen ADD CONSTRAINT c_later NOT NULL c NOT VALID;
    `);
  }
  if (major >= 14) await client.query('ALTER TABLE oddities.hidden ALTER COLUMN secret SET COMPRESSION pglz');
  await client.query(`CREATE SCHEMA ${quoteIdentifier(nastySchema)}`);
  for (const name of nastyTables) {
    const table = `${quoteIdentifier(nastySchema)}.${quoteIdentifier(name)}`;
    await client.query(`CREATE TABLE ${table} (
      ${quoteIdentifier(name)} integer PRIMARY KEY,
      "a ""quoted"" column" text DEFAULT ${client.escapeLiteral(`${name}\\'"`)} CHECK ("a ""quoted"" column" <> 'it''s'),
      "user" text NOT NULL,
      parent integer REFERENCES ${table}
    )`);
    await client.query(`CREATE INDEX ON ${table} ("a ""quoted"" column", ${quoteIdentifier(name)})`);
    await client.query(`COMMENT ON TABLE ${table} IS ${client.escapeLiteral(name)}`);
  }
}

describe('tables, table details and DDL', () => {
  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, function () {
      this.timeout(180_000);
      let server: PostgresServer;
      let session: Session;
      let facts: ServerFacts;
      let client: Client;
      let tables: TableSummary[];

      before(async () => {
        server = await startPostgres({ major, settings: { ...shopServerSettings } });
        await fillShopDatabase(server.url(), { scale: shopScale });
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await createOddities(client, major);
        await createNastyTables(client, major);
        await client.query(`CREATE ROLE nobody_special LOGIN PASSWORD 'p'`);
        // 15 and newer keep the counts in shared memory but a backend hands its own over only now and then
        await client.query('SELECT pg_sleep(1.1)');
        session = await openTestSession(server);
        facts = await captureServerFacts(session);
        tables = await captureTables(session.run, facts);
      });

      after(async () => {
        await session.close();
        await client.end();
        await server.stop();
      });

      const find = (schema: string, name: string): TableSummary => {
        const table = tables.find((each) => each.schema === schema && each.name === name);
        assert.ok(table, `${schema}.${name} is in the list`);
        return table;
      };

      it('reads the facts that the server itself states', async () => {
        const { rows } = await client.query<Record<string, string>>(
          `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
             current_setting('block_size') AS block_size, current_setting('track_io_timing') AS timing,
             (SELECT extversion FROM pg_extension WHERE extname = 'pg_stat_statements') AS statements`,
        );
        assert.equal(String(facts.versionNumber), rows[0]!['number']);
        assert.equal(facts.version, rows[0]!['version']);
        assert.equal(String(facts.blockSizeBytes), rows[0]!['block_size']);
        assert.equal(facts.settings['track_io_timing'], rows[0]!['timing']);
        assert.equal(
          facts.extensions.find(({ name }) => name === 'pg_stat_statements')?.version,
          rows[0]!['statements'],
        );
        assert.equal(facts.role, 'postgres');
        assert.equal(facts.isSuperuser, true);
        assert.equal(facts.inRecovery, false);
        assert.equal(facts.pooler, 'none');
        assert.equal(facts.tls, null);
        assert.equal(facts.canReadStatementStatistics, true);
        assert.deepEqual(facts.unreadableTables, []);
        assert.ok(facts.availableExtensions.includes('pg_trgm'));
        assert.equal(facts.predefinedRoles.includes('pg_read_all_data'), major >= 14);
      });

      it('lists exactly the tables of user schemas', async () => {
        await client.query('CREATE TEMP TABLE of_another_session (a int)');
        const listed = await captureTables(session.run, facts);
        const { rows } = await client.query<{ schema: string; name: string }>(
          `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
           WHERE relkind IN ('r', 'p', 'm', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
           ORDER BY 1, 2`,
        );
        assert.deepEqual(
          listed.map(({ schema, name }) => ({ schema, name })),
          rows,
        );
        assert.ok(rows.some(({ name }) => name === 'orders'));
        assert.ok(nastyTables.every((name) => rows.some((row) => row.name === name && row.schema === nastySchema)));
        assert.ok(!listed.some(({ name }) => name === 'of_another_session'));
      });

      it("gives the server's own figures", async () => {
        const { rows } = await client.query<Record<string, string | number | null>>(
          `SELECT c.relname, c.relpages::bigint * current_setting('block_size')::int AS bytes, c.reltuples::bigint AS rows,
             s.seq_scan, coalesce(s.idx_scan, 0) AS idx_scan, s.n_live_tup, s.n_dead_tup,
             s.seq_scan::float8 / nullif(s.seq_scan + coalesce(s.idx_scan, 0), 0) AS sequential_ratio,
             s.n_dead_tup::float8 / nullif(s.n_dead_tup + s.n_live_tup, 0) AS dead_ratio, obj_description(c.oid) AS comment,
             extract(epoch from date_trunc('milliseconds', greatest(s.last_analyze, s.last_autoanalyze)))::numeric(20, 3) AS analyzed
           FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
           WHERE c.relname IN ('orders', 'audit_log', 'UserAccount', 'daily_sales') ORDER BY 1`,
        );
        assert.equal(rows.length, 4);
        tables = await captureTables(session.run, facts);
        for (const row of rows) {
          const table = tables.find(({ name }) => name === row['relname']);
          assert.ok(table);
          assert.equal(String(table.estimatedSizeBytes), row['bytes']);
          assert.equal(String(table.estimatedRows), row['rows']);
          assert.equal(String(table.scans?.sequential), row['seq_scan']);
          assert.equal(String(table.scans?.index), row['idx_scan']);
          assert.equal(String(table.tuples?.live), row['n_live_tup']);
          assert.equal(String(table.tuples?.dead), row['n_dead_tup']);
          assert.equal(table.sequentialScanRatio, row['sequential_ratio']);
          assert.equal(table.deadTupleRatio, row['dead_ratio']);
          assert.equal(table.comment, row['comment']);
          assert.equal((Date.parse(table.lastAnalyze ?? '') / 1000).toFixed(3), row['analyzed']);
        }
        for (const ratio of ['sequential_ratio', 'dead_ratio']) {
          const isTelling = rows.some(({ [ratio]: value }) => typeof value === 'number' && value !== 0.5);
          assert.ok(isTelling, `${ratio}: one that is another the other way round`);
        }
        const auditLog = find('public', 'audit_log');
        assert.ok((auditLog.deadTupleRatio ?? 0) > 0.2, 'the retention job left dead rows');
        assert.equal(find('reporting', 'daily_sales').kind, 'materialized view');
      });

      it('sums partitions at every level', async () => {
        const { rows } = await client.query<{ bytes: string; rows: string; live: string }>(
          `SELECT sum(c.relpages::bigint * current_setting('block_size')::int) AS bytes, sum(c.reltuples)::bigint AS rows,
             sum(pg_stat_get_live_tuples(c.oid)) AS live
           FROM pg_class c WHERE relname IN ('nested_eu_2', 'nested_eu_10', 'nested_rest')`,
        );
        const nested = find('oddities', 'nested');
        assert.equal(nested.kind, 'partitioned table');
        assert.equal(String(nested.estimatedSizeBytes), rows[0]!.bytes);
        assert.equal(String(nested.estimatedRows), rows[0]!.rows);
        assert.equal(String(nested.tuples?.live), rows[0]!.live);
        assert.ok(nested.estimatedSizeBytes > 0);
        const events = find('public', 'events');
        assert.ok((events.estimatedRows ?? 0) > 0);

        const odd = buildTableTree(tables).find(({ schema }) => schema === 'oddities');
        const node = odd?.tables.find(({ table }) => table.name === 'nested');
        assert.deepEqual(
          node?.partitions.map(({ table }) => table.name),
          ['late', 'nested_eu', 'nested_rest'],
        );
        assert.deepEqual(
          node.partitions[1]?.partitions.map(({ table }) => table.name),
          ['nested_eu_2', 'nested_eu_10'],
        );
        assert.ok(
          odd?.tables.some(({ table }) => table.name === 'child'),
          'an inheritance child stands for itself',
        );
      });

      it('does not take "never analyzed" for "empty"', () => {
        const table = find('oddities', 'never_analyzed');
        assert.equal(table.estimatedRows, null);
        assert.equal(table.lastAnalyze, null);
        assert.equal(table.deadTupleRatio, null);
        assert.equal(table.sequentialScanRatio, null);
      });

      it('reads columns with their statistics', async () => {
        const { columns, statisticsUnavailable } = await captureTableDetails(
          session.run,
          facts,
          find('public', 'orders').oid,
        );
        assert.equal(statisticsUnavailable, null);
        await client.query(`SET search_path = ''`);
        const { rows } = await client.query<Record<string, string | number | boolean | null>>(
          `SELECT a.attname, format_type(atttypid, atttypmod) AS type, attnotnull, s.null_frac, s.n_distinct, s.avg_width,
             s.correlation, array_length(s.most_common_freqs, 1) AS common, s.most_common_freqs[1] AS first_frequency,
             (s.most_common_vals::text::text[])[1] AS first_value
           FROM pg_attribute a LEFT JOIN pg_stats s ON s.tablename = 'orders' AND s.attname = a.attname
           WHERE attrelid = 'public.orders'::regclass AND attnum > 0 ORDER BY attnum`,
        );
        await client.query('RESET search_path');
        assert.deepEqual(
          columns.map(({ name, type, notNull, statistics }) => [
            name,
            type,
            notNull,
            statistics?.nullRatio ?? null,
            statistics === null ? null : statistics.distinct.value * (statistics.distinct.kind === 'ratio' ? -1 : 1),
            statistics?.averageWidthBytes ?? null,
            statistics?.correlation ?? null,
            statistics?.mostCommon.length ?? null,
            statistics?.mostCommon[0]?.value ?? null,
            statistics?.mostCommon[0]?.frequency ?? null,
          ]),
          rows.map((row) => [
            row['attname'],
            row['type'],
            row['attnotnull'],
            row['null_frac'],
            row['n_distinct'],
            row['avg_width'],
            row['correlation'],
            Math.min(Number(row['common'] ?? 0), 10),
            row['first_value'],
            row['first_frequency'],
          ]),
        );
        const id = columns.find(({ name }) => name === 'id');
        assert.equal(id?.generated, 'identity');
        assert.equal(id.default, 'GENERATED BY DEFAULT AS IDENTITY');
        assert.equal(id.isPrimaryKey, true);
        const { columns: products } = await captureTableDetails(session.run, facts, find('public', 'products').oid);
        assert.equal(products.find(({ name }) => name === 'search')?.generated, 'stored');
        assert.match(products.find(({ name }) => name === 'search')?.default ?? '', /to_tsvector/);
        // a partitioned table has statistics over all its partitions
        const { columns: nested } = await captureTableDetails(session.run, facts, find('oddities', 'nested').oid);
        assert.equal(nested.find(({ name }) => name === 'region')?.statistics?.mostCommon[0]?.value, 'de');
      });

      it('reads indexes and foreign keys', async () => {
        const details = await captureTableDetails(session.run, facts, find('public', 'order_items').oid);
        const { rows } = await client.query<{ name: string; definition: string; bytes: string; scans: string }>(
          `SELECT indexrelname AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition,
             relpages::bigint * current_setting('block_size')::int AS bytes, idx_scan AS scans
           FROM pg_stat_user_indexes JOIN pg_class c ON c.oid = indexrelid WHERE relid = 'order_items'::regclass ORDER BY 1`,
        );
        assert.deepEqual(
          details.indexes
            .map((index) => ({
              name: index.name,
              definition: index.definition,
              bytes: String(index.estimatedSizeBytes),
              scans: String(index.scans),
            }))
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
          rows,
        );
        assert.ok(rows.length > 2);
        assert.ok(details.indexes[0]?.isPrimary);
        assert.deepEqual(
          details.foreignKeys.map(({ columns, referencedTable, referencedColumns, isValidated }) => ({
            columns,
            referencedTable,
            referencedColumns,
            isValidated,
          })),
          [
            { columns: ['order_id'], referencedTable: 'orders', referencedColumns: ['id'], isValidated: true },
            { columns: ['product_id'], referencedTable: 'products', referencedColumns: ['id'], isValidated: true },
          ],
        );
        const reviews = await captureTableDetails(session.run, facts, find('public', 'reviews').oid);
        assert.deepEqual(
          reviews.foreignKeys.map(({ name, isValidated }) => [name, isValidated]),
          [
            ['reviews_customer_id_fkey', true],
            ['reviews_product_id_fkey', false],
          ],
        );
        const partition = tables.find(({ isPartition, name }) => isPartition && name === 'events_2025_08');
        assert.ok(partition);
        const details2 = await captureTableDetails(session.run, facts, partition.oid);
        assert.deepEqual(
          details2.foreignKeys.map(({ name }) => name),
          ['events_customer_id_fkey'],
        );
        const nested = await captureTableDetails(session.run, facts, find('oddities', 'nested').oid);
        const { rows: summed } = await client.query<{ bytes: string }>(
          `SELECT sum(relpages::bigint * current_setting('block_size')::int) AS bytes FROM pg_class
           WHERE oid IN (SELECT relid FROM pg_partition_tree('oddities.nested_at'))`,
        );
        assert.equal(
          String(nested.indexes.find(({ name }) => name === 'nested_at')?.estimatedSizeBytes),
          summed[0]!.bytes,
        );
        const everything = await captureTableDetails(session.run, facts, find('oddities', 'everything').oid);
        assert.deepEqual(
          everything.extendedStatistics.map(({ schema, name }) => `${schema}.${name}`),
          ['oddities.together'],
        );
      });

      it('reads exact sizes of one table, partitions included', async () => {
        for (const [schema, name, relations] of [
          ['public', 'orders', `VALUES ('public.orders'::regclass)`],
          ['public', 'events', `SELECT relid FROM pg_partition_tree('public.events')`],
        ] as const) {
          const { rows } = await client.query<{ total: string; indexes: string }>(
            `SELECT sum(pg_total_relation_size(r)) AS total, sum(pg_indexes_size(r)) AS indexes FROM (${relations}) AS x (r)`,
          );
          const sizes = await captureExactSizes(session.run, facts, find(schema, name).oid);
          assert.equal(String(sizes.totalBytes), rows[0]!.total);
          assert.equal(String(sizes.indexBytes), rows[0]!.indexes);
          assert.equal(sizes.heapBytes + sizes.toastBytes + sizes.indexBytes, sizes.totalBytes);
          assert.ok(sizes.heapBytes > 0);
        }
      });

      it('says that a dropped table is gone', async () => {
        const gone = { message: /no longer in database "postgres"/ };
        await assert.rejects(captureExactSizes(session.run, facts, 1), gone);
        await assert.rejects(captureTableDetails(session.run, facts, 1), gone);
        await assert.rejects(captureTableDdl(session.run, facts, 1), gone);
      });

      it('tells hidden statistics from absent ones', async () => {
        const limited = await openTestSession({ ...server, user: 'nobody_special', password: 'p' });
        try {
          await client.query(`
            GRANT USAGE ON SCHEMA oddities TO nobody_special;
            GRANT SELECT (open) ON oddities.hidden TO nobody_special;
            GRANT SELECT ON oddities.guarded, oddities.never_analyzed TO nobody_special;
          `);
          const limitedFacts = await captureServerFacts(limited);
          assert.equal(limitedFacts.isSuperuser, false);
          assert.equal(limitedFacts.canReadStatementStatistics, true);
          assert.deepEqual(limitedFacts.predefinedRoles, []);
          const { rows } = await client.query<{ n: string }>(
            `SELECT count(*) AS n FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')
               AND NOT has_table_privilege('nobody_special', oid, 'SELECT')`,
          );
          const inPublic = limitedFacts.unreadableTables.find(({ schema }) => schema === 'public');
          assert.equal(String(inPublic?.notPermitted), rows[0]!.n);
          const { rows: behind } = await client.query<{ n: number }>(
            `SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'oddities'::regnamespace AND relrowsecurity
               AND has_table_privilege('nobody_special', oid, 'SELECT')`,
          );
          const inOddities = limitedFacts.unreadableTables.find(({ schema }) => schema === 'oddities');
          assert.ok(behind[0]!.n > 0);
          assert.equal(inOddities?.behindRowSecurity, behind[0]!.n);

          assert.equal((await captureTables(limited.run, limitedFacts)).length, tables.length);
          const missing = async (name: string) => {
            const details = await captureTableDetails(limited.run, limitedFacts, find('oddities', name).oid);
            return [
              ...details.columns.map(({ statisticsMissing }) => statisticsMissing),
              details.statisticsUnavailable,
            ];
          };
          const [secret, open, reason] = await missing('hidden');
          assert.deepEqual([secret, open], ['not-permitted', null]);
          assert.match(
            reason ?? '',
            /"nobody_special" may not see the statistics of 1 of 2 columns of oddities\.hidden/,
          );
          const [guarded, guardedReason] = await missing('guarded');
          assert.equal(guarded, 'row-security');
          assert.match(guardedReason ?? '', /Row-level security/);
          assert.deepEqual(await missing('never_analyzed'), ['not-analyzed', null]);
          // no rights are needed for DDL
          assert.match(
            await captureTableDdl(limited.run, limitedFacts, find('public', 'orders').oid),
            /^CREATE TABLE public\.orders/,
          );
        } finally {
          await limited.close();
        }
      });

      it('says nothing about counts that the server does not keep', async () => {
        const off = { ...facts, settings: { ...facts.settings, track_counts: 'off' } };
        const [orders] = (await captureTables(session.run, off)).filter(({ name }) => name === 'orders');
        assert.equal(orders?.scans, null);
        assert.equal(orders.tuples, null);
        assert.equal(orders.deadTupleRatio, null);
      });

      it('lists nothing in an empty database', async () => {
        await client.query('CREATE DATABASE "empty ""one""" TEMPLATE template0');
        const empty = await openTestSession(server, { database: 'empty "one"' });
        try {
          const emptyFacts = await captureServerFacts(empty);
          assert.equal(emptyFacts.database, 'empty "one"');
          assert.deepEqual(await captureTables(empty.run, emptyFacts), []);
        } finally {
          await empty.close();
        }
      });

      it('writes DDL that makes the same tables again', async () => {
        await client.query('CREATE DATABASE copy TEMPLATE template0');
        const ddl = new Map<string, string>();
        for (const table of tables) {
          ddl.set(`${table.schema}.${table.name}`, await captureTableDdl(session.run, facts, table.oid));
        }
        await runAs(server.url('copy'), async (copy) => {
          await copyTypes(client, copy);
          // what refers to other tables can only be made after them
          let left = [...ddl];
          while (left.length > 0) {
            const failed: [string, string][] = [];
            let lastError: unknown = null;
            for (const entry of left) {
              try {
                await copy.query(`SET search_path = pg_catalog; ${entry[1]}`);
              } catch (error) {
                lastError = error;
                failed.push(entry);
              }
            }
            if (failed.length === left.length) {
              throw new Error(`The DDL of ${failed.map(([name]) => name).join(', ')} fails:\n${failed[0]![1]}`, {
                cause: lastError,
              });
            }
            left = failed;
          }
          const [expected, actual] = [await dumpTableCatalogue(client), await dumpTableCatalogue(copy)];
          for (const [part, rows] of Object.entries(expected)) {
            assert.ok(rows.length > 0, `${part} are compared`);
            assert.deepEqual(actual[part], rows, part);
          }
        });
      });
    });
  }
});

/** Everything that tables of the shop and of the oddities refer to. */
async function copyTypes(from: Client, to: Client): Promise<void> {
  const { rows: schemas } = await from.query<{ ddl: string }>(
    `SELECT format('CREATE SCHEMA IF NOT EXISTS %I', nspname) AS ddl FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  );
  for (const { ddl } of schemas) await to.query(ddl);
  await to.query('CREATE EXTENSION pg_trgm SCHEMA public');
  const { rows: types } = await from.query<{ ddl: string }>(
    `SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', nspname, typname, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)) AS ddl
     FROM pg_enum JOIN pg_type t ON t.oid = enumtypid JOIN pg_namespace n ON n.oid = typnamespace GROUP BY nspname, typname`,
  );
  for (const { ddl } of types) await to.query(ddl);
  await to.query(functionsAndTypes);
  const { rows: functions } = await from.query<{ ddl: string }>(
    `SELECT pg_get_functiondef(p.oid) AS ddl FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     WHERE prorettype = 'trigger'::regtype AND nspname IN ('public', 'oddities')`,
  );
  for (const { ddl } of functions) await to.query(ddl);
  // what a role may do in a schema is not the table's business, but one that hands on a privilege must get there
  await to.query('GRANT USAGE ON SCHEMA oddities TO PUBLIC');
}
