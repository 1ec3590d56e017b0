// What was learned about the server and the role right after connecting. Everything that depends on a version or a
// privilege asks here.

export interface InstalledExtension {
  name: string;
  version: string;
  schema: string;
}

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
  /** Detected by what the connection answers: pgbouncer refuses some things a server would allow. */
  pooler: 'none' | 'pgbouncer';
  /** TLS of this very connection; null when pg_stat_ssl says nothing about it. */
  tls: { version: string; cipher: string } | null;
}
