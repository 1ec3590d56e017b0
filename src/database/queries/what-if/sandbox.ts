// Statements for the sandbox itself. They run there as its superuser, on rows and names that came from the source as values.
import * as z from 'zod';
import { int8 } from '../query';
import insertStatisticsSql from './insert-statistics.sql';
import restoreStatisticsSql from './restore-statistics.sql';
import sandboxIndexesSql from './sandbox-indexes.sql';
import sortingClassesSql from './sorting-classes.sql';

export { restoreStatisticsSql, sandboxIndexesSql, sortingClassesSql };

/** pg_statistic has five slots, each of a kind, an operator, a collation, numbers and values. */
export const statisticSlots = 5;
const slots = Array.from({ length: statisticSlots }, (_, at) => at + 1);
const slotColumns = [
  ...slots.map((slot) => `r.kinds[${slot}]`),
  ...slots.map(
    (slot) =>
      `coalesce(CASE r.operators[${slot}] WHEN 'equal' THEN r.own_equal WHEN 'less' THEN r.own_less WHEN 'element' THEN r.element_equal WHEN 'float8' THEN 672 END, 0)`,
  ),
  ...slots.map((slot) => `CASE WHEN r.operators[${slot}] IN ('equal', 'less', 'element') THEN r.collation ELSE 0 END`),
  ...slots.map((slot) => `r.numbers[${slot}]::pg_catalog.float4[]`),
  ...slots.map(
    (slot) =>
      `CASE WHEN r.value_lists[${slot}] IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(r.value_lists[${slot}]), CASE r.types[${slot}] WHEN 'element' THEN r.element_type WHEN 'float8' THEN 701 ELSE r.own_type END, -1) END`,
  ),
];
export const insertColumnStatisticsSql = insertStatisticsSql.replace('slot_columns', slotColumns.join(',\n  '));

export const restoredRows = z.array(
  z.object({ schema: z.string(), relation: z.string(), number: z.number(), is_restored: z.boolean() }),
);

export const sandboxIndexRows = z.array(
  z.object({
    index: int8,
    name: z.string(),
    file: z.string().nullable(),
    method: z.string(),
    relation: int8,
    relation_schema: z.string(),
    relation_name: z.string(),
    relation_file: z.string().nullable(),
    relation_bytes: int8,
    index_bytes: int8,
    is_unique: z.boolean(),
    predicate: z.string().nullable(),
    is_key: z.boolean(),
    /** As it is written in CREATE INDEX, without operator class and order. */
    expression: z.string(),
    is_column: z.boolean(),
    type_name: z.string(),
    type_length: z.number(),
    alignment: z.number(),
    operator_class: z.string().nullable(),
    column_type_name: z.string().nullable(),
    width: z.number().nullable(),
    null_ratio: z.number().nullable(),
    /** As in pg_statistic: negative is a share of the rows. */
    distinct_values: z.number().nullable(),
    most_common_ratios: z.array(z.number()).nullable(),
    element_ratios: z.array(z.number()).nullable(),
    elements_per_row: z.number().nullable(),
  }),
);
export type SandboxIndexRow = z.output<typeof sandboxIndexRows>[number];
