// Existing indexes that a workload could do without: the statements whose plans use one are planned as if it were not there.
// All of them may be dropped together: each is judged as if those before it were gone.
import { isDatabaseFailure } from '../../connection/connection-failure';
import type { Plan } from '../../plan/plan';
import type { IndexSetStatement, StatementChange } from '../find-index-set';
import type { AdviceIndex, AdviceTable } from '../index-advice-facts';
import type { ExistingIndexName, HypotheticalIndex, WhatIfPlanner, WhatIfStatement } from '../what-if-planner';

/** A statement that loses less would not be noticed. */
const regressionRatio = 0.01;

export interface DropCandidate {
  schema: string;
  name: string;
  table: string;
  sizeBytes: number;
  /** Since the server's statistics were reset; of others than this workload's statements, too. */
  scans: number;
  /** Statements that become dearer without it; empty for one that nothing here needs. */
  regressions: readonly StatementChange[];
}

/** A statement with the recommended indexes in place, and with all that are there. */
interface KeptStatement {
  question: WhatIfStatement;
  tables: readonly AdviceTable[];
  hasUnknownValues: boolean;
  cost: number;
  /** Null where the engine makes no plans. */
  plan: Plan | null;
}

interface Candidate {
  table: AdviceTable;
  index: AdviceIndex;
}

const reads = ({ tables }: KeptStatement, { oid }: AdviceTable) => tables.some((table) => table.oid === oid);

/** Whether an expression of the table's stands in the index, where a value of the statement's may have stood. */
const hasExpressions = ({ keys, predicate }: AdviceIndex) =>
  predicate !== null || keys.some(({ column }) => column === null);

/** With the recommended indexes in place. The largest first, those that statements need last. */
export async function findDropCandidates(
  planner: WhatIfPlanner,
  statements: readonly IndexSetStatement[],
  recommended: readonly HypotheticalIndex[],
  isOver: () => boolean,
): Promise<DropCandidate[]> {
  const tables = new Map<number, AdviceTable>();
  for (const { planned } of statements) for (const table of planned.facts.tables) tables.set(table.oid, table);
  const candidates = sortByUse([...tables.values()].flatMap(findDroppable));
  if (candidates.length === 0 || isOver()) return [];
  const kept = await planKept(planner, statements, recommended);
  const found: DropCandidate[] = [];
  const gone: ExistingIndexName[] = [];
  for (const { table, index } of candidates) {
    if (isOver()) break;
    const readers = kept.filter((each) => reads(each, table));
    // whether it would be used depends on a value that the statement does not tell
    if (hasExpressions(index) && readers.some(({ hasUnknownValues }) => hasUnknownValues)) continue;
    const users = readers.filter((each) => mayNeed(each, table, index, gone));
    const { schema, name, sizeBytes, scans } = index;
    const regressions = await findRegressions(planner, users, recommended, [...gone, { schema, name }]);
    if (regressions === null) continue;
    if (regressions.length === 0) gone.push({ schema, name });
    found.push({ schema, name, table: table.name, sizeBytes, scans, regressions });
  }
  return found.sort(
    (a, b) => a.regressions.length - b.regressions.length || b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1),
  );
}

/** Those of the user's that only find rows: no key, no constraint rests on them. */
function findDroppable(table: AdviceTable): Candidate[] {
  if (table.refusal !== null) return [];
  return table.indexes
    .filter(({ isNeeded, isUnique, isValid }) => isValid && !isNeeded && !isUnique)
    .map((index) => ({ table, index }));
}

/** Of two that do the same the one that is used less goes, else the larger. */
function sortByUse(candidates: Candidate[]): Candidate[] {
  return candidates.sort(
    (a, b) =>
      a.index.scans - b.index.scans ||
      b.index.sizeBytes - a.index.sizeBytes ||
      a.table.oid - b.table.oid ||
      (a.index.name < b.index.name ? -1 : 1),
  );
}

/** Those that the planner can plan. */
async function planKept(
  planner: WhatIfPlanner,
  statements: readonly IndexSetStatement[],
  recommended: readonly HypotheticalIndex[],
): Promise<KeptStatement[]> {
  const questions = statements.map(({ id, sql, parameters }) => ({
    id,
    sql,
    ...(parameters === undefined ? {} : { parameters }),
  }));
  const { results } = await planner.plan(questions, recommended);
  return statements.flatMap(({ planned, sql, parameters }, at) => {
    const [question, result] = [questions[at], results[at]];
    if (question === undefined || result?.unsupported !== null) return [];
    const hasUnknownValues = (parameters ?? null) === null && placeholder.test(sql);
    return [
      { question, tables: planned.facts.tables, hasUnknownValues, cost: result.costAfter, plan: result.planAfter },
    ];
  });
}

/** Numbered already; one in a string or a comment keeps an index that might go, which does no harm. */
const placeholder = /\$\d/;

/** A plan that does not use an index stays as it is without it, unless its estimates come from the index's expressions. */
function mayNeed(
  { tables, plan }: KeptStatement,
  { isPartitioned }: AdviceTable,
  index: AdviceIndex,
  gone: readonly ExistingIndexName[],
): boolean {
  if (plan === null || hasExpressions(index)) return true;
  const names = new Set(plan.nodes.map((node) => node.index));
  // indexes of partitions have names of their own
  if (isPartitioned) return [...names].some((name) => name !== null);
  // without one that is gone it may be the next best
  const isGone = ({ schema, name }: AdviceIndex) => gone.some((each) => each.schema === schema && each.name === name);
  const missed = tables.flatMap(({ indexes }) => indexes.filter((each) => isGone(each) && names.has(each.name)));
  return names.has(index.name) || missed.length > 0;
}

/** Null where the planner can't tell. */
async function findRegressions(
  planner: WhatIfPlanner,
  users: readonly KeptStatement[],
  recommended: readonly HypotheticalIndex[],
  hidden: readonly ExistingIndexName[],
): Promise<StatementChange[] | null> {
  if (users.length === 0) return [];
  const questions = users.map(({ question }) => question);
  try {
    const { results } = await planner.plan(questions, recommended, hidden);
    return users.flatMap(({ question: { id }, cost }, at) => {
      const without = results[at];
      if (without?.unsupported !== null || without.costAfter <= cost * (1 + regressionRatio)) return [];
      return [{ id, costBefore: cost, costAfter: without.costAfter }];
    });
  } catch (error) {
    if (isDatabaseFailure(error) && error.kind === 'statement') return null;
    throw error;
  }
}
