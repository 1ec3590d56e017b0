// Indexes that are the same but for their name, and which of them is to stay.
import { groupBy } from '../group-by';
import type { SnapshotIndex } from '../snapshot';
import { isNeeded } from './index-shape';

const shapeOf = (index: SnapshotIndex) =>
  JSON.stringify([
    index.method,
    index.keys.map((key) => [key.sql, key.operatorClass, key.collation, key.descending, key.nullsFirst]),
    index.included.toSorted(),
    index.predicate,
  ]);

/** The one that stands for most comes first. */
function compare(a: SnapshotIndex, b: SnapshotIndex): number {
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
  return (b.scans ?? 0) - (a.scans ?? 0) || (a.name < b.name ? -1 : 1);
}

export interface Duplicates {
  kept: SnapshotIndex;
  /** Can go: `kept` does all they do. */
  spare: SnapshotIndex[];
}

/** Every index is in one group; most groups have no spare ones. */
export function findDuplicates(indexes: readonly SnapshotIndex[]): Duplicates[] {
  const valid = indexes.filter(({ isValid }) => isValid);
  return [...groupBy(valid, ({ tableOid }) => tableOid).values()].flatMap((ofTable) =>
    // making a shape costs more than all the rest: most tables have no two indexes with as many keys
    [...groupBy(ofTable, ({ keys }) => keys.length).values()].flatMap((similar) => {
      const groups = similar.length === 1 ? [similar] : [...groupBy(similar, shapeOf).values()];
      return groups.flatMap((group) => {
        const [kept, ...others] = group.toSorted(compare);
        if (kept === undefined) return [];
        return [{ kept, spare: others.filter((other) => !isNeeded(other) && isImpliedBy(other, kept)) }];
      });
    }),
  );
}

/** A unique index may go only when the other one enforces no less. */
function isImpliedBy(other: SnapshotIndex, kept: SnapshotIndex): boolean {
  return !other.isUnique || (kept.isUnique && kept.nullsNotDistinct === other.nullsNotDistinct);
}
