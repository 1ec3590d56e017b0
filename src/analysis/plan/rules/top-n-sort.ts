import { formatMs, formatQuantity } from '../../format/numbers';
import { formatTotalRows } from '../../format/plan-cells';
import { textField, textsField, workersOf } from '../fields';
import {
  definePlanRule,
  filterOf,
  isWorthwhile,
  measured,
  savedMsOf,
  severityOf,
  type PlanObservation,
} from '../plan-rule';
import type { PlanNode } from '../plan';
import { inputsOf, relationLabel, totalRows } from '../plan-tree';

/** As for a sequential scan that discards rows: fewer are read and sorted in a few milliseconds. */
const minRowsRead = 10_000;
/** Where more than a tenth of the rows is wanted, PostgreSQL itself often prefers reading and sorting all to an index. */
const mostKeptRatio = 0.1;

/** The rows of one table: an index of it can give them in order. No index gives the order of a join or of a sum. */
const scans: ReadonlySet<string> = new Set(['Seq Scan', 'Index Scan', 'Index Only Scan', 'Bitmap Heap Scan']);

/** The server's name for a sort that keeps only the first rows, which a LIMIT asks for. */
const topNMethod = 'top-N heapsort';

/** Per loop it is an average, with decimals from PostgreSQL 18 on; nobody keeps a half row. */
function formatKeptRows({ actualRows, loops }: PlanNode): string {
  if (loops === 1) return formatQuantity(actualRows, 'row');
  const rows = actualRows === null || actualRows === 0 ? actualRows : Math.max(1, Math.round(actualRows));
  return `about ${formatQuantity(rows, 'row')} in each loop`;
}

export const topNSort = definePlanRule({
  id: 'top-n-sort',
  title: 'A sort reads many rows to keep a few',
  check: (tree) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (![node, ...workersOf(node)].some((process) => textField(process, 'Sort Method') === topNMethod)) return [];
      const [scan] = inputsOf(tree, node);
      if (scan === undefined || !scans.has(scan.type) || node.totalMs === null || tree.wholeMs === null) return [];
      const read = totalRows(scan);
      const kept = totalRows(node);
      if (read === null || kept === null || read < minRowsRead || kept > read * mostKeptRatio) return [];
      const ratio = tree.wholeMs === 0 ? 0 : Math.min(1, node.totalMs / tree.wholeMs);
      if (!isWorthwhile(tree, ratio)) return [];
      const savedRatio = ratio * (1 - kept / read);
      const key = textsField(node, 'Sort Key').join(', ');
      const filter = filterOf(scan) ?? textField(scan, 'Index Cond') ?? textField(scan, 'Recheck Cond');
      return [
        {
          node,
          severity: severityOf(savedRatio),
          message:
            `To keep ${formatKeptRows(node)}, the sort by ${key} read ` +
            `${formatTotalRows(scan, read)} rows of ${relationLabel(scan) ?? 'a table'}, which took ${formatMs(node.totalMs)} in all.`,
          advice:
            `An index on ${key} gives the rows in this order, so that reading can stop after the first ones` +
            (filter === null
              ? '.'
              : `; for the condition ${filter}, put columns compared by = before those of the sort, or the rows that do not fit are read as well.`),
          evidence: [
            measured('rows read by the sort', Math.round(read), 'rows'),
            measured('rows kept', Math.round(kept), 'rows'),
            measured('time of the scan and the sort', node.totalMs, 'ms'),
          ],
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
