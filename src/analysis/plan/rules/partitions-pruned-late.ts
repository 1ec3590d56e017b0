import { formatCount, formatMs } from '../../format/numbers';
import { definePlanRule, measured } from '../plan-rule';
import { inputsOf } from '../plan-tree';

/** Planning a handful of partitions for nothing is cheap. */
const minNeverExecuted = 10;
/** Planning that takes less is not worth a reader's time, nor is a twentieth of the whole. */
const minPlanningMs = 1;
const minPlanningRatio = 0.05;

const appends: ReadonlySet<string> = new Set(['Append', 'Merge Append']);

export const partitionsPrunedLate = definePlanRule({
  id: 'partitions-pruned-late',
  title: 'Partitions were planned and locked, and then never read',
  check: (tree) => {
    const { nodes, planningMs, executionMs } = tree.plan;
    const found = nodes
      .filter(({ type, neverExecuted }) => appends.has(type) && !neverExecuted)
      .map((node) => {
        const parts = inputsOf(tree, node);
        return { node, parts: parts.length, never: parts.filter(({ neverExecuted }) => neverExecuted).length };
      })
      .filter(({ never }) => never >= minNeverExecuted)
      .toSorted((a, b) => b.never - a.never);
    const [most] = found;
    if (most === undefined || planningMs === null || executionMs === null) return [];
    if (planningMs < minPlanningMs || planningMs < minPlanningRatio * (planningMs + executionMs)) return [];
    const never = found.reduce((sum, each) => sum + each.never, 0);
    const parts = found.reduce((sum, each) => sum + each.parts, 0);
    return [
      {
        node: most.node,
        severity: 'low',
        message:
          `${formatCount(never)} of ${formatCount(parts)} partitions were planned and locked, and only at run time it was known that ` +
          `they are not needed; planning took ${formatMs(planningMs)}.`,
        advice:
          'Compare the partition key in WHERE with a constant or a parameter. What comes from a subquery, a join or a function that is ' +
          'not IMMUTABLE is known only when the statement runs.',
        evidence: [
          measured('partitions never read', never, null),
          measured('partitions planned', parts, null),
          measured('planning', planningMs, 'ms'),
        ],
        savedMs: (planningMs * never) / parts,
      },
    ];
  },
});
