import type { Plan } from '../plan/plan';
import type { SqlParser } from '../sql/sql-parser';
import type { IndexAdviceFacts } from './index-advice-facts';
import { findScanTargets, type ScanTarget } from './proposals/scan-targets';
import { findTableUses, type TableUse } from './proposals/table-uses';
import { findUpdatedColumns, type UpdatedColumns } from './proposals/updated-columns';

/** A statement as the server would run it today, with what is known of the tables in it. */
export interface PlannedStatement {
  plan: Plan;
  facts: IndexAdviceFacts;
  /** What an index could serve by statistics alone, read from the plan once: a plan of many partitions has many conditions. */
  targets: readonly ScanTarget[];
  /** What the statement does with each table, for planners that make plans. */
  uses: readonly TableUse[];
  updates: readonly UpdatedColumns[];
}

export function toPlannedStatement(
  sql: string,
  plan: Plan,
  facts: IndexAdviceFacts,
  parser: SqlParser,
): PlannedStatement {
  return {
    plan,
    facts,
    targets: findScanTargets(plan, facts, parser),
    uses: findTableUses(sql, plan, facts, parser),
    updates: findUpdatedColumns(sql, plan, parser),
  };
}
