// What of a database goes into the sandbox: definitions, planner statistics and lengths of files.
import * as z from 'zod';
import { int8, oldestVersionNumber, type CatalogueQuery, type QueryVariant } from '../query';
import collationsSql from './collations.sql';
import columnStatisticsSql from './column-statistics.sql';
import columnsSql from './columns.sql';
import constraintsSql from './constraints.sql';
import databaseSql from './database.sql';
import extendedStatisticsDataSql from './extended-statistics-data.sql';
import extendedStatisticsViewSql from './extended-statistics-view.sql';
import extendedStatisticsSql from './extended-statistics.sql';
import functionsSql from './functions.sql';
import indexesSql from './indexes.sql';
import namedObjectsSql from './named-objects.sql';
import rangeStatisticsSql from './range-statistics.sql';
import reachedObjectsSql from './reached-objects.sql';
import relationsSql from './relations.sql';
import sessionSettingsSql from './session-settings.sql';
import typesSql from './types.sql';

function define<Row extends z.ZodType>(
  name: string,
  row: Row,
  sql: string,
  /** For older servers, newest first: the lowest version that the one before is meant for, and its own text. */
  ...older: readonly { before: number; sql: string }[]
): CatalogueQuery<Row> {
  const first: QueryVariant = { when: older[0]?.before ?? oldestVersionNumber, sql };
  const others = older.map((each, position) => ({
    when: older[position + 1]?.before ?? oldestVersionNumber,
    sql: each.sql,
  }));
  return { name, row, variants: [first, ...others] };
}

const noText = 'NULL::pg_catalog.text';

export const reachedObjectsQuery = define(
  'what the statements lead to',
  z.object({ class: z.string(), oid: int8, extension: z.string().nullable(), description: z.string().nullable() }),
  reachedObjectsSql,
);

export const relationsQuery = define(
  'relations to plan with',
  z.object({
    oid: int8,
    schema: z.string(),
    name: z.string(),
    /** pg_class.relkind. */
    kind: z.enum(['r', 'p', 'm', 'v', 'f', 'c']),
    persistence: z.string(),
    pages: z.number(),
    /** -1, before 14 also 0 on 0 pages, when it was never vacuumed or analyzed. */
    rows: z.number(),
    all_visible_pages: z.number(),
    /** Length of the file; null where there is none. */
    size_bytes: int8.nullable(),
    partition_key: z.string().nullable(),
    partition_bound: z.string().nullable(),
    parents: z.array(int8),
    options: z.array(z.string()),
    view_query: z.string().nullable(),
    row_security: z.boolean(),
    /** A view over it to whose owner its policies apply, "schema.view"; null when there is none. */
    guarded_view: z.string().nullable(),
    tablespace_options: z.array(z.string()),
    has_rules: z.boolean(),
  }),
  relationsSql,
);

const columnsBefore18 = columnsSql.replace("a.attgenerated = 'v'", 'false');
export const columnsQuery = define(
  'columns to plan with',
  z.object({
    relation: int8,
    number: z.number(),
    name: z.string(),
    is_dropped: z.boolean(),
    not_null: z.boolean(),
    type: z.string(),
    collation: z.string().nullable(),
    virtual_expression: z.string().nullable(),
    is_range: z.boolean(),
    may_select: z.boolean(),
  }),
  columnsSql,
  { before: 180_000, sql: columnsBefore18 },
);

export const indexesQuery = define(
  'indexes to plan with',
  z.object({
    oid: int8,
    relation: int8,
    schema: z.string(),
    name: z.string(),
    method: z.string(),
    is_partitioned: z.boolean(),
    definition: z.string(),
    has_expressions: z.boolean(),
    /** As SQL, comma-separated; empty when it has none. */
    expressions: z.string(),
    /** Of an index with expressions: all columns that it depends on. */
    expression_columns: z.array(z.number()),
    is_partial: z.boolean(),
    /** 0 for an expression. */
    first_column: z.number(),
    is_descending: z.boolean(),
    /** Keys and included ones. */
    column_count: z.number(),
    pages: z.number(),
    rows: z.number(),
    size_bytes: int8.nullable(),
    constraint_definition: z.string().nullable(),
    parent: int8.nullable(),
    may_select: z.boolean(),
  }),
  indexesSql,
);

export const constraintsQuery = define(
  'constraints to plan with',
  z.object({
    oid: int8,
    relation: int8,
    name: z.string(),
    kind: z.enum(['c', 'f']),
    is_validated: z.boolean(),
    definition: z.string(),
  }),
  constraintsSql,
);

export const typesQuery = define(
  'types to plan with',
  z.object({
    oid: int8,
    schema: z.string(),
    name: z.string(),
    kind: z.enum(['e', 'd', 'r', 'c']),
    labels: z.array(z.string()),
    base: z.string().nullable(),
    not_null: z.boolean(),
    collation: z.string().nullable(),
    checks: z.array(z.string()),
    subtype: z.string().nullable(),
    /** Of a composite type: the relation that has its columns. */
    relation: int8.nullable(),
  }),
  typesSql,
);

