import { formatCompactCount, formatCount } from '../../format/numbers';
import { findAliases, findComparisons, isConstant } from '../conditions';
import { textField, textsField } from '../fields';
import type { PlanNode } from '../plan';
import {
  atStake,
  definePlanRule,
  filterOf,
  isWorthwhile,
  measured,
  observeNodes,
  planned,
  totalRatio,
} from '../plan-rule';
import { inputsOf, nodeLabel, selfRatio, type PlanTree } from '../plan-tree';

/** A few settings beside each row are no accident; a thousand pairs are worth a look. */
const minPairs = 1000;

/** Their arguments may name the other side, which only VERBOSE prints. */
const lateral: ReadonlySet<string> = new Set([
  'Function Scan',
  'Table Function Scan',
  'Values Scan',
  'ProjectSet',
  'Result',
]);
const nameField = /(?:Name|Alias|Schema)$/;

function below(tree: PlanTree, node: PlanNode): PlanNode[] {
  return [node, ...(tree.children[node.id] ?? []).flatMap((child) => below(tree, child))];
}

/** Whether what runs on the inner side depends on the outer row. */
function dependsOn(tree: PlanTree, inner: PlanNode, outer: PlanNode): boolean {
  const aliases = new Set(below(tree, outer).flatMap(({ alias }) => (alias === null ? [] : [alias])));
  return below(tree, inner).some((node) => {
    if (lateral.has(node.type) || node.subplanName !== null) return true;
    return Object.keys(node.fields).some(
      (name) =>
        !nameField.test(name) &&
        textsField(node, name).some((text) => [...findAliases(text)].some((alias) => aliases.has(alias))),
    );
  });
}

/** Values that columns of a side are held equal to: a.x = 5 and b.x = 5 is what is left of a.x = b.x. */
function fixedValues(tree: PlanTree, side: PlanNode): Set<string> {
  const conditions = below(tree, side).flatMap((node) => [
    filterOf(node) ?? '',
    textField(node, 'Index Cond') ?? '',
    textField(node, 'Recheck Cond') ?? '',
  ]);
  return new Set(
    conditions.flatMap((condition) =>
      findComparisons(condition).flatMap(({ operator, right }) =>
        operator === '=' && isConstant(right) ? [right] : [],
      ),
    ),
  );
}

export const cartesianProduct = definePlanRule({
  id: 'cartesian-product',
  title: 'Every row of one side is paired with every row of the other',
  check: (tree) =>
    observeNodes(tree, (node) => {
      if (node.type !== 'Nested Loop' || node.joinType !== 'Inner' || textField(node, 'Join Filter') !== null)
        return null;
      const [outer, inner] = inputsOf(tree, node);
      if (outer === undefined || inner === undefined || inner.neverExecuted) return null;
      const rowsOf = ({ actualRows, plannedRows }: PlanNode) => actualRows ?? plannedRows ?? 0;
      const outerRows = rowsOf(outer);
      const innerRows = rowsOf(inner);
      if (outerRows <= 1 || innerRows <= 1 || outerRows * innerRows < minPairs) return null;
      const ratio = Math.min(1, selfRatio(tree, node) + (totalRatio(tree, inner) ?? selfRatio(tree, inner)));
      if (!isWorthwhile(tree, ratio) || dependsOn(tree, inner, outer)) return null;
      const fixed = fixedValues(tree, outer);
      if ([...fixedValues(tree, inner)].some((value) => fixed.has(value))) return null;
      const grade = node.loops === null ? planned : measured;
      return {
        node,
        ...atStake(tree, ratio * (1 - 1 / outerRows)),
        message:
          `Each of the ${formatCount(outerRows)} rows of ${nodeLabel(outer)} is paired with each of the ${formatCount(innerRows)} of ` +
          `${nodeLabel(inner)}: ${formatCompactCount(outerRows * innerRows)} pairs.`,
        advice:
          'Nothing joins the two sides. If a join condition was forgotten, add it; if every pair is wanted, reduce both sides before ' +
          'they are joined.',
        evidence: [
          grade('rows of the outer side', outerRows, 'rows'),
          grade('rows of the inner side', innerRows, 'rows'),
        ],
      };
    }),
});
