import * as z from 'zod';
import columnsSql from './ddl-columns.sql';
import constraintsSql from './ddl-constraints.sql';
import grantsSql from './ddl-grants.sql';
import indexesSql from './ddl-indexes.sql';
import policiesSql from './ddl-policies.sql';
import rulesSql from './ddl-rules.sql';
import sequencesSql from './ddl-sequences.sql';
import tableSql from './ddl-table.sql';
import triggersSql from './ddl-triggers.sql';
import { oldestVersionNumber, type CatalogueQuery } from './query';

/** reloptions and their like: "name=value" texts, of which the value may hold more equals signs. */
const options = z.array(z.string()).transform((texts) =>
  texts.map((text) => {
    const split = text.indexOf('=');
    return { name: text.slice(0, split), value: text.slice(split + 1) };
  }),
);

const tableRow = z.object({
  name: z.string(),
  schema: z.string(),
  kind: z.enum(['r', 'p', 'm', 'f']),
  owner: z.string(),
  is_unlogged: z.boolean(),
  is_partition: z.boolean(),
  parents: z.array(z.string()),
  partition_bound: z.string().nullable(),
  partition_key: z.string().nullable(),
  of_type: z.string().nullable(),
  options,
  toast_options: options,
  access_method: z.string().nullable(),
  tablespace: z.string().nullable(),
  replica_identity: z.enum(['d', 'n', 'f', 'i']),
  replica_identity_index: z.string().nullable(),
  has_row_security: z.boolean(),
  forces_row_security: z.boolean(),
  query: z.string().nullable(),
  is_populated: z.boolean(),
  foreign_server: z.string().nullable(),
  foreign_options: options,
  comment: z.string().nullable(),
});
export const ddlTableQuery: CatalogueQuery<typeof tableRow> = {
  name: 'the table',
  row: tableRow,
  variants: [{ when: oldestVersionNumber, sql: tableSql }],
};

const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  collation: z.string().nullable(),
  not_null: z.boolean(),
  is_local: z.boolean(),
  parent_not_null: z.boolean(),
  parent_has_default: z.boolean(),
  expression: z.string().nullable(),
  identity: z.enum(['', 'a', 'd']),
  generated: z.enum(['', 's', 'v']),
  storage: z.string().nullable(),
  compression: z.string().nullable(),
  statistics_target: z.number().int().nullable(),
  options,
  foreign_options: options,
  comment: z.string().nullable(),
});
/** The one column of the catalogue that 13 does not have is put in its place here. */
const withCompression = columnsSql.replace(
  'null::pg_catalog.text as compression',
  `case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression`,
);
export const ddlColumnsQuery: CatalogueQuery<typeof columnRow> = {
  name: 'columns',
  row: columnRow,
  variants: [
    { when: 140_000, sql: withCompression },
    { when: oldestVersionNumber, sql: columnsSql },
  ],
};

const sequenceRow = z.object({
  column_name: z.string(),
  is_identity: z.boolean(),
  name: z.string(),
  is_unlogged: z.boolean(),
  altered_persistence: z.string().nullable(),
  has_default_name: z.boolean(),
  type: z.string(),
  /** int8 as texts: they are only ever written again. */
  start: z.string(),
  increment: z.string(),
  minimum: z.string(),
  maximum: z.string(),
  cache: z.string(),
  cycle: z.boolean(),
  comment: z.string().nullable(),
});
export const ddlSequencesQuery: CatalogueQuery<typeof sequenceRow> = {
  name: 'sequences',
  row: sequenceRow,
  variants: [{ when: oldestVersionNumber, sql: sequencesSql }],
};

const constraintRow = z.object({
  name: z.string(),
  type: z.enum(['p', 'u', 'x', 'c', 'f', 'n']),
  definition: z.string(),
  is_validated: z.boolean(),
  is_local: z.boolean(),
  has_parent: z.boolean(),
  is_no_inherit: z.boolean(),
  has_default_name: z.boolean().nullable(),
  not_null_column: z.string().nullable(),
  comment: z.string().nullable(),
});
export const ddlConstraintsQuery: CatalogueQuery<typeof constraintRow> = {
  name: 'constraints',
  row: constraintRow,
  variants: [{ when: oldestVersionNumber, sql: constraintsSql }],
};

const indexRow = z.object({
  name: z.string(),
  short_name: z.string(),
  definition: z.string().nullable(),
  options,
  tablespace: z.string().nullable(),
  is_complete: z.boolean(),
  is_clustered: z.boolean(),
  column_alterations: z.array(z.string()),
  comment: z.string().nullable(),
});
export const ddlIndexesQuery: CatalogueQuery<typeof indexRow> = {
  name: 'indexes',
  row: indexRow,
  variants: [{ when: oldestVersionNumber, sql: indexesSql }],
};

const triggerRow = z.object({
  name: z.string(),
  definition: z.string().nullable(),
  enabled: z.enum(['O', 'D', 'R', 'A']),
  comment: z.string().nullable(),
});
export type DdlTriggerRow = z.output<typeof triggerRow>;
export const ddlTriggersQuery: CatalogueQuery<typeof triggerRow> = {
  name: 'triggers',
  row: triggerRow,
  variants: [{ when: oldestVersionNumber, sql: triggersSql }],
};
export const ddlRulesQuery: CatalogueQuery<typeof triggerRow> = {
  name: 'rules',
  row: triggerRow,
  variants: [{ when: oldestVersionNumber, sql: rulesSql }],
};

const policyRow = z.object({
  name: z.string(),
  is_permissive: z.boolean(),
  command: z.string(),
  roles: z.array(z.string()),
  using_expression: z.string().nullable(),
  check_expression: z.string().nullable(),
  comment: z.string().nullable(),
});
export const ddlPoliciesQuery: CatalogueQuery<typeof policyRow> = {
  name: 'row security policies',
  row: policyRow,
  variants: [{ when: oldestVersionNumber, sql: policiesSql }],
};

const grantRow = z.object({
  action: z.enum(['grant', 'revoke']),
  object: z.string(),
  column_name: z.string().nullable(),
  is_all: z.boolean(),
  privileges: z.array(z.string()),
  grantee: z.string(),
  grantor: z.string().nullable(),
  is_grantable: z.boolean(),
});
export const ddlGrantsQuery: CatalogueQuery<typeof grantRow> = {
  name: 'privileges',
  row: grantRow,
  variants: [{ when: oldestVersionNumber, sql: grantsSql }],
};
