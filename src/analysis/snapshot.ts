// What was seen of a server in one read-only transaction: the only input of the health rules, the lists of indexes and
// slow queries, and the report. Every section may be missing, and then says why; an empty section means that there is
// nothing of the kind. OIDs are for asking the same server again; they are never shown, stored or part of a fingerprint.
import type { SuggestedFix } from './finding';
import type { IndexExtras } from './indexes/index-extras';
import type { TableKind } from './tables/table';

/** Why a section is missing. Each kind asks for another next step. */
export type SectionGapKind =
  /** The role may not read it. */
  | 'not-permitted'
  /** It needs an extension or a library that is not there. */
  | 'missing'
  /** A setting keeps the server from collecting it. */
  | 'switched-off'
  /** This version, or a standby, does not have it. */
  | 'not-possible'
  /** The query failed or timed out. */
  | 'failed';

export interface SectionGap {
  kind: SectionGapKind;
  /** One sentence: what could not be looked at and why. */
  message: string;
  /** What to do about it, a sentence. */
  nextStep: string;
  /** The exact steps, where SQL is all it takes. */
  fix?: SuggestedFix;
}

export type Section<Row> =
  { status: 'available'; rows: readonly Row[] } | { status: 'unavailable'; reason: SectionGap };

/** Cumulative counts start at `statisticsReset`. All are null where the server counts nothing (track_counts off). */
export interface SnapshotTable {
  oid: number;
  schema: string;
  name: string;
  kind: TableKind;
  /** Parent of a partition or inheritance child; null for others. */
  parentOid: number | null;
  isPartition: boolean;
  /** pg_class.reltuples; null when never vacuumed or analyzed, and for a partitioned table: its rows are its partitions'. */
  estimatedRows: number | null;
  /** relpages x block_size, heap only. */
  estimatedSizeBytes: number;
  /** The heap's file now; null where nothing says that it has grown since relpages, or the table is locked. */
  currentSizeBytes: number | null;
  /** All indexes together, relpages x block_size. */
  indexesSizeBytes: number;
  hasPrimaryKey: boolean;
  /** May the role read its rows, and so its column statistics. */
  maySelect: boolean;
  /** pg_stats has something about its columns (of a partitioned table: about all partitions together); null when hidden. */
  hasColumnStatistics: boolean | null;
  /** Extension that it belongs to; null for the user's own. */
  extension: string | null;
  /** null also for kinds that hold no rows of their own (partitioned, foreign). */
  activity: TableActivity | null;
  /** ISO 8601; manual or automatic, whichever is later; null when never. */
  lastVacuum: string | null;
  lastAnalyze: string | null;
  /** An (auto)vacuum or analyze is at work on it right now. */
  isBeingVacuumed: boolean;
  isBeingAnalyzed: boolean;
  /** autovacuum_enabled of the table's own settings; null where it has none. */
  autovacuumEnabled: boolean | null;
  /** pg_class.reloptions by name, values as they were written; empty without. */
  storageParameters: Readonly<Record<string, string>>;
  /** age(relfrozenxid) of the table or its TOAST table, transactions; null for kinds that have none. */
  transactionAge: number | null;
  /** mxid_age(relminmxid), likewise. */
  multixactAge: number | null;
}

export interface TableActivity {
  sequentialScans: number;
  sequentialRowsRead: number;
  indexScans: number;
  inserted: number;
  updated: number;
  hotUpdated: number;
  deleted: number;
  liveTuples: number;
  deadTuples: number;
  modifiedSinceAnalyze: number;
  /** Blocks, heap and all indexes: read from outside shared buffers, and found in them. */
  heapBlocksRead: number;
  heapBlocksHit: number;
  indexBlocksRead: number;
  indexBlocksHit: number;
}

