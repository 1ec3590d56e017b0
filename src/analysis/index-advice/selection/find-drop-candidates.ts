// Existing indexes that a workload could do without: its statements are planned as if the index were not there.
import { isDatabaseFailure } from '../../connection/connection-failure';
import type { AdviceIndex, AdviceTable } from '../index-advice-facts';
import type { IndexSetStatement, StatementChange } from '../find-index-set';
import type { HypotheticalIndex, WhatIfPlanner } from '../what-if-planner';

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

/** Those that only find rows: no key, no constraint rests on them. */
function isDroppable({ isNeeded, isUnique, isValid }: AdviceIndex): boolean {
  return isValid && !isNeeded && !isUnique;
}

/** With the recommended indexes in place; the largest first. */
export async function findDropCandidates(
  planner: WhatIfPlanner,
  statements: readonly IndexSetStatement[],
  recommended: readonly HypotheticalIndex[],
  isOver: () => boolean,
): Promise<DropCandidate[]> {
  const tables = new Map<number, AdviceTable>();
  for (const { planned } of statements) for (const table of planned.facts.tables) tables.set(table.oid, table);
  const found: DropCandidate[] = [];
  for (const table of [...tables.values()].sort((a, b) => a.oid - b.oid)) {
    const readers = statements.filter(({ planned }) => planned.facts.tables.some(({ oid }) => oid === table.oid));
    for (const { schema, name, sizeBytes, scans } of table.indexes.filter(isDroppable)) {
      if (isOver()) return sortBySize(found);
      const regressions = await findRegressions(planner, readers, recommended, { schema, name });
      if (regressions === null) continue;
      found.push({ schema, name, table: table.name, sizeBytes, scans, regressions });
    }
  }
  return sortBySize(found);
}

const sortBySize = (candidates: DropCandidate[]) =>
  candidates.sort(
    (a, b) => a.regressions.length - b.regressions.length || b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1),
  );

/** Null where the planner can't tell. */
async function findRegressions(
  planner: WhatIfPlanner,
  statements: readonly IndexSetStatement[],
  recommended: readonly HypotheticalIndex[],
  hidden: { schema: string; name: string },
): Promise<StatementChange[] | null> {
  const questions = statements.map(({ id, sql, parameters }) => ({
    id,
    sql,
    ...(parameters === undefined ? {} : { parameters }),
  }));
  try {
    const { results: kept } = await planner.plan(questions, recommended);
    const { results: without } = await planner.plan(questions, recommended, [hidden]);
    return without.flatMap(({ statementId: id, costAfter, unsupported }, at) => {
      const costBefore = kept[at]?.unsupported === null ? kept[at].costAfter : null;
      if (unsupported !== null || costBefore === null || costAfter <= costBefore * (1 + regressionRatio)) return [];
      return [{ id, costBefore, costAfter }];
    });
  } catch (error) {
    if (isDatabaseFailure(error) && error.kind === 'statement') return null;
    throw error;
  }
}
