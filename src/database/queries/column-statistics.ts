// What a query that joins pg_stats says of a column's statistics, or of why they are not there.
import * as z from 'zod';
import type { ColumnStatistics, TableColumn } from '../../analysis/tables/table';

export const columnStatisticsFields = {
  may_select: z.boolean(),
  row_security: z.boolean(),
  null_ratio: z.number().nullable(),
  distinct_values: z.number().nullable(),
  average_width_bytes: z.number().nullable(),
  correlation: z.number().nullable(),
  most_common_values: z.array(z.string()).nullable(),
  most_common_frequencies: z.array(z.number()).nullable(),
};
type Row = z.output<z.ZodObject<typeof columnStatisticsFields>>;

export function toColumnStatistics(row: Row): Pick<TableColumn, 'statistics' | 'statisticsMissing'> {
  const statistics = toStatistics(row);
  return { statistics, statisticsMissing: statistics === null ? findReason(row) : null };
}

function toStatistics(row: Row): ColumnStatistics | null {
  if (row.null_ratio === null || row.distinct_values === null || row.average_width_bytes === null) return null;
  return {
    nullRatio: row.null_ratio,
    distinct:
      row.distinct_values < 0
        ? { kind: 'ratio', value: -row.distinct_values }
        : { kind: 'count', value: row.distinct_values },
    averageWidthBytes: row.average_width_bytes,
    correlation: row.correlation,
    mostCommon: (row.most_common_values ?? []).map((value, index) => ({
      value,
      frequency: row.most_common_frequencies?.[index] ?? 0,
    })),
  };
}

function findReason(row: Row): TableColumn['statisticsMissing'] {
  if (!row.may_select) return 'not-permitted';
  return row.row_security ? 'row-security' : 'not-analyzed';
}
