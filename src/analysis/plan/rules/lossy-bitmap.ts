import { formatBytes, formatCount, formatRatio } from '../../format/numbers';
import { numberField, workersOf, type WithFields } from '../fields';
import { atStake, definePlanRule, estimated, hasWeight, measured, observeNodes } from '../plan-rule';
import { relationLabel, selfRatio, totalRows } from '../plan-tree';
import { workMemoryFix, workMemoryForBitmap } from '../work-memory';

/** From here on most pages are read row by row only to check again what the index knew. */
const loudFromRatio = 0.5;

export const lossyBitmap = definePlanRule({
  id: 'lossy-bitmap',
  title: 'A bitmap did not fit in memory and lost track of rows',
  check: (tree) =>
    observeNodes(tree, (node) => {
      if (node.type !== 'Bitmap Heap Scan' || !hasWeight(tree, node)) return null;
      // node level figures are the leader's; 18 prints those of the workers beside them
      const sumOf = (name: string) =>
        [node, ...workersOf(node)].reduce((sum, process: WithFields) => sum + (numberField(process, name) ?? 0), 0);
      const lossy = sumOf('Lossy Heap Blocks');
      if (lossy === 0) return null;
      const exact = sumOf('Exact Heap Blocks');
      const lossyRatio = lossy / (lossy + exact);
      const rechecked = (numberField(node, 'Rows Removed by Index Recheck') ?? 0) * (node.loops ?? 1);
      const kept = totalRows(node) ?? 0;
      const workMemBytes = workMemoryForBitmap((exact + lossy) / (node.loops ?? 1));
      const stake = atStake(tree, (selfRatio(tree, node) * rechecked) / Math.max(1, rechecked + kept));
      return {
        node,
        ...stake,
        severity: lossyRatio >= loudFromRatio && stake.severity === 'low' ? 'medium' : stake.severity,
        message:
          `The bitmap of ${relationLabel(node) ?? 'a table'} did not fit in work_mem: of ${formatRatio(lossyRatio)} of its ` +
          `${formatCount(lossy + exact)} pages it kept the page only, and ${formatCount(rechecked)} rows were checked again for nothing.`,
        advice: `With work_mem of about ${formatBytes(workMemBytes)} it would keep every row.`,
        evidence: [
          measured('lossy pages', lossy, 'blocks'),
          measured('exact pages', exact, 'blocks'),
          measured('rows removed by the recheck', rechecked, 'rows'),
          estimated('work_mem needed', workMemBytes, 'bytes'),
        ],
        fix: workMemoryFix(workMemBytes),
      };
    }),
});
