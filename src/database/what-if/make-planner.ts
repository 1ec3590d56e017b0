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

/** Rejects with a DatabaseFailure when this engine is not possible here. */
export type MakePlanner = (request: PlannerRequest) => Promise<WhatIfPlanner>;

export const makeStatisticsPlanner: MakePlanner = ({ statements }) => {
  const planner = new StatisticsPlanner();
  for (const { id, planned } of statements) planner.add(id, planned);
  return Promise.resolve(planner);
};
