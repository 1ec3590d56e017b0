// How large a B-tree will be, from row count and column widths: the layout of the server's nbtree pages
// (access/nbtree/README, nbtsort.c, nbtdedup.c). docs/index-advice.md has the formula.
import type { AdviceColumn, CostSettings } from '../index-advice-facts';

/** Page header (24 bytes) and a B-tree page's own data at its end (16 bytes). */
const pageOverheadBytes = 40;
/** BTREE_DEFAULT_FILLFACTOR and BTREE_NONLEAF_FILLFACTOR: how full a new index packs its pages. */
const leafFill = 0.9;
const innerFill = 0.7;
/** IndexTupleData. */
const tupleHeaderBytes = 8;
/** With the bitmap of its NULLs (IndexAttributeBitMapData), which an entry has when any of its columns is NULL. */
const nullableTupleHeaderBytes = 16;
/** ItemIdData: each entry's pointer at the page's start. */
const itemPointerBytes = 4;
/** A row's address in a posting list. */
const rowAddressBytes = 6;
/** A posting list takes at most a tenth of a page when an index is built (_bt_load in nbtsort.c). */
const postingListRatio = 0.1;
/** Shorter values have a header of one byte and no alignment. */
const shortValueBytes = 127;
/** Assumed where the column has no statistics. */
const unknownWidthBytes = 16;
/** Keys have about this many rows on average or more: how they spread no longer matters. */
const manyRowsPerKey = 20;
/** Beyond it a geometric spread around a small mean has nothing left. */
const longestSpread = 400;

/** Types whose equal values may look different, so that equal keys are stored one by one (no BTEQUALIMAGE support). */
const withoutDeduplication = new Set(['numeric', 'float4', 'float8', 'jsonb', 'interval', 'record', 'tsvector']);

export interface BtreeSize {
  pages: number;
  /** Levels above the leaves. */
  height: number;
  sizeBytes: number;
}

/** A column of an index. */
export interface EntryColumn {
  /** pg_type.typname: "int4", "_text". */
  typeName: string;
  /** pg_type.typlen: bytes, negative for types of variable length. */
  typeLengthBytes: number;
  /** 1, 2, 4 or 8. */
  alignmentBytes: number;
  /** null without statistics. */
  averageWidthBytes: number | null;
  /** 0 to 1. */
  nullRatio: number;
}

export interface BtreeShape {
  keys: readonly EntryColumn[];
  included: readonly EntryColumn[];
  /** In the index: those that a predicate keeps. */
  rows: number;
  /** Keys that differ, the most common ones too. */
  distinctKeys: number;
  /** Shares of the rows that one key has each (NULL is a key as well), 0 to 1. */
  mostCommonRatios: readonly number[];
  blockSizeBytes: number;
}

const align = (offset: number, to: number) => Math.ceil(offset / to) * to;

/** Bytes of an entry with its header, aligned, without its pointer; the average over which columns are NULL. */
export function estimateEntryBytes(columns: readonly EntryColumn[], offset = 0, hasNull = false): number {
  const [column, ...others] = columns;
  if (column === undefined) return align(offset, 8) + (hasNull ? nullableTupleHeaderBytes : tupleHeaderBytes);
  const { typeLengthBytes, alignmentBytes, averageWidthBytes, nullRatio } = column;
  const width = typeLengthBytes > 0 ? typeLengthBytes : (averageWidthBytes ?? unknownWidthBytes);
  const isShort = typeLengthBytes < 0 && width < shortValueBytes;
  const end = align(offset, isShort ? 1 : alignmentBytes) + width;
  const withValue = nullRatio >= 1 ? 0 : (1 - nullRatio) * estimateEntryBytes(others, end, hasNull);
  return nullRatio <= 0 ? withValue : withValue + nullRatio * estimateEntryBytes(others, offset, true);
}

/** Levels above `leaves`, and the pages of all of them. */
function addInnerPages(leaves: number, entryBytes: number, blockSizeBytes: number): { pages: number; height: number } {
  const usable = blockSizeBytes - pageOverheadBytes;
  const fanOut = Math.max(2, Math.floor((usable * innerFill) / (entryBytes + itemPointerBytes)));
  let pages = leaves;
  let height = 0;
  for (let level = leaves; level > 1; height++) {
    level = Math.ceil(level / fanOut);
    pages += level;
  }
  // the metapage
  return { pages: pages + 1, height };
}

