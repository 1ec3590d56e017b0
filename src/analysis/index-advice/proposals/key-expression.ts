// The text of a part of a printed expression, as CREATE INDEX takes it. The grammar says where an operator stands, the
// server's own parentheses say how far its sides reach, and the scan's alias is taken away: an index knows columns only.
import { quoteName } from '../../sql/identifiers';

/** Literals, quoted names, plain names and numbers, parentheses; the rest is of no matter. */
const tokens =
  /[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[()]|\d[\w.]*|\./g;

const isName = (text: string) => /^["A-Za-z_\u0080-\uffff]/.test(text) && !/^[eE]'/.test(text);
export const unquote = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);

/** The innermost pair of parentheses around a place; the places of what is between them. */
export function findEnclosed(sql: string, at: number): { start: number; end: number } | null {
  const open: number[] = [];
  for (const { 0: token, index } of sql.matchAll(tokens)) {
    if (token === '(') open.push(index);
    if (token !== ')') continue;
    const start = open.pop();
    if (start !== undefined && start < at && index > at) return { start: start + 1, end: index };
  }
  return null;
}

export interface Reference {
  alias: string;
  column: string;
  start: number;
  end: number;
}

/** Columns with their aliases in a printed expression: o.total, "userSessions"."userId". */
export function findReferences(text: string): Reference[] {
  const found: Reference[] = [];
  const all = [...text.matchAll(tokens)];
  for (const [position, { 0: alias, index: start }] of all.entries()) {
    const [dot, name, next] = [all[position + 1], all[position + 2], all[position + 3]];
    if (!isName(alias) || dot?.[0] !== '.' || name === undefined) continue;
    if (dot.index !== start + alias.length || name.index !== dot.index + 1 || !isName(name[0])) continue;
    const end = name.index + name[0].length;
    // schema.function(...)
    if (next?.[0] === '(' && next.index === end) continue;
    found.push({ alias: unquote(alias), column: unquote(name[0]), start, end });
  }
  return found;
}

/** Columns of a plan that reads one table only are printed without it: the same text with the alias. */
export function addAlias(text: string, alias: string, columns: ReadonlySet<string>): string {
  const all = [...text.matchAll(tokens)];
  let result = '';
  let from = 0;
  for (const [position, { 0: name, index }] of all.entries()) {
    const [before, next] = [text.slice(Math.max(0, index - 2), index), all[position + 1]];
    const isColumn = isName(name) && columns.has(unquote(name));
    if (
      !isColumn ||
      before.endsWith('.') ||
      before === '::' ||
      (next?.[0] === '(' && next.index === index + name.length)
    )
      continue;
    result += `${text.slice(from, index)}${quoteName(alias)}.`;
    from = index;
  }
  return result + text.slice(from);
}

/** Whether the text is one pair of parentheses with all of it inside, or one call. */
function isParenthesized(text: string): boolean {
  if (!text.startsWith('(')) return false;
  const inside = findEnclosed(text, 1);
  return inside?.start === 1 && inside.end === text.length - 1;
}

/** With other aliases; null takes one away, with its dot. */
export function replaceAliases(text: string, toAlias: (alias: string) => string | null): string {
  let result = '';
  let from = 0;
  for (const { alias, start, end } of findReferences(text)) {
    const written = text.slice(start, end);
    const aliasLength = written.startsWith('"') ? alias.replaceAll('"', '""').length + 2 : alias.length;
    const name = toAlias(alias);
    const column = written.slice(aliasLength + 1);
    result += text.slice(from, start) + (name === null ? column : `${quoteName(name)}.${column}`);
    from = end;
  }
  return result + text.slice(from);
}

/** Without aliases. */
export function withoutAliases(text: string): string {
  return replaceAliases(text, () => null).trim();
}

/** An expression as a key of an index. */
export function toExpressionKey(text: string): string {
  const bare = withoutAliases(text);
  return isParenthesized(bare) ? bare : `(${bare})`;
}
