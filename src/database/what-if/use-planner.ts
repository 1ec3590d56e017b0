// Who answers "what would the planner do with this index" for a connection.
import type { AdvisedStatement } from '../../analysis/index-advice/index-advice';
import type { WhatIfPlanner } from '../../analysis/index-advice/what-if-planner';
import type { StatementContext } from '../consent';
import { StatisticsPlanner } from './statistics-planner';

export interface PlannerRequest {
  context: StatementContext;
  /** Those that it will be asked about, as the server plans them today. */
  statements: readonly AdvisedStatement[];
  signal: AbortSignal | undefined;
}

export interface PlannedWork<Result> {
  result: Result;
  /** Why it was not a better engine, and in what its plans may differ from the server's, in sentences; null when there is nothing to say. */
  engineNote: string | null;
}

/**
 * Works with a planner. When an engine fails on the way, `work` is called again with another planner: it must keep nothing
 * of what it learnt. Rejects with a DatabaseFailure when there is no engine, or with what `work` rejects with.
 */
export type UsePlanner = <Result>(
  request: PlannerRequest,
  work: (planner: WhatIfPlanner) => Promise<Result>,
) => Promise<PlannedWork<Result>>;

export const useStatistics: UsePlanner = async ({ statements }, work) => {
  const planner = new StatisticsPlanner();
  for (const { id, planned } of statements) planner.add(id, planned);
  return { result: await work(planner), engineNote: null };
};
