// SQL selected inside a string of a program: takes quotes and escapes away, and keeps the way back to the document for
// the place of an error.

export interface SelectedSql {
  sql: string;
  /** UTF-16 offset in `sql` -> UTF-16 offset in the selected text. */
  toSourceOffset: (offset: number) => number;
}

export const sqlLanguages: readonly string[] = ['sql', 'postgres', 'pgsql'];

export function isSqlLanguage(languageId: string): boolean {
  return sqlLanguages.includes(languageId);
}

/** Python's and C#'s prefixes: r"...", f'''...''', $@"...". */
const openingQuote = /^\s*([A-Za-z$@]{0,3})("""|'''|"|'|`)/;

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

/** The string that the selection is, quotes included, or null when it is (part of) what stands inside one. */
function findLiteral(text: string): { start: number; end: number; isRaw: boolean } | null {
  const opening = openingQuote.exec(text);
  if (opening === null) return null;
  const [matched, prefix = '', quote = ''] = opening;
  const end = text.trimEnd().length - quote.length;
  if (end < matched.length || !text.startsWith(quote, end)) return null;
  // 'a' || 'b' begins and ends with a quote and is not one literal
  if (text.slice(matched.length, end).replaceAll(/\\./gs, '').includes(quote)) return null;
  return { start: matched.length, end, isRaw: /[r@]/i.test(prefix) };
}

export function readSelectedSql(text: string, languageId: string): SelectedSql {
  if (isSqlLanguage(languageId)) return { sql: text, toSourceOffset: (offset) => offset };
  const literal = findLiteral(text);
  const start = literal?.start ?? 0;
  const end = literal?.end ?? text.length;
  // Go's raw strings are the only ones of it that span lines
  const isRaw = literal?.isRaw === true || (languageId === 'go' && text.slice(start, end).includes('\n'));
  // Python's drivers read %% as % where there are placeholders
  const halvesPercents = languageId === 'python' && /%(?:s|\()/.test(text);
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
