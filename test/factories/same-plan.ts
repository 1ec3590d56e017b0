// Whether a plan read from another format is the plan that JSON gives. JSON prints what other formats leave out: what says
// nothing there (zero, false, an empty list) is no difference; every figure that PG Insight derives is.
import assert from 'node:assert/strict';
import type { BufferUsage, Plan, PlanNode } from '../../src/analysis/plan/plan';

function isSilent(value: unknown): boolean {
  if (value === 0 || value === false || value === null || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function withoutSilence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSilence);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, each]): [string, unknown] => [name, withoutSilence(each)])
      .filter(([, each]) => !isSilent(each)),
  );
}

/** Without BUFFERS there are none; where none were touched the text does not say which of the two it is. */
const comparableBuffers = (usage: BufferUsage | null) => withoutSilence(usage ?? {});

function comparableNode(plan: Plan, node: PlanNode): unknown {
  const parent = plan.nodes[node.parent ?? -1];
  // up to 13 the children of ModifyTable are members, from 14 on there is one: the text does not tell them apart
  const isModified = parent?.type === 'ModifyTable' && node.subplanName === null;
  const relationship = isModified ? 'input' : node.relationship;
  const [totalBuffers, selfBuffers] = [node.totalBuffers, node.selfBuffers].map(comparableBuffers);
  return {
    ...node,
    totalBuffers,
    selfBuffers,
    relationship,
    fields: { ...(withoutSilence(node.fields) as object), 'Parent Relationship': relationship },
  };
}

/** `other` and `json` are of one execution. */
export function assertSamePlan(other: Plan, json: Plan, label: string): void {
  assert.deepEqual(
    other.nodes.map(({ type, parent }) => [type, parent]),
    json.nodes.map(({ type, parent }) => [type, parent]),
    `${label}: the tree`,
  );
  for (const [id, node] of other.nodes.entries()) {
    const expected = json.nodes[id];
    assert.ok(expected);
    assert.deepEqual(comparableNode(other, node), comparableNode(json, expected), `${label}: node ${id}, ${node.type}`);
  }
  assert.deepEqual(other.outside, json.outside, `${label}: outside`);
  assert.deepEqual(other.settings, json.settings, label);
  assert.deepEqual([other.planningMs, other.executionMs], [json.planningMs, json.executionMs], label);
  assert.deepEqual(withoutSilence(other.fields), withoutSilence(json.fields), `${label}: fields`);
  assert.deepEqual(
    other.triggers,
    // the text names the table only where there are several
    json.triggers.map((trigger, index) => ({ ...trigger, relation: other.triggers[index]?.relation ?? null })),
    `${label}: triggers`,
  );
}
