import { formatCount } from '../../format/numbers';
import { atStake, definePlanRule, filterOf, isWorthwhile, measured, observeNodes, totalRatio } from '../plan-rule';
import { inputsOf, totalRows } from '../plan-tree';

/** As for partitions that are pruned late. */
const minPartitions = 10;
/** Rows of a value that is no part of the key lie in all partitions; when a tenth of these have all of them, they follow the key. */
const mostWithRowsRatio = 0.1;

const appends: ReadonlySet<string> = new Set(['Append', 'Merge Append']);

export const partitionsNotPruned = definePlanRule({
  id: 'partitions-not-pruned',
  title: 'All partitions were read to find the rows of a few',
  check: (tree) =>
    observeNodes(tree, (node) => {
      const parts = appends.has(node.type) ? inputsOf(tree, node) : [];
      if (parts.length < minPartitions || parts.some(({ neverExecuted }) => neverExecuted)) return null;
      // "Subplans Removed" says that some were left out
      if ('Subplans Removed' in node.fields && Number(node.fields['Subplans Removed']) > 0) return null;
      const filter = filterOf(parts[0] ?? node);
      if (filter === null || parts.some((part) => filterOf(part) === null || part.relation === null)) return null;
      const withRows = parts.filter((part) => (totalRows(part) ?? 0) > 0).length;
      const ratio = totalRatio(tree, node);
      if (withRows === 0 || withRows > parts.length * mostWithRowsRatio || ratio === null) return null;
      const savedRatio = ratio * (1 - withRows / parts.length);
      if (!isWorthwhile(tree, savedRatio)) return null;
      return {
        node,
        ...atStake(tree, savedRatio),
        message: `All ${formatCount(parts.length)} partitions were read by ${filter}, and ${formatCount(withRows)} of them had rows that fit.`,
        advice:
          'The rows follow the partition key, but the condition does not say so: compare the key itself, without a function or a cast ' +
          'around it, with a value of its own type, and the other partitions are left out.',
        evidence: [measured('partitions read', parts.length, null), measured('partitions with rows', withRows, null)],
      };
    }),
});
