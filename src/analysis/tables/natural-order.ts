/** Names as people sort them: "events_2" before "events_10", case aside, and always the same way for equal ones. */
let collator: Intl.Collator | null = null;

export function compareNaturally(a: string, b: string): number {
  // made when it is needed: the extension's start would have to wait for it
  collator ??= new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
