// What the rules on triggers ask of a plan: EXPLAIN lists triggers apart from the nodes, with a name and a relation.
import type { Plan, PlanNode } from './plan';
import type { PlanTree } from './plan-tree';

export type PlanTrigger = Plan['triggers'][number];

/** Made by PostgreSQL for a foreign key. Text without VERBOSE prints the constraint alone, which a user's trigger may have too. */
export function isForeignKeyTrigger({ name, constraint }: PlanTrigger): boolean {
  return constraint !== null && (name.startsWith('RI_ConstraintTrigger_') || name === constraint);
}

/** The node that changes the trigger's relation, or the statement's first one. */
export function findTriggerNode(tree: PlanTree, { relation }: PlanTrigger): PlanNode | null {
  const writing = tree.plan.nodes.filter(({ type }) => type === 'ModifyTable');
  return writing.find((node) => node.relation === relation) ?? writing[0] ?? tree.roots[0] ?? null;
}

/** Share of the statement, 0 to 1; 0 without timing. */
export function triggerRatio({ wholeMs }: PlanTree, { totalMs }: PlanTrigger): number {
  return wholeMs === null || wholeMs === 0 || totalMs === null ? 0 : Math.min(1, totalMs / wholeMs);
}
