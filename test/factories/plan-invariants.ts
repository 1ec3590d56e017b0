// What must hold of every plan's figures, whatever the plan.
import assert from 'node:assert/strict';
import type { BufferUsage, Plan } from '../../src/analysis/plan/plan';

const blocks = (usage: BufferUsage | null) => Object.values(usage ?? {}).reduce((sum, figure) => sum + figure, 0);

/** Times are printed with three decimals and summed up here. */
const summedRoundingMs = 0.01;

export function assertNothingNegative(plan: Plan): void {
  for (const node of plan.nodes) {
    assert.ok((node.selfMs ?? 0) >= 0, `self time of ${node.id}`);
    assert.ok((node.totalMs ?? 0) >= 0, `total time of ${node.id}`);
    assert.ok(node.participants >= 1, `participants of ${node.id}`);
    assert.ok(node.estimateFactor === null || (node.estimateFactor >= 1 && Number.isFinite(node.estimateFactor)));
    for (const usage of [node.selfBuffers, node.totalBuffers]) {
      for (const [name, figure] of Object.entries(usage ?? {})) assert.ok(figure >= 0, `${name} of ${node.id}`);
    }
  }
  for (const [name, ms] of Object.entries(plan.outside)) assert.ok(ms === null || ms >= 0, name);
}

export function assertTimesAddUp(plan: Plan, toleranceMs = summedRoundingMs): void {
  if (plan.executionMs === null || plan.nodes.some(({ selfMs }) => selfMs === null)) return;
  const { triggersMs, jitOutsideMs, serializationMs, unattributedMs } = plan.outside;
  const sum =
    plan.nodes.reduce((total, { selfMs }) => total + (selfMs ?? 0), 0) +
    [triggersMs, jitOutsideMs, serializationMs, unattributedMs].reduce<number>((total, ms) => total + (ms ?? 0), 0);
  assert.ok(Math.abs(sum - plan.executionMs) <= toleranceMs, `parts ${sum} ms, execution ${plan.executionMs} ms`);
}

/**
 * Root buffers are the sum of self buffers. A data-modifying CTE that is read in part runs on after the root has ended:
 * what it did then is in no root.
 */
export function assertBuffersAddUp(plan: Plan): void {
  const own = plan.nodes.reduce((sum, { selfBuffers }) => sum + blocks(selfBuffers), 0);
  const roots = plan.nodes
    .filter(({ parent }) => parent === null)
    .reduce((sum, { totalBuffers }) => sum + blocks(totalBuffers), 0);
  assert.equal(own, roots, 'self buffers add up to those of the roots');
}
