// Reads the conditions and sort keys that EXPLAIN (VERBOSE) prints. The server has resolved every name in them: views are
// expanded, search_path and unqualified columns are settled, row security is added, and each column carries the alias of
// its scan. So the parser is asked for the shape of an expression only, and nothing here guesses what a name means.
import type { A_Expr, ColumnRef, Node, TypeCast } from '@pgsql/types';
import { asColumnRef, asConst, toNames, unwrap, visitTree } from '../../sql/parse-tree';
import { quoteName } from '../../sql/identifiers';
import type { SqlParser } from '../../sql/sql-parser';
import { findReferences, toExpressionKey } from './key-expression';

export interface PlanColumn {
  alias: string;
  column: string;
}

export interface ComparedColumn extends PlanColumn {
  /** What the server casts the column to before it compares: a type's name; null without a cast. */
  castTo: string | null;
}

/** The other side of a comparison. */
export interface ComparedValue {
  /** Aliases of columns in it. */
  aliases: ReadonlySet<string>;
  /** The one column it is, when it is nothing else: a join. */
  column: ComparedColumn | null;
  /** Names of functions in it. */
  functions: readonly string[];
  /** Texts of constants; null when it is not only constants (parameters, expressions). */
  constants: readonly string[] | null;
  /** How many values: 1, or the members of IN (...). */
  count: number;
}

export interface ColumnCondition {
  column: ComparedColumn;
  operator: 'equality' | 'lower-bound' | 'upper-bound' | 'is-null';
  value: ComparedValue;
}

export interface SortKey extends PlanColumn {
  descending: boolean;
  nullsFirst: boolean;
}

export interface PlanConditions {
  /** Those that are ANDed and compare a column in a way that a B-tree can serve. */
  usable: readonly ColumnCondition[];
  /** How many others there are (OR, <>, functions of columns, LIKE ...). */
  otherCount: number;
}

/** Stands for what a SubPlan returns, which is no SQL. */
export const subPlanFunction = 'pg_insight_subplan';

/** What `ANY ($1)` is planned for when the array's length is not known (selfuncs.c, estimate_array_length). */
const unknownArrayLength = 10;

const nothing: ComparedValue = { aliases: new Set(), column: null, functions: [], constants: null, count: 1 };

/**
 * What an InitPlan returns is one value, known before the scan begins, as a parameter's; what a SubPlan returns depends on
 * the row. From 17 a sublink is printed around it: (ANY (o.id = (hashed SubPlan 1).col1)).
 */
