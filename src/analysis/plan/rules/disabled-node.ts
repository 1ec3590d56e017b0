import { formatRatio } from '../../format/numbers';
import type { PlanNode } from '../plan';
import { atStake, definePlanRule, hasWeight, observeNodes, planned, unknownPlanRatio } from '../plan-rule';
import { nodeLabel, selfRatio } from '../plan-tree';

/** The setting that forbids a node, by its type. */
const settingsByType: Readonly<Record<string, string>> = {
  'Seq Scan': 'enable_seqscan',
  'Index Scan': 'enable_indexscan',
  'Index Only Scan': 'enable_indexonlyscan',
  'Bitmap Heap Scan': 'enable_bitmapscan',
  'Tid Scan': 'enable_tidscan',
  Sort: 'enable_sort',
  'Nested Loop': 'enable_nestloop',
  'Merge Join': 'enable_mergejoin',
  'Hash Join': 'enable_hashjoin',
  Aggregate: 'enable_hashagg',
  Materialize: 'enable_material',
  'Gather Merge': 'enable_gathermerge',
};

function settingOf(node: PlanNode, settings: Readonly<Record<string, string>>): string | null {
  const name = settingsByType[node.type];
  // EXPLAIN names the settings only when it is asked to
  return name !== undefined && (settings[name] === 'off' || Object.keys(settings).length === 0) ? name : null;
}

export const disabledNode = definePlanRule({
  id: 'disabled-node',
  title: 'The planner had to use what a setting forbids',
  check: (tree) =>
    observeNodes(tree, (node) => {
      if (!node.disabled || !hasWeight(tree, node)) return null;
      const setting = settingOf(node, tree.plan.settings);
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * unknownPlanRatio),
        severity: 'low',
        message: `${nodeLabel(node)} was used although ${setting ?? 'an enable_* setting'} is off, with ${formatRatio(selfRatio(tree, node))} of the statement: there was no other way.`,
        advice:
          'Such a setting is for trying things out. It distorts the costs of the whole plan; set it on again before you judge other parts.',
        evidence: [planned('cost of the node', node.totalCost ?? 0, null)],
        ...(setting === null
          ? {}
          : {
              fix: {
                title: `Set ${setting} on for the transaction`,
                sql: `SET LOCAL ${setting} = on;`,
                risk: 'Other plans of the transaction may change as well. It ends with the transaction.',
                outsideTransaction: false,
              },
            }),
      };
    }),
});
