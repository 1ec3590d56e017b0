// Building and dropping an index on the user's server: the one thing PG Insight does that stays. What it would do is a
// list of SQL statements; the user agrees to exactly these, and nothing else is run.
import type { DatabaseFailure } from '../connection/connection-failure';
import type { Environment } from '../connection/connection-profile';
import type { IndexExtras } from '../indexes/index-extras';
import { quoteName } from '../sql/identifiers';

export interface RelationName {
  schema: string;
  name: string;
}

/** An index to build; it lies in the schema of its table. */
export interface IndexDefinition {
  schema: string;
  table: string;
  name: string;
  unique: boolean;
  /** CREATE INDEX from USING on: "USING btree (customer_id, created_at DESC) WHERE (paid_at IS NULL)". */
  clause: string;
  /** Of an index that was there before; its tablespace is in the clause. Absent: none. */
  extras?: Omit<IndexExtras, 'tablespace'>;
  /** The indexes of the partitions below, as they were; a partition without one gets the clause above and a new name. */
  parts?: IndexDefinition[];
}

/** An index that is there. The OID tells it from another one that got its name later. */
export interface IndexIdentity extends RelationName {
  oid: number;
}

/** An index of the user's on a partition, which the index of the partitioned table takes in instead of another one. */
export interface AttachedIndex extends IndexIdentity {
  /** The partition that it is on, in the same schema. */
  table: string;
}

export interface IndexBuildRequest {
  index: IndexDefinition;
  /** What the index is expected to take; null when nobody has estimated it. */
  estimatedSizeBytes: number | null;
}

export interface IndexDropTarget extends IndexIdentity {
  /** True for what a build of ours left behind: it is dropped only as long as it is invalid. */
  mustBeInvalid: boolean;
  /**
   * What it was before a drop of it was interrupted: that leaves it invalid, like a build that failed, and no CLUSTER mark.
   * Absent: what it is now.
   */
  before?: IndexDefinition;
}

export interface IndexDropRequest {
  /** Dropped in this order; dropping the index of a partitioned table takes the attached ones of its partitions along. */
  indexes: IndexDropTarget[];
  /**
   * Parts of them that were there before they were attached. PostgreSQL can't detach them, so each is built anew before
   * the drop and gets its name back after it.
   */
  keep: IndexIdentity[];
}

/** What a transaction that others have to wait for is doing. */
export interface OpenTransaction {
  /** null for a prepared transaction, which belongs to no process. */
  pid: number | null;
  /** Name of a prepared transaction (PREPARE TRANSACTION); null for others. */
  preparedName: string | null;
  /** null for the server's own processes. */
  role: string | null;
  /** application_name; null when it is empty. */
  application: string | null;
  /** pg_stat_activity.state: "idle in transaction"; null when the role may not see it. */
  state: string | null;
  /** Since the transaction began; null when the role may not see it. */
  ageMs: number | null;
  /** Since it is in this state; null when the role may not see it. */
  stateAgeMs: number | null;
  /** The running or last statement, shortened; null when the role may not see it, or there is none. */
  text: string | null;
  /** False when the role may not see what the session does. */
  isVisible: boolean;
}

export interface IndexStep {
  /**
   * 'slow' works for as long as the table is large and blocks no writer; 'quick' is done in a moment, but others wait in
   * line behind the lock that it wants, so it gives up after a short wait and is tried again.
   */
  pace: 'slow' | 'quick';
  sql: string;
  /** The index that it makes, attaches or drops. */
  index: RelationName;
  /** The table that it works on. */
  table: RelationName;
  /** Size of that table, the step's share of the work; 0 for a quick step. */
  tableSizeBytes: number;
}

/** Why PG Insight does not do it itself; the user may, with the SQL of the plan. */
export interface IndexRefusal {
  /** A sentence. */
  reason: string;
  /** A sentence. */
  nextStep: string;
}

/** What the confirmation shows, for a build and for a drop. */
export interface IndexPlan {
  /** host:port, or the path of a unix socket. */
  server: string;
  database: string;
  environment: Environment;
  role: string;
  steps: IndexStep[];
  /** Transactions that the work would have to wait for, oldest first; those that the role can't see into are last. */
  openTransactions: OpenTransaction[];
  /** null when it can be done. */
  refusal: IndexRefusal | null;
}

export interface IndexBuildPlan extends IndexPlan {
  index: IndexDefinition;
  estimatedSizeBytes: number | null;
  /** pg_class.reltuples, partitions summed; null when neither the table nor a partition was ever vacuumed or analyzed. */
  estimatedRows: number | null;
  /** Partitions that are not in `estimatedRows`: never vacuumed or analyzed, and up to 13 also the empty ones. */
  uncountedPartitions: number;
  /** relpages x block_size, partitions summed. */
  tableSizeBytes: number;
  /** Tables without partitions of their own among the partitions; 0 for an ordinary table. */
  partitionCount: number;
  /** Indexes of partitions that are taken as they are. */
  attached: AttachedIndex[];
  /** Invalid ones of the same definition on these tables, whatever their names: what earlier builds have left. */
  invalid: InvalidIndex[];
}

export interface InvalidIndex extends IndexIdentity {
  table: string;
  /** A session that may be building it; null when there is none. */
  busyPid: number | null;
}

/** What is kept of a build while it runs, for whoever looks when its window is gone. */
export interface StartedIndexBuild {
  request: IndexBuildRequest;
  /** The indexes that its statements make, the one that was asked for first. */
  made: (RelationName & { table: string })[];
  keep: IndexIdentity[];
  /** What its window was to do after the last index was built, may be run again; '' without. */
  unfinishedSql: string;
}

