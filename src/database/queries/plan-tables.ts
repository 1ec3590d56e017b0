import * as z from 'zod';
import type { TableStatistics } from '../../analysis/plan/plan-rule';
import planTablesSql from './plan-tables.sql';
import { int8, oldestVersionNumber, type CatalogueQuery } from './query';

const planTableRow = z.object({
  schema: z.string(),
  name: z.string(),
  rows: z.number(),
  modified_since_analyze: int8.nullable(),
  /** Null for a table without columns. */
  column_names: z.array(z.string()).nullable(),
  column_types: z.array(z.string()).nullable(),
  /** The columns of each, as JSON; null in all for statistics on expressions only. */
  extended_statistics: z.array(z.string().nullable()).nullable(),
});

export const planTablesQuery: CatalogueQuery<typeof planTableRow> = {
  name: 'tables of a plan',
  row: planTableRow,
  variants: [{ when: oldestVersionNumber, sql: planTablesSql }],
};

const columnNames = z.array(z.string());

export function toTableStatistics(row: z.output<typeof planTableRow>): TableStatistics {
  const types = row.column_types ?? [];
  return {
    rows: row.rows,
    modifiedSinceAnalyze: row.modified_since_analyze,
    columnTypes: new Map((row.column_names ?? []).map((name, index) => [name, types[index] ?? ''])),
    extendedStatistics: (row.extended_statistics ?? []).flatMap((json) =>
      json === null ? [] : [columnNames.parse(JSON.parse(json))],
    ),
  };
}
