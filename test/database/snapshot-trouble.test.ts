// What happens to a server while a snapshot is read, and servers that lack something: each is said, and nothing of the
// rest is lost.
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { analyze } from '../../src/analysis/analyze';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import { findDoctorChecks } from '../../src/analysis/doctor';
import { findHiddenParts } from '../../src/analysis/hidden-parts';
import type { RuleOutcome } from '../../src/analysis/report';
import { healthRules } from '../../src/analysis/rules/index';
import type { Section, SectionName, Snapshot } from '../../src/analysis/snapshot';
import { captureServerFacts } from '../../src/database/server-facts';
import type { Session } from '../../src/database/session';
import { captureSnapshot } from '../../src/database/snapshot';
import { openTestSession, type TestServer } from './test-session';

const majors = [13, 18] as const;
const settings = { shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off' };

function rowsOf<Row>(section: Section<Row>): readonly Row[] {
  if (section.status === 'unavailable') assert.fail(section.reason.message);
  return section.rows;
}

async function connect(server: PostgresServer): Promise<Client> {
  const client = new Client({ connectionString: server.url() });
  // a server that is restarted ends it
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function withSession<Result>(server: TestServer, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await openTestSession(server);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const capture = (server: TestServer): Promise<Snapshot> =>
  withSession(server, async (session) =>
    captureSnapshot(session.run, await captureServerFacts(session), { server: session.server }),
  );

/** Has something happen right before a section is read: the transaction has its snapshot of the data by then. */
async function captureWhile(
  session: Session,
  before: SectionName,
  happens: () => Promise<unknown>,
  sections: readonly SectionName[],
): Promise<Snapshot> {
  let begun = 0;
  const facts = await captureServerFacts(session);
  return captureSnapshot(
    (options, work) =>
      session.run(options, (unit) =>
        work({
          atEnd: (text) => {
            unit.atEnd(text);
          },
          query: async (text, values) => {
            if (text === 'SAVEPOINT section' && sections[begun++] === before) await happens();
            return unit.query(text, values);
          },
        }),
      ),
    facts,
    { server: session.server, sections },
  );
}

/** Transactions of PG Insight on the server that have not ended. */
async function findLeftovers(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(`SELECT pid, state, query FROM pg_stat_activity
    WHERE application_name = 'pg-insight test' AND xact_start IS NOT NULL`);
  return rows as unknown[];
}

const findOutcome = (snapshot: Snapshot, id: string): RuleOutcome => {
  const outcome = analyze(snapshot).outcomes.find(({ ruleId }) => ruleId === id);
  assert.ok(outcome, id);
  return outcome;
};

function reasonOf(snapshot: Snapshot, id: string) {
  const outcome = findOutcome(snapshot, id);
  assert.ok(outcome.status === 'skipped', `${id} is skipped`);
  return outcome.reason;
}

for (const major of majors) {
  describe(`a snapshot in trouble, PostgreSQL ${major}`, function () {
    this.timeout(90_000);
    let server: PostgresServer;
    let client: Client;

    before(async () => {
      server = await startPostgres({ major, settings });
      client = await connect(server);
      await client.query(`
        CREATE EXTENSION pg_stat_statements;
        CREATE TABLE kept (id serial PRIMARY KEY, note text);
        CREATE INDEX kept_note ON kept (lower(note)) WHERE id > 5;
        INSERT INTO kept (note) SELECT 'note ' || g FROM generate_series(1, 1000) g;
        CREATE TABLE seen (id serial PRIMARY KEY, note text);
        INSERT INTO seen (note) SELECT 'note ' || g FROM generate_series(1, 1000) g;
        ANALYZE;
        CREATE ROLE half LOGIN PASSWORD 'p';
        GRANT SELECT ON seen, seen_id_seq TO half;`);
    });

    after(async () => {
      await client.end();
      await server.stop();
    });

    it('loses what somebody drops meanwhile, and nothing else', async () => {
      await client.query(`
        CREATE TABLE doomed (id serial PRIMARY KEY, a integer REFERENCES kept (id));
        CREATE INDEX doomed_plain ON doomed (a);
        CREATE INDEX doomed_partial ON doomed ((a + 1)) WHERE a > 5;`);
      const { sections } = await withSession(server, (session) =>
        captureWhile(session, 'tables', () => client.query('DROP TABLE doomed'), [
          'settings',
          'tables',
          'indexes',
          'foreignKeys',
          'sequences',
        ]),
      );
      assert.deepEqual(
        rowsOf(sections.tables)
          .map(({ name }) => name)
          .filter((name) => ['kept', 'seen', 'doomed'].includes(name)),
        ['kept', 'seen'],
      );
      const indexes = rowsOf(sections.indexes).map(({ name }) => name);
      assert.ok(['kept_note', 'kept_pkey', 'seen_pkey'].every((name) => indexes.includes(name)));
      assert.ok(!indexes.includes('doomed_partial'));
      assert.deepEqual(
        rowsOf(sections.sequences).map(({ name, lastValue }) => [name, lastValue]),
        [
          ['kept_id_seq', 1000],
          ['seen_id_seq', 1000],
        ],
      );
      assert.equal(sections.foreignKeys.status, 'available');
    });

    it('says that pg_stat_statements was reset while it was read', async () => {
      const names = ['statements', 'statementStatistics'] as const;
      const reset = () => client.query('SELECT pg_stat_statements_reset()');
      await withSession(server, async (session) => {
        await client.query('SELECT count(*) FROM kept');
        const { statements } = (await captureWhile(session, 'statementStatistics', reset, names)).sections;
        // 1.8 keeps no time of a reset
        if (major === 13) assert.equal(statements.status, 'available');
        else assert.ok(statements.status === 'unavailable' && statements.reason.message.includes('was reset while'));
        const after = await captureWhile(session, 'statements', () => Promise.resolve(), names);
        assert.ok(rowsOf(after.sections.statements).every(({ text }) => text !== 'SELECT count(*) FROM kept'));
      });
      assert.deepEqual(await findLeftovers(client), []);
    });

    it('says when the server is restarted meanwhile, reads it again, and leaves nothing behind', async () => {
      await withSession(server, async (session) => {
        const sections = ['settings', 'tables', 'indexes'] as const;
        const failure: unknown = await captureWhile(session, 'indexes', () => server.restart(), sections).catch(
          (error: unknown) => error,
        );
        assert.ok(isDatabaseFailure(failure));
        assert.equal(failure.kind, 'connection-lost');
        assert.ok(failure.message.includes(session.server) && failure.message.includes('"postgres"'));
        await client.end();
        client = await connect(server);
        const { tables } = (await captureWhile(session, 'settings', () => Promise.resolve(), sections)).sections;
        const { rows } = await client.query(`SELECT relname FROM pg_stat_user_tables ORDER BY relname`);
        assert.equal(rowsOf(tables).length, rows.length);
        assert.deepEqual(await findLeftovers(client), []);
      });
    });

    it('shows a role that sees half of the tables all of them, and says what it does not see', async () => {
      const half = await capture({ ...server, user: 'half', password: 'p' });
      const whole = await capture(server);
      const namesOf = ({ sections }: Snapshot) => rowsOf(sections.tables).map(({ name }) => name);
      assert.deepEqual(namesOf(half), namesOf(whole));
      const { rows: expected } = await client.query<{ name: string; may: boolean }>(`
        SELECT relname AS name, has_table_privilege('half', oid, 'SELECT') AS may FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`);
      assert.deepEqual(
        rowsOf(half.sections.tables).map(({ name, maySelect, hasColumnStatistics }) => [
          name,
          maySelect,
          hasColumnStatistics,
        ]),
        expected.map(({ name, may }) => [name, may, may ? true : null]),
      );
      const hidden = findHiddenParts(half);
      assert.deepEqual(
        hidden.filter(({ section }) => /tables|sequences/.test(section)).map(({ message }) => message),
        [
          'Role "half" may not read 1 of 2 tables, and so not the statistics of their columns.',
          'Role "half" may not read the last value of 1 of 2 sequences.',
        ],
      );
      assert.deepEqual(findHiddenParts(whole), []);
      // what it can't look into is no finding
      const findings = (snapshot: Snapshot) =>
        analyze(snapshot)
          .findings.filter(({ subject }) => subject.kind === 'relation' || subject.kind === 'index')
          .map(({ fingerprint }) => fingerprint);
      assert.deepEqual(findings(half), findings(whole));
    });

    it('skips each rule whose section could not be read, with that reason', async () => {
      const snapshot = await withSession(server, async (session) => {
        const facts = await captureServerFacts(session);
        await client.query('BEGIN');
        // tables, indexes and sessions ask it too
        await client.query('LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE');
        try {
          return await captureSnapshot(session.run, facts, { server: session.server });
        } finally {
          await client.query('ROLLBACK');
        }
      });
      const ids = healthRules.map(({ id }) => id);
      const unneeded = ['sequence-exhaustion', 'slow-statement', 'statements-missing'];
      for (const id of ids.filter((each) => !unneeded.includes(each))) {
        const { kind, message } = reasonOf(snapshot, id);
        assert.equal(kind, 'failed', id);
        assert.match(message, /^The (databases|tables|indexes|sessions) could not be read: .*lock/, id);
      }
      assert.equal(snapshot.sections.sequences.status, 'available');
    });

    it('counts from the crash on after one', async () => {
      const countedSince = (snapshot: Snapshot) =>
        rowsOf(snapshot.sections.databases).find(({ isCurrent }) => isCurrent)?.countedSince ?? null;
      await client.query('SELECT count(*) FROM kept');
      await client.end();
      client = await connect(server);
      const before = countedSince(await capture(server));
      const scans = async () =>
        (await client.query<{ n: string }>(`SELECT seq_scan AS n FROM pg_stat_user_tables WHERE relname = 'kept'`))
          .rows;
      assert.notDeepEqual(await scans(), [{ n: '0' }]);
      const { rows } = await client.query<{ pid: number; now: Date }>(
        'SELECT pg_backend_pid() AS pid, clock_timestamp() AS now',
      );
      const [row] = rows;
      assert.ok(row && before !== null);
      // a backend that is killed takes the whole server into crash recovery
      process.kill(row.pid, 'SIGKILL');
      await client.end().catch(() => undefined);
      for (let tries = 0; ; tries += 1) {
        try {
          client = await connect(server);
          break;
        } catch (error) {
          if (tries > 100) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      assert.deepEqual(await scans(), [{ n: '0' }], 'the server has lost its counts');
      const snapshot = await capture(server);
      const after = countedSince(snapshot);
      assert.ok(after !== null && Date.parse(after) >= row.now.getTime() && Date.parse(before) < row.now.getTime());
      assert.match(reasonOf(snapshot, 'unused-index').message, /^Scans are counted for 0\.0 days only/);
    });

    it('says what is not known while track_counts or track_activities is off', async () => {
      await client.query('ALTER SYSTEM SET track_counts = off');
      await server.restart();
      await client.end();
      client = await connect(server);
      const snapshot = await capture(server);
      assert.ok(rowsOf(snapshot.sections.tables).every(({ activity }) => activity === null));
      assert.ok(
        rowsOf(snapshot.sections.indexes).every(({ scans, tuplesRead }) => scans === null && tuplesRead === null),
      );
      for (const id of ['unused-index', 'dead-tuples', 'stale-statistics', 'cache-hit-low']) {
        const { kind, message } = reasonOf(snapshot, id);
        assert.deepEqual([kind, message.startsWith('track_counts is off')], ['switched-off', true], id);
      }
      assert.ok(findHiddenParts(snapshot).some(({ section }) => section === 'counts of scans and rows'));
      await client.query('ALTER SYSTEM RESET track_counts');
      await client.query('ALTER SYSTEM SET track_activities = off');
      await server.restart();
      await client.end();
      client = await connect(server);
      const silent = await capture(server);
      assert.equal(findOutcome(silent, 'dead-tuples').status, 'ran');
      const { kind, message } = reasonOf(silent, 'long-transaction');
      assert.deepEqual([kind, message.startsWith('track_activities is off')], ['switched-off', true]);
      await client.query('ALTER SYSTEM RESET track_activities');
    });
  });

  describe(`a snapshot of a streaming standby, PostgreSQL ${major}`, function () {
    this.timeout(90_000);

    it('says what a standby can not tell', async () => {
      const primary = await startPostgres({ major, settings });
      let standby: PostgresServer | null = null;
      try {
        await primary.shutdown();
        standby = await startPostgres({
          major,
          settings: { ...settings, wal_retrieve_retry_interval: '100ms' },
          standbyOf: primary,
        });
        await primary.start();
        const client = await connect(primary);
        await client.query(`
          CREATE EXTENSION pg_stat_statements;
          CREATE TABLE late (id serial PRIMARY KEY, a integer);
          CREATE INDEX late_a ON late (a);
          CREATE UNLOGGED TABLE fleeting (id serial PRIMARY KEY);
          INSERT INTO late (a) SELECT g FROM generate_series(1, 50000) g;
          DELETE FROM late WHERE id > 20000;`);
        const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
        await client.end();
        const replica = await connect(standby);
        for (let tries = 0; ; tries += 1) {
          const { rows: replayed } = await replica.query<{ done: boolean }>(
            `SELECT coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) AS done`,
            [rows[0]?.lsn],
          );
          if (replayed[0]?.done === true) break;
          assert.ok(tries < 200, await standby.log());
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        const { rows: relations } = await replica.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'i' ORDER BY 1`,
        );
        await replica.end();
        const snapshot = await capture(standby);
        assert.equal(snapshot.server.inRecovery, true);
        for (const [name, { status }] of Object.entries(snapshot.sections)) assert.equal(status, 'available', name);
        assert.deepEqual(
          rowsOf(snapshot.sections.indexes).map(({ name }) => name),
          relations.map(({ name }) => name),
        );
        const sequences = rowsOf(snapshot.sections.sequences);
        const last = sequences.find(({ name }) => name === 'late_id_seq')?.lastValue ?? 0;
        // WAL holds the numbers that are taken ahead
        assert.ok(last >= 50_000 && last <= 50_032, String(last));
        for (const id of ['unused-index', 'dead-tuples', 'stale-statistics']) {
          const { kind, message } = reasonOf(snapshot, id);
          assert.deepEqual([kind, message.includes(' is a standby')], ['not-possible', true], id);
        }
        for (const id of ['duplicate-index', 'invalid-index', 'wraparound', 'cache-hit-low', 'long-transaction']) {
          assert.equal(findOutcome(snapshot, id).status, 'ran', id);
        }
        const facts = await withSession(standby, (session) => captureServerFacts(session));
        const check = findDoctorChecks(facts, {
          host: standby.host,
          sqlParser: 'libpg-query',
          sqlParserReason: null,
          sandbox: { isThere: false, message: '', nextStep: '' },
        }).find(({ id }) => id === 'standby');
        assert.equal(check?.status, 'not-possible');
      } finally {
        await standby?.stop();
        await primary.stop();
      }
    });
  });
}

describe('statements of every version of pg_stat_statements', function () {
  this.timeout(60_000);
  for (const major of [13, 15, 16, 18] as const) {
    it(`that PostgreSQL ${major} has`, async () => {
      const server = await startPostgres({ major, settings });
      try {
        const client = await connect(server);
        const { rows } = await client.query<{ version: string }>(`
          SELECT version FROM pg_available_extension_versions WHERE name = 'pg_stat_statements'
          AND split_part(version, '.', 2)::int BETWEEN 8 AND 12 ORDER BY split_part(version, '.', 2)::int`);
        const versions = rows.map(({ version }) => version);
        assert.equal(versions.at(-1), { 13: '1.8', 15: '1.10', 16: '1.10', 18: '1.12' }[major]);
        for (const version of versions) {
          await client.query('DROP EXTENSION IF EXISTS pg_stat_statements');
          await client.query(`CREATE EXTENSION pg_stat_statements VERSION '${version}'`);
          await client.query('SELECT pg_stat_statements_reset()');
          await client.query('SELECT 42 AS answer');
          const { statements, statementStatistics } = (await capture(server)).sections;
          const { rows: expected } = await client.query<{ x: unknown }>(`
            SELECT jsonb_build_object('queryId', queryid::text, 'calls', calls, 'total', total_exec_time, 'rows', rows,
              'hit', shared_blks_hit, 'wal', wal_bytes) AS x
            FROM pg_stat_statements WHERE query = 'SELECT $1 AS answer'`);
          assert.equal(expected.length, 1, version);
          const found = rowsOf(statements).filter(({ text }) => text === 'SELECT $1 AS answer');
          assert.deepEqual(
            found.map(({ queryId, calls, totalExecMs, rows, sharedBlocksHit, walBytes }) => ({
              queryId,
              calls,
              total: totalExecMs,
              rows,
              hit: sharedBlocksHit,
              wal: walBytes,
            })),
            [expected[0]?.x],
            version,
          );
          assert.equal(found[0]?.isTopLevel, version === '1.8' ? null : true, version);
          const [info] = rowsOf(statementStatistics);
          assert.equal(info?.version, version);
          assert.equal(info.statisticsReset === null, version === '1.8', version);
        }
        await client.end();
      } finally {
        await server.stop();
      }
    });
  }
});
