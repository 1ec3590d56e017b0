// The list of slow queries as machines read it: `pg-insight slow-queries --format json`.
import * as z from 'zod';
import type { StatementStatisticsInfo } from '../snapshot';
import type { CaptureOrigin } from '../tables/tables-json';
import { statementOrders, type StatementEntry, type StatementOrder } from './statement-list';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const statementsJsonVersion = 1;

const count = z.number().nonnegative();
const ms = z.number().nonnegative();
const ratio = z.number().min(0).max(1);

export const statementsJsonSchema = z.strictObject({
  schemaVersion: z.literal(statementsJsonVersion),
  /** host:port */
  server: z.string(),
  serverVersion: z.string(),
  database: z.string(),
  /** ISO 8601. */
  capturedAt: z.iso.datetime(),
  /** Of pg_stat_statements, not of the server. */
  extensionVersion: z.string(),
  /** Counts are those since then; null where the extension does not tell (before 1.9). */
  statisticsReset: z.iso.datetime().nullable(),
  /** Times that rare statements were thrown out for lack of room; null before 1.9. */
  deallocated: count.nullable(),
  /** How many there are, listed or not, without those of tools. */
  totalStatements: count,
  /** Of these: how many have a text that is hidden from the role. */
  hiddenStatements: count,
  /** Catalogue queries and transaction control: counted by the server, in no other figure here. */
  toolStatements: count,
  sortedBy: z.enum(statementOrders),
  statements: z.array(
    z.strictObject({
      /** As a text, for it is a signed int8; null when it is hidden from the role. */
      queryId: z.string().nullable(),
      /** null when it is hidden from the role. */
      text: z.string().nullable(),
      /** null when the role is gone. */
      role: z.string().nullable(),
      /** false: run from within a function; null where not known (before 1.9). */
      isTopLevel: z.boolean().nullable(),
      calls: count,
      totalMs: ms,
      meanMs: ms,
      minMs: ms,
      maxMs: ms,
      stddevMs: ms,
      /** null while pg_stat_statements.track_planning is off. */
      planningMs: ms.nullable(),
      /** Of the total time of all statements, listed or not. */
      loadRatio: ratio,
      rows: count,
      rowsPerCall: count,
      /** Hits / (hits + reads) of shared blocks; null without any. */
      hitRatio: ratio.nullable(),
      sharedBlocks: z.strictObject({ hit: count, read: count, dirtied: count, written: count }),
      tempBytes: z.strictObject({ read: count, written: count }),
      walBytes: count,
    }),
  ),
});
export type StatementsJson = z.infer<typeof statementsJsonSchema>;

/** What a list of statements was chosen from. */
export interface StatementsOrigin extends CaptureOrigin {
  role: string;
  blockSizeBytes: number;
  statistics: StatementStatisticsInfo;
  totalStatements: number;
  /** What a statement takes at least, on average, to be listed. */
  minMeanMs: number;
  hiddenStatements: number;
  /** Left out: what tools, PG Insight among them, have run. */
  toolStatements: number;
  sortedBy: StatementOrder;
}

export function toStatementsJson(entries: readonly StatementEntry[], origin: StatementsOrigin): StatementsJson {
  const toBytes = (blocks: number) => blocks * origin.blockSizeBytes;
  return {
    schemaVersion: statementsJsonVersion,
    server: origin.server,
    serverVersion: origin.serverVersion,
    database: origin.database,
    capturedAt: origin.capturedAt,
    extensionVersion: origin.statistics.version,
    statisticsReset: origin.statistics.statisticsReset,
    deallocated: origin.statistics.deallocated,
    totalStatements: origin.totalStatements,
    hiddenStatements: origin.hiddenStatements,
    toolStatements: origin.toolStatements,
    sortedBy: origin.sortedBy,
    statements: entries.map(({ statement, loadRatio, hitRatio, rowsPerCall }) => ({
      queryId: statement.queryId,
      text: statement.text,
      role: statement.role,
      isTopLevel: statement.isTopLevel,
      calls: statement.calls,
      totalMs: statement.totalExecMs,
      meanMs: statement.meanExecMs,
      minMs: statement.minExecMs,
      maxMs: statement.maxExecMs,
      stddevMs: statement.stddevExecMs,
      planningMs: statement.totalPlanMs,
      loadRatio,
      rows: statement.rows,
      rowsPerCall,
      hitRatio,
      sharedBlocks: {
        hit: statement.sharedBlocksHit,
        read: statement.sharedBlocksRead,
        dirtied: statement.sharedBlocksDirtied,
        written: statement.sharedBlocksWritten,
      },
      tempBytes: { read: toBytes(statement.tempBlocksRead), written: toBytes(statement.tempBlocksWritten) },
      walBytes: statement.walBytes,
    })),
  };
}
