// A partitioned table holds no rows: what is said about it is the sum over its partitions, down to the leaves.
import { findRatios, type TableSummary } from './table';

const later = (a: string | null, b: string | null) => (a === null || (b !== null && b > a) ? b : a);

/** Null and a number give the number: an unknown partition makes the sum smaller, not unknown. */
const add = (a: number | null, b: number | null) => (a === null ? b : a + (b ?? 0));

function addCounts<Key extends string>(
  a: Record<Key, number> | null,
  b: Record<Key, number> | null,
  keys: readonly Key[],
): Record<Key, number> | null {
  if (a === null || b === null) return a ?? b;
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as Record<Key, number>;
}

/** Fills in the figures of partitioned tables, at every level; the order is kept. */
export function sumPartitions(tables: readonly TableSummary[]): TableSummary[] {
  const partitions = new Map<number, TableSummary[]>();
  for (const table of tables) {
    if (!table.isPartition || table.parentOid === null) continue;
    const siblings = partitions.get(table.parentOid);
    if (siblings === undefined) partitions.set(table.parentOid, [table]);
    else siblings.push(table);
  }

  function sum(table: TableSummary): TableSummary {
    if (table.kind !== 'partitioned table') return table;
    let total = table;
    for (const partition of (partitions.get(table.oid) ?? []).map(sum)) {
      total = {
        ...total,
        estimatedRows: add(total.estimatedRows, partition.estimatedRows),
        estimatedSizeBytes: total.estimatedSizeBytes + partition.estimatedSizeBytes,
        scans: addCounts(total.scans, partition.scans, ['sequential', 'index']),
        tuples: addCounts(total.tuples, partition.tuples, ['live', 'dead']),
        lastVacuum: later(total.lastVacuum, partition.lastVacuum),
        lastAnalyze: later(total.lastAnalyze, partition.lastAnalyze),
      };
    }
    return { ...total, ...findRatios(total.scans, total.tuples) };
  }
  return tables.map(sum);
}
