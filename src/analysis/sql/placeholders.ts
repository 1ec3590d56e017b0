// Placeholders as drivers and templates write them, turned into PostgreSQL's own $1 ..., with a way back to the text the
// user sees. Strings, comments, casts, slices and operators that look alike are left as they are.
import { lexSql, type SqlToken } from './lex-sql';
import type { TextRange } from './sql-parser';

export interface StatementParameter {
  /** As the user knows it: "status" of :status, "user.id" of ${user.id}, "$2", "?3" for the third nameless one. */
  name: string;
  /** n of $n. */
  index: number;
  /** Where it stands in the original text, in order. */
  ranges: TextRange[];
}

/** A piece of the original that reads differently in the numbered text. */
interface Edit extends TextRange {
  replacement: string;
}

export interface NumberedStatement {
  /** With $1 to $n only. */
  sql: string;
  /** In order of their index; indexes have no gaps. */
  parameters: StatementParameter[];
  /** UTF-16 offset in `sql` -> UTF-16 offset in the original text. */
  toOriginalOffset: (offset: number) => number;
}

interface Placeholder extends TextRange {
  /** Same key, same parameter; null for ? and %s, each of which is one of its own. */
  key: string | null;
  name: string;
  /** n of a $n that was there already. */
  given: number | null;
}

/** Operators of PostgreSQL and its extensions that contain a question mark. */
const questionOperators = new Set(['?', '?|', '?&', '?#', '?-', '?||', '?-|', '@?', '<?>']);

/** Keywords behind which an expression begins; behind any other word an operator is due. */
const expressionFollows = new Set(
  (
    'select distinct all where and or not in like ilike similar to escape between symmetric limit offset fetch first next then else ' +
    'when case values set returning having on from any some by as is isnull using with interval date time timestamp ' +
    'timestamptz rows range groups array over union intersect except filter cast default do skip collate return call'
  ).split(' '),
);

/** Types that may stand before a literal, as in interval '1 day', but not before a parameter. */
const literalTypes = new Set(['interval', 'date', 'time', 'timestamp', 'timestamptz', 'timetz']);

/** What the tokens so far say about the next one. */
class Context {
  /** True where an expression may begin, false where an operator is due. */
  expectsOperand = true;
  /** Open brackets; true for a subscript (whose colon is a slice), false for ARRAY[...] and (...). */
  readonly brackets: boolean[] = [];
  previous: SqlToken | null = null;
  previousText = '';

  get inSubscript(): boolean {
    return this.brackets.at(-1) === true;
  }

  accept(token: SqlToken, text: string): void {
    if (token.kind === 'punctuation') {
      if (text === '(') this.brackets.push(false);
      if (text === '[') this.brackets.push(!this.expectsOperand && this.previousText.toLowerCase() !== 'array');
      if (text === ')' || text === ']') this.brackets.pop();
      this.expectsOperand = text !== ')' && text !== ']' && text !== '}';
    } else if (token.kind === 'word') {
      // behind a dot even a keyword is a name
      this.expectsOperand = this.previousText !== '.' && expressionFollows.has(text.toLowerCase());
    } else {
      this.expectsOperand = token.kind === 'operator';
    }
    this.previous = token;
    this.previousText = text;
  }

  acceptOperand(token: SqlToken): void {
    this.previous = token;
    this.previousText = '';
    this.expectsOperand = false;
  }
}

const nameAt = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*/y;

function readName(sql: string, start: number): string | null {
  nameAt.lastIndex = start;
  return nameAt.exec(sql)?.[0] ?? null;
}

function toNamed(start: number, end: number, name: string): Placeholder {
  return { start, end, key: name, name, given: null };
}

function toNameless(start: number, end: number): Placeholder {
  return { start, end, key: null, name: '', given: null };
}

/** The placeholder that begins with (or inside) this token, if one does. */
function readPlaceholder(sql: string, token: SqlToken, text: string, context: Context): Placeholder | null {
  const { start } = token;
  switch (token.kind) {
    case 'parameter':
      return { start, end: token.end, key: text, name: text, given: Number(text.slice(1)) };
    case 'hole':
      return toNamed(start, token.end, text.slice(2, -1).trim());
    case 'punctuation': {
      if (text === ':' && !context.inSubscript && context.expectsOperand) {
        // psql's :'name' is the value as a literal
        const quoted = /^'([A-Za-z0-9_]+)'/.exec(sql.slice(start + 1, start + 80));
        if (quoted !== null) return toNamed(start, start + 1 + quoted[0].length, quoted[1] ?? '');
        const name = readName(sql, start + 1);
        return name === null ? null : toNamed(start, start + 1 + name.length, name);
      }
      if (text === '{') {
        const hole = /^\{([A-Za-z_][\w.]*)\}/.exec(sql.slice(start, start + 200));
        return hole === null ? null : toNamed(start, start + hole[0].length, hole[1] ?? '');
      }
      if (text === '$') {
        const name = readName(sql, start + 1);
        return name === null ? null : toNamed(start, start + 1 + name.length, name);
      }
      return null;
    }
    case 'operator':
      return readOperatorPlaceholder(sql, token, text, context);
    default:
      return null;
  }
}

