import { formatCompactCount, formatRatio } from '../../format/numbers';
import { numberField, textField } from '../fields';
import { askIndexAdvisor, atStake, definePlanRule, hasWeight, measured, observeNodes } from '../plan-rule';
import { nodeLabel, selfRatio, totalRows } from '../plan-tree';
import { isOrAcrossTables } from './or-across-tables';

/** As for a scan that discards rows. */
const minRowsRemoved = 10_000;
/** A million pairs are compared in a tenth of a second or more. */
const criticalRowsRemoved = 1_000_000;

export const joinFilter = definePlanRule({
  id: 'join-filter',
  title: 'A join makes pairs of rows only to discard them',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const filter = textField(node, 'Join Filter');
      const perLoop = numberField(node, 'Rows Removed by Join Filter');
      if (filter === null || perLoop === null || isOrAcrossTables(filter) || !hasWeight(tree, node)) return null;
      const removed = perLoop * (node.loops ?? 1);
      const kept = totalRows(node) ?? 0;
      if (removed < minRowsRemoved) return null;
      const removedRatio = removed / (removed + kept);
      const stake = atStake(tree, selfRatio(tree, node) * removedRatio);
      return {
        node,
        ...stake,
        severity: removed >= criticalRowsRemoved ? 'critical' : stake.severity,
        message:
          `${nodeLabel(node)} compared ${formatCompactCount(removed + kept)} pairs of rows by ${filter} and discarded ` +
          `${formatRatio(removedRatio)} of them.`,
        advice:
          'A condition with = on plain columns of both sides lets PostgreSQL hash or merge instead of comparing all pairs. For a range, ' +
          `an index on the compared column of the inner side finds its rows. ${askIndexAdvisor}`,
        evidence: [
          measured('pairs removed by the join filter', removed, 'rows'),
          measured('pairs kept', kept, 'rows'),
          measured('join filter', filter, null),
        ],
      };
    }),
});
