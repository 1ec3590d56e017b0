import * as z from 'zod';
import { countedDays, findStandbyGap, notCountedGap } from '../counting-gaps';
import { formatBytes } from '../format/numbers';
import { findSpareUnused } from '../indexes/index-drops';
import { sumSizeBytes, toFindParts } from '../indexes/index-parts';
import { isNeeded, toDropIndexFix, toIndexRef } from '../indexes/index-shape';
import { defineRule, estimated, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';

/** Reports that run once a week use an index once a week. */
const minStatisticsDays = 7;
/** What is smaller costs next to nothing to keep. */
const minSizeBytes = 1024 * 1024;
/** From here on the disk, the cache and every backup feel it. */
const mediumFromBytes = 100 * 1024 * 1024;

export const unusedIndex = defineRule({
  id: 'unused-index',
  title: 'Indexes that no scan uses',
  category: 'indexes',
  defaultSeverity: 'low',
  needs: ['indexes', 'foreignKeys', 'databases', 'tables'],
  options: z.strictObject({
    minStatisticsDays: z.number().min(0).default(minStatisticsDays),
    minSizeBytes: z.number().min(0).default(minSizeBytes),
  }),
  blockedBy({ indexes, databases, capturedAt, server }, options) {
    if (indexes.some(({ scans }) => scans === null)) return notCountedGap;
    const days = countedDays(databases, capturedAt);
    const tooYoung = days !== null && days < options.minStatisticsDays;
    return (
      findStandbyGap(server) ??
      (tooYoung
        ? {
            kind: 'not-possible',
            message: `Scans are counted for ${days.toFixed(1)} days only (since a reset, a crash or the start of the server): too short to call an index unused.`,
            nextStep: `Look again when ${options.minStatisticsDays} days of statistics are there.`,
          }
        : null)
    );
  },
  check({ indexes, foreignKeys, databases, tables, capturedAt }, options) {
    const findParts = toFindParts(indexes);
    const ofExtensions = new Set(tables.flatMap(({ oid, extension }) => (extension === null ? [] : [oid])));
    const since = databases.find(({ isCurrent }) => isCurrent)?.countedSince ?? null;
    const days = countedDays(databases, capturedAt);
    const period = since === null || days === null ? '' : ` since ${since.slice(0, 10)} (${Math.floor(days)} days)`;
    const unused = indexes.flatMap((index) => {
      // a unique index does its work without being scanned
      if (isNeeded(index) || index.isUnique || !index.isValid || ofExtensions.has(index.tableOid)) return [];
      const parts = findParts(index);
      const sizeBytes = sumSizeBytes(parts);
      return parts.some(({ scans }) => scans !== 0) || sizeBytes < options.minSizeBytes ? [] : [{ index, sizeBytes }];
    });
    const largestFirst = unused.toSorted((a, b) => b.sizeBytes - a.sizeBytes).map(({ index }) => index);
    const spare = new Set(findSpareUnused(largestFirst, indexes, foreignKeys));
    return unused.flatMap(({ index, sizeBytes }) => {
      if (!spare.has(index)) return [];
      const name = quoteQualifiedName(index.schema, index.name);
      const ofExpression = index.keys.some(({ column }) => column === null);
      return [
        {
          severity: sizeBytes >= mediumFromBytes ? ('medium' as const) : ('low' as const),
          weight: sizeBytes,
          subject: toIndexRef(index),
          message: `Index ${name} (${formatBytes(sizeBytes)}) was not used by any scan on this server${period}.`,
          advice:
            'Each server counts for itself: look at the replicas too, and make sure that the index is older than that and ' +
            'that nothing rare (a monthly report) needs it.',
          evidence: [
            estimated('size', sizeBytes, 'bytes'),
            measured('index scans', 0, 'scans'),
            ...(since === null ? [] : [measured('statistics since', since, null)]),
          ],
          fix: toDropIndexFix(
            index,
            findParts(index),
            'A statement that needs it after all gets slow until it is made again.' +
              (ofExpression ? ' The planner also loses the statistics of its expression.' : ''),
          ),
          fingerprint: `unused-index: ${name}`,
        },
      ];
    });
  },
});
