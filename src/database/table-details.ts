// Everything about one table, read when its node opens.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ServerFacts } from '../analysis/server/server-facts';
import type { ExactSizes, TableColumn, TableDetails } from '../analysis/tables/table';
import { exactSizesQuery } from './queries/exact-sizes';
import { captureRows } from './queries/query';
import {
  columnsQuery,
  extendedStatisticsQuery,
  foreignKeysQuery,
  indexesQuery,
  tableIdentityQuery,
  toForeignKey,
  toTableColumn,
  toTableIndex,
} from './queries/table-details';
import { catalogueUnit } from './tables';
import type { RunUnitOfWork, UnitOfWorkOptions } from './unit-of-work';

/** A few index look-ups in the catalogue. */
const oneTableTimeoutMs = 15_000;
/** A file system call for each gigabyte of each relation, and a partitioned table may have thousands. */
const exactSizesTimeoutMs = 60_000;

/** Several queries about one table see one state of it. */
export function oneTableUnit(signal: AbortSignal | undefined): UnitOfWorkOptions {
  return { ...catalogueUnit(oneTableTimeoutMs, signal), isolation: 'repeatable read' };
}

export function toDroppedTableFailure(facts: ServerFacts): DatabaseFailure {
  return new DatabaseFailure(
    'other',
    `The table is no longer in database "${facts.database}": it was dropped or created anew.`,
    'Refresh the tables.',
  );
}

export async function captureTableDetails(
  run: RunUnitOfWork,
  facts: ServerFacts,
  oid: number,
  signal?: AbortSignal,
): Promise<TableDetails> {
  return run(oneTableUnit(signal), async (unit) => {
    const [table] = await captureRows(unit, facts, tableIdentityQuery, [oid]);
    if (table === undefined) throw toDroppedTableFailure(facts);
    const columns = (await captureRows(unit, facts, columnsQuery, [oid])).map(toTableColumn);
    const indexes = await captureRows(unit, facts, indexesQuery, [oid]);
    const foreignKeys = await captureRows(unit, facts, foreignKeysQuery, [oid]);
    const extendedStatistics = await captureRows(unit, facts, extendedStatisticsQuery, [oid]);
    return {
      columns,
      indexes: indexes.map((row) => toTableIndex(row, facts)),
      foreignKeys: foreignKeys.map(toForeignKey),
      extendedStatistics: extendedStatistics.map(({ schema, name, definition }) => ({ schema, name, definition })),
      statisticsUnavailable: describeHiddenStatistics(columns, `${table.schema}.${table.name}`, facts),
    };
  });
}

function describeHiddenStatistics(columns: readonly TableColumn[], table: string, facts: ServerFacts): string | null {
  if (columns.some(({ statisticsMissing }) => statisticsMissing === 'row-security')) {
    return (
      `Row-level security hides the statistics of ${table} from role "${facts.role}": ` +
      'connect as its owner or as a role with BYPASSRLS to see them.'
    );
  }
  const hidden = columns.filter(({ statisticsMissing }) => statisticsMissing === 'not-permitted').length;
  if (hidden === 0) return null;
  const which = hidden === columns.length ? '' : `${hidden} of ${columns.length} columns of `;
  return (
    `Role "${facts.role}" may not see the statistics of ${which}${table}: ` +
    'it needs SELECT on the table (Doctor has the statement).'
  );
}

export async function captureExactSizes(
  run: RunUnitOfWork,
  facts: ServerFacts,
  oid: number,
  signal?: AbortSignal,
): Promise<ExactSizes> {
  const [row] = await run(catalogueUnit(exactSizesTimeoutMs, signal), (unit) =>
    captureRows(unit, facts, exactSizesQuery, [oid]),
  );
  if (
    row === undefined ||
    row.heap_bytes === null ||
    row.toast_bytes === null ||
    row.index_bytes === null ||
    row.total_bytes === null
  ) {
    throw toDroppedTableFailure(facts);
  }
  return {
    heapBytes: row.heap_bytes,
    toastBytes: row.toast_bytes,
    indexBytes: row.index_bytes,
    totalBytes: row.total_bytes,
  };
}
