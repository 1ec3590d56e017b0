import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findJsonFault, findJsonOffset } from '../../../src/analysis/plan/json-position';
import { parseAnyPlan } from '../../../src/analysis/plan/parse-any-plan';
import { parsePlanJson, PlanReadError } from '../../../src/analysis/plan/parse-plan';
import { formatPlanJson } from '../../../src/analysis/format/plan-json';
import { planSchema } from '../../../src/analysis/plan/plan';
import { goldenPlanNames, goldenPlanText } from '../../factories/golden-plans';
import { nodeJson, outer, planText } from '../../factories/plan-json';

function readError(text: string, planNumber?: number): PlanReadError {
  try {
    parseAnyPlan(text, planNumber === undefined ? {} : { planNumber });
  } catch (error) {
    assert.ok(error instanceof PlanReadError, String(error));
    return error;
  }
  assert.fail('was read');
}

const simple = planText(nodeJson('Limit', { rows: 3 }, [outer(nodeJson('Seq Scan', { rows: 3 }))]), 1.5);

describe('reading plans', () => {
  for (const server of ['15', '18', 'jit'] as const) {
    it(`reads every plan recorded from ${server} into the declared type`, () => {
      const names = goldenPlanNames(server);
      assert.ok(names.length >= (server === 'jit' ? 2 : 50));
      for (const name of names) {
        const plan = parsePlanJson(goldenPlanText(server, name));
        assert.deepEqual(planSchema.parse(plan), plan, name);
        assert.deepEqual(
          plan.nodes.map(({ id }) => id),
          plan.nodes.map((_, index) => index),
          name,
        );
      }
    });
  }

  it('keeps unknown node types and fields as they came', () => {
    const text = planText(nodeJson('Quantum Scan', { fields: { 'Qubit Count': 7, Nested: { a: [1] } } }), 1, {
      'Query Identifier': 5,
    });
    const plan = parsePlanJson(text);
    assert.equal(plan.nodes[0]?.type, 'Quantum Scan');
    assert.deepEqual(plan.nodes[0].fields['Nested'], { a: [1] });
    assert.equal(plan.fields['Query Identifier'], 5);
  });

  it('keeps integers that a number can’t hold exact, as texts, and figures as figures', () => {
    const text = planText(
      nodeJson('Seq Scan', { fields: { Filter: '(id = -3688696628780506391)', 'Plan Rows': 0, Odd: 0.5 } }),
      1,
      { 'Query Identifier': 0 },
    )
      .replace(/("Plan Rows":\s*)0/, '$11180591620717411303424')
      .replace(/("Query Identifier":\s*)0/, '$1-3688696628780506391');
    const plan = parsePlanJson(text);
    assert.equal(plan.fields['Query Identifier'], '-3688696628780506391');
    assert.equal(plan.nodes[0]?.fields['Filter'], '(id = -3688696628780506391)');
    assert.equal(plan.nodes[0].plannedRows, 2 ** 70);
    assert.equal(plan.nodes[0].fields['Odd'], 0.5);
    assert.match(formatPlanJson(plan, []), /"Query Identifier": "-3688696628780506391"/);
    assert.equal(readError(text.replace(/-3688696628780506391(?=\D*$)/, '01234567890123456789')).problem, 'not-json');
  });

  it('reads a single object, as auto_explain logs it', () => {
    const [document] = JSON.parse(simple) as unknown[];
    assert.equal(parsePlanJson(JSON.stringify(document)).nodes.length, 2);
  });

  it('reads what psql and pgAdmin put on the clipboard', () => {
    const pretty = JSON.stringify(JSON.parse(simple), null, 2);
    const lines = pretty.split('\n');
    const width = Math.max(...lines.map((line) => line.length));
    const body = lines
      .map((line, index) => ` ${line.padEnd(width)}${index === lines.length - 1 ? '' : '+'}`)
      .join('\n');
    const psql = `${'QUERY PLAN'.padStart(width / 2 + 5)}\n${'-'.repeat(width + 2)}\n${body}\n(1 row)\n\n`;
    const expected = parseAnyPlan(simple);
    assert.deepEqual(parseAnyPlan(psql), expected);
    assert.deepEqual(parseAnyPlan(body), expected, 'without the header');
    assert.deepEqual(parseAnyPlan(psql.replaceAll('\n', '\r\n')), expected, 'with CRLF');
    assert.deepEqual(parseAnyPlan(`"${pretty.replaceAll('"', '""')}"`), expected, 'pgAdmin');
    assert.deepEqual(parseAnyPlan(`\uFEFF${pretty}`), expected, 'with a byte order mark');
    assert.deepEqual(parseAnyPlan(`\`\`\`json\n${pretty}\n\`\`\`\n`), expected, 'Markdown');
  });

  it('says how many plans there are and takes the number of one', () => {
    const several = `[${['A', 'B', 'C'].map((type) => JSON.stringify({ Plan: nodeJson(type, {}) })).join(',')}]`;
    const error = readError(several);
    assert.equal(error.problem, 'several-plans');
    assert.equal(error.planCount, 3);
    assert.match(error.message, /3 plans/);
    assert.equal(parsePlanJson(several, { planNumber: 2 }).nodes[0]?.type, 'B');
    for (const number of [0, 4, 1.5]) assert.equal(readError(several, number).problem, 'no-such-plan');
  });

  it('says where a text is broken and what to do', () => {
    const broken = '[\n  {\n    "Plan": {\n      "Node Type": "Seq Scan",\n      "Plan Rows": 1,,\n';
    const error = readError(broken);
    assert.equal(error.problem, 'not-json');
    assert.deepEqual([error.line, error.column], [5, 22]);
    assert.match(error.message, /line 5, column 22.*EXPLAIN \(ANALYZE/);
    const cut = readError(simple.slice(0, -4));
    assert.match(cut.message, /ends too early/);
    for (const empty of ['', ' \n']) assert.equal(readError(empty).problem, 'empty');
    assert.equal(readError('[]').problem, 'empty');
  });

  it('says which field of which node is wrong, with its place', () => {
    const text = '[{"Plan": {"Node Type": "Limit", "Plans": [\n {"Node Type": "Seq Scan", "Actual Rows": "many"}]}}]';
    const error = readError(text);
    assert.equal(error.problem, 'not-a-plan');
    assert.deepEqual([error.line, error.column], [2, 43]);
    assert.match(error.message, /"Actual Rows" of the node Seq Scan is no number/);
    assert.match(readError('{"Plan": {"Plans": []}}').message, /no "Node Type"/);
    assert.match(readError('{"Plan": {"Node Type": "X", "Plans": {}}}').message, /"Plans" of the node X is no list/);
    assert.match(readError('{"Plan": {"Node Type": "X", "Plans": [3]}}').message, /is no object/);
    assert.match(readError('{"rows": 3}').message, /no "Plan" field/);
    assert.match(readError('["Utility Statement"]').message, /Utility Statement/);
    assert.match(readError('42').message, /No plan begins here \(line 1/);
  });

  it('reads 10,000 nodes below one another', () => {
    const depth = 10_000;
    const text = `[{"Plan":${'{"Node Type":"Limit","Actual Total Time":1,"Actual Loops":1,"Actual Rows":1,"Plan Rows":1,"Parent Relationship":"Outer","Plans":['.repeat(depth - 1)}{"Node Type":"Result","Actual Total Time":1,"Actual Loops":1}${']}'.repeat(depth - 1)}}]`;
    const plan = parsePlanJson(text);
    assert.equal(plan.nodes.length, depth);
    assert.equal(plan.nodes.at(-1)?.selfMs, 1);
    assert.equal(readError(text.slice(0, -3)).problem, 'not-json');
  });

  it('finds faults exactly in what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      '1',
      '-0.5e3',
      '01',
      'true',
      'nul',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces).map((each) => each.join('')),
          fc.json(),
        ),
        (text) => {
          let parses = true;
          try {
            JSON.parse(text);
          } catch {
            parses = false;
          }
          assert.equal(findJsonFault(text) === null, parses, text);
        },
      ),
      { numRuns: 2000 },
    );
    assert.equal(findJsonOffset('{"a": [1, {"b": 5}]}', ['a', 1, 'b']), 16);
    assert.equal(findJsonOffset('{"a": [1]}', ['a', 3]), null);
  });

  it('never fails but with a PlanReadError', () => {
    const values = fc.json().map((text) => `[{"Plan": {"Node Type": "X", "Plans": [${text}]}}]`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), values), (text) => {
        try {
          parseAnyPlan(text);
        } catch (error) {
          assert.ok(error instanceof PlanReadError, String(error));
          assert.ok(error.line >= 1 && error.column >= 1);
        }
      }),
    );
  });
});
