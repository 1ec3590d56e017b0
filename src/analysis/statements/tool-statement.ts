// Statements that tools send rather than applications: PG Insight's own above all, which pg_stat_statements counts like any
// other. In the figures of a workload they would make the mean look better and the shares of the load smaller than they are.
// Only what is certain counts as one: a statement of an application that is hidden is worse than one of a tool that shows.
import { formatQuantity } from '../format/numbers';
import { lexSql } from '../sql/lex-sql';

/** Behind each of PG Insight's catalogue queries. pg_stat_statements keeps comments; those before a statement not from 18 on. */
export const ownQueryMark = '/* PG Insight */';

/** White space, comments and parentheses before the first word. */
const start = String.raw`^(?:\s|\(|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*`;

/** Beginning and abandoning transactions, setting up a session, showing a plan: no work. COMMIT waits for disks: it is some. */
const controlStatement = new RegExp(
  String.raw`${start}(?:begin|start\s+transaction|rollback(?!\s+prepared)|abort|savepoint|release|set|show|reset|explain|deallocate)\b`,
  'is',
);
const sessionFunction = new RegExp(String.raw`${start}select\s+pg_catalog\.(?:set_config|pg_backend_pid)\s*\(`, 'is');

/** A hidden text (null) may be anyone's, and counts as an application's. */
export function isToolStatement(text: string | null): boolean {
  if (text === null) return false;
  return (
    text.trimEnd().endsWith(ownQueryMark) ||
    controlStatement.test(text) ||
    sessionFunction.test(text) ||
    readsCatalogueOnly(text)
  );
}

const query = new RegExp(String.raw`${start}(?:select|with)\b`, 'is');
const catalogueName = /\bpg_catalog\./i;
const statisticsView = /^pg_stat_statements(?:_info)?$/;
/** What may stand before a parenthesis without being a function of the user's. */
const grammarWord =
  /^(?:select|from|where|and|or|not|in|any|all|some|exists|case|when|then|else|on|as|materialized|join|using|lateral|union|intersect|except|by|having|over|filter|within|between|like|ilike|is|array|row|cast|coalesce|nullif|greatest|least|extract|substring|position|trim|overlay|operator|limit|offset|interval|values|count|sum|min|max|avg|unnest|array_agg|string_agg|generate_series|format_type|pg_\w+)$/;
/** Their FROM is no list of tables. */
const functionWithFrom = /^(?:extract|substring|trim|overlay)$/;
const endOfTables = /^(?:where|group|order|having|limit|offset|fetch|for|window|union|intersect|except)$/;

interface Scope {
  /** The word before its parenthesis. */
  opener: string;
  /** A table is named next. */
  expectsTable: boolean;
  /** A comma here is followed by another table. */
  inTables: boolean;
}

/** A query that names pg_catalog's relations or the views of pg_stat_statements, and no others, and calls no function of the user's. */
function readsCatalogueOnly(text: string): boolean {
  if (!query.test(text) || !catalogueName.test(text)) return false;
  const words: string[] = [];
  for (const token of lexSql(text)) {
    if (token.kind !== 'comment') words.push(text.slice(token.start, token.end).toLowerCase());
  }
  const named = new Set(
    words.filter((_, at) => words[at + 1] === 'as' && /^(?:\(|materialized|not)$/.test(words[at + 2] ?? '')),
  );
  const scopes: Scope[] = [{ opener: '', expectsTable: false, inTables: false }];
  let found = false;
  for (let at = 0; at < words.length; at++) {
    const [word = '', before = '', scope] = [words[at], words[at - 1], scopes.at(-1)];
    if (scope === undefined) return false;
    if (word === '(') {
      const isQualified = words[at - 2] === '.' && words[at - 3] === 'pg_catalog';
      if (/^[\w"]/.test(before) && !isQualified && !grammarWord.test(before) && !named.has(before)) return false;
      // a subquery, or tables in parentheses
      scopes.push({ opener: before, expectsTable: scope.expectsTable, inTables: scope.expectsTable });
      scope.expectsTable = false;
    } else if (word === ')') {
      scopes.pop();
    } else if (/^(?:insert|update|delete|merge|into)$/.test(word)) {
      return false;
    } else if (word === 'select' || word === 'with') {
      scope.expectsTable = false;
      scope.inTables = false;
    } else if ((word === 'from' && before !== 'distinct' && !functionWithFrom.test(scope.opener)) || word === 'join') {
      scope.expectsTable = true;
      scope.inTables = true;
    } else if (endOfTables.test(word)) {
      scope.inTables = false;
    } else if (word === ',' && scope.inTables) {
      scope.expectsTable = true;
    } else if (scope.expectsTable && word !== 'only' && word !== 'lateral') {
      scope.expectsTable = false;
      const [next, name = '', behind] = words.slice(at + 1, at + 4);
      // a function is looked at when its parenthesis comes
      if (next === '(' || (next === '.' && behind === '(')) continue;
      if (next === '.' && (word === 'pg_catalog' || statisticsView.test(name))) found = true;
      else if (!named.has(word) && !statisticsView.test(word)) return false;
    }
  }
  return found;
}

/** Null when there were none. */
export function describeToolStatements(count: number): string | null {
  if (count === 0) return null;
  return `${formatQuantity(count, 'statement')} of tools (catalogue queries, transaction control) ${count === 1 ? 'is' : 'are'} not counted.`;
}
