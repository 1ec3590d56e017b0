import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { sectionNames, type Section, type SectionName, type Snapshot } from '../../src/analysis/snapshot';
import { findRowCount } from '../../src/analysis/tables/row-count';
import { captureServerFacts } from '../../src/database/server-facts';
import { captureSnapshot } from '../../src/database/snapshot';
import { openTestSession } from './test-session';

/** Covers every boundary between versions that the queries know. */
const majors = [13, 15, 16, 18] as const;
const oddSchema = `stat$&"s 🐘`;
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

function rowsOf<Row>(section: Section<Row>): readonly Row[] {
  if (section.status === 'unavailable') assert.fail(section.reason.message);
  return section.rows;
}

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) assert.ok(Date.now() < deadline, 'it came to pass in time');
}

const objects = `
  CREATE SCHEMA ${quote(oddSchema)};
  CREATE EXTENSION pg_stat_statements WITH SCHEMA ${quote(oddSchema)};
  CREATE TABLE public.parent (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Odd ""name" text NOT NULL, other text);
  CREATE UNIQUE INDEX parent_unique ON public.parent ("Odd ""name" DESC, lower(other) text_pattern_ops) INCLUDE (id) WHERE other IS NOT NULL;
  CREATE TABLE public.child (
    id bigserial, parent_id integer REFERENCES public.parent (id) ON DELETE CASCADE ON UPDATE SET NULL, note text
  ) WITH (autovacuum_enabled = off);
  CREATE INDEX child_gin ON public.child USING gin (to_tsvector('english', note));
  CREATE TABLE public.measurements (at date NOT NULL, parent_id integer REFERENCES public.parent (id), value integer) PARTITION BY RANGE (at);
  CREATE TABLE public.measurements_1 PARTITION OF public.measurements FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
  CREATE TABLE public.measurements_2 PARTITION OF public.measurements FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
  CREATE INDEX measurements_at ON public.measurements (at);
  CREATE SEQUENCE public."odd ""sequence" AS bigint MAXVALUE 1000;
  CREATE TABLE public.numbered (n integer DEFAULT nextval('public."odd ""sequence"'), big bigint DEFAULT nextval('public."odd ""sequence"'));
  CREATE SEQUENCE public.untouched;
  INSERT INTO public.parent ("Odd ""name", other) SELECT 'name ' || g, 'other ' || g FROM generate_series(1, 2000) g;
  INSERT INTO public.child (parent_id, note) SELECT 1 + g % 2000, 'note ' || g FROM generate_series(1, 20000) g;
  INSERT INTO public.measurements SELECT date '2026-01-01' + g % 360, 1 + g % 2000, g FROM generate_series(1, 10000) g;
  INSERT INTO public.numbered SELECT FROM generate_series(1, 10);
  UPDATE public.child SET note = note || '!' WHERE id <= 3000;
  DELETE FROM public.child WHERE id > 19000;
  ANALYZE;
  CREATE ROLE limited LOGIN PASSWORD 'p' CONNECTION LIMIT 7;
`;

