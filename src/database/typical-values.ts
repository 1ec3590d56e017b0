// Values to offer for a statement's parameters, from the statistics of the columns they are compared with. The statement
// itself is parsed here and not sent.
import * as z from 'zod';
import type { TypicalValues } from '../analysis/explain/explain';
import type { ColumnComparison } from '../analysis/sql/statement-facts';
import { lookupTimeoutMs, readUserStatement, type StatementContext } from './consent';
import { statementSettingsQuery } from './queries/consent';
import { captureRows, oldestVersionNumber, type CatalogueQuery } from './queries/query';
import typicalValuesSql from './queries/typical-values.sql';
import type { UnitOfWork } from './unit-of-work';

/** As many as a list to choose from shows without scrolling. */
const mostCommonShown = 10;
/** Ends and quarters of the histogram: enough to see where the values lie. */
const boundsShown = 5;

const typicalValuesRow = z.object({
  column_name: z.string(),
  type: z.string(),
  readable: z.boolean(),
  most_common: z.array(z.string()).nullable(),
  frequencies: z.array(z.number()).nullable(),
  bounds: z.array(z.string()).nullable(),
});
type Row = z.output<typeof typicalValuesRow>;

const typicalValuesQuery: CatalogueQuery<typeof typicalValuesRow> = {
  name: 'column statistics',
  row: typicalValuesRow,
  variants: [{ when: oldestVersionNumber, sql: typicalValuesSql }],
};

/**
 * One entry a parameter, $1 first; null where it is compared with no column. Empty with the fallback parser, which does not
 * say what a parameter is compared with.
 */
export async function captureTypicalValues(
  context: StatementContext,
  sql: string,
  signal?: AbortSignal,
): Promise<(TypicalValues | null)[]> {
  const reading = await readUserStatement(context, sql);
  if (!reading.understood) return [];
  const { parameterCount, comparisons } = reading.facts;
  const byParameter = Array.from({ length: parameterCount }, (_, index) =>
    comparisons.filter(({ parameter }) => parameter === index + 1),
  );
  if (comparisons.length === 0) return byParameter.map(() => null);
  return context.run(
    {
      searchPath: 'role',
      access: 'read-only',
      statementTimeoutMs: lookupTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    },
    async (unit) => {
      const [settings] = await captureRows(unit, context.facts, statementSettingsQuery);
      await unit.query("SELECT pg_catalog.set_config('search_path', '', true)");
      const values: (TypicalValues | null)[] = [];
      for (const each of byParameter) values.push(await captureFirst(unit, context, each, settings?.schemas ?? []));
      return values;
    },
  );
}

async function captureFirst(
  unit: UnitOfWork,
  { facts }: StatementContext,
  comparisons: readonly ColumnComparison[],
  path: readonly string[],
): Promise<TypicalValues | null> {
  for (const { column, relations } of comparisons) {
    const schemas = relations.map(({ schema }) => schema);
    const names = relations.map(({ name }) => name);
    const [row] = await captureRows(unit, facts, typicalValuesQuery, [schemas, names, column, path]);
    if (row !== undefined) return toTypicalValues(row);
  }
  return null;
}

function toTypicalValues(row: Row): TypicalValues {
  const { column_name: column, type, readable, most_common: mostCommon, frequencies, bounds } = row;
  const common = (mostCommon ?? [])
    .slice(0, mostCommonShown)
    .map((value, index) => ({ value, frequency: frequencies?.[index] ?? null }));
  const spread = pickEvenly(bounds ?? [], boundsShown).map((value) => ({ value, frequency: null }));
  const values = [...common, ...spread];
  return { column, type, values, note: values.length > 0 ? null : explainNothing(column, readable) };
}

function explainNothing(column: string, readable: boolean): string {
  return readable
    ? `The server has no statistics of ${column} yet: ANALYZE gathers them.`
    : `Your role may not read statistics of ${column}: they are shown to those who may SELECT the column.`;
}

/** The first, the last and evenly spaced ones between. */
function pickEvenly<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  const step = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => items[Math.round(index * step)]).filter(
    (item): item is Item => item !== undefined,
  );
}
