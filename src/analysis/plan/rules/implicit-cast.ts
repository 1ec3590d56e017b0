import { formatTotalRows } from '../../format/plan-cells';
import { findComparisons, isConstant, toCastColumn } from '../conditions';
import { atStake, definePlanRule, filterOf, hasWeight, measured, observeNodes, type PlanFacts } from '../plan-rule';
import type { PlanNode } from '../plan';
import { relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** As for a function on a column: where the filter keeps more, no index would be used. */
const minRemovedRatio = 0.9;
const minRowsRemoved = 1000;

/** Casts to these are printed for columns of type varchar and the like too, where they change nothing and an index serves. */
const relabels: ReadonlySet<string> = new Set(['text', 'character varying', 'bpchar', 'oid', 'regclass']);

function columnTypeOf(node: PlanNode, column: string, facts: PlanFacts): string | null {
  const table = `${node.schema ?? ''}.${node.relation ?? ''}`;
  return facts.tableStatistics?.get(table)?.columnTypes?.get(column) ?? null;
}

/** Whether comparing the cast column is something else than comparing the column. */
function isRealCast(castTo: string, columnType: string | null): boolean {
  const bare = castTo.replace(/\(.*/, '');
  if (!relabels.has(bare)) return true;
  // only the catalogue tells an integer from a varchar here
  return columnType !== null && !/^(?:character varying|text|character\b|name|"char"|oid|reg\w+)/.test(columnType);
}

export const implicitCast = definePlanRule({
  id: 'implicit-cast',
  title: 'A column is cast to another type before it is compared',
  check: (tree, facts) =>
    observeNodes(tree, (node) => {
      const filter = filterOf(node);
      const removed = totalRowsRemovedByFilter(node);
      const kept = totalRows(node);
      if (filter === null || node.relation === null || removed === null || kept === null) return null;
      const removedRatio = removed / Math.max(1, removed + kept);
      if (removed < minRowsRemoved || removedRatio < minRemovedRatio || !hasWeight(tree, node)) return null;
      for (const { left, right } of findComparisons(filter)) {
        const cast = toCastColumn(left);
        if (cast === null || !isConstant(right)) continue;
        const columnType = columnTypeOf(node, cast.column, facts);
        if (!isRealCast(cast.type, columnType)) continue;
        const ofType = columnType === null ? '' : ` (${columnType})`;
        return {
          node,
          ...atStake(tree, selfRatio(tree, node) * removedRatio),
          message:
            `The column ${cast.column}${ofType} is cast to ${cast.type} in each of ${formatTotalRows(node, removed + kept)} rows of ` +
            `${relationLabel(node) ?? 'a table'} to be compared with ${right}: an index on the column can't be used.`,
          advice:
            `Give the value in the column's type${columnType === null ? '' : `: cast it to ${columnType}`}, in the statement or in the driver, ` +
            'so that the value is cast once and not the column for each row. A timestamp that is cast to a date can be compared with a range.',
          evidence: [
            measured('rows removed by the filter', removed, 'rows'),
            measured('rows kept', kept, 'rows'),
            measured('comparison', `${left} with ${right}`, null),
          ],
        };
      }
      return null;
    }),
});
