// A throw-away PostgreSQL on this machine in which PG Insight plans with the user's DDL and statistics. Nothing is ever
// executed in it but EXPLAIN without ANALYZE.
import type { Client } from 'pg';
import type { DatabaseFailure } from '../../../analysis/connection/connection-failure';

/**
 * 'owner' is the superuser: it makes databases and extensions and writes statistics. 'planner' may create tables and
 * indexes in the databases that it owns (CREATE DATABASE ... OWNER planner), and EXPLAIN, and nothing else: it reads no
 * files and runs no programs, and each of its statements has a timeout.
 */
export type SandboxRole = 'owner' | 'planner';

export interface SandboxServer {
  /** 13 to 18. */
  readonly major: number;
  /** server_version_num. */
  readonly versionNumber: number;
  /** Absolute; this process may read, write and truncate the files in it. New files are made with createDataFile(). */
  readonly dataFolder: string;
  /** An empty file below the data folder that the server may use: as root it belongs to another user. */
  createDataFile(relativePath: string): Promise<void>;
  /** The database "postgres" is there from the start. A Client is plain pg: rows are parsed by its default types. */
  connect(role: SandboxRole, database: string): Promise<Client>;
  /** Settles when the server has ended, wanted or not. Never rejects. */
  readonly ended: Promise<void>;
  /** Why it ended by itself; null while it runs, and after stop(). */
  readonly failure: DatabaseFailure | null;
  /** Ends the server and removes all it has left. */
  stop(): Promise<void>;
}
