import * as z from 'zod';
import { formatQuantity } from '../format/numbers';
import { groupBy } from '../group-by';
import { toCreateIndex } from '../indexes/index-shape';
import { defineRule, estimated, type RuleFinding } from '../rule';
import type { SnapshotIndex } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';
import { groupByRoot } from '../tables/partition-roots';
import { findRowCount } from '../tables/row-count';

/** The server prints an operator class or a collation only where it is not the column's default. */
const hasDefaultKeys = ({ keys, definition }: SnapshotIndex) =>
  definition.includes(` USING btree (${keys.map(({ sql }) => sql).join(', ')})`);

/** Could become the key as it is: PRIMARY KEY USING INDEX refuses all others. */
const isCandidate = (index: SnapshotIndex) =>
  index.isUnique &&
  index.isValid &&
  index.method === 'btree' &&
  index.constraint === null &&
  index.predicate === null &&
  !index.isPartitioned &&
  !index.nullsNotDistinct &&
  hasDefaultKeys(index) &&
  index.keys.every(({ isNotNull, descending, nullsFirst }) => isNotNull && !descending && !nullsFirst);

/**
 * The index goes with the constraint: where it is the replica identity, whole rows identify themselves in between, or else
 * publications would refuse UPDATE and DELETE. Nothing takes it back while foreign keys refer to the index.
 */
function toUndo(table: string, index: SnapshotIndex): { undoSql?: string; undoNote?: string } {
  if (index.supportsForeignKey)
    return { undoNote: 'Foreign keys refer to the index: they would have to be dropped with the primary key.' };
  const name = quoteName(index.name);
  const drop = `ALTER TABLE ${table} DROP CONSTRAINT ${name};`;
  return {
    undoSql: index.isReplicaIdentity
      ? `ALTER TABLE ${table} REPLICA IDENTITY FULL;\n${drop}\n${toCreateIndex(index)}\nALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${name};`
      : `${drop}\n${toCreateIndex(index)}`,
  };
}

export const noPrimaryKey = defineRule({
  id: 'no-primary-key',
  title: 'Tables without a primary key',
  category: 'tables',
  defaultSeverity: 'medium',
  needs: ['tables', 'indexes'],
  options: z.strictObject({}),
  check({ tables, indexes }) {
    const indexesOf = groupBy(indexes, ({ tableOid }) => tableOid);
    return [...groupByRoot(tables)].flatMap(([root, parts]): RuleFinding[] => {
      const isOrdinary = root.kind === 'table' || root.kind === 'partitioned table';
      if (!isOrdinary || root.hasPrimaryKey || root.extension !== null) return [];
      const rows = parts.reduce((sum, part) => sum + (findRowCount(part) ?? 0), 0);
      if (rows === 0) return [];
      const name = quoteQualifiedName(root.schema, root.name);
      const own = indexesOf.get(root.oid) ?? [];
      const candidate = own.find(isCandidate);
      const hasKey =
        candidate !== undefined ||
        own.some(
          ({ isUnique, isValid, predicate, keys }) =>
            isUnique && isValid && predicate === null && keys.every((key) => key.isNotNull),
        );
      return [
        {
          severity: hasKey ? 'low' : 'medium',
          weight: rows,
          subject: { kind: 'relation', schema: root.schema, name: root.name },
          message: `Table ${name} (${formatQuantity(Math.round(rows), 'row')}) has no primary key.`,
          advice: hasKey
            ? 'A unique index on NOT NULL columns is there: make its columns the primary key.'
            : 'Make the columns that identify a row the key, or add one: ALTER TABLE ... ADD COLUMN ... bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, which rewrites the table while nobody can use it.',
          evidence: [estimated('rows', Math.round(rows), 'rows')],
          ...(candidate === undefined
            ? {}
            : {
                fix: {
                  title: `Make ${quoteName(candidate.name)} the primary key of ${name}`,
                  sql: `ALTER TABLE ${name} ADD PRIMARY KEY USING INDEX ${quoteName(candidate.name)};`,
                  ...toUndo(name, candidate),
                  risk: 'Locks the table against reading and writing for a moment.',
                  outsideTransaction: false,
                },
              }),
          fingerprint: `no-primary-key: ${name}`,
        },
      ];
    });
  },
});
