import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { analyze } from '../../src/analysis/analyze';
import { buildReport } from '../../src/analysis/build-report';
import type { Finding } from '../../src/analysis/finding';
import { deadTuples } from '../../src/analysis/rules/dead-tuples';
import { healthRules } from '../../src/analysis/rules/index';
import type { RuleResult } from '../../src/analysis/rule';
import type { SectionGap, Snapshot } from '../../src/analysis/snapshot';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import { openTestSession } from './test-session';

const majors = [13, 18] as const;

/** No server is old enough for a week of statistics here. */
const atOnce = { minStatisticsDays: 0 };

const objects = `
  CREATE EXTENSION pg_stat_statements;
  CREATE TABLE parent (id integer PRIMARY KEY, a integer, b integer NOT NULL, note text);
  INSERT INTO parent SELECT g, -g, g, 'note ' || g FROM generate_series(1, 60000) g;
  CREATE INDEX parent_a ON parent (a);
  CREATE UNIQUE INDEX parent_b ON parent (b);
  CREATE INDEX parent_used ON parent (note);
  CREATE TABLE small (id integer PRIMARY KEY, a integer);
  CREATE INDEX small_a ON small (a);

  CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id), other_id integer REFERENCES parent (id),
    partial_id integer REFERENCES parent (id), open_id integer REFERENCES parent (id), bare_id integer CONSTRAINT "bare ""key" REFERENCES parent (id));
  INSERT INTO child SELECT g, g, g, g, g, g FROM generate_series(1, 60000) g;
  CREATE INDEX child_parent ON child (parent_id);
  CREATE INDEX child_other ON child (other_id, id);
  CREATE INDEX child_partial ON child (partial_id) WHERE partial_id IS NOT NULL;
  CREATE INDEX child_open ON child (open_id) WHERE id > 5;
  CREATE TABLE pair (x integer, y integer, PRIMARY KEY (x, y));
  CREATE TABLE pair_child (x integer, y integer, note text, FOREIGN KEY (x, y) REFERENCES pair);
  INSERT INTO pair SELECT g, g FROM generate_series(1, 20000) g;
  INSERT INTO pair_child SELECT g, g FROM generate_series(1, 20000) g;
  CREATE INDEX pair_child_turned ON pair_child (y, x);
  CREATE TABLE pair_led (x integer, y integer, note text, FOREIGN KEY (x, y) REFERENCES pair);
  INSERT INTO pair_led SELECT g, g FROM generate_series(1, 20000) g;
  CREATE INDEX pair_led_x ON pair_led (x, note);
  CREATE TABLE pair_known (x integer UNIQUE, y integer, FOREIGN KEY (x, y) REFERENCES pair);
  INSERT INTO pair_known SELECT g, g FROM generate_series(1, 20000) g;
  CREATE VIEW child_bare_id_idx AS SELECT 1 AS one;
  CREATE SEQUENCE child_bare_id_idx1;
  CREATE TYPE child_bare_id_idx2 AS (a integer);
  CREATE MATERIALIZED VIEW child_bare_id_idx3 AS SELECT 1 AS one;
  CREATE TABLE child_bare_id_idx4 ();

  CREATE EXTENSION citext;
  CREATE TABLE of_extension (a integer);
  INSERT INTO of_extension SELECT g FROM generate_series(1, 60000) g;
  CREATE INDEX of_extension_a ON of_extension (a);
  ALTER EXTENSION citext ADD TABLE of_extension;

  CREATE TABLE same (id integer PRIMARY KEY, a integer, t text);
  CREATE INDEX same_1 ON same (a, t);
  CREATE INDEX same_2 ON same (a, t);
  CREATE INDEX same_id ON same (id);
  CREATE INDEX same_desc ON same (a, t DESC);
  CREATE INDEX same_partial ON same (a, t) WHERE a > 0;
  CREATE INDEX same_pattern ON same (a, t text_pattern_ops);
  CREATE UNIQUE INDEX same_unique ON same (a, t, id);
  CREATE TABLE prefix (a integer, b integer, c integer);
  CREATE INDEX prefix_a ON prefix (a);
  CREATE UNIQUE INDEX prefix_b ON prefix (b);
  CREATE INDEX prefix_c ON prefix (c) WHERE c > 0;
  CREATE INDEX prefix_ab ON prefix (a, b);
  CREATE INDEX prefix_bc ON prefix (b, c);
  CREATE INDEX prefix_ca ON prefix (c, a);

  CREATE TABLE parted (at integer NOT NULL, parent_id integer REFERENCES parent (id)) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (50000);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (50000) TO (200000);
  INSERT INTO parted SELECT g, 1 FROM generate_series(1, 100000) g;
  CREATE INDEX parted_at ON parted (at);
  CREATE INDEX parted_waiting ON ONLY parted (parent_id);

  CREATE TABLE keyed (a integer NOT NULL, b integer);
  CREATE UNIQUE INDEX keyed_a ON keyed (a);
  INSERT INTO keyed SELECT g FROM generate_series(1, 100) g;
  CREATE TABLE keyed_identity (a integer NOT NULL, b integer);
  CREATE UNIQUE INDEX keyed_identity_a ON keyed_identity (a);
  ALTER TABLE keyed_identity REPLICA IDENTITY USING INDEX keyed_identity_a;
  INSERT INTO keyed_identity SELECT g FROM generate_series(1, 100) g;
  CREATE PUBLICATION of_identity FOR TABLE keyed_identity;
  CREATE TABLE keyed_referred (a integer NOT NULL);
  CREATE UNIQUE INDEX keyed_referred_a ON keyed_referred (a);
  INSERT INTO keyed_referred SELECT g FROM generate_series(1, 100) g;
  CREATE TABLE keyed_referring (id integer PRIMARY KEY REFERENCES keyed_referred (a));
  CREATE TABLE keyed_pattern (a text NOT NULL);
  CREATE UNIQUE INDEX keyed_pattern_a ON keyed_pattern (a text_pattern_ops);
  INSERT INTO keyed_pattern SELECT g FROM generate_series(1, 100) g;
  CREATE TABLE keyed_collation (a text NOT NULL);
  CREATE UNIQUE INDEX keyed_collation_a ON keyed_collation (a COLLATE "C");
  INSERT INTO keyed_collation SELECT g FROM generate_series(1, 100) g;
  CREATE TABLE keyless (a integer);
  INSERT INTO keyless SELECT 1 FROM generate_series(1, 100) g;
  CREATE TABLE empty (a integer);

  CREATE TABLE narrow (id serial, note text);
  SELECT setval('narrow_id_seq', 1900000000);
  CREATE SEQUENCE wide;
  SELECT setval('wide', 2100000000);
  CREATE TABLE wide_user (id integer DEFAULT nextval('wide'));
  CREATE TABLE young () INHERITS (wide_user);
  CREATE SEQUENCE inherited;
  SELECT setval('inherited', 2000000000);
  ALTER TABLE young ALTER id SET DEFAULT nextval('inherited');
  CREATE TABLE chosen (id integer);
  CREATE SEQUENCE chosen_seq MAXVALUE 5000 OWNED BY chosen.id;
  SELECT setval('chosen_seq', 4900);
  CREATE SEQUENCE ends MAXVALUE 1000;
  SELECT setval('ends', 600);
  CREATE SEQUENCE cycles MAXVALUE 1000 CYCLE;
  SELECT setval('cycles', 990);
  CREATE SEQUENCE down INCREMENT -1 MINVALUE -1000;
  SELECT setval('down', -990);
`;