export type StartedIndexBuildState =
  /** The server goes on with it, or another session works on the table. */
  | { state: 'running'; pid: number }
  | ({ state: 'built' } & Pick<
      Extract<IndexBuildOutcome, { outcome: 'built' }>,
      'index' | 'definition' | 'sizeBytes' | 'undo' | 'unfinishedSql'
    >)
  | { state: 'left'; leftover: Extract<IndexLeftover, { left: 'remainder' }> }
  /** Nothing of it is there. */
  | { state: 'gone' };

/** What is kept of a drop while it runs. */
export type StartedIndexDrop = Pick<IndexDropPlan, 'indexes' | 'rebuilt' | 'steps'> & { request: IndexDropRequest };

export type StartedIndexDropState =
  /** The server goes on with it. */
  | { state: 'running'; pid: number }
  | ({ state: 'dropped' } & Pick<Extract<IndexDropOutcome, { outcome: 'dropped' }>, 'undo' | 'undoSql'>)
  | { state: 'left'; leftover: IndexLeftover };

export interface DroppedIndex extends IndexIdentity {
  table: string;
  /** pg_get_indexdef(), read right before the drop. */
  definition: string;
  isValid: boolean;
  /** It is valid, or was until a drop of it was interrupted; nobody misses what a build has left. */
  isMissed: boolean;
  /** With its indexes on the partitions when it is that of a partitioned table; so are the scans. */
  sizeBytes: number;
  /** idx_scan; null when nothing was counted. */
  scans: number | null;
  /** What brings it back. */
  undo: IndexDefinition;
}

/** An index that is built anew because the old one goes with the index that it is a part of. */
export interface RebuiltIndex extends AttachedIndex {
  /** Its name until the old one is gone. */
  interim: string;
}

export interface IndexDropPlan extends IndexPlan {
  indexes: DroppedIndex[];
  rebuilt: RebuiltIndex[];
}

/** What the user agreed to. Made where the dialog is, nowhere else. */
export interface IndexConsent {
  /** Every statement, as the dialog showed it. */
  sql: readonly string[];
  server: string;
  database: string;
}

export interface IndexProgress {
  /** Counts from 1. */
  step: number;
  stepCount: number;
  index: RelationName;
  /** pg_stat_progress_create_index.phase; null before it has begun and for steps without progress. */
  phase: string | null;
  blocksDone: number;
  blocksTotal: number;
  tuplesDone: number;
  tuplesTotal: number;
  lockersDone: number;
  lockersTotal: number;
  /** Share of the phase that is done, 0 to 1; null when the server counts nothing in it. */
  phaseRatio: number | null;
  /** How far the whole work has got, 0 to 1: a position, not a share of the time. Never goes back. */
  ratio: number;
  /** Whom the server waits for now; null when it does not wait. */
  waitingFor: OpenTransaction | null;
}

/** What is left on the server of a build or drop that did not succeed. */
export type IndexLeftover =
  | { left: 'nothing' }
  /** An index (or several, of partitions) that is no use; `cleanup` drops what is ours. */
  | {
      left: 'remainder';
      cleanup: IndexDropRequest;
      invalid: RelationName[];
      /** Writes keep it (or some of it) up: its first scan was done. Before that they only stop being HOT on its columns. */
      isWritten: boolean;
      /** What was to be dropped and is there as it was; null for a build. */
      untouched: RelationName | null;
    }
  /** A drop that did not happen, or not yet in full. */
  | { left: 'index'; index: RelationName; isValid: boolean; isWritten: boolean }
  /** The drop is done, and what was built anew does not have its name yet; `sql` gives it back. */
  | { left: 'renames'; sql: string }
  /** PG Insight could not look. */
  | { left: 'unknown' };

export type IndexBuildOutcome =
  | {
      outcome: 'built';
      index: IndexIdentity;
      /** pg_get_indexdef() of what is there now, without ON ONLY. */
      definition: string;
      sizeBytes: number;
      durationMs: number;
      /** What was to follow, like its comment, and did not succeed; '' when nothing is missing. */
      unfinishedSql: string;
      /** Takes it back: a drop of exactly this index. */
      undo: IndexDropRequest;
    }
  /** `failure` says what failed, what is left and what to do. Its kind is 'cancelled' when the user wanted it. */
  | { outcome: 'failed'; failure: DatabaseFailure; leftover: IndexLeftover };

export type IndexDropOutcome =
  | {
      outcome: 'dropped';
      indexes: DroppedIndex[];
      durationMs: number;
      /** Brings it back; null after cleaning up a remainder. */
      undo: IndexBuildRequest | null;
      /** The same as SQL, to keep. */
      undoSql: string;
    }
  | { outcome: 'failed'; failure: DatabaseFailure; leftover: IndexLeftover };

/** Whether the user's word is for these very statements, on this database. */
export function coversSteps(consent: IndexConsent, { server, database, steps }: IndexPlan): boolean {
  if (consent.server !== server || consent.database !== database) return false;
  return consent.sql.length === steps.length && steps.every(({ sql }, index) => sql === consent.sql[index]);
}

/** CREATE INDEX in full, as a person or a migration runs it. */
export function formatCreateIndex(
  { schema, table, name, unique, clause }: IndexDefinition,
  how: 'CONCURRENTLY' | 'ON ONLY' | '' = 'CONCURRENTLY',
): string {
  const words = ['CREATE', ...(unique ? ['UNIQUE'] : []), 'INDEX', ...(how === 'CONCURRENTLY' ? [how] : [])];
  const on = how === 'ON ONLY' ? how : 'ON';
  return `${words.join(' ')} ${quoteName(name)} ${on} ${quoteName(schema)}.${quoteName(table)} ${clause}`;
}
