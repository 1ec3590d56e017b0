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
import { savedTimeLabel } from '../../src/analysis/plan/plan-rule';
import { createInsightTables, insightCases, type InsightStatement } from '../factories/insight-corpus';
import { createCorpus, explainCorpusStatement, type ExplainOptions } from '../factories/plan-corpus';

const majors = [13, 18] as const;

/** A worker may come when the other one has done all; it takes part sooner or later. */
const mostRuns = 50;

for (const major of majors) {
  describe(`plan insights on PostgreSQL ${major}`, function () {
    this.timeout(300_000);
    let server: PostgresServer;
    let client: Client;

    before(async () => {
      server = await startPostgres({ major });
      client = new Client(server.url());
      await client.connect();
      await createCorpus(client);
      await createInsightTables(client);
    });

    after(async () => {
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
