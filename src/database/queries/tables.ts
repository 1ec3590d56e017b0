import * as z from 'zod';
import type { ServerFacts } from '../../analysis/server/server-facts';
import { findRatios, type TableKind, type TableSummary } from '../../analysis/tables/table';
import { oldestVersionNumber, type CatalogueQuery } from './query';
import tablesSql from './tables.sql';

export const tableKinds: Record<'r' | 'p' | 'm' | 'f', TableKind> = {
  r: 'table',
  p: 'partitioned table',
  m: 'materialized view',
  f: 'foreign table',
};

const tableRow = z.object({
  oid: z.number(),
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['r', 'p', 'm', 'f']),
  parent_oid: z.number().nullable(),
  is_partition: z.boolean(),
  estimated_rows: z.number().nullable(),
  pages: z.number().int(),
  sequential_scans: z.number(),
  index_scans: z.number(),
  live_tuples: z.number(),
  dead_tuples: z.number(),
  last_vacuum: z.string().nullable(),
  last_analyze: z.string().nullable(),
  comment: z.string().nullable(),
});
export type TableRow = z.output<typeof tableRow>;

export const tablesQuery: CatalogueQuery<typeof tableRow> = {
  name: 'tables',
  row: tableRow,
  variants: [{ when: oldestVersionNumber, sql: tablesSql }],
};

export function toTableSummary(row: TableRow, facts: ServerFacts): TableSummary {
  // a foreign table has no scans of its own to count; a partitioned one gets its partitions' sums
  const counted = facts.settings['track_counts'] !== 'off' && row.kind !== 'f' && row.kind !== 'p';
  const scans = counted ? { sequential: row.sequential_scans, index: row.index_scans } : null;
  const tuples = counted ? { live: row.live_tuples, dead: row.dead_tuples } : null;
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    kind: tableKinds[row.kind],
    parentOid: row.parent_oid,
    isPartition: row.is_partition,
    estimatedRows: row.kind === 'p' ? null : row.estimated_rows,
    estimatedSizeBytes: row.pages < 0 ? 0 : row.pages * facts.blockSizeBytes,
    scans,
    tuples,
    ...findRatios(scans, tuples),
    lastVacuum: row.last_vacuum,
    lastAnalyze: row.last_analyze,
    comment: row.comment,
  };
}
