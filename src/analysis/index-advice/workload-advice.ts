// Puts the advice for single statements together: an index that several want is recommended once, and a shorter one goes
// when a longer one that begins with it serves its statements nearly as well.
import type { EvidenceGrade } from '../finding';
import { toIndexKey } from './allowed-indexes';
import { findRedundantIndexes } from './proposals/covering-index';
import type { DropCandidate } from './selection/find-drop-candidates';
import type { Winner } from './find-index-set';
import { describeBurden, type AdviceRequest, type IndexAdvice, type IndexRecommendation } from './index-advice';
import type { AdviceTable } from './index-advice-facts';
import { makeIndexScript, TakenNames } from './index-ddl';
import { parseIndexKey } from './proposals/index-key';
import type { PlannedStatement } from './planned-statement';
import type { HypotheticalIndex, WhatIfPlanner } from './what-if-planner';
import { quoteQualifiedName } from '../sql/identifiers';

/**
 * One index less to keep up to date is worth a fifth of what it would save. The planner charges an index of several columns
 * more for the same rows by its rule of thumb for correlation (btcostestimate), which costs an ordinary look-up a sixth.
 */
const keptSavingRatio = 0.8;

export interface WorkloadStatement extends AdviceRequest {
  /** The caller's name for it, unique. */
  id: string;
  /** How often it ran; null where nobody counted. */
  calls: number | null;
  /** How far row estimates were off in a run of it, 1 or more; null or absent where it was not run. */
  estimateFactor?: number | null;
}

export interface StatementOutcome {
  id: string;
  sql: string;
  /** Null where nobody counted. */
  calls: number | null;
  /** Values of the placeholders; null or absent: unknown ones. */
  parameters?: readonly (string | null)[] | null;
  advice: IndexAdvice;
  /** Null when it could not be planned. */
  planned: PlannedStatement | null;
  estimateFactor: number | null;
}

export interface WorkloadStatementAdvice {
  id: string;
  sql: string;
  calls: number | null;
  /** Null where nothing was planned. */
  costBefore: number | null;
  /** With all recommended indexes. */
  costAfter: number | null;
  status: IndexAdvice['status'];
  /** Of 'not-possible'. */
  reason: string | null;
}

/** Costs are sums over its statements, each as often as it was called. */
export interface WorkloadRecommendation extends IndexRecommendation {
  /** Those that gain. */
  statementIds: readonly string[];
  /** What those cost once, before and with it, the recommended indexes before it in place. */
  winners: readonly Winner[];
  /** Those that become dearer. */
  losers: readonly string[];
}

export interface RedundantIndex {
  /** Schema-qualified. */
  index: string;
  coveredBy: string;
  reason: string;
}

/** What is advised where indexes may take less. */
export interface BudgetStep {
  /** Of its indexes together. */
  sizeBytes: number;
  statements: readonly WorkloadStatementAdvice[];
  recommendations: readonly WorkloadRecommendation[];
  redundant: readonly RedundantIndex[];
  meanRatio: number | null;
}

export interface WorkloadAdvice {
  engine: WhatIfPlanner['engine'];
  /** Why it was not a better engine, in sentences; null when there is nothing to say. */
  engineNote: string | null;
  whatIfCalls: number;
  statements: readonly WorkloadStatementAdvice[];
  /** Those that save most first. */
  recommendations: readonly WorkloadRecommendation[];
  redundant: readonly RedundantIndex[];
  /** Existing indexes, by what the workload would lose without them; empty where the engine can't tell. */
  drops: readonly DropCandidate[];
  /** Geometric mean of cost after / before over the statements; null where it was not computed. */
  meanRatio: number | null;
  /** Smaller sets, the smallest first, for `adviceUnderBudget`; empty unless they were asked for and the engine makes plans. */
  budgetSteps: readonly BudgetStep[];
  /** False when the deadline ended the search. */
  isComplete: boolean;
}

interface Wish {
  index: HypotheticalIndex;
  table: AdviceTable;
  sizeBytes: number | null;
  evidence: EvidenceGrade;
  by: { outcome: StatementOutcome; recommendation: IndexRecommendation }[];
}

function collectWishes(outcomes: readonly StatementOutcome[]): Wish[] {
  const wishes = new Map<string, Wish>();
  for (const outcome of outcomes) {
    for (const recommendation of outcome.advice.recommendations) {
      const { index, sizeBytes, evidence } = recommendation;
      const table = outcome.planned?.facts.tables.find(
        ({ schema, name }) => schema === index.schema && name === index.table,
      );
      if (table === undefined) continue;
      const wish = wishes.get(toIndexKey(index)) ?? { index, table, sizeBytes, evidence, by: [] };
      wish.by.push({ outcome, recommendation });
      wishes.set(toIndexKey(index), wish);
    }
  }
  return [...wishes.values()];
}

