// The advice for a workload under another storage budget, from what was found with it: nothing is planned again, so that a
// slider can follow the hand. Ask for `budgetSteps` (AdviceOptions) to have sets to choose from.
import type { WorkloadAdvice, WorkloadRecommendation } from '../workload-advice';

/** Those whose size can't be told count as nothing. */
export function sumSizeBytes(recommendations: readonly Pick<WorkloadRecommendation, 'sizeBytes'>[]): number {
  return recommendations.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
}

/**
 * The largest set that fits. What could be dropped was planned beside the whole set, so it is said of that one only; below
 * the smallest set nothing is advised.
 */
export function adviceUnderBudget(advice: WorkloadAdvice, budgetBytes: number): WorkloadAdvice {
  if (sumSizeBytes(advice.recommendations) <= budgetBytes) return advice;
  const step = advice.budgetSteps.findLast(({ sizeBytes }) => sizeBytes <= budgetBytes);
  if (step !== undefined) {
    const { statements, recommendations, redundant, meanRatio } = step;
    return { ...advice, statements, recommendations, redundant, meanRatio, drops: [] };
  }
  return {
    ...advice,
    recommendations: [],
    redundant: [],
    drops: [],
    meanRatio: advice.meanRatio === null ? null : 1,
    statements: advice.statements.map((statement) => ({
      ...statement,
      costAfter: statement.costBefore,
      status: statement.status === 'advice' ? 'none' : statement.status,
    })),
  };
}
