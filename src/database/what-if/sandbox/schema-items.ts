// The statements that make the captured objects in the sandbox, in an order that mostly serves; what fails for want of
// another object is tried again after it. Attribute numbers stay what they are on the source, because statistics name them.
import { groupBy } from '../../../analysis/group-by';
import { quoteIdentifier, quoteLiteral } from '../../../analysis/sql/identifiers';
import type { CapturedColumn, CapturedDatabase, CapturedRelation, CapturedType } from './captured-database';

export interface SchemaItem {
  /** The same object has the same key in every capture. */
  key: string;
  /** One message each. */
  steps: readonly string[];
  /** "index orders_placed_at_idx of public.orders". */
  description: string;
  /** OID of the relation on the source that can't be planned as it is there without this object; null for types and functions. */
  relation: number | null;
}

/** Storage parameters that the planner reads. */
const plannerOptions =
  /^(?:parallel_workers|fillfactor|pages_per_range|fastupdate|deduplicate_items|security_barrier|security_invoker)=/;

const qualified = (schema: string, name: string) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

function toOptions(options: readonly string[]): string {
  const known = options.filter((option) => plannerOptions.test(option));
  return known.length === 0 ? '' : ` WITH (${known.join(', ')})`;
}

export function findSchemas(database: CapturedDatabase): string[] {
  const schemas = [
    ...database.searchPath,
    ...[
      database.extensions,
      database.types,
      database.collations,
      database.relations,
      database.extendedStatistics,
    ].flatMap((objects) => objects.map(({ schema }) => schema)),
    // a function's signature is qualified unless its schema is one that everybody has
    ...database.functions.flatMap(
      ({ definition }) => /^CREATE OR REPLACE FUNCTION ("(?:[^"]|"")+"|\w+)\./.exec(definition ?? '')?.[1] ?? [],
    ),
  ].map((schema) => (schema.startsWith('"') ? schema.slice(1, -1).replaceAll('""', '"') : schema));
  return [...new Set(schemas)].filter((schema) => !/^(?:pg_|information_schema$)/.test(schema)).sort();
}

export function toSchemaItems(database: CapturedDatabase): SchemaItem[] {
  const relations = new Map(database.relations.map((relation) => [relation.oid, relation]));
  const columns = groupBy(database.columns, ({ relation }) => relation);
  const nameOf = (oid: number) => {
    const relation = relations.get(oid);
    return relation === undefined ? '' : qualified(relation.schema, relation.name);
  };
  const tables = database.relations.filter(({ kind }) => kind === 'r' || kind === 'p' || kind === 'm');
  const indexNames = new Map(database.indexes.map(({ oid, schema, name }) => [oid, qualified(schema, name)]));
  return [
    ...database.collations.map(({ schema, name, provider, is_deterministic, locale }) => ({
      key: `collation ${qualified(schema, name)}`,
      steps: [
        `CREATE COLLATION ${qualified(schema, name)} (provider = ${provider === 'i' ? 'icu' : provider === 'b' ? 'builtin' : 'libc'}, locale = ${quoteLiteral(locale ?? 'C')}, deterministic = ${is_deterministic})`,
      ],
      description: `collation ${schema}.${name}`,
      relation: null,
    })),
    ...database.types.map((type) => ({
      key: `type ${qualified(type.schema, type.name)}`,
      steps: [toTypeStep(type, columns.get(type.relation ?? 0) ?? [])],
      description: `type ${type.schema}.${type.name}`,
      relation: null,
    })),
    ...database.functions.map(({ signature, definition, language }) => ({
      key: `function ${signature}`,
      steps: [definition ?? ''],
      description: `function ${signature}${language === 'c' || language === 'internal' ? ' (not written in SQL or PL/pgSQL)' : ''}`,
      relation: null,
    })),
    ...tables.map((table) => ({
      key: `table ${nameOf(table.oid)}`,
      steps: toTableSteps(table, columns.get(table.oid) ?? []),
      description: `table ${table.schema}.${table.name}`,
      relation: table.oid,
    })),
    ...database.constraints
      .filter(({ kind }) => kind === 'c')
      .map((check) => ({
        key: `check ${nameOf(check.relation)} ${check.name}`,
        steps: [
          `ALTER TABLE ONLY ${nameOf(check.relation)} ADD CONSTRAINT ${quoteIdentifier(check.name)} ${check.definition}`,
        ],
        description: `check ${check.name} of ${nameOf(check.relation)}`,
        relation: check.relation,
      })),
    ...tables.flatMap((table) =>
      table.parents
        .filter((parent) => relations.has(parent))
        .map((parent) => ({
          key: `parent ${nameOf(table.oid)} ${nameOf(parent)}`,
          steps: [
            table.partition_bound === null
              ? `ALTER TABLE ONLY ${nameOf(table.oid)} INHERIT ${nameOf(parent)}`
              : `ALTER TABLE ONLY ${nameOf(parent)} ATTACH PARTITION ${nameOf(table.oid)} ${table.partition_bound}`,
          ],
          description: `${table.schema}.${table.name} as a part of ${nameOf(parent)}`,
          relation: table.oid,
        })),
    ),
    ...database.indexes.map((index) => ({
      key: `index ${qualified(index.schema, index.name)}`,
      steps: [
        index.constraint_definition === null
          ? index.definition
          : `ALTER TABLE ONLY ${nameOf(index.relation)} ADD ${index.constraint_definition}`,
      ],
      description: `index ${index.name} of ${nameOf(index.relation)}`,
      relation: index.relation,
    })),
    ...database.indexes
      .filter(({ parent }) => parent !== null && indexNames.has(parent))
      .map((index) => ({
        key: `index part ${qualified(index.schema, index.name)}`,
        steps: [
          `ALTER INDEX ${indexNames.get(index.parent ?? 0)} ATTACH PARTITION ${qualified(index.schema, index.name)}`,
        ],
        description: `index ${index.name} of ${nameOf(index.relation)}`,
        relation: index.relation,
      })),
    ...database.constraints
      .filter(({ kind }) => kind === 'f')
      .map((key) => ({
        key: `foreign key ${nameOf(key.relation)} ${key.name}`,
        steps: [
          `ALTER TABLE ${nameOf(key.relation)} ADD CONSTRAINT ${quoteIdentifier(key.name)} ${toUnvalidated(key.definition, relations.get(key.relation)?.kind)}`,
        ],
        description: `foreign key ${key.name} of ${nameOf(key.relation)}`,
        relation: key.relation,
      })),
    ...database.extendedStatistics.map(({ schema, name, definition, relation }) => ({
      key: `statistics ${qualified(schema, name)}`,
      steps: [definition],
      description: `extended statistics ${schema}.${name}`,
      relation,
    })),
    ...database.relations
      .filter(({ kind }) => kind === 'v')
      .map((view) => ({
        key: `view ${nameOf(view.oid)}`,
        steps: [
          `CREATE VIEW ${nameOf(view.oid)}${toOptions(view.options)} AS ${(view.view_query ?? '').replace(/;\s*$/, '')}`,
        ],
        description: `view ${view.schema}.${view.name}`,
        relation: view.oid,
      })),
  ];
}

