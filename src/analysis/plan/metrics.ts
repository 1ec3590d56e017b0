// Turns what the server printed into figures that add up: docs/plan-metrics.md has the rules by number and their reasons.
import { blockKinds, findCharges, type Charges } from './charges';
import { findDisabledNodes } from './disabled-nodes';
import { measureEstimates, findStoppedEarly } from './estimates';
import { numberField } from './fields';
import { measureOutside } from './outside-plan';
import type { BufferUsage, Plan, PlanNode } from './plan';

type Derived =
  | 'totalMs'
  | 'selfMs'
  | 'selfBuffers'
  | 'neverExecuted'
  | 'stoppedEarly'
  | 'disabled'
  | 'estimateFactor'
  | 'estimateDirection'
  | 'participants';

/** A node as the server printed it, nothing derived yet. */
export type PrintedNode = Omit<PlanNode, Derived>;

export type PrintedPlan = Omit<Plan, 'nodes' | 'outside' | 'triggers'> & {
  nodes: PrintedNode[];
  triggers: Omit<Plan['triggers'][number], 'insidePlan'>[];
};

/**
 * Rule 2: below a Gather as many processes ran a node as its direct child has loops for each loop of the Gather. The
 * number of launched workers does not tell: the leader may take part or not.
 */
export function measureParticipants(nodes: readonly PrintedNode[]): number[] {
  const participants: number[] = [];
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : nodes[node.parent];
    const around = node.parent === null ? 1 : (participants[node.parent] ?? 1);
    const gathered = parent !== undefined && (parent.type === 'Gather' || parent.type === 'Gather Merge');
    // InitPlans and SubPlans of a Gather run in the leader
    const inWorkers = gathered && node.relationship !== 'InitPlan' && node.relationship !== 'SubPlan';
    participants.push(inWorkers ? Math.max(1, (node.loops ?? 0) / Math.max(1, parent.loops ?? 1)) : around);
  }
  return participants;
}

/** Rule 1, divided by the participants: how long the node and all below it kept the statement busy. */
function measureTotalMs(node: PrintedNode, participants: number): number | null {
  const averageMs = numberField(node, 'Actual Total Time');
  return averageMs === null || node.loops === null ? null : (averageMs * node.loops) / participants;
}

/**
 * Rule 3. The time of a payer minus what it paid. Printed averages are rounded and then multiplied by loops, so children can
 * sum up to more than their parent: then they share what the parent has, in proportion. Thus no self time is below zero
 * and all of them add up to the time of the roots.
 */
function measureSelfMs(totals: readonly (number | null)[], charges: Charges): (number | null)[] {
  const owed: { node: number; ms: number }[][] = totals.map(() => []);
  const charged = totals.map(() => 0);
  for (const payers of charges.payersOf) {
    for (const { payer, node, ms } of payers) {
      owed[payer]?.push({ node, ms: ms ?? 0 });
      charged[node] = (charged[node] ?? 0) + (ms ?? 0);
    }
  }
  // a root's time runs in no other node; of a data-modifying CTE that is read in part, only the rest is its own (rule 7)
  const budgets = totals.map((total, id) =>
    charges.roots.has(id) ? Math.max(0, (total ?? 0) - (charged[id] ?? 0)) : 0,
  );
  const selves: (number | null)[] = totals.map(() => null);
  for (const id of charges.order) {
    const budget = budgets[id] ?? 0;
    const debts = owed[id] ?? [];
    const debt = debts.reduce((sum, { ms }) => sum + ms, 0);
    const paid = debt <= budget ? 1 : budget / debt;
    for (const { node, ms } of debts) budgets[node] = (budgets[node] ?? 0) + ms * paid;
    if (totals[id] !== null) selves[id] = Math.max(0, budget - debt);
  }
  return selves;
}

/** Rule 12: buffers are totals of all loops and processes, so they are subtracted as they are, along the same charges. */
function measureSelfBuffers(nodes: readonly PrintedNode[], charges: Charges): (BufferUsage | null)[] {
  const selves = nodes.map((node) => (node.totalBuffers === null ? null : { ...node.totalBuffers }));
  for (const payers of charges.payersOf) {
    for (const { payer, blocks } of payers) {
      const self = selves[payer];
      if (self === null || self === undefined || blocks === null) continue;
      for (const key of blockKinds) self[key] -= blocks[key];
    }
  }
  return selves;
}

/** Derives everything a Plan has beyond what was printed. */
export function measurePlan(printed: PrintedPlan): Plan {
  const { nodes } = printed;
  const participants = measureParticipants(nodes);
  const totals = nodes.map((node) => measureTotalMs(node, participants[node.id] ?? 1));
  const charges = findCharges(nodes, totals, participants);
  const selfMs = measureSelfMs(totals, charges);
  const selfBuffers = measureSelfBuffers(nodes, charges);
  const stopped = findStoppedEarly(nodes);
  const estimates = measureEstimates(printed, participants, stopped);
  const disabled = findDisabledNodes(nodes);
  const measured = nodes.map((node): PlanNode => {
    const isUnreadRoot = charges.roots.has(node.id) && (charges.payersOf[node.id]?.length ?? 0) === 0;
    return {
      ...node,
      parent: isUnreadRoot ? null : node.parent,
      relationship: isUnreadRoot ? null : node.relationship,
      participants: participants[node.id] ?? 1,
      totalMs: totals[node.id] ?? null,
      selfMs: selfMs[node.id] ?? null,
      selfBuffers: selfBuffers[node.id] ?? null,
      neverExecuted: node.loops === 0,
      stoppedEarly: stopped.has(node.id),
      disabled: disabled.has(node.id),
      ...(estimates[node.id] ?? { estimateFactor: null, estimateDirection: null }),
    };
  });
  return { ...printed, nodes: measured, ...measureOutside(printed, selfMs) };
}
