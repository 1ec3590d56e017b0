// What the planner would charge for a scan of a B-tree that does not exist, in its own cost units: genericcostestimate and
// btcostestimate (selfuncs.c), cost_index, index_pages_fetched and cost_bitmap_heap_scan (costsize.c).
import type { BtreeSize } from './btree-size';
import type { CostSettings } from '../index-advice-facts';

/** DEFAULT_PAGE_CPU_MULTIPLIER: operators' worth of work for each page on the way down. */
const operatorsPerDescendedPage = 50;
/** A second key column makes the index's order less of the heap's (btcostestimate). */
const correlationOfSeveralKeys = 0.75;
/** What collecting a row's address in a bitmap costs, in operators (cost_bitmap_tree_node). */
const operatorsPerBitmapRow = 0.1;

export interface BtreeScan {
  /** Of the table, or of one of its partitions. */
  tableRows: number;
  tablePages: number;
  index: BtreeSize;
  /** Share of the rows that the index conditions find, 0 to 1. */
  selectivity: number;
  /** Of the first key column with the heap, -1 to 1. */
  correlation: number;
  keyCount: number;
  indexConditionCount: number;
  filterCount: number;
  /** How often it runs, with other values each time. */
  loops: number;
}

export interface BtreeScanCost {
  /** Going down to the first entry; once in a scan. */
  descent: number;
  /** Of one scan to its end, in the index's order. */
  ordered: number;
  /** Of one scan to its end, in whatever order is cheaper. */
  total: number;
}

/** Mackert and Lohman's formula: pages read when `fetches` rows lie anywhere on `pages`. */
function pagesFetched(fetches: number, tablePages: number, indexPages: number, settings: CostSettings): number {
  const pages = Math.max(1, tablePages);
  const cachePages = settings.effectiveCacheSizeBytes / settings.blockSizeBytes;
  const cached = Math.max(1, Math.ceil((cachePages * pages) / (pages + indexPages)));
  if (pages <= cached) return Math.ceil(Math.min(pages, (2 * pages * fetches) / (2 * pages + fetches)));
  const limit = (2 * pages * cached) / (2 * pages - cached);
  return Math.ceil(
    fetches <= limit
      ? (2 * pages * fetches) / (2 * pages + fetches)
      : cached + ((fetches - limit) * (pages - cached)) / pages,
  );
}

export function estimateBtreeScan(scan: BtreeScan, settings: CostSettings): BtreeScanCost {
  const { tableRows, tablePages, index, selectivity, loops } = scan;
  const { seqPageCost, randomPageCost, cpuTupleCost, cpuIndexTupleCost, cpuOperatorCost } = settings;
  const rows = Math.max(1, Math.round(selectivity * tableRows));
  const indexPagesRead = Math.max(1, Math.ceil((rows * index.pages) / Math.max(1, tableRows)));
  const perLoop = (fetches: number, pages: number, indexPages: number) =>
    pagesFetched(fetches * loops, pages, indexPages, settings) / loops;
  const indexPages = loops > 1 ? perLoop(indexPagesRead, index.pages, 0) : indexPagesRead;
  const descent =
    cpuOperatorCost * (Math.ceil(Math.log2(Math.max(2, tableRows))) + (index.height + 1) * operatorsPerDescendedPage);
  const indexCost =
    descent + indexPages * randomPageCost + rows * (cpuIndexTupleCost + scan.indexConditionCount * cpuOperatorCost);

  const scattered = randomPageCost * perLoop(rows, tablePages, index.pages);
  const packedPages = Math.max(1, Math.ceil(selectivity * tablePages));
  const packed =
    loops > 1
      ? randomPageCost * perLoop(packedPages, tablePages, index.pages)
      : randomPageCost + (packedPages - 1) * seqPageCost;
  const correlation = scan.correlation * (scan.keyCount > 1 ? correlationOfSeveralKeys : 1);
  const heap = scattered + correlation ** 2 * (Math.min(packed, scattered) - scattered);
  const ordered = indexCost + heap + rows * (cpuTupleCost + scan.filterCount * cpuOperatorCost);

  const bitmapPages = perLoop(rows, tablePages, index.pages);
  const pageCost =
    bitmapPages < 2
      ? randomPageCost
      : randomPageCost - (randomPageCost - seqPageCost) * Math.sqrt(bitmapPages / Math.max(1, tablePages));
  const bitmap =
    indexCost +
    rows * operatorsPerBitmapRow * cpuOperatorCost +
    bitmapPages * pageCost +
    rows * (cpuTupleCost + (scan.indexConditionCount + scan.filterCount) * cpuOperatorCost);
  return { descent, ordered, total: Math.min(ordered, bitmap) };
}
