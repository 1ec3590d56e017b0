// Which existing indexes already serve what a new one would, and which ones a new one would make needless.
import type { AdviceIndex, AdviceIndexKey, AdviceTable } from '../index-advice-facts';
import type { IndexKey } from './index-key';

function isSameKey(have: AdviceIndexKey | undefined, want: IndexKey, flipped: boolean): boolean {
  return (
    have?.isPlain === true &&
    have.column === want.column &&
    (have.descending === want.descending) !== flipped &&
    (have.nullsFirst === want.nullsFirst) !== flipped
  );
}

/**
 * Whether the planner could already use this index wherever it could use the new one: the columns that are looked up by =
 * stand first in any order, then the same keys in the same or the opposite direction. A column that is only looked up has
 * no direction.
 */
function covers(index: AdviceIndex, keys: readonly IndexKey[], equalityCount: number, isOrdered: boolean): boolean {
  if (!index.isValid || index.method !== 'btree' || index.predicate !== null) return false;
  const lookedUp = keys.slice(0, equalityCount).map(({ column }) => column);
  const first = index.keys.slice(0, equalityCount);
  if (!lookedUp.every((column) => first.some((key) => key.isPlain && key.column === column))) return false;
  const behind = keys.slice(equalityCount);
  const have = index.keys.slice(equalityCount);
  if (!isOrdered) return behind.every((key, at) => have[at]?.isPlain === true && have[at].column === key.column);
  return [false, true].some((flipped) => behind.every((key, at) => isSameKey(have[at], key, flipped)));
}

export function findCoveringIndex(
  table: AdviceTable,
  keys: readonly IndexKey[],
  equalityCount: number,
  isOrdered: boolean,
): AdviceIndex | null {
  return table.indexes.find((index) => covers(index, keys, equalityCount, isOrdered)) ?? null;
}

/** Existing indexes whose keys the new one begins with: what they do, it does too. */
export function findRedundantIndexes(table: AdviceTable, keys: readonly IndexKey[]): AdviceIndex[] {
  return table.indexes.filter(
    (index) =>
      index.isValid &&
      index.method === 'btree' &&
      !index.isNeeded &&
      index.predicate === null &&
      index.keys.length <= keys.length &&
      index.keys.every((have, at) => {
        const key = keys[at];
        return key !== undefined && isSameKey(have, key, false);
      }),
  );
}
