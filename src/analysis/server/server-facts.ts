// What was learned about the server and the role right after connecting. Everything that depends on a version or a
// privilege asks here.

export interface InstalledExtension {
  name: string;
  version: string;
  schema: string;
}

export interface UnreadableTables {
  schema: string;
  /** Number of tables that the role may not SELECT from. */
  notPermitted: number;
  /** Number of tables that it may SELECT from, but under a row-level security policy. */
  behindRowSecurity: number;
  /** Number of sequences that the role may not SELECT from. */
  sequences: number;
}

export interface UnownedTables {
  owner: string;
  /** Nobody should become a member of such a role only to create indexes. */
  isOwnerSuperuser: boolean;
  tables: number;
}

/** Settings that are read right after connecting. Those with a dot exist only while their library is loaded. */
export const observedSettings = [
  'auto_explain.log_min_duration',
  'autovacuum',
  'compute_query_id',
  'jit',
  'listen_addresses',
  'lock_timeout',
  'log_min_duration_statement',
  'pg_stat_statements.track',
  'search_path',
  'server_encoding',
  'session_preload_libraries',
  'shared_preload_libraries',
  'statement_timeout',
  'track_activities',
  'track_counts',
  'track_io_timing',
  'work_mem',
] as const;

export const narrowSources = ['database', 'user', 'database user', 'global'] as const;
export type NarrowSource = (typeof narrowSources)[number];

export interface ServerFacts {
  /** server_version_num: 180004 is 18.4. */
  versionNumber: number;
  /** server_version as the server prints it, vendor's suffix included. */
  version: string;
  database: string;
  /** current_user. */
  role: string;
  isSuperuser: boolean;
  /** Predefined roles that the role has the privileges of (pg_monitor, pg_read_all_stats, pg_read_all_data, ...). */
  predefinedRoles: string[];
  /** True on a standby. */
  inRecovery: boolean;
  /** block_size, bytes. */
  blockSizeBytes: number;
  extensions: InstalledExtension[];
  /** Names that CREATE EXTENSION would find. */
  availableExtensions: string[];
  /** Settings the editor and doctor look at, by name; a missing key is a setting this server does not know or hides. */
  settings: Record<string, string>;
  /**
   * pg_settings.source of those that are set for less than the server, so that ALTER SYSTEM would change nothing here:
   * "database", "user", "database user" or "global" (ALTER ROLE ALL).
   */
  narrowSettings: Record<string, NarrowSource>;
  /** Detected by what the connection answers: pgbouncer refuses some things a server would allow. */
  pooler: 'none' | 'pgbouncer';
  /** TLS of this very connection; null when pg_stat_ssl says nothing about it. */
  tls: { version: string; cipher: string } | null;
  /** May SELECT from the view pg_stat_statements; false when the extension is not in this database. */
  canReadStatementStatistics: boolean;
  /** The rights on pg_stat_statements that the role lacks; none when the extension is not in this database. */
  lackingStatementRights: ('USAGE' | 'SELECT')[];
  /** Tables whose planner statistics are hidden from the role, by schema; schemas without any are left out. */
  unreadableTables: UnreadableTables[];
  /** Tables that the role can't create indexes on, VACUUM or ANALYZE, by owner: only an owner or a member of it may. */
  unownedTables: UnownedTables[];
}
