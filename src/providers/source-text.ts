// SQL selected inside a string of a program: takes quotes and escapes away, and keeps the way back to the document for
// the place of an error.
import { findEmbeddedSql, type EmbeddedSql } from '../analysis/sql/embedded-sql';

export interface SelectedSql {
  sql: string;
  /** UTF-16 offset in `sql` -> UTF-16 offset in the selected text. */
  toSourceOffset: (offset: number) => number;
}

export const sqlLanguages: readonly string[] = ['sql', 'postgres', 'pgsql'];

export function isSqlLanguage(languageId: string): boolean {
  return sqlLanguages.includes(languageId);
}

/** What a backslash and a character stand for, in all the languages alike. */
const escapes: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  $: '$',
};

export function readSelectedSql(text: string, languageId: string): SelectedSql {
  if (isSqlLanguage(languageId)) return { sql: text, toSourceOffset: (offset) => offset };
  return readString(text, findEmbeddedSql(text, languageId), languageId);
}

/** What a string of a program says, its escapes resolved. */
export function readString(text: string, { start, end, isRaw }: EmbeddedSql, languageId: string): SelectedSql {
  // Python's drivers read %% as % where there are placeholders
  const halvesPercents = languageId === 'python' && /%(?:s|\()/.test(text.slice(start, end));
  let sql = '';
  const offsets: number[] = [];
  for (let index = start; index < end;) {
    const next = text[index + 1];
    let length = 1;
    let decoded = text.charAt(index);
    if (decoded === '\\' && !isRaw && next !== undefined && index + 1 < end) {
      const escaped = escapes[next];
      if (escaped !== undefined) [decoded, length] = [escaped, 2];
      else if (next === '\n') [decoded, length] = ['', 2];
      else if (next === '\r' && text[index + 2] === '\n') [decoded, length] = ['', 3];
    } else if (decoded === '%' && next === '%' && halvesPercents) length = 2;
    if (decoded !== '') offsets.push(index);
    sql += decoded;
    index += length;
  }
  return { sql, toSourceOffset: (offset) => offsets[Math.max(offset, 0)] ?? end };
}
