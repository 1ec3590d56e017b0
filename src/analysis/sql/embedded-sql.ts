// Where the SQL is in a selection from a program: whole lines are selected easily, and bring along the quotes of the
// string and the code around it. In doubt nothing is cut away: the server then says what is wrong.
import { lexSql } from './lex-sql';
import { numberPlaceholders } from './placeholders';
import type { SqlParser, TextRange } from './sql-parser';
import { stripExplain } from './strip-explain';

export interface EmbeddedSql extends TextRange {
  /** Whether a backslash stands for itself in it. */
  isRaw: boolean;
}

/** Told from code that begins alike: `select = `, `with open(path) as file:`. */
const statement = [
  /select(?:\s+(?!:?=)|[(*])/,
  /insert\s+into\s/,
  /update\s+["\w$]/,
  /delete\s+from\s/,
  /merge\s+into\s/,
  /values\s*\(/,
  /table\s+["\w$]/,
  /explain\s+["\w(]/,
  /with\s+(?:recursive\s+)?(?:\w+|"[^"]+"|\$\{[^}]*\})\s*(?:\([^()]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\(/,
]
  .map(({ source }) => source)
  .join('|');
const beginning = String.raw`\s*(?:--[^\n]*\n\s*|/\*[^]*?\*/\s*)*[(\s]*(?:${statement})`;
/** With Python's and C#'s prefixes and tags: r"...", f'''...''', $@"...", sql`...`. */
const quote = /((?<![\w$])[A-Za-z$@]{1,3})?("""|'''|"|'|`)/.source;
const startsStatement = new RegExp(`^${beginning}`, 'i');
const openingBeforeStatement = new RegExp(`${quote}(?=${beginning})`, 'i');
const openingAtStart = new RegExp(String.raw`^\s*${quote}`);
/** What follows a string that is a part of a longer one: another string, or an operator that joins them. */
const joined = /^\s*(?:\+|\.\.|\.\s*\$|(?:\\|\.|&|<<|\|\|)?\s*[A-Za-z$@]{0,3}["'`])/;
/** What follows a string that is complete. */
const afterString = /^[ \t]*(?:$|\r?\n|[,;:)\]}.%])/;

/** Backslash and character as white space of the same length, so that an escaped quote counts as none. */
function maskEscapes(text: string): string {
  return text.replaceAll(/\\([^])/g, (_, character: string) => (/[n\n]/.test(character) ? ' \n' : '  '));
}

/** The SQL of `text`, a selection in a file that is not SQL; all of it where no quotes are in the way. */
export function findEmbeddedSql(text: string, languageId: string): EmbeddedSql {
  // Go's raw strings are the only ones of it that span lines
  const isRaw = languageId === 'go' && text.includes('\n');
  const masked = maskEscapes(text);
  const whole = { start: 0, end: text.length, isRaw };
  if (!startsStatement.test(masked)) {
    const opening = openingBeforeStatement.exec(masked);
    if (opening !== null) return findString(text, masked, opening, languageId) ?? whole;
    const other = openingAtStart.exec(masked);
    const literal = other === null ? null : findString(text, masked, other, languageId);
    // 'a' || 'b' begins and ends with a quote and is not one literal
    if (literal !== null && text.slice(literal.end).trim() === other?.[2]) return literal;
  }
  return { ...whole, end: findClosingQuote(isRaw ? text : masked) ?? text.length };
}

/**
 * All strings of a program that begin like a statement. `joined` counts those that are put together of several strings:
 * what they are only the program knows.
 */
export function findEmbeddedStatements(text: string, languageId: string): { found: EmbeddedSql[]; joined: number } {
  const masked = maskEscapes(text);
  const openings = new RegExp(openingBeforeStatement.source, 'gi');
  const found: EmbeddedSql[] = [];
  let joined = 0;
  for (let opening = openings.exec(masked); opening !== null; opening = openings.exec(masked)) {
    const literal = findString(text, masked, opening, languageId);
    if (literal === null) joined++;
    // a quote that nothing closes is an apostrophe of a comment
    else if (literal.end < text.length) {
      found.push(literal);
      openings.lastIndex = literal.end + 1;
    }
  }
  return { found, joined };
}

/**
 * Whether a piece of a program between semicolons is a statement at all. PostgreSQL's grammar decides, but for what begins
 * like one and has a mistake in it: the server says where.
 */
export function isStatement(sql: string, parser: SqlParser): boolean {
  if (startsStatement.test(sql)) return true;
  return parser.parse(numberPlaceholders(stripExplain(sql).sql).sql).confidence !== 'none';
}

/** What stands in the string that `opening` opens, up to the end of the text if need be; null when it goes on elsewhere. */
function findString(text: string, masked: string, opening: RegExpExecArray, languageId: string): EmbeddedSql | null {
  const [matched, prefix = '', open = ''] = opening;
  const start = opening.index + matched.length;
  const isGoRaw = languageId === 'go' && open === '`';
  const closing = new RegExp(open === '`' ? /\$\{[^{}]*\}|`/ : open, 'g');
  closing.lastIndex = start;
  const searched = isGoRaw ? text : masked;
  let match = closing.exec(searched);
  while (match !== null && match[0] !== open) match = closing.exec(searched);
  if (match !== null && joined.test(text.slice(match.index + open.length))) return null;
  return { start, end: match?.index ?? text.length, isRaw: isGoRaw || /[r@]/i.test(prefix) };
}

/** The quote that ends the string around the SQL, when that began before the selection. */
function findClosingQuote(text: string): number | null {
  const seen = new Set<string>();
  for (const token of lexSql(text)) {
    const word = text.slice(token.start, token.end);
    if (token.kind === 'operator' && word.includes('`')) return token.start + word.indexOf('`');
    const [close = ''] = /^(?:"""|'''|"|')/.exec(word) ?? [];
    // SQL in a string has no quotes like the string's own, so that only the first one can end it
    if (close === '' || seen.has(close)) continue;
    seen.add(close);
    const rest = text.slice(token.start + close.length);
    const isUnpaired = text.slice(token.start).split(close.charAt(0)).length % 2 === 0;
    if (isUnpaired && afterString.test(rest) && !joined.test(rest)) return token.start;
  }
  return null;
}
