// What indexes have in common, what one stands for, and the SQL that drops it and makes it again.
import type { SuggestedFix } from '../finding';
import { addTablespace, toExtraStatements } from './index-extras';
import type { IndexKey, SnapshotIndex } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';

/** Enforces or identifies something, or is a part of its parent's index: no matter of speed alone, never to be dropped here. */
export function isNeeded(index: SnapshotIndex): boolean {
  return (
    index.constraint !== null ||
    index.isPrimary ||
    index.supportsForeignKey ||
    index.isReplicaIdentity ||
    index.parentOid !== null
  );
}

export function isSameKey(a: IndexKey, b: IndexKey): boolean {
  return isSameTerm(a, b) && a.descending === b.descending && a.nullsFirst === b.nullsFirst;
}

/** But for the order, which a B-tree is read in both ways. */
function isSameTerm(a: IndexKey, b: IndexKey): boolean {
  return a.sql === b.sql && a.operatorClass === b.operatorClass && a.collation === b.collation;
}

/** Whether the keys of one are the first of the other, in its order or all of them the other way round. */
export function isPrefix(shorter: readonly IndexKey[], longer: readonly IndexKey[]): boolean {
  const pairs = shorter.map((key, position) => [key, longer[position]] as const);
  return (
    pairs.every(([a, b]) => b !== undefined && isSameKey(a, b)) ||
    pairs.every(
      ([a, b]) => b !== undefined && isSameTerm(a, b) && a.descending !== b.descending && a.nullsFirst !== b.nullsFirst,
    )
  );
}

/**
 * Whether looking up the columns is one descent of the index, and no row is left out: they lead it, in any order, or some
 * of them are one row's alone.
 */
export function servesColumns(index: SnapshotIndex, columns: readonly string[]): boolean {
  const keys = index.keys.map(({ column }) => column);
  const leading = keys.slice(0, columns.length);
  return (
    index.isValid &&
    (index.method === 'btree' || (index.method === 'hash' && columns.length === 1)) &&
    (columns.every((column) => leading.includes(column)) ||
      (index.isUnique && keys.every((column) => column !== null && columns.includes(column)))) &&
    (index.predicate === null || onlyExcludesNulls(index.predicate, columns))
  );
}

/** Whether it finds all rows with one value of one of the columns, and leaves out none that counts. */
export function narrowsColumns(index: SnapshotIndex, columns: readonly string[]): boolean {
  // only a B-tree is of little use without its first column
  const keys = index.method === 'btree' ? index.keys.slice(0, 1) : index.keys;
  return (
    index.isValid &&
    keys.some(({ column }) => column !== null && columns.includes(column)) &&
    (index.predicate === null || onlyExcludesNulls(index.predicate, columns))
  );
}

/** `=` never finds a NULL: an index without them serves it all the same. */
function onlyExcludesNulls(predicate: string, columns: readonly string[]): boolean {
  const conditions = columns.map((column) => `${quoteName(column)} IS NOT NULL`);
  return predicate
    .replaceAll(/[()]/g, '')
    .split(' AND ')
    .every((condition) => conditions.includes(condition));
}

/**
 * A definition for people to read and run. Of a partitioned table's index pg_get_indexdef() says ON ONLY, which leaves the
 * partitions out: whoever runs that gets an index that is invalid.
 */
export function toWholeDefinition(definition: string): string {
  return definition.replace(/^(CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^ "]+) ON) ONLY /, '$1 ');
}

/** What makes it as it is, a statement a line. Of a partitioned one it makes the indexes of the partitions too, by new names. */
export function toCreateIndex(index: SnapshotIndex): string {
  return toScript([toCreateStatement(index, index.isPartitioned ? '' : 'CONCURRENTLY'), ...toExtras(index)]);
}

/** The same for an index and its parts, by their names: of a partitioned one without blocking writers for as long as it builds. */
function toCreateParts(parts: readonly SnapshotIndex[]): string {
  const byOid = new Map(parts.map((part) => [part.oid, part]));
  return toScript([
    ...parts.map((part) => toCreateStatement(part, part.isPartitioned ? 'ON ONLY' : 'CONCURRENTLY')),
    ...parts.toReversed().flatMap(({ schema, name, parentOid }) => {
      const parent = byOid.get(parentOid ?? 0);
      return parent === undefined
        ? []
        : `ALTER INDEX ${quoteQualifiedName(parent.schema, parent.name)} ATTACH PARTITION ${quoteQualifiedName(schema, name)}`;
    }),
    ...parts.flatMap(toExtras),
  ]);
}

function toCreateStatement({ definition, tablespace }: SnapshotIndex, how: 'CONCURRENTLY' | 'ON ONLY' | ''): string {
  const statement =
    how === 'ON ONLY'
      ? definition.replace(/^(CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^ "]+) ON) /, '$1 ONLY ')
      : definition.replace(/^(CREATE (?:UNIQUE )?INDEX) /, how === '' ? '$1 ' : '$1 CONCURRENTLY ');
  return addTablespace(statement, tablespace);
}

function toExtras(index: SnapshotIndex): string[] {
  return toExtraStatements({ schema: index.schema, table: index.tableName, name: index.name }, index);
}

const toScript = (statements: readonly string[]) => statements.map((sql) => `${sql};`).join('\n');

/** `parts` are the index and those of its partitions. "cannot drop partitioned index concurrently": the server's own words. */
export function toDropIndexFix(index: SnapshotIndex, parts: readonly SnapshotIndex[], risk: string): SuggestedFix {
  const name = quoteQualifiedName(index.schema, index.name);
  return {
    title: `Drop index ${name}`,
    sql: `DROP INDEX ${index.isPartitioned ? '' : 'CONCURRENTLY '}${name};`,
    undoSql: toCreateParts(parts),
    ...(index.isPartitioned ? { undoNote: 'That is run statement by statement, outside a transaction block.' } : {}),
    risk: [
      risk,
      ...(index.isPartitioned
        ? [
            'Dropping a partitioned index locks the table and all its partitions against reading and writing for a moment.',
          ]
        : []),
    ].join(' '),
    outsideTransaction: !index.isPartitioned,
  };
}

export const toIndexRef = (index: SnapshotIndex) =>
  ({ kind: 'index', schema: index.schema, name: index.name, table: index.tableName }) as const;
