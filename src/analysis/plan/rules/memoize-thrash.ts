import { formatBytes, formatCount } from '../../format/numbers';
import { numberField, textField, workersOf, type WithFields } from '../fields';
import {
  atStake,
  definePlanRule,
  estimated,
  isWorthwhile,
  largestOf,
  measured,
  observeNodes,
  totalRatio,
} from '../plan-rule';
import { hashMemMultiplier, workMemoryFix, workMemoryForHash } from '../work-memory';

const kilobyte = 1024;

export const memoizeThrash = definePlanRule({
  id: 'memoize-thrash',
  title: 'The cache of a Memoize node is too small to help',
  check: (tree, facts) =>
    observeNodes(tree, (node) => {
      if (node.type !== 'Memoize') return null;
      const workers = workersOf(node);
      const sumOf = (name: string) =>
        [node, ...workers].reduce((sum, process: WithFields) => sum + (numberField(process, name) ?? 0), 0);
      const hits = sumOf('Cache Hits');
      const misses = sumOf('Cache Misses');
      const evictions = sumOf('Cache Evictions');
      const overflows = sumOf('Cache Overflows');
      const total = totalRatio(tree, node);
      if ((evictions <= hits && overflows === 0) || total === null || misses === 0) return null;
      // an entry that overflows is fetched as well, and kept as little as one that is evicted
      const lostRatio = Math.min(1, (evictions + overflows) / misses);
      const savedRatio = total * lostRatio;
      if (!isWorthwhile(tree, savedRatio)) return null;
      const peakBytes = (largestOf(node, workers, 'Peak Memory Usage') ?? 0) * kilobyte;
      const kept = Math.max(1, misses - evictions - overflows);
      const multiplier = hashMemMultiplier(tree.plan.settings, facts.serverVersionNumber);
      const workMemBytes = workMemoryForHash(peakBytes, misses / kept, multiplier);
      return {
        node,
        ...atStake(tree, savedRatio),
        message:
          `The cache by ${textField(node, 'Cache Key') ?? 'its key'} was full most of the time: ${formatCount(evictions)} entries were ` +
          `thrown out${overflows === 0 ? '' : ` and ${formatCount(overflows)} did not fit`}, and ${formatCount(hits)} of ` +
          `${formatCount(hits + misses)} lookups found what they wanted.`,
        advice:
          `With work_mem of at most ${formatBytes(workMemBytes)} every key would stay. If the planner expected fewer keys, a better ` +
          'n_distinct of the key (ALTER TABLE ... ALTER COLUMN ... SET (n_distinct = ...)) has it choose another join.',
        evidence: [
          measured('hits', hits, null),
          measured('misses', misses, null),
          measured('evictions', evictions, null),
          measured('overflows', overflows, null),
          estimated('work_mem needed at most', workMemBytes, 'bytes'),
        ],
        fix: workMemoryFix(workMemBytes),
      };
    }),
});
