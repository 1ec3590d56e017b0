// The tokens of SQL text as PostgreSQL's scanner and psql see them, for half-typed text too: an unclosed quote or comment
// runs to the end of the text. Splitting and placeholders stand on this; meaning comes from the parser.
import type { TextRange } from './sql-parser';

export interface SqlToken extends TextRange {
  kind:
    | 'comment'
    /** '...', E'...', U&'...', B'...', X'...', N'...' and $tag$...$tag$, prefix included. */
    | 'string'
    /** "..." and U&"..." */
    | 'quoted-identifier'
    /** A keyword or an identifier. */
    | 'word'
    | 'number'
    /** $1 */
    | 'parameter'
    /** ${...}: a hole of a template, braces balanced. */
    | 'hole'
    /** A run of operator characters. */
    | 'operator'
    /** One of ( ) [ ] { } , ; . or : :: := */
    | 'punctuation'
    /** A psql command, to the end of its line. */
    | 'psql';
}

const operatorCharacters = /[-+*/<>=~!@#%^&|`?]/;
/** PostgreSQL's ident_start: letters, underscore and everything outside ASCII. */
const wordStart = /[A-Za-z_\u0080-\uffff]/;
const wordToken = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const numberToken =
  /0[xX][0-9A-Fa-f_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const parameterToken = /\$\d+/y;
/** Prefixes that make a quote after them part of the same literal. */
const stringPrefix = /^(?:[eEbBxXnN]|[uU]&)$/;
/** White space of the scanner, and two that editors slip in: a byte order mark and the no-break space. */
const whiteSpace = /[ \t\n\r\f\v\ufeff\u00a0]/;

function matchAt(pattern: RegExp, text: string, index: number): string | null {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? null;
}

function findQuoteEnd(text: string, open: number, quote: string, backslashEscapes: boolean): number {
  let index = open + 1;
  while (index < text.length) {
    const character = text[index];
    if (backslashEscapes && character === '\\') index += 2;
    else if (character !== quote) index += 1;
    else if (text[index + 1] === quote) index += 2;
    else return index + 1;
  }
  return text.length;
}

function findCommentEnd(text: string, open: number): number {
  let depth = 1;
  let index = open + 2;
  while (index < text.length && depth > 0) {
    if (text.startsWith('/*', index)) {
      depth += 1;
      index += 2;
    } else if (text.startsWith('*/', index)) {
      depth -= 1;
      index += 2;
    } else index += 1;
  }
  return Math.min(index, text.length);
}

function findHoleEnd(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1;
    else if (text[index] === '}') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return text.length;
}

function findLineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** An operator ends where a comment begins, as in `1 --x`. */
function findOperatorEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && operatorCharacters.test(text.charAt(end))) {
    if (text.startsWith('--', end) || text.startsWith('/*', end)) break;
    end += 1;
  }
  return end;
}

/** The token at `start`, where no white space is. */
function readToken(text: string, start: number): SqlToken {
  const character = text.charAt(start);
  const upTo = (kind: SqlToken['kind'], end: number): SqlToken => ({ kind, start, end });
  if (text.startsWith('--', start)) return upTo('comment', findLineEnd(text, start));
  if (text.startsWith('/*', start)) return upTo('comment', findCommentEnd(text, start));
  if (character === "'") return upTo('string', findQuoteEnd(text, start, "'", false));
  if (character === '"') return upTo('quoted-identifier', findQuoteEnd(text, start, '"', false));
  if (character === '\\') return upTo('psql', findLineEnd(text, start));
  if (character === '$') {
    const parameter = matchAt(parameterToken, text, start);
    if (parameter !== null) return upTo('parameter', start + parameter.length);
    if (text[start + 1] === '{') return upTo('hole', findHoleEnd(text, start + 1));
    const tag = matchAt(dollarTag, text, start);
    if (tag === null) return upTo('punctuation', start + 1);
    const close = text.indexOf(tag, start + tag.length);
    return upTo('string', close < 0 ? text.length : close + tag.length);
  }
  if (wordStart.test(character)) {
    const word = matchAt(wordToken, text, start) ?? character;
    const end = start + word.length;
    const prefix = /^[uU]$/.test(word) && text[end] === '&' ? `${word}&` : word;
    const quote = text[start + prefix.length];
    if (stringPrefix.test(prefix) && (quote === "'" || (quote === '"' && prefix.length === 2))) {
      const kind = quote === "'" ? 'string' : 'quoted-identifier';
      return upTo(kind, findQuoteEnd(text, start + prefix.length, quote, /^[eE]$/.test(prefix)));
    }
    return upTo('word', end);
  }
  const number = matchAt(numberToken, text, start);
  if (number !== null) return upTo('number', start + number.length);
  if (operatorCharacters.test(character)) return upTo('operator', findOperatorEnd(text, start));
  if (text.startsWith('::', start) || text.startsWith(':=', start)) return upTo('punctuation', start + 2);
  return upTo('punctuation', start + 1);
}

/** All tokens from `from` on; what lies between two of them is white space. */
export function* lexSql(text: string, from = 0): Generator<SqlToken, void> {
  let index = from;
  while (index < text.length) {
    if (whiteSpace.test(text.charAt(index))) {
      index += 1;
      continue;
    }
    const token = readToken(text, index);
    yield token;
    index = token.end;
  }
}
