// A join with one side, a sort of nothing: the formats without an end of their own (TEXT, YAML) show so that they were cut.
import { leastChildren } from './node-types';
import { failDamaged, type Place, type PlanFields } from './plan-source';

/** Refuses a node that has fewer nodes below it than its type always has. */
export function checkChildren(node: PlanFields, children: readonly PlanFields[], place: Place): void {
  const type = String(node['Node Type']);
  const inputs = children.filter(({ 'Subplan Name': subplan }) => subplan === undefined).length;
  if (inputs >= (leastChildren[type] ?? 0)) return;
  failDamaged(`The node ${type} has ${inputs === 0 ? 'no node' : 'only one node'} below it`, place);
}
