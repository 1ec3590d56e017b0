// The statements that build and drop an index, in order. A partitioned table has no CREATE INDEX CONCURRENTLY: its index
// is made empty, one is built on each partition without blocking writers, unless there is one, and each is attached; with
// the last one the empty index becomes valid. What no definition says of an index that was there before comes last.
import type { HypotheticalIndex } from '../index-advice/what-if-planner';
import { toExtraStatements } from '../indexes/index-extras';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import {
  formatCreateIndex,
  type AttachedIndex,
  type IndexDefinition,
  type IndexIdentity,
  type IndexStep,
  type RelationName,
} from './index-build';

/** A table that gets an index of its own: the one that was asked for, and the partitions below it. */
export interface IndexedTable extends RelationName {
  oid: number;
  /** null for the table that was asked for. */
  parentOid: number | null;
  kind: 'table' | 'partitioned table';
  sizeBytes: number;
  /** An index on it that is the one to build; null where there is none. */
  matching: IndexIdentity | null;
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
  if (root.kind === 'table') return [toBuildStep(index, root), ...toExtraSteps(index)];
  const taken = new Set(takenNames).add(toNameKey({ schema: index.schema, name: index.name }));
  const { steps, last, extras } = findPartitionedSteps(index, root, tables, taken);
  return [...steps, ...last, ...extras];
}

/**
 * Children first: attaching a valid index is what makes the one above valid. What was there before is attached last of
 * all: nothing can take it back, so everything that may fail comes first.
 */
function findPartitionedSteps(
  index: IndexDefinition,
  table: IndexedTable,
  tables: readonly IndexedTable[],
  taken: Set<string>,
): { steps: IndexStep[]; last: IndexStep[]; extras: IndexStep[] } {
  const steps = [toEmptyBuildStep(index, table)];
  const last: IndexStep[] = [];
  const extras = toExtraSteps(index);
  for (const child of tables.filter(({ parentOid }) => parentOid === table.oid)) {
    if (child.matching !== null) {
      last.push(toAttachStep(index, child.matching, child));
      continue;
    }
    const own = toOwnDefinition(index, child, taken);
    const attach = toAttachStep(index, own, child);
    if (child.kind === 'table') {
      steps.push(toBuildStep(own, child), attach);
      extras.push(...toExtraSteps(own));
      continue;
    }
    const below = findPartitionedSteps(own, child, tables, taken);
    steps.push(...below.steps);
    extras.push(...below.extras);
    if (below.last.length === 0) steps.push(attach);
    else last.push(...below.last, attach);
  }
  return { steps, last, extras };
}

/** As it was before, by its name where that is free. */
function toOwnDefinition(
  index: IndexDefinition,
  { schema, name: table }: IndexedTable,
  taken: Set<string>,
): IndexDefinition {
  const { unique, clause, parts } = index;
  const before = parts?.find((part) => part.schema === schema && part.table === table);
  return before === undefined
    ? { schema, table, unique, clause, name: pickName(`${index.name}_${table}`, schema, taken) }
    : { ...before, name: pickName(before.name, schema, taken) };
}

/** Those that `findBuildSteps` attaches: one that is below another comes with it. */
export function findAttached(tables: readonly IndexedTable[]): AttachedIndex[] {
  const root = tables.find(({ parentOid }) => parentOid === null);
  const below = ({ oid }: IndexedTable): AttachedIndex[] =>
    tables
      .filter(({ parentOid }) => parentOid === oid)
      .flatMap((child) => (child.matching === null ? below(child) : [{ ...child.matching, table: child.name }]));
  return root === undefined ? [] : below(root);
}

/** An index that is to be there after its parent is dropped, with everything below it. */
export interface KeptIndex extends IndexIdentity, Pick<IndexDefinition, 'extras'> {
  table: string;
  /** null for the topmost one, else the OID of the kept index that it is a part of. */
  parentOid: number | null;
  isPartitioned: boolean;
  unique: boolean;
  /** CREATE INDEX from USING on. */
  clause: string;
  tableSizeBytes: number;
}

