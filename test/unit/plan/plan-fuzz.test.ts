// Plans made by a grammar of the text format, and plans of real servers with bytes changed: whatever comes in, the reader
// gives a plan or says what is wrong with which line, soon.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseAnyPlan } from '../../../src/analysis/plan/parse-any-plan';
import { parsePlanJson, PlanReadError } from '../../../src/analysis/plan/parse-plan';
import type { Plan } from '../../../src/analysis/plan/plan';
import { goldenPlanEntry, goldenPlanNames, goldenPlanText } from '../../factories/golden-plans';
import { assertNothingNegative, assertTimesAddUp } from '../../factories/plan-invariants';
import { printXml, printYaml } from '../../factories/print-plan';

/** A plan, or null when it was refused as it should be. */
function read(text: string): Plan | null {
  try {
    return parseAnyPlan(text);
  } catch (error) {
    assert.ok(error instanceof PlanReadError, `${String(error)} of:\n${text.slice(0, 2000)}`);
    const lineCount = text.split(/\r\n|\n|\r/).length;
    assert.ok(error.line >= 1 && error.line <= lineCount, `line ${error.line} of ${lineCount}`);
    assert.ok(error.column >= 1);
    return null;
  }
}

interface MadeNode {
  headline: string;
  type: string;
  properties: string[];
  children: MadeNode[];
  subplans: { name: string; node: MadeNode }[];
}

const identifier = fc.constantFrom('orders', 'shop.orders', '"Odd ""one"""', 'shop."a b" c', 'x y');
const literal = fc
  .string({ maxLength: 12 })
  .map((text) => `'${text.replace(/[\r\n]/g, ' ').replaceAll("'", "''")}'::text`);
