// A finding on a table for which an index was advised: it says what the advice says, and leads to the same quick fix.
import type { Finding } from '../../analysis/finding';
import type { Plan } from '../../analysis/plan/plan';
import type { PlanMissingIndex } from '../protocol';

/** Scans that another index would make shorter; of the other findings it is not known. */
const scanRules: readonly string[] = ['sequential-scan-discards-rows', 'index-scan-discards-rows'];

export interface AdvisedIndex {
  missingIndex: PlanMissingIndex;
  /** Starts the quick fix. */
  run: () => void;
}

/** Null where the index that is missing is none for what the finding is about. */
export function toCreateIndex(
  { ruleId, subject }: Finding,
  plan: Plan,
  missingIndex: PlanMissingIndex | null,
  run: () => void,
): AdvisedIndex | null {
  const node = subject.kind === 'plan-node' ? plan.nodes[subject.nodeId] : undefined;
  if (missingIndex === null || node === undefined || !scanRules.includes(ruleId)) return null;
  // EXPLAIN names the schema only where it was asked to
  const isSame = node.relation === missingIndex.table && (node.schema ?? missingIndex.schema) === missingIndex.schema;
  return isSame ? { missingIndex, run } : null;
}
