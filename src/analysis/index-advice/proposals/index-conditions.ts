// What an index of any kind could serve in a printed condition: comparisons of columns and of expressions, patterns, what
// jsonb, arrays, ranges and full text are asked for, and conditions that a partial index could be made for. Reads wider than
// plan-conditions.ts, which knows only what plain B-trees on columns serve and statistics can price.
import type { A_Expr, Node } from '@pgsql/types';
import { asColumnRef, toNames, visitTree } from '../../sql/parse-tree';
import { quoteName } from '../../sql/identifiers';
import type { SqlParser } from '../../sql/sql-parser';
import { findEnclosed, findReferences, toExpressionKey, withoutAliases } from './key-expression';
import {
  parseConjuncts,
  readCondition,
  subPlanFunction,
  toComparedColumn,
  toValue,
  type ColumnCondition,
  type ComparedValue,
  type ParsedCondition,
} from './plan-conditions';

export type ConditionUse =
  /** Served by a B-tree: = and IN, bounds, IS NULL. */
  | 'equality'
  | 'range'
  | 'is-null'
  /** LIKE 'abc%'; any other pattern is for trigrams. */
  | 'prefix'
  | 'pattern'
  /** Served by GIN or GiST, whichever the type has. */
  | 'element'
  /** Only a reason for a partial index. */
  | 'partial';

export interface IndexCondition {
  use: ConditionUse;
  alias: string;
  /** A column (quoted where needed) or a parenthesized expression, as CREATE INDEX takes it. */
  key: string;
  /** Null for an expression. */
  column: string | null;
  /** What the server casts the column to before it compares; null without a cast. */
  castTo: string | null;
  /** The cast column as a key, for where the cast computes another value than the one in the column; null without one. */
  castKey: string | null;
  operator: string;
  /** Null where nothing is compared. */
  value: ComparedValue | null;
  /** For what statistics can say; null for others. */
  columnCondition: ColumnCondition | null;
  /** As printed. */
  text: string;
  /** Functions in the key and in what it is compared with. */
  keyFunctions: readonly string[];
  /** As the WHERE of a partial index; null when its value is not the same in every call. */
  predicate: string | null;
  /** One of several that are ORed; an index for each of them is needed. */
  isAlternative: boolean;
}

