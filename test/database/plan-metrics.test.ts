// The rules of docs/plan-metrics.md against real servers: what is derived must agree with what each server prints.
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { formatPlanJson } from '../../src/analysis/format/plan-json';
import { analyzePlan } from '../../src/analysis/plan/analyze-plan';
import { parseAnyPlan } from '../../src/analysis/plan/parse-any-plan';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan, PlanNode } from '../../src/analysis/plan/plan';
import { measureExpectedCosts } from '../../src/analysis/plan/plan-tree';
import {
  corpusStatements,
  createCorpus,
  explainCorpusStatement,
  variedSettings,
  variedStatements,
  type ExplainOptions,
} from '../factories/plan-corpus';
import { logPlans, toBothFormats, withoutTimesOfTheWhole, type PlanNotices } from '../factories/logged-plans';
import { assertBuffersAddUp, assertNothingNegative, assertTimesAddUp } from '../factories/plan-invariants';
import { assertSamePlan } from '../factories/same-plan';

const majors = [13, 15, 16, 18] as const;

/** EXPLAIN prints averages in thousandths of a millisecond; loops multiply the error. */
const roundingMs = (node: PlanNode) => 0.0005 * (node.loops ?? 0) + 0.002;

/** Which rule must speak of which statement, and at least once on every major. */
const triggered: Record<string, string> = {
  'seq-scan-filter': 'sequential-scan-discards-rows',
  'index-scan-filter': 'index-scan-discards-rows',
  'correlated-columns': 'estimate-off',
  'sort-on-disk': 'sort-on-disk',
  'gather-merge': 'sort-on-disk',
  'hash-batches': 'hash-batches',
  'nested-loop-misestimate': 'nested-loop-misestimate',
  'limit-over-sort': 'top-n-sort',
  'limit-over-parallel-sort': 'top-n-sort',
};

/** Statements alike where the same rule has nothing to say. */
const notTriggered: Record<string, string> = {
  'limit-over-small-sort': 'top-n-sort',
  'limit-over-index': 'top-n-sort',
  'seq-scan-keeps-most': 'sequential-scan-discards-rows',
  'index-scan-exact': 'index-scan-discards-rows',
  'limit-stops-early': 'estimate-off',
  'sort-in-memory': 'sort-on-disk',
  'limit-over-sort': 'sort-on-disk',
  'hash-one-batch': 'hash-batches',
  'many-loops': 'nested-loop-misestimate',
};

