// Index sets for one workload under several storage budgets, as they are kept: without the statements, which are the same
// for all of them, and without plans. A set that was found for a budget is the answer for every smaller one that it fits.
import * as z from 'zod';
import { evidenceGradeSchema } from '../finding';
import { sumSizeBytes } from './selection/advice-under-budget';
import type { WorkloadAdvice, WorkloadRecommendation } from './workload-advice';

const changeSchema = z.object({ id: z.string(), costBefore: z.number(), costAfter: z.number() });

const recommendationSchema = z.object({
  name: z.string(),
  steps: z.array(z.string()),
  undo: z.string(),
  index: z.object({
    schema: z.string(),
    table: z.string(),
    method: z.enum(['btree', 'gin', 'gist', 'brin', 'hash']),
    keys: z.array(z.string()),
    included: z.array(z.string()),
    predicate: z.string().nullable(),
  }),
  sizeBytes: z.number().nullable(),
  evidence: evidenceGradeSchema,
  costBefore: z.number(),
  costAfter: z.number(),
  why: z.array(z.string()),
  makesRedundant: z.array(z.string()),
  write: z.object({ cost: z.number(), ratio: z.number() }).nullable(),
  statementIds: z.array(z.string()),
  winners: z.array(changeSchema.extend({ alone: z.object({ costBefore: z.number(), costAfter: z.number() }) })),
  losers: z.array(z.string()),
});
export type SelectedIndex = z.infer<typeof recommendationSchema>;

const outcomeSchema = z.object({
  costBefore: z.number().nullable(),
  costAfter: z.number().nullable(),
  status: z.enum(['advice', 'none', 'not-possible']),
  reason: z.string().nullable(),
});
export type SelectionOutcome = z.infer<typeof outcomeSchema>;

export const workloadSelectionSchema = z.object({
  /** Null: any. */
  budgetBytes: z.number().nullable(),
  elapsedMs: z.number(),
  engine: z.enum(['sandbox', 'hypopg', 'statistics']),
  engineNote: z.string().nullable(),
  whatIfCalls: z.number(),
  /** In the order of the workload's statements. */
  outcomes: z.array(outcomeSchema),
  recommendations: z.array(recommendationSchema),
  redundant: z.array(z.object({ index: z.string(), coveredBy: z.string(), reason: z.string() })),
  drops: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      table: z.string(),
      sizeBytes: z.number(),
      scans: z.number(),
      regressions: z.array(changeSchema),
    }),
  ),
  meanRatio: z.number().nullable(),
  isComplete: z.boolean(),
});
export type WorkloadSelection = z.infer<typeof workloadSelectionSchema>;

/** How a statement fares; 'unknown' where it could not be advised. */
export type StatementFate = 'winner' | 'loser' | 'unaffected' | 'unknown';

/** What nobody could tell from rounding. */
const changedRatio = 0.001;

/** The set that was asked for first, then the smaller ones that were found besides; `steps` is how many were asked for. */
export function toSelections(
  advice: WorkloadAdvice,
  { budgetBytes, steps, elapsedMs }: { budgetBytes: number | null; steps: number; elapsedMs: number },
): WorkloadSelection[] {
  const { budgetSteps } = advice;
  const stepBytes = sumSizeBytes(advice.recommendations) / (steps + 1);
  return [
    toSelection(advice, budgetBytes, elapsedMs),
    ...budgetSteps.map((step) =>
      // it may have been found under a larger budget than this one, of which it needed no more
      toSelection({ ...advice, ...step, drops: [] }, Math.ceil(step.sizeBytes / stepBytes) * stepBytes, elapsedMs),
    ),
  ];
}

function toSelection(
  advice: Omit<WorkloadAdvice, 'budgetSteps'>,
  budgetBytes: number | null,
  elapsedMs: number,
): WorkloadSelection {
  const { statements, recommendations, redundant, drops } = advice;
  const { engine, engineNote, whatIfCalls, meanRatio, isComplete } = advice;
  return {
    ...{ engine, engineNote, whatIfCalls, meanRatio, isComplete, budgetBytes, elapsedMs },
    outcomes: statements.map(({ costBefore, costAfter, status, reason }) => ({
      costBefore,
      costAfter,
      status,
      reason,
    })),
    recommendations: recommendations.map(toSelectedIndex),
    redundant: [...redundant],
    drops: drops.map((each) => ({ ...each, regressions: [...each.regressions] })),
  };
}

