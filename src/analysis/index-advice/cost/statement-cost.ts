import { toPlanTree } from '../../plan/plan-tree';
import { estimateBtreeSize } from './btree-size';
import { parseIndexKey, type IndexKey } from '../proposals/index-key';
import { IndexUsageEstimator } from './index-usage';
import type { IndexAdviceFacts } from '../index-advice-facts';
import type { PlannedStatement } from '../planned-statement';
import type { HypotheticalIndex } from '../what-if-planner';

export interface StatementCost {
  costBefore: number;
  costAfter: number;
  /** Places of the indexes that serve it. */
  used: number[];
}

/** Plain B-trees on columns are all that statistics can say something about; null for others. */
function toKeys({ method, keys, predicate }: HypotheticalIndex): IndexKey[] | null {
  if (method !== 'btree' || predicate !== null) return null;
  const parsed = keys.map(parseIndexKey);
  return parsed.every((key) => key !== null) ? parsed : null;
}

/** What a statement would cost with these indexes: for each scan the one that saves most. */
export function estimateStatementCost(
  statement: PlannedStatement,
  indexes: readonly HypotheticalIndex[],
): StatementCost {
  const costBefore = toPlanTree(statement.plan).roots[0]?.totalCost ?? 0;
  const used = new Set<number>();
  let saved = 0;
  for (const target of statement.targets) {
    let best = { saved: 0, position: -1 };
    for (const [position, index] of indexes.entries()) {
      const keys = toKeys(index);
      const { schema, name } = target.table;
      if (keys === null || index.schema !== schema || index.table !== name) continue;
      for (const { costAfter } of new IndexUsageEstimator(statement, target, keys).estimate()) {
        if (costBefore - costAfter > best.saved) best = { saved: costBefore - costAfter, position };
      }
    }
    if (best.position < 0) continue;
    used.add(best.position);
    saved += best.saved;
  }
  return { costBefore, costAfter: Math.max(0, costBefore - saved), used: [...used] };
}

/** Of all partitions together; null for an index that statistics say nothing about. */
export function estimateIndexSizeBytes(facts: IndexAdviceFacts, index: HypotheticalIndex): number | null {
  const table = facts.tables.find(({ schema, name }) => schema === index.schema && name === index.table);
  const keys = toKeys(index);
  if (table?.rows === null || table === undefined || keys === null) return null;
  const find = (column: string) => table.columns.filter(({ name }) => name === column);
  const columns = keys.flatMap(({ column }) => find(column));
  const included = index.included.flatMap((column) => find(parseIndexKey(column)?.column ?? ''));
  if (columns.length < keys.length || included.length < index.included.length) return null;
  const leaves = table.isPartitioned ? table.partitions.filter(({ isPartitioned }) => !isPartitioned) : [table];
  return leaves.reduce(
    (sum, { rows }) => sum + estimateBtreeSize(columns, included, rows ?? 0, facts.settings).sizeBytes,
    0,
  );
}
