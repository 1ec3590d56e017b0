import { formatCount } from '../../format/numbers';
import { numberField, textField } from '../fields';
import {
  askIndexAdvisor,
  atStake,
  definePlanRule,
  hasWeight,
  measured,
  observeNodes,
  unknownPlanRatio,
} from '../plan-rule';
import { selfRatio } from '../plan-tree';

/** Skipping from value to value is PostgreSQL 18's way to use an index without its first column; a hundred are many. */
const minSearchesPerLoop = 100;

export const manyIndexSearches = definePlanRule({
  id: 'many-index-searches',
  title: 'An index is searched many times in one scan',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const searches = numberField(node, 'Index Searches');
      const loops = Math.max(1, node.loops ?? 1);
      const perLoop = (searches ?? 0) / loops;
      if (searches === null || perLoop < minSearchesPerLoop || !hasWeight(tree, node)) return null;
      const condition = textField(node, 'Index Cond');
      // a list of values is searched for value by value whatever the index
      const isList = (condition ?? '').includes('= ANY (');
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * unknownPlanRatio),
        message:
          `The index ${node.index ?? ''} was searched ${formatCount(searches)} times in ` +
          `${loops === 1 ? 'one scan' : `${formatCount(loops)} scans`}${condition === null ? '' : ` for ${condition}`}.`,
        advice: isList
          ? 'Every value of the list is a search of its own. A join with the values (unnest) lets the planner choose another way.'
          : 'The condition leaves out the first column of the index, so each of its values is tried. An index that begins with the ' +
            `compared columns is searched once. ${askIndexAdvisor}`,
        evidence: [measured('index searches', searches, null), measured('loops', loops, null)],
      };
    }),
});
