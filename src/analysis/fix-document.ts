// A suggested fix as a file to read, change and run by hand: everything but the SQL itself is a comment.
import type { Finding, SuggestedFix } from './finding';
import { wrapText } from './format/text-table';

export interface FixTarget {
  /** host:port */
  server: string;
  database: string;
}

/** As wide as code is in most projects. */
const proseWidth = 97;

/** What is quoted may hold line breaks, and none of it may end a comment. */
const comment = (text: string) => text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => `-- ${line}`.trimEnd());

const prose = (text: string) => wrapText(text.replaceAll(/\s+/g, ' '), proseWidth).flatMap(comment);

export function formatFixDocument(finding: Finding, fix: SuggestedFix, { server, database }: FixTarget): string {
  const how = fix.outsideTransaction
    ? 'Run statement by statement, outside a transaction block: not with psql --single-transaction, and not in a migration that opens one.'
    : 'May run in a transaction block: BEGIN; ... COMMIT;';
  const note = fix.undoNote ?? (fix.undoSql === undefined ? 'Nothing takes this back.' : null);
  return [
    ...prose(`${fix.title}: database ${database} on ${server}. PG Insight does not run this.`),
    ...prose(`Why: ${finding.message}`),
    ...prose(`Risk: ${fix.risk}`),
    ...prose(how),
    '',
    fix.sql.trimEnd(),
    '',
    ...(fix.undoSql === undefined ? [] : comment(`To take it back:\n${fix.undoSql.trimEnd()}`)),
    ...(note === null ? [] : prose(note)),
    '',
  ].join('\n');
}
