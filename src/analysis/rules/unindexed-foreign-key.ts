import * as z from 'zod';
import { formatQuantity } from '../format/numbers';
import { defineRule, estimated, measured, type RuleFinding } from '../rule';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { findPartitionRoots, groupByRoot } from './partition-roots';
import { groupBy, servesColumns } from './index-shape';

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
    const roots = findPartitionRoots(tables);
    const groups = new Map([...groupByRoot(tables, roots)].map(([root, parts]) => [root.oid, parts]));
    const serves = (oid: number, columns: readonly string[]) =>
      (indexesOf.get(oid) ?? []).some((index) => servesColumns(index, columns));
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
      return [
        {
          severity: rows > options.minChildRows ? ('medium' as const) : ('low' as const),
          weight: rows,
          subject: { kind: 'constraint', schema: key.schema, table: key.tableName, name: key.name },
          message: `No index of ${table} begins with ${columns}: each DELETE or change of a key in ${parent} reads all of its ${formatQuantity(Math.round(rows), 'row')}.`,
          advice: isPartitioned
            ? 'Create it on the table with ON ONLY, then CONCURRENTLY on each partition and attach it.'
            : 'The same index serves joins of the two tables.',
          evidence: [
            estimated('rows of the referencing table', Math.round(rows), 'rows'),
            measured('deleted rows and possible changes of keys in the referenced table', changes, 'rows'),
          ],
          // of a partitioned table an index can't be created CONCURRENTLY in one statement
          ...(isPartitioned ? {} : { fix: toIndexFix(key.schema, key.tableName, key.columns) }),
          fingerprint: `unindexed-foreign-key: ${table}.${quoteName(key.name)}`,
        },
      ];
    });
  },
});

/** Bytes that PostgreSQL keeps of a name. */
const longestName = 63;

function toIndexFix(schema: string, table: string, columns: readonly string[]): NonNullable<RuleFinding['fix']> {
  const suffix = '_fk_idx';
  const name = `${cut([table, ...columns].join('_'), longestName - suffix.length)}${suffix}`;
  return {
    title: `Create an index on ${table} (${columns.join(', ')})`,
    sql: `CREATE INDEX CONCURRENTLY ${quoteName(name)} ON ${quoteQualifiedName(schema, table)} (${columns.map(quoteName).join(', ')});`,
    undoSql: `DROP INDEX CONCURRENTLY ${quoteQualifiedName(schema, name)};`,
    risk: 'Takes disk space, slows writes a little, and the build reads the table twice.',
    outsideTransaction: true,
  };
}

/** Whole characters that fit into so many bytes of UTF-8. */
function cut(text: string, bytes: number): string {
  let result = '';
  let used = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    used += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (used > bytes) break;
    result += character;
  }
  return result;
}
