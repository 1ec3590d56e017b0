// Advice from a chosen set of indexes: for one statement, or for a workload.
import { quoteQualifiedName } from '../sql/identifiers';
import { findRedundantIndexes } from './proposals/covering-index';
import { describeChosenIndex, type PlanChange } from './text/describe-index';
import { findDropCandidates } from './selection/find-drop-candidates';
import {
  IndexSetFinder,
  type ChosenIndex,
  type IndexSet,
  type IndexSetOptions,
  type IndexSetStatement,
} from './find-index-set';
import { describeUnknownTable, describeUnreadableStatistics, toNotPossible, type IndexAdvice } from './index-advice';
import { makeIndexScript, TakenNames } from './index-ddl';
import { parseIndexKey } from './proposals/index-key';
import type { WhatIfPlanner, WhatIfStatement } from './what-if-planner';
import { sumSizeBytes } from './selection/advice-under-budget';
import type { BudgetStep, StatementOutcome, WorkloadAdvice, WorkloadRecommendation } from './workload-advice';

/** More at once is more than one statement is worth. */
const maximumPerStatement = 3;

export async function findStatementIndexSet(
  statement: IndexSetStatement,
  planner: WhatIfPlanner,
  options: IndexSetOptions,
): Promise<IndexAdvice> {
  const { plan } = statement.planned;
  const finder = new IndexSetFinder(planner, [statement], {
    ...options,
    maximumIndexes: options.maximumIndexes ?? maximumPerStatement,
  });
  const { chosen, statements } = await finder.find();
  const unsupported = statements[0]?.unsupported ?? null;
  if (unsupported !== null) return toNotPossible(unsupported, plan);
  if (chosen.length === 0) {
    const reason = describeUnknownTable(statement.planned);
    return reason === null ? { status: 'none', reason, recommendations: [], plan } : toNotPossible(reason, plan);
  }
  for (const { proposed } of chosen) {
    const unreadable = describeUnreadableStatistics(proposed.table, proposed.index.keys, statement.planned.facts.role);
    if (unreadable !== null) return toNotPossible(unreadable, plan);
  }
  const recommendations = await recommend(chosen, [statement], planner, false);
  return { status: 'advice', reason: null, recommendations, plan };
}

export async function findWorkloadIndexSet(
  outcomes: readonly StatementOutcome[],
  planner: WhatIfPlanner,
  options: IndexSetOptions,
): Promise<Omit<WorkloadAdvice, 'engine' | 'engineNote' | 'whatIfCalls'>> {
  const statements = outcomes.flatMap(({ id, sql, calls, planned, parameters, estimateFactor }): IndexSetStatement[] =>
    planned === null
      ? []
      : [{ id, sql, calls, planned, estimateFactor, ...(parameters === undefined ? {} : { parameters }) }],
  );
  const finder = new IndexSetFinder(planner, statements, options);
  const set = await finder.find();
  const found = await toBudgetStep(set, outcomes, statements, planner);
  const { findsDrops } = options;
  const advised = set.chosen.map(({ proposed }) => proposed.index);
  const isOver = () => finder.isOver;
  const drops = findsDrops ? await findDropCandidates(planner, statements, advised, isOver) : [];
  const budgetSteps: BudgetStep[] = [];
  for (let step = 1; step <= options.budgetSteps && !isOver(); step++) {
    const smaller = await finder.findUnder((found.sizeBytes * step) / (options.budgetSteps + 1));
    const each = await toBudgetStep(smaller, outcomes, statements, planner);
    if (each.sizeBytes > (budgetSteps.at(-1)?.sizeBytes ?? 0)) budgetSteps.push(each);
  }
  const { recommendations, redundant, meanRatio } = found;
  return {
    ...{ statements: found.statements, recommendations, redundant, meanRatio, drops, budgetSteps },
    isComplete: set.isComplete,
  };
}

