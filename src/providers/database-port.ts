// What the editor needs of the database, as functions: extension.ts hands in src/database's implementation. Everything
// rejects with a DatabaseFailure.
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { ConnectionState } from '../analysis/connection/connection-state';
import type { ExplainRequest, ExplainResult, TypicalValues } from '../analysis/explain/explain';
import type { Plan } from '../analysis/plan/plan';
import type { PlanFacts } from '../analysis/plan/plan-rule';
import type { AdviceRequest } from '../analysis/index-advice/index-advice';
import type { HypotheticalIndex, WhatIfResult } from '../analysis/index-advice/what-if-planner';
import type { WorkloadAdvice, WorkloadStatement } from '../analysis/index-advice/workload-advice';
import type {
  IndexBuildOutcome,
  IndexBuildPlan,
  IndexBuildRequest,
  IndexConsent,
  IndexDropOutcome,
  IndexDropPlan,
  IndexDropRequest,
  IndexProgress,
  StartedIndexBuild,
  StartedIndexBuildState,
  StartedIndexDrop,
  StartedIndexDropState,
} from '../analysis/index-build/index-build';
import type { ServerFacts } from '../analysis/server/server-facts';
import type { SectionName, Snapshot } from '../analysis/snapshot';
import type { ConsentVerdict } from '../analysis/sql/consent';
import type { ExactSizes, TableDetails, TableSummary } from '../analysis/tables/table';

export type { ConnectionState };

export interface DatabaseSession {
  readonly profile: ConnectionProfile;
  /** host:port as it was resolved, for messages. */
  readonly server: string;
  readonly database: string;
  readonly facts: ServerFacts;
  /** What the connection asks for and PG Insight does not do, a sentence each: for the user to know. */
  readonly notes: readonly string[];
  onDidChangeState(listener: (state: ConnectionState) => void): { dispose(): void };
  captureTables(signal?: AbortSignal): Promise<TableSummary[]>;
  captureTableDetails(oid: number, signal?: AbortSignal): Promise<TableDetails>;
  captureExactSizes(oid: number, signal?: AbortSignal): Promise<ExactSizes>;
  /** CREATE TABLE with constraints, then its indexes, as pg_dump would write it for a reader. */
  captureTableDdl(oid: number, signal?: AbortSignal): Promise<string>;
  /** What health rules, reports and lists are made of: all sections, or these. What one lacks is said in it. */
  captureSnapshot<Names extends SectionName = SectionName>(
    sections?: readonly Names[],
    signal?: AbortSignal,
  ): Promise<Snapshot<Names>>;
  /** Whether this statement may be planned (analyze: false) or run (true) without asking. */
  assessStatement(sql: string, analyze: boolean, signal?: AbortSignal): Promise<ConsentVerdict>;
  explain(request: ExplainRequest, signal?: AbortSignal): Promise<ExplainResult>;
  /** What the catalogue says of the tables that a plan reads. */
  capturePlanFacts(plan: Plan, signal?: AbortSignal): Promise<PlanFacts>;
  /** One entry a parameter, in order; null where nothing is known. */
  captureTypicalValues(sql: string, signal?: AbortSignal): Promise<(TypicalValues | null)[]>;
  /** What is wrong with a text as a value of a built-in type, as "is not a valid date"; null when nothing is. */
  findValueProblem(type: string, text: string, signal?: AbortSignal): Promise<string | null>;
  /** What a build would do and wait for; changes nothing. */
  prepareIndexBuild(request: IndexBuildRequest, signal?: AbortSignal): Promise<IndexBuildPlan>;
  /** Rejects when nothing was begun; otherwise the outcome says what is there now. */
  runIndexBuild(
    request: IndexBuildRequest,
    consent: IndexConsent,
    options?: { onProgress?: (progress: IndexProgress) => void; signal?: AbortSignal },
  ): Promise<IndexBuildOutcome>;
  /** What became of a build that a window has begun and not seen the end of. */
  findStartedIndexBuild(started: StartedIndexBuild, signal?: AbortSignal): Promise<StartedIndexBuildState>;
  /** The same of a drop. */
  findStartedIndexDrop(started: StartedIndexDrop, signal?: AbortSignal): Promise<StartedIndexDropState>;
  prepareIndexDrop(request: IndexDropRequest, signal?: AbortSignal): Promise<IndexDropPlan>;
  runIndexDrop(
    request: IndexDropRequest,
    consent: IndexConsent,
    options?: { onProgress?: (progress: IndexProgress) => void; signal?: AbortSignal },
  ): Promise<IndexDropOutcome>;
  close(): Promise<void>;
}