export interface IndexKey {
  /** Column's name; null for an expression. */
  column: string | null;
  /** pg_get_indexdef(index, position, false): the column or expression as SQL, quoted. */
  sql: string;
  /** Schema-qualified names, as texts to compare: a class with its parameters, "s.trgm_ops (siglen=100)"; collation is null for types without. */
  operatorClass: string;
  collation: string | null;
  descending: boolean;
  nullsFirst: boolean;
  /** The column is NOT NULL; false for an expression. */
  isNotNull: boolean;
}

export interface SnapshotIndex extends IndexExtras {
  oid: number;
  schema: string;
  name: string;
  tableOid: number;
  tableName: string;
  /** Index of the parent that this one is attached to; null for others. */
  parentOid: number | null;
  /** On a partitioned table: without storage of its own. */
  isPartitioned: boolean;
  method: string;
  keys: readonly IndexKey[];
  /** INCLUDE columns, quoted where needed. */
  included: readonly string[];
  /** Of a partial index, as the server prints it; null for others. */
  predicate: string | null;
  /** pg_class.reloptions: WITH (...), as texts by name. */
  storageParameters: Readonly<Record<string, string>>;
  isUnique: boolean;
  /** Unique with NULLS NOT DISTINCT (15+). */
  nullsNotDistinct: boolean;
  isPrimary: boolean;
  /** Primary key, unique or exclusion constraint that it stands behind; null for others. */
  constraint: string | null;
  /** A foreign key of another (or the same) table refers to it. */
  supportsForeignKey: boolean;
  isReplicaIdentity: boolean;
  isValid: boolean;
  /** Invalid because a session builds, rebuilds or drops it CONCURRENTLY right now. */
  isBeingBuilt: boolean;
  /** pg_get_indexdef(), without ON ONLY: of a partitioned one it makes the indexes of the partitions too. */
  definition: string;
  /** relpages x block_size; 0 for a partitioned one. */
  estimatedSizeBytes: number;
  /** idx_scan; null when the server counts nothing. */
  scans: number | null;
  /** ISO 8601, from 16 on; null when never or not known. */
  lastScan: string | null;
  tuplesRead: number | null;
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface SnapshotForeignKey {
  schema: string;
  tableOid: number;
  tableName: string;
  name: string;
  columns: readonly string[];
  referencedOid: number;
  referencedSchema: string;
  referencedName: string;
  onDelete: ReferentialAction;
  onUpdate: ReferentialAction;
  isValidated: boolean;
  /** Inherited from a partitioned table's key: its index is the parent's matter. */
  isInherited: boolean;
  /** Sequences, views and composite types of its schema that are called as an index would be: "..._idx", "..._idx1". */
  indexLikeNames: readonly string[];
}

export interface SnapshotSequence {
  schema: string;
  name: string;
  /** smallint, integer or bigint, of the sequence. */
  type: string;
  /** null when never used, or when it could not be read. int8 as number: exact up to 2^53, beyond that rounded. */
  lastValue: number | null;
  /** May the role read the last value (SELECT; on a standby unlogged ones can't be read by anyone). */
  mayRead: boolean;
  minimum: number;
  maximum: number;
  increment: number;
  cycles: boolean;
  /** The column it fills (identity, serial or a default with nextval), the narrowest of several; null for others. */
  column: {
    schema: string;
    table: string;
    name: string;
    /** format_type() */
    type: string;
    /** Views with the column, and relations whose rules name it: while they are there the server does not change its type. */
    users: readonly { schema: string; name: string }[];
  } | null;
}

/** A row of pg_stat_statements, in the database that is connected. Times are milliseconds, sizes blocks. */
export interface SnapshotStatement {
  /** As a text, for it is a signed int8; null when the role may not see it. */
  queryId: string | null;
  /** null when the role may not see it. */
  text: string | null;
  /** pg_get_userbyid(); null when the role is gone. */
  role: string | null;
  /** false: run from within a function (1.9+); null where not known. */
  isTopLevel: boolean | null;
  calls: number;
  totalExecMs: number;
  meanExecMs: number;
  minExecMs: number;
  maxExecMs: number;
  stddevExecMs: number;
  /** null while pg_stat_statements.track_planning is off. */
  totalPlanMs: number | null;
  rows: number;
  sharedBlocksHit: number;
  sharedBlocksRead: number;
  sharedBlocksDirtied: number;
  sharedBlocksWritten: number;
  tempBlocksRead: number;
  tempBlocksWritten: number;
  walBytes: number;
  /** When counting began, ISO 8601: its first call, or its own reset. Null before pg_stat_statements 1.11 (PostgreSQL 17). */
  countedSince: string | null;
}

/** One row: about pg_stat_statements itself. */
export interface StatementStatisticsInfo {
  /** Schema of the extension in this database. */
  schema: string;
  /** "1.11": what the extension's SQL part is, not the server. */
  version: string;
  /** Statements that were thrown out for lack of room; null before 1.9. */
  deallocated: number | null;
  /** ISO 8601; null before 1.9. */
  statisticsReset: string | null;
}

export interface SnapshotActivity {
  pid: number;
  /** null for background processes; seen by every role. */
  role: string | null;
  database: string | null;
  /** CONNECTION LIMIT of the role; null without one. */
  roleConnectionLimit: number | null;
  application: string;
  /** "client backend", "autovacuum worker" ...; null when not permitted. */
  backendType: string | null;
  /** active, idle, idle in transaction ...; null when not permitted, and for background processes. */
  state: string | null;
  /** The rest of this row is hidden from the role. */
  isHidden: boolean;
  /** null when the role may not see it. */
  text: string | null;
  /** Seconds; null when not in a transaction, not running, or not permitted. */
  transactionSeconds: number | null;
  querySeconds: number | null;
  waitEventType: string | null;
  waitEvent: string | null;
  /** pids that this one waits for. */
  blockedBy: readonly number[];
  isOurs: boolean;
}

/** Every database of the server: wraparound is a matter of all. */
export interface SnapshotDatabase {
  name: string;
  isCurrent: boolean;
  allowsConnections: boolean;
  /** CONNECTION LIMIT; null without one. */
  connectionLimit: number | null;
  connections: number;
  blocksRead: number;
  blocksHit: number;
  /** age(datfrozenxid), transactions. */
  transactionAge: number;
  /** mxid_age(datminmxid) */
  multixactAge: number;
  /** ISO 8601; null when never reset. */
  statisticsReset: string | null;
  /**
   * ISO 8601: counts are known to run since then. Later than the reset when the server lost its statistics in a crash;
   * never null in practice, but a server may say nothing.
   */
  countedSince: string | null;
}

/** A setting as pg_settings has it for a new session; one that the role may not see is not there. */
export interface SnapshotSetting {
  name: string;
  setting: string;
  /** "8kB", "ms" ...; null without. */
  unit: string | null;
  source: string;
}

export interface SnapshotSections {
  tables: SnapshotTable;
  indexes: SnapshotIndex;
  foreignKeys: SnapshotForeignKey;
  sequences: SnapshotSequence;
  statements: SnapshotStatement;
  statementStatistics: StatementStatisticsInfo;
  activity: SnapshotActivity;
  databases: SnapshotDatabase;
  settings: SnapshotSetting;
}
export type SectionName = keyof SnapshotSections;

export const sectionNames: readonly SectionName[] = [
  'tables',
  'indexes',
  'foreignKeys',
  'sequences',
  'statements',
  'statementStatistics',
  'activity',
  'databases',
  'settings',
];

export interface SnapshotServer {
  /** host:port, for people. */
  server: string;
  database: string;
  role: string;
  version: string;
  /** server_version_num */
  versionNumber: number;
  inRecovery: boolean;
  blockSizeBytes: number;
}

/** Of all sections, or of those that were asked for. */
export interface Snapshot<Names extends SectionName = SectionName> {
  /** ISO 8601, the server's clock at the start of the transaction. */
  capturedAt: string;
  server: SnapshotServer;
  sections: { readonly [Name in Names]: Section<SnapshotSections[Name]> };
}
