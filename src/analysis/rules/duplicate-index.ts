import * as z from 'zod';
import { formatBytes } from '../format/numbers';
import { findDuplicates } from '../indexes/duplicate-indexes';
import { sumScans, sumSizeBytes, toFindParts } from '../indexes/index-parts';
import { toDropIndexFix, toIndexRef } from '../indexes/index-shape';
import { defineRule, estimated, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';

export const duplicateIndex = defineRule({
  id: 'duplicate-index',
  title: 'Indexes that are the same',
  category: 'indexes',
  defaultSeverity: 'medium',
  needs: ['indexes'],
  options: z.strictObject({}),
  check({ indexes }) {
    const findParts = toFindParts(indexes);
    return findDuplicates(indexes).flatMap(({ kept, spare }) =>
      spare.map((index) => {
        const parts = findParts(index);
        const sizeBytes = sumSizeBytes(parts);
        const scans = sumScans(parts);
        const name = quoteQualifiedName(index.schema, index.name);
        const other = quoteQualifiedName(kept.schema, kept.name);
        return {
          weight: sizeBytes,
          subject: toIndexRef(index),
          message: `Index ${name} (${formatBytes(sizeBytes)}) is the same as ${other}: every write pays for both.`,
          advice: 'The planner uses the other one for everything that this one was used for.',
          evidence: [
            measured('the same as', kept.definition, null),
            estimated('size', sizeBytes, 'bytes'),
            ...(scans === null ? [] : [measured('index scans', scans, 'scans')]),
          ],
          fix: toDropIndexFix(index, parts, 'Storage parameters of the two may differ (fillfactor, tablespace).'),
          fingerprint: `duplicate-index: ${name} = ${other}`,
        };
      }),
    );
  },
});
