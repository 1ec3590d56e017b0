/** A name as SQL reads it back: always quoted, so that capitals, spaces and reserved words keep their meaning. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
