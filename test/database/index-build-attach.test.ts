// Partitions that have the index already: theirs is attached, and stays whatever happens afterwards.
import assert from 'node:assert/strict';
import type { Client } from 'pg';
import { makeIndexScript, TakenNames } from '../../src/analysis/index-advice/index-ddl';
import type { HypotheticalIndex } from '../../src/analysis/index-advice/what-if-planner';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureIndexAdviceFacts } from '../../src/database/what-if/index-advice-facts';
import { openTestSession } from './test-session';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import {
  formatBuildConfirmation,
  formatDropConfirmation,
  formatSteps,
} from '../../src/analysis/index-build/format-index-build';
import type { IndexBuildOutcome, IndexDropRequest } from '../../src/analysis/index-build/index-build';
import type { DatabaseConnection } from '../../src/database/database-access';
import {
  agreeTo,
  assertNothingOpen,
  build,
  connect,
  connectClient,
  drop,
  listIndexes,
  schemaSql,
  toRequest,
} from './index-build-server';

const events = { schema: 'app', table: 'events' };

/** Of two levels; `mine%` are the user's indexes, and each of the others differs from the wanted one in one thing. */
const eventsSql = `
  CREATE TABLE app.events (id integer, kind text, day integer) PARTITION BY RANGE (day);
  CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM (1) TO (2);
  CREATE TABLE app.events_2 (day integer, gone integer, kind text, id integer);
  ALTER TABLE app.events_2 DROP COLUMN gone;
  ALTER TABLE app.events ATTACH PARTITION app.events_2 FOR VALUES FROM (2) TO (3);
  CREATE TABLE app.events_3 PARTITION OF app.events FOR VALUES FROM (3) TO (4) PARTITION BY LIST (kind);
  CREATE TABLE app.events_3_a PARTITION OF app.events_3 FOR VALUES IN ('a');
  CREATE TABLE app.events_3_b PARTITION OF app.events_3 FOR VALUES IN ('b');
  CREATE TABLE app.events_4 PARTITION OF app.events FOR VALUES FROM (4) TO (5) PARTITION BY LIST (kind);
  CREATE TABLE app.events_4_a PARTITION OF app.events_4 FOR VALUES IN ('a');
  INSERT INTO app.events SELECT n, chr(97 + n % 2), 1 + n % 3 FROM generate_series(1, 1200) n;
  INSERT INTO app.events SELECT n, 'a', 4 FROM generate_series(1, 300) n;
  CREATE INDEX mine_2 ON app.events_2 (kind, id DESC) WITH (fillfactor = 70);
  CREATE INDEX mine_3_a ON app.events_3_a (kind, id DESC);
  CREATE INDEX mine_4 ON app.events_4 (kind, id DESC);
  CREATE INDEX other_order ON app.events_1 (kind, id);
  CREATE INDEX other_class ON app.events_1 (kind text_pattern_ops, id DESC);
  CREATE INDEX other_collation ON app.events_1 (kind COLLATE "C", id DESC);
  CREATE INDEX other_part ON app.events_1 (kind, id DESC) WHERE id > 0;
  CREATE UNIQUE INDEX other_unique ON app.events_1 (kind, id DESC);
  COMMENT ON INDEX app.mine_2 IS 'the report needs it';
  ANALYZE app.events`;

const request = toRequest('events_kind', 'USING btree (kind, id DESC)', events);

