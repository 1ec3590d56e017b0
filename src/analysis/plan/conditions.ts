// Takes a deparsed condition ("Filter", "Join Filter") apart into what is compared with what, without parsing SQL: PostgreSQL
// prints every operand that is an expression of its own in parentheses, so a look at the outermost level is enough.

export interface Comparison {
  left: string;
  /** As printed: "=", ">=", "~~" (LIKE). */
  operator: string;
  right: string;
}

export interface ColumnReference {
  /** Alias of the relation; null where the server left it out (one relation, no VERBOSE). */
  alias: string | null;
  column: string;
}

const filler = '\u0001';

/** The text with all that is quoted or in brackets filled up, so that only the outermost level is left to be searched. */
function maskNested(text: string): string {
  let masked = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') {
      const start = at;
      const escapes = character === "'" && /[eE]/.test(text.charAt(at - 1)) && !/\w/.test(text.charAt(at - 2));
      for (at++; at < text.length; at++) {
        if (escapes && text.charAt(at) === '\\') at++;
        else if (text.charAt(at) === character && text.charAt(at + 1) === character) at++;
        else if (text.charAt(at) === character) break;
      }
      masked += filler.repeat(Math.min(at, text.length - 1) - start + 1);
    } else {
      if (character === '(' || character === '[') depth++;
      masked += depth === 0 ? character : filler;
      if (character === ')' || character === ']') depth--;
    }
  }
  return masked;
}

/** Without the parentheses around the whole of it. */
function withoutOuter(text: string): string {
  let inner = text.trim();
  while (inner.startsWith('(') && inner.endsWith(')')) {
    const content = inner.slice(1, -1);
    // "(a) AND (b)" has no parentheses around the whole
    let depth = 0;
    const masked = content.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
    for (const character of masked) {
      if (character === '(') depth++;
      else if (character === ')') depth--;
      if (depth < 0) return inner;
    }
    inner = content.trim();
  }
  return inner;
}

function splitAt(text: string, word: string): string[] {
  const inner = withoutOuter(text);
  const masked = maskNested(inner);
  const parts: string[] = [];
  let start = 0;
  for (let at = masked.indexOf(word); at !== -1; at = masked.indexOf(word, start)) {
    parts.push(inner.slice(start, at));
    start = at + word.length;
  }
  return [...parts, inner.slice(start)];
}

/** The conditions that all have to be true. */
export function findConjuncts(condition: string): string[] {
  const parts = splitAt(condition, ' AND ');
  return parts.length === 1 ? [withoutOuter(condition)] : parts.flatMap(findConjuncts);
}

/** The conditions of which one has to be true; a single one when there is no OR. */
export function findAlternatives(condition: string): string[] {
  return splitAt(condition, ' OR ').map(withoutOuter);
}

const operator = / (=|<>|<=|>=|<|>|~~\*?|!~~\*?|~\*?|@>|<@|&&) /;

/** Null for what compares nothing (IS NULL, a boolean column, NOT ...). */
export function toComparison(condition: string): Comparison | null {
  const inner = withoutOuter(condition);
  const masked = maskNested(inner);
  const found = operator.exec(masked);
  if (found === null || masked.startsWith('NOT ')) return null;
  return {
    left: inner.slice(0, found.index),
    operator: found[1] ?? '',
    right: inner.slice(found.index + found[0].length),
  };
}

export function findComparisons(condition: string): Comparison[] {
  return findConjuncts(condition).flatMap((part) => {
    const comparison = toComparison(part);
    return comparison === null ? [] : [comparison];
  });
}

const name = String.raw`(?:"(?:[^"]|"")+"|[a-z_][\w$]*)`;
const reference = new RegExp(`^(?:(${name})\\.)?(${name})$`);
const unquote = (text: string) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);

/** Null for what is no plain column. */
export function toColumnReference(operand: string): ColumnReference | null {
  const found = reference.exec(operand.trim());
  if (found?.[2] === undefined || /^(?:true|false|null|current_\w+|localtime\w*|session_user|user)$/i.test(found[2]))
    return null;
  return { alias: found[1] === undefined ? null : unquote(found[1]), column: unquote(found[2]) };
}

/** "(total)::numeric" as the column and the type; null for what is no cast of a plain column. */
export function toCastColumn(operand: string): (ColumnReference & { type: string }) | null {
  const found = /^\(([^()]+)\)::([a-z][\w ]*(?:\(\d+(?:,\d+)?\))?(?:\[\])?)$/.exec(operand.trim());
  const column = found?.[1] === undefined ? null : toColumnReference(found[1]);
  return column === null || found?.[2] === undefined ? null : { ...column, type: found[2] };
}

/** Aliases before a dot in an expression, literals left out. */
export function findAliases(expression: string): Set<string> {
  const plain = expression.replace(/'(?:[^']|'')*'/g, "''");
  const found = new Set<string>();
  for (const [, alias = ''] of plain.matchAll(new RegExp(`(?<![\\w$."])(${name})\\.${name}(?!\\w*\\()`, 'g'))) {
    found.add(unquote(alias));
  }
  return found;
}

/** A literal or a parameter, with or without a cast: the same value for every row. */
export function isConstant(operand: string): boolean {
  return /^\(?(?:[eE]?'|-?\d|\$\d+\b|true$|false$|CURRENT_|now\(\)|\(?(?:InitPlan|\$)|ANY \('|'\{)/.test(
    operand.trim(),
  );
}
