// How large an index of another kind than B-tree will be. Layouts of the server's own pages; docs/index-advice.md has the
// formulas and how far they are off.
import { estimateEntryBytes, type EntryColumn } from './btree-size';

const pageOverheadBytes = 40;
const itemPointerBytes = 4;
/** HASH_MAX fill: buckets are filled to three quarters (HASH_DEFAULT_FILLFACTOR). */
const hashFill = 0.75;
/** Header, hash code, alignment. */
const hashEntryBytes = 16;
/** A GiST page that was split has between half and all of its room taken. */
const gistFill = 0.68;
/** A new GiST index is built sorted for points and ranges from 18 on, and packs its pages to 90 % (GIST_DEFAULT_FILLFACTOR). */
const gistSortedFill = 0.9;
/** BRIN_DEFAULT_PAGES_PER_RANGE. */
export const brinPagesPerRange = 128;
/** Row addresses on a page of the range map (REVMAP_PAGE_MAXITEMS at 8 kB). */
const brinMapItems = 1360;

export interface GinShape {
  rows: number;
  /** Keys of one row: elements of an array, words, keys and values of a document. */
  itemsPerRow: number;
  /** Keys that differ. */
  distinctItems: number;
  /** Shares of the rows that have a key, of the most common ones, 0 to 1. */
  mostCommonRatios: readonly number[];
  keyWidthBytes: number;
  heapPages: number;
  blockSizeBytes: number;
}

export interface GinSize {
  pages: number;
  entryPages: number;
  dataPages: number;
  entries: number;
}

/** GinMaxItemSize: a longer posting list moves to a tree of its own. */
const longestInlineListBytes = 2700;
/** A leaf of a posting tree that was filled in order. */
const postingLeafFill = 0.97;
/** An entry page after splits in the middle. */
const ginEntryFill = 0.72;

/** Posting lists hold the differences of row addresses (page << 11 | row) in bytes of seven bits (ginpostinglist.c). */
function toPostingBytes(rowsOfKey: number, { rows, heapPages }: GinShape): number {
  if (rowsOfKey <= 0) return 0;
  const rowsPerPage = Math.max(1, rows / Math.max(1, heapPages));
  const gapRows = rows / rowsOfKey;
  const gapPages = gapRows / rowsPerPage;
  // within a page the difference is a small number; from one page to another it is a multiple of 2048
  const sameRatio = gapPages >= 1 ? Math.max(0, 1 - gapPages) : 1 - gapPages;
  const bits = (value: number) => Math.max(1, Math.ceil(Math.log2(value + 1)));
  const near = Math.ceil(bits(gapRows) / 7);
  const far = Math.ceil(bits(Math.max(1, gapPages) * 2048) / 7);
  return rowsOfKey * (sameRatio * near + (1 - sameRatio) * far);
}

export function estimateGin(shape: GinShape): GinSize {
  const { rows, itemsPerRow, distinctItems, mostCommonRatios, keyWidthBytes, blockSizeBytes } = shape;
  const usable = blockSizeBytes - pageOverheadBytes;
  const entryBytes = Math.ceil((8 + keyWidthBytes) / 8) * 8 + itemPointerBytes;
  let inlineBytes = 0;
  let dataPages = 0;
  const addKeys = (keyCount: number, rowsOfKey: number) => {
    const bytes = toPostingBytes(rowsOfKey, shape);
    if (bytes > longestInlineListBytes) {
      const leaves = Math.ceil(bytes / (usable * postingLeafFill));
      // a tree of more than one leaf has a root above them
      dataPages += keyCount * (leaves + (leaves > 1 ? 1 : 0));
      inlineBytes += keyCount * entryBytes;
    } else {
      inlineBytes += keyCount * (entryBytes + Math.ceil((bytes + 8) / 8) * 8);
    }
  };
  let restItems = rows * itemsPerRow;
  for (const ratio of mostCommonRatios) {
    addKeys(1, ratio * rows);
    restItems -= ratio * rows;
  }
  const restKeys = Math.max(0, distinctItems - mostCommonRatios.length);
  if (restKeys > 0 && restItems > 0) addKeys(restKeys, Math.min(rows, restItems / restKeys));
  const leaves = Math.max(1, Math.ceil(inlineBytes / (usable * ginEntryFill)));
  const entryPages = leaves + (leaves > 1 ? Math.ceil((leaves * entryBytes) / (usable * ginEntryFill)) : 0);
  // the metapage and the pending list's page
  return {
    pages: 2 + entryPages + Math.round(dataPages),
    entryPages,
    dataPages: Math.round(dataPages),
    entries: Math.round(Math.max(distinctItems, mostCommonRatios.length)),
  };
}

export function estimateHashPages(rows: number, blockSizeBytes: number): number {
  const perBucket = Math.floor((blockSizeBytes * hashFill) / (hashEntryBytes + itemPointerBytes));
  const buckets = Math.max(2, Math.ceil(rows / perBucket));
  // buckets are made in steps: a power of two, beyond 2^10 a quarter of one (_hash_spareindex)
  const power = 2 ** Math.floor(Math.log2(buckets));
  const step = buckets > 1024 ? power / 4 : power;
  const allocated = buckets <= power ? power : power + Math.ceil((buckets - power) / step) * step;
  // metapage, bitmap page
  return allocated + 2;
}

export function estimateGistPages(
  rows: number,
  keys: readonly EntryColumn[],
  isSorted: boolean,
  blockSizeBytes: number,
): number {
  const entry = estimateEntryBytes(keys) + itemPointerBytes;
  const room = (blockSizeBytes - pageOverheadBytes) * (isSorted ? gistSortedFill : gistFill);
  let level = Math.max(1, Math.ceil((rows * entry) / room));
  let pages = level;
  while (level > 1) {
    level = Math.ceil((level * entry) / room);
    pages += level;
  }
  return pages;
}

export interface BrinSize {
  pages: number;
  mapPages: number;
}

export function estimateBrin(heapPages: number, keys: readonly EntryColumn[], blockSizeBytes: number): BrinSize {
  const ranges = Math.max(1, Math.ceil(heapPages / brinPagesPerRange));
  const mapPages = Math.ceil(ranges / brinMapItems);
  // lowest and highest value of each column
  const entry = estimateEntryBytes([...keys, ...keys]) + itemPointerBytes;
  const dataPages = Math.ceil((ranges * entry) / (blockSizeBytes - pageOverheadBytes));
  return { pages: 1 + mapPages + dataPages, mapPages };
}