for (const major of [13, 18] as const) {
  describe(`an index that partitions have already, on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let admin: Client;
    let connection: DatabaseConnection;

    before(async () => {
      server = await startPostgres({ major, settings: { autovacuum: 'off' } });
      admin = await connectClient(server.url());
      await admin.query(schemaSql);
      connection = await connect(server.url());
    });

    beforeEach(() => admin.query(eventsSql));

    afterEach(async () => {
      await assertNothingOpen(admin);
      await admin.query('DROP TABLE app.events');
    });

    after(async () => {
      await connection.close();
      await admin.end();
      await server.stop();
    });

    /** Name and definition of everything on the partitions; the OIDs change where an index is built anew. */
    const listAll = async () => {
      const { rows } = await admin.query<{ definition: string; valid: boolean }>(
        `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index
         WHERE indrelid IN (SELECT relid FROM pg_partition_tree('app.events')) ORDER BY 1`,
      );
      return rows;
    };
    const parentOf = async (name: string) => {
      const { rows } = await admin.query<{ parent: string }>(
        'SELECT inhparent::regclass::text AS parent FROM pg_inherits WHERE inhrelid = $1::regclass',
        [name],
      );
      return rows[0]?.parent ?? null;
    };
    const toCleanup = (outcome: IndexBuildOutcome): IndexDropRequest => {
      assert.ok(outcome.outcome === 'failed' && outcome.leftover.left === 'remainder', JSON.stringify(outcome));
      return outcome.leftover.cleanup;
    };

    it('is attached where it is, built where it is not, and both is said before', async () => {
      const oids = await listIndexes(admin, 'mine%');
      const plan = await connection.prepareIndexBuild(request);
      assert.equal(
        formatSteps(plan),
        [
          'CREATE INDEX events_kind ON ONLY app.events USING btree (kind, id DESC);',
          'CREATE INDEX CONCURRENTLY events_kind_events_1 ON app.events_1 USING btree (kind, id DESC);',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.events_kind_events_1;',
          'CREATE INDEX events_kind_events_3 ON ONLY app.events_3 USING btree (kind, id DESC);',
          'CREATE INDEX CONCURRENTLY events_kind_events_3_events_3_b ON app.events_3_b USING btree (kind, id DESC);',
          'ALTER INDEX app.events_kind_events_3 ATTACH PARTITION app.events_kind_events_3_events_3_b;',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.mine_2;',
          'ALTER INDEX app.events_kind_events_3 ATTACH PARTITION app.mine_3_a;',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.events_kind_events_3;',
          'ALTER INDEX app.events_kind ATTACH PARTITION app.mine_4;',
          '',
        ].join('\n'),
      );
      const text = formatBuildConfirmation(plan);
      for (const [name, table] of [
        ['mine_2', 'events_2'],
        ['mine_3_a', 'events_3_a'],
        ['mine_4', 'events_4'],
      ]) {
        assert.ok(text.includes(`app.${name} on app.${table} is attached, not built again.`), text);
      }
      const outcome = await connection.runIndexBuild(request, agreeTo(plan));
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      assert.deepEqual(await Promise.all(['app.mine_2', 'app.mine_3_a', 'app.mine_4'].map(parentOf)), [
        'app.events_kind',
        'app.events_kind_events_3',
        'app.events_kind',
      ]);
      assert.deepEqual(await listIndexes(admin, 'mine%'), oids);
      // every partition has one, and no partition two
      const { rows } = await admin.query<{ same: number }>(
        `SELECT count(*)::int AS same FROM pg_index i JOIN pg_partition_tree('app.events') t ON t.relid = i.indrelid
         WHERE t.isleaf AND pg_get_indexdef(i.indexrelid) ~ 'USING btree \\(kind, id DESC\\)( WITH .*)?$'
           AND NOT i.indisunique`,
      );
      assert.equal(rows[0]?.same, 5);
      assert.ok((await listAll()).every(({ valid }) => valid));
    });

    it('is attached by the DDL of advice too, and made again by its undo', async () => {
      const before = await listAll();
      const session = await openTestSession(server);
      const facts = await captureServerFacts(session);
      const { tables, takenNames } = await session.run(
        { access: 'read-only', searchPath: 'catalogue', statementTimeoutMs: 5_000 },
        (unit) => captureIndexAdviceFacts(unit, facts, [{ schema: 'app', name: 'events' }], []),
      );
      await session.close();
      const [table] = tables;
      assert.ok(table);
      const index: HypotheticalIndex = {
        schema: 'app',
        table: 'events',
        method: 'btree',
        keys: ['kind', 'id DESC'],
        included: [],
        predicate: null,
      };
      const { steps, undo } = makeIndexScript(index, table, new TakenNames(takenNames));
      for (const step of steps) await admin.query(step);
      assert.ok((await listAll()).every(({ valid }) => valid));
      const { rows } = await admin.query<{ count: number }>(
        `SELECT count(*)::int FROM pg_index i JOIN pg_partition_tree('app.events') t ON t.relid = i.indrelid
         WHERE t.isleaf AND pg_get_indexdef(i.indexrelid) ~ 'USING btree \\(kind, id DESC\\)( WITH .*)?$'
           AND NOT i.indisunique`,
      );
      assert.equal(rows[0]?.count, 5, 'every partition has one, and no partition two');
      assert.equal(await parentOf('app.mine_2'), 'app.events_kind_id_idx');
      for (const statement of undo.split('; ')) await admin.query(statement);
      const names = (all: { definition: string }[]) => all.map(({ definition }) => definition.replace(/ ONLY /, ' '));
      // of a partitioned part the parts get new names
      const isKept = (definition: string) => !definition.includes('events_4_a');
      assert.deepEqual(names(await listAll()).filter(isKept), names(before).filter(isKept));
      assert.equal((await listAll()).length, before.length);
    });

    it('is there again after an undo, by its name, and was never missing', async () => {
      const before = await listAll();
      const outcome = await build(connection, request);
      assert.ok(outcome.outcome === 'built', JSON.stringify(outcome));
      const plan = await connection.prepareIndexDrop(outcome.undo);
      const text = formatDropConfirmation(plan);
      assert.match(text, /app\.mine_2 on app\.events_2 was there before and stays: built anew first/);
      const at = (sql: string) => plan.steps.findIndex((step) => step.sql.startsWith(sql));
      assert.ok(at('CREATE INDEX CONCURRENTLY mine_2_1 ON app.events_2') < at('DROP INDEX app.events_kind'));
      assert.ok(at('DROP INDEX app.events_kind') < at('ALTER INDEX app.mine_2_1 RENAME TO mine_2'));
      const undone = await connection.runIndexDrop(outcome.undo, agreeTo(plan));
      assert.ok(undone.outcome === 'dropped', JSON.stringify(undone));
      assert.deepEqual(await listAll(), before);
      assert.equal(await parentOf('app.mine_2'), null);
      const { rows } = await admin.query("SELECT obj_description('app.mine_2'::regclass, 'pg_class') AS comment");
      assert.deepEqual(rows, [{ comment: 'the report needs it' }]);
      // and it can be made again, with what is there now
      assert.ok(undone.undo !== null);
      const again = await build(connection, undone.undo);
      assert.ok(again.outcome === 'built', JSON.stringify(again));
      assert.equal(await parentOf('app.mine_2'), 'app.events_kind');
    });

    it('is not touched by a build that is cancelled, nor by its cleanup', async () => {
      const before = await listAll();
      const oids = await listIndexes(admin, 'mine%');
      const writer = await connectClient(server.url());
      await writer.query("BEGIN; INSERT INTO app.events VALUES (9999, 'b', 3)");
      const controller = new AbortController();
      const running = build(connection, request, {
        signal: controller.signal,
        onProgress: ({ step, waitingFor }) => {
          if (step > 1 && waitingFor !== null) controller.abort();
        },
      });
      // the first step stands in line too, until the writer is done; a reader of old rows stops the next one
      const reader = await connectClient(server.url());
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app.other');
      await writer.query('ROLLBACK');
      const outcome = await running;
      await reader.query('COMMIT');
      await Promise.all([writer.end(), reader.end()]);
      const cleaned = await drop(connection, toCleanup(outcome));
      assert.ok(cleaned.outcome === 'dropped', JSON.stringify(cleaned));
      assert.deepEqual(await listAll(), before);
      assert.deepEqual(await listIndexes(admin, 'mine%'), oids);
    });

    it('stays when the last steps wait for a lock and are cancelled', async () => {
      const before = await listAll();
      const reader = await connectClient(server.url());
      // attaching wants the index for itself, and whoever works on it is in the way
      await reader.query("BEGIN; COMMENT ON INDEX app.mine_4 IS 'x'");
      const controller = new AbortController();
      const outcome = await build(connection, request, {
        signal: controller.signal,
        onProgress: ({ step, stepCount, waitingFor }) => {
          if (step === stepCount && waitingFor !== null) controller.abort();
        },
      });
      await reader.query('ROLLBACK');
      await reader.end();
      assert.ok(outcome.outcome === 'failed');
      assert.match(outcome.failure.message, /it was cancelled/);
      assert.equal(await parentOf('app.mine_2'), 'app.events_kind');
      const cleanup = toCleanup(outcome);
      const plan = await connection.prepareIndexDrop(cleanup);
      assert.deepEqual(
        plan.rebuilt.map(({ name }) => name),
        ['mine_2', 'mine_3_a'],
      );
      const cleaned = await connection.runIndexDrop(cleanup, agreeTo(plan));
      assert.ok(cleaned.outcome === 'dropped', JSON.stringify(cleaned));
      assert.deepEqual(await listAll(), before);
    });

    it('stays when the undo is cancelled before the drop, and what was built anew is cleaned up', async () => {
      const made = await build(connection, request);
      assert.ok(made.outcome === 'built');
      const before = await listIndexes(admin, '%');
      const reader = await connectClient(server.url());
      await reader.query('BEGIN; SELECT * FROM app.events LIMIT 1');
      const plan = await connection.prepareIndexDrop(made.undo);
      const place = plan.steps.findIndex(({ sql }) => sql.startsWith('DROP')) + 1;
      const controller = new AbortController();
      const outcome = await connection.runIndexDrop(made.undo, agreeTo(plan), {
        signal: controller.signal,
        onProgress: ({ step, waitingFor }) => {
          if (step === place && waitingFor !== null) controller.abort();
        },
      });
      await reader.query('COMMIT');
      await reader.end();
      assert.ok(outcome.outcome === 'failed' && outcome.leftover.left === 'remainder', JSON.stringify(outcome));
      assert.match(outcome.failure.message, /Index app\.events_kind is as it was\. Left is what was to replace/);
      const cleaned = await drop(connection, outcome.leftover.cleanup);
      assert.ok(cleaned.outcome === 'dropped', JSON.stringify(cleaned));
      assert.deepEqual(await listIndexes(admin, '%'), before);
    });

    it('is never dropped when the undo fails after the drop: the SQL that names it is told', async () => {
      const before = await listAll();
      const made = await build(connection, request);
      assert.ok(made.outcome === 'built');
      const plan = await connection.prepareIndexDrop(made.undo);
      // holds up the drop, and nothing before it
      const other = await connectClient(server.url());
      await other.query('BEGIN; LOCK TABLE app.events IN ACCESS SHARE MODE');
      const taken: Promise<unknown>[] = [];
      const outcome = await connection.runIndexDrop(made.undo, agreeTo(plan), {
        onProgress: ({ step, waitingFor }) => {
          if (waitingFor === null || taken.length > 0 || plan.steps[step - 1]?.sql.startsWith('DROP') !== true) return;
          taken.push(other.query('ALTER INDEX app.mine_4 RENAME TO renamed_4; CREATE TABLE app.mine_4 (); COMMIT'));
        },
      });
      await Promise.all(taken);
      await other.end();
      assert.ok(outcome.outcome === 'failed' && outcome.leftover.left === 'renames', JSON.stringify(outcome));
      assert.match(outcome.failure.message, /someone has made a relation of this name/);
      await admin.query('DROP TABLE app.mine_4');
      await admin.query(outcome.leftover.sql);
      assert.deepEqual(await listAll(), before);
    });
  });
}
