import { formatMs, formatQuantity } from '../../format/numbers';
import { askIndexAdvisor, atStake, definePlanRule, measured, type PlanObservation } from '../plan-rule';
import { findTriggerNode, isForeignKeyTrigger, triggerRatio } from '../triggers';

/** The catalogue of this project's plan rules: a tenth is felt. */
const minTriggerRatio = 0.1;
/** With an index a row's foreign key is checked in some hundredths of a millisecond. */
const minMsPerCall = 0.1;

export const foreignKeyWithoutIndex = definePlanRule({
  id: 'foreign-key-without-index',
  title: 'Checking a foreign key takes long for each row',
  check: (tree) =>
    tree.plan.triggers.flatMap((trigger): PlanObservation[] => {
      const { constraint, totalMs, calls } = trigger;
      const node = findTriggerNode(tree, trigger);
      if (constraint === null || totalMs === null || calls === 0 || node === null) return [];
      if (!isForeignKeyTrigger(trigger) || totalMs / calls < minMsPerCall) return [];
      // the check of a new row looks for its key, and that has an index always
      const isReferencing = trigger.name.startsWith('RI_ConstraintTrigger_c') || node.fields['Operation'] === 'Insert';
      const ratio = triggerRatio(tree, trigger);
      if (isReferencing || ratio < minTriggerRatio) return [];
      return [
        {
          node,
          ...atStake(tree, ratio),
          message: `The foreign key ${constraint} took ${formatMs(totalMs)} for ${formatQuantity(calls, 'row')}: ${formatMs(totalMs / calls)} for each.`,
          advice:
            'For every row that is deleted, or whose key changes, the rows that refer to it are looked for. Without an index on the ' +
            `referencing columns that reads their whole table each time: see whether there is one. ${askIndexAdvisor}`,
          evidence: [
            measured('time of the foreign key', totalMs, 'ms'),
            measured('rows checked', calls, 'rows'),
            measured('time for each row', totalMs / calls, 'ms'),
          ],
        },
      ];
    }),
});