/** Checking it would plan, and read pages of indexes before they have their size. Partitioned tables have no NOT VALID before 18. */
function toUnvalidated(definition: string, kind: string | undefined): string {
  return kind === 'r' && !/NOT (?:VALID|ENFORCED)/.test(definition) ? `${definition} NOT VALID` : definition;
}

function toTypeStep(type: CapturedType, columns: readonly CapturedColumn[]): string {
  const name = qualified(type.schema, type.name);
  switch (type.kind) {
    case 'e':
      return `CREATE TYPE ${name} AS ENUM (${type.labels.map(quoteLiteral).join(', ')})`;
    case 'd': {
      const collation = type.collation === null ? '' : ` COLLATE ${type.collation}`;
      return `CREATE DOMAIN ${name} AS ${type.base}${collation}${type.not_null ? ' NOT NULL' : ''} ${type.checks.join(' ')}`;
    }
    case 'r':
      return `CREATE TYPE ${name} AS RANGE (subtype = ${type.subtype})`;
    case 'c':
      return `CREATE TYPE ${name} AS (${columns
        .filter((column) => !column.is_dropped)
        .map((column) => `${quoteIdentifier(column.name)} ${column.type}`)
        .join(', ')})`;
  }
}

function toTableSteps(table: CapturedRelation, columns: readonly CapturedColumn[]): string[] {
  const name = qualified(table.schema, table.name);
  const definitions = columns.map((column) => {
    const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`;
    const generated =
      column.virtual_expression === null ? '' : ` GENERATED ALWAYS AS (${column.virtual_expression}) VIRTUAL`;
    const type = column.is_dropped ? 'integer' : column.type;
    return `${quoteIdentifier(column.name)} ${type}${collation}${generated}${column.not_null ? ' NOT NULL' : ''}`;
  });
  const kind = table.partition_key === null ? toOptions(table.options) : ` PARTITION BY ${table.partition_key}`;
  return [
    `CREATE TABLE ${name} (${definitions.join(', ')})${kind}`,
    ...columns
      .filter((column) => column.is_dropped)
      .map((column) => `ALTER TABLE ${name} DROP COLUMN ${quoteIdentifier(column.name)}`),
  ];
}
