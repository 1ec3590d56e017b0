import * as z from 'zod';
import { formatQuantity } from '../format/numbers';
import { groupBy } from '../group-by';
import { TakenNames } from '../index-advice/index-ddl';
import { narrowsColumns, servesColumns } from '../indexes/index-shape';
import { defineRule, estimated, measured, type RuleFinding } from '../rule';
import type { SnapshotForeignKey } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { groupByRoot } from '../tables/partition-roots';

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
      const rows = parts.reduce(
        (sum, part) => sum + Math.max(part.estimatedRows ?? 0, part.activity?.liveTuples ?? 0),
        0,
      );
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
            (isPartitioned
              ? 'Create the index on the table with ON ONLY, then CONCURRENTLY on each partition and attach it.'
              : 'An index on all columns of the key serves joins of the two tables, too.'),
          evidence: [
            estimated('rows of the referencing table', Math.round(rows), 'rows'),
            measured('deleted rows and possible changes of keys in the referenced table', changes, 'rows'),
          ],
          // of a partitioned table an index can't be created CONCURRENTLY in one statement
          ...(isPartitioned ? {} : { fix: toIndexFix(key.schema, key.tableName, nameIndex(key), key.columns) }),
          fingerprint: `unindexed-foreign-key: ${table}.${quoteName(key.name)}`,
        },
      ];
    });
  },
});

function toIndexFix(
  schema: string,
  table: string,
  name: string,
  columns: readonly string[],
): NonNullable<RuleFinding['fix']> {
  return {
    title: `Create an index on ${table} (${columns.join(', ')})`,
    sql: `CREATE INDEX CONCURRENTLY ${quoteName(name)} ON ${quoteQualifiedName(schema, table)} (${columns.map(quoteName).join(', ')});`,
    undoSql: `DROP INDEX CONCURRENTLY ${quoteQualifiedName(schema, name)};`,
    risk: 'Takes disk space, slows writes a little, and the build reads the table twice.',
    outsideTransaction: true,
  };
}
