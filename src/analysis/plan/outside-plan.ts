// Rules 8 and 9: what of the execution time is in no node.
import { numberField, objectField, objectsField, type WithFields } from './fields';
import type { PrintedNode, PrintedPlan } from './metrics';
import type { OutsidePlan, Plan } from './plan';

/** Times are printed in thousandths of a millisecond, and here several of them are compared. */
const roundingMs = 0.01;

/** Code generation of one process, or of all where the figure is the statement's; 0 when nothing was compiled. */
function generationMs(of: WithFields): number {
  const jit = objectField(of, 'JIT');
  const timing = jit === null ? null : objectField(jit, 'Timing');
  if (timing === null) return 0;
  // from PostgreSQL 17 generation has parts of its own
  const generation = objectField(timing, 'Generation');
  return (generation === null ? numberField(timing, 'Generation') : numberField(generation, 'Total')) ?? 0;
}

/**
 * JIT generates code while the executor starts, outside the nodes; inlining, optimization and emission happen when a node
 * first runs its expression. Workers' figures are inside the statement's and, with VERBOSE, at the nodes they ran.
 */
function jitTimes(plan: PrintedPlan): { totalMs: number | null; leaderGenerationMs: number } {
  const jit = objectField(plan, 'JIT');
  const timing = jit === null ? null : objectField(jit, 'Timing');
  if (timing === null) return { totalMs: null, leaderGenerationMs: 0 };
  const ofWorkers = plan.nodes
    .flatMap((node) => objectsField(node, 'Workers'))
    .reduce((sum, worker) => sum + generationMs(worker), 0);
  return { totalMs: numberField(timing, 'Total'), leaderGenerationMs: Math.max(0, generationMs(plan) - ofWorkers) };
}

/**
 * Tells triggers that ran inside ModifyTable from those after the plan. EXPLAIN lists both and says of none when it ran.
 * Constraint triggers always run after. Each of the others, the heaviest first, is put where it fits: inside when the
 * time that no node explains has no room for it, and where both have room, where less would be left over. A server that
 * pauses between two steps makes one of the two larger, seldom by just what the trigger took.
 */
function placeTriggers(
  triggers: PrintedPlan['triggers'],
  modifyTableMs: number,
  unexplainedMs: number | null,
): Plan['triggers'] {
  let insideMs = modifyTableMs;
  // without timing nothing tells: taken to have run after, as most triggers do
  let afterMs = unexplainedMs ?? Number.POSITIVE_INFINITY;
  const inside = new Set<PrintedPlan['triggers'][number]>();
  const heaviestFirst = triggers.toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0));
  for (const constraint of [true, false]) {
    for (const trigger of heaviestFirst) {
      if ((trigger.constraint !== null) !== constraint || trigger.totalMs === null) continue;
      const fits = (roomMs: number) => (trigger.totalMs ?? 0) <= roomMs + roundingMs;
      if (constraint || (fits(afterMs) && !(fits(insideMs) && insideMs < afterMs))) {
        afterMs = Math.max(0, afterMs - trigger.totalMs);
      } else {
        insideMs = Math.max(0, insideMs - trigger.totalMs);
        inside.add(trigger);
      }
    }
  }
  return triggers.map((trigger) => ({ ...trigger, insidePlan: inside.has(trigger) }));
}

/** The parts outside the plan, given the self time of each node (null without timing). */
export function measureOutside(
  plan: PrintedPlan,
  selfMs: readonly (number | null)[],
): { outside: OutsidePlan; triggers: Plan['triggers'] } {
  const jit = jitTimes(plan);
  const serialization = objectField(plan, 'Serialization');
  const serializationMs = serialization === null ? null : numberField(serialization, 'Time');
  const { executionMs, nodes } = plan;
  const sumOf = (isCounted: (node: PrintedNode) => boolean) =>
    nodes.reduce((sum, node) => sum + (isCounted(node) ? (selfMs[node.id] ?? 0) : 0), 0);
  const modifyTableMs = sumOf(({ type }) => type === 'ModifyTable');
  if (executionMs === null || selfMs.every((ms) => ms === null)) {
    const triggers = placeTriggers(plan.triggers, modifyTableMs, null);
    const none: OutsidePlan = {
      triggersMs: null,
      jitMs: jit.totalMs,
      jitOutsideMs: null,
      serializationMs,
      unattributedMs: null,
    };
    return { outside: none, triggers };
  }
  const afterPlanMs = Math.max(0, executionMs - sumOf(() => true) - (serializationMs ?? 0));
  const triggers = placeTriggers(plan.triggers, modifyTableMs, afterPlanMs);
  const after = triggers.filter(({ insidePlan, totalMs }) => !insidePlan && totalMs !== null);
  const triggersMs = after.reduce((sum, { totalMs }) => sum + (totalMs ?? 0), 0);
  const restMs = Math.max(0, afterPlanMs - triggersMs);
  const jitOutsideMs = jit.totalMs === null ? null : Math.min(jit.leaderGenerationMs, restMs);
  return {
    outside: {
      triggersMs: after.length === 0 ? null : triggersMs,
      jitMs: jit.totalMs,
      jitOutsideMs,
      serializationMs,
      unattributedMs: restMs - (jitOutsideMs ?? 0),
    },
    triggers,
  };
}
