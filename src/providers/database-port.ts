// What the editor needs of the database, as functions: extension.ts hands in src/database's implementation. Everything
// rejects with a DatabaseFailure.
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { ExplainRequest, ExplainResult, TypicalValues } from '../analysis/explain/explain';
import type { ServerFacts } from '../analysis/server/server-facts';
import type { ConsentVerdict } from '../analysis/sql/consent';
import type { ExactSizes, TableDetails, TableSummary } from '../analysis/tables/table';

export type ConnectionState =
  | { state: 'connected' }
  /** Said as soon as the loss is noticed; `attempt` counts from 1, `retryInMs` until the next one. */
  | { state: 'reconnecting'; attempt: number; retryInMs: number; reason: string }
  | { state: 'closed' };

export interface DatabaseSession {
  readonly profile: ConnectionProfile;
  /** host:port as it was resolved, for messages. */
  readonly server: string;
  readonly database: string;
  readonly facts: ServerFacts;
  onDidChangeState(listener: (state: ConnectionState) => void): { dispose(): void };
  captureTables(signal?: AbortSignal): Promise<TableSummary[]>;
  captureTableDetails(oid: number, signal?: AbortSignal): Promise<TableDetails>;
  captureExactSizes(oid: number, signal?: AbortSignal): Promise<ExactSizes>;
  /** CREATE TABLE with constraints, then its indexes, as pg_dump would write it for a reader. */
  captureTableDdl(oid: number, signal?: AbortSignal): Promise<string>;
  /** Whether this statement may be planned (analyze: false) or run (true) without asking. */
  assessStatement(sql: string, analyze: boolean, signal?: AbortSignal): Promise<ConsentVerdict>;
  explain(request: ExplainRequest, signal?: AbortSignal): Promise<ExplainResult>;
  /** One entry a parameter, in order; null where nothing is known. */
  captureTypicalValues(sql: string, signal?: AbortSignal): Promise<(TypicalValues | null)[]>;
  close(): Promise<void>;
}

export interface DatabaseAccess {
  /** `password` is what SecretStorage holds; null lets the profile's other sources answer. */
  connect(profile: ConnectionProfile, password: string | null, signal?: AbortSignal): Promise<DatabaseSession>;
}
