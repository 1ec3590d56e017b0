/** Names as people sort them: "events_2" before "events_10", case aside, and always the same way for equal ones. */
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function compareNaturally(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
