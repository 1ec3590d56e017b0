// Which indexes may be advised, when some have been tried and lost.
import type { HypotheticalIndex } from './what-if-planner';

export interface AllowedIndexes {
  except: readonly HypotheticalIndex[];
  /** Null: any other. */
  only: readonly HypotheticalIndex[] | null;
}

/** The same for the same definition. */
export function toIndexKey({ schema, table, method, keys, included, predicate }: HypotheticalIndex): string {
  return JSON.stringify([schema, table, method, keys, included, predicate]);
}

export function makeIsAllowed({ except, only }: AllowedIndexes): (index: HypotheticalIndex) => boolean {
  const exceptKeys = new Set(except.map(toIndexKey));
  const onlyKeys = only === null ? null : new Set(only.map(toIndexKey));
  return (index) => {
    const key = toIndexKey(index);
    return !exceptKeys.has(key) && (onlyKeys === null || onlyKeys.has(key));
  };
}
