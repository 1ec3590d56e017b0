import * as z from 'zod';
import type { IndexIdentity, OpenTransaction } from '../../../analysis/index-build/index-build';
import type { IndexedTable } from '../../../analysis/index-build/index-steps';
import type { IndexExtras } from '../../../analysis/indexes/index-extras';
import { int8, oldestVersionNumber, type CatalogueQuery } from '../query';
import attachableIndexesSql from './attachable-indexes.sql';
import invalidIndexesSql from './invalid-indexes.sql';
import backendSql from './backend.sql';
import buildProgressSql from './build-progress.sql';
import cancelBuildSql from './cancel-build.sql';
import indexPartsSql from './index-parts.sql';
import indexStatesSql from './index-states.sql';
import indexTableSql from './index-table.sql';
import indexedTablesSql from './indexed-tables.sql';
import openTransactionsSql from './open-transactions.sql';
import runningStatementSql from './running-statement.sql';
import takenNamesSql from './taken-names.sql';

const indexTableRow = z.object({
  oid: int8,
  /** pg_class.relkind. */
  kind: z.string(),
  /** pg_class.relpersistence: 't' is temporary. */
  persistence: z.string(),
  is_system: z.boolean(),
  owner: z.string(),
  is_owner: z.boolean(),
  may_create: z.boolean(),
});
export type IndexTableRow = z.output<typeof indexTableRow>;

export const indexTableQuery: CatalogueQuery<typeof indexTableRow> = {
  name: 'the table',
  row: indexTableRow,
  variants: [{ when: oldestVersionNumber, sql: indexTableSql }],
};

const indexedTablesRow = z.object({
  oid: int8,
  parent_oid: int8.nullable(),
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  estimated_rows: z.number().nullable(),
  pages: z.number().int(),
});

export const indexedTablesQuery: CatalogueQuery<typeof indexedTablesRow> = {
  name: 'partitions',
  row: indexedTablesRow,
  variants: [{ when: oldestVersionNumber, sql: indexedTablesSql }],
};

export function toIndexedTable(
  row: z.output<typeof indexedTablesRow>,
  blockSizeBytes: number,
  matching: IndexIdentity | null,
): IndexedTable {
  return {
    oid: row.oid,
    parentOid: row.parent_oid,
    schema: row.schema,
    name: row.name,
    kind: row.kind === 'p' ? 'partitioned table' : 'table',
    // relpages of a partitioned table is -1 from 14 on
    sizeBytes: Math.max(0, row.pages) * blockSizeBytes,
    matching,
  };
}

const attachableIndexesRow = z.object({
  table_oid: int8,
  oid: int8,
  schema: z.string(),
  name: z.string(),
  table_name: z.string(),
  definition: z.string(),
});

export const attachableIndexesQuery: CatalogueQuery<typeof attachableIndexesRow> = {
  name: 'indexes of partitions',
  row: attachableIndexesRow,
  variants: [{ when: oldestVersionNumber, sql: attachableIndexesSql }],
};

const indexPartsRow = z.object({ oid: int8, parent_oid: int8, schema: z.string(), name: z.string() });
export const indexPartsQuery: CatalogueQuery<typeof indexPartsRow> = {
  name: 'parts of the index',
  row: indexPartsRow,
  variants: [{ when: oldestVersionNumber, sql: indexPartsSql }],
};

const invalidIndexesRow = z.object({ schema: z.string(), name: z.string() });
export const invalidIndexesQuery: CatalogueQuery<typeof invalidIndexesRow> = {
  name: 'invalid indexes',
  row: invalidIndexesRow,
  variants: [{ when: oldestVersionNumber, sql: invalidIndexesSql }],
};

const takenNamesRow = z.object({ schema: z.string(), name: z.string() });
export const takenNamesQuery: CatalogueQuery<typeof takenNamesRow> = {
  name: 'names',
  row: takenNamesRow,
  variants: [{ when: oldestVersionNumber, sql: takenNamesSql }],
};

const runningStatementRow = z.object({ pid: z.number().int() });
export const runningStatementQuery: CatalogueQuery<typeof runningStatementRow> = {
  name: 'the running statement',
  row: runningStatementRow,
  variants: [{ when: oldestVersionNumber, sql: runningStatementSql }],
};

const ownerRow = {
  role: z.string().nullable(),
  application: z.string().nullable(),
  state: z.string().nullable(),
  age_ms: z.number().nullable(),
  state_age_ms: z.number().nullable(),
  text: z.string().nullable(),
  is_visible: z.boolean(),
};

const openTransactionsRow = z.object({
  pid: z.number().int().nullable(),
  prepared_name: z.string().nullable(),
  ...ownerRow,
});

