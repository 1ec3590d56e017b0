import { formatBlocks } from '../../format/numbers';
import { quoteQualifiedName } from '../../sql/identifiers';
import { touchedBlocks } from '../../format/plan-cells';
import { atStake, definePlanRule, hasWeight, measured, observeNodes, unknownPlanRatio } from '../plan-rule';
import { nodeLabel, selfRatio } from '../plan-tree';

/** A few pages that somebody changed just now are everyday's work. */
const minDirtiedRatio = 0.01;

const writing: ReadonlySet<string> = new Set(['ModifyTable', 'LockRows']);

export const dirtiedBySelect = definePlanRule({
  id: 'dirtied-by-select',
  title: 'A SELECT changes pages',
  check: (tree) => {
    if (tree.plan.nodes.some(({ type }) => writing.has(type))) return [];
    return observeNodes(tree, (node) => {
      const dirtied = node.selfBuffers?.sharedDirtied ?? 0;
      const ratio = dirtied / Math.max(1, touchedBlocks(node.selfBuffers) ?? 0);
      if (dirtied === 0 || ratio < minDirtiedRatio || !hasWeight(tree, node)) return null;
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * Math.min(1, ratio) * unknownPlanRatio),
        message: `${nodeLabel(node)} only reads, and changed ${formatBlocks(dirtied)} all the same.`,
        advice:
          'Whoever reads rows first after they were written notes there which transactions were committed, or removes what is dead. The ' +
          'next run is likely faster. VACUUM after large changes does that work beforehand.',
        evidence: [
          measured('blocks changed', dirtied, 'blocks'),
          measured('blocks touched', touchedBlocks(node.selfBuffers) ?? 0, 'blocks'),
        ],
        ...(node.schema === null || node.relation === null
          ? {}
          : {
              fix: {
                title: `Vacuum ${node.schema}.${node.relation}`,
                sql: `VACUUM ${quoteQualifiedName(node.schema, node.relation)};`,
                risk: 'Reads the pages of the table that changed, and writes them.',
                outsideTransaction: true,
              },
            }),
      };
    });
  },
});
