import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findingSchema } from '../../../src/analysis/finding';
import { analyzePlan } from '../../../src/analysis/plan/analyze-plan';
import {
  findAlternatives,
  findAliases,
  findConjuncts,
  toCastColumn,
  toColumnReference,
  toComparison,
} from '../../../src/analysis/plan/conditions';
import { withoutLiterals } from '../../../src/analysis/plan/expression-text';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import type { PlanFacts } from '../../../src/analysis/plan/plan-rule';
import { planRules } from '../../../src/analysis/plan/rules/index';
import { goldenPlan, goldenPlanNames, type GoldenServer } from '../../factories/golden-plans';
import { insightCases } from '../../factories/insight-corpus';
import { inner, nodeJson, outer, planText, type NodeFigures, type PlanNodeJson } from '../../factories/plan-json';

const find = (ruleId: string, root: PlanNodeJson, executionMs = 100, facts: PlanFacts = {}, more = {}) =>
  analyzePlan(parsePlanJson(planText(root, executionMs, more)), facts).filter((finding) => finding.ruleId === ruleId);

const seqScan = (figures: NodeFigures, removed: number) =>
  nodeJson('Seq Scan', {
    ...figures,
    fields: {
      'Relation Name': 'orders',
      Schema: 'shop',
      Alias: 'o',
      Filter: '(o.x = 1)',
      'Rows Removed by Filter': removed,
    },
  });

