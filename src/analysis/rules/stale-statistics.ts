import * as z from 'zod';
import { findStandbyGap, notCountedGap } from '../counting-gaps';
import { formatQuantity, formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SnapshotTable } from '../snapshot';
import { quoteQualifiedName } from '../sql/identifiers';
import { groupByRoot } from '../tables/partition-roots';
import { findRowCount } from '../tables/row-count';

/** Twice autovacuum_analyze_scale_factor (0.1): autovacuum should have come long ago. */
const minRatio = 0.2;
const minModifiedRows = 10_000;
/** autovacuum_analyze_threshold: smaller tables are left without statistics on purpose. */
const minRowsNeverAnalyzed = 50;

const rowsOf = (table: SnapshotTable) => findRowCount(table) ?? 0;

/** A reset of the counts forgets the time of the last ANALYZE, but neither row counts nor column statistics. */
const isNeverAnalyzed = (table: SnapshotTable) =>
  table.lastAnalyze === null &&
  (table.hasColumnStatistics === false || (table.hasColumnStatistics === null && table.estimatedRows === null));

export const staleStatistics = defineRule({
  id: 'stale-statistics',
  title: 'Tables whose statistics are old or missing',
  category: 'tables',
  defaultSeverity: 'medium',
  needs: ['tables'],
  options: z.strictObject({
    minRatio: z.number().min(0).default(minRatio),
    minModifiedRows: z.number().min(0).default(minModifiedRows),
    minRowsNeverAnalyzed: z.number().min(0).default(minRowsNeverAnalyzed),
  }),
  blockedBy: ({ tables, server }) =>
    findStandbyGap(server) ??
    (tables.some(({ kind, activity }) => kind === 'table' && activity === null) ? notCountedGap : null),
  check({ tables }, options) {
    return [...groupByRoot(tables)].flatMap(([root, parts]) => {
      const bad = parts.filter((table) => {
        if (table.activity === null || table.isBeingAnalyzed) return false;
        const rows = rowsOf(table);
        const modified = table.activity.modifiedSinceAnalyze;
        return (
          (isNeverAnalyzed(table) && rows > options.minRowsNeverAnalyzed) ||
          (modified > options.minModifiedRows && modified > rows * options.minRatio)
        );
      });
      const rows = parts.reduce((sum, part) => sum + rowsOf(part), 0);
      // autovacuum analyzes partitions, never the table as a whole
      const rootLacks =
        root.kind === 'partitioned table' &&
        !root.isBeingAnalyzed &&
        root.hasColumnStatistics === false &&
        root.lastAnalyze === null &&
        rows > options.minRowsNeverAnalyzed;
      if (bad.length === 0 && !rootLacks) return [];
      const modified = bad.reduce((sum, { activity }) => sum + (activity?.modifiedSinceAnalyze ?? 0), 0);
      const never = bad.filter(isNeverAnalyzed);
      const name = quoteQualifiedName(root.schema, root.name);
      const inPartitions = root.kind === 'partitioned table' ? ` in ${formatQuantity(bad.length, 'partition')}` : '';
      const changed = `${formatQuantity(modified, 'row')} of ${name}${inPartitions}`;
      const message = rootLacks
        ? `The partitioned table ${name} (${formatQuantity(Math.round(rows), 'row')}) was never analyzed as a whole.`
        : never.length === bad.length
          ? `${name}${inPartitions} was never analyzed: the planner guesses about its ${formatQuantity(Math.round(rows), 'row')}.`
          : `${changed} were changed since the last ANALYZE (${formatRatio(modified / Math.max(1, rows))} of all).`;
      return [
        {
          severity: rootLacks && bad.length === 0 ? ('low' as const) : ('medium' as const),
          weight: rootLacks ? rows : modified,
          subject: { kind: 'relation' as const, schema: root.schema, name: root.name },
          message,
          advice:
            rootLacks && bad.length === 0
              ? 'Autovacuum analyzes the partitions only: run ANALYZE on the table when its data have changed much.'
              : 'Analyze it; if it happens again, have autovacuum come earlier (autovacuum_analyze_scale_factor).',
          evidence: [
            measured('rows changed since the last ANALYZE', modified, 'rows'),
            measured('rows', Math.round(rows), 'rows'),
            measured('last ANALYZE', root.lastAnalyze ?? (rootLacks || never.length > 0 ? 'never' : 'not known'), null),
          ],
          fix: {
            title: `Analyze ${name}`,
            sql: `ANALYZE ${name};`,
            undoNote: 'Nothing has to be taken back: no data are changed, and the statistics become those of the data.',
            risk: 'Reads a sample of the table (of each partition too). Plans change with the statistics.',
            outsideTransaction: false,
          },
          fingerprint: `stale-statistics: ${name}`,
        },
      ];
    });
  },
});
