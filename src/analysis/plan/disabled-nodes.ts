// Rule 13: nodes that the planner took although an enable_* setting forbids them.
import type { PrintedNode } from './metrics';

/** Up to PostgreSQL 17 a forbidden node costs this much more (disable_cost in the server's costsize.c). */
const disableCost = 1e10;

/** From 18 the server says it ("Disabled"); before, a node is forbidden whose cost is so high though no child's is. */
export function findDisabledNodes(nodes: readonly PrintedNode[]): Set<number> {
  const disabled = new Set<number>();
  const inherited = new Set<number>();
  for (const { parent, totalCost } of nodes)
    if (parent !== null && (totalCost ?? 0) >= disableCost) inherited.add(parent);
  for (const { id, totalCost, fields } of nodes) {
    const printed = fields['Disabled'];
    if (typeof printed === 'boolean' ? printed : (totalCost ?? 0) >= disableCost && !inherited.has(id))
      disabled.add(id);
  }
  return disabled;
}