const multiline = literal.map((text) => text.replace(/'::text$/, "\n  ->  not a node\n\n(x'::text"));
const expression = fc.oneof(literal, multiline).map((text) => `(note = ${text})`);
const property = fc.oneof(
  expression.map((text) => `Filter: ${text}`),
  expression.map((text) => `Some Odd Field: ${text.replaceAll('\n', ' ')}`),
  fc.array(expression, { minLength: 1, maxLength: 3 }).map((texts) => `Output: ${texts.join(', ')}`),
  fc.nat(1e6).map((count) => `Buffers: shared hit=${count} read=3, temp written=2`),
  fc.nat(9).map((worker) => `Worker ${worker}:  actual time=0.100..0.200 rows=1.50 loops=1`),
  fc.constantFrom('Sort Method: quicksort  Memory: 25kB', 'Heap Blocks: exact=3 lossy=1', 'WAL: records=1 bytes=20'),
);
const figures = fc
  .tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(50), fc.boolean())
  .map(([ms, rows, loops, never]) =>
    never
      ? '  (cost=0.00..10.00 rows=5 width=4) (never executed)'
      : `  (cost=0.00..10.00 rows=5 width=4) (actual time=0.000..${(ms / 1000).toFixed(3)} rows=${rows}.00 loops=${loops + 1})`,
  );

const leaf: fc.Arbitrary<Pick<MadeNode, 'type' | 'headline'>> = fc.oneof(
  identifier.map((name) => ({ type: 'Seq Scan', headline: `Seq Scan on ${name}` })),
  identifier.map((name) => ({ type: 'Custom Scan', headline: `Custom Scan (ChunkAppend) on ${name}` })),
  identifier.map((name) => ({ type: 'Quantum Scan', headline: `Quantum Scan on ${name}` })),
  fc.constant({ type: 'Result', headline: 'Result' }),
);
const unary: fc.Arbitrary<Pick<MadeNode, 'type' | 'headline'>> = fc.constantFrom(
  { type: 'Sort', headline: 'Sort' },
  { type: 'Limit', headline: 'Limit' },
  { type: 'Aggregate', headline: 'Partial HashAggregate' },
  { type: 'Gather', headline: 'Gather' },
);
const binary: fc.Arbitrary<Pick<MadeNode, 'type' | 'headline'>> = fc.constantFrom(
  { type: 'Hash Join', headline: 'Parallel Hash Right Semi Join' },
  { type: 'Nested Loop', headline: 'Nested Loop Left Join' },
  { type: 'Append', headline: 'Append' },
);

const { node: anyNode } = fc.letrec<{ node: MadeNode }>((tie) => {
  const withChildren = (
    kind: fc.Arbitrary<Pick<MadeNode, 'type' | 'headline'>>,
    children: fc.Arbitrary<MadeNode[]>,
    subplans: fc.Arbitrary<MadeNode | null> = fc.constant(null),
  ): fc.Arbitrary<MadeNode> =>
    fc
      .tuple(kind, figures, fc.array(property, { maxLength: 3 }), children, subplans)
      .map(([{ type, headline }, printed, properties, below, subplan]) => ({
        type,
        headline: headline + printed,
        properties,
        children: below,
        subplans: subplan === null ? [] : [{ name: 'SubPlan 1', node: subplan }],
      }));
  return {
    node: fc.oneof(
      { maxDepth: 4 },
      withChildren(leaf, fc.constant([])),
      withChildren(unary, fc.tuple(tie('node')), fc.option(tie('node'), { freq: 3 })),
      withChildren(binary, fc.tuple(tie('node'), tie('node'))),
    ),
  };
});

function printNode(node: MadeNode, column: number, isRoot: boolean): string[] {
  const indent = ' '.repeat(isRoot ? column : column + 6);
  const own = isRoot ? column + 2 : column + 6;
  return [
    `${' '.repeat(column)}${isRoot ? '' : '->  '}${node.headline}`,
    ...node.properties.map((line) => `${isRoot ? '  ' : ''}${indent}${line}`),
    ...node.children.flatMap((child) => printNode(child, own, false)),
    ...node.subplans.flatMap(({ name, node: below }) => [
      `${' '.repeat(own)}${name}`,
      ...printNode(below, own + 2, false),
    ]),
  ];
}

const typesOf = ({ type, children, subplans }: MadeNode): string[] => [
  type,
  ...children.flatMap(typesOf),
  ...subplans.flatMap(({ node }) => typesOf(node)),
];

const printPlan = (root: MadeNode) =>
  [...printNode(root, 0, true), 'Planning Time: 0.100 ms', 'Execution Time: 99999.000 ms'].join('\n');

describe('the plan reader, whatever it is given', () => {
  it('reads every plan that a grammar makes, with all nodes in their order and figures that add up', () => {
    fc.assert(
      fc.property(anyNode, (root) => {
        const plan = parseAnyPlan(printPlan(root));
        assert.deepEqual(
          plan.nodes.map(({ type }) => type),
          typesOf(root),
        );
        assertNothingNegative(plan);
        if ((plan.nodes[0]?.totalMs ?? 0) < (plan.executionMs ?? 0)) assertTimesAddUp(plan, 0.5);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what a grammar makes when a line is lost at the end', () => {
    fc.assert(
      fc.property(anyNode, fc.nat(), (root, cut) => {
        const lines = printPlan(root).split('\n');
        const kept = lines.slice(0, 1 + (cut % (lines.length - 1)));
        assert.equal(read(kept.join('\n')), null);
      }),
      { numRuns: 300 },
    );
  });

  const sources = (['15', '18'] as const).flatMap((server) =>
    goldenPlanNames(server)
      .filter((_, index) => index % 6 === 0)
      .flatMap((name) => {
        const json = goldenPlanText(server, name);
        return [goldenPlanEntry(server, name), json, printYaml(JSON.parse(json)), printXml(JSON.parse(json))];
      }),
  );
  const pieces = [
    '',
    '"',
    "'",
    '(',
    ')',
    '\n',
    '  ',
    '->  ',
    ':',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    '&',
    '\t',
    '0',
    '-1',
    '\u0000',
    '\r',
  ];

  it('takes changed, lost and doubled bytes', () => {
    const change = fc.record({ at: fc.nat(), length: fc.nat(30), piece: fc.constantFrom(...pieces) });
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(change, { minLength: 1, maxLength: 4 }), (source, changes) => {
        let text = source;
        for (const { at, length, piece } of changes) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + piece + text.slice(start + length);
        }
        const plan = read(text);
        if (plan !== null) assertNothingNegative(plan);
      }),
      { numRuns: 800 },
    );
  });

  it('takes any text', () => {
    const words = fc.array(
      fc.oneof(
        fc.constantFrom(...pieces, 'Plan', 'QUERY PLAN\n----\n', 'Sort', '(cost=0.00..1.00 rows=1 width=1)'),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(words, (parts) => {
        read(parts.join(''));
      }),
      { numRuns: 1500 },
    );
  });

  it('is soon done with long texts and quotes that never close', () => {
    const long = 'a '.repeat(50_000);
    for (const text of [
      `Seq Scan on "${long}`,
      `"${long}`,
      `Limit\n  Trigger ${long}`,
      `Sort\n  Filter: '${long}`,
      `<a>${long}`,
    ]) {
      const start = process.cpuUsage();
      assert.equal(read(text), null);
      // CPU time: others may keep the machine busy
      assert.ok(process.cpuUsage(start).user < 10_000_000, text.slice(0, 20));
    }
  });

  it('reads YAML and XML as it reads JSON', () => {
    for (const server of ['15', '18', 'jit'] as const) {
      for (const name of goldenPlanNames(server)) {
        const json = goldenPlanText(server, name);
        const expected = parsePlanJson(json);
        for (const print of [printYaml, printXml]) {
          const { nodes, ...whole } = parseAnyPlan(print(JSON.parse(json)));
          assert.deepEqual(nodes, expected.nodes, `${server}/${name}`);
          assert.deepEqual({ ...whole, nodes }, expected, `${server}/${name}`);
        }
      }
    }
  });

  it('refuses YAML and XML that was cut off at any line', () => {
    const json = JSON.parse(goldenPlanText('18', 'memoize')) as unknown;
    for (const text of [printYaml(json), printXml(json)]) {
      const lines = text.trimEnd().split('\n');
      for (let count = 1; count < lines.length; count++) {
        assert.equal(read(lines.slice(0, count).join('\n')), null, `${count} of ${lines.length} lines`);
      }
    }
  });
});
