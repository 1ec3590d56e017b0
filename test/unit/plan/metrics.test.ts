import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import type { Plan, PlanNode } from '../../../src/analysis/plan/plan';
import { goldenPlan, goldenPlanNames } from '../../factories/golden-plans';
import { assertBuffersAddUp, assertNothingNegative, assertTimesAddUp } from '../../factories/plan-invariants';
import { as, inner, nodeJson, outer, planText, type PlanNodeJson } from '../../factories/plan-json';

const read = (root: PlanNodeJson, executionMs: number | null = null, more: Record<string, unknown> = {}) =>
  parsePlanJson(planText(root, executionMs, more));

function nodeOf(plan: Plan, type: string, matching: (node: PlanNode) => boolean = () => true): PlanNode {
  const found = plan.nodes.find((node) => node.type === type && matching(node));
  assert.ok(found, `a ${type}`);
  return found;
}

const selfTimes = (plan: Plan) => plan.nodes.map(({ selfMs }) => Math.round((selfMs ?? -1) * 1000) / 1000);
const near = (actual: number | null, expected: number, toleranceMs = 0.01) => {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= toleranceMs,
    `${String(actual)} is not about ${expected}`,
  );
};

describe('plan metrics', () => {
  it('1: multiplies the average time by the loops', () => {
    const plan = read(
      nodeJson('Nested Loop', { ms: 100 }, [
        outer(nodeJson('Seq Scan', { ms: 10 })),
        inner(nodeJson('Index Scan', { ms: 0.02, loops: 3000 })),
      ]),
    );
    assert.deepEqual(
      plan.nodes.map(({ totalMs }) => totalMs),
      [100, 10, 60],
    );
    assert.deepEqual(selfTimes(plan), [30, 10, 60]);
  });

  it('2: takes participants from the loops, not from the workers launched', () => {
    const gather = (loops: number) =>
      read(
        nodeJson('Gather', { ms: 100, fields: { 'Workers Planned': 2, 'Workers Launched': 2 } }, [
          outer(nodeJson('Hash Join', { ms: 90, loops }, [outer(nodeJson('Seq Scan', { ms: 60, loops }))])),
        ]),
      );
    assert.deepEqual(
      gather(3).nodes.map(({ participants }) => participants),
      [1, 3, 3],
    );
    assert.deepEqual(
      gather(2).nodes.map(({ participants }) => participants),
      [1, 2, 2],
    );
    // every participant took its average at the same time as the others
    assert.deepEqual(selfTimes(gather(3)), [10, 30, 60]);
    const rescanned = read(
      nodeJson('Nested Loop', { ms: 100 }, [
        outer(nodeJson('Seq Scan', { ms: 1, rows: 5 })),
        inner(nodeJson('Gather', { ms: 19, loops: 5 }, [outer(nodeJson('Seq Scan', { ms: 18, loops: 15 }))])),
      ]),
    );
    assert.equal(rescanned.nodes[3]?.participants, 3);
    assert.equal(goldenPlan('18', 'parallel-without-leader').nodes.at(-1)?.participants, 2);
    assert.equal(goldenPlan('18', 'parallel-seq-scan').nodes.at(-1)?.participants, 3);
  });

  it('3: never goes below zero, and self times add up to the root', () => {
    const plan = read(
      nodeJson('Nested Loop', { ms: 500 }, [
        outer(nodeJson('Seq Scan', { ms: 1 })),
        // 1,000,000 loops of a time rounded up to a thousandth of a millisecond
        inner(nodeJson('Index Scan', { ms: 0.001, loops: 1_000_000 })),
      ]),
      500.1,
    );
    assertNothingNegative(plan);
    assertTimesAddUp(plan);
    assert.equal(plan.nodes[0]?.selfMs, 0);
  });

  it('4: takes a SubPlan off the node that runs it, once', () => {
    const plan = read(
      nodeJson('Limit', { ms: 100, hit: 50 }, [
        outer(
          nodeJson('Seq Scan', { ms: 99, hit: 50 }, [
            as('SubPlan', nodeJson('Index Scan', { ms: 0.08, loops: 1000, hit: 40 }), 'SubPlan 1'),
          ]),
        ),
      ]),
    );
    assert.deepEqual(selfTimes(plan), [1, 19, 80]);
    assert.deepEqual(
      plan.nodes.map(({ selfBuffers }) => selfBuffers?.sharedHit),
      [0, 10, 40],
    );
  });

  describe('5: charges an InitPlan to the node that reads it', () => {
    const withReader = (subplanName: string, filter: string, other = '(x = 1)') =>
      read(
        nodeJson('Sort', { ms: 100, hit: 100 }, [
          as('InitPlan', nodeJson('Aggregate', { ms: 60, hit: 30 }), subplanName),
          outer(
            nodeJson('Hash Join', { ms: 90, hit: 100 }, [
              outer(nodeJson('Seq Scan', { ms: 20, hit: 60, fields: { Filter: other } })),
              inner(nodeJson('Index Scan', { ms: 62, hit: 40, fields: { Filter: filter } })),
            ]),
          ),
        ]),
      );

    it('by $n up to 16 and by name from 17, as whole tokens', () => {
      for (const plan of [
        withReader('InitPlan 1 (returns $0)', '(total > $0)', '(total > $01)'),
        withReader('InitPlan 1 (returns $3,$1)', '(total > $1)', '(total > $10)'),
        withReader('InitPlan 1', '(total > (InitPlan 1).col1)', '(total > (InitPlan 10).col1)'),
        withReader('InitPlan 1 (returns $0)', '(total > $0)', `((note = 'costs $0'::text) AND ("$0" = 1))`),
      ]) {
        assert.deepEqual(
          plan.nodes.map(({ selfBuffers }) => selfBuffers?.sharedHit),
          [0, 30, 0, 60, 10],
        );
        assert.deepEqual(selfTimes(plan), [10, 60, 8, 20, 2]);
      }
    });

    it('falls back when the reader has no room for it', () => {
      const plan = read(
        nodeJson('Append', { ms: 70, hit: 35 }, [
          as('InitPlan', nodeJson('Aggregate', { ms: 60, hit: 30 }), 'InitPlan 1'),
          as(
            'Member',
            nodeJson('Seq Scan', { loops: 0, ms: 0, rows: 0, fields: { Filter: '(at = (InitPlan 1).col1)' } }),
          ),
          as('Member', nodeJson('Seq Scan', { ms: 4, hit: 5, fields: { Filter: '(at = (InitPlan 1).col1)' } })),
        ]),
      );
      assert.deepEqual(selfTimes(plan), [6, 60, 0, 4]);
      assert.deepEqual(
        plan.nodes.map(({ selfBuffers }) => selfBuffers?.sharedHit),
        [0, 30, 0, 5],
      );
    });

    it('to the Gather when parallel workers read it', () => {
      for (const server of ['15', '18'] as const) {
        const plan = goldenPlan(server, 'parallel-init-plan');
        const gathers = plan.nodes.filter(({ type }) => type === 'Gather');
        const initPlan = plan.nodes.find(({ subplanName }) => subplanName?.startsWith('InitPlan'));
        const reading = gathers.find(({ parent }) => parent === 0);
        const below = plan.nodes.find(({ parent }) => parent === reading?.id);
        near(reading?.selfMs ?? null, (reading?.totalMs ?? 0) - (initPlan?.totalMs ?? 0) - (below?.totalMs ?? 0));
      }
    });

    it('with twelve of them in one statement, each to its reader', () => {
      for (const server of ['15', '18'] as const) {
        const plan = goldenPlan(server, 'many-init-plans');
        const initPlans = plan.nodes.filter(({ subplanName }) => subplanName !== null);
        assert.equal(initPlans.length, 12);
        const [own] = plan.nodes;
        near(
          own?.selfMs ?? null,
          (own?.totalMs ?? 0) - initPlans.reduce((sum, { totalMs }) => sum + (totalMs ?? 0), 0),
        );
        assertBuffersAddUp(plan);
      }
    });
  });

  it('6: shares a CTE among its readers by their time, and takes nothing from the node it hangs from', () => {
    const plan = read(
      nodeJson('Hash Join', { ms: 100, hit: 80 }, [
        as('InitPlan', nodeJson('Aggregate', { ms: 40, hit: 70 }), 'CTE busy'),
        outer(nodeJson('CTE Scan', { ms: 45, hit: 70, fields: { 'CTE Name': 'busy' } })),
        inner(
          nodeJson('Hash', { ms: 17, hit: 10 }, [
            outer(nodeJson('CTE Scan', { ms: 15, hit: 0, fields: { 'CTE Name': 'busy' } })),
          ]),
        ),
      ]),
    );
    assert.deepEqual(selfTimes(plan), [38, 40, 15, 2, 5]);
    assert.deepEqual(
      plan.nodes.map(({ selfBuffers }) => selfBuffers?.sharedHit),
      [0, 70, 0, 10, 0],
    );
    const real = goldenPlan('18', 'cte-read-twice');
    const [root] = real.nodes;
    const inputs = real.nodes.filter(({ parent, subplanName }) => parent === 0 && subplanName === null);
    near(root?.selfMs ?? null, (root?.totalMs ?? 0) - inputs.reduce((sum, { totalMs }) => sum + (totalMs ?? 0), 0));
  });

  it('6: finds the definition around a scan when names repeat', () => {
    const scan = (ms: number, hit: number) => nodeJson('CTE Scan', { ms, hit, fields: { 'CTE Name': 'x' } });
    const plan = read(
      nodeJson('Limit', { ms: 50, hit: 9 }, [
        as('InitPlan', nodeJson('Seq Scan', { ms: 10, hit: 4 }), 'CTE x'),
        outer(
          nodeJson('Subquery Scan', { ms: 49, hit: 9 }, [
            // reads the outer x, and is itself the inner one
            as('InitPlan', scan(20, 9), 'CTE x'),
            as('Subquery', scan(45, 9)),
          ]),
        ),
      ]),
    );
    assert.deepEqual(selfTimes(plan), [1, 10, 4, 10, 25]);
  });

  it('7: makes a data-modifying CTE that nobody reads a root of its own', () => {
    for (const server of ['15', '18'] as const) {
      const plan = goldenPlan(server, 'writing-cte-unread');
      const roots = plan.nodes.filter(({ parent }) => parent === null);
      assert.deepEqual(
        roots.map(({ type }) => type),
        ['Aggregate', 'ModifyTable'],
      );
      assertTimesAddUp(plan);
      assertBuffersAddUp(plan);
      const read = goldenPlan(server, 'writing-cte-read');
      assert.equal(read.nodes.filter(({ parent }) => parent === null).length, 1);
      assertBuffersAddUp(read);
      // read in part: it went on after the Limit was satisfied, and that time is not lost
      const inPart = goldenPlan(server, 'writing-cte-read-in-part');
      assertTimesAddUp(inPart);
      assert.ok((nodeOf(inPart, 'ModifyTable').selfMs ?? 0) > (inPart.nodes[0]?.totalMs ?? 0));
    }
  });

  it('8: tells BEFORE triggers, which ModifyTable contains, from AFTER ones', () => {
    for (const server of ['15', '18'] as const) {
      const inside = (name: string) => goldenPlan(server, name).triggers.map((trigger) => trigger.insidePlan);
      assert.deepEqual(inside('trigger-before'), [true]);
      assert.deepEqual(inside('trigger-after'), [false]);
      const both = goldenPlan(server, 'trigger-both');
      assert.deepEqual(both.triggers.map(({ name, insidePlan }) => [name, insidePlan]).sort(), [
        ['after_row', false],
        ['before_row', true],
      ]);
      assert.equal(both.outside.triggersMs, both.triggers.find(({ name }) => name === 'after_row')?.totalMs);
      const foreignKey = goldenPlan(server, 'trigger-foreign-key');
      assert.ok(foreignKey.triggers.some(({ constraint }) => constraint !== null));
      assert.ok(foreignKey.triggers.every(({ insidePlan }) => !insidePlan));
    }
  });

  it('8: tells them also when the server pauses somewhere for longer than a trigger took', () => {
    const place = (modifyMs: number, executionMs: number, ...triggersMs: number[]) => {
      const plan = read(
        nodeJson('ModifyTable', { ms: modifyMs, fields: { Operation: 'Update' } }, [
          outer(nodeJson('Seq Scan', { ms: 1 })),
        ]),
        executionMs,
        { Triggers: triggersMs.map((ms) => ({ 'Trigger Name': `t${ms}`, Relation: 't', Time: ms, Calls: 9 })) },
      );
      assertTimesAddUp(plan);
      return plan.triggers.map(({ insidePlan }) => insidePlan);
    };
    assert.deepEqual(place(11.5, 12, 10), [true]);
    assert.deepEqual(place(1.5, 12, 10), [false]);
    // a pause of 20 ms after the plan, and one inside it
    assert.deepEqual(place(11.5, 32, 10), [true]);
    assert.deepEqual(place(21.5, 32, 10), [false]);
    assert.deepEqual(place(41.5, 72, 10, 40), [false, true]);
    assert.deepEqual(place(31.5, 72, 40, 10), [false, true]);
    // no UPDATE ran it: a plan that says so is not the server's, and nothing is lost
    assert.deepEqual(place(1.5, 2, 10), [true]);
  });

  it('9: accounts for what is outside the plan', () => {
    const plan = read(nodeJson('Seq Scan', { ms: 50 }), 100, {
      'Planning Time': 3,
      Serialization: { Time: 20, 'Output Volume': 8, Format: 'text' },
      JIT: {
        Functions: 2,
        Timing: { Generation: { Deform: 1, Total: 4 }, Inlining: 0, Optimization: 5, Emission: 6, Total: 15 },
      },
      Triggers: [
        { 'Trigger Name': 'RI_ConstraintTrigger_a_1', 'Constraint Name': 'fk', Relation: 't', Time: 10, Calls: 3 },
      ],
    });
    assert.deepEqual(plan.outside, {
      triggersMs: 10,
      jitMs: 15,
      jitOutsideMs: 4,
      serializationMs: 20,
      unattributedMs: 16,
    });
    assert.equal(plan.planningMs, 3);
    assertTimesAddUp(plan);
    const serialized = goldenPlan('18', 'union-all');
    assert.ok((serialized.outside.serializationMs ?? 0) > 0);
    for (const name of goldenPlanNames('jit')) {
      const jit = goldenPlan('jit', name);
      assert.ok((jit.outside.jitMs ?? 0) > (jit.outside.jitOutsideMs ?? 0), name);
      assertTimesAddUp(jit);
    }
  });

  it('10: marks what was never executed and leaves it out of estimates', () => {
    const plan = goldenPlan('18', 'never-executed');
    const never = plan.nodes.filter(({ neverExecuted }) => neverExecuted);
    assert.ok(never.length > 0);
    for (const node of never) {
      assert.equal(node.estimateFactor, null);
      assert.equal(node.selfMs, 0);
    }
  });

  describe('11: compares rows where an estimate means something', () => {
    const factor = (plan: Plan, id: number) => [plan.nodes[id]?.estimateFactor, plan.nodes[id]?.estimateDirection];

    it('counts nothing as one', () => {
      assert.deepEqual(factor(read(nodeJson('Seq Scan', { rows: 0, planned: 500 })), 0), [500, 'over']);
      assert.deepEqual(factor(read(nodeJson('Seq Scan', { rows: 0, planned: 0 })), 0), [1, 'exact']);
      assert.deepEqual(factor(read(nodeJson('Seq Scan', { rows: 300, planned: 3 })), 0), [100, 'under']);
    });

    it("scales a parallel node's share to the processes there were", () => {
      const plan = (loops: number, settings = {}) =>
        read(
          nodeJson('Gather', { rows: 2400, fields: { 'Workers Planned': 2, 'Workers Launched': 2 } }, [
            outer(
              nodeJson('Seq Scan', { rows: 2400 / loops, planned: 1000, loops, fields: { 'Parallel Aware': true } }),
            ),
          ]),
          1,
          { Settings: settings },
        );
      // two workers and four tenths of a leader
      assert.deepEqual(factor(plan(3), 1), [1, 'exact']);
      near(plan(2).nodes[1]?.estimateFactor ?? null, 1.2);
      near(plan(3, { parallel_leader_participation: 'off' }).nodes[1]?.estimateFactor ?? null, 1.2);
      for (const server of ['15', '18'] as const) {
        for (const node of goldenPlan(server, 'parallel-append').nodes) {
          assert.ok((node.estimateFactor ?? 1) <= 1.5, `${server} ${node.type} ${String(node.estimateFactor)}`);
        }
      }
    });

    it('does not scale what every process runs in full', () => {
      const plan = goldenPlan('15', 'parallel-nested-loop');
      const probe = plan.nodes.find(({ relation }) => relation === 'customers');
      assert.equal(probe?.estimateFactor, 1);
    });

    it('says nothing of what was stopped early, unless it gave more than planned', () => {
      const stopped = (rows: number) =>
        read(nodeJson('Limit', { rows: 10, planned: 10 }, [outer(nodeJson('Seq Scan', { rows, planned: 5000 }))]));
      assert.deepEqual(factor(stopped(10), 1), [null, null]);
      assert.equal(factor(stopped(50_000), 1)[0], 10);
      const ranOut = read(
        nodeJson('Limit', { rows: 2, planned: 10 }, [outer(nodeJson('Seq Scan', { rows: 2, planned: 5000 }))]),
      );
      assert.deepEqual(factor(ranOut, 1), [2500, 'over']);
      const sorted = read(
        nodeJson('Limit', { rows: 10, planned: 10 }, [
          outer(
            nodeJson('Sort', { rows: 10, planned: 900 }, [outer(nodeJson('Seq Scan', { rows: 90_000, planned: 900 }))]),
          ),
        ]),
      );
      assert.deepEqual(factor(sorted, 1), [null, null]);
      assert.deepEqual(factor(sorted, 2), [100, 'under']);
      const semi = read(
        nodeJson('Nested Loop', { rows: 10, fields: { 'Join Type': 'Semi' } }, [
          outer(nodeJson('Seq Scan', { rows: 10 })),
          inner(nodeJson('Index Scan', { rows: 1, planned: 300, loops: 10 })),
        ]),
      );
      assert.deepEqual(factor(semi, 2), [null, null]);
    });

    it('says nothing of BitmapAnd, BitmapOr and ModifyTable', () => {
      for (const [name, type] of [
        ['bitmap-and', 'BitmapAnd'],
        ['bitmap-or', 'BitmapOr'],
        ['trigger-after', 'ModifyTable'],
      ] as const) {
        assert.equal(nodeOf(goldenPlan('18', name), type).estimateFactor, null);
      }
    });
  });

  it('12: self buffers of every recorded plan add up', () => {
    for (const server of ['15', '18', 'jit'] as const) {
      for (const name of goldenPlanNames(server)) {
        if (name !== 'writing-cte-read-in-part') assertBuffersAddUp(goldenPlan(server, name));
      }
    }
  });

  it('13: finds disabled nodes by the flag, or by their cost, and only where it begins', () => {
    for (const server of ['15', '18'] as const) {
      const plan = goldenPlan(server, 'disabled-node');
      assert.deepEqual(
        plan.nodes.map(({ type, disabled }) => [type, disabled]),
        [
          ['Aggregate', false],
          ['Seq Scan', true],
        ],
      );
    }
  });

  it('knows no times without TIMING, and none at all without ANALYZE', () => {
    const planned = parsePlanJson('[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 5, "Total Cost": 3}}]');
    assert.deepEqual(
      planned.nodes.map(({ loops, selfMs, selfBuffers, estimateFactor, neverExecuted }) => [
        loops,
        selfMs,
        selfBuffers,
        estimateFactor,
        neverExecuted,
      ]),
      [[null, null, null, null, false]],
    );
    assert.equal(planned.outside.unattributedMs, null);
    const untimed = parsePlanJson(
      '[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 5, "Actual Rows": 50, "Actual Loops": 1}, "Execution Time": 4}]',
    );
    assert.equal(untimed.nodes[0]?.selfMs, null);
    assert.equal(untimed.nodes[0].estimateFactor, 10);
    assert.equal(untimed.outside.unattributedMs, null);
  });

  it('holds the invariants on every recorded plan', () => {
    for (const server of ['15', '18', 'jit'] as const) {
      for (const name of goldenPlanNames(server)) {
        const plan = goldenPlan(server, name);
        assertNothingNegative(plan);
        assertTimesAddUp(plan);
      }
    }
  });

  it('holds them on any plan, possible or not', () => {
    const figures = fc.record({
      loops: fc.nat(2000),
      ms: fc.double({ min: -1, max: 100, noNaN: true }),
      rows: fc.nat(100_000),
      planned: fc.nat(100_000),
      hit: fc.nat(10_000),
      fields: fc.record({
        Filter: fc.constantFrom('(a = 1)', '(a = $0)', '(a = (InitPlan 1).col1)', '(a = $1)'),
        'CTE Name': fc.constantFrom('x', 'y'),
        'Parallel Aware': fc.boolean(),
        'Workers Planned': fc.nat(8),
      }),
    });
    const relationship = fc.constantFrom<[string, string?]>(
      ['Outer'],
      ['Inner'],
      ['SubPlan', 'SubPlan 1'],
      ['InitPlan', 'InitPlan 1 (returns $0,$1)'],
      ['InitPlan', 'InitPlan 1'],
      ['InitPlan', 'CTE x'],
      ['InitPlan', 'CTE y'],
    );
    const types = fc.constantFrom(
      'Seq Scan',
      'CTE Scan',
      'Gather',
      'Limit',
      'Hash Join',
      'Nested Loop',
      'ModifyTable',
      'Aggregate',
    );
    const { tree } = fc.letrec<{ tree: PlanNodeJson; leaf: PlanNodeJson; branch: PlanNodeJson }>((tie) => ({
      leaf: fc.tuple(types, figures).map(([type, figure]) => nodeJson(type, figure)),
      branch: fc
        .tuple(types, figures, fc.array(fc.tuple(relationship, tie('tree')), { minLength: 1, maxLength: 4 }))
        .map(([type, figure, children]) =>
          nodeJson(
            type,
            figure,
            children.map(([[relation, name], child]) => as(relation, child, name)),
          ),
        ),
      tree: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('leaf'), tie('branch')),
    }));
    fc.assert(
      fc.property(tree, fc.double({ min: 0, max: 1e6, noNaN: true }), (root, executionMs) => {
        const plan = read(root, executionMs);
        assertNothingNegative(plan);
        const inside = plan.nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0);
        // a file may claim less for the whole than for its parts: then there is nothing outside
        if (inside <= executionMs) assertTimesAddUp(plan, 0.01 + executionMs * 1e-9);
        else assert.equal(plan.outside.unattributedMs, 0);
      }),
      { numRuns: 500 },
    );
  });

  it('adds up the figures of generated plans as a server would print them', () => {
    interface Made {
      json: PlanNodeJson;
      ms: number;
      hit: number;
    }
    const own = fc.record({ ms: fc.nat(50_000).map((thousandths) => thousandths / 1000), hit: fc.nat(1000) });
    const toMade = (self: { ms: number; hit: number }, children: Made[]): Made => {
      const ms = Math.round((self.ms + children.reduce((sum, child) => sum + child.ms, 0)) * 1000) / 1000;
      const hit = self.hit + children.reduce((sum, child) => sum + child.hit, 0);
      const fields = { expectedSelfMs: self.ms, expectedSelfHit: self.hit };
      return {
        json: nodeJson(
          'Append',
          { ms, hit, fields },
          children.map((child) => as('Member', child.json)),
        ),
        ms,
        hit,
      };
    };
    const { node } = fc.letrec<{ node: Made; leaf: Made; branch: Made }>((tie) => ({
      leaf: own.map((self) => toMade(self, [])),
      branch: fc
        .tuple(own, fc.array(tie('node'), { minLength: 1, maxLength: 3 }))
        .map(([self, children]) => toMade(self, children)),
      node: fc.oneof({ maxDepth: 6, withCrossShrink: true }, tie('leaf'), tie('branch')),
    }));
    fc.assert(
      fc.property(node, ({ json, ms }) => {
        const plan = read(json, ms);
        for (const each of plan.nodes) {
          near(each.selfMs, each.fields['expectedSelfMs'] as number);
          assert.equal(each.selfBuffers?.sharedHit, each.fields['expectedSelfHit']);
        }
        assertBuffersAddUp(plan);
        assertTimesAddUp(plan);
      }),
      { numRuns: 300 },
    );
  });
});
