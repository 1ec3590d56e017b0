import { formatCount } from '../../format/numbers';
import { numberField } from '../fields';
import { atStake, definePlanRule, isWorthwhile, measured, observeNodes, planned, totalRatio } from '../plan-rule';
import { nodeLabel } from '../plan-tree';

export const workersNotLaunched = definePlanRule({
  id: 'workers-not-launched',
  title: 'Fewer parallel workers ran than planned',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const wanted = numberField(node, 'Workers Planned');
      const launched = numberField(node, 'Workers Launched');
      if (wanted === null || launched === null || launched >= wanted) return null;
      const ratio = totalRatio(tree, node);
      // the leader does its share in either case
      const savedRatio = (ratio ?? 0) * (1 - (launched + 1) / (wanted + 1));
      if (ratio === null || !isWorthwhile(tree, ratio)) return null;
      return {
        node,
        ...atStake(tree, savedRatio),
        message: `${nodeLabel(node)} got ${formatCount(launched)} of the ${formatCount(wanted)} parallel workers that it was planned with.`,
        advice:
          'All others were busy with other statements at that moment, or may not be started: see max_parallel_workers and ' +
          'max_worker_processes, and whether many parallel statements run at once (lower max_parallel_workers_per_gather then). The ' +
          'plan was chosen for more workers than it got.',
        evidence: [planned('workers', wanted, null), measured('workers launched', launched, null)],
      };
    }),
});
