import type { Plan } from '../plan/plan';
import type { SqlParser } from '../sql/sql-parser';
import type { IndexAdviceFacts } from './index-advice-facts';
import { findScanTargets, type ScanTarget } from './scan-targets';

/** A statement as the server would run it today, with what is known of the tables in it. */
export interface PlannedStatement {
  plan: Plan;
  facts: IndexAdviceFacts;
  /** What an index could serve, read from the plan once: a plan of many partitions has many conditions. */
  targets: readonly ScanTarget[];
}

export function toPlannedStatement(plan: Plan, facts: IndexAdviceFacts, parser: SqlParser): PlannedStatement {
  return { plan, facts, targets: findScanTargets(plan, facts, parser) };
}