export const openTransactionsQuery: CatalogueQuery<typeof openTransactionsRow> = {
  name: 'open transactions',
  row: openTransactionsRow,
  variants: [{ when: oldestVersionNumber, sql: openTransactionsSql }],
};

const buildProgressRow = z.object({
  phase: z.string().nullable(),
  index_oid: int8.nullable(),
  blocks_done: int8,
  blocks_total: int8,
  tuples_done: int8,
  tuples_total: int8,
  lockers_done: int8,
  lockers_total: int8,
  /** 0: a prepared transaction; null: nobody. */
  blocker_pid: z.number().int().nullable(),
  prepared_name: z.string().nullable(),
  ...ownerRow,
});
export type BuildProgressRow = z.output<typeof buildProgressRow>;

export const buildProgressQuery: CatalogueQuery<typeof buildProgressRow> = {
  name: 'the progress of the index',
  row: buildProgressRow,
  variants: [{ when: oldestVersionNumber, sql: buildProgressSql }],
};

export function toOpenTransaction(row: z.output<typeof openTransactionsRow>): OpenTransaction {
  return {
    pid: row.pid,
    preparedName: row.prepared_name,
    role: row.role,
    application: row.application === '' ? null : row.application,
    state: row.state,
    ageMs: row.age_ms,
    stateAgeMs: row.state_age_ms,
    text: row.text === '' ? null : row.text,
    isVisible: row.is_visible,
  };
}

/** Null while nobody is in the way. */
export function toBlocker(row: BuildProgressRow): OpenTransaction | null {
  const { blocker_pid: pid } = row;
  if (pid === null) return null;
  return pid === 0
    ? { ...toOpenTransaction({ ...row, pid: null }), isVisible: true }
    : toOpenTransaction({ ...row, pid });
}

const backendRow = z.object({
  pid: z.number().int(),
  /** backend_start in seconds, as text: compared, never computed with. */
  started: z.string(),
  in_recovery: z.boolean(),
  database: z.string(),
  is_read_only: z.boolean(),
});
export type BackendRow = z.output<typeof backendRow>;

export const backendQuery: CatalogueQuery<typeof backendRow> = {
  name: 'the connection',
  row: backendRow,
  variants: [{ when: oldestVersionNumber, sql: backendSql }],
};

const cancelBuildRow = z.object({ is_sent: z.boolean() });
export const cancelBuildQuery: CatalogueQuery<typeof cancelBuildRow> = {
  name: 'the cancel request',
  row: cancelBuildRow,
  variants: [{ when: oldestVersionNumber, sql: cancelBuildSql }],
};

const indexStatesRow = z.object({
  place: z.number().int(),
  schema: z.string(),
  name: z.string(),
  oid: int8,
  /** pg_class.relkind: 'i' an index, 'I' that of a partitioned table; another one is no index. */
  kind: z.string(),
  table_oid: int8.nullable(),
  table_name: z.string().nullable(),
  is_valid: z.boolean().nullable(),
  /** Writes add to it. */
  is_written: z.boolean().nullable(),
  is_unique: z.boolean().nullable(),
  is_replica_identity: z.boolean().nullable(),
  is_clustered: z.boolean().nullable(),
  definition: z.string().nullable(),
  /** What the definition begins with, up to "USING". */
  definition_begin: z.string().nullable(),
  /** With the parts of a partitioned table's index, as the next one; null: nothing was counted. */
  size_bytes: int8,
  scans: int8.nullable(),
  /** The index of the partitioned table that it is a part of. */
  attached_to: z.string().nullable(),
  /** null: the database's own. */
  tablespace: z.string().nullable(),
  comment: z.string().nullable(),
  is_owner: z.boolean(),
  owner: z.string(),
  constraints: z.array(z.string()),
  extensions: z.array(z.string()),
  /** By the expression's position. */
  statistics_targets: z.record(z.string(), z.number()).nullable(),
  /** A session that may be building on the table right now. */
  busy_pid: z.number().int().nullable(),
});
export type IndexStateRow = z.output<typeof indexStatesRow>;

export function toExtras({
  comment,
  is_clustered: isClustered,
  statistics_targets: targets,
}: Pick<IndexStateRow, 'comment' | 'is_clustered' | 'statistics_targets'>): Omit<IndexExtras, 'tablespace'> {
  return { comment, isClustered: isClustered === true, statisticsTargets: targets ?? {} };
}

export const indexStatesQuery: CatalogueQuery<typeof indexStatesRow> = {
  name: 'indexes',
  row: indexStatesRow,
  variants: [{ when: oldestVersionNumber, sql: indexStatesSql }],
};