export const functionsQuery = define(
  'functions to plan with',
  z.object({
    oid: int8,
    signature: z.string(),
    language: z.string(),
    kind: z.string(),
    body: z.string().nullable(),
    settings: z.array(z.string()),
    definition: z.string().nullable(),
  }),
  functionsSql,
);

const collationsBefore17 = collationsSql.replace('c.colllocale', 'c.colliculocale');
export const collationsQuery = define(
  'collations to plan with',
  z.object({
    oid: int8,
    schema: z.string(),
    name: z.string(),
    provider: z.string(),
    is_deterministic: z.boolean(),
    locale: z.string().nullable(),
  }),
  collationsSql,
  { before: 170_000, sql: collationsBefore17 },
  { before: 150_000, sql: collationsSql.replace('coalesce(c.colllocale, c.collcollate)', 'c.collcollate') },
);

const columnStatisticsBefore17 = ['range_length_histogram', 'range_empty_frac', 'range_bounds_histogram'].reduce(
  (sql, column) => sql.replace(`s.${column}::pg_catalog.text`, noText),
  columnStatisticsSql,
);
export const columnStatisticsQuery = define(
  'planner statistics',
  z.object({
    relation: int8,
    number: z.number(),
    inherited: z.boolean(),
    null_ratio: z.number(),
    average_width_bytes: z.number(),
    distinct_values: z.number(),
    most_common_vals: z.string().nullable(),
    most_common_freqs: z.string().nullable(),
    histogram_bounds: z.string().nullable(),
    correlation: z.string().nullable(),
    most_common_elems: z.string().nullable(),
    most_common_elem_freqs: z.string().nullable(),
    elem_count_histogram: z.string().nullable(),
    range_length_histogram: z.string().nullable(),
    range_empty_frac: z.string().nullable(),
    range_bounds_histogram: z.string().nullable(),
  }),
  columnStatisticsSql,
  { before: 170_000, sql: columnStatisticsBefore17 },
);

export const rangeStatisticsQuery = define(
  'planner statistics of ranges',
  z.object({
    relation: int8,
    number: z.number(),
    inherited: z.boolean(),
    kinds: z.array(z.number()),
    value_lists: z.array(z.string().nullable()),
    number_lists: z.array(z.string().nullable()),
  }),
  rangeStatisticsSql,
);

export const extendedStatisticsQuery = define(
  'extended statistics',
  z.object({ oid: int8, relation: int8, schema: z.string(), name: z.string(), definition: z.string() }),
  extendedStatisticsSql,
);

const extendedDataBefore15 = extendedStatisticsDataSql
  .replace('d.stxdinherit AS', 'false AS')
  .replace(', d.stxdinherit', '');
export const extendedStatisticsDataQuery = define(
  'extended statistics',
  z.object({
    oid: int8,
    inherited: z.boolean(),
    distinct_values: z.string().nullable(),
    dependencies: z.string().nullable(),
    most_common: z.string().nullable(),
    has_expressions: z.boolean(),
  }),
  extendedStatisticsDataSql,
  { before: 150_000, sql: extendedDataBefore15 },
  { before: 140_000, sql: extendedDataBefore15.replace('d.stxdexpr IS NOT NULL', 'false') },
);

export const extendedStatisticsViewQuery = define(
  'extended statistics',
  z.object({
    oid: int8,
    inherited: z.boolean(),
    distinct_values: z.string().nullable(),
    dependencies: z.string().nullable(),
    has_most_common: z.boolean(),
  }),
  extendedStatisticsViewSql,
  {
    before: 150_000,
    sql: extendedStatisticsViewSql.replace('s.inherited,', 'false AS inherited,').replace(', s.inherited', ''),
  },
);

export const sessionSettingsQuery = define(
  'planner settings',
  z.object({ name: z.string(), setting: z.string() }),
  sessionSettingsSql,
);

const databaseBefore17 = databaseSql.replace('d.datlocale', 'd.daticulocale');
export const databaseQuery = define(
  'the database',
  z.object({
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    /** pg_database.datlocprovider: c(libc), i(cu), b(uiltin). */
    provider: z.string(),
    locale: z.string().nullable(),
    may_read_statistics: z.boolean(),
    may_read_extended: z.boolean(),
  }),
  databaseSql,
  { before: 170_000, sql: databaseBefore17 },
  {
    before: 150_000,
    sql: databaseSql
      .replace('d.datlocprovider::pg_catalog.text', "'c'")
      .replace('d.datlocale::pg_catalog.text', noText),
  },
);

export const namedObjectsQuery = define(
  "the statement's functions and types",
  z.object({ class: z.string(), oid: int8 }),
  namedObjectsSql,
);
