import * as z from 'zod';
import { int8, oldestVersionNumber, type CatalogueQuery } from '../query';
import existingBtreesSql from './existing-btrees.sql';
import extensionSql from './extension.sql';

function query<Row extends z.ZodType>(name: string, row: Row, sql: string): CatalogueQuery<Row> {
  return { name, row, variants: [{ when: oldestVersionNumber, sql }] };
}

const extensionRow = z.object({
  /** Quoted where needed. */
  schema: z.string(),
  version: z.string(),
  is_permitted: z.boolean(),
  /** hypopg_hide_index is there (from 1.4 on). */
  may_hide: z.boolean(),
});
export type HypopgExtension = z.output<typeof extensionRow>;
export const extensionQuery = query('the extension HypoPG', extensionRow, extensionSql);

const btreeRow = z.object({ oid: int8, schema: z.string(), name: z.string(), definition: z.string() });
export type ExistingBtree = z.output<typeof btreeRow>;
export const existingBtreesQuery = query('B-tree indexes', btreeRow, existingBtreesSql);

/** What the extension's functions answer; they can't be in a .sql file, because its schema may be any. */
export const createdRows = z.array(z.object({ place: z.number(), oid: int8, bytes: int8 }));