describe('snapshot', () => {
  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, function () {
      this.timeout(60_000);
      let server: PostgresServer;
      let client: Client;

      before(async () => {
        server = await startPostgres({
          major,
          settings: { shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off' },
        });
        client = new Client({ connectionString: server.url() });
        await client.connect();
        await client.query(objects);
        await client.query('SELECT count(*) FROM public.parent WHERE id = 5');
        // figures of a session reach the others when it has nothing to do, or ends
        await client.end();
        client = new Client({ connectionString: server.url() });
        await client.connect();
      });

      after(async () => {
        await client.end();
        await server.stop();
      });

      async function capture<Names extends SectionName = SectionName>(
        sections?: readonly Names[],
        user?: string,
      ): Promise<Snapshot<Names>> {
        const session = await openTestSession(user === undefined ? server : { ...server, user, password: 'p' });
        try {
          const facts = await captureServerFacts(session);
          const names = sections === undefined ? {} : { sections };
          return await captureSnapshot(session.run, facts, { server: session.server, ...names });
        } finally {
          await session.close();
        }
      }

      async function connectClient(): Promise<Client> {
        const other = new Client({ connectionString: server.url() });
        await other.connect();
        return other;
      }

      /** Rows of SQL run directly, int8 and numeric as numbers. */
      async function ask(sql: string): Promise<Record<string, unknown>[]> {
        const { rows } = await client.query<Record<string, unknown>>(`SELECT to_jsonb(x) AS x FROM (${sql}) x`);
        return rows.map(({ x }) => x as Record<string, unknown>);
      }

      it('captures all sections, or those that are asked for', async () => {
        const whole = await capture();
        assert.deepEqual(Object.keys(whole.sections), sectionNames);
        for (const [name, { status }] of Object.entries(whole.sections)) assert.equal(status, 'available', name);
        assert.equal(whole.server.versionNumber, Number(await scalar('SHOW server_version_num')));
        assert.ok(Math.abs(Date.parse(whole.capturedAt) - Date.now()) < 60_000);
        const part = await capture(['indexes', 'settings']);
        assert.deepEqual(Object.keys(part.sections), ['indexes', 'settings']);
      });

      it('is one read-only transaction that sees one state of the data', async () => {
        const session = await openTestSession(server);
        try {
          const facts = await captureServerFacts(session);
          const seen = new Set<string>();
          let units = 0;
          await captureSnapshot(
            (options, work) => {
              units += 1;
              return session.run(options, (unit) =>
                work({
                  atEnd: (text) => {
                    unit.atEnd(text);
                  },
                  query: async (text, values) => {
                    if (!text.startsWith('ROLLBACK')) {
                      const [row] = await unit.query(`SELECT pg_catalog.concat_ws(' ',
                        pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('transaction_read_only'),
                        pg_catalog.pg_current_snapshot(), pg_catalog.now()) AS state`);
                      seen.add((row as { state: string }).state);
                      // changes what a new snapshot of the data would be
                      await client.query('SELECT txid_current()');
                    }
                    return unit.query(text, values);
                  },
                }),
              );
            },
            facts,
            { server: session.server },
          );
          assert.deepEqual([units, seen.size], [1, 1]);
          assert.match([...seen].join(), /^repeatable read on /);
        } finally {
          await session.close();
        }
      });

      async function scalar(sql: string): Promise<unknown> {
        const { rows } = await client.query<Record<string, unknown>>(sql);
        return Object.values(rows[0] ?? {})[0];
      }

      it('says of tables what pg_stat_user_tables and pg_class say', async () => {
        const tables = rowsOf((await capture(['tables'])).sections.tables);
        const expected = await ask(`
          SELECT c.oid::int AS oid, n.nspname AS schema, c.relname AS name,
            CASE WHEN c.relkind = 'p' THEN NULL ELSE c.reltuples END AS "estimatedRows",
            greatest(c.relpages, 0) * 8192 AS "estimatedSizeBytes",
            coalesce((SELECT sum(x.relpages) * 8192 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), 0) AS "indexesSizeBytes",
            CASE WHEN c.relkind = 'p' THEN NULL ELSE jsonb_build_object(
              'sequentialScans', s.seq_scan, 'sequentialRowsRead', s.seq_tup_read, 'indexScans', coalesce(s.idx_scan, 0),
              'inserted', s.n_tup_ins, 'updated', s.n_tup_upd, 'hotUpdated', s.n_tup_hot_upd, 'deleted', s.n_tup_del,
              'liveTuples', s.n_live_tup, 'deadTuples', s.n_dead_tup, 'modifiedSinceAnalyze', s.n_mod_since_analyze,
              'heapBlocksRead', io.heap_blks_read, 'heapBlocksHit', io.heap_blks_hit,
              'indexBlocksRead', coalesce(io.idx_blks_read, 0), 'indexBlocksHit', coalesce(io.idx_blks_hit, 0)) END AS activity,
            greatest(s.last_analyze, s.last_autoanalyze) IS NOT NULL AS analyzed,
            CASE WHEN c.relkind = 'p' THEN NULL ELSE age(c.relfrozenxid) END AS age
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid LEFT JOIN pg_statio_user_tables io ON io.relid = c.oid
          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY n.nspname, c.relname`);
        assert.deepEqual(
          tables.map((table) => ({
            oid: table.oid,
            schema: table.schema,
            name: table.name,
            estimatedRows: table.estimatedRows,
            estimatedSizeBytes: table.estimatedSizeBytes,
            indexesSizeBytes: table.indexesSizeBytes,
            activity: table.activity,
            analyzed: table.lastAnalyze !== null,
          })),
          expected.map(({ age, ...rest }) => {
            assert.ok(age === null || typeof age === 'number');
            return rest;
          }),
        );
        const find = (name: string) => tables.find((table) => table.name === name);
        assert.equal(find('child')?.activity?.deadTuples, 4000);
        assert.equal(find('child')?.autovacuumEnabled, false);
        assert.equal(find('parent')?.autovacuumEnabled, null);
        assert.equal(find('parent')?.hasPrimaryKey, true);
        assert.equal(find('child')?.hasPrimaryKey, false);
        assert.equal(find('child')?.hasColumnStatistics, true);
        assert.equal(find('measurements')?.hasColumnStatistics, true);
        assert.equal(find('measurements')?.kind, 'partitioned table');
        assert.equal(find('measurements_1')?.parentOid, find('measurements')?.oid);
        assert.equal(find('measurements_1')?.isPartition, true);
        assert.equal(
          find('parent')?.transactionAge,
          await scalar(`SELECT greatest(age(c.relfrozenxid), age(t.relfrozenxid)) FROM pg_class c
            LEFT JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.oid = 'public.parent'::regclass`),
        );
      });

      it('counts the rows of a table that its own session loaded and analyzed, and of one that has grown since', async () => {
        const loader = await connectClient();
        // what a session has written reaches the counters after its ANALYZE, which has seen it already
        await loader.query('CREATE TABLE public.loaded (n integer, filler text)');
        await loader.query("INSERT INTO public.loaded SELECT g, repeat('x', 50) FROM generate_series(1, 50000) g");
        await loader.query('ANALYZE public.loaded');
        await loader.end();
        const captureLoaded = async () => {
          const found = rowsOf((await capture(['tables'])).sections.tables).find(({ name }) => name === 'loaded');
          assert.ok(found);
          return found;
        };
        const counted = async () => (await captureLoaded()).activity?.liveTuples ?? 0;
        // nobody has deleted a row
        await waitFor(async () => (await counted()) >= 100_000);
        assert.equal(findRowCount(await captureLoaded()), 50_000);
        await client.query("INSERT INTO public.loaded SELECT g, repeat('x', 50) FROM generate_series(1, 150000) g");
        await waitFor(async () => (await counted()) >= 250_000);
        const { rows: sizes } = await client.query<{ size: number }>(
          "SELECT pg_relation_size('public.loaded')::float8 AS size",
        );
        const grown = await captureLoaded();
        assert.equal(grown.currentSizeBytes, sizes[0]?.size);
        assert.equal(grown.estimatedRows, 50_000);
        const rows = findRowCount(grown) ?? 0;
        assert.ok(rows > 195_000 && rows < 205_000, String(rows));
        // nobody is waited for
        const locker = await connectClient();
        await locker.query('BEGIN; LOCK TABLE public.loaded IN ACCESS EXCLUSIVE MODE');
        const started = performance.now();
        const locked = await captureLoaded();
        assert.ok(performance.now() - started < 3_000, 'it did not wait for lock_timeout');
        assert.equal(locked.currentSizeBytes, null);
        await locker.query('ROLLBACK');
        await locker.end();
        await client.query('DROP TABLE public.loaded');
      });

      it('takes an index apart', async () => {
        const indexes = rowsOf((await capture(['indexes'])).sections.indexes);
        assert.deepEqual(
          indexes.map(({ name, definition, scans, estimatedSizeBytes }) => ({
            name,
            definition,
            scans,
            estimatedSizeBytes,
          })),
          await ask(`
            SELECT c.relname AS name, replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') AS definition, coalesce(s.idx_scan, 0) AS scans,
              c.relpages * 8192 AS "estimatedSizeBytes"
            FROM pg_class c LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('i', 'I') ORDER BY c.relname`),
        );
        const find = (name: string) => indexes.find((index) => index.name === name);
        const unique = find('parent_unique');
        assert.deepEqual(unique?.keys, [
          {
            column: 'Odd "name',
            sql: '"Odd ""name"',
            operatorClass: 'pg_catalog.text_ops',
            collation: 'pg_catalog."default"',
            descending: true,
            nullsFirst: true,
            isNotNull: true,
          },
          {
            column: null,
            sql: 'lower(other)',
            operatorClass: 'pg_catalog.text_pattern_ops',
            collation: 'pg_catalog."default"',
            descending: false,
            nullsFirst: false,
            isNotNull: false,
          },
        ]);
        assert.deepEqual(unique.included, ['id']);
        assert.equal(unique.predicate, '(other IS NOT NULL)');
        assert.ok(unique.isUnique && unique.constraint === null && !unique.supportsForeignKey);
        const key = find('parent_pkey');
        assert.ok(key?.isPrimary === true && key.supportsForeignKey && key.isReplicaIdentity);
        assert.equal(key.constraint, 'parent_pkey');
        assert.equal(key.lastScan !== null, major >= 16);
        assert.equal(find('child_gin')?.method, 'gin');
        assert.equal(find('measurements_at')?.isPartitioned, true);
        assert.equal(find('measurements_1_at_idx')?.parentOid, find('measurements_at')?.oid);
      });

      it('lists foreign keys once', async () => {
        const keys = rowsOf((await capture(['foreignKeys'])).sections.foreignKeys);
        assert.deepEqual(
          keys.map((key) => [
            key.tableName,
            key.columns,
            key.referencedName,
            key.onDelete,
            key.onUpdate,
            key.isInherited,
          ]),
          [
            ['child', ['parent_id'], 'parent', 'cascade', 'set null', false],
            ['measurements', ['parent_id'], 'parent', 'no action', 'no action', false],
            ['measurements_1', ['parent_id'], 'parent', 'no action', 'no action', true],
            ['measurements_2', ['parent_id'], 'parent', 'no action', 'no action', true],
          ],
        );
      });

      it('says of sequences what pg_sequences says, and keeps no lock on them', async () => {
        const session = await openTestSession(server);
        try {
          const facts = await captureServerFacts(session);
          let locked: unknown;
          const snapshot = await captureSnapshot(
            (options, work) =>
              session.run(options, async (unit) => {
                const result = await work(unit);
                [locked] = await unit.query(`SELECT pg_catalog.count(*) AS count FROM pg_catalog.pg_locks l
                  JOIN pg_catalog.pg_class c ON c.oid = l.relation WHERE c.relkind = 'S'`);
                return result;
              }),
            facts,
            { server: session.server, sections: ['sequences'] },
          );
          assert.deepEqual(locked, { count: '0' });
          const sequences = rowsOf(snapshot.sections.sequences);
          assert.deepEqual(
            sequences.map(({ schema, name, type, lastValue, minimum, maximum }) => ({
              schema,
              name,
              type,
              lastValue,
              minimum,
              maximum,
            })),
            await ask(`SELECT schemaname AS schema, sequencename AS name, data_type::text AS type, last_value AS "lastValue",
              min_value AS minimum, max_value::float8 AS maximum FROM pg_sequences ORDER BY schemaname, sequencename`),
          );
          const find = (name: string) => sequences.find((sequence) => sequence.name === name);
          assert.deepEqual(find('odd "sequence')?.column, {
            schema: 'public',
            table: 'numbered',
            name: 'n',
            type: 'integer',
            users: [],
          });
          assert.equal(find('odd "sequence')?.lastValue, 20);
          assert.equal(find('child_id_seq')?.column?.name, 'id');
          assert.equal(find('parent_id_seq')?.column?.type, 'integer');
          assert.deepEqual([find('untouched')?.lastValue, find('untouched')?.column], [null, null]);
        } finally {
          await session.close();
        }
      });

      it('reads the other sequences when one is dropped while it reads', async () => {
        await client.query('CREATE SEQUENCE public.doomed');
        const session = await openTestSession(server);
        try {
          const facts = await captureServerFacts(session);
          const snapshot = await captureSnapshot(
            (options, work) =>
              session.run(options, (unit) =>
                work({
                  ...unit,
                  atEnd: (text) => {
                    unit.atEnd(text);
                  },
                  query: async (text, values) => {
                    if (text === 'SAVEPOINT batch') await client.query('DROP SEQUENCE IF EXISTS public.doomed');
                    return unit.query(text, values);
                  },
                }),
              ),
            facts,
            { server: session.server, sections: ['sequences'] },
          );
          const sequences = rowsOf(snapshot.sections.sequences);
          assert.equal(sequences.find(({ name }) => name === 'doomed')?.mayRead, false);
          assert.equal(sequences.find(({ name }) => name === 'odd "sequence')?.lastValue, 20);
        } finally {
          await session.close();
        }
      });

      it('reads pg_stat_statements in any schema', async () => {
        const { statements, statementStatistics } = (await capture(['statements', 'statementStatistics'])).sections;
        const [info] = rowsOf(statementStatistics);
        assert.equal(info?.schema, oddSchema);
        assert.equal(
          info.version,
          await scalar(`SELECT extversion FROM pg_extension WHERE extname = 'pg_stat_statements'`),
        );
        assert.equal(info.deallocated === null, major === 13);
        const counted = rowsOf(statements).find(
          ({ text }) => text === 'SELECT count(*) FROM public.parent WHERE id = $1',
        );
        const [expected] = await ask(`
          SELECT queryid::text AS "queryId", calls, total_exec_time AS "totalExecMs", mean_exec_time AS "meanExecMs",
            rows, shared_blks_hit AS "sharedBlocksHit", wal_bytes AS "walBytes"
          FROM ${quote(oddSchema)}.pg_stat_statements WHERE query = 'SELECT count(*) FROM public.parent WHERE id = $1'`);
        assert.ok(counted);
        const { queryId, calls, totalExecMs, meanExecMs, rows, sharedBlocksHit, walBytes } = counted;
        assert.deepEqual({ queryId, calls, totalExecMs, meanExecMs, rows, sharedBlocksHit, walBytes }, expected);
        assert.equal(counted.role, 'postgres');
        assert.equal(counted.isTopLevel, major === 13 ? null : true);
        assert.equal(counted.totalPlanMs, null);
      });

      it('shows a role without rights what it may see, and what not', async () => {
        const other = new Client({ connectionString: server.url() });
        await other.connect();
        try {
          await other.query('BEGIN');
          await client.query('GRANT USAGE ON SCHEMA ' + quote(oddSchema) + ' TO limited');
          const { sections } = await capture(undefined, 'limited');
          const statements = rowsOf(sections.statements);
          assert.ok(statements.some(({ queryId, text, calls }) => queryId === null && text === null && calls > 0));
          assert.ok(statements.some(({ role, text }) => role === 'limited' && text !== null));
          const sessions = rowsOf(sections.activity);
          const otherPid = await pidOf(other);
          const hidden = sessions.find(({ pid }) => pid === otherPid);
          assert.ok(hidden?.isHidden === true && hidden.text === null && hidden.state === null);
          assert.equal(hidden.database, 'postgres');
          const ours = sessions.find(({ isOurs }) => isOurs);
          assert.ok(ours?.isHidden === false && ours.state === 'active' && ours.roleConnectionLimit === 7);
          const tables = rowsOf(sections.tables);
          assert.ok(tables.every(({ maySelect, hasColumnStatistics }) => !maySelect && hasColumnStatistics === null));
          assert.ok(rowsOf(sections.sequences).every(({ mayRead, lastValue }) => !mayRead && lastValue === null));
          assert.ok(!rowsOf(sections.settings).some(({ name }) => name === 'shared_preload_libraries'));
          assert.ok(rowsOf(sections.settings).some(({ name }) => name === 'max_connections'));
          await client.query('REVOKE USAGE ON SCHEMA ' + quote(oddSchema) + ' FROM limited');
          const { statements: refused } = (await capture(['statements'], 'limited')).sections;
          assert.ok(refused.status === 'unavailable' && refused.reason.kind === 'not-permitted');
          assert.match(refused.reason.fix?.sql ?? '', /^GRANT USAGE ON SCHEMA /);
        } finally {
          await other.end();
        }
      });

      it('sees sessions and databases as the server does', async () => {
        const waiting = new Client({ connectionString: server.url() });
        await waiting.connect();
        try {
          await client.query('BEGIN');
          await client.query('LOCK TABLE public.parent IN ROW EXCLUSIVE MODE');
          const pid = await pidOf(waiting);
          const ourPid = await pidOf(client);
          const blocked = waiting.query('BEGIN; LOCK TABLE public.parent IN SHARE MODE').catch(() => undefined);
          await waitFor(
            async () => (await ask(`SELECT pid FROM pg_locks WHERE NOT granted AND pid = ${pid}`)).length > 0,
          );
          const { activity, databases } = (await capture(['activity', 'databases'])).sections;
          const sessions = rowsOf(activity);
          assert.deepEqual(sessions.find((each) => each.pid === pid)?.blockedBy, [ourPid]);
          const idle = sessions.find((each) => each.pid === ourPid);
          assert.equal(idle?.state, 'idle in transaction');
          assert.ok((idle.transactionSeconds ?? -1) >= 0 && idle.querySeconds === null);
          const expected =
            await ask(`SELECT d.datname AS name, age(datfrozenxid) AS "transactionAge", mxid_age(datminmxid) AS "multixactAge",
            d.datallowconn AS "allowsConnections" FROM pg_database d ORDER BY d.datname`);
          assert.deepEqual(
            rowsOf(databases).map(({ name, transactionAge, multixactAge, allowsConnections }) => ({
              name,
              transactionAge,
              multixactAge,
              allowsConnections,
            })),
            expected,
          );
          const current = rowsOf(databases).find(({ isCurrent }) => isCurrent);
          assert.equal(current?.name, 'postgres');
          assert.ok(current.countedSince !== null, 'counting has a beginning');
          await client.query('ROLLBACK');
          await blocked;
        } finally {
          await waiting.end();
        }
      });

      it('reads settings as a new session gets them', async () => {
        const settings = rowsOf((await capture(['settings'])).sections.settings);
        const find = (name: string) => settings.find((each) => each.name === name)?.setting;
        assert.equal(find('max_connections'), await scalar('SHOW max_connections'));
        assert.equal(find('statement_timeout'), '0', 'not what the transaction of the snapshot set for itself');
        assert.equal(settings.length, Number(await scalar('SELECT count(*) FROM pg_settings')));
      });

      it('loses one section, not all, to a query that takes too long', async () => {
        await client.query('BEGIN');
        await client.query('LOCK TABLE pg_catalog.pg_sequence IN ACCESS EXCLUSIVE MODE');
        try {
          const { sections } = await capture(['settings', 'sequences', 'databases']);
          assert.equal(sections.settings.status, 'available');
          assert.ok(sections.sequences.status === 'unavailable' && sections.sequences.reason.kind === 'failed');
          assert.match(sections.sequences.reason.message, /^The sequences could not be read: .* lock/);
          assert.equal(sections.databases.status, 'available');
        } finally {
          await client.query('ROLLBACK');
        }
      });

      it('takes no lock above ACCESS SHARE', async () => {
        const session = await openTestSession(server);
        try {
          const facts = await captureServerFacts(session);
          await session.run(
            { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 10_000 },
            async (outer) => {
              const modes: unknown[] = [];
              await captureSnapshot(
                (options, work) =>
                  session.run(options, async (unit) => {
                    const result = await work(unit);
                    modes.push(
                      ...(await unit.query(`SELECT DISTINCT mode FROM pg_catalog.pg_locks
                        WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation'`)),
                    );
                    return result;
                  }),
                facts,
                { server: session.server },
              );
              assert.deepEqual(modes, [{ mode: 'AccessShareLock' }]);
              await outer.query('SELECT 1');
            },
          );
        } finally {
          await session.close();
        }
      });
    });
  }
});

