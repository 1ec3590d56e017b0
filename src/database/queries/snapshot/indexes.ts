// Indexes of a snapshot: five queries that are put together here, for 30,000 indexes have 50,000 keys, and the server would
// join and sort them for seconds. The text of a definition is the server's own, or the very same words for an index of
// plain columns (a test compares the two).
import * as z from 'zod';
import { toWholeDefinition } from '../../../analysis/indexes/index-shape';
import type { ServerFacts } from '../../../analysis/server/server-facts';
import type { IndexKey, SnapshotIndex } from '../../../analysis/snapshot';
import type { UnitOfWork } from '../../unit-of-work';
import { captureRows, oldestVersionNumber, type CatalogueQuery } from '../query';
import { isCounting } from '../tables';
import indexColumnsSql from './index-columns.sql';
import indexDefinitionsSql from './index-definitions.sql';
import indexNamesSql from './index-names.sql';
import indexesSql from './indexes.sql';

const indexRow = z.object({
  oid: z.number(),
  schema: z.string(),
  name: z.string(),
  table_oid: z.number(),
  table_name: z.string(),
  parent_oid: z.number().nullable(),
  is_partitioned: z.boolean(),
  method: z.string(),
  columns: z.string(),
  operator_classes: z.string(),
  /** By attnum of the index, which counts from 1: "siglen=100". */
  operator_class_parameters: z.record(z.string(), z.string()).nullable(),
  collations: z.string(),
  options: z.string(),
  definition_start: z.string().nullable(),
  storage_parameters: z.record(z.string(), z.string()).nullable(),
  is_unique: z.boolean(),
  nulls_not_distinct: z.boolean(),
  is_primary: z.boolean(),
  constraint: z.string().nullable(),
  supports_foreign_key: z.boolean(),
  is_replica_identity: z.boolean(),
  tablespace: z.string().nullable(),
  comment: z.string().nullable(),
  is_clustered: z.boolean(),
  statistics_targets: z.record(z.string(), z.number()).nullable(),
  is_valid: z.boolean(),
  is_being_built: z.boolean(),
  pages: z.number(),
  scans: z.number(),
  last_scan: z.string().nullable(),
  tuples_read: z.number(),
});
type IndexRow = z.output<typeof indexRow>;

/** The time of the last scan is kept from 16 on, NULLS NOT DISTINCT exists from 15 on. */
const before16 = indexesSql.replace('pg_catalog.pg_stat_get_lastscan(i.indexrelid)', 'null::pg_catalog.timestamptz');
const before15 = before16.replaceAll('i.indnullsnotdistinct', 'false');

const indexesQuery: CatalogueQuery<typeof indexRow> = {
  name: 'indexes',
  row: indexRow,
  variants: [
    { when: 160_000, sql: indexesSql },
    { when: 150_000, sql: before16 },
    { when: oldestVersionNumber, sql: before15 },
  ],
};

const columnRow = z.object({
  table_oid: z.number(),
  number: z.number(),
  name: z.string(),
  quoted: z.string().nullable(),
  is_not_null: z.boolean(),
  type_oid: z.number(),
  collation_oid: z.number(),
});
type ColumnRow = z.output<typeof columnRow>;
const columnsQuery: CatalogueQuery<typeof columnRow> = {
  name: 'the columns of indexes',
  row: columnRow,
  variants: [{ when: oldestVersionNumber, sql: indexColumnsSql }],
};

/** `default_for`: OIDs of types; null for a collation. */
const nameRow = z.object({ oid: z.number(), name: z.string(), default_for: z.array(z.number()).nullable() });
type NameRow = z.output<typeof nameRow>;
const namesQuery: CatalogueQuery<typeof nameRow> = {
  name: 'operator classes and collations',
  row: nameRow,
  variants: [{ when: oldestVersionNumber, sql: indexNamesSql }],
};

/** `expressions`: of the keys that are no column, in their order. */
const definitionRow = z.object({
  oid: z.number(),
  definition: z.string().nullable(),
  expressions: z.array(z.string().nullable()),
  predicate: z.string().nullable(),
});
type DefinitionRow = z.output<typeof definitionRow>;
const definitionsQuery: CatalogueQuery<typeof definitionRow> = {
  name: 'the definitions of indexes',
  row: definitionRow,
  variants: [{ when: oldestVersionNumber, sql: indexDefinitionsSql }],
};

export async function captureIndexes(unit: UnitOfWork, facts: ServerFacts): Promise<SnapshotIndex[]> {
  const rows = await captureRows(unit, facts, indexesQuery);
  const catalogue = toCatalogue(
    await captureRows(unit, facts, columnsQuery),
    await captureRows(unit, facts, namesQuery),
  );
  const parts = rows.map((row) => takeApart(row, catalogue));
  const asked = parts.flatMap(({ definition, oid }) => (definition === null ? [oid] : []));
  const definitions = new Map(
    (asked.length === 0 ? [] : await captureRows(unit, facts, definitionsQuery, [asked])).map((row) => [row.oid, row]),
  );
  return rows.flatMap((row, position) => {
    const own = parts[position];
    return own === undefined ? [] : toSnapshotIndex(row, own, definitions.get(row.oid), facts);
  });
}

