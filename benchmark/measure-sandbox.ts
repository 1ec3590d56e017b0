// How long the first verdict of the what-if sandbox takes on a database of 200 tables: with nothing started, with a sandbox
// that runs, and with everything loaded.
import pg from 'pg';
import { providePostgres, type PostgresMajor } from '../scripts/environment/postgres-binaries';
import { startPostgres } from '../scripts/environment/postgres-server';
import type { HypotheticalIndex, WhatIfStatement } from '../src/analysis/index-advice/what-if-planner';
import { SandboxPlanner } from '../src/database/what-if/sandbox/sandbox-planner';
import { SandboxPool } from '../src/database/what-if/sandbox/sandbox-pool';
import { makeTestPlaces } from '../test/database/sandbox-places';
import { makeStatementContext } from '../test/database/statement-context';
import { openTestSession } from '../test/database/test-session';

const tableCount = 200;

export interface SandboxTimes {
  /** Nothing runs, the template of initdb is there: start, load of three tables, plan, one index. */
  coldMs: number;
  /** The sandbox runs: load of three tables, plan, one index. */
  loadMs: number;
  /** Loaded: plan, one more index. */
  warmMs: number;
  /** 200 tables that a workload touches, planned with one index. */
  workloadMs: number;
}

const makeTables = `DO $$
  BEGIN
    FOR n IN 0..${tableCount - 1} LOOP
      EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY, a int, b text, c numeric, d timestamptz, e jsonb, f int, g text,
        h text[], parent bigint)', n);
      EXECUTE format('INSERT INTO t%s SELECT i, i %% 7, ''b'' || i, i * 1.5, now() + i * interval ''1 minute'', ''{}'', i %% 100,
        ''g'' || i %% 3, ARRAY[''x''], i FROM generate_series(1, 1000) AS i', n);
      EXECUTE format('CREATE INDEX ON t%s (a)', n);
      EXECUTE format('CREATE INDEX ON t%s (d)', n);
      IF n > 0 THEN
        EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (parent) REFERENCES t%s', n, n - 1);
      END IF;
    END LOOP;
  END $$`;

const join: WhatIfStatement = {
  id: 'join',
  sql: 'SELECT x.b FROM t3 x JOIN t4 y ON y.parent = x.id JOIN t5 z ON z.parent = y.id WHERE x.f = 3',
};

function on(table: string): HypotheticalIndex {
  return { schema: 'public', table, method: 'btree', keys: ['f'], included: [], predicate: null };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export async function measureSandbox(
  source: PostgresMajor,
  sandbox: PostgresMajor,
  runs: number,
): Promise<SandboxTimes[]> {
  const server = await startPostgres({
    major: source,
    settings: { autovacuum: 'off', max_locks_per_transaction: '1024' },
  });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(makeTables);
  await client.query('ANALYZE');
  await client.end();
  const places = await makeTestPlaces();
  const binaries = await providePostgres(sandbox);
  const session = await openTestSession(server);
  const context = await makeStatementContext(session);
  await context.loadParser();
  const workload = Array.from({ length: tableCount }, (_, n) => ({
    id: `t${n}`,
    sql: `SELECT b FROM t${n} WHERE f = 3`,
  }));
  const times: SandboxTimes[] = [];
  // the first one makes the template
  for (let run = -1; run < runs; run++) {
    const pool = new SandboxPool({ readBinariesSetting: () => binaries, places });
    const use = (work: (planner: SandboxPlanner) => Promise<unknown>) =>
      pool.use(sandbox, async (running) => {
        const planner = new SandboxPlanner(context, running);
        await work(planner);
        await planner.close();
      });
    const coldMs = await time(() => use((planner) => planner.plan([join], [on('t3')])));
    let [loadMs, warmMs, workloadMs] = [0, 0, 0];
    await use(async (planner) => {
      loadMs = await time(() => planner.plan([join], [on('t3')]));
      warmMs = await time(() => planner.plan([join], [on('t4')]));
    });
    await use(async (planner) => {
      workloadMs = await time(() => planner.plan(workload, [on('t3')]));
    });
    await pool.end();
    if (run >= 0) times.push({ coldMs, loadMs, warmMs, workloadMs });
  }
  await session.close();
  await server.stop();
  await places.temporary.remove();
  return times;
}
