import * as z from 'zod';
import { columnStatisticsFields } from '../column-statistics';
import { int8, oldestVersionNumber, type CatalogueQuery } from '../query';
import columnsSql from './columns.sql';
import indexesSql from './indexes.sql';
import serverSql from './server.sql';
import tablesSql from './tables.sql';
import takenNamesSql from './taken-names.sql';

function query<Row extends z.ZodType>(name: string, row: Row, sql: string): CatalogueQuery<Row> {
  return { name, row, variants: [{ when: oldestVersionNumber, sql }] };
}

export const tablesQuery = query(
  'tables to advise on',
  z.object({
    root: int8,
    oid: int8,
    schema: z.string(),
    name: z.string(),
    /** Null for a table that is no partition. */
    parent: int8.nullable(),
    kind: z.enum(['r', 'p', 'm', 'f']),
    persistence: z.string(),
    pages: z.number(),
    /** -1 (before 14: 0 with no pages) when it was never vacuumed or analyzed. */
    rows: z.number(),
    all_visible_pages: z.number(),
    inserted: int8,
    updated: int8,
    hot_updated: int8,
    deleted: int8,
  }),
  tablesSql,
);

export const columnsQuery = query(
  'columns to advise on',
  z.object({
    table_oid: int8,
    name: z.string(),
    type_name: z.string(),
    is_domain: z.boolean(),
    type_length: z.number(),
    alignment: z.number(),
    has_btree: z.boolean(),
    sorts_by_bytes: z.boolean(),
    ...columnStatisticsFields,
  }),
  columnsSql,
);

export const indexesQuery = query(
  'indexes to advise on',
  z.object({
    table_oid: int8,
    schema: z.string(),
    name: z.string(),
    method: z.string(),
    is_valid: z.boolean(),
    is_needed: z.boolean(),
    predicate: z.string().nullable(),
    is_unique: z.boolean(),
    pages: z.number(),
    scans: int8,
    included: z.array(z.string()),
    texts: z.array(z.string()),
    operator_classes: z.array(z.string()),
    columns: z.array(z.string().nullable()),
    /** pg_index.indoption: 1 is DESC, 2 is NULLS FIRST. */
    options: z.array(z.number()),
    plain: z.array(z.boolean()),
  }),
  indexesSql,
);

export const serverQuery = query(
  'cost settings',
  z.object({
    seq_page_cost: z.number(),
    random_page_cost: z.number(),
    cpu_tuple_cost: z.number(),
    cpu_index_tuple_cost: z.number(),
    cpu_operator_cost: z.number(),
    effective_cache_size_bytes: int8,
    parallel_leader_participation: z.boolean(),
    volatile_functions: z.array(z.string()),
    immutable_functions: z.array(z.string()),
    trigram_schema: z.string().nullable(),
  }),
  serverSql,
);

export const takenNamesQuery = query(
  'names of relations',
  z.object({ schema: z.string(), name: z.string() }),
  takenNamesSql,
);
