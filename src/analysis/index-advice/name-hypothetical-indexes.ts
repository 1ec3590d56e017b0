// Plans with an index that is not there name it as the engine made it up; people are shown the name that it would have.
import type { Plan } from '../plan/plan';

/** The sandbox's "hypothetical_1", of a partition "hypothetical_1_2"; HypoPG's "<13543>btree_orders_customer_id". */
const madeUpName = /^(?:hypothetical_\d+(?:_(\d+))?$|<\d+>)/;

/** Indexes of partitions are called after the table's, as everywhere. */
export function nameHypotheticalIndexes(plan: Plan, name: string): Plan {
  return {
    ...plan,
    nodes: plan.nodes.map((node) => {
      const match = node.index === null ? null : madeUpName.exec(node.index);
      if (match === null) return node;
      const index = match[1] === undefined ? name : `${name}_${match[1]}`;
      return { ...node, index, fields: { ...node.fields, 'Index Name': index } };
    }),
  };
}

/** EXPLAIN's JSON of a plan that was read from it: nodes in their order, each with its children below it. */
export function toExplainJson({ nodes, fields }: Plan): string {
  const toNode = (id: number, own: Record<string, unknown>): object => {
    const children = nodes.filter(({ parent }) => parent === id).map((child) => toNode(child.id, child.fields));
    return { ...own, ...(children.length === 0 ? {} : { Plans: children }) };
  };
  const [root] = nodes;
  return JSON.stringify([{ Plan: root === undefined ? {} : toNode(root.id, root.fields), ...fields }], null, 2);
}
