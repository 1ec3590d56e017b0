import { formatRatio } from '../../format/numbers';
import { formatTotalRows } from '../../format/plan-cells';
import {
  askIndexAdvisor,
  definePlanRule,
  filterOf,
  hasWeight,
  measured,
  savedMsOf,
  severityOf,
  type PlanObservation,
} from '../plan-rule';
import { relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** Below this the whole table is read in a few milliseconds; an index would not be felt. (The threshold of pgMustard's and PEV2's kind of advice; 10,000 narrow rows are about 100 blocks.) */
const minRowsRemoved = 10_000;
/** An index pays off when it skips most of the table: PostgreSQL itself prefers the scan from about a tenth of the rows. */
const minRemovedRatio = 0.9;

export const sequentialScanDiscardsRows = definePlanRule({
  id: 'sequential-scan-discards-rows',
  title: 'A sequential scan reads rows only to discard them',
  check: (tree) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (node.type !== 'Seq Scan' || !hasWeight(tree, node)) return [];
      const removed = totalRowsRemovedByFilter(node);
      const kept = totalRows(node);
      if (removed === null || kept === null || removed < minRowsRemoved) return [];
      const removedRatio = removed / (removed + kept);
      if (removedRatio < minRemovedRatio) return [];
      const savedRatio = selfRatio(tree, node) * removedRatio;
      const table = relationLabel(node) ?? 'a table';
      const filter = filterOf(node);
      return [
        {
          node,
          severity: severityOf(savedRatio),
          message:
            `The sequential scan of ${table} read ${formatTotalRows(node, removed + kept)} rows and its filter discarded ` +
            `${formatRatio(removedRatio)} of them.`,
          advice:
            `See whether an index can find the rows${filter === null ? '' : ` of ${filter}`}: columns compared by = first, then ` +
            `one compared by a range; a condition that is always the same constant can be the WHERE of a partial index. ${askIndexAdvisor}`,
          evidence: [
            measured('rows removed by the filter', removed, 'rows'),
            measured('rows kept', kept, 'rows'),
            measured('share removed', removedRatio, 'ratio'),
            ...(filter === null ? [] : [measured('filter', filter, null)]),
          ],
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
