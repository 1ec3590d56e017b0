// What an index costs the statements that write: an entry for each new row and for each update that is no HOT update, and
// the HOT updates that an index on an updated column ends. In the planner's cost units, so that it can be held against
// what the index saves.
import type { AdviceTable, CostSettings } from '../index-advice-facts';
import { columnOfKey } from '../proposals/index-key';
import type { HypotheticalIndex } from '../what-if-planner';

/** What going down a page costs, in operators (DEFAULT_PAGE_CPU_MULTIPLIER of selfuncs.c). */
const operatorsPerPage = 50;
/** Levels of a B-tree of this many leaf pages: some hundred entries a page. */
const entriesPerInnerPage = 250;
/** A page that is changed again and again is written once for all of it, at the next checkpoint. */
const writtenPagesPerEntry = 0.1;
/** New values at the end of the order (a time, a sequence) change one page over and over. */
const writtenPagesPerAppendedEntry = 0.01;
const appendedCorrelation = 0.95;
/**
 * Entries of one row. A GIN index has one for each element or word, but takes them in a list that is worked off many at a
 * time (fastupdate): benchmark/measure-writes.ts finds it no dearer than a B-tree. A BRIN hardly ever changes.
 */
const entriesPerRow: Readonly<Record<HypotheticalIndex['method'], number>> = {
  btree: 1,
  hash: 1,
  gist: 1.5,
  gin: 1,
  brin: 0.02,
};

/** By column: the share of the table's updates that set it, 0 to 1; null when nobody knows which columns are set. */
export type UpdatedShares = ReadonlyMap<string, number>;

export interface WriteCost {
  /** Cost units for all rows that were written since the server began to count. */
  cost: number;
  /** Of the work that writing these rows is today, for the table and its indexes: 0.04 is 4 % more; null where none are written. */
  ratio: number | null;
  /** Updates that would not be HOT any more. */
  lostHotUpdates: number;
}

export function columnsOfIndex({ keys, included, predicate }: HypotheticalIndex, table: AdviceTable): string[] {
  const texts = [...keys, ...included, ...(predicate === null ? [] : [predicate])];
  return table.columns
    .map(({ name }) => name)
    .filter((name) => texts.some((text) => columnOfKey(text) === name || mentions(text, name)));
}

/** A column in an expression or a predicate. */
function mentions(text: string, name: string): boolean {
  if (columnOfKey(text) !== null) return false;
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:^|[^\\w$])${escaped}(?![\\w$(])`).test(text.replace(/'(?:[^']|'')*'/g, "''"));
}

function toEntryCost(index: HypotheticalIndex, sizeBytes: number, table: AdviceTable, settings: CostSettings): number {
  const { cpuOperatorCost, cpuIndexTupleCost, randomPageCost, blockSizeBytes, effectiveCacheSizeBytes } = settings;
  const pages = Math.max(1, sizeBytes / blockSizeBytes);
  const height = Math.ceil(Math.log(pages) / Math.log(entriesPerInnerPage));
  const descent = cpuOperatorCost * (Math.log2(Math.max(2, table.rows ?? 2)) + (height + 1) * operatorsPerPage);
  const first = table.columns.find(({ name }) => name === columnOfKey(index.keys[0] ?? ''));
  const isAppended = (first?.statistics?.correlation ?? 0) > appendedCorrelation;
  const cached = Math.min(1, effectiveCacheSizeBytes / Math.max(1, sizeBytes + table.pages * blockSizeBytes));
  const read = isAppended ? 0 : (1 - cached) * randomPageCost;
  const written = (isAppended ? writtenPagesPerAppendedEntry : writtenPagesPerEntry) * randomPageCost;
  return (descent + cpuIndexTupleCost + read + written) * entriesPerRow[index.method];
}

export function estimateWriteCost(
  index: HypotheticalIndex,
  sizeBytes: number | null,
  table: AdviceTable,
  settings: CostSettings,
  updatedShares: UpdatedShares,
  /** Share of the rows that the index's predicate keeps; the others have no entry. */
  keptRatio = 1,
): WriteCost {
  const { inserted, updated, hotUpdated } = table.writes;
  const share = Math.min(
    1,
    columnsOfIndex(index, table).reduce((sum, name) => sum + (updatedShares.get(name) ?? 0), 0),
  );
  const lostHotUpdates = hotUpdated * share;
  const coldUpdates = updated - hotUpdated;
  const entryCost = toEntryCost(index, sizeBytes ?? 0, table, settings);
  const existing: HypotheticalIndex = { ...index, method: 'btree' };
  const otherEntryCost = table.indexes.reduce(
    (sum, { sizeBytes: bytes }) => sum + toEntryCost(existing, bytes, table, settings),
    0,
  );
  // an update that is not HOT makes an entry in every index
  const cost = (inserted + coldUpdates + lostHotUpdates) * entryCost * keptRatio + lostHotUpdates * otherEntryCost;
  const rowCost = settings.cpuTupleCost + writtenPagesPerEntry * settings.randomPageCost;
  const today = (inserted + updated) * rowCost + (inserted + coldUpdates) * otherEntryCost;
  return { cost, ratio: today === 0 ? null : cost / today, lostHotUpdates };
}
