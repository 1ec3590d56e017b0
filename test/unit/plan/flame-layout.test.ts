// Every recorded plan as a flame graph: widths are what the nodes took, and children lie under their parents.
import assert from 'node:assert/strict';
import { layOutFlame } from '../../../src/analysis/plan/flame-layout';
import { measureSelfCosts } from '../../../src/analysis/plan/plan-tree';
import { goldenPlan, goldenPlanNames } from '../../factories/golden-plans';

/** Sums of many figures do not meet to the last digit. */
const nearly = 1e-9;

describe('the flame graph', () => {
  for (const server of ['15', '18', 'jit'] as const) {
    it(`of the plans of ${server} has each child under its parent, beside the others`, () => {
      for (const name of goldenPlanNames(server)) {
        const boxes = layOutFlame(goldenPlan(server, name));
        for (const { node, depth, start, width, selfRatio } of boxes) {
          const children = boxes.filter((each) => each.node.parent === node.id);
          const below = children.reduce((sum, child) => sum + child.width, 0);
          assert.ok(
            Math.abs(below + selfRatio - width) < nearly,
            `${name}: what is not the children's is the node's own`,
          );
          let end = start;
          for (const child of children) {
            assert.ok(Math.abs(child.start - end) < nearly, `${name}: side by side`);
            assert.equal(child.depth, depth + 1);
            end += child.width;
          }
        }
        const roots = boxes.filter(({ node }) => node.parent === null);
        assert.ok(
          Math.abs(roots.reduce((sum, { width }) => sum + width, 0) - 1) < nearly,
          `${name}: roots are the whole`,
        );
      }
    });
  }

  it('has the shares of the time, or without times of the cost', () => {
    const plan = goldenPlan('18', 'parallel-hash-join');
    const wholeMs = plan.nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0);
    layOutFlame(plan).forEach(({ node, selfRatio }) => {
      assert.ok(Math.abs(selfRatio - (node.selfMs ?? 0) / wholeMs) < nearly);
    });
    const nodes = plan.nodes.map((node) => ({ ...node, selfMs: null, totalMs: null }));
    const costs = measureSelfCosts(nodes);
    const whole = costs.reduce((sum, cost) => sum + cost, 0);
    layOutFlame({ ...plan, nodes }).forEach(({ node, selfRatio }) => {
      assert.ok(Math.abs(selfRatio - (costs[node.id] ?? 0) / whole) < nearly);
    });
  });

  it('of nothing is nothing', () => {
    const plan = goldenPlan('18', 'sort-in-memory');
    assert.deepEqual(layOutFlame({ ...plan, nodes: [] }), []);
    const nodes = plan.nodes.map((node) => ({ ...node, selfMs: 0 }));
    assert.ok(layOutFlame({ ...plan, nodes }).every(({ width }) => width === 0));
  });
});