/** `?`, `@name`, `%s`, `%(name)s`: operator characters, and `=?` reads as one operator. */
function readOperatorPlaceholder(sql: string, token: SqlToken, text: string, context: Context): Placeholder | null {
  const { start, end } = token;
  if (text.startsWith('?') && context.expectsOperand) return toNameless(start, start + 1);
  const lastStart = end - 1;
  const behindOperator = context.expectsOperand || text.length > 1;
  if (text.endsWith('?') && text.length > 1 && !questionOperators.has(text)) return toNameless(lastStart, end);
  if (text.endsWith('@') && behindOperator && !text.endsWith('@@')) {
    const name = readName(sql, end);
    if (name !== null) return toNamed(lastStart, end + name.length, name);
  }
  if (text.endsWith('%') && !text.endsWith('%%')) {
    const named = /^\(([^()'"\s]+)\)s(?![\w$])/.exec(sql.slice(end, end + 200));
    if (named !== null) return toNamed(lastStart, end + named[0].length, named[1] ?? '');
    if (/^s(?![\w$.])/.test(sql.slice(end, end + 2))) return toNameless(lastStart, end + 1);
  }
  return null;
}

function findPlaceholdersAndTypes(sql: string): { placeholders: Placeholder[]; typed: Map<Placeholder, SqlToken> } {
  const placeholders: Placeholder[] = [];
  const typed = new Map<Placeholder, SqlToken>();
  const context = new Context();
  let tokens = lexSql(sql);
  for (;;) {
    const next = tokens.next();
    if (next.done === true) break;
    const token = next.value;
    if (token.kind === 'comment') continue;
    const text = sql.slice(token.start, token.end);
    const placeholder = readPlaceholder(sql, token, text, context);
    if (placeholder === null) {
      context.accept(token, text);
      continue;
    }
    placeholders.push(placeholder);
    const { previous, previousText } = context;
    const followsType =
      placeholder.start === token.start && previous?.kind === 'word' && literalTypes.has(previousText.toLowerCase());
    if (followsType) typed.set(placeholder, previous);
    context.acceptOperand(token);
    tokens = lexSql(sql, placeholder.end);
  }
  return { placeholders, typed };
}

/** Every placeholder's place in the text. */
export function findPlaceholders(sql: string): TextRange[] {
  return findPlaceholdersAndTypes(sql).placeholders.map(({ start, end }) => ({ start, end }));
}

/**
 * Numbers the placeholders: a $n keeps its number (unless numbers are missing, then they move up), the same name gets the
 * same number, and `interval $1`, which PostgreSQL refuses, becomes `$1::interval`.
 */
export function numberPlaceholders(sql: string): NumberedStatement {
  const { placeholders, typed } = findPlaceholdersAndTypes(sql);
  const given = [...new Set(placeholders.flatMap(({ given: number }) => number ?? []))].sort((a, b) => a - b);
  const parameters: StatementParameter[] = given.map((number, index) => ({
    name: `$${number}`,
    index: index + 1,
    ranges: [],
  }));
  const byKey = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const edits: Edit[] = [];
  for (const placeholder of placeholders) {
    const { start, end, key } = placeholder;
    let parameter = key === null ? undefined : byKey.get(key);
    if (parameter === undefined) {
      const index = parameters.length + 1;
      parameter = { name: key === null ? `?${index}` : placeholder.name, index, ranges: [] };
      parameters.push(parameter);
      if (key !== null) byKey.set(key, parameter);
    }
    parameter.ranges.push({ start, end });
    const type = typed.get(placeholder);
    const number = `$${parameter.index}`;
    if (type === undefined) edits.push({ start, end, replacement: toSpaced(sql, start, end, number) });
    else edits.push({ start: type.start, end, replacement: `${number}::${sql.slice(type.start, type.end)}` });
  }
  return { sql: applyEdits(sql, edits), parameters, toOriginalOffset: mapBack(sql, edits) };
}

/** Keeps a number apart from its neighbours: `=?` reads as one operator, `limit?` as one word. */
function toSpaced(sql: string, start: number, end: number, number: string): string {
  const before = /[\w$\u0080-\uffff]/.test(sql.charAt(start - 1)) ? ' ' : '';
  const after = /[\w$\u0080-\uffff]/.test(sql.charAt(end)) ? ' ' : '';
  return `${before}${number}${after}`;
}

function applyEdits(sql: string, edits: readonly Edit[]): string {
  let result = '';
  let from = 0;
  for (const { start, end, replacement } of edits) {
    result += sql.slice(from, start) + replacement;
    from = end;
  }
  return result + sql.slice(from);
}

function mapBack(sql: string, edits: readonly Edit[]): (offset: number) => number {
  return (offset) => {
    let shift = 0;
    for (const { start, end, replacement } of edits) {
      const numberedStart = start - shift;
      if (offset < numberedStart) break;
      // inside a replacement every place is the placeholder's start
      if (offset < numberedStart + replacement.length) return start;
      shift += end - start - replacement.length;
    }
    return Math.min(Math.max(offset + shift, 0), sql.length);
  };
}
