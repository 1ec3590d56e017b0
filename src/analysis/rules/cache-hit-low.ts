import * as z from 'zod';
import { notCountedGap } from '../counting-gaps';
import { formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SnapshotTable, TableActivity } from '../snapshot';

/** Rules of thumb for a transactional load; a warehouse scans more than any cache holds. */
const minHeapRatio = 0.95;
const minIndexRatio = 0.95;
const highBelowIndexRatio = 0.9;
/** About 800 MB: before that it is the first reading of the data after a start. */
const minBlocksRead = 100_000;
/** Tables to be named. */
const namedTables = 3;

type Counter = 'heapBlocksRead' | 'heapBlocksHit' | 'indexBlocksRead' | 'indexBlocksHit';

export const cacheHitLow = defineRule({
  id: 'cache-hit-low',
  title: 'Many blocks are not found in shared buffers',
  category: 'server',
  defaultSeverity: 'medium',
  needs: ['tables'],
  options: z.strictObject({
    minHeapRatio: z.number().min(0).max(1).default(minHeapRatio),
    minIndexRatio: z.number().min(0).max(1).default(minIndexRatio),
    minBlocksRead: z.number().min(0).default(minBlocksRead),
  }),
  blockedBy: ({ tables }) =>
    tables.some(({ kind, activity }) => kind === 'table' && activity === null) ? notCountedGap : null,
  check({ tables, server }, options) {
    const sum = (counter: Counter) => tables.reduce((total, { activity }) => total + (activity?.[counter] ?? 0), 0);
    const kinds = [
      { what: 'tables', read: 'heapBlocksRead', hit: 'heapBlocksHit', least: options.minHeapRatio },
      { what: 'indexes', read: 'indexBlocksRead', hit: 'indexBlocksHit', least: options.minIndexRatio },
    ] as const satisfies readonly {
      what: string;
      read: keyof TableActivity;
      hit: keyof TableActivity;
      least: number;
    }[];
    return kinds.flatMap(({ what, read, hit, least }) => {
      const blocksRead = sum(read);
      const ratio = sum(hit) / Math.max(1, blocksRead + sum(hit));
      if (blocksRead <= options.minBlocksRead || ratio >= least) return [];
      const readOf = (table: SnapshotTable) => table.activity?.[read] ?? 0;
      const most = tables
        .filter((table) => readOf(table) > 0)
        .toSorted((a, b) => readOf(b) - readOf(a))
        .slice(0, namedTables);
      return [
        {
          severity: what === 'indexes' && ratio < highBelowIndexRatio ? ('high' as const) : ('medium' as const),
          weight: blocksRead,
          subject: { kind: 'database' as const, name: server.database },
          message: `Of the blocks of ${what} in database "${server.database}", ${formatRatio(ratio)} were found in shared buffers.`,
          advice:
            'Look at the statements that read most first; then at shared_buffers. Blocks that were not found may still come ' +
            "from the operating system's cache.",
          evidence: [
            measured(`hit ratio of ${what}`, ratio, 'ratio'),
            measured('read from outside', blocksRead, 'blocks'),
            ...most.map((table) => measured(`read of ${table.schema}.${table.name}`, readOf(table), 'blocks')),
          ],
          fingerprint: `cache-hit-low: ${what}`,
        },
      ];
    });
  },
});
