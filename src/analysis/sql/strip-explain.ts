// EXPLAIN that the user wrote before a statement: PG Insight adds its own, and keeps what was asked for.
import { lexSql, type SqlToken } from './lex-sql';

export interface StrippedStatement {
  /** The statement without EXPLAIN. */
  sql: string;
  /** UTF-16 offset of `sql` in the text that went in. */
  start: number;
  /** Null when there was no EXPLAIN. */
  explain: {
    analyze: boolean;
    /** As written, lower case: [["analyze", "true"], ["buffers", "off"]]. */
    options: [name: string, value: string][];
  } | null;
}

const oldOptions = new Set(['analyze', 'analyse', 'verbose']);
const falseValues = new Set(['false', 'off', '0']);

/** Takes `EXPLAIN`, `EXPLAIN ANALYZE VERBOSE` or `EXPLAIN (...)` off the front. */
export function stripExplain(text: string): StrippedStatement {
  const tokens = [...takeTokens(text)];
  const wordAt = (index: number) => {
    const token = tokens[index];
    return token === undefined ? '' : text.slice(token.start, token.end).toLowerCase();
  };
  if (wordAt(0) !== 'explain') return { sql: text, start: 0, explain: null };
  const options: [string, string][] = [];
  let index = 1;
  if (wordAt(1) === '(' && !/^(?:\(|select|values|with|table)$/.test(wordAt(2))) {
    index = 2;
    while (index < tokens.length && wordAt(index) !== ')') {
      const name = wordAt(index);
      const value = /^[,)]$/.test(wordAt(index + 1)) ? 'true' : wordAt(index + 1).replaceAll("'", '');
      options.push([name, value]);
      while (index < tokens.length && !/^[,)]$/.test(wordAt(index))) index += 1;
      if (wordAt(index) === ',') index += 1;
    }
    index += 1;
  } else {
    for (; oldOptions.has(wordAt(index)); index += 1) options.push([wordAt(index), 'true']);
  }
  const start = tokens[index]?.start ?? text.length;
  const analyze = options.findLast(([name]) => name === 'analyze' || name === 'analyse');
  return {
    sql: text.slice(start),
    start,
    explain: { analyze: analyze !== undefined && !falseValues.has(analyze[1]), options },
  };
}

/** More than any EXPLAIN has options; the statement itself need not be read. */
const prefixTokens = 100;

function* takeTokens(text: string): Generator<SqlToken, void> {
  let count = 0;
  for (const token of lexSql(text)) {
    if (token.kind === 'comment') continue;
    yield token;
    count += 1;
    if (count === prefixTokens) return;
  }
}
