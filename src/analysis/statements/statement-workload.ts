// The statements of pg_stat_statements as a workload to advise indexes for: those that took most time, one for each query
// identifier, and with a reason those that can't be planned.
import { groupBy } from '../group-by';
import type { WorkloadStatement, WorkloadStatementAdvice } from '../index-advice/workload-advice';
import type { SnapshotStatement } from '../snapshot';
import { numberPlaceholders } from '../sql/placeholders';
import { stripExplain } from '../sql/strip-explain';
import { toHiddenStatementsFix } from './hidden-statements';
import { findExplainObstacle } from './statement-text';
import { isToolStatement } from './tool-statement';

export interface StatementWorkload {
  /** By total time; the id is the query identifier. */
  statements: WorkloadStatement[];
  /** Those whose text the role may not see, with the reason. */
  hidden: WorkloadStatementAdvice[];
  /** Utility commands among them, which EXPLAIN does not take, with the reason; they do not count for the limit. */
  utilities: WorkloadStatementAdvice[];
  /** Before the limit, without utility commands. */
  total: number;
  /** Catalogue queries and transaction control, left out. */
  tools: number;
}

export interface StatementWorkloadOptions {
  /** Who reads the statistics. */
  role: string;
  /** Takes those with the most time. */
  limit: number;
  /** On average; absent: any. */
  minMeanMs?: number;
  /** Of planning, each. */
  timeoutMs: number;
}

/** For whoever looks without being asked: what is looked at takes nearly all of the time of an ordinary server. */
export const reportWorkloadOptions = {
  limit: 20,
  /** Planning takes milliseconds; a statement that needs longer waits for a lock. */
  timeoutMs: 5_000,
  /** Nobody waits longer for what they did not ask for; what was found until then is shown. */
  deadlineMs: 20_000,
} as const;

/** A statement for unknown values of its placeholders. */
export function toWorkloadStatement(
  id: string,
  text: string,
  calls: number | null,
  timeoutMs: number,
): WorkloadStatement {
  const { sql, parameters } = numberPlaceholders(stripExplain(text).sql);
  return { id, sql, calls, parameters: { mode: parameters.length === 0 ? 'none' : 'generic' }, timeoutMs };
}

export function toStatementWorkload(
  rows: readonly SnapshotStatement[],
  { role, limit, minMeanMs = 0, timeoutMs }: StatementWorkloadOptions,
): StatementWorkload {
  const counted = rows.filter(({ meanExecMs }) => meanExecMs >= minMeanMs);
  const found = toStatements(counted.filter(({ text }) => !isToolStatement(text)));
  const workload: StatementWorkload = {
    statements: [],
    hidden: [],
    utilities: [],
    total: 0,
    tools: counted.filter(({ text }) => isToolStatement(text)).length,
  };
  for (const { id, text, calls } of found) {
    const obstacle = findExplainObstacle(text);
    const isUtility = text !== null && obstacle !== null;
    if (!isUtility) workload.total += 1;
    if (workload.total > limit) continue;
    if (text !== null && obstacle === null) {
      workload.statements.push(toWorkloadStatement(id, text, calls, timeoutMs));
      continue;
    }
    const remedy = isUtility ? '' : ` ${toHiddenStatementsFix(role).sql}`;
    const unknown = { costBefore: null, costAfter: null, status: 'not-possible' as const };
    (isUtility ? workload.utilities : workload.hidden).push({
      id,
      sql: text ?? '',
      calls,
      ...unknown,
      reason: `${obstacle ?? ''}${remedy}`,
    });
  }
  return workload;
}

/** The rows of several roles are one statement; of those that are hidden nobody can tell. */
function toStatements(rows: readonly SnapshotStatement[]) {
  let hidden = 0;
  const groups = groupBy(rows, ({ queryId }) => queryId ?? `hidden${++hidden === 1 ? '' : `#${hidden}`}`);
  const sum = (group: readonly SnapshotStatement[], figure: 'calls' | 'totalExecMs') =>
    group.reduce((total, row) => total + row[figure], 0);
  return [...groups]
    .map(([id, group]) => ({
      id,
      text: group[0]?.text ?? null,
      calls: sum(group, 'calls'),
      totalMs: sum(group, 'totalExecMs'),
    }))
    .sort((a, b) => b.totalMs - a.totalMs);
}
