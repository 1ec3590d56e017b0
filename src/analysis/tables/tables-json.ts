// The list of tables as machines read it: `pg-insight tables --format json`.
import * as z from 'zod';
import type { TableSummary } from './table';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const tablesJsonVersion = 1;

const count = z.number().nonnegative();
const ratio = z.number().min(0).max(1);

export const tablesJsonSchema = z.strictObject({
  schemaVersion: z.literal(tablesJsonVersion),
  /** host:port */
  server: z.string(),
  serverVersion: z.string(),
  database: z.string(),
  /** ISO 8601. */
  capturedAt: z.iso.datetime(),
  /** By schema and name; what each field means is written down at TableSummary. */
  tables: z.array(
    z.strictObject({
      schema: z.string(),
      name: z.string(),
      kind: z.enum(['table', 'partitioned table', 'materialized view', 'foreign table']),
      /** Of a partition or an inheritance child. */
      parent: z.strictObject({ schema: z.string(), name: z.string() }).nullable(),
      isPartition: z.boolean(),
      estimatedRows: count.nullable(),
      estimatedSizeBytes: count,
      sequentialScanRatio: ratio.nullable(),
      deadTupleRatio: ratio.nullable(),
      scans: z.strictObject({ sequential: count, index: count }).nullable(),
      tuples: z.strictObject({ live: count, dead: count }).nullable(),
      lastVacuum: z.iso.datetime().nullable(),
      lastAnalyze: z.iso.datetime().nullable(),
      comment: z.string().nullable(),
    }),
  ),
});
export type TablesJson = z.infer<typeof tablesJsonSchema>;

/** Where and when a list was read. */
export interface CaptureOrigin {
  server: string;
  serverVersion: string;
  database: string;
  capturedAt: string;
}

/** `all` is where parents are looked up: `tables` may be a part of it. */
export function toTablesJson(
  tables: readonly TableSummary[],
  all: readonly TableSummary[],
  origin: CaptureOrigin,
): TablesJson {
  const byOid = new Map(all.map((table) => [table.oid, table]));
  return {
    schemaVersion: tablesJsonVersion,
    ...origin,
    tables: tables.map((table) => {
      const parent = table.parentOid === null ? undefined : byOid.get(table.parentOid);
      // OIDs stay here: they mean nothing after a dump and restore
      return {
        schema: table.schema,
        name: table.name,
        kind: table.kind,
        parent: parent === undefined ? null : { schema: parent.schema, name: parent.name },
        isPartition: table.isPartition,
        estimatedRows: table.estimatedRows,
        estimatedSizeBytes: table.estimatedSizeBytes,
        sequentialScanRatio: table.sequentialScanRatio,
        deadTupleRatio: table.deadTupleRatio,
        scans: table.scans,
        tuples: table.tuples,
        lastVacuum: table.lastVacuum,
        lastAnalyze: table.lastAnalyze,
        comment: table.comment,
      };
    }),
  };
}
