import { formatMs, formatQuantity } from '../../format/numbers';
import { numberField } from '../fields';
import { atStake, definePlanRule, hasWeight, measured, observeNodes } from '../plan-rule';
import { nodeLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** A scan gives its first row at once; one that has taken nearly all its time by then waited for something. */
const minStartRatio = 0.9;
/** Shorter stalls come from anything: another process, a page fault. */
const minStartMs = 10;
/** Reading or discarding more than this explains a late first row. */
const mostBlocks = 100;
const mostRowsRemoved = 1000;

const scans: ReadonlySet<string> = new Set([
  'Seq Scan',
  'Index Scan',
  'Index Only Scan',
  'Bitmap Index Scan',
  'Tid Scan',
]);

export const slowStartUnexplained = definePlanRule({
  id: 'slow-start-unexplained',
  title: 'A scan waited for something before its first row',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const startMs = numberField(node, 'Actual Startup Time');
      const endMs = numberField(node, 'Actual Total Time');
      if (!scans.has(node.type) || (tree.children[node.id] ?? []).length > 0 || node.loops !== 1) return null;
      if (startMs === null || endMs === null || node.selfBuffers === null) return null;
      if (startMs < minStartMs || startMs < minStartRatio * endMs || !hasWeight(tree, node)) return null;
      const { sharedRead, sharedHit } = node.selfBuffers;
      const discarded = totalRowsRemovedByFilter(node) ?? 0;
      if (sharedRead + sharedHit > mostBlocks || discarded > mostRowsRemoved || totalRows(node) === null) return null;
      const jitMs = tree.plan.outside.jitMs ?? 0;
      return {
        node,
        ...atStake(tree, selfRatio(tree, node)),
        message:
          `${nodeLabel(node)} took ${formatMs(startMs)} to its first row, of ${formatMs(endMs)} in all, and touched only ` +
          `${formatQuantity(sharedRead + sharedHit, 'block')}.`,
        advice:
          jitMs > 0
            ? `JIT compilation (${formatMs(jitMs)}) falls into the first row of the node that needs it; the rest can't be told from a plan.`
            : "What it waited for can't be told from a plan: a lock, a slow disk, or a function in the condition. Run it again, and " +
              'look at the wait event of its session (pg_stat_activity) meanwhile.',
        evidence: [
          measured('time to the first row', startMs, 'ms'),
          measured('time in all', endMs, 'ms'),
          measured('blocks touched', sharedRead + sharedHit, 'blocks'),
        ],
      };
    }),
});
