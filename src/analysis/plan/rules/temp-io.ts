import { defaultBlockSizeBytes, formatBlocks, formatBytes } from '../../format/numbers';
import { numberField, textField } from '../fields';
import type { PlanNode } from '../plan';
import { atStake, definePlanRule, estimated, hasWeight, measured, observeNodes } from '../plan-rule';
import { nodeLabel, selfRatio } from '../plan-tree';
import { workMemoryFix, workMemoryForSort } from '../work-memory';

/** As for a sort: what is written is read again, and memory would spare both. */
const spillRatio = 0.5;

/** They have rules of their own, with formulas of their own. */
const spokenOf: ReadonlySet<string> = new Set(['Sort', 'Incremental Sort', 'Hash', 'Hash Join']);

function hasOwnRule(node: PlanNode): boolean {
  if (spokenOf.has(node.type)) return true;
  const strategy = textField(node, 'Strategy');
  return node.type === 'Aggregate' && (strategy === 'Hashed' || strategy === 'Mixed');
}

export const tempIo = definePlanRule({
  id: 'temp-io',
  title: 'Rows that a node keeps were written to disk',
  check: (tree) =>
    observeNodes(tree, (node) => {
      if (hasOwnRule(node) || node.selfBuffers === null || !hasWeight(tree, node)) return null;
      const { tempRead, tempWritten } = node.selfBuffers;
      if (tempRead + tempWritten === 0) return null;
      const writtenBytes = Math.max(tempRead, tempWritten) * defaultBlockSizeBytes;
      // what a filter discarded on reading was kept as well
      const rows = (node.actualRows ?? 0) + (numberField(node, 'Rows Removed by Filter') ?? 0);
      const workMemBytes = workMemoryForSort(writtenBytes, rows);
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * spillRatio),
        message: `${nodeLabel(node)} kept its rows on disk: it wrote ${formatBlocks(tempWritten)} and read ${formatBlocks(tempRead)} of temporary files.`,
        advice:
          `With work_mem of about ${formatBytes(workMemBytes)} they would likely stay in memory; fewer or narrower rows below it ` +
          'need less.',
        evidence: [
          measured('temporary blocks written', tempWritten, 'blocks'),
          measured('temporary blocks read', tempRead, 'blocks'),
          estimated('work_mem needed', workMemBytes, 'bytes'),
        ],
        fix: workMemoryFix(workMemBytes),
      };
    }),
});
