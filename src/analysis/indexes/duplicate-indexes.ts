// Indexes that are the same but for their name, and which of them is to stay.
import { groupBy } from '../group-by';
import { onceFor } from '../once-for';
import type { SnapshotIndex } from '../snapshot';
import { sumScans, toFindParts } from './index-parts';
import { isNeeded } from './index-shape';

/**
 * WITH (...) that says how an index is kept, not which rows it finds at what price. All others count: pages_per_range of
 * BRIN, the signature of bloom, those of extensions.
 */
const upkeepParameters = new Set([
  'fillfactor',
  'deduplicate_items',
  'fastupdate',
  'gin_pending_list_limit',
  'buffering',
  'autosummarize',
]);

const shapeOf = (index: SnapshotIndex) =>
  JSON.stringify([
    index.method,
    index.keys.map((key) => [key.sql, key.operatorClass, key.collation, key.descending, key.nullsFirst]),
    index.included.toSorted(),
    index.predicate,
    Object.entries(index.storageParameters)
      .filter(([name]) => !upkeepParameters.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

/** The one that stands for most comes first; of equals the one with more scans. */
function compare(a: SnapshotIndex, b: SnapshotIndex, scansOf: (index: SnapshotIndex) => number): number {
  const rank = (index: SnapshotIndex) =>
    [
      index.isPrimary,
      index.supportsForeignKey,
      index.constraint !== null,
      index.isReplicaIdentity,
      index.parentOid !== null,
      index.isUnique,
    ].map(Number);
  const [left, right] = [rank(a), rank(b)];
  const difference = left.findIndex((value, position) => value !== right[position]);
  if (difference >= 0) return (right[difference] ?? 0) - (left[difference] ?? 0);
  return scansOf(b) - scansOf(a) || (a.name < b.name ? -1 : 1);
}

export interface Duplicates {
  kept: SnapshotIndex;
  /** Can go: `kept` does all they do. */
  spare: SnapshotIndex[];
}

/** Every index is in one group; most groups have no spare ones. */
export const findDuplicates = onceFor((indexes: readonly SnapshotIndex[]): readonly Duplicates[] => {
  const findParts = toFindParts(indexes);
  const scansOf = (index: SnapshotIndex) => sumScans(findParts(index)) ?? 0;
  const valid = indexes.filter(({ isValid }) => isValid);
  return [...groupBy(valid, ({ tableOid }) => tableOid).values()].flatMap((ofTable) =>
    // making a shape costs more than all the rest: most tables have no two indexes with as many keys
    [...groupBy(ofTable, ({ keys }) => keys.length).values()].flatMap((similar) => {
      const groups = similar.length === 1 ? [similar] : [...groupBy(similar, shapeOf).values()];
      return groups.flatMap((group) => {
        const [kept, ...others] = group.toSorted((a, b) => compare(a, b, scansOf));
        if (kept === undefined) return [];
        return [{ kept, spare: others.filter((other) => !isNeeded(other) && isImpliedBy(other, kept)) }];
      });
    }),
  );
});

/** A unique index may go only when the other one enforces no less. */
function isImpliedBy(other: SnapshotIndex, kept: SnapshotIndex): boolean {
  return !other.isUnique || (kept.isUnique && kept.nullsNotDistinct === other.nullsNotDistinct);
}
