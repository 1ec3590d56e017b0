import { formatBlocks, formatRatio } from '../../format/numbers';
import type { PlanNode } from '../plan';
import { atStake, definePlanRule, isWorthwhile, measured, unknownPlanRatio } from '../plan-rule';
import { relationLabel, selfRatio } from '../plan-tree';

/** 8 MB; fewer are read in some milliseconds. */
const minReadBlocks = 1000;
/** A statement that finds nine tenths of its blocks is warm. */
const minHitRatio = 0.9;

function readRatio({ selfBuffers }: PlanNode): number {
  if (selfBuffers === null) return 0;
  return selfBuffers.sharedRead / Math.max(1, selfBuffers.sharedRead + selfBuffers.sharedHit);
}

export const coldCache = definePlanRule({
  id: 'cold-cache',
  title: 'Most blocks were not in shared buffers',
  check: (tree) => {
    const { nodes } = tree.plan;
    const sumOf = (block: 'sharedRead' | 'sharedHit') =>
      nodes.reduce((sum, { selfBuffers }) => sum + (selfBuffers?.[block] ?? 0), 0);
    const read = sumOf('sharedRead');
    const hitRatio = 1 - read / Math.max(1, read + sumOf('sharedHit'));
    if (read < minReadBlocks || hitRatio >= minHitRatio) return [];
    const ratio = Math.min(
      1,
      nodes.reduce((sum, node) => sum + selfRatio(tree, node) * readRatio(node), 0),
    );
    const [most] = nodes.toSorted((a, b) => (b.selfBuffers?.sharedRead ?? 0) - (a.selfBuffers?.sharedRead ?? 0));
    if (most === undefined || !isWorthwhile(tree, ratio)) return [];
    return [
      {
        node: most,
        // what the reads took is only known with track_io_timing; the rows have to be looked at in any case
        ...atStake(tree, ratio * unknownPlanRatio),
        message:
          `The statement read ${formatBlocks(read)} that were not in shared buffers and found ${formatRatio(hitRatio)} of its blocks there; ` +
          `most of them were of ${relationLabel(most) ?? most.type}.`,
        advice:
          'Run it again before judging the plan: it is likely faster with a warm cache. If it is always cold, have it read less: an ' +
          'index that finds the rows, or a covering one (INCLUDE) that spares the table. "Read" may still come from the ' +
          "operating system's cache.",
        evidence: [
          measured('blocks read', read, 'blocks'),
          measured('share found in shared buffers', hitRatio, 'ratio'),
        ],
      },
    ];
  },
});
