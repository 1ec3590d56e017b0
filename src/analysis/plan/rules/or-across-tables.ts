import { findAlternatives, findAliases, findConjuncts } from '../conditions';
import { numberField, textField } from '../fields';
import { formatCompactCount } from '../../format/numbers';
import { atStake, definePlanRule, hasWeight, measured, observeNodes, unknownPlanRatio } from '../plan-rule';
import { nodeLabel, selfRatio, totalRows } from '../plan-tree';

/** An OR that has columns of more than one relation: no index and no hash table can serve it as a whole. */
export function isOrAcrossTables(condition: string): boolean {
  return findConjuncts(condition).some((part) => {
    const alternatives = findAlternatives(part);
    return alternatives.length > 1 && findAliases(alternatives.join(' ')).size > 1;
  });
}

export const orAcrossTables = definePlanRule({
  id: 'or-across-tables',
  title: 'An OR across tables has every pair of rows compared',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const filter = textField(node, 'Join Filter');
      if (filter === null || !isOrAcrossTables(filter) || !hasWeight(tree, node)) return null;
      const removed = (numberField(node, 'Rows Removed by Join Filter') ?? 0) * (node.loops ?? 1);
      const pairs = removed + (totalRows(node) ?? 0);
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * unknownPlanRatio),
        message:
          `${nodeLabel(node)} joins by an OR of columns of several tables, ${filter}` +
          (node.loops === null ? '.' : `: it compared ${formatCompactCount(pairs)} pairs of rows.`),
        advice:
          'Write one SELECT for each side of the OR and combine them with UNION (or with UNION ALL where no row can come twice): each ' +
          'can use an index or a hash join of its own.',
        evidence: [
          measured('join filter', filter, null),
          ...(node.loops === null ? [] : [measured('pairs compared', pairs, 'rows')]),
        ],
      };
    }),
});
