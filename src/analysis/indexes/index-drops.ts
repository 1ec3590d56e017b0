// The drops that the rules offer have to be safe together: whoever follows all of them at once must not lose the last index
// that serves a key. So what is a duplicate, what is redundant and what has to stay in their place is found here, once.
import { groupBy } from '../group-by';
import { onceFor } from '../once-for';
import type { SnapshotForeignKey, SnapshotIndex } from '../snapshot';
import { findDuplicates } from './duplicate-indexes';
import { toFindParts } from './index-parts';
import { isNeeded, isPrefix, servesColumns } from './index-shape';

export interface Redundant {
  index: SnapshotIndex;
  /** Finds the same rows, and is dropped by none of the rules. */
  longer: SnapshotIndex;
}

function covers(longer: SnapshotIndex, index: SnapshotIndex): boolean {
  const held = [...longer.keys.slice(index.keys.length).map(({ sql }) => sql), ...longer.included];
  return (
    longer.method === 'btree' &&
    longer.predicate === index.predicate &&
    isPrefix(index.keys, longer.keys) &&
    index.included.every((column) => held.includes(column)) &&
    // the same ones are duplicates
    (longer.keys.length > index.keys.length || longer.included.length > index.included.length)
  );
}

/** Those that a longer one can stand for; never a used one for which the planner had a longer one that it did not choose. */
export const findRedundant = onceFor((indexes: readonly SnapshotIndex[]): readonly Redundant[] => {
  const findParts = toFindParts(indexes);
  // of equal ones the spare are said to be duplicates already; their scans will be those of the one that stays
  const duplicates = findDuplicates(indexes);
  const used = new Set(
    duplicates
      .filter(({ kept, spare }) => [kept, ...spare].flatMap(findParts).some(({ scans }) => scans !== 0))
      .map(({ kept }) => kept),
  );
  const distinct = duplicates.map(({ kept }) => kept);
  return [...groupBy(distinct, ({ tableOid }) => tableOid).values()].flatMap((group) => {
    const longerOf = new Map(
      group.map((index) => [
        index,
        index.method !== 'btree' || index.isUnique || isNeeded(index)
          ? []
          : group.filter((other) => covers(other, index) && (used.has(other) || !used.has(index))),
      ]),
    );
    return group.flatMap((index) => {
      // what covers a longer one covers this one too: one that stays is always among them
      const [longer] = (longerOf.get(index) ?? [])
        .filter((other) => longerOf.get(other)?.length === 0)
        .toSorted((a, b) => a.keys.length - b.keys.length);
      return longer === undefined ? [] : [{ index, longer }];
    });
  });
});

/** Of `unused`, the largest first, those that can go together with each other, the duplicates and the redundant ones. */
export function findSpareUnused(
  unused: readonly SnapshotIndex[],
  indexes: readonly SnapshotIndex[],
  foreignKeys: readonly SnapshotForeignKey[],
): SnapshotIndex[] {
  const findParts = toFindParts(indexes);
  const duplicates = findDuplicates(indexes).filter(({ spare }) => spare.length > 0);
  const redundant = findRedundant(indexes);
  const stays = new Set([...duplicates.map(({ kept }) => kept), ...redundant.map(({ longer }) => longer)]);
  const goes = new Set(
    [...duplicates.flatMap(({ spare }) => spare), ...redundant.map(({ index }) => index)].flatMap(findParts),
  );
  const indexesOf = groupBy(indexes, ({ tableOid }) => tableOid);
  const keysOf = groupBy(foreignKeys, ({ tableOid }) => tableOid);
  const isLastForKey = (part: SnapshotIndex) =>
    (keysOf.get(part.tableOid) ?? []).some(
      ({ columns }) =>
        servesColumns(part, columns) &&
        !(indexesOf.get(part.tableOid) ?? []).some(
          (other) => other !== part && !goes.has(other) && servesColumns(other, columns),
        ),
    );
  return unused.filter((index) => {
    const parts = findParts(index);
    // one that goes already is said once
    if (goes.has(index) || parts.some((part) => stays.has(part) || isLastForKey(part))) return false;
    for (const part of parts) goes.add(part);
    return true;
  });
}
