import { formatCount, formatMs } from '../../format/numbers';
import {
  askIndexAdvisor,
  atStake,
  definePlanRule,
  isWorthwhile,
  measured,
  observeNodes,
  totalRatio,
  unknownPlanRatio,
} from '../plan-rule';
import { nodeLabel, parentOf } from '../plan-tree';
import { isUnhashedNotIn } from './not-in-not-hashed';

/** Fewer runs are cheap in any plan, as for a nested loop. */
const minLoops = 1000;

export const correlatedSubplan = definePlanRule({
  id: 'correlated-subplan',
  title: 'A subquery runs once for each row',
  check: (tree) =>
    observeNodes(tree, (node) => {
      if (node.relationship !== 'SubPlan' || (node.loops ?? 0) < minLoops || isUnhashedNotIn(tree, node)) return null;
      const ratio = totalRatio(tree, node);
      if (ratio === null || !isWorthwhile(tree, ratio)) return null;
      const above = parentOf(tree, node);
      return {
        node,
        ...atStake(tree, ratio * unknownPlanRatio),
        message:
          `${node.subplanName ?? 'A subquery'} ran ${formatCount(node.loops)} times, once for each row` +
          `${above === null ? '' : ` of ${nodeLabel(above)}`}, which took ${formatMs(node.totalMs)} in all.`,
        advice:
          'Written as a join, or as a LATERAL subquery over fewer rows, it runs once for all of them. Where it has to stay, an ' +
          `index on the columns that tie it to the outer row makes each run cheaper. ${askIndexAdvisor}`,
        evidence: [measured('loops', node.loops ?? 0, null), measured('time of the subquery', node.totalMs ?? 0, 'ms')],
      };
    }),
});