/** Without its plan: one for each index would be most of what is kept. */
function toSelectedIndex(recommendation: WorkloadRecommendation): SelectedIndex {
  const { name, undo, index, sizeBytes, evidence, costBefore, costAfter, write } = recommendation;
  return {
    ...{ name, undo, sizeBytes, evidence, costBefore, costAfter, write },
    index: { ...index, keys: [...index.keys], included: [...index.included] },
    steps: [...recommendation.steps],
    why: [...recommendation.why],
    makesRedundant: [...recommendation.makesRedundant],
    statementIds: [...recommendation.statementIds],
    winners: [...recommendation.winners],
    losers: [...recommendation.losers],
  };
}

/** For the formats of advice. */
export function toAdvice(
  selection: WorkloadSelection,
  statements: readonly { id: string; sql: string; calls: number | null }[],
): WorkloadAdvice {
  return {
    ...selection,
    budgetSteps: [],
    statements: selection.outcomes.flatMap((outcome, at) => {
      const statement = statements[at];
      if (statement === undefined) return [];
      const { id, sql, calls } = statement;
      return [{ id, sql, calls, ...outcome }];
    }),
    recommendations: selection.recommendations.map((each) => ({ ...each, planAfter: null })),
  };
}

/** The one that was chosen under this budget, or under a larger one of which it needs no more; null when there is none. */
export function findSelection(
  selections: readonly WorkloadSelection[],
  budgetBytes: number | null,
): WorkloadSelection | null {
  const fitting = selections.filter((selection) =>
    budgetBytes === null
      ? selection.budgetBytes === null
      : sumSizeBytes(selection.recommendations) <= budgetBytes &&
        (selection.budgetBytes === null || selection.budgetBytes >= budgetBytes),
  );
  const [nearest = null] = fitting.toSorted((a, b) => (a.budgetBytes ?? Infinity) - (b.budgetBytes ?? Infinity));
  return nearest;
}

export function findFate({ costBefore, costAfter, status }: SelectionOutcome): StatementFate {
  if (status === 'not-possible' || costBefore === null || costAfter === null) return 'unknown';
  if (Math.abs(costAfter - costBefore) <= changedRatio * costBefore) return 'unaffected';
  return costAfter < costBefore ? 'winner' : 'loser';
}

export interface WorkloadSummary {
  /** Each statement as often as it was called, or once; those that could not be advised are left out. */
  costBefore: number;
  costAfter: number;
  /** Geometric mean of cost after / before; null without statements. */
  meanRatio: number | null;
  fates: Readonly<Record<StatementFate, number>>;
  sizeBytes: number;
  /** What keeping the indexes up to date costs, for as long as calls were counted; null where that was not looked at. */
  writeCost: number | null;
}

export function summarizeSelection(
  selection: WorkloadSelection,
  statements: readonly { calls: number | null }[],
): WorkloadSummary {
  const fates = { winner: 0, loser: 0, unaffected: 0, unknown: 0 };
  let [costBefore, costAfter, logs, count] = [0, 0, 0, 0];
  for (const [at, outcome] of selection.outcomes.entries()) {
    const fate = findFate(outcome);
    fates[fate]++;
    if (fate === 'unknown' || outcome.costBefore === null || outcome.costAfter === null) continue;
    const weight = statements[at]?.calls ?? 1;
    costBefore += outcome.costBefore * weight;
    costAfter += outcome.costAfter * weight;
    if (outcome.costBefore <= 0 || outcome.costAfter <= 0) continue;
    logs += Math.log(outcome.costAfter / outcome.costBefore);
    count++;
  }
  const writes = selection.recommendations.flatMap(({ write }) => (write === null ? [] : [write.cost]));
  return {
    costBefore,
    costAfter,
    meanRatio: count === 0 ? null : Math.exp(logs / count),
    fates,
    sizeBytes: sumSizeBytes(selection.recommendations),
    writeCost: writes.length === 0 ? null : writes.reduce((sum, cost) => sum + cost, 0),
  };
}
