// How a moment is written where a user reads it: in the zone of the reader's machine, to the second.

const formatter = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** "1 Jul 2026, 10:20:30"; a text that is no moment stays as it is. */
export function formatDateTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : formatter.format(time);
}
