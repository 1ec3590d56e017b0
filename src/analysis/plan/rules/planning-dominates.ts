import { formatMs, formatQuantity } from '../../format/numbers';
import { definePlanRule, measured, observeStatement } from '../plan-rule';

/** A statement that is planned in less is fast enough however it compares. */
const minPlanningMs = 5;

export const planningDominates = definePlanRule({
  id: 'planning-dominates',
  title: 'Planning takes longer than the execution',
  check: (tree) =>
    observeStatement(tree, (root) => {
      const { planningMs, executionMs, nodes } = tree.plan;
      if (planningMs === null || executionMs === null) return null;
      if (planningMs <= minPlanningMs || planningMs <= executionMs) return null;
      const relations = nodes.filter(({ relation }) => relation !== null).length;
      return {
        node: root,
        severity: 'medium',
        message:
          `Planning took ${formatMs(planningMs)} and the execution ${formatMs(executionMs)}; the plan reads ` +
          `${formatQuantity(relations, 'relation')}.`,
        advice:
          'Run once more before judging: the first statement of a session reads the catalogue as well. A prepared statement is planned ' +
          'once for many runs (plan_cache_mode = force_generic_plan where it keeps being planned); fewer partitions, fewer joins and ' +
          'fewer indexes are planned faster.',
        evidence: [
          measured('planning', planningMs, 'ms'),
          measured('execution', executionMs, 'ms'),
          measured('relations read', relations, null),
        ],
        savedMs: planningMs,
      };
    }),
});
