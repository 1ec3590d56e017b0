import { formatQuantity } from './format/numbers';

/**
 * Tests names against what the user typed: words are parts of the name in any order, case aside; `*` stands for anything.
 * Nothing typed matches all.
 */
export function toNameFilter(filter: string): (name: string) => boolean {
  const words = filter.split(/\s+/).filter((word) => word !== '');
  const patterns = words.map((word) => new RegExp(word.split(/\*+/).map(escapePattern).join('.*'), 'isu'));
  return (name) => patterns.every((pattern) => pattern.test(name));
}

/** What stands for an empty list: there is nothing at all, or nothing of what the user typed. */
export function describeNothing(count: number, filter: string, thing: string, things = `${thing}s`): string {
  return count === 0
    ? `There are no ${things}.`
    : `None of ${formatQuantity(count, thing, things)} matches "${filter}".`;
}

const escapePattern = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
