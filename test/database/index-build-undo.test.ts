// An undo of a drop brings back all of an index: also what pg_get_indexdef() does not say.
import assert from 'node:assert/strict';
import { chown, mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { runsAsRoot, unprivileged } from '../../scripts/environment/cache-folder';
import type { StartedIndexDrop } from '../../src/analysis/index-build/index-build';
import { toDropIndexFix } from '../../src/analysis/indexes/index-shape';
import { toFindParts } from '../../src/analysis/indexes/index-parts';
import type { DatabaseConnection } from '../../src/database/database-access';
import { agreeTo, build, connect, connectClient, drop, listIndexes, schemaSql, waitUntil } from './index-build-server';

const objectsSql = `
  CREATE INDEX plain ON app.orders (customer_id);
  CREATE UNIQUE INDEX "Every ""extra" ON app.orders (id, lower(note), (customer_id + 1) DESC) INCLUDE (note)
    WITH (fillfactor = 70) TABLESPACE "other disk"
    WHERE customer_id > 5 AND note <> ' WHERE (' AND CASE WHEN id > 0 THEN true ELSE false END;
  COMMENT ON INDEX app."Every ""extra" IS E'it''s a \\\\ of\nthe report';
  ALTER INDEX app."Every ""extra" ALTER COLUMN 2 SET STATISTICS 500;
  ALTER INDEX app."Every ""extra" ALTER COLUMN 3 SET STATISTICS 0;
  CREATE INDEX clustered ON app.orders (customer_id, id) TABLESPACE "other disk";
  ALTER TABLE app.orders CLUSTER ON clustered;
  CREATE MATERIALIZED VIEW app.seen AS SELECT id FROM app.orders;
  CREATE INDEX of_view ON app.seen (id);
  ALTER MATERIALIZED VIEW app.seen CLUSTER ON of_view;
  CREATE TABLE app.parted (id integer, day integer) PARTITION BY RANGE (day);
  CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (1) TO (2);
  CREATE TABLE app.parted_2 PARTITION OF app.parted FOR VALUES FROM (2) TO (3) PARTITION BY RANGE (day);
  CREATE TABLE app.parted_2_all PARTITION OF app.parted_2 DEFAULT;
  CREATE INDEX whole ON app.parted ((id + day)) TABLESPACE "other disk";
  COMMENT ON INDEX app.whole IS 'of all';
  ALTER INDEX app.parted_1_expr_idx RENAME TO "First";
  COMMENT ON INDEX app."First" IS 'of one';
  ALTER INDEX app."First" ALTER COLUMN 1 SET STATISTICS 77;
  ALTER TABLE app.parted_1 CLUSTER ON "First"`;

const names = ['plain', 'Every "extra', 'clustered', 'of_view', 'whole'];

for (const major of [13, 18] as const) {
  describe(`an index that is taken back on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let admin: Client;
    let connection: DatabaseConnection;

    before(async () => {
      server = await startPostgres({ major, settings: { autovacuum: 'off' } });
      admin = await connectClient(server.url());
      const folder = path.join(server.folder, 'other');
      await mkdir(folder);
      if (runsAsRoot) await chown(folder, unprivileged.uid, unprivileged.gid);
      await admin.query(schemaSql);
      await admin.query(`CREATE TABLESPACE "other disk" LOCATION '${folder}'`);
      await admin.query(objectsSql);
      connection = await connect(server.url());
    });

    after(async () => {
      await connection.close();
      await admin.end();
      await server.stop();
    });

    const listAll = async () => {
      const { rows } = await admin.query<Record<string, unknown>>(`
        SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, i.indisvalid AS valid, i.indisclustered AS clustered,
          (SELECT spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace) AS tablespace,
          obj_description(c.oid, 'pg_class') AS comment, (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) AS parent,
          array(SELECT attnum || '=' || attstattarget FROM pg_attribute
            WHERE attrelid = c.oid AND attstattarget >= 0 ORDER BY 1) AS targets
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'app'::regnamespace
        ORDER BY c.relname::text COLLATE "C"`);
      return rows;
    };
    const toDropRequest = async (name: string) => {
      const [index] = await listIndexes(admin, name);
      assert.ok(index);
      return { indexes: [{ schema: 'app', name, oid: Number(index.oid), mustBeInvalid: false }], keep: [] };
    };

    it('is there as it was, by Undo', async () => {
      const before = await listAll();
      assert.ok(before.some(({ tablespace, comment }) => tablespace === 'other disk' && comment !== null));
      for (const name of names) {
        const dropped = await drop(connection, await toDropRequest(name));
        assert.ok(dropped.outcome === 'dropped' && dropped.undo !== null, JSON.stringify(dropped));
        assert.notDeepEqual(await listAll(), before);
        const built = await build(connection, dropped.undo);
        assert.ok(built.outcome === 'built', JSON.stringify(built));
        assert.equal(built.unfinishedSql, '');
        assert.deepEqual(await listAll(), before, name);
      }
    });

    it('is there as it was, when its first drop was interrupted', async () => {
      const before = await listAll();
      for (const name of ['Every "extra', 'clustered']) {
        const request = await toDropRequest(name);
        const plan = await connection.prepareIndexDrop(request);
        const reader = await connectClient(server.url());
        await reader.query('BEGIN; SELECT FROM app.orders LIMIT 1');
        const controller = new AbortController();
        const interrupted = await connection.runIndexDrop(request, agreeTo(plan), {
          signal: controller.signal,
          onProgress: ({ waitingFor }) => {
            if (waitingFor !== null) controller.abort();
          },
        });
        await reader.query('ROLLBACK');
        await reader.end();
        assert.ok(interrupted.outcome === 'failed' && interrupted.leftover.left === 'index');
        assert.equal(interrupted.leftover.isValid, false);
        const [was] = plan.indexes;
        assert.ok(was?.isMissed);
        // what is there now is no different from what a build has left
        const [now] = (await connection.prepareIndexDrop(request)).indexes;
        assert.equal(now?.isMissed, false);
        const indexes = request.indexes.map((target) => ({ ...target, before: was.undo }));
        const dropped = await drop(connection, { ...request, indexes });
        assert.ok(dropped.outcome === 'dropped' && dropped.undo !== null, JSON.stringify(dropped));
        assert.deepEqual(await listIndexes(admin, name), []);
        const built = await build(connection, dropped.undo);
        assert.ok(built.outcome === 'built', JSON.stringify(built));
        assert.deepEqual(await listAll(), before, name);
      }
    });

    it('is there as it was, by the SQL of the fix and of the log', async () => {
      const before = await listAll();
      const { indexes } = (await connection.captureSnapshot(['indexes'])).sections;
      if (indexes.status === 'unavailable') assert.fail(indexes.reason.message);
      const findParts = toFindParts(indexes.rows);
      for (const name of names) {
        const index = indexes.rows.find((each) => each.schema === 'app' && each.name === name);
        assert.ok(index);
        const { sql, undoSql = '' } = toDropIndexFix(index, findParts(index), '');
        await admin.query(sql);
        for (const statement of undoSql.split(/;\n|;$/)) await admin.query(statement);
        assert.deepEqual(await listAll(), before, undoSql);
        if (name === 'whole') continue;
        const dropped = await drop(connection, await toDropRequest(name));
        assert.ok(dropped.outcome === 'dropped');
        await admin.query(dropped.undoSql);
        assert.deepEqual(await listAll(), before, dropped.undoSql);
      }
    });

    it('is said to lack what did not succeed after the build', async () => {
      const dropped = await drop(connection, await toDropRequest('Every "extra'));
      assert.ok(dropped.outcome === 'dropped' && dropped.undo !== null);
      const plan = await connection.prepareIndexBuild(dropped.undo);
      const controller = new AbortController();
      const built = await connection.runIndexBuild(dropped.undo, agreeTo(plan), {
        signal: controller.signal,
        onProgress: ({ step, stepCount }) => {
          if (step === stepCount) controller.abort();
        },
      });
      assert.ok(built.outcome === 'built', JSON.stringify(built));
      assert.match(built.unfinishedSql, /^COMMENT ON INDEX app\."Every ""extra" IS E'it''s a /);
      await admin.query(built.unfinishedSql);
    });

    it('is told of when the window went during its drop', async () => {
      const request = await toDropRequest('plain');
      const { indexes, rebuilt, steps } = await connection.prepareIndexDrop(request);
      const started: StartedIndexDrop = { request, indexes, rebuilt, steps };
      const look = () => connection.findStartedIndexDrop(started);
      const untouched = await look();
      assert.ok(untouched.state === 'left' && untouched.leftover.left === 'index' && untouched.leftover.isValid);
      const begin = async () => {
        const reader = await connectClient(server.url());
        await reader.query('BEGIN; SELECT FROM app.orders LIMIT 1');
        const window = await connectClient(server.url());
        const { rows } = await window.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const [first] = steps;
        window.query(first?.sql ?? '').catch(() => undefined);
        await waitUntil('it is invalid', async () => (await listIndexes(admin, 'plain'))[0]?.valid === false);
        (window as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
        return { reader, pid: rows[0]?.pid ?? 0 };
      };
      const first = await begin();
      assert.deepEqual(await look(), { state: 'running', pid: first.pid });
      await admin.query('SELECT pg_cancel_backend($1)', [first.pid]);
      await waitUntil('it has ended', async () => (await look()).state !== 'running');
      const left = await look();
      assert.ok(left.state === 'left' && left.leftover.left === 'index', JSON.stringify(left));
      assert.equal(left.leftover.isValid, false);
      await first.reader.end();
      const second = await begin();
      await second.reader.end();
      await waitUntil('the server has gone on to its end', async () => (await look()).state === 'dropped');
      const done = await look();
      assert.ok(done.state === 'dropped' && done.undo !== null);
      assert.match(done.undoSql, /^CREATE INDEX plain ON app\.orders USING btree \(customer_id\);\n$/);
      assert.equal((await build(connection, done.undo)).outcome, 'built');
    });
  });
}