describe('snapshot of a server without statistics of statements', function () {
  this.timeout(60_000);
  it('says what to do, and sees it done without connecting anew', async () => {
    const server = await startPostgres({ major: 18 });
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    try {
      const session = await openTestSession(server);
      const facts = await captureServerFacts(session);
      const capture = async () =>
        (await captureSnapshot(session.run, facts, { server: session.server, sections: ['statements'] })).sections
          .statements;
      const missing = await capture();
      assert.ok(missing.status === 'unavailable' && missing.reason.kind === 'missing');
      assert.equal(
        missing.reason.nextStep,
        `Run ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', then restart the server, then run CREATE EXTENSION pg_stat_statements in database "postgres".`,
      );
      await client.query(missing.reason.fix?.sql ?? '');
      await client.end();
      await session.close();
      await server.restart();
      const again = await openTestSession(server);
      const administrator = new Client({ connectionString: server.url() });
      await administrator.connect();
      try {
        const factsAfterRestart = await captureServerFacts(again);
        const statements = async () =>
          (await captureSnapshot(again.run, factsAfterRestart, { server: again.server, sections: ['statements'] }))
            .sections.statements;
        const created = await statements();
        assert.ok(
          created.status === 'unavailable' && created.reason.fix?.sql === 'CREATE EXTENSION pg_stat_statements;',
        );
        await administrator.query(created.reason.fix.sql);
        assert.equal((await statements()).status, 'available');
        await administrator.query('ALTER SYSTEM SET compute_query_id = off');
        await administrator.query('SELECT pg_reload_conf()');
        let off = await statements();
        for (let wait = 0; wait < 50 && off.status === 'available'; wait += 1) off = await statements();
        assert.ok(off.status === 'unavailable' && off.reason.kind === 'switched-off');
      } finally {
        await administrator.end();
        await again.close();
      }
    } finally {
      await server.stop();
    }
  });
});
