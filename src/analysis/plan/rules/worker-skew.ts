import { formatCount, formatFactor } from '../../format/numbers';
import { numberField, workersOf } from '../fields';
import { definePlanRule, hasWeight, measured, observeNodes, savedMsOf } from '../plan-rule';
import { nodeLabel, parentOf, selfRatio } from '../plan-tree';

/** Workers take what comes, so some unevenness is normal. */
const minFactor = 5;
/** Fewer rows can lie in a few pages that one worker happened to read. */
const minRows = 1000;

export const workerSkew = definePlanRule({
  id: 'worker-skew',
  title: 'One parallel worker did most of the work',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const rows = workersOf(node).map((worker) => {
        const perLoop = numberField(worker, 'Actual Rows');
        return perLoop === null ? null : perLoop * (numberField(worker, 'Actual Loops') ?? 1);
      });
      const known = rows.filter((each) => each !== null);
      if (known.length < 2 || known.length < rows.length) return null;
      const most = Math.max(...known);
      const least = Math.min(...known);
      const factor = most / Math.max(1, least);
      // a node whose parent is as uneven is said once, on top
      const above = parentOf(tree, node);
      if (factor < minFactor || most < minRows || !above?.type.startsWith('Gather')) return null;
      const ratio = node.totalMs === null || tree.wholeMs === null ? 0 : Math.min(1, node.totalMs / tree.wholeMs);
      if (!hasWeight(tree, node) && !(ratio >= 0.05 && (node.totalMs ?? 0) >= 1)) return null;
      const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
      return {
        node,
        severity: 'info',
        message:
          `In ${nodeLabel(node)} one worker gave ${formatCount(most)} rows and another ${formatCount(least)}: ` +
          `${formatFactor(factor)} as many.`,
        advice:
          'The statement waits for the one with the most. It happens where one partition, one value or one join partner has most of the ' +
          'rows, or where a worker starts late; fewer workers would do as well here.',
        evidence: [
          measured('most rows of a worker', most, 'rows'),
          measured('fewest rows of a worker', least, 'rows'),
          measured('workers', known.length, null),
        ],
        // at best all would have taken as long as the mean
        savedMs: savedMsOf(tree, Math.max(selfRatio(tree, node), ratio) * (1 - mean / most)),
      };
    }),
});
