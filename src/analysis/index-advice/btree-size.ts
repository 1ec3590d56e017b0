// How large a B-tree will be, from row count and column widths: the layout of the server's nbtree pages
// (access/nbtree/README, nbtsort.c). docs/index-advice.md has the formula.
import type { AdviceColumn, CostSettings } from './index-advice-facts';

/** Page header (24 bytes) and a B-tree page's own data at its end (16 bytes). */
const pageOverheadBytes = 40;
/** BTREE_DEFAULT_FILLFACTOR and BTREE_NONLEAF_FILLFACTOR: how full a new index packs its pages. */
const leafFill = 0.9;
const innerFill = 0.7;
/** IndexTupleData. */
const tupleHeaderBytes = 8;
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

/** Types whose equal values may look different, so that equal keys are stored one by one (no BTEQUALIMAGE support). */
const withoutDeduplication = new Set(['numeric', 'float4', 'float8', 'jsonb', 'interval', 'record', 'tsvector']);

export interface BtreeSize {
  pages: number;
  /** Levels above the leaves. */
  height: number;
  sizeBytes: number;
}

const align = (offset: number, to: number) => Math.ceil(offset / to) * to;

function toEntryBytes(columns: readonly AdviceColumn[]): number {
  let offset = tupleHeaderBytes;
  for (const { typeLengthBytes, alignmentBytes, statistics } of columns) {
    const width = typeLengthBytes > 0 ? typeLengthBytes : (statistics?.averageWidthBytes ?? unknownWidthBytes);
    const isShort = typeLengthBytes < 0 && width < shortValueBytes;
    const stored = 1 - (statistics?.nullRatio ?? 0);
    offset = align(offset, isShort ? 1 : alignmentBytes) + width * stored;
  }
  return align(offset, 8);
}

function toDistinct(columns: readonly AdviceColumn[], rows: number): number {
  const combinations = columns.reduce((result, { statistics }) => result * (statistics?.distinct ?? rows), 1);
  return Math.max(1, Math.min(rows, combinations));
}

export function estimateBtreeSize(
  columns: readonly AdviceColumn[],
  included: readonly AdviceColumn[],
  rows: number,
  { blockSizeBytes }: Pick<CostSettings, 'blockSizeBytes'>,
): BtreeSize {
  const entry = toEntryBytes([...columns, ...included]);
  const usable = blockSizeBytes - pageOverheadBytes;
  const isDeduplicated =
    included.length === 0 &&
    columns.every(({ typeName }) => !withoutDeduplication.has(typeName) && !typeName.startsWith('_'));
  // NULLs are one key
  const nullRows = columns.length === 1 ? rows * (columns[0]?.statistics?.nullRatio ?? 0) : 0;
  const rowsPerList = Math.max(1, Math.floor((blockSizeBytes * postingListRatio - entry) / rowAddressBytes));
  const toLeafBytes = (equalRows: number, keyCount: number) => {
    const single = equalRows * (entry + itemPointerBytes);
    const rowsPerKey = equalRows / keyCount;
    if (!isDeduplicated || rowsPerKey < 2) return single;
    const listCount = keyCount * Math.ceil(rowsPerKey / rowsPerList);
    return Math.min(single, equalRows * rowAddressBytes + listCount * (entry + itemPointerBytes));
  };
  const leafBytes = toLeafBytes(rows - nullRows, toDistinct(columns, rows - nullRows)) + toLeafBytes(nullRows, 1);
  const leaves = Math.max(1, Math.ceil(leafBytes / (usable * leafFill)));
  const fanOut = Math.max(2, Math.floor((usable * innerFill) / (entry + itemPointerBytes)));
  let pages = leaves;
  let height = 0;
  for (let level = leaves; level > 1; height++) {
    level = Math.ceil(level / fanOut);
    pages += level;
  }
  // the metapage
  pages += 1;
  return { pages, height, sizeBytes: pages * blockSizeBytes };
}