const changes = `
  ANALYZE;

  CREATE TABLE dead (id integer PRIMARY KEY) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_enabled = off);
  INSERT INTO dead SELECT g FROM generate_series(1, 60000) g;
  ANALYZE dead;
  DELETE FROM dead WHERE id > 30000;
  CREATE TABLE fresh (id integer PRIMARY KEY);
  INSERT INTO fresh SELECT g FROM generate_series(1, 60000) g;
  CREATE ROLE limited LOGIN PASSWORD 'p';
`;

describe('health rules', () => {
  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, function () {
      this.timeout(60_000);
      let server: PostgresServer;
      let client: Client;

      async function execute(statements: string): Promise<void> {
        // CONCURRENTLY refuses to share a message with others
        for (const statement of statements.split(/;\n?/).filter((each) => each.trim() !== ''))
          await client.query(statement);
      }

      before(async () => {
        server = await startPostgres({
          major,
          settings: {
            shared_preload_libraries: 'pg_stat_statements',
            autovacuum: 'off',
            // so that much is read from outside, and that a little work makes transactions old
            shared_buffers: '1MB',
            autovacuum_freeze_max_age: '100000',
            synchronous_commit: 'off',
          },
        });
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await execute(objects);
        // ANALYZE says at once that nothing has changed since; rows that are reported later would count as changes
        await client.end();
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await execute(changes);
        await client.query(`SET enable_seqscan = off`);
        await client.query(`SELECT id FROM parent WHERE note = 'note 5'`);
        await client.query('RESET ALL');
        await client.query('SELECT pg_sleep(0.15)');
        await client.query('CREATE TABLE twice AS SELECT 1 AS n FROM generate_series(1, 2)');
        await assert.rejects(client.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (n)'));
        // figures of a session reach the others when it ends, up to 14 a moment later
        await client.end();
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await client.query('SELECT pg_sleep(1.2)');
      });

      after(async () => {
        await client.end();
        await server.stop();
      });

      async function capture(user?: string): Promise<Snapshot> {
        const session = await openTestSession(user === undefined ? server : { ...server, user, password: 'p' });
        try {
          return await captureSnapshot(session.run, await captureServerFacts(session), { server: session.server });
        } finally {
          await session.close();
        }
      }

      const run = (snapshot: Snapshot, id: string, options?: unknown): RuleResult => {
        const rule = healthRules.find((each) => each.id === id);
        assert.ok(rule, id);
        return rule.run(snapshot, options);
      };
      const findAll = async (id: string, options?: unknown, user?: string): Promise<readonly Finding[]> => {
        const result = run(await capture(user), id, options);
        if (result.status === 'skipped') assert.fail(result.reason.message);
        return result.findings;
      };
      const nameOf = ({ subject }: Finding) => ('name' in subject ? subject.name : subject.kind);
      const findNames = async (id: string, options?: unknown, user?: string) =>
        (await findAll(id, options, user)).map(nameOf).toSorted();
      const findOne = async (id: string, name: string, options?: unknown): Promise<Finding> => {
        const finding = (await findAll(id, options)).find((each) => nameOf(each) === name);
        assert.ok(finding, `${id} of ${name}`);
        return finding;
      };
      const skipped = (result: RuleResult): SectionGap => {
        if (result.status === 'ran') assert.fail('the rule ran');
        return result.reason;
      };

      /** What is found while a session is certainly in the middle of a VACUUM or ANALYZE, which is cancelled then. */
      async function whileAtWork<Result>(statement: string, look: () => Promise<Result>): Promise<Result> {
        const worker = new Client({ connectionString: server.url() });
        await worker.connect();
        try {
          const { rows } = await worker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          // a tenth of a second a block
          await worker.query('SET vacuum_cost_limit = 1; SET vacuum_cost_delay = 100');
          const atWork = assert.rejects(worker.query(statement), /canceling statement/);
          for (let isSeen = false; !isSeen;) {
            const progress = await client.query(
              `SELECT FROM pg_stat_progress_vacuum WHERE pid = $1 UNION ALL SELECT FROM pg_stat_progress_analyze WHERE pid = $1`,
              [rows[0]?.pid],
            );
            isSeen = progress.rows.length > 0;
          }
          const result = await look();
          await client.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]);
          await atWork;
          return result;
        } finally {
          await worker.end();
        }
      }

      /** Runs fix and undo as a user would; the finding goes and comes. */
      async function fixAndUndo(id: string, name: string, options?: unknown): Promise<void> {
        const { fix } = await findOne(id, name, options);
        assert.ok(fix?.undoSql !== undefined, `${id} of ${name} can be undone`);
        const definitions = async () =>
          (await client.query<{ d: string }>('SELECT pg_get_indexdef(indexrelid) AS d FROM pg_index ORDER BY 1')).rows;
        const before = await definitions();
        await execute(fix.sql);
        assert.ok(!(await findNames(id, options)).includes(name), `${id} of ${name} is mended`);
        await execute(fix.undoSql);
        assert.deepEqual(await definitions(), before);
      }

      it('unused-index', async () => {
        // parent_b is unique, parent_used was used, child_parent serves a foreign key, small_a is small, one is an extension's
        assert.deepEqual(await findNames('unused-index', atOnce), ['child_open', 'parent_a', 'parted_at'].toSorted());
        const { message, advice } = await findOne('unused-index', 'parent_a', atOnce);
        assert.match(message, /^Index public\.parent_a \(.*\) was not used by any scan on this server since 20\d\d-/);
        assert.match(advice ?? '', /replicas/);
        await fixAndUndo('unused-index', 'parent_a', atOnce);
        const { fix } = await findOne('unused-index', 'parted_at', atOnce);
        await execute(fix?.sql ?? '');
        await execute(fix?.undoSql ?? '');
        const { rows } = await client.query(
          `SELECT FROM pg_indexes WHERE indexname ~ '^parted_.*at' AND indexdef ~ 'at'`,
        );
        assert.equal(rows.length, 3, 'the partitions have theirs again');
        const young = skipped(run(await capture(), 'unused-index'));
        assert.match(young.message, /^Scans are counted for 0\.0 days only/);
      });

      it('duplicate-index', async () => {
        assert.deepEqual(await findNames('duplicate-index'), ['same_2', 'same_id']);
        await fixAndUndo('duplicate-index', 'same_2');
      });

      it('duplicate-index and redundant-index count those of a partitioned table with their parts', async () => {
        await execute(`
          CREATE SCHEMA counted;
          CREATE TABLE counted.t (at integer, a integer, b integer) PARTITION BY RANGE (at);
          CREATE TABLE counted.t_1 PARTITION OF counted.t FOR VALUES FROM (0) TO (50000) PARTITION BY RANGE (at);
          CREATE TABLE counted.t_11 PARTITION OF counted.t_1 FOR VALUES FROM (0) TO (50000);
          CREATE TABLE counted.t_2 PARTITION OF counted.t FOR VALUES FROM (50000) TO (200000);
          INSERT INTO counted.t SELECT g, g, g FROM generate_series(1, 60000) g;
          CREATE INDEX t_z ON counted.t (a)`);
        const user = new Client({ connectionString: server.url() });
        await user.connect();
        await user.query('SET enable_seqscan = off');
        await user.query('SELECT b FROM counted.t WHERE a = 5');
        await user.end();
        // whose name comes first, and which no scan uses
        await execute(`
          CREATE INDEX t_a ON counted.t (a);
          CREATE INDEX t_b ON counted.t (b);
          CREATE INDEX t_ba ON counted.t (b, a);
          ANALYZE counted.t;
          SELECT pg_sleep(1.2)`);
        const ofParts = async (pattern: string) =>
          (
            await client.query<{ bytes: number; scans: number }>(
              `SELECT (sum(c.relpages) * 8192)::float8 AS bytes, sum(s.idx_scan)::float8 AS scans
              FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid
              JOIN pg_index i ON i.indexrelid = c.oid
              WHERE s.schemaname = 'counted' AND pg_get_indexdef(c.oid) LIKE $1`,
              [pattern],
            )
          ).rows[0];
        const figures = ({ evidence }: Finding) => ({
          bytes: evidence.find(({ label }) => label === 'size')?.value,
          scans: evidence.find(({ label }) => label === 'index scans')?.value,
        });
        const ofCounted = async (id: string) =>
          (await findAll(id)).filter(({ subject }) => 'schema' in subject && subject.schema === 'counted');
        const [same, ...noMore] = await ofCounted('duplicate-index');
        assert.ok(same !== undefined && noMore.length === 0);
        assert.equal(nameOf(same), 't_a', 'the used one stays');
        const both = await ofParts('% (a)');
        assert.equal(both?.scans, 2, 'of two partitions');
        assert.deepEqual(figures(same), { bytes: both.bytes / 2, scans: 0 });
        const [beginning] = await ofCounted('redundant-index');
        assert.ok(beginning);
        assert.equal(nameOf(beginning), 't_b');
        const short = await ofParts('% (b)');
        assert.deepEqual(figures(beginning), { bytes: short?.bytes, scans: 0 });
        const longer = beginning.evidence.find(({ label }) => label === 'size of the other');
        assert.equal(longer?.value, (await ofParts('% (b, a)'))?.bytes);
        await execute('DROP SCHEMA counted CASCADE');
      });

      it('duplicate-index takes parameters that change what an index finds for another index', async () => {
        await execute(`
          CREATE SCHEMA shaped;
          CREATE EXTENSION bloom SCHEMA shaped;
          CREATE EXTENSION pg_trgm SCHEMA shaped;
          SET search_path = shaped, public;
          CREATE TABLE shaped.t (a integer, b integer, words tsvector, text text, list integer[]);
          CREATE INDEX brin_4 ON shaped.t USING brin (a) WITH (pages_per_range = 4);
          CREATE INDEX brin_128 ON shaped.t USING brin (a) WITH (pages_per_range = 128, autosummarize = on);
          CREATE INDEX brin_4_again ON shaped.t USING brin (a) WITH (autosummarize = on, pages_per_range = 4);
          CREATE INDEX gist_default ON shaped.t USING gist (words);
          CREATE INDEX gist_16 ON shaped.t USING gist (words tsvector_ops (siglen = 16));
          CREATE INDEX gist_512 ON shaped.t USING gist (words tsvector_ops (siglen = 512));
          CREATE INDEX gist_512_again ON shaped.t USING gist (words tsvector_ops (siglen = 512)) WITH (buffering = off);
          CREATE INDEX trigram_16 ON shaped.t USING gist (text gist_trgm_ops (siglen = 16));
          CREATE INDEX trigram_64 ON shaped.t USING gist (text gist_trgm_ops (siglen = 64));
          CREATE INDEX bloom_80 ON shaped.t USING bloom (a, b);
          CREATE INDEX bloom_160 ON shaped.t USING bloom (a, b) WITH (length = 160);
          CREATE INDEX bloom_columns ON shaped.t USING bloom (a, b) WITH (col1 = 4);
          CREATE INDEX gin_fast ON shaped.t USING gin (list) WITH (gin_pending_list_limit = 128);
          CREATE INDEX gin_slow ON shaped.t USING gin (list) WITH (fastupdate = off);
          CREATE INDEX btree_full ON shaped.t (b) WITH (deduplicate_items = off);
          CREATE INDEX btree_half ON shaped.t (b) WITH (fillfactor = 50);
          RESET search_path`);
        const spare = (await findNames('duplicate-index')).filter((name) =>
          /^(brin|gist|trigram|bloom|gin|btree)_/.test(name),
        );
        assert.deepEqual(spare, ['brin_4_again', 'btree_half', 'gin_slow', 'gist_512_again']);
        await fixAndUndo('duplicate-index', 'gist_512_again');
        await execute('DROP SCHEMA shaped CASCADE');
      });

      it('redundant-index', async () => {
        assert.deepEqual(await findNames('redundant-index'), ['prefix_a', 'same_1']);
        const { advice } = await findOne('redundant-index', 'prefix_a');
        assert.equal((advice ?? '').includes('skip scan'), major >= 18);
        await fixAndUndo('redundant-index', 'prefix_a');
      });

      it('drops of one analysis, all together, leave an index for every foreign key and every used key', async () => {
        await execute(`
          CREATE SCHEMA drops;
          CREATE TABLE drops.child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id), b integer, c integer);
          INSERT INTO drops.child SELECT g, g, g, g FROM generate_series(1, 60000) g;
          CREATE INDEX child_plain ON drops.child (parent_id);
          CREATE INDEX child_partial ON drops.child (parent_id) WHERE parent_id IS NOT NULL;
          CREATE INDEX child_hash ON drops.child USING hash (parent_id);
          CREATE INDEX child_b ON drops.child (b);
          CREATE INDEX child_c ON drops.child (c);
          CREATE INDEX child_c_again ON drops.child (c);
          CREATE INDEX child_bare ON drops.child (c, id);
          ANALYZE drops.child`);
        const user = new Client({ connectionString: server.url() });
        await user.connect();
        await user.query('SET enable_seqscan = off');
        await user.query('SELECT c FROM drops.child WHERE b = 5');
        await user.end();
        await execute('CREATE INDEX child_bc ON drops.child (b, c); SELECT pg_sleep(1.2)');
        const { findings } = analyze(await capture(), { options: { 'unused-index': atOnce } });
        const drops = findings.filter(
          ({ subject, ruleId }) =>
            subject.kind === 'index' && subject.schema === 'drops' && /^(un|redund|dupl)/.test(ruleId),
        );
        assert.deepEqual(drops.map((each) => `${each.ruleId} ${nameOf(each)}`).toSorted(), [
          'duplicate-index child_c_again',
          'redundant-index child_c',
          'unused-index child_bc',
          'unused-index child_hash',
          'unused-index child_partial',
        ]);
        for (const { fix } of drops) await execute(fix?.sql ?? '');
        const { rows } = await client.query<{ name: string }>(
          `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'drops' ORDER BY 1`,
        );
        const left = rows.map(({ name }) => name);
        assert.deepEqual(left, ['child_b', 'child_bare', 'child_pkey', 'child_plain']);
        const explain = new Client({ connectionString: server.url() });
        await explain.connect();
        await explain.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
        const served = { parent_id: 'child_plain', b: 'child_b', c: 'child_bare' };
        for (const [column, index] of Object.entries(served)) {
          const plan = await explain.query<{ 'QUERY PLAN': string }>(
            `EXPLAIN SELECT * FROM drops.child WHERE ${column} = 5`,
          );
          assert.match(plan.rows[0]?.['QUERY PLAN'] ?? '', new RegExp(`using ${index} `));
        }
        await explain.end();
        assert.ok(!(await findNames('unindexed-foreign-key')).includes('child_parent_id_fkey'));
        await execute('DROP SCHEMA drops CASCADE');
      });

      it('invalid-index, but not one that is being built or waits for its partitions', async () => {
        assert.deepEqual(await findNames('invalid-index'), ['broken']);
        const blocker = new Client({ connectionString: server.url() });
        const builder = new Client({ connectionString: server.url() });
        await Promise.all([blocker.connect(), builder.connect()]);
        try {
          await blocker.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
          await blocker.query('SELECT count(*) FROM small; LOCK TABLE small IN ROW EXCLUSIVE MODE');
          const building = builder.query('CREATE INDEX CONCURRENTLY slow ON small (a)');
          for (let tries = 0; tries < 200; tries += 1) {
            const { rows } = await client.query(`SELECT FROM pg_index WHERE indexrelid = to_regclass('slow')`);
            if (rows.length > 0) break;
          }
          const snapshot = await capture('limited');
          const { indexes } = snapshot.sections;
          assert.ok(indexes.status === 'available');
          const slow = indexes.rows.find(({ name }) => name === 'slow');
          assert.deepEqual([slow?.isValid, slow?.isBeingBuilt], [false, true], 'seen by a role without rights');
          assert.deepEqual(await findNames('invalid-index'), ['broken']);
          await blocker.query('ROLLBACK');
          await building;
        } finally {
          await Promise.all([blocker.end(), builder.end()]);
        }
        await execute('DELETE FROM twice WHERE ctid IN (SELECT ctid FROM twice LIMIT 1)');
        const broken = await findOne('invalid-index', 'broken');
        await execute(broken.fix?.sql ?? '');
        assert.deepEqual(await findNames('invalid-index'), []);
        await execute(broken.fix?.undoSql ?? '');
        const { rows } = await client.query(`SELECT to_regclass('broken') AS index`);
        assert.deepEqual(rows, [{ index: null }]);
      });

      it('unindexed-foreign-key', async () => {
        // the partial index on open_id leaves out rows that count, parted's is not valid yet
        const names = await findNames('unindexed-foreign-key');
        assert.deepEqual(names, ['bare "key', 'child_open_id_fkey', 'pair_led_x_y_fkey', 'parted_parent_id_fkey']);
        const bare = await findOne('unindexed-foreign-key', 'bare "key');
        // a view, a sequence, a type, a materialized view and a table have the names before it
        assert.match(bare.fix?.sql ?? '', /^CREATE INDEX CONCURRENTLY child_bare_id_idx5 ON /);
        assert.match(bare.message, / has to search all of its 60,000 rows\.$/);
        await fixAndUndo('unindexed-foreign-key', 'bare "key');
        const led = await findOne('unindexed-foreign-key', 'pair_led_x_y_fkey');
        assert.equal(led.severity, 'low');
        assert.match(
          led.message,
          / has to search those of its 20,000 rows that have the same x, which index pair_led_x finds\.$/,
        );
        // what the server itself asks when a row of the referenced table is deleted
        for (const [table, index] of Object.entries({ pair_led: 'pair_led_x', pair_known: 'pair_known_x_key' })) {
          const { rows } = await client.query<{ 'QUERY PLAN': string }>(
            `EXPLAIN SELECT 1 FROM ONLY ${table} t WHERE 5 OPERATOR(pg_catalog.=) x AND 5 OPERATOR(pg_catalog.=) y FOR KEY SHARE OF t`,
          );
          assert.ok(
            rows.some((row) => row['QUERY PLAN'].includes(`using ${index} `)),
            table,
          );
        }
        await fixAndUndo('unindexed-foreign-key', 'pair_led_x_y_fkey');
        await execute('CREATE INDEX child_turned ON child (id, bare_id)');
        await fixAndUndo('unindexed-foreign-key', 'bare "key');
        await execute('DROP INDEX child_turned');
        const parted = await findOne('unindexed-foreign-key', 'parted_parent_id_fkey');
        assert.match(parted.fix?.sql ?? '', / ON ONLY public\.parted [^]* ATTACH PARTITION /);
        await fixAndUndo('unindexed-foreign-key', 'parted_parent_id_fkey');
        assert.deepEqual(await findNames('unindexed-foreign-key', { minChildRows: 1e9 }), [], 'nothing was deleted');
      });

      it('dead-tuples', async () => {
        assert.deepEqual(await findNames('dead-tuples'), ['dead']);
        const { fix, evidence, advice } = await findOne('dead-tuples', 'dead');
        assert.match(advice ?? '', /^autovacuum is off on this server/);
        const { rows } = await client.query<{ n: string }>(
          `SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE relname = 'dead'`,
        );
        assert.equal(evidence[0]?.value, Number(rows[0]?.n));
        // deleted rows of the next test are gone for the count of changes too
        assert.deepEqual((await findNames('stale-statistics')).includes('dead'), true);
        const found = await whileAtWork('VACUUM dead', () => findNames('dead-tuples', {}, 'limited'));
        assert.deepEqual(found, [], 'seen by a role without rights');
        assert.deepEqual(await findNames('dead-tuples'), ['dead'], 'it was cancelled');
        assert.deepEqual([fix?.sql, fix?.undoSql], ['VACUUM (ANALYZE) public.dead;', undefined]);
        assert.match(fix?.undoNote ?? '', /^Nothing has to be taken back/);
        await execute(fix?.sql ?? '');
        await client.query('SELECT pg_sleep(1.2)');
        assert.deepEqual(await findNames('dead-tuples'), []);
      });

      it('stale-statistics', async () => {
        assert.deepEqual(await findNames('stale-statistics'), ['fresh']);
        const found = await whileAtWork('ANALYZE fresh', () => findNames('stale-statistics', {}, 'limited'));
        assert.deepEqual(found, [], 'seen by a role without rights');
        assert.deepEqual(await findNames('stale-statistics'), ['fresh'], 'it was cancelled');
        await execute((await findOne('stale-statistics', 'fresh')).fix?.sql ?? '');
        await client.query('SELECT pg_sleep(1.2)');
        assert.deepEqual(await findNames('stale-statistics'), []);
      });

      it('no-primary-key', async () => {
        const names = await findNames('no-primary-key');
        assert.ok(['keyed', 'keyless', 'parted'].every((name) => names.includes(name)));
        assert.ok(!['empty', 'parent', 'parted_1', 'of_extension'].some((name) => names.includes(name)));
        await execute('ALTER EXTENSION citext DROP TABLE of_extension');
        assert.ok((await findNames('no-primary-key')).includes('of_extension'), 'it was nothing but the extension');
        await execute('ALTER EXTENSION citext ADD TABLE of_extension');
        for (const name of ['keyless', 'keyed_pattern', 'keyed_collation']) {
          assert.equal((await findOne('no-primary-key', name)).fix, undefined, name);
        }
        await fixAndUndo('no-primary-key', 'keyed');

        const identity = async () => {
          const { rows } = await client.query<Record<string, unknown>>(
            `SELECT t.relreplident, i.indexrelid::regclass::text AS index, i.indisreplident FROM pg_index i
            JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = 'keyed_identity'`,
          );
          return rows;
        };
        const before = await identity();
        assert.deepEqual(before, [{ relreplident: 'i', index: 'keyed_identity_a', indisreplident: true }]);
        const { fix } = await findOne('no-primary-key', 'keyed_identity');
        await fixAndUndo('no-primary-key', 'keyed_identity');
        assert.deepEqual(await identity(), before, 'the index is the replica identity again');
        await execute(fix?.sql ?? '');
        for (const statement of fix?.undoSql?.split('\n') ?? []) {
          await execute(statement);
          await execute('UPDATE keyed_identity SET b = 1 WHERE a = 1');
        }

        const referred = await findOne('no-primary-key', 'keyed_referred');
        assert.equal(referred.fix?.undoSql, undefined, 'the foreign key would have to go with the constraint');
        await execute(referred.fix?.sql ?? '');
        await assert.rejects(
          client.query('ALTER TABLE keyed_referred DROP CONSTRAINT keyed_referred_a'),
          /other objects depend on it/,
        );
      });

      it('cache-hit-low', async () => {
        assert.deepEqual(await findNames('cache-hit-low'), [], 'too few reads to say');
        const all = await findAll('cache-hit-low', { minHeapRatio: 1, minIndexRatio: 1, minBlocksRead: 0 });
        const { rows } = await client.query<{ what: string; hit: number }>(
          `SELECT 'tables' AS what, sum(heap_blks_hit)::float8 / sum(heap_blks_hit + heap_blks_read) AS hit FROM pg_statio_user_tables
          UNION ALL SELECT 'indexes', sum(idx_blks_hit)::float8 / sum(idx_blks_hit + idx_blks_read) FROM pg_statio_user_tables`,
        );
        for (const { what, hit } of rows) {
          assert.ok(hit < 1, 'shared buffers are smaller than what was read');
          const said = all.find(({ message }) => message.includes(`blocks of ${what} `))?.evidence[0]?.value;
          assert.ok(Math.abs(Number(said) - hit) < 0.01, what);
        }
      });

      it('connections-high', async () => {
        assert.deepEqual(await findNames('connections-high'), []);
        assert.match(
          (await findOne('connections-high', 'server', { minRatio: 0.001 })).message,
          /^\d+ of 97 connections/,
        );
        const { rows } = await client.query<{ active: number; all: number }>(
          `SELECT count(*) FILTER (WHERE state = 'active')::int AS active, count(*)::int AS all FROM pg_stat_activity WHERE backend_type = 'client backend'`,
        );
        // PG Insight itself works then, and this test's session waits for it
        const seen = await findOne('connections-high', 'server', { minRatio: 0.001 });
        assert.equal(seen.evidence.find(({ label }) => label === 'active')?.value, rows[0]?.active);
        assert.match(seen.advice ?? '', new RegExp(`^${rows[0]?.active} of them worked at that moment`));
        const [ofServer] = await findAll('connections-high', { minRatio: 0.001 }, 'limited');
        assert.match(ofServer?.advice ?? '', new RegExp(`^What ${rows[0]?.all} sessions do is hidden from this role`));
        await execute('ALTER ROLE limited CONNECTION LIMIT 1');
        const [ofRole] = await findAll('connections-high', {}, 'limited');
        assert.equal(ofRole?.message, '1 of 1 connections of role "limited" are taken (100%).');
        await execute('ALTER ROLE limited CONNECTION LIMIT -1');
      });

      it('slow-statement', async () => {
        const found = await findAll('slow-statement');
        assert.ok(found.some(({ message }) => message.startsWith('SELECT pg_sleep($1) takes')));
        assert.ok(found.every(({ message }) => !/^(CREATE|ANALYZE|VACUUM|--)/.test(message)));
        assert.deepEqual(await findNames('slow-statement', { minMeanMs: 1e9 }), []);
        const [hidden] = await findAll('slow-statement', {}, 'limited');
        assert.equal(hidden?.subject.kind, 'role');
        await execute(hidden.fix?.sql ?? '');
        assert.ok(
          (await findAll('slow-statement', {}, 'limited')).every(({ subject }) => subject.kind === 'statement'),
        );
        await execute(hidden.fix?.undoSql ?? '');
      });

      it('long-transaction', async () => {
        const idle = new Client({ connectionString: server.url() });
        idle.on('error', () => undefined);
        await idle.connect();
        await idle.query('BEGIN');
        await idle.query('SELECT 1');
        await client.query('SELECT pg_sleep(0.1)');
        assert.deepEqual(await findNames('long-transaction'), []);
        assert.equal(skipped(run(await capture('limited'), 'long-transaction')).kind, 'not-permitted');
        // a parallel worker has its leader's transaction
        const leader = new Client({ connectionString: server.url() });
        await leader.connect();
        await leader.query(`SET ${major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode'} = on`);
        const asleep = assert.rejects(leader.query('SELECT pg_sleep(60)'), /canceling statement/);
        let workers: { pid: number }[] = [];
        for (; workers.length === 0;) {
          ({ rows: workers } = await client.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND xact_start < now()`,
          ));
        }
        const sessions = await findAll('long-transaction', { minMinutes: 0 });
        assert.ok(
          sessions.some(({ message }) => message.includes(' is active now')),
          'the leader',
        );
        assert.ok(!sessions.some(({ subject }) => subject.kind === 'session' && subject.pid === workers[0]?.pid));
        // nor does it take a connection, which a role can't tell that sees of it who, but not what it is
        const counts = await client.query<{ clients: number; all: number }>(
          `SELECT count(*) FILTER (WHERE backend_type = 'client backend')::int AS clients, count(*)::int AS all FROM pg_stat_activity WHERE datname IS NOT NULL`,
        );
        const { clients = 0, all = 0 } = counts.rows[0] ?? {};
        assert.ok(all > clients);
        const report = async (user?: string) => {
          const snapshot = await capture(user);
          return buildReport(snapshot, analyze(snapshot));
        };
        // the session of PG Insight comes on top
        const seesAll = await report();
        assert.deepEqual([seesAll.connections?.usedAtLeast, seesAll.connections?.used], [clients + 1, clients + 1]);
        const seesHalf = await report('limited');
        assert.equal(seesHalf.connections?.used, all + 1);
        assert.ok(seesHalf.connections.usedAtLeast <= clients + 1);
        assert.equal(seesHalf.targets.find(({ id }) => id === 'connections')?.status, 'unknown');
        await client.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND backend_type = 'client backend'`,
        );
        await asleep;
        await leader.end();
        const found = sessions.find(({ message }) => message.includes('idle in transaction'));
        assert.ok(found?.fix);
        const isThere = async () =>
          (await findAll('long-transaction', { minMinutes: 0 })).some(({ message }) =>
            message.includes('idle in transaction'),
          );
        // a younger transaction under that process id is somebody else's
        await client.query(found.fix.sql.replace("'0 minutes'", "'1 hour'"));
        await client.query('SELECT pg_sleep(0.2)');
        assert.ok(await isThere());
        await client.query(found.fix.sql.replace("'0 minutes'", "'0.1 seconds'"));
        await client.query('SELECT pg_sleep(0.2)');
        const left = await findAll('long-transaction', { minMinutes: 0 });
        assert.ok(left.every(({ message }) => !message.includes('idle in transaction')));
        await idle.end().catch(() => undefined);
      });

      it('sequence-exhaustion', async () => {
        const names = ['chosen_seq', 'down', 'ends', 'inherited', 'narrow_id_seq', 'wide'];
        assert.deepEqual(await findNames('sequence-exhaustion'), names);
        const inherited = await findOne('sequence-exhaustion', 'inherited');
        assert.equal(inherited.fix, undefined, 'the server refuses to alter an inherited column');
        assert.match(inherited.advice ?? '', /public\.young inherits from another table/);
        const wide = await findOne('sequence-exhaustion', 'wide');
        assert.equal(wide.severity, 'critical');
        assert.match(wide.message, /column public\.wide_user\.id is of type integer/);
        const fixes = await Promise.all(
          names
            .filter((each) => each !== 'inherited')
            .map(async (name) => (await findOne('sequence-exhaustion', name)).fix),
        );
        const readSequences = async () =>
          (
            await client.query(
              `SELECT seqrelid::regclass::text, seqtypid::regtype::text, seqmin, seqmax FROM pg_sequence ORDER BY 1`,
            )
          ).rows as unknown[];
        const before = await readSequences();
        for (const fix of fixes) await execute(fix?.sql ?? '');
        assert.notDeepEqual(await readSequences(), before);
        for (const fix of fixes) await execute(fix?.undoSql ?? '');
        assert.deepEqual(await readSequences(), before);
        assert.deepEqual(await findNames('sequence-exhaustion'), names);
        for (const fix of fixes) await execute(fix?.sql ?? '');
        // the parent's column took the inherited one along
        assert.deepEqual(await findNames('sequence-exhaustion'), []);
        const { rows } = await client.query(
          `SELECT format_type(atttypid, -1) AS type, seqmax::text AS maximum FROM pg_attribute, pg_sequence
          WHERE attrelid = 'chosen'::regclass AND attname = 'id' AND seqrelid = 'chosen_seq'::regclass`,
        );
        assert.deepEqual(rows, [{ type: 'integer', maximum: '2147483647' }], 'a chosen end does not widen the column');
        assert.equal(skipped(run(await capture('limited'), 'sequence-exhaustion')).kind, 'not-permitted');
      });

      it('sequence-exhaustion says what stands in the way of a wider type', async () => {
        await execute(`
          CREATE SCHEMA used;
          CREATE TABLE used.viewed (id serial, note text);
          CREATE VIEW used."a view" AS SELECT id FROM used.viewed;
          CREATE MATERIALIZED VIEW used.kept AS SELECT id + 1 AS next FROM used.viewed;
          CREATE TABLE used.ruled (id serial, note text);
          CREATE RULE keep AS ON DELETE TO used.ruled WHERE old.id > 5 DO INSTEAD NOTHING;
          CREATE TABLE used.triggered (id serial, note text);
          CREATE TRIGGER watch BEFORE UPDATE OF id ON used.triggered FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
          CREATE TABLE used.generated (id serial, next integer GENERATED ALWAYS AS (id + 1) STORED);
          CREATE TABLE used.guarded (id serial, note text);
          CREATE POLICY guard ON used.guarded USING (id > 5);
          ${major >= 15 ? 'CREATE TABLE used.published (id serial PRIMARY KEY, note text); CREATE PUBLICATION of_used FOR TABLE used.published (id);' : ''}
          CREATE TABLE used.free (id serial, note text)`);
        const { rows } = await client.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relkind = 'S' AND relnamespace = 'used'::regnamespace ORDER BY 1`,
        );
        for (const { name } of rows) await client.query(`SELECT setval('used.${name}', 2000000000)`);
        for (const { name } of rows) {
          const { fix } = await findOne('sequence-exhaustion', name);
          assert.ok(fix, name);
          if (name === 'free_id_seq') {
            await execute(fix.sql);
            continue;
          }
          await assert.rejects(execute(fix.sql), /cannot alter type of a column used (by|in) /, name);
          assert.match(fix.risk, /The server refuses it while /, name);
          const named = { viewed_id_seq: 'used."a view", used.kept', ruled_id_seq: 'used.ruled' }[name];
          assert.equal(/drop those of (.*) first/.exec(fix.risk)?.[1], named, name);
          if (name === 'viewed_id_seq') {
            await execute('DROP VIEW used."a view"; DROP MATERIALIZED VIEW used.kept');
            await execute(fix.sql);
          }
        }
        await execute('DROP SCHEMA used CASCADE');
      });

      it('wraparound', async () => {
        assert.deepEqual(await findNames('wraparound'), []);
        const { fix, evidence } = await findOne('wraparound', 'postgres', { minRatio: 0 });
        const { rows } = await client.query<{ age: number }>(
          `SELECT age(datfrozenxid) AS age FROM pg_database WHERE datname = 'postgres'`,
        );
        assert.ok(Math.abs(Number(evidence[0]?.value) - (rows[0]?.age ?? 0)) < 100);
        await execute(fix?.sql ?? '');
        // more than half of autovacuum_freeze_max_age of this server
        await client.query(`DO $$ BEGIN FOR i IN 1..60000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$`);
        const findings = await findAll('wraparound');
        const { rows: databases } = await client.query<{ name: string }>(
          `SELECT datname AS name FROM pg_database WHERE age(datfrozenxid) > 50000 ORDER BY datname`,
        );
        assert.ok(databases.length > 0);
        assert.deepEqual(
          findings.map(nameOf).toSorted(),
          databases.map(({ name }) => name),
        );
        assert.ok(findings.every(({ severity }) => severity === 'low'));
      });

      it('statements-missing, and slow-statement is skipped with the same reason', async () => {
        assert.deepEqual(await findNames('statements-missing'), []);
        await execute('DROP EXTENSION pg_stat_statements');
        const snapshot = await capture();
        const result = run(snapshot, 'statements-missing');
        assert.ok(result.status === 'ran');
        assert.equal(result.findings[0]?.fix?.sql, 'CREATE EXTENSION pg_stat_statements;');
        assert.equal(skipped(run(snapshot, 'slow-statement')).message, result.findings[0].message);
        await execute(result.findings[0].fix.sql);
        assert.deepEqual(await findNames('statements-missing'), []);
      });

      it('are all in one analysis, ordered, ignored and switched off as told', async () => {
        const snapshot = await capture();
        const options = { 'unused-index': atOnce };
        const all = analyze(snapshot, { options });
        assert.deepEqual(
          all.outcomes.map(({ ruleId }) => ruleId),
          healthRules.map(({ id }) => id),
        );
        const [first] = all.findings;
        assert.ok(first);
        const some = analyze(snapshot, {
          options,
          disabled: ['no-primary-key'],
          ignore: [{ fingerprint: first.fingerprint, reason: 'known' }],
        });
        assert.deepEqual(some.ignored, [{ finding: first, reason: 'known' }]);
        assert.deepEqual(
          some.findings,
          all.findings.filter((each) => each !== first && each.ruleId !== 'no-primary-key'),
        );
        const wrong = analyze(snapshot, { options: { 'dead-tuples': { minRatio: 'x' } } });
        const outcome = wrong.outcomes.find(({ ruleId }) => ruleId === 'dead-tuples');
        assert.ok(outcome?.status === 'skipped' && outcome.reason.nextStep.includes('pgInsight.rules'));
      });
    });
  }

  for (const major of majors) {
    it(`dead-tuples has autovacuum come earlier, and PostgreSQL ${major} does it`, async function () {
      this.timeout(60_000);
      const server = await startPostgres({ major, settings: { autovacuum_naptime: '1s' } });
      const client = new Client({ connectionString: server.url() });
      await client.connect();
      const session = await openTestSession(server);
      try {
        const find = async () => {
          const facts = await captureServerFacts(session);
          const result = deadTuples.run(await captureSnapshot(session.run, facts, { server: session.server }));
          return result.status === 'ran' ? result.findings : [];
        };
        const execute = async (statements: string) => {
          for (const statement of statements.split('\n')) await client.query(statement);
        };
        const optionsOf = async (table: string) =>
          (
            await client.query<{ o: string[] | null }>(
              'SELECT reloptions AS o FROM pg_class WHERE oid = $1::regclass',
              [table],
            )
          ).rows[0]?.o;
        const autovacuums = async () =>
          (
            await client.query<{ n: string }>(
              `SELECT autovacuum_count AS n FROM pg_stat_user_tables WHERE relname = 'late'`,
            )
          ).rows[0]?.n;
        await client.query(`
          CREATE TABLE late (id integer) WITH (autovacuum_vacuum_scale_factor = 0.9, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 1000000);
          CREATE TABLE "switched ""off" (id integer) WITH (autovacuum_enabled = false);
          INSERT INTO late SELECT g FROM generate_series(1, 60000) g;
          INSERT INTO "switched ""off" SELECT g FROM generate_series(1, 60000) g`);
        await client.query('VACUUM ANALYZE');
        const before = [await optionsOf('late'), await optionsOf('"switched ""off"')];
        await client.query('DELETE FROM late WHERE id % 2 = 0; DELETE FROM "switched ""off" WHERE id % 2 = 0');
        // figures of a session reach the others a moment later
        let found = await find();
        for (let tries = 0; found.length < 2 && tries < 100; tries += 1) {
          await client.query('SELECT pg_sleep(0.1)');
          found = await find();
        }
        assert.deepEqual(found.map(({ subject }) => 'name' in subject && subject.name).toSorted(), [
          'late',
          'switched "off',
        ]);
        const fixes = found.map(({ fix }) => fix);
        const counted = await autovacuums();
        for (const fix of fixes) await execute(fix?.sql ?? '');
        assert.deepEqual(await optionsOf('late'), [
          'autovacuum_vacuum_insert_threshold=-1',
          'autovacuum_analyze_threshold=1000000',
          'autovacuum_vacuum_scale_factor=0.1',
        ]);
        assert.equal(await optionsOf('"switched ""off"'), null);
        // as many again: half of the rows that are left, which 0.9 would have let lie
        await client.query('DELETE FROM late WHERE id % 4 = 1');
        for (let tries = 0; (await autovacuums()) === counted; tries += 1) {
          assert.ok(tries < 300, 'autovacuum comes by itself');
          await client.query('SELECT pg_sleep(0.1)');
        }
        for (const fix of fixes) await execute(fix?.undoSql ?? '');
        const after = [await optionsOf('late'), await optionsOf('"switched ""off"')];
        assert.deepEqual(
          after.map((options) => options?.toSorted()),
          before.map((options) => options?.toSorted()),
        );
      } finally {
        await session.close();
        await client.end();
        await server.stop();
      }
    });
  }
});
