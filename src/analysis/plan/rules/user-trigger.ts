import { formatMs, formatQuantity, formatRatio } from '../../format/numbers';
import { atStake, definePlanRule, isWorthwhile, measured, unknownPlanRatio, type PlanObservation } from '../plan-rule';
import { findTriggerNode, isForeignKeyTrigger, triggerRatio } from '../triggers';

/** A tenth of the statement is felt; the trigger's own code is all that can change it. */
const minTriggerRatio = 0.1;

export const userTrigger = definePlanRule({
  id: 'user-trigger',
  title: "A trigger takes a good part of the statement's time",
  check: (tree) =>
    tree.plan.triggers.flatMap((trigger): PlanObservation[] => {
      const { name, relation, totalMs, calls, insidePlan } = trigger;
      const node = findTriggerNode(tree, trigger);
      const ratio = triggerRatio(tree, trigger);
      if (node === null || totalMs === null || isForeignKeyTrigger(trigger)) return [];
      if (ratio < minTriggerRatio || !isWorthwhile(tree, ratio)) return [];
      return [
        {
          node,
          // its work has to be done somehow
          ...atStake(tree, ratio * unknownPlanRatio),
          message:
            `The trigger ${name}${relation === null ? '' : ` of ${relation}`} took ${formatMs(totalMs)} in ${formatQuantity(calls, 'call')}, ` +
            `${formatRatio(ratio)} of the statement.`,
          advice:
            (calls > 1
              ? 'A FOR EACH STATEMENT trigger with transition tables (REFERENCING NEW TABLE AS ...) does the work of all rows at once. '
              : '') +
            'Look at what its function runs; what need not be done at once can be left to a job' +
            (insidePlan ? '.' : ', or to the end of the transaction with a DEFERRABLE constraint trigger.'),
          evidence: [
            measured('time of the trigger', totalMs, 'ms'),
            measured('calls', calls, null),
            measured('share of the statement', ratio, 'ratio'),
          ],
        },
      ];
    }),
});
