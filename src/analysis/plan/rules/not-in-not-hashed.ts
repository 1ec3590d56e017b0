import { formatCount, formatMs } from '../../format/numbers';
import { textField } from '../fields';
import type { PlanNode } from '../plan';
import { atStake, definePlanRule, isWorthwhile, measured, observeNodes, totalRatio } from '../plan-rule';
import { parentOf, type PlanTree } from '../plan-tree';

/**
 * What PostgreSQL puts on top of a subquery of NOT IN that does not depend on the outer row and is too large to be hashed:
 * up to 16 the filter alone does not tell NOT IN from NOT EXISTS.
 */
const keepers: ReadonlySet<string> = new Set(['Materialize', 'CTE Scan', 'Function Scan', 'Sort']);

const escapePattern = (text: string) => text.replace(/[^\w ]/g, '\\$&');

/** Whether the node is the list of a NOT IN that is looked through again for each row. */
export function isUnhashedNotIn(tree: PlanTree, node: PlanNode): boolean {
  const above = parentOf(tree, node);
  if (node.relationship !== 'SubPlan' || node.subplanName === null || above === null) return false;
  const subplan = escapePattern(node.subplanName);
  const condition = `${textField(above, 'Filter') ?? ''} ${textField(above, 'Join Filter') ?? ''}`;
  // from 17: "(NOT (ANY (a = (SubPlan 1).col1)))", or as it means the same "(a <> ALL ((SubPlan 1).col1))"
  if (new RegExp(`(?:NOT \\(ANY \\(|<> ALL \\().*\\(${subplan}\\)\\.col`).test(condition)) return true;
  return keepers.has(node.type) && new RegExp(`NOT \\(${subplan}\\)`).test(condition);
}

export const notInNotHashed = definePlanRule({
  id: 'not-in-not-hashed',
  title: 'NOT IN looks through its whole list for each row',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const loops = node.loops ?? 0;
      if (loops <= 1 || !isUnhashedNotIn(tree, node)) return null;
      const ratio = totalRatio(tree, node);
      if (ratio === null || !isWorthwhile(tree, ratio)) return null;
      return {
        node,
        // the list is made once in any case
        ...atStake(tree, ratio * (1 - 1 / loops)),
        message:
          `The list of NOT IN (${node.subplanName ?? 'a subquery'}) was too large for a hash table and was looked through ${formatCount(loops)} times, ` +
          `which took ${formatMs(node.totalMs)}.`,
        advice:
          'Write it as NOT EXISTS (SELECT ... WHERE key = outer.key): that is an anti join, and it does not lose all rows to a ' +
          'NULL in the list. More work_mem would make room for the hash table.',
        evidence: [
          measured('times looked through', loops, null),
          measured('time in the list', node.totalMs ?? 0, 'ms'),
        ],
      };
    }),
});
