import { formatBytes, formatCount } from '../../format/numbers';
import { workersOf } from '../fields';
import {
  definePlanRule,
  isWorthwhile,
  largestOf,
  measured,
  savedMsOf,
  severityOf,
  type PlanObservation,
} from '../plan-rule';
import { parentOf, selfRatio } from '../plan-tree';
import { hashMemMultiplier, workMemoryFix, workMemoryForHash } from '../work-memory';

const kilobyte = 1024;

/** All but the first batch of both sides are written and read again. The same joins run again in one batch took a quarter to three quarters less. */
const spillRatio = 0.5;

export const hashBatches = definePlanRule({
  id: 'hash-batches',
  title: "A hash join's table did not fit in memory",
  check: (tree, facts) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (node.type !== 'Hash' || node.neverExecuted) return [];
      const workers = workersOf(node);
      const batches = largestOf(node, workers, 'Hash Batches');
      const peakKilobytes = largestOf(node, workers, 'Peak Memory Usage');
      if (batches === null || peakKilobytes === null || batches <= 1) return [];
      const join = parentOf(tree, node);
      // building writes one side and probing the other: the join pays as well
      const ratio = Math.min(1, selfRatio(tree, node) + (join === null ? 0 : selfRatio(tree, join)));
      if (!isWorthwhile(tree, ratio)) return [];
      const multiplier = hashMemMultiplier(tree.plan.settings, facts.serverVersionNumber);
      const workMemBytes = workMemoryForHash(peakKilobytes * kilobyte, batches, multiplier);
      const condition = join?.fields['Hash Cond'];
      const on = typeof condition === 'string' ? ` on ${condition}` : '';
      const savedRatio = ratio * spillRatio;
      return [
        {
          node,
          severity: severityOf(savedRatio),
          message: `The hash join${on} did not fit in memory: it was split into ${formatCount(batches)} batches, all but one by way of the disk.`,
          advice:
            `With work_mem of about ${formatBytes(workMemBytes)} it would take one batch; a build side with fewer rows or narrower ` +
            'columns needs less.',
          evidence: [
            measured('batches', batches, null),
            measured('peak memory of a batch', peakKilobytes * kilobyte, 'bytes'),
            { grade: 'estimated', label: 'work_mem needed', value: workMemBytes, unit: 'bytes' },
          ],
          fix: workMemoryFix(workMemBytes),
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