function toSql(expression: string): string {
  return expression
    .replace(/\(InitPlan \d+\)(?:\.col\d+)?/g, '$$1')
    .replace(/\((?:hashed )?SubPlan \d+\)(?:\.col\d+)?/g, `${subPlanFunction}()`)
    .replace(/\((?:ANY|ALL) \(/g, '((');
}

function parseExpression(parser: SqlParser, sql: string): Node | null {
  const parse = parser.parse(sql);
  if (parse.confidence !== 'full') return null;
  const select = unwrap(parse.tree.stmts?.[0]?.stmt);
  return select?.type === 'SelectStmt' ? (parse.tree.stmts?.[0]?.stmt ?? null) : null;
}

function toPlanColumn(reference: ColumnRef | null): PlanColumn | null {
  const names = toNames(reference?.fields);
  const [alias, column] = names;
  return names.length === 2 && alias !== undefined && column !== undefined ? { alias, column } : null;
}

function typeOf(cast: TypeCast): string {
  return toNames(cast.typeName?.names).at(-1) ?? '';
}

export function toComparedColumn(node: Node | undefined): ComparedColumn | null {
  if (node !== undefined && 'TypeCast' in node) {
    const column = toPlanColumn(asColumnRef(node.TypeCast.arg));
    const isArray = node.TypeCast.typeName?.arrayBounds !== undefined;
    return column === null ? null : { ...column, castTo: typeOf(node.TypeCast) + (isArray ? '[]' : '') };
  }
  const column = toPlanColumn(asColumnRef(node));
  return column === null ? null : { ...column, castTo: null };
}

/** Members of '{a,b}', as an array constant is printed; null when a member is quoted, which no name or number is. */
function toArrayMembers(text: string): string[] | null {
  const inner = /^\{([^{}"\\]*)\}$/.exec(text)?.[1];
  return inner === undefined ? null : inner === '' ? [] : inner.split(',');
}

/** A constant's text as pg_stats prints the same value; null for NULL and for what is no constant. */
function constantText(node: Node | undefined): string | null {
  if (node !== undefined && 'TypeCast' in node) return constantText(node.TypeCast.arg);
  const constant = asConst(node);
  if (constant === null) return null;
  if (constant.sval !== undefined) return constant.sval.sval ?? '';
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0);
  if (constant.fval !== undefined) return constant.fval.fval ?? '';
  if (constant.boolval !== undefined) return constant.boolval.boolval === true ? 't' : 'f';
  return null;
}

function toConstants(node: Node, isArray: boolean): string[] | null {
  if (isArray && 'A_ArrayExpr' in node) {
    const texts = (node.A_ArrayExpr.elements ?? []).map(constantText);
    return texts.every((text) => text !== null) ? texts : null;
  }
  const text = constantText(node);
  if (text === null) return null;
  return isArray ? toArrayMembers(text) : [text];
}

export function toValue(node: Node, isArray: boolean): ComparedValue {
  const aliases = new Set<string>();
  const functions: string[] = [];
  visitTree(node, (type, fields) => {
    if (type === 'ColumnRef') {
      const names = toNames(fields['fields']);
      aliases.add(names.length === 2 ? (names[0] ?? '') : '');
    }
    if (type === 'FuncCall') functions.push(toNames(fields['funcname']).at(-1) ?? '');
  });
  const constants = toConstants(node, isArray);
  const elements = 'A_ArrayExpr' in node ? (node.A_ArrayExpr.elements?.length ?? 0) : null;
  const count = isArray ? Math.max(1, elements ?? constants?.length ?? unknownArrayLength) : 1;
  return { aliases, column: toComparedColumn(node), functions, constants, count };
}

const operators: Readonly<Record<string, ColumnCondition['operator']>> = {
  '=': 'equality',
  '<': 'upper-bound',
  '<=': 'upper-bound',
  '>': 'lower-bound',
  '>=': 'lower-bound',
};

function commute(operator: ColumnCondition['operator']): ColumnCondition['operator'] {
  if (operator === 'lower-bound') return 'upper-bound';
  return operator === 'upper-bound' ? 'lower-bound' : operator;
}

function hasCollation(node: Node): boolean {
  let found = false;
  visitTree(node, (type) => {
    found ||= type === 'CollateClause';
  });
  return found;
}

/** A comparison of two columns has two readings: each of them may be the one that is looked up. */
function readComparison(expression: A_Expr): ColumnCondition[] {
  const { kind, name, lexpr, rexpr } = expression;
  const [word = '', ...qualified] = toNames(name);
  const operator = qualified.length === 0 ? operators[word] : undefined;
  if (operator === undefined || lexpr === undefined || rexpr === undefined) return [];
  // an index of the column's own collation can't serve another one
  if (hasCollation(lexpr) || hasCollation(rexpr)) return [];
  const isArray = kind === 'AEXPR_OP_ANY';
  if (kind !== 'AEXPR_OP' && !(isArray && operator === 'equality')) return [];
  const left = toComparedColumn(lexpr);
  const right = isArray ? null : toComparedColumn(rexpr);
  return [
    ...(left === null ? [] : [{ column: left, operator, value: toValue(rexpr, isArray) }]),
    ...(right === null ? [] : [{ column: right, operator: commute(operator), value: toValue(lexpr, false) }]),
  ];
}

/** The readings of one condition that a B-tree on a column can serve; empty for others. */
export function readCondition(node: Node): ColumnCondition[] {
  if ('A_Expr' in node) return readComparison(node.A_Expr);
  if ('NullTest' in node && node.NullTest.nulltesttype === 'IS_NULL') {
    const column = toComparedColumn(node.NullTest.arg);
    return column === null ? [] : [{ column, operator: 'is-null', value: nothing }];
  }
  // a boolean column by itself: WHERE active, WHERE NOT active
  const isNot = 'BoolExpr' in node && node.BoolExpr.boolop === 'NOT_EXPR';
  const column = toPlanColumn(asColumnRef(isNot ? node.BoolExpr.args?.[0] : node));
  if (column === null) return [];
  const value = { ...nothing, constants: [isNot ? 'f' : 't'] };
  return [{ column: { ...column, castTo: null }, operator: 'equality', value }];
}

function toConjuncts(node: Node): Node[] {
  if (!('BoolExpr' in node) || node.BoolExpr.boolop !== 'AND_EXPR') return [node];
  return (node.BoolExpr.args ?? []).flatMap(toConjuncts);
}

/** A condition as printed, with the text that was parsed: places of nodes are places in it. */
export interface ParsedCondition {
  sql: string;
  toOffset: (byteOffset: number) => number;
  /** ANDed. */
  conjuncts: readonly Node[];
}

/** Conditions of a "Filter", "Hash Cond" ... as printed, or another expression; null when it can't be parsed. */
export function parseConjuncts(parser: SqlParser, expression: string): ParsedCondition | null {
  const sql = `SELECT ${toSql(expression)}`;
  const parse = parser.parse(sql);
  if (parse.confidence !== 'full') return null;
  const statement = parse.tree.stmts?.[0]?.stmt;
  const target =
    statement !== undefined && 'SelectStmt' in statement ? statement.SelectStmt.targetList?.[0] : undefined;
  const root = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
  return root === undefined ? null : { sql, toOffset: parse.toOffset, conjuncts: toConjuncts(root) };
}

/** What can't be parsed counts as one that no index serves. */
export function readPlanConditions(parser: SqlParser, expression: string): PlanConditions {
  const parsed = parseConjuncts(parser, expression);
  if (parsed === null) return { usable: [], otherCount: 1 };
  const read = parsed.conjuncts.map(readCondition);
  return { usable: read.flat(), otherCount: read.filter((each) => each.length === 0).length };
}

function parseSortBy(parser: SqlParser, key: string) {
  const sql = `SELECT 1 ORDER BY ${toSql(key)}`;
  const statement = parseExpression(parser, sql);
  const item = statement !== null && 'SelectStmt' in statement ? statement.SelectStmt.sortClause?.[0] : undefined;
  if (item === undefined || !('SortBy' in item) || item.SortBy.sortby_dir === 'SORTBY_USING') return null;
  const descending = item.SortBy.sortby_dir === 'SORTBY_DESC';
  const nulls = item.SortBy.sortby_nulls;
  const nullsFirst = nulls === 'SORTBY_NULLS_FIRST' || (nulls !== 'SORTBY_NULLS_LAST' && descending);
  return { node: item.SortBy.node, descending, nullsFirst };
}

/** One key of a "Sort Key" list; null when it is no plain column. */
export function readSortKey(parser: SqlParser, key: string): SortKey | null {
  const item = parseSortBy(parser, key);
  const column = toPlanColumn(asColumnRef(item?.node));
  return item === null || column === null
    ? null
    : { ...column, descending: item.descending, nullsFirst: item.nullsFirst };
}

const orderWords = /(?: COLLATE "(?:[^"]|"")*")?(?: (?:ASC|DESC))?(?: NULLS (?:FIRST|LAST))?$/;

/** The same as an index has it, of expressions too; null where a subquery is in it. */
export function readOrderKey(
  parser: SqlParser,
  key: string,
): { key: string; descending: boolean; nullsFirst: boolean } | null {
  const item = parseSortBy(parser, key);
  if (item === null || key.includes('SubPlan') || key.includes('InitPlan') || /\$\d/.test(key)) return null;
  const { descending, nullsFirst } = item;
  const column = toPlanColumn(asColumnRef(item.node));
  if (column !== null) return { key: quoteName(column.column), descending, nullsFirst };
  const words = orderWords.exec(key)?.[0] ?? '';
  const collation = / COLLATE "(?:[^"]|"")*"/.exec(words)?.[0] ?? '';
  const expression = key.slice(0, key.length - words.length);
  const [only, ...others] = findReferences(expression);
  const isColumn = only?.start === 0 && only.end === expression.length && others.length === 0;
  return { key: (isColumn ? quoteName(only.column) : toExpressionKey(expression)) + collation, descending, nullsFirst };
}