/** Of an index that is there: the leaves are nearly all of its pages. */
export function estimateBtreeHeight(pages: number, keys: readonly EntryColumn[], blockSizeBytes: number): number {
  return addInnerPages(Math.max(1, pages - 1), estimateEntryBytes(keys), blockSizeBytes).height;
}

export function estimateBtree(shape: BtreeShape): BtreeSize {
  const { keys, included, rows, blockSizeBytes } = shape;
  const entry = estimateEntryBytes([...keys, ...included]);
  const single = entry + itemPointerBytes;
  const isDeduplicated =
    included.length === 0 &&
    keys.every(({ typeName }) => !withoutDeduplication.has(typeName) && !typeName.startsWith('_'));
  // the high key of each leaf takes the place of an entry
  const usable = blockSizeBytes - pageOverheadBytes - blockSizeBytes * (1 - leafFill) - single;
  const leafBytes = isDeduplicated ? toDeduplicatedBytes(shape, entry) : rows * single;
  const leaves = Math.max(1, Math.ceil(leafBytes / usable));
  const { pages, height } = addInnerPages(leaves, entry, blockSizeBytes);
  return { pages, height, sizeBytes: pages * blockSizeBytes };
}

function toDeduplicatedBytes(
  { rows, distinctKeys, mostCommonRatios, blockSizeBytes }: BtreeShape,
  entry: number,
): number {
  const single = entry + itemPointerBytes;
  const rowsPerList = Math.max(2, Math.floor((blockSizeBytes * postingListRatio - entry) / rowAddressBytes));
  const toListBytes = (count: number) => align(entry + rowAddressBytes * count, 8) + itemPointerBytes;
  /** Of one key with so many rows; fractions lie between their neighbours. */
  const toKeyBytes = (count: number): number => {
    if (count <= 1) return count * single;
    const fullLists = Math.floor(count / rowsPerList);
    const left = count - fullLists * rowsPerList;
    const last =
      left <= 1 ? left * single : left < 2 ? (2 - left) * single + (left - 1) * toListBytes(2) : toListBytes(left);
    return fullLists * toListBytes(rowsPerList) + last;
  };
  let bytes = 0;
  let restRows = rows;
  let restKeys = distinctKeys;
  for (const ratio of mostCommonRatios) {
    bytes += toKeyBytes(ratio * rows);
    restRows -= ratio * rows;
    restKeys--;
  }
  if (restRows <= 0) return bytes;
  restKeys = Math.max(1, restKeys);
  const mean = restRows / restKeys;
  if (mean > manyRowsPerKey) return bytes + restKeys * toKeyBytes(mean);
  // few rows a key: how many have one, two, three ... decides what lists save; they spread geometrically around the mean
  const share = 1 / Math.max(mean, 1);
  let perKey = 0;
  for (let count = 1; count < longestSpread; count++) perKey += share * (1 - share) ** (count - 1) * toKeyBytes(count);
  return bytes + restKeys * perKey * Math.min(1, mean);
}

function toEntryColumn({ typeName, typeLengthBytes, alignmentBytes, statistics }: AdviceColumn): EntryColumn {
  return {
    typeName,
    typeLengthBytes,
    alignmentBytes,
    averageWidthBytes: statistics?.averageWidthBytes ?? null,
    nullRatio: statistics?.nullRatio ?? 0,
  };
}

/** From the statistics of columns alone: keys of several columns are taken to be independent. */
export function estimateBtreeSize(
  columns: readonly AdviceColumn[],
  included: readonly AdviceColumn[],
  rows: number,
  { blockSizeBytes }: Pick<CostSettings, 'blockSizeBytes'>,
): BtreeSize {
  const [first] = columns;
  const isSingle = columns.length === 1;
  const nullRatio = isSingle ? (first?.statistics?.nullRatio ?? 0) : 0;
  const combinations = columns.reduce((result, { statistics }) => result * (statistics?.distinct ?? rows), 1);
  return estimateBtree({
    keys: columns.map(toEntryColumn),
    included: included.map(toEntryColumn),
    rows,
    distinctKeys: Math.max(1, Math.min(rows, combinations)) + (nullRatio > 0 ? 1 : 0),
    mostCommonRatios: [
      ...(isSingle ? (first?.statistics?.mostCommon ?? []).map(({ frequency }) => frequency) : []),
      ...(nullRatio > 0 ? [nullRatio] : []),
    ],
    blockSizeBytes,
  });
}
