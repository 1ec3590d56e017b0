// TEXT, YAML and XML, what is around a plan, and what becomes of one that was cut off or changed.
import assert from 'node:assert/strict';
import { parseAnyPlan } from '../../../src/analysis/plan/parse-any-plan';
import { parsePlanJson, PlanReadError } from '../../../src/analysis/plan/parse-plan';
import type { Plan } from '../../../src/analysis/plan/plan';
import { goldenPlanEntry, goldenPlanNames, goldenPlanText, type GoldenServer } from '../../factories/golden-plans';
import { toBothFormats } from '../../factories/logged-plans';
import { assertBuffersAddUp, assertNothingNegative, assertTimesAddUp } from '../../factories/plan-invariants';
import { assertSamePlan } from '../../factories/same-plan';

const servers: readonly GoldenServer[] = ['15', '18', 'jit'];

const golden = servers.flatMap((server) =>
  goldenPlanNames(server).map((name) => ({
    label: `${server}/${name}`,
    entry: goldenPlanEntry(server, name),
    ...toBothFormats(goldenPlanEntry(server, name), goldenPlanText(server, name), true),
  })),
);

function goldenText(label: string): string {
  const found = golden.find((each) => each.label === label);
  assert.ok(found, label);
  return found.text;
}

function readError(text: string): PlanReadError {
  try {
    parseAnyPlan(text);
  } catch (error) {
    assert.ok(error instanceof PlanReadError, String(error));
    return error;
  }
  return assert.fail(`was read:\n${text}`);
}

const fieldsOf = (plan: Plan, id = 0) => plan.nodes[id]?.fields ?? {};

