import { formatTotalRows } from '../../format/plan-cells';
import { findComparisons, isConstant } from '../conditions';
import { askIndexAdvisor, atStake, definePlanRule, filterOf, hasWeight, measured, observeNodes } from '../plan-rule';
import { relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** Where the filter keeps more, no index would be used, whatever it compares. */
const minRemovedRatio = 0.9;
/** Fewer rows are looked at in well under a millisecond. */
const minRowsRemoved = 1000;

/** A call with a column in it: "lower(name)", "date_trunc('day'::text, o.placed_on)", "EXTRACT(year FROM placed_on)". */
const call = /^\(?([a-zA-Z_][\w.]*)\(.*[a-z_]/s;

export const functionOnColumn = definePlanRule({
  id: 'function-on-column',
  title: 'A filter compares the result of a function on a column',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const filter = filterOf(node);
      const removed = totalRowsRemovedByFilter(node);
      const kept = totalRows(node);
      if (filter === null || node.relation === null || removed === null || kept === null) return null;
      const removedRatio = removed / Math.max(1, removed + kept);
      if (removed < minRowsRemoved || removedRatio < minRemovedRatio || !hasWeight(tree, node)) return null;
      const found = findComparisons(filter).find(({ left, right }) => call.test(left) && isConstant(right));
      const name = found === undefined ? undefined : call.exec(found.left)?.[1];
      if (found === undefined || name === undefined) return null;
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * removedRatio),
        message:
          `The filter compares ${found.left} in each of ${formatTotalRows(node, removed + kept)} rows of ` +
          `${relationLabel(node) ?? 'a table'}: an index on the column alone can't find them.`,
        advice: /^(?:date_trunc|date_part|extract|to_char)$/i.test(name)
          ? `Compare the column itself with a range (column >= start AND column < end), which an index on it serves. ${askIndexAdvisor}`
          : `Compare the column itself, or index the expression ${found.left}: its statistics come with the index. An expression can ` +
            'only be indexed if its functions are IMMUTABLE.',
        evidence: [
          measured('rows removed by the filter', removed, 'rows'),
          measured('rows kept', kept, 'rows'),
          measured('expression', found.left, null),
        ],
      };
    }),
});
