// An index that a statement lacks, of a file or of pg_stat_statements, and what the answers of the advisor mean for one
// statement.
import * as vscode from 'vscode';
import type { ParameterValues } from '../analysis/explain/explain';
import type { StatementChange } from '../analysis/index-advice/find-index-set';
import type { IndexAdvice } from '../analysis/index-advice/index-advice';
import type { WorkloadAdvice, WorkloadRecommendation } from '../analysis/index-advice/workload-advice';
import type { PlanDocument } from '../webviews/protocol';
import type { DatabaseSession } from './database-port';

export interface AdvisedIndex {
  /** What the statement is called. */
  title: string;
  /** As it was planned: without EXPLAIN, placeholders numbered. */
  sql: string;
  parameters: ParameterValues;
  session: DatabaseSession;
  /** May serve other statements too. */
  recommendation: WorkloadRecommendation;
  /** What this statement costs without and with it. */
  change: StatementChange;
  /** Why it was not a better engine; null when there is nothing to say. */
  engineNote: string | null;
  /** What the list of ignored findings calls it. */
  fingerprint: string;
  /** Where the statement stands; null for one of pg_stat_statements. */
  document: vscode.TextDocument | null;
  source: PlanDocument['source'];
  /** Asks the server once more. Without an index now there is a reason, if anybody knows it. */
  lookAgain(signal: AbortSignal): Promise<AdvisedIndex | { reason: string | null }>;
}

/** What is known of one statement. */
export interface IndexAnswer {
  status: IndexAdvice['status'];
  /** Of 'not-possible'. */
  reason: string | null;
  /** Those that serve it; the one that saves most of all comes first. */
  indexes: readonly { recommendation: WorkloadRecommendation; change: StatementChange }[];
  engineNote: string | null;
  /** performance.now() */
  atMs: number;
}

/** The settings `pgInsight.advice.minimum*`. */
export interface Thresholds {
  savedRatio: number;
  savedCost: number;
}

/** So long an answer is taken to hold: looking again and again does not plan everything again and again. */
export const answerHoldsMs = 60_000;
/** Planning that takes longer holds up the other statements, for advice nobody waits for. */
export const planTimeoutMs = 5_000;

export function isAdviceEnabled(document?: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration('pgInsight.advice', document).get<boolean>('enabled', true);
}

export function readThresholds(document?: vscode.TextDocument): Thresholds {
  const settings = vscode.workspace.getConfiguration('pgInsight.advice', document);
  return {
    savedRatio: settings.get<number>('minimumSavedPercent', 10) / 100,
    savedCost: settings.get<number>('minimumSavedCost', 1_000),
  };
}

/** The cost that has to be saved is that of all calls, where they are counted. */
export function isWorthwhile(
  { costBefore, costAfter }: StatementChange,
  { savedRatio, savedCost }: Thresholds,
  calls = 1,
): boolean {
  const saved = costBefore - costAfter;
  return saved * calls >= savedCost && saved >= costBefore * savedRatio;
}

export function toIndexAnswer({ statements, recommendations, engineNote }: WorkloadAdvice, id: string): IndexAnswer {
  const statement = statements.find((each) => each.id === id);
  return {
    status: statement?.status ?? 'none',
    reason: statement?.reason ?? null,
    indexes: recommendations.flatMap((recommendation) => {
      const winner = recommendation.winners.find((each) => each.id === id);
      // from a mark it is made by itself: one that helps only beside others would do nothing
      return winner === undefined ? [] : [{ recommendation, change: { id, ...winner.alone } }];
    }),
    engineNote,
    atMs: performance.now(),
  };
}
