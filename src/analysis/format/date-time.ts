// How a moment is written where a user reads it: in the zone of the reader's machine, to the second.

/** Made when it is needed: that takes milliseconds, which a start of the extension would have to wait for. */
let formatter: Intl.DateTimeFormat | null = null;

/** "1 Jul 2026, 10:20:30"; a text that is no moment stays as it is. */
export function formatDateTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  formatter ??= new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
  return formatter.format(time);
}
