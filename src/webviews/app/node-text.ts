// What the tree writes of a node, from the words that every format of a plan uses.
import { subplanLabel } from '../../analysis/format/plan-cells';
import { nodeConditions, nodeLabel, operationLabel } from '../../analysis/plan/plan-tree';
import type { PlanNode } from '../../analysis/plan/plan';

export interface NodeWords {
  /** "CTE recent", "SubPlan 1"; empty for ordinary nodes. */
  role: string;
  /** "Parallel Seq Scan" */
  operation: string;
  /** " using orders_pkey on orders o", with the space before it; empty where the node is about no object. */
  target: string;
  /** The first of its conditions or keys, without the field's name; empty where it has none. */
  condition: string;
}

/** In a row the schema would take the room of the names: it is in the row's title and in the details. */
export function toRowWords(node: PlanNode): NodeWords {
  return toNodeWords({ ...node, schema: null });
}

export function toNodeWords(node: PlanNode): NodeWords {
  const operation = operationLabel(node);
  const [condition] = nodeConditions(node);
  return {
    role: subplanLabel(node) ?? '',
    operation,
    target: nodeLabel(node).slice(operation.length),
    condition: condition?.[1] ?? '',
  };
}

/** The whole name in one line: "CTE recent: Seq Scan on orders o". */
export function nodeName(node: PlanNode): string {
  const role = subplanLabel(node);
  return `${role === null ? '' : `${role}: `}${nodeLabel(node)}`;
}

/** All a filter looks at, in lower case. */
export function nodeSearchText(node: PlanNode): string {
  return [nodeName(node), ...nodeConditions(node).map(([, text]) => text)].join('\n').toLowerCase();
}