for (const major of majors) {
  describe(`plan metrics on PostgreSQL ${major}`, function () {
    this.timeout(180_000);
    let server: PostgresServer;
    let client: Client;
    let notices: PlanNotices;

    before(async () => {
      server = await startPostgres({ major });
      client = new Client(server.url());
      await client.connect();
      await createCorpus(client);
      notices = await logPlans(client);
    });

    after(async () => {
      await client.end();
      await server.stop();
    });

    const statements = corpusStatements.filter(({ since = 0, name }) => since <= major && !name.startsWith('jit'));
    const statementOf = (name: string) => {
      const statement = corpusStatements.find((each) => each.name === name);
      assert.ok(statement, name);
      return statement;
    };
    const explain = async (name: string, options: ExplainOptions = {}) =>
      parsePlanJson(await explainCorpusStatement(client, statementOf(name), options));
    const rulesFor = async (name: string) => analyzePlan(await explain(name)).map(({ ruleId }) => ruleId);
    const typesOf = (plan: Plan) => plan.nodes.map(({ type }) => type);

    /** What was run last gives the same plan in text, which auto_explain told of it, as in JSON. */
    const assertSameInText = (json: string, verbose: boolean) => {
      const both = toBothFormats(notices.last(), json, verbose);
      assertSamePlan(parseAnyPlan(both.text), parsePlanJson(both.json), 'text');
    };

    /** And in YAML or XML, which print as much as JSON does. */
    const assertSameInEntry = (json: string) => {
      const { fields, ...logged } = parseAnyPlan(notices.last());
      const { 'Query Text': queryText, ...others } = fields;
      assert.equal(typeof queryText, 'string');
      assertSamePlan({ ...logged, fields: others }, parsePlanJson(withoutTimesOfTheWhole(json)), 'YAML or XML');
    };

    it('holds the invariants on every statement, with VERBOSE and without, and is the same in text', async () => {
      assert.ok(statements.length >= 50);
      for (const statement of statements) {
        if (statement.name === 'nested-loop-misestimate') continue;
        for (const verbose of [true, false]) {
          await notices.setVerbose(verbose);
          const text = await explainCorpusStatement(client, statement, { verbose });
          const plan = parsePlanJson(text);
          try {
            assertSameInText(text, verbose);
            assertNothingNegative(plan);
            assertTimesAddUp(plan);
            if (statement.name !== 'writing-cte-read-in-part') assertBuffersAddUp(plan);
          } catch (error) {
            throw new Error(`${statement.name}${verbose ? ', verbose' : ''}: ${String(error)}`, { cause: error });
          }
        }
      }
    });

    it('holds the invariants on more statements, planned in several ways, and is the same in text, YAML and XML', async () => {
      assert.ok(variedStatements.length >= 60);
      for (const [index, sql] of variedStatements.entries()) {
        // each major plans a statement in two of the four ways, and all of them in all four
        const ways = variedSettings(major).filter((_, way) => (way + index + majors.indexOf(major)) % 2 === 0);
        for (const [way, settings] of ways.entries()) {
          const verbose = index % 2 === 0;
          const format = way === 0 ? 'text' : index % 4 < 2 ? 'yaml' : 'xml';
          await notices.setVerbose(verbose);
          await notices.setFormat(format);
          const text = await explainCorpusStatement(client, { sql, settings }, { verbose });
          const plan = parsePlanJson(text);
          try {
            if (format === 'text') assertSameInText(text, verbose);
            else assertSameInEntry(text);
            assertNothingNegative(plan);
            assertTimesAddUp(plan);
            assertBuffersAddUp(plan);
          } catch (error) {
            throw new Error(`${sql} with ${JSON.stringify(settings)}: ${String(error)}`, { cause: error });
          }
        }
      }
    });

    it('plans every statement the same in text, YAML and XML, with COSTS and without', async () => {
      for (const [index, statement] of statements.entries()) {
        const options = { analyze: false, costs: index % 3 !== 0 };
        const json = parsePlanJson(await explainCorpusStatement(client, statement, options));
        for (const format of ['TEXT', 'YAML', 'XML'] as const) {
          const text = await explainCorpusStatement(client, statement, { ...options, format });
          assertSamePlan(parseAnyPlan(text), json, `${statement.name} in ${format}`);
        }
      }
    });

    it('reads what was run without TIMING, with WAL, MEMORY and SERIALIZE, in text', async () => {
      const more = major >= 17 ? ', WAL, MEMORY, SERIALIZE' : ', WAL';
      const sql = 'UPDATE lab.followed SET changed = 2 WHERE id < 20 RETURNING id';
      const read = async (format: string) => {
        await client.query('BEGIN');
        const options = `ANALYZE, BUFFERS, VERBOSE, TIMING off, COSTS off, SETTINGS${more}, FORMAT ${format}`;
        const { rows } = await client.query<Record<string, string>>({
          text: `EXPLAIN (${options}) ${sql}`,
          types: { getTypeParser: () => String },
        });
        await client.query('ROLLBACK');
        return parseAnyPlan(rows.map((row) => row['QUERY PLAN'] ?? '').join('\n'));
      };
      const json = await read('JSON');
      for (const format of ['TEXT', 'YAML', 'XML']) {
        const plan = await read(format);
        const told = (each: Plan) => [
          each.nodes.map(({ type, actualRows, loops, relation }) => [type, actualRows, loops, relation]),
          // a page may be pruned in one run and not in the next
          Number(each.nodes[0]?.fields['WAL Records']) > 0,
          each.triggers.map(({ name, calls }) => [name, calls]),
          Object.keys(each.fields)
            .filter((name) => name !== 'Planning' || major >= 17)
            .sort(),
          (each.fields['Serialization'] as Record<string, unknown> | undefined)?.['Format'],
          typeof (each.fields['Planning'] as Record<string, unknown> | undefined)?.['Memory Used'] === 'number' ||
            major < 17,
        ];
        assert.deepEqual(told(plan), told(json), format);
        assert.ok((plan.executionMs ?? 0) > 0 && plan.nodes.every(({ totalMs }) => totalMs === null));
      }
    });

    if (major >= 14) {
      it('keeps every digit of the query identifier', async () => {
        for (const column of ['city', 'zip', 'name', 'id']) {
          const sql = `SELECT count(${column}) FROM lab.customers`;
          const text = await explainCorpusStatement(client, { sql, settings: { compute_query_id: 'on' } });
          const [, printed] = /"Query Identifier": (-?\d+)/.exec(text) ?? [];
          const plan = parsePlanJson(text);
          assert.ok(printed !== undefined);
          assert.equal(String(plan.fields['Query Identifier']), printed);
          assert.match(formatPlanJson(plan, []), new RegExp(`"Query Identifier": "?${printed}"?`));
        }
      });
    }

    it('expects a loop below a LIMIT to cost what the server prints for one', async () => {
      const sql = 'SELECT * FROM lab.orders o, LATERAL (SELECT * FROM lab.labels l WHERE l.order_id = o.id OFFSET 0) l';
      const text = await explainCorpusStatement(
        client,
        { sql: `${sql} LIMIT 50`, settings: { max_parallel_workers_per_gather: '0' } },
        { analyze: false },
      );
      const { nodes } = parsePlanJson(text);
      const [limit, join, scan, loop] = nodes;
      const expected = measureExpectedCosts(nodes);
      assert.deepEqual(
        [limit?.type, join?.type, scan?.relation, loop?.relationship],
        ['Limit', 'Nested Loop', 'orders', 'Inner'],
      );
      assert.ok((loop?.totalCost ?? 0) < (limit?.totalCost ?? 0));
      assert.equal(expected[3], loop?.totalCost);
      assert.equal(expected[1], limit?.totalCost);
      // the outer side is stopped, by the part of the join that the LIMIT leaves
      const ratio = (limit?.totalCost ?? 0) / (join?.totalCost ?? 1);
      assert.ok(Math.abs((expected[2] ?? 0) - ratio * (scan?.totalCost ?? 0)) < 0.01 * (expected[2] ?? 0));
    });

    it('takes the blocks of a Gather Merge from whoever has them, and no more than once', async () => {
      const ownBlocks = (plan: Plan, accept: (node: PlanNode) => boolean) =>
        plan.nodes
          .filter(accept)
          .reduce((sum, { selfBuffers: own }) => sum + (own?.sharedHit ?? 0) + (own?.sharedRead ?? 0), 0);
      const { rows } = await client.query<{ pages: number }>(
        `SELECT relpages AS pages FROM pg_class WHERE oid = 'lab.orders'::regclass`,
      );
      const pages = rows[0]?.pages ?? 0;
      for (const name of ['cte-with-gather-merge', 'cte-in-sub-plan', 'init-plan-with-gather-merge']) {
        const plan = await explain(name);
        assert.ok(typesOf(plan).includes('Gather Merge'), name);
        // workers sort in their own memory and nothing else of the plan reads this table
        assert.ok(ownBlocks(plan, ({ relation }) => relation === 'orders') >= pages, name);
        const idle = ['CTE Scan', 'Merge Join', 'Hash Join', 'Gather Merge', 'Limit', 'Aggregate'];
        assert.equal(
          ownBlocks(plan, ({ type }) => idle.includes(type)),
          0,
          `${name}: what touches no table has no blocks of its own`,
        );
      }
      const again = await explain('gather-merge-again');
      assert.equal(
        ownBlocks(again, ({ type }) => ['Limit', 'Nested Loop', 'Subquery Scan'].includes(type)),
        0,
      );
    });

    it('gives every ordinary child its printed time: nothing has to be cut to fit', async () => {
      for (const statement of statements) {
        if (statement.name === 'nested-loop-misestimate') continue;
        const plan = parsePlanJson(await explainCorpusStatement(client, statement));
        for (const node of plan.nodes) {
          const children = plan.nodes.filter(
            ({ parent, relationship }) => parent === node.id && relationship !== 'InitPlan',
          );
          const below = children.reduce((sum, { totalMs }) => sum + (totalMs ?? 0), 0);
          const slack = [node, ...children].reduce((sum, each) => sum + roundingMs(each), 0);
          assert.ok(
            (node.totalMs ?? 0) - below >= -slack,
            `${statement.name}: ${node.type} ${node.id} has less time than its children`,
          );
          // and no self time is more than what the children leave
          assert.ok(
            (node.selfMs ?? 0) <= (node.totalMs ?? 0) - below + slack,
            `${statement.name}: self of ${node.type} ${node.id}`,
          );
        }
      }
    });

    it("counts participants as the server's loops do, with the leader and without", async () => {
      const withLeader = await explain('parallel-seq-scan');
      const launched = withLeader.nodes.find(({ type }) => type === 'Gather')?.fields['Workers Launched'];
      assert.equal(withLeader.nodes.at(-1)?.participants, Number(launched) + 1);
      const without = await explain('parallel-without-leader');
      assert.equal(
        without.nodes.at(-1)?.participants,
        without.nodes.find(({ type }) => type === 'Gather')?.fields['Workers Launched'],
      );
      for (const plan of [withLeader, without]) {
        const scan = plan.nodes.at(-1);
        assert.ok(scan);
        assert.equal(scan.participants, scan.loops);
        assert.ok(Math.abs((scan.totalMs ?? 0) - Number(scan.fields['Actual Total Time'])) < 0.001);
        const { rows } = await client.query<{ count: string }>(
          `SELECT count(*) FROM lab.orders WHERE note LIKE '%abc%'`,
        );
        const counted = Number(rows[0]?.count);
        assert.ok(Math.abs((scan.actualRows ?? 0) * (scan.loops ?? 0) - counted) <= (scan.loops ?? 0));
      }
    });

    it('charges InitPlans where they run: the blocks prove it', async () => {
      for (const verbose of [true, false]) {
        // in the filter of the scan below the sort
        const filter = await explain('init-plan-in-filter', { verbose });
        const scan = filter.nodes.find(({ relation }) => relation === 'orders');
        const { rows } = await client.query<{ pages: number }>(
          `SELECT relpages AS pages FROM pg_class WHERE oid = 'lab.orders'::regclass`,
        );
        const touched = (scan?.selfBuffers?.sharedHit ?? 0) + (scan?.selfBuffers?.sharedRead ?? 0);
        assert.equal(touched, rows[0]?.pages, 'the scan reads its table and no more');
        // in a target list, which only VERBOSE prints
        const list = await explain('init-plan-in-target-list', { verbose });
        const [sort] = list.nodes;
        assert.equal(sort?.selfBuffers?.sharedHit, 0, 'sorting touches no tables');
        // for a LIMIT's count, which is never printed
        const limit = await explain('init-plan-in-limit', { verbose });
        const [top] = limit.nodes;
        assert.equal(top?.type, 'Limit');
        assert.equal(top.selfBuffers?.sharedHit, 0);
        assert.ok((top.selfMs ?? 1) < 1);
      }
    });

    it('charges a CTE read twice to its readers, and a writing one to itself', async () => {
      const plan = await explain('cte-read-twice');
      const scans = plan.nodes.filter(({ type }) => type === 'CTE Scan');
      assert.equal(scans.length, 2);
      const definition = plan.nodes.find(({ subplanName }) => subplanName === 'CTE busy');
      const taken = scans.reduce((sum, scan) => sum + (scan.totalMs ?? 0) - (scan.selfMs ?? 0), 0);
      assert.ok(Math.abs(taken - (definition?.totalMs ?? 0)) < 0.05);
      assert.equal(
        scans.reduce((sum, { selfBuffers }) => sum + (selfBuffers?.sharedHit ?? 0), 0),
        0,
      );
      const writing = await explain('writing-cte-unread');
      const roots = writing.nodes.filter(({ parent }) => parent === null);
      assert.deepEqual(
        roots.map(({ type }) => type),
        ['Aggregate', 'ModifyTable'],
      );
      assert.ok((roots[1]?.totalMs ?? 0) + (roots[0]?.totalMs ?? 0) <= (writing.executionMs ?? 0) + 0.01);
      const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM lab.items WHERE quantity = 3');
      assert.ok(Number(rows[0]?.count) > 0, 'it was rolled back');
    });

    it('places triggers', async () => {
      const places = async (name: string) =>
        (await explain(name)).triggers.map((trigger) => [trigger.name, trigger.insidePlan, trigger.calls]);
      assert.deepEqual(await places('trigger-before'), [['before_row', true, 400]]);
      assert.deepEqual(await places('trigger-after'), [['after_row', false, 400]]);
      assert.deepEqual((await places('trigger-both')).sort(), [
        ['after_row', false, 400],
        ['before_row', true, 400],
      ]);
      for (const name of ['trigger-foreign-key', 'insert-with-foreign-key']) {
        const plan = await explain(name);
        assert.ok(plan.triggers.length > 0);
        assert.ok(
          plan.triggers.every(({ insidePlan, constraint }) => !insidePlan && constraint !== null),
          name,
        );
      }
    });

    it('makes the nodes that the corpus is there for', async () => {
      const expected: Record<string, string> = {
        'bitmap-and': 'BitmapAnd',
        'bitmap-or': 'BitmapOr',
        'incremental-sort': 'Incremental Sort',
        'gather-merge': 'Gather Merge',
        'recursive-cte': 'Recursive Union',
        'parallel-append': 'Append',
        'merge-join': 'Merge Join',
        'semi-join': 'Nested Loop',
        ...(major >= 14 ? { memoize: 'Memoize' } : {}),
      };
      for (const [name, type] of Object.entries(expected)) {
        const plan = await explain(name);
        assert.ok(typesOf(plan).includes(type), `${name} has a ${type}`);
        for (const node of plan.nodes) {
          if (node.type === 'BitmapAnd' || node.type === 'BitmapOr' || node.neverExecuted)
            assert.equal(node.estimateFactor, null);
        }
      }
      const pruned = await explain('run-time-pruning');
      assert.equal(pruned.nodes.filter(({ neverExecuted, relation }) => neverExecuted && relation !== null).length, 5);
      assert.ok((await explain('never-executed')).nodes.some(({ neverExecuted }) => neverExecuted));
      assert.equal((await explain('plan-time-pruning')).nodes.filter(({ relation }) => relation !== null).length, 2);
    });

    it('says nothing of estimates of what was stopped early', async () => {
      const stopped = await explain('limit-stops-early');
      assert.equal(stopped.nodes[1]?.stoppedEarly, true);
      assert.equal(stopped.nodes[1].estimateFactor, null);
      const parallel = await explain('parallel-limit');
      assert.equal(parallel.nodes.at(-1)?.estimateFactor, null);
      const semi = await explain('semi-join');
      for (const node of semi.nodes) assert.ok((node.estimateFactor ?? 1) < 10, node.type);
      const exact = await explain('parallel-hash-join');
      for (const node of exact.nodes)
        assert.ok((node.estimateFactor ?? 1) < 1.6, `${node.type} ${String(node.estimateFactor)}`);
    });

    it('finds disabled nodes', async () => {
      const plan = await explain('disabled-node');
      assert.deepEqual(
        plan.nodes.map(({ disabled }) => disabled),
        [false, true],
      );
      assert.ok((await explain('seq-scan-filter')).nodes.every(({ disabled }) => !disabled));
    });

    it('reads plans without ANALYZE and without TIMING', async () => {
      const planned = await explain('cte-read-twice', { analyze: false });
      assert.ok(
        planned.nodes.every(
          (node) => node.loops === null && node.selfMs === null && !node.neverExecuted && node.estimateFactor === null,
        ),
      );
      assert.deepEqual(analyzePlan(planned), []);
      const untimed = await explain('seq-scan-filter', { timing: false });
      assert.ok(untimed.nodes.every(({ selfMs, actualRows }) => selfMs === null && actualRows !== null));
      assert.ok((untimed.executionMs ?? 0) > 0);
      assertBuffersAddUp(untimed);
    });

    if (major >= 17) {
      it('accounts for serialization', async () => {
        const plan = await explain('sort-in-memory', { serialize: true });
        const printed = plan.fields['Serialization'] as Record<string, unknown>;
        assert.equal(plan.outside.serializationMs, printed['Time']);
        assertTimesAddUp(plan);
      });
    }

    for (const [name, ruleId] of Object.entries(triggered)) {
      it(`${ruleId} speaks of ${name}`, async () => {
        assert.ok((await rulesFor(name)).includes(ruleId));
      });
    }

    for (const [name, ruleId] of Object.entries(notTriggered)) {
      it(`${ruleId} is silent about ${name}`, async () => {
        assert.ok(!(await rulesFor(name)).includes(ruleId));
      });
    }

    it('asks for as much work_mem as keeps a sort and a hash in memory', async () => {
      for (const [name, ruleId] of [
        ['sort-on-disk', 'sort-on-disk'],
        ['hash-batches', 'hash-batches'],
      ] as const) {
        const facts = { serverVersionNumber: major * 10_000 };
        const finding = analyzePlan(await explain(name), facts).find((each) => each.ruleId === ruleId);
        const needed = finding?.evidence.find(({ label }) => label === 'work_mem needed')?.value;
        assert.ok(typeof needed === 'number', name);
        const statement = statementOf(name);
        const settings = { ...statement.settings, work_mem: `${needed / 1024}kB` };
        const again = parsePlanJson(await explainCorpusStatement(client, { ...statement, settings }));
        assert.ok(!analyzePlan(again, facts).some((each) => each.ruleId === ruleId), `${name} with ${needed} bytes`);
        assert.match(finding?.fix?.sql ?? '', /^SET LOCAL work_mem = '\d+MB';$/);
      }
    });

    it('speaks of ANALYZE only when the catalogue says that statistics are old', async () => {
      const plan = await explain('correlated-columns');
      const say = (modifiedSinceAnalyze: number | null) => {
        const tableStatistics =
          modifiedSinceAnalyze === null ? new Map() : new Map([['lab.orders', { rows: 60_000, modifiedSinceAnalyze }]]);
        const finding = analyzePlan(plan, { tableStatistics }).find(({ ruleId }) => ruleId === 'estimate-off');
        assert.ok(finding);
        return { text: `${finding.message} ${finding.advice ?? ''}`, sql: finding.fix?.sql };
      };
      assert.equal(say(null).sql, undefined);
      assert.match(say(null).text, /not in a plan/);
      assert.equal(say(100).sql, undefined);
      assert.match(say(100).text, /statistics of lab\.orders are fresh/);
      const { sql } = say(30_000);
      assert.equal(sql, 'ANALYZE "lab"."orders";');
      await client.query(sql);
    });
  });
}
