// The statements that build and drop an index, in order. A partitioned table has no CREATE INDEX CONCURRENTLY: its index
// is made empty, one is built on each partition without blocking writers, and each is attached; with the last one the
// empty index becomes valid.
import type { HypotheticalIndex } from '../index-advice/what-if-planner';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { formatCreateIndex, type IndexDefinition, type IndexStep, type RelationName } from './index-build';

/** A table that gets an index of its own: the one that was asked for, and the partitions below it. */
export interface IndexedTable extends RelationName {
  oid: number;
  /** null for the table that was asked for. */
  parentOid: number | null;
  kind: 'table' | 'partitioned table';
  sizeBytes: number;
}

/** NAMEDATALEN - 1: the server cuts what is longer. */
const longestNameBytes = 63;
/** Bytes kept free for "_" and a number where two names have to be told apart. */
const numberBytes = 6;

/** CREATE INDEX from USING on. */
export function toIndexClause({ method, keys, included, predicate }: HypotheticalIndex): string {
  return [
    `USING ${method} (${keys.join(', ')})`,
    ...(included.length === 0 ? [] : [`INCLUDE (${included.join(', ')})`]),
    ...(predicate === null ? [] : [`WHERE ${predicate}`]),
  ].join(' ');
}

/**
 * Tables in any order. `takenNames` holds `toNameKey` of relations that are there: an index of a partition needs a name
 * that no other relation of its schema has.
 */
export function findBuildSteps(
  index: IndexDefinition,
  tables: readonly IndexedTable[],
  takenNames: ReadonlySet<string>,
): IndexStep[] {
  const root = tables.find(({ parentOid }) => parentOid === null);
  if (root === undefined) return [];
  if (root.kind === 'table') return [toBuildStep(index, root)];
  const taken = new Set(takenNames).add(toNameKey({ schema: index.schema, name: index.name }));
  return toPartitionedSteps(index, root, tables, taken);
}

/** Children first: attaching a valid index is what makes the one above valid. */
function toPartitionedSteps(
  index: IndexDefinition,
  table: IndexedTable,
  tables: readonly IndexedTable[],
  taken: Set<string>,
): IndexStep[] {
  const steps: IndexStep[] = [
    { ...toBuildStep(index, table), pace: 'quick', sql: formatCreateIndex(index, 'ON ONLY'), tableSizeBytes: 0 },
  ];
  for (const child of tables.filter(({ parentOid }) => parentOid === table.oid)) {
    const { schema, name: childTable } = child;
    const name = pickName(`${index.name}_${childTable}`, schema, taken);
    const own: IndexDefinition = { ...index, schema, table: childTable, name };
    steps.push(
      ...(child.kind === 'table' ? [toBuildStep(own, child)] : toPartitionedSteps(own, child, tables, taken)),
      {
        pace: 'quick',
        sql: `ALTER INDEX ${quoteQualifiedName(index.schema, index.name)} ATTACH PARTITION ${quoteQualifiedName(schema, name)}`,
        index: { schema, name },
        table: { schema, name: childTable },
        tableSizeBytes: 0,
      },
    );
  }
  return steps;
}

function toBuildStep(index: IndexDefinition, table: IndexedTable): IndexStep {
  return {
    pace: 'slow',
    sql: formatCreateIndex(index),
    index: { schema: index.schema, name: index.name },
    table: { schema: table.schema, name: table.name },
    tableSizeBytes: table.sizeBytes,
  };
}

export interface DropStepTarget extends RelationName {
  table: string;
  /** The index of a partitioned table can't be dropped CONCURRENTLY. */
  isPartitioned: boolean;
}

export function toDropStep({ schema, name, table, isPartitioned }: DropStepTarget): IndexStep {
  return {
    pace: isPartitioned ? 'quick' : 'slow',
    sql: `DROP INDEX ${isPartitioned ? '' : 'CONCURRENTLY '}${quoteQualifiedName(schema, name)}`,
    index: { schema, name },
    table: { schema, name: table },
    tableSizeBytes: 0,
  };
}

/** Whether the server would keep the name as it is. */
export function isWholeName(name: string): boolean {
  return name !== '' && cutBytes(name, longestNameBytes) === name;
}

/** One text for a relation, for sets. */
export function toNameKey({ schema, name }: RelationName): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** The beginning that every name of a partition's index shares, so that the taken ones can be asked for. */
export function toNamePrefix(indexName: string): string {
  return cutBytes(indexName, longestNameBytes - numberBytes);
}

function pickName(wanted: string, schema: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 1; !isWholeName(name) || taken.has(toNameKey({ schema, name })); number++) {
    name = `${cutBytes(wanted, longestNameBytes - numberBytes)}_${number}`;
  }
  taken.add(toNameKey({ schema, name }));
  return name;
}

/** Whole characters, as the server cuts: UTF-8. */
function cutBytes(text: string, limit: number): string {
  let cut = '';
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > limit) break;
    cut += character;
  }
  return cut;
}
