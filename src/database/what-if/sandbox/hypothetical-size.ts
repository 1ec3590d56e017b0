// How large an index that was made empty in the sandbox would be with the table's rows, from the statistics there.
import { estimateBtree, type EntryColumn } from '../../../analysis/index-advice/cost/btree-size';
import {
  brinPagesPerRange,
  estimateBrin,
  estimateGin,
  estimateGistPages,
  estimateHashPages,
} from '../../../analysis/index-advice/cost/index-size';
import type { SandboxIndexRow } from '../../queries/what-if/sandbox';
import type { RelationFiles } from './relation-files';

/** GiST builds by sorting where the operator class knows how: points from 14, ranges from 18 on. */
const sortedGistTypes: Record<string, number> = { point: 140_000, range: 180_000 };

/** get_typavgwidth's guess for a value of unknown width. */
const unknownWidthBytes = 32;

export function toEntryColumn(row: SandboxIndexRow): EntryColumn {
  return {
    typeName: row.type_name,
    typeLengthBytes: row.type_length,
    alignmentBytes: row.alignment,
    averageWidthBytes: row.width ?? unknownWidthBytes,
    nullRatio: row.null_ratio ?? 0,
  };
}

export interface IndexContents {
  /** In the index: those that a predicate keeps. */
  rows: number;
  /** Keys that differ, as the planner estimates them. */
  distinctKeys: number;
}

export interface SizedIndex {
  pages: number;
  write(files: RelationFiles, file: string): Promise<void>;
}

/** `columns` of one index, at least one. */
export function sizeIndex(
  columns: readonly SandboxIndexRow[],
  { rows, distinctKeys }: IndexContents,
  { pageBytes, versionNumber }: { pageBytes: number; versionNumber: number },
): SizedIndex {
  const [first] = columns;
  if (first === undefined) throw new Error('An index without columns.');
  const keys = columns.filter((column) => column.is_key);
  const heapPages = first.relation_bytes / pageBytes;
  const atLeast = Math.ceil(first.index_bytes / pageBytes);
  const plain = (pages: number): SizedIndex => {
    const length = Math.max(pages, atLeast);
    return { pages: length, write: (files, file) => files.setLength(file, length * pageBytes) };
  };
  switch (first.method) {
    case 'btree': {
      const single = keys.length === 1 && first.is_column && first.predicate === null;
      const nullRatio = first.null_ratio ?? 0;
      const { pages, height } = estimateBtree({
        keys: keys.map(toEntryColumn),
        included: columns.filter((column) => !column.is_key).map(toEntryColumn),
        rows,
        distinctKeys,
        mostCommonRatios: single ? [...(first.most_common_ratios ?? []), ...(nullRatio > 0 ? [nullRatio] : [])] : [],
        blockSizeBytes: pageBytes,
      });
      const length = Math.max(pages, height + 2);
      return { pages: length, write: (files, file) => files.writeBtree(file, length, height) };
    }
    case 'gin': {
      const size = estimateGin(toGinShape(first, rows, heapPages, pageBytes));
      const length = { ...size, pages: Math.max(size.pages, atLeast) };
      return { pages: length.pages, write: (files, file) => files.writeGin(file, length) };
    }
    case 'brin': {
      const { pages, mapPages } = estimateBrin(heapPages, keys.map(toEntryColumn), pageBytes);
      return { pages, write: (files, file) => files.writeBrin(file, pages, mapPages, brinPagesPerRange) };
    }
    case 'gist': {
      const type = first.type_name.endsWith('range') ? 'range' : first.type_name;
      const isSorted = versionNumber >= (sortedGistTypes[type] ?? Infinity);
      return plain(estimateGistPages(rows, keys.map(toEntryColumn), isSorted, pageBytes));
    }
    case 'hash':
      return plain(estimateHashPages(rows, pageBytes));
    default:
      return plain(atLeast);
  }
}

/** Keys of a row where statistics say nothing of them. */
const assumedItems: Record<string, { perRow: (width: number) => number; distinctRatio: number; keyWidth: number }> = {
  // a trigram takes three bytes; a text of n letters has about n of them, with the blanks at words' ends
  gin_trgm_ops: { perRow: (width) => width, distinctRatio: 0.02, keyWidth: 4 },
  // keys and values each
  jsonb_ops: { perRow: (width) => width / 10, distinctRatio: 0.2, keyWidth: 12 },
  // one hash for each path to a value
  jsonb_path_ops: { perRow: (width) => width / 20, distinctRatio: 0.3, keyWidth: 4 },
  tsvector_ops: { perRow: (width) => width / 10, distinctRatio: 0.05, keyWidth: 8 },
};

function toGinShape(column: SandboxIndexRow, rows: number, heapPages: number, pageBytes: number) {
  const assumed = assumedItems[column.operator_class ?? ''];
  const width = column.width ?? unknownWidthBytes;
  const ratios = column.element_ratios ?? [];
  // the last two numbers are the lowest and highest share, not shares of elements (and of arrays the share of NULL)
  const known = column.operator_class === 'array_ops' ? ratios.slice(0, -3) : ratios.slice(0, -2);
  const itemsPerRow = column.elements_per_row ?? assumed?.perRow(width) ?? Math.max(1, (width - 24) / 8);
  const spread = known.length > 0 ? known.length : rows * itemsPerRow * (assumed?.distinctRatio ?? 0.1);
  return {
    rows,
    itemsPerRow,
    distinctItems: Math.max(1, Math.min(spread, rows * itemsPerRow)),
    mostCommonRatios: known,
    keyWidthBytes: assumed?.keyWidth ?? (column.type_length > 0 ? column.type_length : 8),
    heapPages,
    blockSizeBytes: pageBytes,
  };
}