const elementOperators = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@?', '@@', '-|-', '<<', '>>']);
const patternOperators = new Set(['~~', '~~*', '~', '~*']);
const bounds = new Set(['<', '<=', '>', '>=']);
const commuted: Readonly<Record<string, string>> = {
  '@>': '<@',
  '<@': '@>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};
const symmetric = new Set(['=', '&&', '@@', '<', '<=', '>', '>=', '@>', '<@']);

interface Side {
  text: string;
  alias: string;
  key: string;
  column: string | null;
  castTo: string | null;
  castKey: string | null;
  functions: readonly string[];
}

/** What could be the key of an index: an expression of columns of one table, or such a column. */
function readSide(node: Node, text: string): Side | null {
  const references = findReferences(text);
  const [first] = references;
  if (first === undefined || references.some(({ alias }) => alias !== first.alias)) return null;
  const { functions } = toValue(node, false);
  if (functions.includes(subPlanFunction) || /\$\d/.test(text)) return null;
  const { alias } = first;
  const none = { castTo: null, castKey: null };
  if ('CollateClause' in node && asColumnRef(node.CollateClause.arg) !== null) {
    const collation = toNames(node.CollateClause.collname).map(quoteName).join('.');
    return { text, alias, key: `${quoteName(first.column)} COLLATE ${collation}`, column: null, ...none, functions };
  }
  const compared = toComparedColumn(node);
  if (compared === null) return { text, alias, key: toExpressionKey(text), column: null, ...none, functions };
  const { column, castTo } = compared;
  const castKey = castTo === null ? null : toExpressionKey(text);
  return { text, alias, key: quoteName(column), column, castTo, castKey, functions };
}

/** Without parameters and other tables' columns, so that it is the same whenever the statement runs. */
function toPredicate(text: string, value: ComparedValue | null): string | null {
  return value?.constants !== null ? withoutAliases(text) : null;
}

function toPrefixUse(operator: string, value: ComparedValue): ConditionUse {
  const [pattern] = value.constants ?? [];
  return operator === '~~' && pattern !== undefined && /^[^%_\\]/.test(pattern) ? 'prefix' : 'pattern';
}

function toUse(operator: string, isArray: boolean, value: ComparedValue): ConditionUse | null {
  if (operator === '=') return 'equality';
  if (isArray) return null;
  if (bounds.has(operator)) return 'range';
  if (operator === '^@') return 'prefix';
  if (patternOperators.has(operator)) return toPrefixUse(operator, value);
  return elementOperators.has(operator) ? 'element' : null;
}

function readComparison(
  expression: A_Expr,
  { sql, toOffset }: ParsedCondition,
): Omit<IndexCondition, 'isAlternative'>[] {
  const { kind, name, lexpr, rexpr, location } = expression;
  const isArray = kind === 'AEXPR_OP_ANY';
  // OPERATOR(schema.name) is printed for operators outside the search path
  const operator = toNames(name).at(-1);
  if (lexpr === undefined || rexpr === undefined || operator === undefined || (kind !== 'AEXPR_OP' && !isArray))
    return [];
  const at = toOffset(location ?? 0);
  const enclosed = findEnclosed(sql, at);
  if (enclosed === null) return [];
  const written = sql.startsWith('OPERATOR(', at) ? sql.slice(at, sql.indexOf(')', at) + 1) : operator;
  const text = `(${sql.slice(enclosed.start, enclosed.end)})`;
  const sides = [
    { node: lexpr, other: rexpr, operator, text: sql.slice(enclosed.start, at) },
    ...(isArray || !symmetric.has(operator)
      ? []
      : [
          {
            node: rexpr,
            other: lexpr,
            operator: commuted[operator] ?? operator,
            text: sql.slice(at + written.length, enclosed.end),
          },
        ]),
  ];
  return sides.flatMap((each) => {
    const side = readSide(each.node, each.text.trim());
    const value = toValue(each.other, isArray);
    if (side === null || value.aliases.has(side.alias) || value.functions.includes(subPlanFunction)) return [];
    const use = toUse(each.operator, isArray, value);
    if (use === null) return [];
    const { alias, key, column, castTo, castKey, functions: keyFunctions } = side;
    const predicate = toPredicate(text, value);
    return [
      {
        use,
        alias,
        key,
        column,
        castTo,
        castKey,
        operator: each.operator,
        value,
        columnCondition: null,
        text,
        keyFunctions,
        predicate,
      },
    ];
  });
}

function readOne(node: Node, parsed: ParsedCondition): Omit<IndexCondition, 'isAlternative'>[] {
  const plain = readCondition(node);
  const compared = 'A_Expr' in node ? readComparison(node.A_Expr, parsed) : [];
  if (plain.length > 0) {
    return plain.map((columnCondition) => {
      const { column, operator, value } = columnCondition;
      const found = compared.find((each) => each.alias === column.alias && each.column === column.column);
      const text = found?.text ?? textOf(node, parsed);
      const use = operator === 'equality' ? 'equality' : operator === 'is-null' ? 'is-null' : 'range';
      const predicate = toPredicate(text, operator === 'is-null' ? null : value);
      const key = quoteName(column.column);
      return {
        ...{ use, alias: column.alias, key, column: column.column, operator: found?.operator ?? '=' },
        ...{ castTo: column.castTo, castKey: found?.castKey ?? null },
        ...{ value, columnCondition, text, keyFunctions: [], predicate },
      } as const;
    });
  }
  if (compared.length > 0) return compared;
  return readPartialOnly(node, parsed);
}

/** IS NOT NULL, IS TRUE and <> to a constant find too many rows to look them up; as a condition of an index they serve. */
function readPartialOnly(node: Node, parsed: ParsedCondition): Omit<IndexCondition, 'isAlternative'>[] {
  const isUnequal = 'A_Expr' in node && toNames(node.A_Expr.name).at(-1) === '<>';
  if (!('NullTest' in node || 'BooleanTest' in node || isUnequal)) return [];
  const text = textOf(node, parsed);
  const references = findReferences(text);
  const [first] = references;
  const changing: string[] = [];
  visitTree(node, (type) => {
    if (type === 'ParamRef' || type === 'FuncCall' || type === 'SubLink') changing.push(type);
  });
  if (first === undefined || references.length > 1 || changing.length > 0) return [];
  const { alias, column } = first;
  return [
    {
      ...{ use: 'partial', alias, key: quoteName(column), column, castTo: null, castKey: null, operator: '' },
      ...{ value: null, columnCondition: null, text, keyFunctions: [], predicate: withoutAliases(text) },
    },
  ];
}

/** The condition with its parentheses; a boolean column by itself has none. */
function textOf(node: Node, { sql, toOffset }: ParsedCondition): string {
  const [located] = Object.values(node) as { location?: number }[];
  const at = toOffset(located?.location ?? 0);
  const column = asColumnRef(node);
  if (column !== null) return toNames(column.fields).map(quoteName).join('.');
  const enclosed = findEnclosed(sql, at);
  return enclosed === null ? sql.slice('SELECT '.length) : `(${sql.slice(enclosed.start, enclosed.end)})`;
}

export function readIndexConditions(parser: SqlParser, expression: string): IndexCondition[] {
  const parsed = parseConjuncts(parser, expression);
  if (parsed === null) return [];
  return parsed.conjuncts.flatMap((node) => {
    if ('BoolExpr' in node && node.BoolExpr.boolop === 'OR_EXPR') {
      const arms = (node.BoolExpr.args ?? []).map((arm) => readArm(arm, parsed));
      return arms.every((arm) => arm.length > 0) ? arms.flat() : [];
    }
    return readOne(node, parsed).map((condition) => ({ ...condition, isAlternative: false }));
  });
}

/** One side of an OR may itself be several conditions; which of them is looked up by is the planner's choice. */
function readArm(arm: Node, parsed: ParsedCondition): IndexCondition[] {
  const nodes = 'BoolExpr' in arm && arm.BoolExpr.boolop === 'AND_EXPR' ? (arm.BoolExpr.args ?? []) : [arm];
  return nodes
    .flatMap((node) => readOne(node, parsed))
    .map((condition) => ({ ...condition, predicate: null, isAlternative: true }));
}
