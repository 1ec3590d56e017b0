/**
 * Tests names against what the user typed: words are parts of the name in any order, case aside; `*` stands for anything.
 * Nothing typed matches all.
 */
export function toNameFilter(filter: string): (name: string) => boolean {
  const words = filter.split(/\s+/).filter((word) => word !== '');
  const patterns = words.map((word) => new RegExp(word.split(/\*+/).map(escapePattern).join('.*'), 'isu'));
  return (name) => patterns.every((pattern) => pattern.test(name));
}

const escapePattern = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
