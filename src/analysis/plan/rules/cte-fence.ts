import { formatCount, formatMs, formatRatio } from '../../format/numbers';
import { textField } from '../fields';
import { atStake, definePlanRule, filterOf, isWorthwhile, measured, observeNodes, totalRatio } from '../plan-rule';
import { totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** Below that most of what the CTE makes is wanted. */
const minRemovedRatio = 0.9;

/** They have to run as a whole, once. */
const fixed: ReadonlySet<string> = new Set(['ModifyTable', 'Recursive Union']);

export const cteFence = definePlanRule({
  id: 'cte-fence',
  title: 'A materialized CTE makes rows that its reader discards',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const name = textField(node, 'CTE Name');
      const filter = filterOf(node);
      if (node.type !== 'CTE Scan' || name === null || filter === null) return null;
      // read more than once, it is better computed once
      if (node.loops !== 1) return null;
      const sameName = (text: string | null) => text === name;
      const readers = tree.plan.nodes.filter((each) => sameName(textField(each, 'CTE Name')));
      const definitions = tree.plan.nodes.filter(({ subplanName }) => subplanName === `CTE ${name}`);
      const [definition] = definitions;
      if (readers.length !== 1 || definitions.length !== 1 || definition === undefined || fixed.has(definition.type))
        return null;
      const removed = totalRowsRemovedByFilter(node);
      const kept = totalRows(node);
      const ratio = totalRatio(tree, definition);
      if (removed === null || kept === null || removed === 0 || ratio === null) return null;
      const removedRatio = removed / (removed + kept);
      if (removedRatio < minRemovedRatio || !isWorthwhile(tree, ratio)) return null;
      return {
        node,
        ...atStake(tree, ratio * removedRatio),
        message:
          `The CTE ${name} made ${formatCount(removed + kept)} rows in ${formatMs(definition.totalMs)}, and ${filter} discarded ` +
          `${formatRatio(removedRatio)} of them.`,
        advice:
          'A materialized CTE is computed in full before its reader filters. It is read once only: with AS NOT MATERIALIZED, or as a ' +
          'plain subquery, the filter reaches its tables. (A CTE with a volatile function or FOR UPDATE stays as it is.)',
        evidence: [
          measured('rows removed by the filter', removed, 'rows'),
          measured('rows kept', kept, 'rows'),
          measured('time of the CTE', definition.totalMs ?? 0, 'ms'),
        ],
      };
    }),
});
