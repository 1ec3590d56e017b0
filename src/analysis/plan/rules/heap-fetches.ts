import { formatCount, formatRatio } from '../../format/numbers';
import { quoteQualifiedName } from '../../sql/identifiers';
import { numberField } from '../fields';
import { atStake, definePlanRule, hasWeight, measured, observeNodes } from '../plan-rule';
import { relationLabel, selfRatio, totalRows, totalRowsRemovedByFilter } from '../plan-tree';

/** A scan that leaves the index for more than one row in ten is no longer an index-only one. */
const minFetchRatio = 0.1;
/** As many visits of the table take milliseconds, whatever their share. */
const minFetches = 1000;

export const heapFetches = definePlanRule({
  id: 'heap-fetches',
  title: 'An index-only scan has to visit the table',
  check: (tree) =>
    observeNodes(tree, (node) => {
      // a total of all loops, other than the rows
      const fetches = numberField(node, 'Heap Fetches');
      const kept = totalRows(node);
      if (node.type !== 'Index Only Scan' || fetches === null || kept === null || fetches === 0) return null;
      const rows = Math.max(1, kept + (totalRowsRemovedByFilter(node) ?? 0));
      const ratio = Math.min(1, fetches / rows);
      if ((ratio <= minFetchRatio && fetches <= minFetches) || !hasWeight(tree, node)) return null;
      return {
        node,
        ...atStake(tree, selfRatio(tree, node) * ratio),
        message:
          `The index-only scan of ${relationLabel(node) ?? 'a table'} went to the table ${formatCount(fetches)} times, for ` +
          `${formatRatio(ratio)} of its rows, to see whether they are visible.`,
        advice:
          'The visibility map does not know these pages: VACUUM marks them. If rows keep changing, have autovacuum look at the table ' +
          'more often (autovacuum_vacuum_scale_factor, and autovacuum_vacuum_insert_scale_factor where rows are only added).',
        evidence: [measured('heap fetches', fetches, null), measured('rows of the scan', rows, 'rows')],
        ...(node.schema === null || node.relation === null
          ? {}
          : {
              fix: {
                title: `Vacuum ${node.schema}.${node.relation}`,
                sql: `VACUUM ${quoteQualifiedName(node.schema, node.relation)};`,
                risk: 'Reads the pages of the table that changed. A transaction that is open for long keeps it from marking them.',
                outsideTransaction: true,
              },
            }),
      };
    }),
});
