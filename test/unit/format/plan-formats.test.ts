import assert from 'node:assert/strict';
import { planJsonSchema } from '../../../src/analysis/format/plan-json-schema';
import { formatPlanJson } from '../../../src/analysis/format/plan-json';
import { formatPlanMarkdown } from '../../../src/analysis/format/plan-markdown';
import { formatPlanText } from '../../../src/analysis/format/plan-text';
import { analyzePlan } from '../../../src/analysis/plan/analyze-plan';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import { operationLabel } from '../../../src/analysis/plan/plan-tree';
import { goldenPlan, goldenPlanNames } from '../../factories/golden-plans';
import { as, nodeJson, outer, planText, type PlanNodeJson } from '../../factories/plan-json';

const everyPlan = (['15', '18', 'jit'] as const).flatMap((server) =>
  goldenPlanNames(server).map((name) => ({ name: `${server}/${name}`, plan: goldenPlan(server, name) })),
);

describe('plan formats', () => {
  it('prints JSON that the schema accepts and that says all of the plan', () => {
    for (const { name, plan } of everyPlan) {
      const findings = analyzePlan(plan);
      const printed = planJsonSchema.parse(JSON.parse(formatPlanJson(plan, findings)));
      assert.equal(printed.schemaVersion, 1);
      assert.deepEqual(printed.findings, findings, name);
      assert.deepEqual(printed.nodes, plan.nodes, name);
    }
  });

  it('prints a line for every node, aligned, in every width', () => {
    for (const { name, plan } of everyPlan) {
      const findings = analyzePlan(plan);
      for (const width of [60, 80, 120, 200]) {
        const text = formatPlanText(plan, findings, { width });
        const lines = text.split('\n');
        const tree = lines.slice(1, lines.indexOf(''));
        for (const line of tree) assert.ok(line.length <= width, `${name} at ${width}: ${line}`);
        assert.ok(tree.length >= plan.nodes.length, name);
        assert.doesNotMatch(text, /undefined|NaN|\[object/);
      }
      assert.doesNotMatch(formatPlanText(plan, findings, { width: null }).split('\n\n')[0] ?? '', /…/);
    }
  });

  it('shows figures, conditions, findings and times', () => {
    const plan = goldenPlan('18', 'seq-scan-filter');
    const text = formatPlanText(plan, analyzePlan(plan), { width: 120 });
    const [header = '', row = '', filter = ''] = text.split('\n');
    assert.match(header, /^node +self +share +total +rows +planned +estimate +removed +loops +buffers$/);
    assert.match(row, /^Seq Scan on lab\.orders \[1\] .* 600 /);
    assert.equal(filter.trim(), "Filter: (orders.status = 'open'::text)");
    assert.match(text, /^Planning .* ms\. Execution .* \(plan .*\)\.$/m);
    assert.match(text, /^1\. \[high\] The sequential scan of lab\.orders/m);
    assert.match(
      formatPlanText(goldenPlan('18', 'trigger-both'), [], { width: 120 }),
      /before_row on both_ways: .* 400 calls \(inside the plan\)/,
    );
    assert.match(formatPlanText(goldenPlan('18', 'never-executed'), [], { width: 120 }), /never run/);
    assert.match(formatPlanText(goldenPlan('15', 'sub-plan'), [], { width: 120 }), /~30 /);
    assert.match(
      formatPlanText(goldenPlan('18', 'disabled-node'), [], { width: 120 }),
      /Seq Scan on lab\.items \(disabled\)/,
    );
  });

  it('prints what was planned only, without times', () => {
    const plan = parsePlanJson(
      '{"Plan": {"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t", "Total Cost": 1234.5, "Plan Rows": 1000, "Plan Width": 8}}',
    );
    const text = formatPlanText(plan, [], { width: 80 });
    assert.match(text, /^node +cost +rows +width$/m);
    assert.match(text, /Planned, not run\./);
    assert.match(formatPlanMarkdown(plan, []), /\| node \| cost \| rows \| condition \|/);
  });

  it('reads roots one after the other', () => {
    const lines = formatPlanText(goldenPlan('18', 'writing-cte-unread'), [], { width: null }).split('\n');
    const labels = lines
      .filter((line) => /^ *(?:Aggregate|Seq Scan|CTE gone)/.test(line))
      .map((line) => line.trim().split('  ')[0]);
    assert.deepEqual(labels, [
      'Aggregate',
      'Seq Scan on lab.customers',
      'CTE gone: Delete on lab.items',
      'Seq Scan on lab.items',
    ]);
  });

  it('survives plans deeper than the terminal is wide, and 10,000 nodes', () => {
    let root: PlanNodeJson = nodeJson('Result', {});
    for (let depth = 0; depth < 500; depth++) root = nodeJson('Limit', {}, [outer(root)]);
    const plan = parsePlanJson(planText(root, 1));
    const [, ...rows] = formatPlanText(plan, [], { width: 80 }).split('\n');
    assert.ok(rows.every((row) => row.length <= 80));
    assert.match(rows[499] ?? '', /\(499\) Limit .*1/);
    const wide = parsePlanJson(
      planText(
        nodeJson(
          'Append',
          {},
          Array.from({ length: 10_000 }, () => as('Member', nodeJson('Seq Scan', {}))),
        ),
        1,
      ),
    );
    assert.equal(formatPlanMarkdown(wide, analyzePlan(wide)).match(/Seq Scan/g)?.length, 10_000);
  });

  it('prints a table that Markdown cannot misread', () => {
    const plan = parsePlanJson(
      planText(
        nodeJson('Seq Scan', { fields: { 'Relation Name': 'a|b <script>*x*', Filter: "(x = '`|`\n'::text)" } }),
        1,
      ),
    );
    const [, , header = '', , row = ''] = formatPlanMarkdown(plan, []).split('\n');
    const cells = (line: string) => line.split(/(?<!\\)\|/).length;
    assert.equal(cells(row), cells(header));
    assert.doesNotMatch(row, /<script>/);
    assert.match(row, /a\\\|b &lt;script&gt;\\\*x\\\*/);
    for (const { plan: each } of everyPlan) {
      const lines = formatPlanMarkdown(each, analyzePlan(each))
        .split('\n')
        .filter((line) => line.startsWith('|'));
      assert.equal(lines.length, each.nodes.length + 2);
      assert.equal(new Set(lines.map(cells)).size, 1);
    }
  });

  it("calls nodes what PostgreSQL's text format calls them", () => {
    const label = (type: string, fields: Record<string, unknown>) => {
      const [node] = parsePlanJson(planText(nodeJson(type, { fields }))).nodes;
      assert.ok(node);
      return operationLabel(node);
    };
    assert.equal(label('Seq Scan', { 'Parallel Aware': true }), 'Parallel Seq Scan');
    assert.equal(label('Hash Join', { 'Join Type': 'Left' }), 'Hash Left Join');
    assert.equal(label('Nested Loop', { 'Join Type': 'Semi' }), 'Nested Loop Semi Join');
    assert.equal(label('Nested Loop', { 'Join Type': 'Inner' }), 'Nested Loop');
    assert.equal(label('Aggregate', { Strategy: 'Hashed', 'Partial Mode': 'Partial' }), 'Partial HashAggregate');
    assert.equal(label('Aggregate', { Strategy: 'Plain', 'Partial Mode': 'Simple' }), 'Aggregate');
    assert.equal(label('Aggregate', { Strategy: 'Sorted' }), 'GroupAggregate');
    assert.equal(label('ModifyTable', { Operation: 'Insert' }), 'Insert');
    assert.equal(label('Custom Scan', { 'Custom Plan Provider': 'ColumnarScan' }), 'Custom Scan (ColumnarScan)');
    assert.equal(label('Index Scan', { 'Scan Direction': 'Backward' }), 'Index Scan Backward');
  });
});
