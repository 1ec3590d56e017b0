import * as z from 'zod';
import { formatQuantity } from '../format/numbers';
import { groupBy } from '../group-by';
import { formatIndexScript, TakenNames } from '../index-advice/index-ddl';
import { findAttached, findBuildSteps, toDropStep, toIndexClause, type IndexedTable } from '../index-build/index-steps';
import { narrowsColumns, servesColumns, toCreateIndex } from '../indexes/index-shape';
import { defineRule, estimated, measured, type RuleFinding } from '../rule';
import type { SnapshotForeignKey, SnapshotIndex } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { groupByRoot } from '../tables/partition-roots';
import { findRowCount } from '../tables/row-count';

/** A scan of this many rows takes a millisecond or more, for each row of the parent that is deleted. */
const minChildRows = 10_000;

export const unindexedForeignKey = defineRule({
  id: 'unindexed-foreign-key',
  title: 'Foreign keys without an index',
  category: 'indexes',
  defaultSeverity: 'medium',
  needs: ['foreignKeys', 'indexes', 'tables'],
  options: z.strictObject({ minChildRows: z.number().min(0).default(minChildRows) }),
  check({ foreignKeys, indexes, tables }, options) {
    const indexesOf = groupBy(indexes, ({ tableOid }) => tableOid);
    const groups = new Map([...groupByRoot(tables)].map(([root, parts]) => [root.oid, parts]));
    const serves = (oid: number, columns: readonly string[]) =>
      (indexesOf.get(oid) ?? []).some((index) => servesColumns(index, columns));
    const findNarrowing = (oids: readonly number[], columns: readonly string[]) => {
      const found = oids.map((oid) => (indexesOf.get(oid) ?? []).find((index) => narrowsColumns(index, columns)));
      return found.includes(undefined) ? undefined : found[0];
    };
    const taken = new TakenNames([
      ...tables,
      ...indexes,
      ...foreignKeys.flatMap(({ schema, indexLikeNames }) => indexLikeNames.map((name) => ({ schema, name }))),
    ]);
    /** Null where a partition is a foreign table: the index of the whole would never become valid. */
    const toIndexedTables = ({ tableOid, columns }: SnapshotForeignKey): IndexedTable[] | null => {
      const parts = groups.get(tableOid) ?? tables.filter(({ oid }) => oid === tableOid);
      const indexed = parts.flatMap(({ kind, parentOid, ...table }): IndexedTable[] => {
        if (kind !== 'table' && kind !== 'partitioned table') return [];
        const isRoot = table.oid === tableOid;
        return [
          {
            ...table,
            kind,
            parentOid: isRoot ? null : parentOid,
            sizeBytes: table.estimatedSizeBytes,
            matching: isRoot
              ? null
              : ((indexesOf.get(table.oid) ?? []).find((index) => isAttachable(index, columns)) ?? null),
          },
        ];
      });
      return indexed.length === parts.length ? indexed : null;
    };
    const names = new Map<string, string>();
    // two keys on the same columns want one index, not two
    const nameIndex = ({ schema, tableOid, tableName, columns }: SnapshotForeignKey) => {
      const wanted = JSON.stringify([tableOid, ...columns]);
      const name = names.get(wanted) ?? taken.take(schema, tableName, columns);
      names.set(wanted, name);
      return name;
    };
    return foreignKeys.flatMap((key): RuleFinding[] => {
      const parts = (groups.get(key.tableOid) ?? tables.filter(({ oid }) => oid === key.tableOid)).filter(
        ({ kind }) => kind !== 'partitioned table',
      );
      const isPartitioned = tables.find(({ oid }) => oid === key.tableOid)?.kind === 'partitioned table';
      if (key.isInherited || serves(key.tableOid, key.columns)) return [];
      if (isPartitioned && parts.length > 0 && parts.every(({ oid }) => serves(oid, key.columns))) return [];
      const rows = parts.reduce((sum, part) => sum + (findRowCount(part) ?? 0), 0);
      // an update of a key is never HOT; other updates look nothing up
      const changes = (groups.get(key.referencedOid) ?? []).reduce(
        (sum, { activity }) =>
          sum + (activity === null ? 0 : activity.deleted + Math.max(0, activity.updated - activity.hotUpdated)),
        0,
      );
      if (rows === 0 || (rows <= options.minChildRows && changes === 0)) return [];
      const table = quoteQualifiedName(key.schema, key.tableName);
      const parent = quoteQualifiedName(key.referencedSchema, key.referencedName);
      const columns = key.columns.map(quoteName).join(', ');
      const count = formatQuantity(Math.round(rows), 'row');
      const lookup = `No index of ${table} begins with ${columns}: each DELETE or change of a key in ${parent}`;
      const indexedTables = toIndexedTables(key);
      const narrowing =
        findNarrowing([key.tableOid], key.columns) ??
        findNarrowing(
          parts.map(({ oid }) => oid),
          key.columns,
        );
      const narrowed = narrowing?.keys.find(({ column }) => column !== null && key.columns.includes(column))?.sql;
      return [
        {
          severity: rows > options.minChildRows && narrowing === undefined ? ('medium' as const) : ('low' as const),
          weight: rows,
          subject: { kind: 'constraint', schema: key.schema, table: key.tableName, name: key.name },
          message:
            narrowing === undefined
              ? `${lookup} has to search all of its ${count}.`
              : `${lookup} has to search those of its ${count} that have the same ${narrowed ?? ''}, which index ${quoteName(narrowing.name)} finds.`,
          advice:
            (narrowing === undefined ? '' : `That is enough where few rows have the same ${narrowed ?? ''}. `) +
            (indexedTables === null
              ? 'Partitions that are foreign tables need it on their own server: create it on each of the others.'
              : 'An index on all columns of the key serves joins of the two tables, too.'),
          evidence: [
            estimated('rows of the referencing table', Math.round(rows), 'rows'),
            measured('deleted rows and possible changes of keys in the referenced table', changes, 'rows'),
          ],
          ...(indexedTables === null
            ? {}
            : { fix: toIndexFix(key, nameIndex(key), indexedTables, { takenNames: taken.keys, indexes }) }),
          fingerprint: `unindexed-foreign-key: ${table}.${quoteName(key.name)}`,
        },
      ];
    });
  },
});

