import { formatBytes, formatCount } from '../../format/numbers';
import { atStake, definePlanRule, hasWeight, measured, observeNodes, planned, unknownPlanRatio } from '../plan-rule';
import { nodeLabel, selfRatio, totalRows } from '../plan-tree';

/** At that size four rows fill a page, and larger values are stored apart (TOAST_TUPLE_THRESHOLD is about 2 kB). */
const minWidthBytes = 2000;
/** 20 MB of such rows. */
const minRows = 10_000;

export const wideRows = definePlanRule({
  id: 'wide-rows',
  title: 'Many wide rows are carried through the plan',
  check: (tree) => {
    const [widest] = observeNodes(tree, (node) => {
      const rows = totalRows(node);
      if (node.plannedWidth === null || node.plannedWidth < minWidthBytes) return null;
      if (rows === null || rows < minRows || !hasWeight(tree, node)) return null;
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * unknownPlanRatio),
        message:
          `${nodeLabel(node)} handled ${formatCount(rows)} rows of about ${formatBytes(node.plannedWidth)}: ` +
          `${formatBytes(rows * node.plannedWidth)} in all.`,
        advice:
          'Name the columns that are needed instead of *. Where the wide ones are needed for a few rows only, sort and filter keys first ' +
          'and join the wide columns to what is left.',
        evidence: [planned('width of a row', node.plannedWidth, 'bytes'), measured('rows', rows, 'rows')],
      };
      // nodes hand the same rows on: the one that suffers most is named
    }).toSorted((a, b) => selfRatio(tree, b.node) - selfRatio(tree, a.node));
    return widest === undefined ? [] : [widest];
  },
});