interface Catalogue {
  toNumbers: (vector: string) => readonly number[];
  /** By table, then by attnum. */
  columns: ReadonlyMap<number, ReadonlyMap<number, ColumnRow>>;
  operatorClasses: ReadonlyMap<number, NameRow>;
  collations: ReadonlyMap<number, NameRow>;
}

function toCatalogue(columns: readonly ColumnRow[], names: readonly NameRow[]): Catalogue {
  const ofTables = new Map<number, Map<number, ColumnRow>>();
  for (const column of columns) {
    const table = ofTables.get(column.table_oid);
    if (table === undefined) ofTables.set(column.table_oid, new Map([[column.number, column]]));
    else table.set(column.number, column);
  }
  // the two catalogues count their OIDs apart
  const pick = (isClass: boolean) =>
    new Map(names.filter((row) => (row.default_for !== null) === isClass).map((row) => [row.oid, row]));
  return { toNumbers: readVectors(), columns: ofTables, operatorClasses: pick(true), collations: pick(false) };
}

/** Bits of pg_index.indoption */
const descendingBit = 1;
const nullsFirstBit = 2;

interface IndexParts {
  oid: number;
  /** Those of expressions still lack their SQL. */
  keys: IndexKey[];
  included: string[];
  /** null: the server has to be asked. */
  definition: string | null;
}

function takeApart(row: IndexRow, catalogue: Catalogue): IndexParts {
  const { toNumbers } = catalogue;
  const columns = toNumbers(row.columns);
  const operatorClasses = toNumbers(row.operator_classes);
  const collations = toNumbers(row.collations);
  const options = toNumbers(row.options);
  const ofTable = catalogue.columns.get(row.table_oid);
  const toSql = (number: number) => {
    const column = ofTable?.get(number);
    return column === undefined ? '' : (column.quoted ?? column.name);
  };
  let isPlain = row.definition_start !== null;
  const keys = operatorClasses.map((classOid, position): IndexKey => {
    const number = columns[position] ?? 0;
    const column = ofTable?.get(number);
    const operatorClass = catalogue.operatorClasses.get(classOid);
    const collationOid = collations[position] ?? 0;
    const option = options[position] ?? 0;
    const parameters = row.operator_class_parameters?.[position + 1];
    isPlain &&=
      option === 0 &&
      column !== undefined &&
      (collationOid === 0 || collationOid === column.collation_oid) &&
      operatorClass?.default_for?.includes(column.type_oid) === true;
    return {
      column: column?.name ?? null,
      sql: toSql(number),
      operatorClass: `${operatorClass?.name ?? ''}${parameters === undefined ? '' : ` (${parameters})`}`,
      collation: catalogue.collations.get(collationOid)?.name ?? null,
      descending: (option & descendingBit) !== 0,
      nullsFirst: (option & nullsFirstBit) !== 0,
      isNotNull: column?.is_not_null ?? false,
    };
  });
  return {
    oid: row.oid,
    keys,
    included: columns.slice(keys.length).map(toSql),
    definition: isPlain ? `${row.definition_start ?? ''}${keys.map(({ sql }) => sql).join(', ')})` : null,
  };
}

/** pg_index's vectors, "1 2": few are different, and are read once each. */
function readVectors(): (vector: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (vector) => {
    let numbers = known.get(vector);
    if (numbers === undefined) known.set(vector, (numbers = vector.split(' ').map(Number)));
    return numbers;
  };
}

/** One for all: 30,000 of them count. */
const none = {};

/** Nothing for an index that was dropped since the transaction began. */
function toSnapshotIndex(
  row: IndexRow,
  { keys, included, definition }: IndexParts,
  asked: DefinitionRow | undefined,
  facts: ServerFacts,
): SnapshotIndex[] {
  const text = definition ?? asked?.definition ?? null;
  if (text === null) return [];
  const expressions = asked?.expressions.values();
  return [
    {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      tableOid: row.table_oid,
      tableName: row.table_name,
      parentOid: row.parent_oid,
      isPartitioned: row.is_partitioned,
      method: row.method,
      keys:
        definition === null
          ? keys.map((key) => (key.column === null ? { ...key, sql: expressions?.next().value ?? '' } : key))
          : keys,
      included,
      predicate: asked?.predicate ?? null,
      storageParameters: row.storage_parameters ?? none,
      isUnique: row.is_unique,
      nullsNotDistinct: row.nulls_not_distinct,
      isPrimary: row.is_primary,
      constraint: row.constraint,
      supportsForeignKey: row.supports_foreign_key,
      isReplicaIdentity: row.is_replica_identity,
      tablespace: row.tablespace,
      comment: row.comment,
      isClustered: row.is_clustered,
      statisticsTargets: row.statistics_targets ?? none,
      isValid: row.is_valid,
      isBeingBuilt: row.is_being_built,
      definition: toWholeDefinition(text),
      estimatedSizeBytes: row.pages * facts.blockSizeBytes,
      scans: isCounting(facts) ? row.scans : null,
      lastScan: row.last_scan,
      tuplesRead: isCounting(facts) ? row.tuples_read : null,
    },
  ];
}
