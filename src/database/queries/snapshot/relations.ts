// Tables, foreign keys and sequences of a snapshot. Counts come as float8: exact up to 2^53, and numbers for the
// driver, which matters for 10,000 tables.
import * as z from 'zod';
import type { ServerFacts } from '../../../analysis/server/server-facts';
import type {
  ReferentialAction,
  SnapshotForeignKey,
  SnapshotSequence,
  SnapshotTable,
} from '../../../analysis/snapshot';
import { quoteIdentifier } from '../../../analysis/sql/identifiers';
import { int8, oldestVersionNumber, type CatalogueQuery } from '../query';
import { isCounted, tableFields, tableKinds } from '../tables';
import currentSizesSql from './current-sizes.sql';
import foreignKeysSql from './foreign-keys.sql';
import sequencesSql from './sequences.sql';
import tablesSql from './tables.sql';

const tableRow = z.object({
  ...tableFields,
  index_pages: z.number(),
  has_primary_key: z.boolean(),
  may_select: z.boolean(),
  has_column_statistics: z.boolean().nullable(),
  extension: z.string().nullable(),
  sequential_rows_read: z.number(),
  inserted: z.number(),
  updated: z.number(),
  hot_updated: z.number(),
  deleted: z.number(),
  modified_since_analyze: z.number(),
  heap_blocks_read: z.number(),
  heap_blocks_hit: z.number(),
  index_blocks_read: z.number(),
  index_blocks_hit: z.number(),
  is_being_vacuumed: z.boolean(),
  is_being_analyzed: z.boolean(),
  autovacuum_enabled: z.boolean().nullable(),
  storage_parameters: z.record(z.string(), z.string()).nullable(),
  transaction_age: z.number().nullable(),
  multixact_age: z.number().nullable(),
});
export const tablesQuery: CatalogueQuery<typeof tableRow> = {
  name: 'tables',
  row: tableRow,
  variants: [{ when: oldestVersionNumber, sql: tablesSql }],
};

export function toSnapshotTable(row: z.output<typeof tableRow>, facts: ServerFacts): SnapshotTable {
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    kind: tableKinds[row.kind],
    parentOid: row.parent_oid,
    isPartition: row.is_partition,
    estimatedRows: row.estimated_rows,
    estimatedSizeBytes: row.pages * facts.blockSizeBytes,
    // of few; snapshot.ts asks for it
    currentSizeBytes: null,
    indexesSizeBytes: row.index_pages * facts.blockSizeBytes,
    hasPrimaryKey: row.has_primary_key,
    maySelect: row.may_select,
    hasColumnStatistics: row.has_column_statistics,
    extension: row.extension,
    activity: isCounted(row.kind, facts)
      ? {
          sequentialScans: row.sequential_scans,
          sequentialRowsRead: row.sequential_rows_read,
          indexScans: row.index_scans,
          inserted: row.inserted,
          updated: row.updated,
          hotUpdated: row.hot_updated,
          deleted: row.deleted,
          liveTuples: row.live_tuples,
          deadTuples: row.dead_tuples,
          modifiedSinceAnalyze: row.modified_since_analyze,
          heapBlocksRead: row.heap_blocks_read,
          heapBlocksHit: row.heap_blocks_hit,
          indexBlocksRead: row.index_blocks_read,
          indexBlocksHit: row.index_blocks_hit,
        }
      : null,
    lastVacuum: row.last_vacuum,
    lastAnalyze: row.last_analyze,
    isBeingVacuumed: row.is_being_vacuumed,
    isBeingAnalyzed: row.is_being_analyzed,
    autovacuumEnabled: row.autovacuum_enabled,
    storageParameters: row.storage_parameters ?? {},
    transactionAge: row.transaction_age,
    multixactAge: row.multixact_age,
  };
}

const currentSizeRow = z.object({ oid: z.number(), size_bytes: z.number().nullable() });
export const currentSizesQuery: CatalogueQuery<typeof currentSizeRow> = {
  name: 'sizes of tables that have grown',
  row: currentSizeRow,
  variants: [{ when: oldestVersionNumber, sql: currentSizesSql }],
};

const referentialActions = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
} as const satisfies Record<string, ReferentialAction>;
const referentialAction = z.enum(['a', 'r', 'c', 'n', 'd']);

const foreignKeyRow = z.object({
  schema: z.string(),
  table_oid: int8,
  table_name: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
  referenced_oid: int8,
  referenced_schema: z.string(),
  referenced_name: z.string(),
  on_delete: referentialAction,
  on_update: referentialAction,
  is_validated: z.boolean(),
  is_inherited: z.boolean(),
  index_like_names: z.array(z.string()).nullable(),
});
export const foreignKeysQuery: CatalogueQuery<typeof foreignKeyRow> = {
  name: 'foreign keys',
  row: foreignKeyRow,
  variants: [{ when: oldestVersionNumber, sql: foreignKeysSql }],
};

export function toSnapshotForeignKey(row: z.output<typeof foreignKeyRow>): SnapshotForeignKey {
  return {
    schema: row.schema,
    tableOid: row.table_oid,
    tableName: row.table_name,
    name: row.name,
    columns: row.columns,
    referencedOid: row.referenced_oid,
    referencedSchema: row.referenced_schema,
    referencedName: row.referenced_name,
    onDelete: referentialActions[row.on_delete],
    onUpdate: referentialActions[row.on_update],
    isValidated: row.is_validated,
    isInherited: row.is_inherited,
    indexLikeNames: row.index_like_names ?? [],
  };
}

const sequenceRow = z.object({
  schema: z.string(),
  name: z.string(),
  type: z.string(),
  may_read: z.boolean(),
  minimum: z.number(),
  maximum: z.number(),
  increment: z.number(),
  cycles: z.boolean(),
  column_schema: z.string().nullable(),
  column_table: z.string().nullable(),
  column_name: z.string().nullable(),
  column_type: z.string().nullable(),
  column_users: z.array(z.tuple([z.string(), z.string()])).nullable(),
});
export const sequencesQuery: CatalogueQuery<typeof sequenceRow> = {
  name: 'sequences',
  row: sequenceRow,
  variants: [{ when: oldestVersionNumber, sql: sequencesSql }],
};

/** Still without its last value, which each sequence has to be asked for. */
export function toSnapshotSequence(row: z.output<typeof sequenceRow>): SnapshotSequence {
  const { column_schema: schema, column_table: table, column_name: name, column_type: type } = row;
  return {
    schema: row.schema,
    name: row.name,
    type: row.type,
    lastValue: null,
    mayRead: row.may_read,
    minimum: row.minimum,
    maximum: row.maximum,
    increment: row.increment,
    cycles: row.cycles,
    column:
      schema === null || table === null || name === null || type === null
        ? null
        : {
            ...{ schema, table, name, type },
            users: (row.column_users ?? []).map(([userSchema, user]) => ({ schema: userSchema, name: user })),
          },
  };
}

const lastValueRow = z.object({ position: z.number(), last_value: z.number().nullable() });

/** Reads one row of each sequence; `position` is the place in the list. Made of names, for a table can't be a parameter. */
export function lastValuesQuery(sequences: readonly SnapshotSequence[]): CatalogueQuery<typeof lastValueRow> {
  const reads = sequences.map(
    ({ schema, name }, position) =>
      `select ${position} as position, case when is_called then last_value::pg_catalog.float8 end as last_value ` +
      `from ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
  );
  return {
    name: 'the last values of sequences',
    row: lastValueRow,
    variants: [{ when: oldestVersionNumber, sql: `${reads.join('\nunion all\n')}\norder by position` }],
  };
}
