// Each plan rule on plans of real servers: one that has it speak, one much like it that does not, and one with too little
// data. What a finding advises is done, and has to help.
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { findingSchema, type Finding } from '../../src/analysis/finding';
import { analyzePlan } from '../../src/analysis/plan/analyze-plan';
import { workersOf } from '../../src/analysis/plan/fields';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan } from '../../src/analysis/plan/plan';
import type { Session } from '../../src/database/session';
import { savedTimeLabel } from '../../src/analysis/plan/plan-rule';
import { createInsightTables, insightCases, type InsightStatement } from '../factories/insight-corpus';
import { capturePlanFacts } from '../../src/database/plan-facts';
import { openTestSession } from './test-session';
import { createCorpus, explainCorpusStatement, type ExplainOptions } from '../factories/plan-corpus';

const majors = [13, 18] as const;

const serial = { max_parallel_workers_per_gather: '0' };

/** A worker may come when the other one has done all; it takes part sooner or later. */
const mostRuns = 50;

for (const major of majors) {
  describe(`plan insights on PostgreSQL ${major}`, function () {
    this.timeout(300_000);
    let server: PostgresServer;
    let client: Client;
    let session: Session;

    before(async () => {
      server = await startPostgres({ major });
      client = new Client(server.url());
      await client.connect();
      await createCorpus(client);
      await createInsightTables(client);
      // what a session has changed is counted when it ends at the latest: after an ANALYZE of its own it would be news
      await client.end();
      client = new Client(server.url());
      await client.connect();
      await client.query('ANALYZE lab.orders');
      session = await openTestSession(server);
    });

    after(async () => {
      await session.close();
      await client.end();
      await server.stop();
    });

    const facts = { serverVersionNumber: major * 10_000 };
    const explain = async (statement: InsightStatement, options: ExplainOptions = {}) =>
      parsePlanJson(await explainCorpusStatement(client, statement, options));
    const of = (rule: string, plan: Plan) => analyzePlan(plan, facts).filter(({ ruleId }) => ruleId === rule);
    const describePlan = (plan: Plan) =>
      JSON.stringify({
        planningMs: plan.planningMs,
        executionMs: plan.executionMs,
        nodes: plan.nodes.map(({ type, parent, selfMs, loops, actualRows, fields }) => ({
          type,
          parent,
          selfMs,
          loops,
          actualRows,
          fields,
        })),
      });

    const assertWhole = (finding: Finding) => {
      assert.deepEqual(findingSchema.parse(finding), finding);
      assert.match(finding.message, /\d/, 'says what happened with numbers');
      assert.ok((finding.advice ?? '').length > 20, 'says what to do');
      assert.doesNotMatch(
        `${finding.message} ${finding.advice ?? ''} ${finding.fix?.sql ?? ''}`,
        /ANALYZE|undefined|null|NaN/,
      );
      const saved = finding.evidence.find(({ label }) => label === savedTimeLabel);
      assert.ok(typeof saved?.value === 'number' && saved.value >= 0, 'has the time at stake');
    };

    for (const {
      rule,
      quiet,
      since = 0,
      plannedToo = false,
      serialize = false,
      workers = 0,
      ...statement
    } of insightCases) {
      if (since > major) continue;
      const name = `${rule}: ${statement.sql}`;

      it(`${name} is spoken of`, async () => {
        let plan = await explain(statement, { serialize });
        const tookPart = () => Math.max(...plan.nodes.map((node) => workersOf(node).length));
        for (let run = 1; tookPart() < workers && run < mostRuns; run++) plan = await explain(statement);
        const [finding] = of(rule, plan);
        assert.ok(finding !== undefined, describePlan(plan));
        assertWhole(finding);
      });

      it(`${name} with less to say of is not`, async () => {
        const plan = await explain(quiet, { serialize });
        assert.deepEqual(of(rule, plan), [], describePlan(plan));
      });

      it(`${name} with too little data is not`, async () => {
        const plan = await explain(statement, { analyze: false, costs: !plannedToo });
        assert.deepEqual(of(rule, plan), []);
        // and figures without times lead to no time at stake
        const untimed = await explain(statement, { timing: false });
        for (const finding of analyzePlan(untimed, facts)) assert.deepEqual(findingSchema.parse(finding), finding);
      });

      if (plannedToo) {
        it(`${name} is spoken of by its costs`, async () => {
          assert.equal(of(rule, await explain(statement, { analyze: false })).length, 1);
        });
      }
    }

    it('estimates are mended by statistics on several columns', async () => {
      const look = async (sql: string) => {
        const plan = await explain({ sql, settings: { ...serial, enable_indexscan: 'off', enable_bitmapscan: 'off' } });
        const known = await capturePlanFacts(session.run, { versionNumber: major * 10_000 }, plan);
        return analyzePlan(plan, known).filter(({ ruleId }) => ruleId === 'estimate-off');
      };
      for (const [sql, kinds] of [
        ['SELECT count(*) FROM lab.orders WHERE region = 7 AND area = 7', 'dependencies, mcv'],
        ['SELECT region, area, placed_on FROM lab.orders GROUP BY region, area, placed_on', 'ndistinct'],
      ] as const) {
        const [finding] = await look(sql);
        const ddl = finding?.fix?.sql ?? '';
        const undo = finding?.fix?.undoSql ?? '';
        assert.match(
          ddl,
          new RegExp(
            `^CREATE STATISTICS lab\\.orders_\\w+_stat \\(${kinds}\\) ON [\\w, ]+ FROM lab\\.orders; ANALYZE lab\\.orders;$`,
          ),
        );
        await client.query(ddl);
        assert.deepEqual(await look(sql), [], 'the estimate is right');
        await client.query(undo);
        await client.query('ANALYZE lab.orders');
        assert.equal((await look(sql))[0]?.fix?.sql, ddl, 'and as before when they are gone');
      }
      // changed since: the statistics that are there come first
      await client.query('CREATE TABLE lab.growing AS SELECT * FROM lab.orders');
      await client.query('ANALYZE lab.growing');
      await client.query('INSERT INTO lab.growing SELECT * FROM lab.orders');
      const flushed = async () => {
        const { rows } = await client.query<{ n: string }>(
          `SELECT pg_stat_get_mod_since_analyze('lab.growing'::regclass) AS n`,
        );
        return Number(rows[0]?.n) > 0;
      };
      // each look in a transaction of its own: the counts come a moment after the insert's end
      for (let look = 0; look < 600 && !(await flushed()); look++) await client.query('SELECT pg_sleep(0.1)');
      const [stale] = await look('SELECT count(*) FROM lab.growing WHERE region = 7 AND area = 7');
      assert.equal(stale?.fix?.sql, 'ANALYZE "lab"."growing";');
    });

    it('a column of another type than text is known from the catalogue', async () => {
      const sql = `SELECT * FROM lab.orders WHERE region::text = '99'`;
      const plan = await explain({ sql, settings: serial });
      const known = await capturePlanFacts(session.run, { versionNumber: major * 10_000 }, plan);
      const { rows } = await client.query<{ reltuples: number; n_mod_since_analyze: string }>(
        `SELECT c.reltuples, s.n_mod_since_analyze FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid
         WHERE c.oid = 'lab.orders'::regclass`,
      );
      const statistics = known.tableStatistics?.get('lab.orders');
      assert.deepEqual(
        [statistics?.rows, statistics?.modifiedSinceAnalyze],
        [rows[0]?.reltuples, Number(rows[0]?.n_mod_since_analyze)],
      );
      const { rows: columns } = await client.query<{ column_name: string; data_type: string }>(
        `SELECT column_name, data_type FROM information_schema.columns
         WHERE table_schema = 'lab' AND table_name = 'orders' ORDER BY ordinal_position`,
      );
      assert.deepEqual(
        [...(statistics?.columnTypes ?? [])],
        columns.map(({ column_name: name, data_type: type }) => [name, type]),
      );
      const [finding] = analyzePlan(plan, known).filter(({ ruleId }) => ruleId === 'implicit-cast');
      assert.match(finding?.message ?? '', /^The column region \(integer\) is cast to text in each of 60,000 rows/);
      assert.deepEqual(of('implicit-cast', plan), []);
    });

    for (const rule of ['hash-aggregate-spill', 'temp-io', 'lossy-bitmap', 'memoize-thrash']) {
      const found = insightCases.find((each) => each.rule === rule && (each.since ?? 0) <= major);
      if (found === undefined) continue;
      it(`${rule} asks for as much work_mem as helps`, async () => {
        const [finding] = of(rule, await explain(found));
        const sql = finding?.fix?.sql ?? '';
        const [, workMem] = /^SET LOCAL work_mem = '(\d+MB)';$/.exec(sql) ?? [];
        assert.ok(workMem !== undefined, sql);
        const again = await explain({ ...found, settings: { ...found.settings, work_mem: workMem } });
        assert.deepEqual(of(rule, again), [], `${workMem} ${describePlan(again)}`);
      });
    }

    for (const [rule, sql] of [
      ['heap-fetches', /^VACUUM lab\.orders;$/],
      ['disabled-node', /^SET LOCAL enable_seqscan = on;$/],
      ['parallel-overhead', /^SET LOCAL max_parallel_workers_per_gather = 0;$/],
    ] as const) {
      it(`${rule} is mended by its SQL`, async () => {
        const found = insightCases.find((each) => each.rule === rule);
        assert.ok(found);
        const fix = of(rule, await explain(found))[0]?.fix;
        assert.match(fix?.sql ?? '', sql);
        if (fix?.outsideTransaction === true) await client.query(fix.sql);
        const [, name, value] = /^SET LOCAL (\w+) = (\w+);$/.exec(fix?.sql ?? '') ?? [];
        const settings = { ...found.settings, ...(name === undefined ? {} : { [name]: value ?? '' }) };
        assert.deepEqual(of(rule, await explain({ ...found, settings })), []);
      });
    }
  });
}