/** Looks for indexes, in a thread of its own and over the session that it is handed. Statements are planned, never run. */
export interface IndexAdvisor {
  /**
   * Which indexes would help these statements together. What is wrong with one of them, or needs the user's word even to be
   * planned, is in the answer.
   */
  adviseWorkload(
    session: DatabaseSession,
    statements: readonly WorkloadStatement[],
    options: AdviceOptions,
    onProgress?: (progress: AdviceProgress) => void,
    signal?: AbortSignal,
  ): Promise<WorkloadAdvice>;
  /** The plans of a statement without and with an index that is not there. */
  explainWithIndex(
    session: DatabaseSession,
    statement: AdviceRequest,
    index: HypotheticalIndex,
    signal?: AbortSignal,
  ): Promise<WhatIfResult>;
  /** Something has changed on the server: the next question looks at it again. */
  refresh(session: DatabaseSession): void;
  /** Ends what it started on this machine. */
  end(): Promise<void>;
}

/** Both only grow. */
export interface AdviceProgress {
  /** Statements that have been planned as they are today. */
  statements: number;
  /** Statements that have been planned with indexes, each as often as it was. */
  plans: number;
}

export interface AdviceOptions {
  /** Name of a workload that may be asked about again, with another budget: what is known of it is kept. */
  workload?: string;
  /** Of a statement's cost; what saves less is not advised. */
  minimumSavedRatio?: number;
  /** Whether the statements are also planned without each existing index. */
  findsDrops?: boolean;
  /** Whether each statement counts the same, whatever it costs. */
  weighsEach?: boolean;
  budgetBytes?: number | null;
  maximumIndexes?: number | null;
  /** How many smaller sets are chosen besides, for smaller budgets. */
  budgetSteps?: number;
  /** What was found until then is the answer. */
  deadlineMs?: number | null;
}

/** The settings `pgInsight.sandbox.*`. */
export interface SandboxSettings {
  /** Empty: PostgreSQL is looked for. */
  binaries: string;
  idleMinutes: number;
  maxDiskMb: number;
}

export interface DatabaseAccess {
  /** `password` is what SecretStorage holds; null lets the profile's other sources answer. */
  connect(profile: ConnectionProfile, password: string | null, signal?: AbortSignal): Promise<DatabaseSession>;
}

/** Where profiles are kept: one file that editor and terminal share. Everything rejects with a DatabaseFailure. */
export interface ProfileStore {
  /** In the order of the file; empty when there is none yet. */
  load(): Promise<ConnectionProfile[]>;
  /** Adds the profile, or replaces the one with its id. */
  save(profile: ConnectionProfile): Promise<void>;
  remove(id: string): Promise<void>;
}

/** What a URL or a set of variables says about a connection: everything of a profile but its identity. */
export interface ConnectionDraft {
  fields: Omit<ConnectionProfile, 'id' | 'name' | 'environment'>;
  /** Never written into a profile; null when the source has none. */
  password: string | null;
  /** What the source asked for and a profile can't hold, a sentence each. */
  notes: string[];
}

/** Where a new profile can come from. Asynchronous throughout, so that whoever implements it may be loaded late. */
export interface ConnectionSources {
  /** A fresh identity for a profile. */
  createId(): Promise<string>;
  /** postgresql:// or postgres:// URL; rejects with a DatabaseFailure that says what is wrong with it. */
  parseUrl(url: string): Promise<ConnectionDraft>;
  /** DATABASE_URL of a .env file's text; null when it has none. */
  findDatabaseUrl(dotEnv: string): Promise<string | null>;
  /** PG* variables of this process that choose a server, by name; empty when none is set. Never a password. */
  listEnvironmentVariables(): Promise<Record<string, string>>;
  /** Sections of pg_service.conf. */
  listServices(): Promise<string[]>;
}
