// How much work_mem a sort or a hash needs to stay in memory, from what it did when it had too little. The formulas were
// checked against runs of the same statements with memory in plenty.
import type { SuggestedFix } from '../finding';

/** What is on disk is packed; in memory each row of a sort takes about this much more (header, pointer, alignment). */
const sortRowOverheadBytes = 50;
/** Statistics and sizes vary from run to run. */
const margin = 1.1;
const megabyte = 1024 * 1024;

/** Up to 14 the default of hash_mem_multiplier is 1, from 15 it is 2. */
const firstMajorWithDoubleHashMemory = 150000;

export function workMemoryForSort(diskBytes: number, rows: number): number {
  return roundUp(diskBytes + rows * sortRowOverheadBytes);
}

export function workMemoryForHash(peakBytes: number, batches: number, hashMemMultiplier: number): number {
  return roundUp((peakBytes * batches) / hashMemMultiplier);
}

/**
 * A group that was written to disk takes about this much more in the hash table: entry, header, state of the aggregates, and
 * what rounding up to powers of two wastes. 60 was too little for groups of 70 bytes that were all on disk.
 */
const groupOverheadBytes = 120;

export function workMemoryForHashAggregate(
  peakBytes: number,
  diskBytes: number,
  groups: number,
  hashMemMultiplier: number,
): number {
  return roundUp((peakBytes + diskBytes + groups * groupOverheadBytes) / hashMemMultiplier);
}

/** A bitmap keeps about this much for each page of the table whose rows it tells apart. */
const bitmapPageBytes = 64;

export function workMemoryForBitmap(pages: number): number {
  return roundUp(pages * bitmapPageBytes);
}

/** With a tenth to spare, in whole megabytes. */
function roundUp(bytes: number): number {
  return Math.max(1, Math.ceil((bytes * margin) / megabyte)) * megabyte;
}

/** As the plan's settings say, else the default of the server's version, else the smaller one: more memory, never too little. */
export function hashMemMultiplier(
  settings: Readonly<Record<string, string>>,
  serverVersionNumber: number | undefined,
): number {
  const printed = Number(settings['hash_mem_multiplier']);
  if (Number.isFinite(printed) && printed > 0) return printed;
  return (serverVersionNumber ?? 0) >= firstMajorWithDoubleHashMemory ? 2 : 1;
}

/** For one transaction only: a server-wide value needs the server's memory and number of connections, which no plan tells. */
export function workMemoryFix(bytes: number): SuggestedFix {
  return {
    title: `Set work_mem to ${bytes / megabyte} MB for the transaction`,
    sql: `SET LOCAL work_mem = '${bytes / megabyte}MB';`,
    risk:
      'Every sort and every hash of the transaction may take that much memory, in each parallel process. ' +
      'It ends with the transaction.',
    outsideTransaction: false,
  };
}
