import { formatBytes, formatCount } from '../../format/numbers';
import { textsField, workersOf } from '../fields';
import { atStake, definePlanRule, estimated, hasWeight, largestOf, measured, observeNodes } from '../plan-rule';
import { selfRatio } from '../plan-tree';
import { hashMemMultiplier, workMemoryFix, workMemoryForHashAggregate } from '../work-memory';

const kilobyte = 1024;

/** Rows of groups that found no room are written and read again, as with a hash join in batches. */
const spillRatio = 0.5;

export const hashAggregateSpill = definePlanRule({
  id: 'hash-aggregate-spill',
  title: 'A hash aggregate did not fit in memory',
  check: (tree, facts) =>
    observeNodes(tree, (node) => {
      if (!hasWeight(tree, node)) return null;
      const workers = workersOf(node);
      const batches = largestOf(node, workers, 'HashAgg Batches') ?? 0;
      const diskBytes = (largestOf(node, workers, 'Disk Usage') ?? 0) * kilobyte;
      const peakBytes = (largestOf(node, workers, 'Peak Memory Usage') ?? 0) * kilobyte;
      if (node.type !== 'Aggregate' || (batches <= 1 && diskBytes === 0)) return null;
      const groups = node.actualRows ?? 0;
      const multiplier = hashMemMultiplier(tree.plan.settings, facts.serverVersionNumber);
      const workMemBytes = workMemoryForHashAggregate(peakBytes, diskBytes, groups, multiplier);
      const keys = textsField(node, 'Group Key').join(', ');
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * spillRatio),
        message:
          `The hash aggregate${keys === '' ? '' : ` by ${keys}`} did not fit in memory: ${formatCount(groups)} groups took ` +
          `${formatCount(batches)} batches and ${formatBytes(diskBytes)} of disk.`,
        advice:
          `With work_mem of about ${formatBytes(workMemBytes)} it would stay in memory. Fewer groups or narrower columns need ` +
          'less; if far fewer groups were planned, mend the estimate first.',
        evidence: [
          measured('batches', batches, null),
          measured('disk used', diskBytes, 'bytes'),
          measured('peak memory', peakBytes, 'bytes'),
          estimated('work_mem needed', workMemBytes, 'bytes'),
        ],
        fix: workMemoryFix(workMemBytes),
      };
    }),
});
