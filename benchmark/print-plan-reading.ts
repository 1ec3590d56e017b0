// Reading 10 MB of plan in each format: a plan of thousands of partitions, as a log or a file may hold it.
import { parseAnyPlan } from '../src/analysis/plan/parse-any-plan';
import { printXml, printYaml } from '../test/factories/print-plan';
import { megabyte, type Figures } from './figures';

const sizeBytes = 10 * megabyte;

const scanText = (index: number) => [
  `  ->  Seq Scan on shop.events_${index} e_${index}  (cost=0.00..431.00 rows=210 width=44) (actual time=0.011..1.870 rows=203.00 loops=1)`,
  `        Output: e_${index}.id, e_${index}.kind, e_${index}.note, e_${index}.at`,
  `        Filter: ((e_${index}.note ~~ '%it''s (odd%'::text) AND (e_${index}.kind = ANY ('{1,2,3}'::integer[])))`,
  '        Rows Removed by Filter: 19797',
  '        Buffers: shared hit=181 read=3',
];

function makeText(): string {
  const lines = ['Append  (cost=0.00..9.00 rows=1 width=44) (actual time=0.020..9000.000 rows=1.00 loops=1)'];
  for (let bytes = 0, index = 0; bytes < sizeBytes; index++) {
    const scan = scanText(index);
    bytes += scan.join('\n').length + 1;
    lines.push(...scan);
  }
  return [...lines, 'Planning Time: 90.000 ms', 'Execution Time: 9001.000 ms'].join('\n');
}

function makeJson(): unknown[] {
  const plans: unknown[] = [];
  for (let bytes = 0, index = 0; bytes < sizeBytes; index++) {
    const scan = {
      'Node Type': 'Seq Scan',
      'Parent Relationship': 'Member',
      'Relation Name': `events_${index}`,
      'Total Cost': 431,
      'Plan Rows': 210,
      'Actual Startup Time': 0.011,
      'Actual Total Time': 1.87,
      'Actual Rows': 203,
      'Actual Loops': 1,
      Output: ['id', 'kind', 'note', 'at'].map((column) => `e_${index}.${column}`),
      Filter: `((e_${index}.note ~~ '%it''s (odd%'::text) AND (e_${index}.kind = ANY ('{1,2,3}'::integer[])))`,
      'Rows Removed by Filter': 19797,
      'Shared Hit Blocks': 181,
    };
    bytes += JSON.stringify(scan, null, 2).length;
    plans.push(scan);
  }
  const root = { 'Node Type': 'Append', 'Actual Total Time': 9000, 'Actual Rows': 1, 'Actual Loops': 1, Plans: plans };
  return [{ Plan: root, 'Planning Time': 90, Triggers: [], 'Execution Time': 9001 }];
}

export async function printPlanReading(figures: Figures): Promise<void> {
  const json = makeJson();
  const texts = [
    { format: 'text', text: makeText() },
    { format: 'JSON', text: JSON.stringify(json, null, 2) },
    { format: 'YAML', text: printYaml(json) },
    { format: 'XML', text: printXml(json) },
  ];
  const runs = await figures.repeat(texts, ({ text }) => {
    const start = performance.now();
    const { nodes } = parseAnyPlan(text);
    return Promise.resolve({ ms: performance.now() - start, nodes: nodes.length });
  });
  for (const [index, { format, text }] of texts.entries()) {
    const [first] = runs[index] ?? [];
    const title = `reading ${(text.length / megabyte).toFixed(0)} MB of ${format}, ${first?.nodes ?? 0} nodes`;
    figures.row(
      title,
      (runs[index] ?? []).map(({ ms }) => ms),
      'ms',
      '< 2000 ms',
    );
  }
}