/** One of a partition that the index of the whole table takes in as it is. */
const isAttachable = (index: SnapshotIndex, columns: readonly string[]) =>
  index.isValid &&
  !index.isUnique &&
  index.parentOid === null &&
  index.definition.endsWith(` USING btree (${columns.map(quoteName).join(', ')})`);

function toIndexFix(
  { schema, tableName, columns }: SnapshotForeignKey,
  name: string,
  tables: readonly IndexedTable[],
  { takenNames, indexes }: { takenNames: ReadonlySet<string>; indexes: readonly SnapshotIndex[] },
): NonNullable<RuleFinding['fix']> {
  const clause = toIndexClause({
    schema,
    table: tableName,
    method: 'btree',
    keys: columns.map(quoteName),
    included: [],
    predicate: null,
  });
  const steps = findBuildSteps({ schema, table: tableName, name, unique: false, clause }, tables, takenNames);
  const isPartitioned = tables.some(({ kind }) => kind === 'partitioned table');
  const attached = new Set(findAttached(tables).map(({ oid }) => oid));
  const drop = toDropStep({ schema, name, table: tableName, isPartitioned });
  return {
    title: `Create an index on ${tableName} (${columns.join(', ')})`,
    sql: formatIndexScript(steps.map(({ sql }) => sql)),
    // those that were taken in go with it, and were there before
    undoSql: [formatIndexScript([drop.sql]), ...indexes.filter(({ oid }) => attached.has(oid)).map(toCreateIndex)].join(
      '\n',
    ),
    ...(isPartitioned
      ? {
          undoNote:
            'Dropping a partitioned index locks the table and all its partitions against reading and writing for a moment.',
        }
      : {}),
    risk: 'Takes disk space, slows writes a little, and the build reads the table twice.',
    outsideTransaction: true,
  };
}
