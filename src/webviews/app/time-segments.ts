// Where the time of a statement went, as parts of the whole: planning, then what the execution time is made of.
import { executionParts } from '../../analysis/format/plan-cells';
import type { Plan } from '../../analysis/plan/plan';

export interface TimeSegment {
  /** Names its colour. */
  id: string;
  label: string;
  title: string;
  ms: number;
  /** 0 to 1 of all segments. */
  share: number;
}

/** What the parts are called by the formats, and what a reader may want to know of them. */
const explanations: Record<string, { id: string; title: string }> = {
  planning: { id: 'planning', title: 'Choosing the plan, before the execution' },
  'JIT before the plan': {
    id: 'jit',
    title: 'Generating code before the plan ran; the rest of JIT is inside the nodes',
  },
  plan: { id: 'plan', title: "Running the plan's nodes" },
  serialization: { id: 'serialization', title: 'Turning the rows into what a client would get' },
  'triggers after the plan': {
    id: 'triggers',
    title: 'Triggers that ran after the plan; BEFORE triggers are inside the node that writes',
  },
  'start and end': { id: 'start-end', title: 'Execution time in no other part: starting and ending the executor' },
};

/** The parts that took time; empty when nothing was measured. */
export function toTimeSegments(plan: Plan): TimeSegment[] {
  const { planningMs } = plan;
  const parts = [...(planningMs === null ? [] : [['planning', planningMs] as const]), ...executionParts(plan)];
  const sumMs = parts.reduce((sum, [, ms]) => sum + ms, 0);
  return parts.map(([name, ms]) => {
    const { id, title } = explanations[name] ?? { id: 'start-end', title: name };
    return { id, label: name.charAt(0).toUpperCase() + name.slice(1), title, ms, share: sumMs === 0 ? 0 : ms / sumMs };
  });
}
