import { formatCount, formatMs } from '../../format/numbers';
import { atStake, definePlanRule, isWorthwhile, measured, observeNodes, totalRatio } from '../plan-rule';
import { parentOf } from '../plan-tree';

/** Fewer passes over rows in memory cost next to nothing. */
const minLoops = 100;

export const materializeRescans = definePlanRule({
  id: 'materialize-rescans',
  title: 'Kept rows are gone through again and again',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const loops = node.loops ?? 0;
      const ratio = totalRatio(tree, node);
      // the list of a NOT IN is spoken of as such
      if (
        node.type !== 'Materialize' ||
        parentOf(tree, node)?.type !== 'Nested Loop' ||
        node.relationship === 'SubPlan'
      )
        return null;
      if (loops < minLoops || ratio === null) return null;
      const savedRatio = ratio * (1 - 1 / loops);
      if (!isWorthwhile(tree, savedRatio)) return null;
      return {
        node,
        ...atStake(tree, savedRatio),
        message:
          `The ${formatCount(node.actualRows)} rows that Materialize keeps were gone through ${formatCount(loops)} times, which took ` +
          `${formatMs(node.totalMs)}.`,
        advice:
          'A hash join would look each row up once. It needs a condition with = on both sides, enough work_mem, and enable_hashjoin on; ' +
          'if the outer side was expected to have far fewer rows, mend that estimate.',
        evidence: [
          measured('passes', loops, null),
          measured('rows of each', node.actualRows ?? 0, 'rows'),
          measured('time of the passes', node.totalMs ?? 0, 'ms'),
        ],
      };
    }),
});
