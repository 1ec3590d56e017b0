import { formatQuantity } from '../../format/numbers';
import { formatTotalRows } from '../../format/plan-cells';
import { textField } from '../fields';
import type { PlanNode } from '../plan';
import { askIndexAdvisor, atStake, definePlanRule, filterOf, hasWeight, measured, observeNodes } from '../plan-rule';
import { parentOf, relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter, type PlanTree } from '../plan-tree';

/** An index that is walked in order pays as long as rows that fit come often: ten for nothing to each one is a poor bet. */
const minRemovedPerRow = 10;
/** Fewer rows are looked at in well under a millisecond. */
const minRemoved = 1000;

const scans: ReadonlySet<string> = new Set(['Index Scan', 'Index Only Scan']);
/** Nodes that hand rows on in the same order, one by one. */
const passing: ReadonlySet<string> = new Set(['Subquery Scan', 'Result', 'LockRows', 'ProjectSet', 'Gather Merge']);

function isBelowLimit(tree: PlanTree, node: PlanNode): boolean {
  let above = parentOf(tree, node);
  while (above !== null && passing.has(above.type)) above = parentOf(tree, above);
  return above?.type === 'Limit';
}

/** Whether a LIMIT made the planner walk a whole index for its order, in which rows that fit were rare. */
export function isWalkedForOrder(tree: PlanTree, node: PlanNode): boolean {
  const removed = totalRowsRemovedByFilter(node) ?? 0;
  return (
    scans.has(node.type) &&
    // with a condition the index was chosen for what it finds, not for its order
    textField(node, 'Index Cond') === null &&
    removed >= minRemoved &&
    removed >= minRemovedPerRow * (totalRows(node) ?? 0) &&
    isBelowLimit(tree, node)
  );
}

export const orderByLimitIndex = definePlanRule({
  id: 'order-by-limit-index',
  title: 'An index is walked in order to find the few rows of a LIMIT',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const filter = filterOf(node);
      if (filter === null || !hasWeight(tree, node) || !isWalkedForOrder(tree, node)) return null;
      const removed = totalRowsRemovedByFilter(node) ?? 0;
      const kept = totalRows(node) ?? 0;
      return {
        node,
        ...atStake(tree, (selfRatio(tree, node) * removed) / (removed + kept)),
        message:
          `To find ${formatQuantity(Math.round(kept), 'row')} in the order of ${node.index ?? 'an index'}, ${formatTotalRows(node, removed + kept)} rows of ` +
          `${relationLabel(node) ?? 'a table'} were read and all others discarded by ${filter}.`,
        advice:
          'The planner expected rows that fit to lie everywhere in this order. An index with the columns of the filter first and ' +
          `those of the ORDER BY after them finds the first rows at once. ${askIndexAdvisor}`,
        evidence: [
          measured('rows removed by the filter', removed, 'rows'),
          measured('rows kept', kept, 'rows'),
          measured('filter', filter, null),
        ],
      };
    }),
});
