import assert from 'node:assert/strict';
import { comparePlans, usesIndex, type ComparedNode } from '../../../src/analysis/plan/compare-plans';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import { measureExpectedCosts, nodeLabel } from '../../../src/analysis/plan/plan-tree';
import { goldenPlan, goldenPlanNames } from '../../factories/golden-plans';
import { inner, nodeJson, outer, planText, type PlanNodeJson } from '../../factories/plan-json';

const scan = (type: string, relation: string, fields: Record<string, unknown> = {}, children: PlanNodeJson[] = []) =>
  nodeJson(type, { fields: { 'Relation Name': relation, Schema: 'public', Alias: relation, ...fields } }, children);
const plan = (root: PlanNodeJson, executionMs: number | null = null) => parsePlanJson(planText(root, executionMs));
const words = ({ before, after, change }: ComparedNode) =>
  [change, before === null ? '-' : nodeLabel(before), after === null ? '-' : nodeLabel(after)].join(' | ');

const sequential = scan('Seq Scan', 'orders', { Filter: '(x = 1)' });
const byIndex = scan('Index Scan', 'orders', { 'Index Name': 'orders_x_idx', 'Index Cond': '(x = 1)' });

describe('comparePlans', () => {
  it('finds what reads in another way, and leaves what has come or gone in its place', () => {
    const before = plan(
      nodeJson('Limit', {}, [outer(nodeJson('Gather', {}, [outer(nodeJson('Sort', {}, [outer(sequential)]))]))]),
    );
    const after = plan(nodeJson('Limit', {}, [outer(byIndex)]));
    const { rows, changes } = comparePlans(before, after);
    assert.deepEqual(rows.map(words), [
      'same | Limit | Limit',
      'removed | Gather | -',
      'removed | Sort | -',
      'changed | Seq Scan on public.orders | Index Scan using orders_x_idx on public.orders',
    ]);
    assert.deepEqual(changes, ['Seq Scan on public.orders → Index Scan using orders_x_idx on public.orders']);
    assert.deepEqual(
      rows.map(({ depthBefore, depthAfter }) => [depthBefore, depthAfter]),
      [
        [0, 0],
        [1, null],
        [2, null],
        [3, 1],
      ],
    );
  });

  it('knows the sides of a join when they change places', () => {
    const customers = scan('Seq Scan', 'customers');
    const before = plan(
      nodeJson('Hash Join', {}, [outer(sequential), inner(nodeJson('Hash', {}, [outer(customers)]))]),
    );
    const after = plan(nodeJson('Nested Loop', {}, [outer(customers), inner(byIndex)]));
    assert.deepEqual(comparePlans(before, after).rows.map(words), [
      'changed | Hash Join | Nested Loop',
      'removed | Hash | -',
      'same | Seq Scan on public.customers | Seq Scan on public.customers',
      'changed | Seq Scan on public.orders | Index Scan using orders_x_idx on public.orders',
    ]);
  });

  it('shows the index below a bitmap scan as new', () => {
    const bitmap = nodeJson('Bitmap Index Scan', { fields: { 'Index Name': 'orders_x_idx' } });
    const after = plan(scan('Bitmap Heap Scan', 'orders', {}, [outer(bitmap)]));
    const { rows } = comparePlans(plan(sequential), after);
    assert.deepEqual(
      rows.map(({ change }) => change),
      ['changed', 'added'],
    );
    assert.equal(usesIndex(after, 'orders_x_idx', false), true);
    assert.equal(usesIndex(after, 'orders_x', false), false);
    assert.equal(usesIndex(plan(sequential), 'orders_x_idx', false), false);
  });

  it('compares times only when both were run', () => {
    assert.equal(comparePlans(plan(sequential, 12), plan(byIndex)).executionMs, null);
    assert.deepEqual(comparePlans(plan(sequential, 12), plan(byIndex, 3)).executionMs, { before: 12, after: 3 });
  });

  it('finds no change between a plan and itself, and every node once between any two', () => {
    const plans = goldenPlanNames('18').map((name) => goldenPlan('18', name));
    for (const before of plans) {
      assert.ok(comparePlans(before, before).rows.every(({ change }) => change === 'same'));
      for (const after of plans) {
        const { rows } = comparePlans(before, after);
        const ids = (side: 'before' | 'after') => rows.flatMap((row) => row[side]?.id ?? []).sort((a, b) => a - b);
        assert.deepEqual(
          ids('before'),
          before.nodes.map(({ id }) => id),
        );
        assert.deepEqual(
          ids('after'),
          after.nodes.map(({ id }) => id),
        );
      }
    }
  });
});

describe('measureExpectedCosts', () => {
  const costs = (type: string, startup: number, total: number, children: PlanNodeJson[] = []) =>
    nodeJson(type, { fields: { 'Startup Cost': startup, 'Total Cost': total } }, children);
  const expectedOf = (root: PlanNodeJson) => measureExpectedCosts(plan(root).nodes);

  it('are the part that a LIMIT leaves of what is below it, down to the leaves', () => {
    const join = costs('Nested Loop', 0, 1000, [outer(costs('Seq Scan', 0, 600)), inner(costs('Index Scan', 0, 8))]);
    assert.deepEqual(expectedOf(costs('Limit', 0, 10, [outer(join)])), [10, 10, 6, 4]);
  });

  it('are one loop of the inner side of a nested loop, and one of a SubPlan', () => {
    const join = costs('Nested Loop', 0, 1000, [outer(costs('Seq Scan', 0, 200)), inner(costs('Index Scan', 0, 8))]);
    assert.deepEqual(expectedOf(costs('Limit', 0, 100, [outer(join)])), [100, 100, 20, 8]);
    const subplan = { ...costs('Index Scan', 0, 8), 'Parent Relationship': 'SubPlan' };
    const scan = costs('Seq Scan', 0, 1000, [subplan]);
    assert.deepEqual(expectedOf(costs('Limit', 0, 100, [outer(scan)])), [100, 100, 8]);
  });

  it('are all of what is read before the first row', () => {
    const sort = costs('Sort', 509, 520, [outer(costs('Seq Scan', 0, 500))]);
    assert.deepEqual(expectedOf(costs('Limit', 509, 510, [outer(sort)])), [510, 510, 500]);
    const merge = costs('Gather Merge', 510, 900, [outer(sort)]);
    assert.deepEqual(expectedOf(costs('Limit', 510, 510, [outer(merge)])), [510, 510, 509, 500]);
    const hash = costs('Hash', 300, 300, [outer(costs('Seq Scan', 0, 300))]);
    const join = costs('Hash Join', 300, 1000, [outer(costs('Seq Scan', 0, 600)), inner(hash)]);
    assert.deepEqual(expectedOf(costs('Limit', 300, 370, [outer(join)])), [370, 370, 60, 300, 300]);
  });
});