describe('plans in text', () => {
  it('are the plans that JSON gives of the same execution', () => {
    assert.ok(golden.length >= 120);
    for (const { label, text, json } of golden) assertSamePlan(parseAnyPlan(text), parsePlanJson(json), label);
  });

  it('hold the invariants', () => {
    for (const { label, text } of golden) {
      const plan = parseAnyPlan(text);
      assertNothingNegative(plan);
      assertTimesAddUp(plan);
      if (!label.endsWith('/writing-cte-read-in-part')) assertBuffersAddUp(plan);
    }
  });

  it('that were cut off at any line, or within the last one, are refused with a line', () => {
    for (const { label, text } of golden) {
      const lines = text.split('\n');
      for (let count = 1; count < lines.length; count++) {
        const error = readError(lines.slice(0, count).join('\n'));
        assert.ok(error.line >= 1 && error.line <= count, `${label}, ${count} lines: ${error.message}`);
      }
    }
  });

  it('that lack a line in the middle or whose indentation was lost are refused, or say the same of what is left', () => {
    const text = goldenText('18/gather-merge');
    const unindented = text.replace(/^ {8}/gm, '');
    assert.equal(readError(unindented).problem, 'damaged');
    const withoutRoot = text.split('\n').slice(1).join('\n');
    assert.match(readError(withoutRoot).message, /beginning of the plan is missing \(line 1, column/);
    const lines = text.split('\n');
    const sort = lines.findIndex((line) => line.includes('->  Sort'));
    assert.equal(readError(lines.filter((_, index) => index !== sort).join('\n')).problem, 'damaged');
  });

  it('keep node types and fields that are not known', () => {
    const plan = parseAnyPlan(
      [
        'Quantum Scan on lab.orders o  (cost=0.00..1.00 rows=1 width=4)',
        '  Qubits: 7',
        '  Entangled With: the neighbour',
        '  Superposition:',
        '    States: 3',
        '  ->  Custom Scan (ChunkAppend) on metrics  (cost=0.00..2.00 rows=3 width=4)',
        '        Chunks excluded during startup: 4',
      ].join('\n'),
    );
    assert.equal(plan.nodes[0]?.type, 'Quantum Scan');
    assert.deepEqual([plan.nodes[0].schema, plan.nodes[0].relation, plan.nodes[0].alias], ['lab', 'orders', 'o']);
    assert.equal(fieldsOf(plan)['Qubits'], 7);
    assert.equal(fieldsOf(plan)['Entangled With'], 'the neighbour');
    assert.deepEqual(fieldsOf(plan)['Superposition'], { States: 3 });
    assert.equal(plan.nodes[1]?.type, 'Custom Scan');
    assert.equal(plan.nodes[1].relation, 'metrics');
    assert.equal(fieldsOf(plan, 1)['Custom Plan Provider'], 'ChunkAppend');
    assert.equal(fieldsOf(plan, 1)['Chunks excluded during startup'], 4);
  });

  it('are read without costs, and with what other servers and extensions print', () => {
    const citus = parseAnyPlan(
      [
        'Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=100000 width=8) (actual time=12.1..12.2 rows=10 loops=1)',
        '  Task Count: 32',
        '  Tasks Shown: One of 32',
        '  ->  Task',
        '        Node: host=localhost port=9701 dbname=postgres',
        '        ->  Seq Scan on orders_102008 orders  (cost=0.00..1.00 rows=1 width=8) (actual time=0.01..0.01 rows=1 loops=1)',
        'Planning Time: 0.4 ms',
        'Execution Time: 12.3 ms',
      ].join('\n'),
    );
    assert.deepEqual(
      citus.nodes.map(({ type }) => type),
      ['Custom Scan', 'Task', 'Seq Scan'],
    );
    const bare = parseAnyPlan('Limit\n  ->  Seq Scan on "Odd Table" "an alias"\n        Filter: false');
    assert.deepEqual([bare.nodes[1]?.relation, bare.nodes[1]?.alias], ['Odd Table', 'an alias']);
    assert.equal(fieldsOf(bare, 1)['Filter'], 'false');
    assert.equal(bare.nodes[0]?.totalCost, null);
    const untimed = parseAnyPlan('Result (actual rows=1 loops=1)\nPlanning Time: 0.1 ms\nExecution Time: 0.2 ms');
    assert.deepEqual([untimed.nodes[0]?.actualRows, untimed.nodes[0]?.totalMs, untimed.executionMs], [1, null, 0.2]);
    const old = parseAnyPlan(
      'Result  (cost=0.00..0.01 rows=1 width=0) (actual time=0.001..0.001 rows=1 loops=1)\nPlanning time: 0.1 ms\nExecution time: 0.2 ms',
    );
    assert.deepEqual([old.planningMs, old.executionMs], [0.1, 0.2]);
  });

  it('take apart what MERGE, foreign tables, partitions, grouping sets and newer servers print', () => {
    const plan = parseAnyPlan(
      [
        'Merge on public.target t  (cost=1.00..2.00 rows=0 width=0) (actual time=1.000..1.000 rows=0.00 loops=1)',
        '  Merge on public.target_1 t_1',
        '  Merge on public.target_2 t_2',
        '  Tuples: inserted=2 updated=3 deleted=1 skipped=4',
        '  I/O Timings: shared read=1.500, temp write=0.250',
        '  WAL: records=5 fpi=1 bytes=400 buffers full=2',
        '  ->  Foreign Scan on public.far f  (cost=1.00..2.00 rows=1 width=8) (actual time=0.500..0.500 rows=1.50 loops=2)',
        '        Disabled: true',
        "        Remote SQL: SELECT id FROM public.far WHERE (note = 'it''s: so')",
        'Planning:',
        '  Buffers: shared hit=3',
        '  Memory: used=15kB  allocated=16kB',
        'Planning Time: 0.100 ms',
        'Trigger watch on target_1: time=0.100 calls=2',
        'Trigger for constraint target_fk: time=0.200 calls=3',
        'Serialization: time=0.015 ms  output=1kB  format=text',
        '  Buffers: shared hit=1',
        'Execution Time: 1.500 ms',
        '',
      ].join('\n'),
    );
    const fields = fieldsOf(plan);
    assert.equal(fields['Operation'], 'Merge');
    assert.equal((fields['Target Tables'] as unknown[]).length, 2);
    assert.deepEqual([fields['Tuples Inserted'], fields['Tuples Skipped']], [2, 4]);
    assert.deepEqual([fields['Shared I/O Read Time'], fields['Temp I/O Write Time']], [1.5, 0.25]);
    assert.deepEqual([fields['WAL Records'], fields['WAL Buffers Full']], [5, 2]);
    assert.equal(plan.nodes[1]?.disabled, true);
    assert.equal(plan.nodes[1].actualRows, 1.5);
    assert.equal(fieldsOf(plan, 1)['Remote SQL'], "SELECT id FROM public.far WHERE (note = 'it''s: so')");
    assert.deepEqual(plan.fields['Planning'], { 'Shared Hit Blocks': 3, 'Memory Used': 15, 'Memory Allocated': 16 });
    assert.deepEqual(
      plan.triggers.map(({ name, relation, constraint, calls }) => [name, relation, constraint, calls]),
      [
        ['watch', 'target_1', null, 2],
        ['target_fk', null, 'target_fk', 3],
      ],
    );
    assert.equal(plan.outside.serializationMs, 0.015);
    const sets = parseAnyPlan(
      [
        'GroupAggregate  (cost=1.00..2.00 rows=1 width=8)',
        '  Group Key: a, b',
        '  Group Key: a',
        '  Group Key: ()',
        '  Sort Key: b',
        '    Group Key: b',
        '  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=8)',
      ].join('\n'),
    );
    assert.deepEqual(fieldsOf(sets)['Grouping Sets'], [
      { 'Group Keys': [['a', 'b'], ['a'], []] },
      { 'Sort Key': ['b'], 'Group Keys': [['b']] },
    ]);
  });

  it('go on over line breaks inside literals', () => {
    const plan = parseAnyPlan(
      "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (note = 'one\n\n  ->  two (''three'')'::text)\n  Output: id, f('a, b', (c, d)), \"e,\"",
    );
    assert.equal(fieldsOf(plan)['Filter'], "(note = 'one\n\n  ->  two (''three'')'::text)");
    assert.deepEqual(fieldsOf(plan)['Output'], ['id', "f('a, b', (c, d))", '"e,"']);
    assert.match(
      readError("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (note = 'one").message,
      /line 2/,
    );
    assert.match(readError('Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (note = 1').message, /line 2/);
  });

  it('are taken out of the frames of psql and pgAdmin', () => {
    for (const label of ['18/gather-merge', '15/cte-read-twice', '18/trigger-foreign-key']) {
      const text = goldenText(label);
      const expected = parseAnyPlan(text);
      const lines = text.split('\n');
      const width = Math.max(...lines.map(({ length }) => length));
      const psql = [
        ' QUERY PLAN',
        '-'.repeat(width + 2),
        ...lines.map((line) => ` ${line}`),
        `(${lines.length} rows)`,
        '',
        '',
      ];
      assertSamePlan(parseAnyPlan(psql.join('\n')), expected, 'psql');
      assertSamePlan(parseAnyPlan(psql.join('\r\n')), expected, 'psql with CRLF');
      assertSamePlan(parseAnyPlan(`shop=# EXPLAIN SELECT 1;\n${psql.join('\n')}Time: 3.4 ms\n`), expected, 'a session');
      const boxed = [`+${'-'.repeat(width + 2)}+`, ...psql.slice(0, 1).map((line) => `|${line.padEnd(width + 2)}|`)];
      const border = [...boxed, boxed[0], ...lines.map((line) => `| ${line.padEnd(width)} |`), boxed[0], '', ''];
      assertSamePlan(parseAnyPlan(border.join('\n')), expected, 'psql with border 2');
      assertSamePlan(
        parseAnyPlan(`-[ RECORD 1 ]---\n${lines.map((line) => `QUERY PLAN | ${line}`).join('\n-[ RECORD 2 ]---\n')}\n`),
        expected,
        'expanded',
      );
      const quoted = lines.map((line) => `"${line.replaceAll('"', '""')}"`);
      assertSamePlan(parseAnyPlan(['"QUERY PLAN"', ...quoted].join('\n')), expected, 'pgAdmin');
      assertSamePlan(parseAnyPlan(quoted.join('\n')), expected, 'pgAdmin without header');
      assertSamePlan(
        parseAnyPlan(`Some words\n\n\`\`\`\n${text}\n\`\`\`\n`.replace('Some words\n\n', '')),
        expected,
        'Markdown',
      );
      assertSamePlan(
        parseAnyPlan(lines.map((line, index) => `${index === 0 ? '' : ' '}${line}`).join('\n')),
        expected,
        'from the first letter',
      );
      const short = psql.filter((_, index) => index !== 5).join('\n');
      assert.match(readError(short).message, /rows that psql counted/);
    }
  });

  it('are taken out of logs of every kind', () => {
    const entry = golden.find(({ label }) => label === '18/memoize')?.entry.trimEnd() ?? '';
    const expected = parseAnyPlan(entry);
    assert.match(String(expected.fields['Query Text']), /^EXPLAIN/);
    const [first = '', ...rest] = entry.split('\n');
    const tabbed = rest.map((line) => `\t${line}`).join('\n');
    const head = '2026-11-21 18:00:01.123 UTC [4711] app@shop LOG:  ';
    const next = '2026-11-21 18:00:02.000 UTC [4711] app@shop LOG:  duration: 3.1 ms  statement: SELECT 1';
    const stderr = `${next}\n${head}${first}\n${tabbed}\n${next}\n`;
    assertSamePlan(parseAnyPlan(stderr), expected, 'stderr');
    assertSamePlan(parseAnyPlan(`LOG:  ${first}\n${rest.join('\n')}\n`), expected, 'a notice in psql');
    const syslog = [first, ...rest.map((line) => `#011${line}`)]
      .map((line, index) => `Nov 21 18:00:01 db postgres[4711]: [7-${index + 1}] ${index === 0 ? 'LOG:  ' : ''}${line}`)
      .join('\n');
    assertSamePlan(parseAnyPlan(syslog), expected, 'syslog');
    const csv = `2026-11-21 18:00:01.123 UTC,"app","shop",4711,LOG,00000,"${entry.replaceAll('"', '""')}",,,,"psql","client backend",,0`;
    assertSamePlan(
      parseAnyPlan(`${csv}\n${csv.replace(/duration.*/s, 'duration: 1 ms  statement: SELECT 1",,,')}`),
      expected,
      'csvlog',
    );
    const json = JSON.stringify({ timestamp: '2026-11-21', pid: 4711, error_severity: 'LOG', message: entry });
    assertSamePlan(parseAnyPlan(`${json}\n`), expected, 'jsonlog');
    const twice = `${stderr}${stderr}`;
    assert.equal(readError(twice).planCount, 2);
    assertSamePlan(parseAnyPlan(twice, { planNumber: 2 }), expected, 'the second entry');
    const logged = JSON.stringify(
      { 'Query Text': 'SELECT 1', ...(JSON.parse(goldenPlanText('18', 'memoize')) as object[])[0] },
      null,
      2,
    );
    const inLog = `${head}duration: 5.0 ms  plan:\n${logged.replace(/^/gm, '\t')}\n${next}\n`;
    assert.equal(parseAnyPlan(inLog).fields['Query Text'], 'SELECT 1');
  });

  it('of several statements in one text are counted and chosen, in different formats too', () => {
    const one = goldenText('18/gather-merge');
    const two = goldenText('15/cte-read-twice');
    const together = `${one}\n\n${two}\n`;
    assert.equal(readError(together).problem, 'several-plans');
    assert.equal(readError(together).planCount, 2);
    assertSamePlan(parseAnyPlan(together, { planNumber: 2 }), parseAnyPlan(two), 'the second');
    const results = [one, goldenPlanText('18', 'memoize').trimEnd().replaceAll('\n', '+\n')]
      .map((text) => {
        const rows = text.startsWith('[') ? 1 : text.split('\n').length;
        return ` QUERY PLAN \n------------\n${text.replace(/^/gm, ' ')}\n(${rows} row${rows === 1 ? '' : 's'})\n\n`;
      })
      .join('');
    assertSamePlan(parseAnyPlan(results, { planNumber: 1 }), parseAnyPlan(one), 'text before JSON');
    assert.equal(parseAnyPlan(results, { planNumber: 2 }).nodes[2]?.type, 'Seq Scan');
    const bare = 'Limit\n  ->  Seq Scan on a\n\nSeq Scan on b\n';
    assert.equal(parseAnyPlan(bare, { planNumber: 2 }).nodes[0]?.relation, 'b');
  });
});
