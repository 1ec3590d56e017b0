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

/** Of every query that lists tables. */
export const tableFields = {
  oid: z.number(),
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['r', 'p', 'm', 'f']),
  parent_oid: z.number().nullable(),
  is_partition: z.boolean(),
  estimated_rows: z.number().nullable(),
  pages: z.number(),
  sequential_scans: z.number(),
  index_scans: z.number(),
  live_tuples: z.number(),
  dead_tuples: z.number(),
  last_vacuum: z.string().nullable(),
  last_analyze: z.string().nullable(),
};
const tableRow = z.object({ ...tableFields, comment: z.string().nullable() });
export type TableRow = z.output<typeof tableRow>;

export const tablesQuery: CatalogueQuery<typeof tableRow> = {
  name: 'tables',
  row: tableRow,
  variants: [{ when: oldestVersionNumber, sql: tablesSql }],
};

export const isCounting = (facts: ServerFacts) => facts.settings['track_counts'] !== 'off';

/** A foreign table has no scans of its own to count, and what a partitioned one holds is counted in its partitions. */
export const isCounted = (kind: TableRow['kind'], facts: ServerFacts) =>
  isCounting(facts) && kind !== 'f' && kind !== 'p';

export function toTableSummary(row: TableRow, facts: ServerFacts): TableSummary {
  const counted = isCounted(row.kind, facts);
  const scans = counted ? { sequential: row.sequential_scans, index: row.index_scans } : null;
  const tuples = counted ? { live: row.live_tuples, dead: row.dead_tuples } : null;
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    kind: tableKinds[row.kind],
    parentOid: row.parent_oid,
    isPartition: row.is_partition,
    estimatedRows: row.estimated_rows,
    estimatedSizeBytes: row.pages * facts.blockSizeBytes,
    scans,
    tuples,
    ...findRatios(scans, tuples),
    lastVacuum: row.last_vacuum,
    lastAnalyze: row.last_analyze,
    comment: row.comment,
  };
}
