// Second thoughts about indexes that help already: the columns that an index-only scan lacks, and one index in the place
// of two of the same table.
import { quoteName } from '../../sql/identifiers';
import { keyOfIndex, type ProposedIndex } from './propose-indexes';
import { columnOfKey } from './index-key';
import type { TableUse } from './table-uses';

/** More columns make the index a second table. */
const maximumIncludedColumns = 4;
/** Of the rows' width: above it, reading the index is hardly less than reading the table. */
const maximumIncludedWidthRatio = 0.5;
/** An index-only scan looks into the table for every page that VACUUM has not seen. */
const minimumAllVisibleRatio = 0.5;
const maximumMergedKeys = 5;

/** The same index with the columns that the statement reads besides; null where that would not pay. */
export function coverColumns(proposed: ProposedIndex, use: TableUse): ProposedIndex | null {
  const { index, reasons, table } = proposed;
  const { columns } = use;
  if (columns === null || index.method !== 'btree' || table.allVisibleRatio < minimumAllVisibleRatio) return null;
  const keys = new Set(index.keys.map(columnOfKey));
  const missing = table.columns.filter(({ name }) => columns.has(name) && !keys.has(name));
  if (missing.length === 0 || missing.length > maximumIncludedColumns) return null;
  const width = (of: typeof missing) =>
    of.reduce(
      (sum, { statistics, typeLengthBytes }) => sum + (statistics?.averageWidthBytes ?? Math.max(16, typeLengthBytes)),
      0,
    );
  if (width(missing) > width([...table.columns]) * maximumIncludedWidthRatio) return null;
  const included = missing.map(({ name }) => quoteName(name));
  return { ...proposed, index: { ...index, included }, reasons: [...reasons, `reads also ${included.join(', ')}`] };
}

/** One index that begins with the first and goes on with what the second has besides. */
export function mergeIndexes(first: ProposedIndex, second: ProposedIndex): ProposedIndex | null {
  const [a, b] = [first.index, second.index];
  if (a.schema !== b.schema || a.table !== b.table || a.method !== 'btree' || b.method !== 'btree') return null;
  if (a.predicate !== b.predicate || keyOfIndex(a) === keyOfIndex(b)) return null;
  const columnOf = (key: string) => columnOfKey(key) ?? key;
  const has = new Set(a.keys.map(columnOf));
  const keys = [...a.keys, ...b.keys.filter((key) => !has.has(columnOf(key)))];
  const inKeys = new Set(keys.map(columnOf));
  const included = [...new Set([...a.included, ...b.included])].filter((column) => !inKeys.has(columnOf(column)));
  if (keys.length > maximumMergedKeys || included.length > maximumIncludedColumns) return null;
  return {
    ...first,
    index: { ...a, keys, included },
    reasons: [...new Set([...first.reasons, ...second.reasons])],
  };
}