async function toBudgetStep(
  set: IndexSet,
  outcomes: readonly StatementOutcome[],
  statements: readonly IndexSetStatement[],
  planner: WhatIfPlanner,
): Promise<BudgetStep> {
  const recommendations = await recommend(set.chosen, statements, planner, true);
  return {
    sizeBytes: sumSizeBytes(recommendations),
    statements: outcomes.map(({ id, sql, calls, advice }) => {
      const priced = set.statements.find((each) => each.id === id);
      const reason = advice.reason ?? priced?.unsupported ?? null;
      const known = priced?.unsupported === null ? priced : null;
      const isHelped = recommendations.some(({ statementIds }) => statementIds.includes(id));
      return {
        ...{ id, sql, calls, reason },
        costBefore: known?.costBefore ?? null,
        costAfter: known?.costAfter ?? null,
        status: reason !== null ? ('not-possible' as const) : isHelped ? ('advice' as const) : ('none' as const),
      };
    }),
    recommendations,
    redundant: recommendations.flatMap(({ index, name, makesRedundant }) =>
      makesRedundant.map((each) => ({
        index: each,
        coveredBy: quoteQualifiedName(index.schema, name),
        reason: 'The new index begins with the same keys.',
      })),
    ),
    meanRatio: set.meanRatio,
  };
}

async function recommend(
  chosen: readonly ChosenIndex[],
  statements: readonly IndexSetStatement[],
  planner: WhatIfPlanner,
  isWorkload: boolean,
): Promise<WorkloadRecommendation[]> {
  const taken = new TakenNames(statements.flatMap(({ planned }) => planned.facts.takenNames));
  const recommendations: WorkloadRecommendation[] = [];
  for (const [at, each] of chosen.entries()) {
    const { proposed, sizeBytes, costBefore, costAfter, winners, losers, write } = each;
    const { index, table } = proposed;
    const script = makeIndexScript(index, table, taken);
    const change = await planChange(each, chosen.slice(0, at + 1), statements, planner, script.name);
    const blockSizeBytes = statements[0]?.planned.facts.settings.blockSizeBytes ?? 0;
    const keys = index.keys.map(parseIndexKey);
    const isPlain = index.method === 'btree' && index.predicate === null && keys.every((key) => key !== null);
    const redundant = isPlain ? findRedundantIndexes(table, keys) : [];
    recommendations.push({
      ...script,
      ...{ index, sizeBytes, evidence: planner.grade, costBefore, costAfter },
      why: describeChosenIndex(each, change, { isWorkload, blockSizeBytes }),
      makesRedundant: redundant.map(({ schema, name }) => quoteQualifiedName(schema, name)),
      write: write.ratio === null ? null : { cost: write.cost, ratio: write.ratio },
      planAfter: change.after,
      statementIds: winners.map(({ id }) => id),
      winners,
      losers: losers.map(({ id }) => id),
    });
  }
  return recommendations;
}

/** Of the statement that gains most. */
async function planChange(
  { winners, proposed: { table } }: ChosenIndex,
  inPlace: readonly ChosenIndex[],
  statements: readonly IndexSetStatement[],
  planner: WhatIfPlanner,
  name: string,
): Promise<PlanChange> {
  const [most] = winners.toSorted((a, b) => b.costBefore - b.costAfter - (a.costBefore - a.costAfter));
  const statement = statements.find(({ id }) => id === most?.id);
  if (statement === undefined) return { before: null, after: null, name: null };
  const { id, sql, parameters } = statement;
  const question: WhatIfStatement = { id, sql, ...(parameters === undefined ? {} : { parameters }) };
  const { results } = await planner.plan(
    [question],
    inPlace.map(({ proposed }) => proposed.index),
  );
  return {
    before: results[0]?.planBefore ?? null,
    after: results[0]?.planAfter ?? null,
    name: inPlace.filter(({ proposed }) => proposed.table.oid === table.oid).length === 1 ? name : null,
  };
}
