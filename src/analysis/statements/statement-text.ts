// The text of a statement as pg_stat_statements keeps it: in one short line for a list, and whether EXPLAIN takes it.
import { toOneLine } from '../format/text-table';
import { lexSql, type SqlToken } from '../sql/lex-sql';
import { stripExplain } from '../sql/strip-explain';

/** "*", "id" or "count(*)"; a longer list of columns says less than what comes behind it. */
const shownListLength = 8;
/** More than any line shows; a statement may have megabytes. */
const readTokens = 400;

/** What pg_stat_statements writes from 18 on for the rest of a list of constants: without it `IN ($1)` would be another statement. */
const restOfList = '/*, ... */';

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
  // what stood for a list of columns is no second ellipsis
  return line.length <= length ? line : `${line.slice(0, length).replace(/[\s…]+$/, '')}…`;
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

/** Their FROM names no table. */
const functionWithFrom = /^(?:extract|substring|trim|overlay)$/;

/** A row of a list: what stands first, and what is cut off where there is no room. */
export interface StatementSummary {
  /** The table and how many more there are ("orders +1"), with the verb when rows are changed; else the first words. */
  label: string;
  /** Conditions, or what follows the label; empty where that is all. */
  rest: string;
}

/** As much of the conditions as the widest side bar shows. */
const summaryLength = 80;

/**
 * What tells a statement from others in a narrow list. The label is at most `length` characters, so that a figure fits
 * behind it; what comes last is left to the list to cut off.
 */
export function summarizeStatement(text: string, length: number): StatementSummary {
  const tokens = takeTokens(text);
  const textAt = (index: number) => text.slice(tokens[index]?.start ?? 0, tokens[index]?.end ?? 0);
  const wordAt = (index: number) => (tokens[index]?.kind === 'word' ? textAt(index).toLowerCase() : '');
  const isQuery = (index: number) => wordAt(index + 1) === 'as' && /^(?:\(|not|materialized)$/i.test(textAt(index + 2));
  const queries = new Set(tokens.flatMap((_, index) => (isQuery(index) ? [textAt(index)] : [])));
  const tables = new Set<string>();
  const openers: string[] = [];
  let conditions = '';
  for (let index = 0; index < tokens.length; index++) {
    const word = wordAt(index);
    if (textAt(index) === '(') openers.push(wordAt(index - 1));
    if (textAt(index) === ')') openers.pop();
    if (conditions === '' && tables.size > 0 && /^(?:where|set|group|order|having)$/.test(word)) {
      const first = /^(?:where|set)$/.test(word) ? index + 1 : index;
      const whole = shortenStatement(
        text.slice(tokens[first]?.start, findScopeEnd(tokens, text, first)),
        summaryLength,
      );
      // aliases take room and tell nothing
      conditions = whole.replaceAll(/\b[a-z_]\w*\.(?=[a-z_"])/gi, '');
    }
    const namesTable =
      (word === 'from' && wordAt(index - 1) !== 'distinct' && !functionWithFrom.test(openers.at(-1) ?? '')) ||
      (word === 'update' && wordAt(index - 1) !== 'for') ||
      word === 'join' ||
      word === 'into';
    if (!namesTable) continue;
    let name = wordAt(index + 1) === 'only' ? index + 2 : index + 1;
    while (textAt(name + 1) === '.') name += 2;
    const isName = /^(?:word|quoted-identifier)$/.test(tokens[name]?.kind ?? '') && !queries.has(textAt(name));
    if (isName && (word === 'into' || textAt(name + 1) !== '(')) tables.add(textAt(name));
  }
  const [table] = tables;
  const verb = wordAt(0);
  const isChange = /^(?:insert|update|delete|merge)$/.test(verb);
  if (table !== undefined && (isChange || /^(?:select|with)$/.test(verb) || textAt(0) === '(')) {
    const before = isChange ? `${verb.toUpperCase()} ` : '';
    const behind = tables.size === 1 ? '' : ` +${tables.size - 1}`;
    const room = length - before.length - behind.length;
    const name = table.length <= room ? table : `${table.slice(0, Math.max(1, room - 1))}…`;
    return {
      label: `${before}${name}${behind}`,
      rest: conditions === '' && !isChange ? shortenStatement(text, summaryLength) : conditions,
    };
  }
  const line = shortenStatement(text, summaryLength);
  if (line.length <= length) return { label: line, rest: '' };
  // the function that is called tells more than the verb
  const called = verb === 'select' ? line.slice(verb.length).trim() : line;
  if (called.length <= length) return { label: called, rest: '' };
  // in whole words; one that takes all the room is cut, and is whole in the rest
  const space = called.lastIndexOf(' ', length);
  return space > 0
    ? { label: called.slice(0, space), rest: called.slice(space).trim() }
    : { label: `${called.slice(0, length - 1)}…`, rest: called };
}

/** The end of the parenthesis that `first` stands in, of the text where it stands in none. */
function findScopeEnd(tokens: readonly SqlToken[], text: string, first: number): number {
  let depth = 0;
  for (const { start, end } of tokens.slice(first)) {
    const word = text.slice(start, end);
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth < 0) return start;
  }
  return text.length;
}

function takeTokens(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const token of lexSql(text)) {
    if (token.kind === 'comment' && text.slice(token.start, token.end) !== restOfList) continue;
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

/**
 * The statement itself of `PREPARE name (types) AS statement`: the server counts every EXECUTE under the text in which it
 * saw the statement first, that of PREPARE with it, which may have been PG Insight's.
 */
export function stripPrepare(text: string): string {
  if (!/^\s*(?:--|\/\*|prepare\b)/i.test(text)) return text;
  const tokens = takeTokens(text);
  const wordAt = (index: number) => {
    const token = tokens[index];
    return token === undefined ? '' : text.slice(token.start, token.end).toLowerCase();
  };
  if (wordAt(0) !== 'prepare' || wordAt(1) === 'transaction') return text;
  let depth = 0;
  for (let index = 2; index < tokens.length; index++) {
    const word = wordAt(index);
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth === 0 && word === 'as') return text.slice(tokens[index + 1]?.start ?? 0);
  }
  return text;
}
