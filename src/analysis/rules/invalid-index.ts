import * as z from 'zod';
import { isNeeded, toCreateIndex, toIndexRef } from '../indexes/index-shape';
import { defineRule, estimated, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';

/** What REINDEX CONCURRENTLY calls the index it builds, and the one it replaces. */
const leftOver = /_cc(new|old)\d*$/;

export const invalidIndex = defineRule({
  id: 'invalid-index',
  title: 'Indexes that are invalid',
  category: 'indexes',
  defaultSeverity: 'high',
  needs: ['indexes'],
  options: z.strictObject({}),
  check: ({ indexes }) =>
    indexes.flatMap((index) => {
      // a partitioned index waits for the indexes of its partitions: nothing went wrong
      if (index.isValid || index.isBeingBuilt || index.isPartitioned) return [];
      const name = quoteQualifiedName(index.schema, index.name);
      const isRest = leftOver.test(index.name) && index.constraint === null;
      return [
        {
          weight: index.estimatedSizeBytes,
          subject: toIndexRef(index),
          message: `Index ${name} is invalid: no statement uses it, and writes may still have to keep it up.`,
          advice: isRest
            ? 'It is what a REINDEX CONCURRENTLY that did not finish has left behind.'
            : 'A CREATE INDEX CONCURRENTLY did not finish. Build it anew, or drop it if it is no longer wanted.',
          evidence: [
            measured('definition', index.definition, null),
            estimated('size', index.estimatedSizeBytes, 'bytes'),
          ],
          fix: isRest
            ? {
                title: `Drop index ${name}`,
                sql: `DROP INDEX CONCURRENTLY ${name};`,
                undoSql: toCreateIndex(index),
                risk: 'None for reads; it waits for transactions that use the table.',
                outsideTransaction: true,
              }
            : {
                title: `Build index ${name} anew`,
                sql: `REINDEX INDEX CONCURRENTLY ${name};`,
                // nothing used it before: without it everything is as it was
                ...(isNeeded(index)
                  ? { undoNote: 'Nothing has to be taken back: the same index, whole.' }
                  : { undoSql: `DROP INDEX CONCURRENTLY ${name};` }),
                risk: index.isUnique
                  ? 'Fails while two rows have the same key: find and mend them first. It reads the table twice and waits for old transactions.'
                  : 'Reads the table twice and waits for old transactions.',
                outsideTransaction: true,
              },
          fingerprint: `invalid-index: ${name}`,
        },
      ];
    }),
});
