import * as z from 'zod';
import { formatBytes } from '../format/numbers';
import { defineRule, estimated, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';
import type { SnapshotIndex } from '../snapshot';
import { findDuplicates } from './duplicate-indexes';
import { groupBy, isNeeded, isPrefix, toDropIndexFix, toIndexRef } from './index-shape';

/** First version whose B-trees can skip over the leading columns. */
const skipScanVersion = 180_000;

function covers(longer: SnapshotIndex, index: SnapshotIndex): boolean {
  const held = [...longer.keys.slice(index.keys.length).map(({ sql }) => sql), ...longer.included];
  return (
    longer.method === 'btree' &&
    longer.predicate === index.predicate &&
    isPrefix(index.keys, longer.keys) &&
    index.included.every((column) => held.includes(column)) &&
    // the same ones are duplicates
    (longer.keys.length > index.keys.length || longer.included.length > index.included.length)
  );
}

export const redundantIndex = defineRule({
  id: 'redundant-index',
  title: 'Indexes that are the beginning of another',
  category: 'indexes',
  defaultSeverity: 'low',
  needs: ['indexes'],
  options: z.strictObject({}),
  check({ indexes, server }) {
    // of equal ones the spare are said to be duplicates already
    const distinct = findDuplicates(indexes).map(({ kept }) => kept);
    return [...groupBy(distinct, ({ tableOid }) => tableOid).values()].flatMap((group) =>
      group.flatMap((index) => {
        if (index.method !== 'btree' || index.isUnique || isNeeded(index)) return [];
        const [longer] = group
          .filter((other) => covers(other, index))
          .toSorted((a, b) => a.keys.length - b.keys.length);
        if (longer === undefined) return [];
        const name = quoteQualifiedName(index.schema, index.name);
        const other = quoteQualifiedName(longer.schema, longer.name);
        return [
          {
            weight: index.estimatedSizeBytes,
            subject: toIndexRef(index),
            message: `Index ${name} (${formatBytes(index.estimatedSizeBytes)}) is the beginning of ${other}, which finds the same rows.`,
            advice:
              'Keep it only if it is much smaller than the other and most statements need no more than its columns.' +
              (server.versionNumber >= skipScanVersion
                ? ' From 18 on, a skip scan lets the longer one also serve conditions on its later columns alone, where the leading ones have few values.'
                : ''),
            evidence: [
              measured('the beginning of', longer.definition, null),
              estimated('size', index.estimatedSizeBytes, 'bytes'),
              estimated('size of the other', longer.estimatedSizeBytes, 'bytes'),
              ...(index.scans === null ? [] : [measured('index scans', index.scans, 'scans')]),
            ],
            fix: toDropIndexFix(index, 'Scans of the longer index read more pages for the same rows.'),
            fingerprint: `redundant-index: ${name} < ${other}`,
          },
        ];
      }),
    );
  },
});