function beginsWith(longer: HypotheticalIndex, shorter: HypotheticalIndex): boolean {
  return (
    longer.schema === shorter.schema &&
    longer.table === shorter.table &&
    longer.keys.length > shorter.keys.length &&
    shorter.keys.every((key, at) => key === longer.keys[at])
  );
}

/** Gives the statements of shorter indexes to a longer one where it serves all of them nearly as well. */
async function absorb(wishes: readonly Wish[], planner: WhatIfPlanner): Promise<Wish[]> {
  const longestFirst = wishes.toSorted((a, b) => b.index.keys.length - a.index.keys.length);
  const kept: Wish[] = [];
  for (const wish of longestFirst) {
    let absorbed = false;
    for (const longer of kept.filter(({ index }) => beginsWith(index, wish.index))) {
      const statements = wish.by.map(({ outcome: { id, sql } }) => ({ id, sql }));
      const { results } = await planner.plan(statements, [longer.index]);
      absorbed = results.every(({ costBefore, costAfter }, at) => {
        const alone = costBefore - (wish.by[at]?.recommendation.costAfter ?? costBefore);
        return costBefore - costAfter >= alone * keptSavingRatio;
      });
      if (!absorbed) continue;
      longer.by.push(...wish.by);
      break;
    }
    if (!absorbed) kept.push(wish);
  }
  return kept;
}

export async function mergeAdvice(
  outcomes: readonly StatementOutcome[],
  planner: WhatIfPlanner,
): Promise<Omit<WorkloadAdvice, 'engine' | 'engineNote' | 'whatIfCalls'>> {
  const wishes = await absorb(collectWishes(outcomes), planner);
  const statements = outcomes.map(({ id, sql }) => ({ id, sql }));
  const taken = new TakenNames(outcomes.flatMap(({ planned }) => planned?.facts.takenNames ?? []));
  const recommendations: WorkloadRecommendation[] = [];
  const redundant: RedundantIndex[] = [];
  for (const { index, table, sizeBytes, evidence, by } of wishes) {
    const { results } = await planner.plan(
      by.map(({ outcome: { id, sql } }) => ({ id, sql })),
      [index],
    );
    const total = (cost: 'costBefore' | 'costAfter') =>
      results.reduce((sum, result, at) => sum + result[cost] * (by[at]?.outcome.calls ?? 1), 0);
    const script = makeIndexScript(index, table, taken);
    const keys = index.keys.flatMap((key) => parseIndexKey(key) ?? []);
    const covered = findRedundantIndexes(table, keys).map(({ schema, name }) => quoteQualifiedName(schema, name));
    const coveredBy = quoteQualifiedName(index.schema, script.name);
    redundant.push(
      ...covered.map((name) => ({ index: name, coveredBy, reason: 'The new index begins with the same keys.' })),
    );
    recommendations.push({
      ...script,
      index,
      sizeBytes,
      evidence,
      costBefore: total('costBefore'),
      costAfter: total('costAfter'),
      // what each statement wants of it; costs and size are those of the one index for all of them
      why: [
        ...new Set(by.flatMap(({ recommendation: { why } }) => why.slice(0, 1))),
        ...describeBurden(sizeBytes, covered),
      ],
      makesRedundant: covered,
      write: null,
      planAfter: null,
      statementIds: by.map(({ outcome: { id } }) => id),
      winners: results.map(({ statementId: id, costBefore, costAfter }) => ({
        id,
        costBefore,
        costAfter,
        alone: { costBefore, costAfter },
      })),
      losers: [],
    });
  }
  const { results } = await planner.plan(
    statements,
    wishes.map(({ index }) => index),
  );
  const saved = ({ costBefore, costAfter }: IndexRecommendation) => costBefore - costAfter;
  return {
    statements: outcomes.map(({ id, sql, calls, advice }, at) => {
      const result = results[at];
      const known = result?.unsupported === null ? result : null;
      return {
        id,
        sql,
        calls,
        costBefore: known?.costBefore ?? null,
        costAfter: known?.costAfter ?? null,
        status: advice.status,
        reason: advice.reason,
      };
    }),
    recommendations: recommendations.sort((a, b) => saved(b) - saved(a) || (a.name < b.name ? -1 : 1)),
    redundant,
    drops: [],
    meanRatio: null,
    budgetSteps: [],
    isComplete: true,
  };
}
