import * as z from 'zod';
import extensionsSql from './extensions.sql';
import { int8, oldestVersionNumber, type CatalogueQuery } from './query';
import factsSql from './server-facts.sql';
import settingsSql from './settings.sql';
import unownedTablesSql from './unowned-tables.sql';
import unreadableTablesSql from './unreadable-tables.sql';

const factsRow = z.object({
  version_number: z.number().int(),
  version: z.string(),
  block_size_bytes: z.number().int(),
  database: z.string(),
  role: z.string(),
  in_recovery: z.boolean(),
  is_superuser: z.boolean(),
  predefined_roles: z.array(z.string()),
  available_extensions: z.array(z.string()),
});

export const serverFactsQuery: CatalogueQuery<typeof factsRow> = {
  name: 'the server and the role',
  row: factsRow,
  variants: [{ when: oldestVersionNumber, sql: factsSql }],
};

const settingRow = z.object({ name: z.string(), value: z.string().nullable(), source: z.string() });
export const settingsQuery: CatalogueQuery<typeof settingRow> = {
  name: 'settings',
  row: settingRow,
  variants: [{ when: oldestVersionNumber, sql: settingsSql }],
};

const extensionRow = z.object({
  name: z.string(),
  version: z.string(),
  schema: z.string(),
  may_use_schema: z.boolean(),
  may_select_statements: z.boolean(),
});
export const extensionsQuery: CatalogueQuery<typeof extensionRow> = {
  name: 'extensions',
  row: extensionRow,
  variants: [{ when: oldestVersionNumber, sql: extensionsSql }],
};

const unreadableTablesRow = z.object({
  schema: z.string(),
  not_permitted: int8,
  behind_row_security: int8,
  sequences: int8,
});
export const unreadableTablesQuery: CatalogueQuery<typeof unreadableTablesRow> = {
  name: "the role's rights",
  row: unreadableTablesRow,
  variants: [{ when: oldestVersionNumber, sql: unreadableTablesSql }],
};

const unownedTablesRow = z.object({ owner: z.string(), is_owner_superuser: z.boolean(), tables: int8 });
export const unownedTablesQuery: CatalogueQuery<typeof unownedTablesRow> = {
  name: 'the owners of tables',
  row: unownedTablesRow,
  variants: [{ when: oldestVersionNumber, sql: unownedTablesSql }],
};
