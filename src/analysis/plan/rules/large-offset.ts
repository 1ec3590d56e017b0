import { formatCount, formatMs } from '../../format/numbers';
import { atStake, definePlanRule, isWorthwhile, measured, observeNodes, totalRatio } from '../plan-rule';
import { inputsOf } from '../plan-tree';

/** Thousands of rows made only to be skipped: page 500 of 20 rows each. */
const minSkippedRows = 10_000;

export const largeOffset = definePlanRule({
  id: 'large-offset',
  title: 'OFFSET skips rows that had to be made first',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const [below] = inputsOf(tree, node);
      const made = below?.actualRows ?? null;
      if (node.type !== 'Limit' || made === null || node.actualRows === null) return null;
      const skipped = made - node.actualRows;
      const ratio = totalRatio(tree, node);
      if (skipped < minSkippedRows || ratio === null) return null;
      const savedRatio = (ratio * skipped) / made;
      if (!isWorthwhile(tree, savedRatio)) return null;
      return {
        node,
        ...atStake(tree, savedRatio),
        message: `OFFSET skipped ${formatCount(skipped)} rows to return ${formatCount(node.actualRows)}; making them took ${formatMs(node.totalMs)}.`,
        advice:
          'Remember the last row of the page before and go on from there: WHERE (sort columns) > (its values) ORDER BY sort columns ' +
          'LIMIT n. With an index on these columns every page is as fast as the first.',
        evidence: [measured('rows skipped', skipped, 'rows'), measured('rows returned', node.actualRows, 'rows')],
      };
    }),
});
