// pg_stat_statements: its columns change with the version of the extension in the database, not with the server's.
import * as z from 'zod';
import type { InstalledExtension } from '../../../analysis/server/server-facts';
import { quoteIdentifier } from '../../../analysis/sql/identifiers';
import type { SnapshotStatement } from '../../../analysis/snapshot';
import { stripPrepare } from '../../../analysis/statements/statement-text';
import { oldestVersionNumber, type CatalogueQuery } from '../query';
import statementStatisticsSql from './statement-statistics.sql';
import statementsSql from './statements.sql';

const statementRow = z.object({
  query_id: z.string().nullable(),
  text: z.string().nullable(),
  role: z.string().nullable(),
  is_top_level: z.boolean().nullable(),
  calls: z.number(),
  total_exec_ms: z.number(),
  mean_exec_ms: z.number(),
  min_exec_ms: z.number(),
  max_exec_ms: z.number(),
  stddev_exec_ms: z.number(),
  total_plan_ms: z.number().nullable(),
  rows: z.number(),
  shared_blocks_hit: z.number(),
  shared_blocks_read: z.number(),
  shared_blocks_dirtied: z.number(),
  shared_blocks_written: z.number(),
  temp_blocks_read: z.number(),
  temp_blocks_written: z.number(),
  wal_bytes: z.number(),
  counted_since: z.string().nullable(),
});

const statementStatisticsRow = z.object({
  deallocated: z.number().nullable(),
  statistics_reset: z.string().nullable(),
});

function isBefore({ version }: InstalledExtension, oldestMinor: number): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 1 && minor < oldestMinor;
}

/** 1.9 came with the column toplevel and the view pg_stat_statements_info. */
const isBefore19 = (extension: InstalledExtension) => isBefore(extension, 9);
/** 1.11 came with the columns stats_since and minmax_stats_since. */
const isBefore111 = (extension: InstalledExtension) => isBefore(extension, 11);

/** Puts the extension's schema before its views; a function, because $ means something in a replacement's text. */
const inSchema = (sql: string, { schema }: InstalledExtension) =>
  sql.replace('from pg_stat', () => `from ${quoteIdentifier(schema)}.pg_stat`);

export function statementsQuery(extension: InstalledExtension): CatalogueQuery<typeof statementRow> {
  let sql = inSchema(statementsSql, extension);
  if (isBefore19(extension)) sql = sql.replace('s.toplevel', 'null::pg_catalog.bool');
  if (isBefore111(extension)) sql = sql.replace('s.stats_since', 'null::pg_catalog.timestamptz');
  return { name: 'statements', row: statementRow, variants: [{ when: oldestVersionNumber, sql }] };
}

export function statementStatisticsQuery(extension: InstalledExtension): CatalogueQuery<typeof statementStatisticsRow> {
  return {
    name: 'the statistics of statements',
    row: statementStatisticsRow,
    variants: [
      {
        when: oldestVersionNumber,
        sql: isBefore19(extension)
          ? 'select null::pg_catalog.float8 as deallocated, null::pg_catalog.text as statistics_reset'
          : inSchema(statementStatisticsSql, extension),
      },
    ],
  };
}

export function toSnapshotStatement(row: z.output<typeof statementRow>): SnapshotStatement {
  return {
    queryId: row.query_id,
    text: row.text === null ? null : stripPrepare(row.text),
    role: row.role,
    isTopLevel: row.is_top_level,
    calls: row.calls,
    totalExecMs: row.total_exec_ms,
    meanExecMs: row.mean_exec_ms,
    minExecMs: row.min_exec_ms,
    maxExecMs: row.max_exec_ms,
    stddevExecMs: row.stddev_exec_ms,
    totalPlanMs: row.total_plan_ms,
    rows: row.rows,
    sharedBlocksHit: row.shared_blocks_hit,
    sharedBlocksRead: row.shared_blocks_read,
    sharedBlocksDirtied: row.shared_blocks_dirtied,
    sharedBlocksWritten: row.shared_blocks_written,
    tempBlocksRead: row.temp_blocks_read,
    tempBlocksWritten: row.temp_blocks_written,
    walBytes: row.wal_bytes,
    countedSince: row.counted_since,
  };
}
