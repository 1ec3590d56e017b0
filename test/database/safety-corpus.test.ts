import assert from 'node:assert/strict';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { startPgbouncer } from '../../scripts/environment/pgbouncer';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { ParameterValues } from '../../src/analysis/explain/explain';
import { assessStatement, type StatementContext } from '../../src/database/consent';
import { explainStatement } from '../../src/database/explain';
import { captureTypicalValues } from '../../src/database/typical-values';
import { isInTurn } from './in-turn';
import { disguisedStatements, type DisguisedStatement } from './safety-corpus';
import safetySchema from './safety-schema.sql';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

type Verdict = DisguisedStatement['plan'];

async function verdictOf(context: StatementContext, sql: string, analyze: boolean): Promise<Verdict> {
  try {
    return (await assessStatement(context, sql, analyze)).verdict;
  } catch (error) {
    assert.ok(error instanceof DatabaseFailure, String(error));
    assert.equal(error.kind, 'statement', error.message);
    return 'syntax';
  }
}

/** Everything that somebody could have changed, seen from a connection of its own. */
async function captureState(watcher: pg.Client): Promise<Record<string, unknown>> {
  const { rows } = await watcher.query<Record<string, unknown>>(`
    SELECT
      (SELECT md5(string_agg(d::text, ',' ORDER BY d::text)) FROM data d) AS data,
      (SELECT count(*) FROM audit) AS audit,
      (SELECT count(*) FROM triggered) + (SELECT count(*) FROM ruled) + (SELECT count(*) FROM defaulted)
        + (SELECT count(*) FROM numbered) + (SELECT count(*) FROM generated) + (SELECT count(*) FROM domains) AS inserted,
      (SELECT last_value || is_called::text FROM counter) AS counter,
      (SELECT last_value || is_called::text FROM numbered_id_seq) AS numbers,
      (SELECT count(*) FROM pg_class WHERE relpersistence <> 't') AS relations,
      (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects,
      (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS advisory_locks,
      (SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND pid <> pg_backend_pid()) AS transactions,
      (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim') AS victims,
      (SELECT txid_snapshot_xmax(txid_current_snapshot())) AS next_transaction`);
  return rows[0] ?? {};
}

/** A server with a victim to kill and a listener to wake. */
class Scene {
  readonly notifications: string[] = [];
  readonly #cleanUps: (() => Promise<void>)[] = [];
  #victim: pg.Client | null = null;

  private constructor(
    readonly server: PostgresServer,
    readonly watcher: pg.Client,
  ) {}

  static async set(major: PostgresServer['major']): Promise<Scene> {
    const server = await startPostgres({ major, settings: { log_statement: 'all', autovacuum: 'off' } });
    const watcher = new pg.Client({ connectionString: server.url() });
    const scene = new Scene(server, watcher);
    scene.onEnd(() => server.stop());
    try {
      await watcher.connect();
      scene.onEnd(() => watcher.end());
      await watcher.query(safetySchema);
      await watcher.query('ANALYZE');
      watcher.on('notification', ({ payload }) => scene.notifications.push(payload ?? ''));
      await watcher.query('LISTEN alarm');
      await scene.reviveVictim();
      scene.onEnd(async () => scene.#victim?.end());
    } catch (error) {
      await scene.end();
      throw error;
    }
    return scene;
  }

  onEnd(cleanUp: () => Promise<void>): void {
    this.#cleanUps.unshift(cleanUp);
  }

  async end(): Promise<void> {
    for (const cleanUp of this.#cleanUps) await cleanUp();
  }

  /** A session of the same role, so that no right but the rule protects it. */
  async reviveVictim(): Promise<void> {
    await this.#victim?.end().catch(() => undefined);
    const { host, port } = this.server;
    const victim = new pg.Client({
      host,
      port,
      user: 'app',
      password: 'app',
      database: 'postgres',
      application_name: 'victim',
    });
    victim.on('error', () => undefined);
    await victim.connect();
    this.#victim = victim;
  }

  async openContext(role: string, through: { host: string; port: number } = this.server): Promise<StatementContext> {
    const session = await openTestSession({ host: through.host, port: through.port, user: role, password: role });
    this.onEnd(() => session.close());
    return makeStatementContext(session);
  }
}

function toModes(statement: DisguisedStatement): ParameterValues[] {
  const { values } = statement;
  return [values === undefined ? { mode: 'none' } : { mode: 'values', values }, { mode: 'generic' }];
}

/** Sends a statement through every path that takes user SQL, without anybody's word; failures are part of it. */
async function sendEverywhere(context: StatementContext, statement: DisguisedStatement): Promise<string[]> {
  const { sql } = statement;
  const failures: string[] = [];
  const send = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof DatabaseFailure, String(error));
      failures.push(error.kind);
    }
  };
  // on both connections of the session
  const explain = async (analyze: boolean) => {
    for (const parameters of toModes(statement)) {
      await send(explainStatement(context, { sql, parameters, analyze, timeoutMs: 10_000 }));
    }
  };
  await Promise.all([send(captureTypicalValues(context, sql)).then(() => explain(false)), explain(true)]);
  return failures;
}

