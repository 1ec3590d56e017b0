// Reads the tables of a database, and everything about one of them.
import type { ServerFacts } from '../analysis/server/server-facts';
import { sumPartitions } from '../analysis/tables/partitions';
import type { TableSummary } from '../analysis/tables/table';
import { captureRows } from './queries/query';
import { tablesQuery, toTableSummary } from './queries/tables';
import type { RunUnitOfWork, UnitOfWorkOptions } from './unit-of-work';

/** The list is one pass over catalogues that are in memory; a server that needs longer has other troubles. */
const tableListTimeoutMs = 30_000;

/** How every catalogue query of this layer runs. */
export function catalogueUnit(statementTimeoutMs: number, signal: AbortSignal | undefined): UnitOfWorkOptions {
  return {
    searchPath: 'catalogue',
    access: 'read-only',
    statementTimeoutMs,
    ...(signal === undefined ? {} : { signal }),
  };
}

export async function captureTables(
  run: RunUnitOfWork,
  facts: ServerFacts,
  signal?: AbortSignal,
): Promise<TableSummary[]> {
  const rows = await run(catalogueUnit(tableListTimeoutMs, signal), (unit) => captureRows(unit, facts, tablesQuery));
  return sumPartitions(rows.map((row) => toTableSummary(row, facts)));
}
