import * as z from 'zod';
import { formatBytes } from '../format/numbers';
import { findRedundant } from '../indexes/index-drops';
import { sumScans, sumSizeBytes, toFindParts } from '../indexes/index-parts';
import { toDropIndexFix, toIndexRef } from '../indexes/index-shape';
import { defineRule, estimated, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';

/** First version whose B-trees can skip over the leading columns. */
const skipScanVersion = 180_000;

export const redundantIndex = defineRule({
  id: 'redundant-index',
  title: 'Indexes that are the beginning of another',
  category: 'indexes',
  defaultSeverity: 'low',
  needs: ['indexes'],
  options: z.strictObject({}),
  check({ indexes, server }) {
    const findParts = toFindParts(indexes);
    return findRedundant(indexes).map(({ index, longer }) => {
      const parts = findParts(index);
      const sizeBytes = sumSizeBytes(parts);
      const scans = sumScans(parts);
      const name = quoteQualifiedName(index.schema, index.name);
      const other = quoteQualifiedName(longer.schema, longer.name);
      return {
        weight: sizeBytes,
        subject: toIndexRef(index),
        message: `Index ${name} (${formatBytes(sizeBytes)}) is the beginning of ${other}, which finds the same rows.`,
        advice:
          'Keep it only if it is much smaller than the other and most statements need no more than its columns.' +
          (server.versionNumber >= skipScanVersion
            ? ' From 18 on, a skip scan lets the longer one also serve conditions on its later columns alone, where the leading ones have few values.'
            : ''),
        evidence: [
          measured('the beginning of', longer.definition, null),
          estimated('size', sizeBytes, 'bytes'),
          estimated('size of the other', sumSizeBytes(findParts(longer)), 'bytes'),
          ...(scans === null ? [] : [measured('index scans', scans, 'scans')]),
        ],
        fix: toDropIndexFix(index, parts, 'Scans of the longer index read more pages for the same rows.'),
        fingerprint: `redundant-index: ${name} < ${other}`,
      };
    });
  },
});