/** The end of the log from a byte on: it grows to megabytes. */
async function readLog(server: PostgresServer, from: number): Promise<string> {
  const file = await open(path.join(server.folder, 'server.log'));
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString();
  } finally {
    await file.close();
  }
}

const logSize = async (server: PostgresServer) => (await stat(path.join(server.folder, 'server.log'))).size;

/** Lines in which the server says that it ran the text in any other way than planning it. */
function findRuns(log: string, ...statements: string[]): string[] {
  const firstLines = statements.map((sql) => sql.split('\n')[0]?.trim() ?? '').filter((line) => line !== '');
  return log
    .split('\n')
    .filter((line) => /(?:execute|statement)[^:]*: /.test(line))
    .filter((line) => !/: (?:EXPLAIN \((?!ANALYZE)[A-Z, ]*\)|PREPARE pg_insight_\w+ AS) /.test(line))
    .filter((line) => firstLines.some((firstLine) => line.includes(firstLine)));
}

for (const major of [13, 15, 16, 18] as const) {
  describe(`nothing runs without consent on PostgreSQL ${major}`, () => {
    const corpus = disguisedStatements.filter(({ from = 0 }, at) => from <= major && isInTurn(major, at));
    let scene: Scene;
    let context: StatementContext;
    before(async function () {
      this.timeout(120_000);
      scene = await Scene.set(major);
      context = await scene.openContext('app');
    });
    after(() => scene.end());

    it('has a corpus worth the name', () => {
      assert.ok(corpus.length >= 100, String(corpus.length));
    });

    for (const statement of corpus) {
      it(`keeps back: ${JSON.stringify(statement.sql)}`, async () => {
        const { sql, plan, run } = statement;
        const before = await captureState(scene.watcher);
        const logStart = await logSize(scene.server);
        const verdicts = await Promise.all([verdictOf(context, sql, false), verdictOf(context, sql, true)]);
        assert.deepEqual(verdicts, [plan, run], 'of planning and of running');
        const failures = await sendEverywhere(context, statement);
        assert.deepEqual(await captureState(scene.watcher), before);
        assert.deepEqual(scene.notifications, []);
        const log = await readLog(scene.server, logStart);
        assert.doesNotMatch(log, /TRIPPED/);
        assert.deepEqual(findRuns(log, sql), []);
        if (run === 'ask') assert.ok(failures.includes('consent-required'));
        if (plan === 'ask') assert.ok(!log.includes(`EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) ${sql}`));
      });
    }

    it('has left no setting changed in its own sessions', async () => {
      const [row] = await context.run({ searchPath: 'role', access: 'read-only', statementTimeoutMs: 5000 }, (unit) =>
        unit.query(`SELECT current_setting('default_transaction_read_only') AS a, current_setting('work_mem') AS b,
          current_setting('search_path') AS c, (SELECT count(*)::int FROM pg_prepared_statements) AS d`),
      );
      assert.deepEqual(row, { a: 'off', b: '4MB', c: '"$user", public', d: 0 });
    });

    for (const statement of corpus.filter(({ run }) => run === 'ask')) {
      it(`runs, once somebody agreed: ${JSON.stringify(statement.sql)}`, async () => {
        const { sql, trips = false, lasting = false, names = /./ } = statement;
        const verdict = await assessStatement(context, sql, true);
        assert.ok(verdict.verdict === 'ask' && verdict.rollsBack);
        assert.match(verdict.reasons.map(({ message }) => message).join('\n'), names);
        const before = await captureState(scene.watcher);
        const logStart = await logSize(scene.server);
        const { server, facts } = context;
        const consent = { sql, server, database: facts.database, reasons: verdict.reasons };
        const parameters = toModes(statement)[0] ?? { mode: 'none' };
        const result = await explainStatement(context, {
          sql,
          parameters,
          analyze: true,
          consent,
          timeoutMs: 10_000,
        }).catch((error: unknown) => error);
        const log = await readLog(scene.server, logStart);
        assert.ok(findRuns(log, sql).length > 0, 'it did not run');
        if (trips) assert.match(log, /TRIPPED/);
        if (!lasting) {
          // a transaction number is used up, which nobody sees
          const now = await captureState(scene.watcher);
          assert.deepEqual({ ...now, next_transaction: '' }, { ...before, next_transaction: '' });
          assert.ok(!(result instanceof Error), result instanceof Error ? result.message : '');
        }
        assert.deepEqual(scene.notifications, []);
        if (/killing|kill\(|terminate/.test(sql)) await scene.reviveVictim();
      });
    }

    it('is not deceived by operators that stand before PostgreSQL’s own', async () => {
      const shadowed = await scene.openContext('shadowed');
      const logStart = await logSize(scene.server);
      const statement = { sql: 'select * from data where id = 1', plan: 'ask', run: 'ask' } as const;
      assert.equal(await verdictOf(shadowed, statement.sql, false), 'ask');
      await sendEverywhere(shadowed, statement);
      assert.doesNotMatch(await readLog(scene.server, logStart), /TRIPPED/);
    });

    it('is not deceived by operators in the bodies of PostgreSQL’s own functions', async () => {
      const bodied = await scene.openContext('bodied');
      const logStart = await logSize(scene.server);
      const expected = major === 13 ? 'ask' : 'free';
      const statement = { sql: "select obj_description(1, 'pg_class')", plan: expected, run: 'ask' } as const;
      assert.equal(await verdictOf(bodied, statement.sql, false), expected);
      await sendEverywhere(bodied, statement);
      assert.doesNotMatch(await readLog(scene.server, logStart), /TRIPPED/);
    });

    it('is not deceived by the old way of reading backslashes', async () => {
      const oldStrings = await scene.openContext('old_strings');
      const logStart = await logSize(scene.server);
      const statement = { sql: "select '\\' || ', trip(1::text) --'", plan: 'ask', run: 'ask' } as const;
      assert.equal(await verdictOf(oldStrings, statement.sql, false), 'ask');
      await sendEverywhere(oldStrings, statement);
      assert.doesNotMatch(await readLog(scene.server, logStart), /TRIPPED/);
      assert.equal(await verdictOf(context, statement.sql, true), 'free');
    });

    it('is not deceived by how somebody sorts a type of PostgreSQL’s own', async () => {
      // asked about with every statement while it is there
      await scene.watcher.query(`
        CREATE FUNCTION point_before(a point, b point) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN RAISE LOG 'TRIPPED point'; RETURN a[0] < b[0]; END $$;
        CREATE FUNCTION point_order(a point, b point) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN RAISE LOG 'TRIPPED point'; RETURN a[0] - b[0]; END $$;
        CREATE OPERATOR <<<< (LEFTARG = point, RIGHTARG = point, FUNCTION = point_before);
        CREATE OPERATOR CLASS point_ops DEFAULT FOR TYPE point USING btree AS
          OPERATOR 1 <<<<, FUNCTION 1 point_order(point, point)`);
      try {
        const logStart = await logSize(scene.server);
        const statement = { sql: 'select point(id, 1) from data order by 1', plan: 'ask', run: 'ask' } as const;
        assert.equal(await verdictOf(context, statement.sql, false), 'ask');
        await sendEverywhere(context, statement);
        assert.doesNotMatch(await readLog(scene.server, logStart), /TRIPPED/);
      } finally {
        await scene.watcher.query('DROP FUNCTION point_before, point_order CASCADE');
      }
    });

    // these send the whole corpus once more, and differ in PG Insight and the pooler, not in the server
    if (major !== 13 && major !== 18) return;

    it('asks about everything when only the fallback parser is there', async () => {
      const { loadFallbackParser } = await import('../../src/analysis/sql/fallback-parser');
      const parser = await loadFallbackParser();
      const rough = { ...context, loadParser: () => Promise.resolve({ parser, fallbackReason: 'no WebAssembly' }) };
      const before = await captureState(scene.watcher);
      const logStart = await logSize(scene.server);
      for (const statement of corpus) {
        assert.notEqual(await verdictOf(rough, statement.sql, true), 'free');
        assert.notEqual(await verdictOf(rough, statement.sql, false), 'free');
        await sendEverywhere(rough, statement);
      }
      assert.deepEqual(await captureState(scene.watcher), before);
      assert.doesNotMatch(await readLog(scene.server, logStart), /TRIPPED/);
    }).timeout(120_000);

    it('keeps back the same through pgbouncer in transaction mode', async () => {
      const { host, port, user, password } = scene.server;
      const pgbouncer = await startPgbouncer({ server: { host, port, user, password }, users: { app: 'app' } });
      scene.onEnd(() => pgbouncer.stop());
      const pooled = await scene.openContext('app', pgbouncer);
      const before = await captureState(scene.watcher);
      const logStart = await logSize(scene.server);
      for (const statement of corpus) {
        assert.equal(await verdictOf(pooled, statement.sql, true), statement.run, statement.sql);
        await sendEverywhere(pooled, statement);
      }
      assert.deepEqual(await captureState(scene.watcher), before);
      const log = await readLog(scene.server, logStart);
      assert.doesNotMatch(log, /TRIPPED/);
      assert.deepEqual(findRuns(log, ...corpus.map(({ sql }) => sql)), []);
    }).timeout(180_000);
  });
}