export interface RebuildSteps {
  /** Before the drop: builds them anew. */
  build: IndexStep[];
  /** After it. */
  rename: IndexStep[];
  /** Names until then, by OID of the old one. */
  interimNames: ReadonlyMap<number, string>;
}

/** Each is built under another name first, so that no query is ever without it. */
export function findRebuildSteps(kept: readonly KeptIndex[], takenNames: ReadonlySet<string>): RebuildSteps {
  const taken = new Set(takenNames);
  const interimNames = new Map<number, string>();
  const build: IndexStep[] = [];
  const add = (index: KeptIndex, parent: RelationName | null) => {
    const { schema, table } = index;
    const interim = pickName(index.name, schema, taken.add(toNameKey(index)));
    interimNames.set(index.oid, interim);
    const own: IndexDefinition = { ...index, name: interim };
    const place = { schema, name: table, sizeBytes: index.tableSizeBytes };
    build.push(index.isPartitioned ? toEmptyBuildStep(own, place) : toBuildStep(own, place), ...toExtraSteps(own));
    for (const child of kept.filter(({ parentOid }) => parentOid === index.oid)) add(child, own);
    if (parent !== null) build.push(toAttachStep(parent, own, place));
  };
  for (const index of kept.filter(({ parentOid }) => parentOid === null)) add(index, null);
  const rename = kept.map(({ schema, name, oid, table }): IndexStep => {
    const interim = interimNames.get(oid) ?? name;
    return {
      pace: 'quick',
      sql: toRenameSql({ schema, interim, name }),
      index: { schema, name: interim },
      table: { schema, name: table },
      tableSizeBytes: 0,
    };
  });
  return { build, rename, interimNames };
}

export function toRenameSql({ schema, interim, name }: { schema: string; interim: string; name: string }): string {
  return `ALTER INDEX ${quoteQualifiedName(schema, interim)} RENAME TO ${quoteName(name)}`;
}

function toAttachStep(parent: RelationName, index: RelationName, table: RelationName): IndexStep {
  const { schema, name } = index;
  return {
    pace: 'quick',
    sql: `ALTER INDEX ${quoteQualifiedName(parent.schema, parent.name)} ATTACH PARTITION ${quoteQualifiedName(schema, name)}`,
    index: { schema, name },
    table: { schema: table.schema, name: table.name },
    tableSizeBytes: 0,
  };
}

/** An index of a partitioned table, on that one alone. */
function toEmptyBuildStep(
  index: IndexDefinition,
  table: Pick<IndexedTable, 'schema' | 'name' | 'sizeBytes'>,
): IndexStep {
  return { ...toBuildStep(index, table), pace: 'quick', sql: formatCreateIndex(index, 'ON ONLY'), tableSizeBytes: 0 };
}

function toBuildStep(index: IndexDefinition, table: Pick<IndexedTable, 'schema' | 'name' | 'sizeBytes'>): IndexStep {
  return {
    pace: 'slow',
    sql: formatCreateIndex(index),
    index: { schema: index.schema, name: index.name },
    table: { schema: table.schema, name: table.name },
    tableSizeBytes: table.sizeBytes,
  };
}

/** They wait for nobody who reads or writes. */
function toExtraSteps({ schema, table, name, extras }: IndexDefinition): IndexStep[] {
  if (extras === undefined) return [];
  return toExtraStatements({ schema, table, name }, extras).map((sql) => ({
    pace: 'quick',
    sql,
    index: { schema, name },
    table: { schema, name: table },
    tableSizeBytes: 0,
  }));
}

/** Of a build: one that follows when all is built. */
export function isExtraStep({ sql }: IndexStep): boolean {
  return /^(?:COMMENT ON INDEX|ALTER TABLE) | SET STATISTICS \d+$/.test(sql);
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
