// Looks at deparsed SQL in a plan's text: whether it is whole, and where its list breaks. Quotes and brackets are all that
// matters, since PostgreSQL prints every expression with both in pairs.

export interface SqlState {
  /** The quote that is still open: the text goes on after a line break that a literal or a name holds. */
  openQuote: '"' | "'" | null;
  /** Whether a backslash escapes, as in E'...'. */
  hasEscapes: boolean;
  /** Brackets that are open; below 0 once one too many was closed. */
  depth: number;
}

const start: SqlState = { openQuote: null, hasEscapes: false, depth: 0 };

/** Goes on from where the scan of the line before ended, and calls back for each comma outside of quotes and brackets. */
export function scanSql(sql: string, before: SqlState = start, onComma?: (offset: number) => void): SqlState {
  let { openQuote, hasEscapes, depth } = before;
  for (let at = 0; at < sql.length; at++) {
    const character = sql.charAt(at);
    if (openQuote !== null) {
      if (hasEscapes && character === '\\') at++;
      else if (character === openQuote) {
        // a doubled one is a part of the text
        if (sql.charAt(at + 1) === openQuote) at++;
        else openQuote = null;
      }
    } else if (character === "'" || character === '"') {
      openQuote = character;
      hasEscapes = character === "'" && /(?:^|\W)E$/.test(sql.slice(Math.max(0, at - 2), at));
    } else if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') {
      depth--;
      if (depth < 0) break;
    } else if (character === ',' && depth === 0) onComma?.(at);
  }
  return { openQuote, hasEscapes, depth };
}

/** The items of "a, (b, c), 'd, e'". */
export function splitSqlList(sql: string): string[] {
  const items: string[] = [];
  let from = 0;
  scanSql(sql, start, (comma) => {
    items.push(sql.slice(from, comma).trim());
    from = comma + 1;
  });
  items.push(sql.slice(from).trim());
  return items;
}
