import { formatRatio } from '../../format/numbers';
import { formatTotalRows } from '../../format/plan-cells';
import { textField } from '../fields';
import {
  askIndexAdvisor,
  definePlanRule,
  filterOf,
  hasWeight,
  measured,
  savedMsOf,
  type PlanObservation,
} from '../plan-rule';
import { inputsOf, relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';
import { isWalkedForOrder } from './order-by-limit-index';

/** From here on the index finds more rows that are thrown away than rows that are wanted. */
const warnFromRatio = 0.5;
/** Nineteen of twenty rows fetched for nothing: the index is hardly one for this query. */
const criticalFromRatio = 0.95;

const scans: ReadonlySet<string> = new Set(['Index Scan', 'Index Only Scan', 'Bitmap Heap Scan']);

export const indexScanDiscardsRows = definePlanRule({
  id: 'index-scan-discards-rows',
  title: 'An index finds rows that the filter then discards',
  check: (tree) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (!scans.has(node.type) || !hasWeight(tree, node) || isWalkedForOrder(tree, node)) return [];
      const removed = totalRowsRemovedByFilter(node);
      const kept = totalRows(node);
      const filter = filterOf(node);
      if (removed === null || kept === null || filter === null || removed === 0) return [];
      const removedRatio = removed / (removed + kept);
      if (removedRatio < warnFromRatio) return [];
      const savedRatio = selfRatio(tree, node) * removedRatio;
      // a bitmap's indexes are below it, and there may be several
      const index = node.index ?? inputsOf(tree, node)[0]?.index ?? null;
      const condition = textField(node, 'Index Cond') ?? textField(node, 'Recheck Cond');
      return [
        {
          node,
          severity: removedRatio >= criticalFromRatio ? 'critical' : 'medium',
          message:
            `${index === null ? 'The bitmap scan' : `The index ${index}`} found ${formatTotalRows(node, removed + kept)} rows of ` +
            `${relationLabel(node) ?? 'a table'}, and the filter ${filter} discarded ${formatRatio(removedRatio)} of them.`,
          advice:
            `See whether one index can hold ${condition === null ? "the index's columns" : `the columns of ${condition}`} and those of ` +
            `the filter: columns compared by = first, then one compared by a range. ${askIndexAdvisor}`,
          evidence: [
            measured('rows removed by the filter', removed, 'rows'),
            measured('rows kept', kept, 'rows'),
            measured('share removed', removedRatio, 'ratio'),
            measured('filter', filter, null),
          ],
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
