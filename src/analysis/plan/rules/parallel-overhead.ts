import { formatMs, formatRatio } from '../../format/numbers';
import { inputsOf, nodeLabel, selfRatio } from '../plan-tree';
import { atStake, definePlanRule, hasWeight, measured, observeNodes } from '../plan-rule';

/** Starting workers and handing rows over is work beside the work; at a third the workers gain little. */
const minOverheadRatio = 0.3;

const gathers: ReadonlySet<string> = new Set(['Gather', 'Gather Merge']);

export const parallelOverhead = definePlanRule({
  id: 'parallel-overhead',
  title: 'Starting parallel workers and collecting their rows takes a good part of the time',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const { selfMs, totalMs } = node;
      if (!gathers.has(node.type) || selfMs === null || totalMs === null || totalMs === 0) return null;
      const ratio = selfMs / totalMs;
      if (ratio <= minOverheadRatio || !hasWeight(tree, node)) return null;
      const [below] = inputsOf(tree, node);
      return {
        node,
        ...atStake(tree, selfRatio(tree, node)),
        message:
          `${nodeLabel(node)} spent ${formatMs(selfMs)} of its ${formatMs(totalMs)} (${formatRatio(ratio)}) on starting workers and on ` +
          `collecting what ${below === undefined ? 'they' : nodeLabel(below)} gave.`,
        advice:
          'The work is too small, or the rows too many, to be shared. Fewer workers, or none, may be as fast: try it with the ' +
          'setting below. Where such plans are frequent, raise parallel_setup_cost or parallel_tuple_cost.',
        evidence: [
          measured('time of the collecting node', selfMs, 'ms'),
          measured('time with the workers', totalMs, 'ms'),
          measured('share', ratio, 'ratio'),
        ],
        fix: {
          title: 'Plan without parallel workers, for the transaction',
          sql: 'SET LOCAL max_parallel_workers_per_gather = 0;',
          risk: 'Larger statements of the transaction run without workers too. It ends with the transaction.',
          outsideTransaction: false,
        },
      };
    }),
});
