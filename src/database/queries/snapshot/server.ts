// What a snapshot holds about the server as a whole: processes, databases, settings.
import * as z from 'zod';
import type { SnapshotActivity, SnapshotDatabase } from '../../../analysis/snapshot';
import { oldestVersionNumber, type CatalogueQuery } from '../query';
import activitySql from './activity.sql';
import databasesSql from './databases.sql';
import headSql from './head.sql';
import settingsSql from './settings.sql';

function define<Row extends z.ZodType>(name: string, sql: string, row: Row): CatalogueQuery<Row> {
  return { name, row, variants: [{ when: oldestVersionNumber, sql }] };
}

export const headQuery = define('the server', headSql, z.object({ captured_at: z.string(), in_recovery: z.boolean() }));

const activityRow = z.object({
  pid: z.number(),
  role: z.string().nullable(),
  database: z.string().nullable(),
  role_connection_limit: z.number().nullable(),
  application: z.string(),
  backend_type: z.string().nullable(),
  state: z.string().nullable(),
  is_hidden: z.boolean(),
  text: z.string().nullable(),
  transaction_seconds: z.number().nullable(),
  query_seconds: z.number().nullable(),
  wait_event_type: z.string().nullable(),
  wait_event: z.string().nullable(),
  blocked_by: z.array(z.number()),
  is_ours: z.boolean(),
});
export const activityQuery = define('sessions', activitySql, activityRow);

export function toSnapshotActivity(row: z.output<typeof activityRow>): SnapshotActivity {
  return {
    pid: row.pid,
    role: row.role,
    database: row.database,
    roleConnectionLimit: row.role_connection_limit,
    application: row.application,
    backendType: row.backend_type,
    state: row.state,
    isHidden: row.is_hidden,
    text: row.text,
    transactionSeconds: row.transaction_seconds,
    querySeconds: row.query_seconds,
    waitEventType: row.wait_event_type,
    waitEvent: row.wait_event,
    blockedBy: row.blocked_by,
    isOurs: row.is_ours,
  };
}

const databaseRow = z.object({
  name: z.string(),
  is_current: z.boolean(),
  allows_connections: z.boolean(),
  connection_limit: z.number().nullable(),
  connections: z.number(),
  blocks_read: z.number(),
  blocks_hit: z.number(),
  transaction_age: z.number(),
  multixact_age: z.number(),
  statistics_reset: z.string().nullable(),
  counted_since: z.string().nullable(),
});
export const databasesQuery = define('databases', databasesSql, databaseRow);

export function toSnapshotDatabase(row: z.output<typeof databaseRow>): SnapshotDatabase {
  return {
    name: row.name,
    isCurrent: row.is_current,
    allowsConnections: row.allows_connections,
    connectionLimit: row.connection_limit,
    connections: row.connections,
    blocksRead: row.blocks_read,
    blocksHit: row.blocks_hit,
    transactionAge: row.transaction_age,
    multixactAge: row.multixact_age,
    statisticsReset: row.statistics_reset,
    countedSince: row.counted_since,
  };
}

/** A row of the answer is a SnapshotSetting as it is. */
export const settingsQuery = define(
  'settings',
  settingsSql,
  z.object({ name: z.string(), setting: z.string(), unit: z.string().nullable(), source: z.string() }),
);