describe('plan rules', () => {
  it('have a file, a page and a test on a real server of the same name each', async () => {
    const serverTests = await readFile('test/database/plan-metrics.test.ts', 'utf8');
    // the embedded server compiles nothing: its plans are recorded ones
    const recorded = new Set(['jit-overhead']);
    const cases = new Set(insightCases.map(({ rule }) => rule));
    for (const { id, title } of planRules) {
      assert.ok(existsSync(`src/analysis/plan/rules/${id}.ts`), id);
      const page = await readFile(`docs/rules/${id}.md`, 'utf8');
      assert.ok(page.includes(title), `docs/rules/${id}.md says: ${title}`);
      assert.ok(
        cases.has(id) || recorded.has(id) || serverTests.split(`'${id}'`).length >= 3,
        `${id} is tested both ways`,
      );
    }
    assert.equal(new Set(planRules.map(({ id }) => id)).size, planRules.length);
  });

  it('give findings of the declared type, the same ones every time, whose fingerprints hold no id and no value', () => {
    for (const server of ['15', '18', 'jit'] as const) {
      for (const name of goldenPlanNames(server)) {
        const findings = analyzePlan(goldenPlan(server, name));
        for (const finding of findings) assert.deepEqual(findingSchema.parse(finding), finding);
        assert.deepEqual(analyzePlan(goldenPlan(server, name)), findings);
        assert.equal(new Set(findings.map(({ fingerprint }) => fingerprint)).size, findings.length);
      }
    }
    const [finding] = analyzePlan(goldenPlan('18', 'seq-scan-filter'));
    assert.equal(
      finding?.fingerprint,
      'sequential-scan-discards-rows: Seq Scan on lab.orders; Filter: (orders.status = ?)',
    );
    // some hundred plans are read
  }).timeout(60_000);

  it('are ranked by the time they may save', () => {
    const findings = analyzePlan(
      parsePlanJson(
        planText(
          nodeJson('Append', { ms: 100 }, [
            outer(seqScan({ ms: 10, rows: 0, planned: 1 }, 20_000)),
            outer(seqScan({ ms: 85, rows: 0, planned: 1 }, 20_000)),
          ]),
          100,
        ),
      ),
    );
    assert.deepEqual(
      findings.map(({ subject }) => subject.kind === 'plan-node' && subject.nodeId),
      [2, 1],
    );
    assert.notEqual(findings[0]?.fingerprint, findings[1]?.fingerprint);
  });

  it('do not speak of what is small', () => {
    const scan = (ms: number) => outer(seqScan({ ms, rows: 0, planned: 1 }, 20_000));
    const rule = 'sequential-scan-discards-rows';
    assert.equal(find(rule, nodeJson('Limit', { ms: 100 }, [scan(5)])).length, 1);
    assert.equal(find(rule, nodeJson('Limit', { ms: 100 }, [scan(4.9)])).length, 0, 'less than a twentieth');
    assert.equal(find(rule, scan(0.9), 1).length, 0, 'less than a millisecond');
  });

  it('sequential-scan-discards-rows counts all loops and starts at nine tenths', () => {
    const rule = 'sequential-scan-discards-rows';
    const count = (rows: number, removed: number, loops = 1) =>
      find(rule, seqScan({ ms: 90 / loops, rows, loops }, removed)).length;
    assert.equal(count(1000, 9_999), 0);
    assert.equal(count(1000, 10_000), 1);
    assert.equal(count(10, 100, 100), 1, '100 rows in each of 100 loops');
    assert.equal(count(2000, 17_000), 0, 'keeps more than a tenth');
    const [finding] = find(rule, seqScan({ ms: 90, rows: 1000 }, 99_000));
    assert.equal(
      finding?.message,
      'The sequential scan of shop.orders o read 100,000 rows and its filter discarded 99% of them.',
    );
    assert.equal(finding.severity, 'high');
  });

  it('index-scan-discards-rows warns from a half and is critical from nineteen of twenty', () => {
    const scan = (rows: number, removed: number) =>
      nodeJson('Index Scan', {
        ms: 90,
        rows,
        fields: { 'Index Name': 'i', Filter: '(x = 1)', 'Rows Removed by Filter': removed },
      });
    const severities = (rows: number, removed: number) =>
      find('index-scan-discards-rows', scan(rows, removed)).map(({ severity }) => severity);
    assert.deepEqual(severities(51, 49), []);
    assert.deepEqual(severities(50, 50), ['medium']);
    assert.deepEqual(severities(5, 95), ['critical']);
    const bitmap = nodeJson(
      'Bitmap Heap Scan',
      { ms: 90, rows: 1, fields: { Filter: '(x = 1)', 'Rows Removed by Filter': 99 } },
      [outer(nodeJson('Bitmap Index Scan', { ms: 1, rows: 100, fields: { 'Index Name': 'found_it' } }))],
    );
    assert.match(find('index-scan-discards-rows', bitmap)[0]?.message ?? '', /index found_it/);
  });

  it('estimate-off blames the lowest bad node', () => {
    const plan = nodeJson('Sort', { ms: 100, rows: 5000, planned: 10 }, [
      outer(
        nodeJson('Hash Join', { ms: 60, rows: 5000, planned: 10 }, [
          outer(nodeJson('Seq Scan', { ms: 20, rows: 5000, planned: 100, fields: { 'Relation Name': 'a' } })),
          inner(nodeJson('Hash', { ms: 1, rows: 10 })),
        ]),
      ),
    ]);
    const findings = find('estimate-off', plan);
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      [{ kind: 'plan-node', nodeId: 2 }],
    );
    assert.doesNotMatch(`${findings[0]?.message ?? ''} ${findings[0]?.advice ?? ''}`, /ANALYZE/);
  });

  it('estimate-off is silent about factors below ten, few rows, and guesses no statistics can mend', () => {
    const count = (type: string, rows: number, planned: number) =>
      find('estimate-off', nodeJson(type, { ms: 90, rows, planned })).length;
    assert.equal(count('Seq Scan', 999, 100), 0);
    assert.equal(count('Seq Scan', 1000, 100), 1);
    assert.equal(count('Seq Scan', 1, 99), 0);
    assert.equal(count('Seq Scan', 1, 100), 1);
    assert.equal(count('WorkTable Scan', 1, 100), 0);
    assert.match(
      find('estimate-off', nodeJson('Function Scan', { ms: 90, rows: 1, planned: 1000 }))[0]?.advice ?? '',
      /ROWS clause/,
    );
  });

  it('sort-on-disk sees what only the workers wrote, and what incremental sorts tell', () => {
    const worker = (kilobytes: number) => ({ 'Sort Space Type': 'Disk', 'Sort Space Used': kilobytes });
    const sort = (type: string, fields: Record<string, unknown>) =>
      find(
        'sort-on-disk',
        nodeJson(type, { ms: 90, rows: 20_000, fields: { 'Sort Key': ['a', 'b DESC'], ...fields } }),
      );
    const [parallel] = sort('Sort', {
      'Sort Space Type': 'Memory',
      'Sort Space Used': 10,
      Workers: [worker(1024), worker(2048)],
    });
    // 2 MiB and 20,000 rows of 50 bytes, a tenth more
    assert.equal(parallel?.evidence.find(({ label }) => label === 'work_mem needed')?.value, 4 * 1024 * 1024);
    assert.match(parallel.message, /by a, b DESC .* 2 MB to disk in each of 2 processes/);
    assert.equal(sort('Sort', { 'Sort Space Type': 'Memory', 'Sort Space Used': 99_999 }).length, 0);
    const groups = {
      'Group Count': 10,
      'Sort Space Disk': { 'Average Sort Space Used': 500, 'Peak Sort Space Used': 900 },
    };
    assert.equal(sort('Incremental Sort', { 'Pre-sorted Groups': groups }).length, 1);
  });

  it('hash-batches divides by hash_mem_multiplier, of the settings or of the version', () => {
    const plan = nodeJson('Hash Join', { ms: 90, fields: { 'Hash Cond': '(a.id = b.id)' } }, [
      inner(nodeJson('Hash', { ms: 40, rows: 9, fields: { 'Hash Batches': 8, 'Peak Memory Usage': 5120 } })),
    ]);
    const needed = (facts: PlanFacts, settings = {}) =>
      find('hash-batches', plan, 100, facts, { Settings: settings })[0]?.evidence.find(
        ({ label }) => label === 'work_mem needed',
      )?.value;
    const megabyte = 1024 * 1024;
    assert.equal(needed({}), 44 * megabyte);
    assert.equal(needed({ serverVersionNumber: 130004 }), 44 * megabyte);
    assert.equal(needed({ serverVersionNumber: 150001 }), 22 * megabyte);
    assert.equal(needed({ serverVersionNumber: 150001 }, { hash_mem_multiplier: '4' }), 11 * megabyte);
  });

  it('nested-loop-misestimate needs a wrong estimate, many loops and time', () => {
    const count = (outerRows: number, planned: number, loops: number, innerMs: number) =>
      find(
        'nested-loop-misestimate',
        nodeJson('Nested Loop', { ms: 2000 }, [
          outer(nodeJson('Seq Scan', { ms: 1, rows: outerRows, planned })),
          inner(nodeJson('Index Scan', { ms: innerMs / loops, loops })),
        ]),
        2001,
      ).length;
    assert.equal(count(1000, 100, 1000, 500), 1);
    assert.equal(count(1000, 101, 1000, 500), 0);
    assert.equal(count(1000, 100, 999, 500), 0);
    assert.equal(count(1000, 100, 1000, 499), 0);
    assert.equal(count(100, 10_000, 1000, 500), 0, 'fewer rows than planned');
  });

  it('top-n-sort needs a sort that keeps few of many rows of one table, and time', () => {
    const sort = (read: number, kept: number, fields: Record<string, unknown> = {}, scan = 'Seq Scan') =>
      nodeJson('Limit', { ms: 95, rows: kept }, [
        outer(
          nodeJson(
            'Sort',
            {
              ms: 90,
              rows: kept,
              fields: { 'Sort Key': ['total DESC', 'id'], 'Sort Method': 'top-N heapsort', ...fields },
            },
            [outer(nodeJson(scan, { ms: 60, rows: read, fields: { 'Relation Name': 'orders', Schema: 'shop' } }))],
          ),
        ),
      ]);
    const count = (...figures: Parameters<typeof sort>) => find('top-n-sort', sort(...figures)).length;
    assert.equal(count(10_000, 1000), 1);
    assert.equal(count(9_999, 10), 0, 'few rows');
    assert.equal(count(10_000, 1001), 0, 'keeps more than a tenth');
    assert.equal(count(10_000, 10, { 'Sort Method': 'quicksort' }), 0, 'no LIMIT');
    assert.equal(count(10_000, 10, {}, 'Hash Join'), 0, 'no index gives the order of a join');
    assert.equal(count(10_000, 10, { 'Actual Total Time': undefined }), 0, 'without timing');
    assert.equal(find('top-n-sort', sort(10_000, 10), 2000).length, 0, 'less than a twentieth');
    const workers = { 'Sort Method': undefined, Workers: [{ 'Sort Method': 'top-N heapsort' }] };
    assert.equal(count(10_000, 10, workers), 1, 'what only the workers tell');
    const [finding] = find('top-n-sort', sort(60_000, 10));
    assert.equal(
      finding?.message,
      'To keep 10 rows, the sort by total DESC, id read 60,000 rows of shop.orders, which took 90.0 ms in all.',
    );
    assert.equal(finding.severity, 'high');
    assert.equal(finding.fix, undefined, 'an index is a question of its writes too');
    // PostgreSQL 18 gives the average of the loops with decimals
    const inLoops = (kept: number) => {
      const plan = sort(30_000, kept);
      return find('top-n-sort', {
        ...plan,
        Plans: [
          outer({
            ...nodeJson(
              'Sort',
              { ms: 30, rows: kept, loops: 3, fields: { 'Sort Key': ['id'], 'Sort Method': 'top-N heapsort' } },
              [
                outer(
                  nodeJson('Seq Scan', {
                    ms: 20,
                    rows: 30_000,
                    loops: 3,
                    fields: { 'Relation Name': 'orders', Schema: 'shop' },
                  }),
                ),
              ],
            ),
          }),
        ],
      })[0];
    };
    assert.match(inLoops(2.67)?.message ?? '', /^To keep about 3 rows in each loop, the sort by id read /);
    assert.match(inLoops(0.33)?.message ?? '', /^To keep about 1 row in each loop, /);
    assert.deepEqual(
      inLoops(2.67)
        ?.evidence.slice(0, 2)
        .map(({ value }) => value),
      [90_000, 8],
    );
  });

  it('jit-overhead counts the compilation of one process, and is silent where nothing was compiled', () => {
    const of = (server: GoldenServer, name: string) =>
      analyzePlan(goldenPlan(server, name)).filter(({ ruleId }) => ruleId === 'jit-overhead');
    const [finding] = of('jit', 'jit');
    assert.match(finding?.message ?? '', /^JIT compilation took [\d.]+ ms: \d+% of the execution\.$/);
    assert.match(finding?.fix?.sql ?? '', /^SET LOCAL jit_above_cost = \d+;$/);
    assert.match(of('jit', 'jit-parallel')[0]?.message ?? '', /in each of 3 processes/);
    assert.deepEqual(of('18', 'seq-scan-filter'), []);
    const compiled = (jitMs: number, executionMs: number | null) =>
      analyzePlan(
        parsePlanJson(
          planText(nodeJson('Result', { ms: 90 }), executionMs, { JIT: { Functions: 3, Timing: { Total: jitMs } } }),
        ),
      ).filter(({ ruleId }) => ruleId === 'jit-overhead').length;
    assert.equal(compiled(25, 100), 0);
    assert.equal(compiled(26, 100), 1);
    assert.equal(compiled(0.9, 2), 0, 'less than a millisecond');
  });

  it('cte-fence is silent about a CTE that a loop reads again and again', () => {
    for (const server of ['15', '18'] as const) {
      const found = analyzePlan(goldenPlan(server, 'cte-in-sub-plan')).map(({ ruleId }) => ruleId);
      assert.ok(!found.includes('cte-fence'));
    }
  });

  it('take conditions apart', () => {
    assert.deepEqual(findConjuncts(`(((a.x = 1) AND (b.y = ')('::text)) AND (NOT (f(c) = 'AND')))`), [
      'a.x = 1',
      `b.y = ')('::text`,
      `NOT (f(c) = 'AND')`,
    ]);
    assert.deepEqual(findAlternatives('((a.x = 1) OR (b.y = 2))'), ['a.x = 1', 'b.y = 2']);
    assert.deepEqual(toComparison(`(lower(o.note) = 'a = b'::text)`), {
      left: 'lower(o.note)',
      operator: '=',
      right: `'a = b'::text`,
    });
    assert.equal(toComparison('(a IS NULL)'), null);
    assert.equal(toComparison('(NOT (a = 1))'), null);
    assert.deepEqual(toCastColumn('("Order".id)::numeric(10,2)'), {
      alias: 'Order',
      column: 'id',
      type: 'numeric(10,2)',
    });
    assert.equal(toCastColumn('(lower(note))::text'), null);
    assert.deepEqual(toCastColumn('(o."Total")::double precision'), {
      alias: 'o',
      column: 'Total',
      type: 'double precision',
    });
    assert.deepEqual(toColumnReference('o.total'), { alias: 'o', column: 'total' });
    assert.equal(toColumnReference('true'), null);
    assert.deepEqual([...findAliases(`((a.x = 'b.y'::text) OR ("C d".z > 1.5))`)], ['a', 'C d']);
  });

  it('take literals out of conditions and leave names alone', () => {
    const cases: [string, string][] = [
      [`(status = 'open'::text)`, '(status = ?)'],
      [`(placed_on >= '2024-01-01 00:00:00+00'::timestamp with time zone)`, '(placed_on >= ?)'],
      [`(name = 'it''s'::character varying(20))`, '(name = ?)'],
      ['(a1 = 5)', '(a1 = ?)'],
      ['(total > -1.5)', '(total > ?)'],
      [`("2fast" = 'x'::text)`, '("2fast" = ?)'],
      ['(x = $1)', '(x = $1)'],
      [`(tags = '{a,b}'::text[])`, '(tags = ?)'],
    ];
    for (const [condition, expected] of cases) assert.equal(withoutLiterals(condition), expected);
  });
});
