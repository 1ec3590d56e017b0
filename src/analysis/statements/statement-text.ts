// The text of a statement as pg_stat_statements keeps it: in one short line for a list, and whether EXPLAIN takes it.
import { toOneLine } from '../format/text-table';
import { lexSql, type SqlToken } from '../sql/lex-sql';
import { stripExplain } from '../sql/strip-explain';

/** "*", "id" or "count(*)"; a longer list of columns says less than what comes behind it. */
const shownListLength = 8;
/** More than any line shows; a statement may have megabytes. */
const readTokens = 400;

/** In one line, without comments, and with … for a long list of columns: tables and conditions tell statements apart. */
export function shortenStatement(text: string, length: number): string {
  const tokens = takeTokens(text);
  const wordAt = (index: number) => {
    const token = tokens[index];
    return token?.kind === 'word' ? text.slice(token.start, token.end).toLowerCase() : '';
  };
  let line = '';
  let end = 0;
  for (let index = 0; index < tokens.length && line.length <= length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const space = line !== '' && token.start > end ? ' ' : '';
    line += space + text.slice(token.start, token.end).replaceAll(/\s+/g, ' ');
    end = token.end;
    if (wordAt(index) !== 'select') continue;
    const from = findFrom(tokens, text, index + 1);
    const [first, last] = [tokens[index + 1], tokens[from - 1]];
    if (first === undefined || last === undefined || last.end - first.start <= shownListLength) continue;
    line += ' …';
    end = last.end;
    index = from - 1;
  }
  line = toOneLine(line);
  return line.length <= length ? line : `${line.slice(0, length).trimEnd()}…`;
}

/** The FROM of the SELECT whose list begins at `first`; 0 when it has none. */
function findFrom(tokens: readonly SqlToken[], text: string, first: number): number {
  let depth = 0;
  for (let index = first; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const word = text.slice(token.start, token.end).toLowerCase();
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth < 0) return 0;
    if (depth === 0 && token.kind === 'word' && word === 'from') return index;
  }
  return 0;
}

function takeTokens(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const token of lexSql(text)) {
    if (token.kind === 'comment') continue;
    tokens.push(token);
    if (tokens.length === readTokens) break;
  }
  return tokens;
}

const explainable = new Set(['select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'table', '(']);

/** Why EXPLAIN does not take a statement, a sentence; null when it should. The last word has the server's own grammar. */
export function findExplainObstacle(text: string | null): string | null {
  if (text === null) return 'The text is hidden from this role.';
  const { sql } = stripExplain(text);
  const [first] = takeTokens(sql);
  const word = first === undefined ? '' : sql.slice(first.start, first.end);
  return explainable.has(word.toLowerCase())
    ? null
    : `${word === '' ? 'It' : word.toUpperCase()} is a utility command: EXPLAIN takes SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES.`;
}
