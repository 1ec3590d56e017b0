// What the editor and the thread that advises ask of each other.
import type { AdviceRequest } from '../../analysis/index-advice/index-advice';
import type { HypotheticalIndex, WhatIfResult } from '../../analysis/index-advice/what-if-planner';
import type { WorkloadAdvice, WorkloadStatement } from '../../analysis/index-advice/workload-advice';
import type { StatementContext } from '../consent';
import type { AdviceOptions } from '../what-if/advise-statement';
import type { UnitOfWorkOptions } from '../unit-of-work';

/** The settings `pgInsight.sandbox.*`. */
export interface SandboxSettings {
  /** Empty: PostgreSQL is looked for. */
  binaries: string;
  idleMinutes: number;
  maxDiskMb: number;
}

/** A connection of the editor, which the thread reaches through it alone: it has none of its own. */
export interface AdvisedConnection extends Omit<StatementContext, 'run' | 'loadParser'> {
  id: number;
}

/** Tells the bundle of the advice engine that it is this thread. */
export const adviceThreadData = 'pg-insight-advice';

/** What is plain data of them. */
export interface CarriedOptions extends Omit<AdviceOptions, 'usePlanner' | 'onWhatIf' | 'memory'> {
  /** Name of a workload that may be asked about again, with another budget: what is known of it is kept. */
  workload?: string;
}

/** Both only grow. */
export interface AdviceProgress {
  /** Statements that have been planned as they are today. */
  statements: number;
  /** Statements that have been planned with indexes, each as often as it was. */
  plans: number;
}

/** Answered by the thread. */
export interface ThreadCalls {
  adviseWorkload(
    request: {
      request: number;
      connection: AdvisedConnection;
      sandbox: SandboxSettings;
      statements: readonly WorkloadStatement[];
      options: CarriedOptions;
    },
    signal: AbortSignal,
  ): Promise<WorkloadAdvice>;
  explainWithIndex(
    request: {
      connection: AdvisedConnection;
      sandbox: SandboxSettings;
      statement: AdviceRequest;
      index: HypotheticalIndex;
    },
    signal: AbortSignal,
  ): Promise<WhatIfResult>;
  /** Something has changed on the server. */
  refresh(request: { connection: number }): void;
  /** The connection is closed. */
  forget(request: { connection: number }): Promise<void>;
  /** Ends the sandbox; the thread ends by itself then. */
  end(nothing: null): Promise<void>;
}

/** Answered by the editor's side. */
export interface EditorCalls {
  /** A unit of work from its begin to its end: `endUnit`, or the abort of this call. `unit` is the caller's name for it. */
  runUnit(
    unit: { connection: number; unit: number; options: Omit<UnitOfWorkOptions, 'signal'> },
    signal: AbortSignal,
  ): Promise<void>;
  /** Rejects when the unit can't begin. */
  untilBegun(unit: { unit: number }): Promise<void>;
  query(query: { unit: number; text: string; values: readonly unknown[] }): Promise<unknown[]>;
  atEnd(statement: { unit: number; text: string }): Promise<void>;
  endUnit(unit: { unit: number }): void;
  progress(progress: { request: number; progress: AdviceProgress }): void;
}
