// What a statement says by itself, before any catalogue is asked: what it does, and every name in it that may lead to
// code. Where PostgreSQL could read a name in two ways, both are listed.
import type {
  A_Expr,
  CaseExpr,
  ColumnRef,
  FuncCall,
  InsertStmt,
  LockingClause,
  Node,
  RangeVar,
  ResTarget,
  SelectStmt,
  SubLink,
  TypeName,
  UpdateStmt,
} from '@pgsql/types';
import {
  asColumnRef,
  asConst,
  asParamRef,
  toNames,
  unwrap,
  visitTree,
  type Fields,
  type VisitedNode,
} from './parse-tree';
import type { NamedRelation, SqlParser, SqlSyntaxError } from './sql-parser';

export interface QualifiedName {
  /** Null: found by the search path. */
  schema: string | null;
  name: string;
}

/** 'utility' is everything that EXPLAIN does not take. */
export type StatementKind =
  'select' | 'values' | 'insert' | 'update' | 'delete' | 'merge' | 'explain' | 'utility' | 'empty' | 'several';

/**
 * What is known of an operand's type without a catalogue. 'untyped' is a quoted literal, NULL or a parameter, which takes
 * whatever type the operator wants; 'row' is ROW(...) or a whole row, which becomes any composite type of like columns.
 */
export type OperandClass = 'none' | 'untyped' | 'number' | 'row' | 'any';

export interface FunctionUse extends QualifiedName {
  /** In order; null when they can't be told one by one (named, VARIADIC, WITHIN GROUP, special syntax). */
  arguments: OperandClass[] | null;
}

export interface OperatorUse extends QualifiedName {
  left: OperandClass;
  right: OperandClass;
}

/** A parameter that is compared with, or stored in, a column. */
export interface ColumnComparison {
  /** n of $n. */
  parameter: number;
  column: string;
  /** Where the column may be: one relation when it is qualified, else all of the statement. */
  relations: QualifiedName[];
}

export interface StatementFacts {
  kind: StatementKind;
  /** "CREATE TABLE AS" ...: what a utility statement is, as far as it is known. */
  command: string;
  /** INSERT, UPDATE, DELETE and MERGE, those in CTEs too. */
  writes: { verb: 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE'; relation: QualifiedName }[];
  /** "FOR UPDATE" ..., in order. */
  lockingClauses: string[];
  /** SELECT ... INTO makes a table. */
  selectsInto: boolean;
  relations: QualifiedName[];
  functions: FunctionUse[];
  /**
   * Last names of x.name: PostgreSQL takes them for a function call or a cast when x is a row without such a column. Where x
   * may be no row at all, the name is among `functions` too.
   */
  attributes: string[];
  operators: OperatorUse[];
  /** Types named in casts and column definitions. */
  types: QualifiedName[];
  /** Every name that may be a column's. */
  names: string[];
  /** True when all columns of a relation may take part: *, whole rows, NATURAL JOIN, renamed columns. */
  usesWholeRows: boolean;
  /** Highest n of $n; 0 without parameters. */
  parameterCount: number;
  comparisons: ColumnComparison[];
  /** Types of nodes that this reader does not know: whatever they are, it can't be said to be harmless. */
  unknownNodes: string[];
}

export type StatementReading =
  | { understood: true; facts: StatementFacts }
  | { understood: false; why: 'syntax'; error: SqlSyntaxError }
  /** Only the fallback parser was there; the tables it found, for people to read. */
  | { understood: false; why: 'low-confidence'; relations: NamedRelation[] };

const knownNodes = new Set(
  (
    'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt String Integer Float Boolean BitString List A_Const A_Star A_Expr ' +
    'A_Indices A_Indirection A_ArrayExpr ColumnRef ParamRef FuncCall NamedArgExpr TypeCast TypeName CollateClause BoolExpr ' +
    'NullTest BooleanTest SubLink CaseExpr CaseWhen CoalesceExpr MinMaxExpr RowExpr SQLValueFunction XmlExpr XmlSerialize ' +
    'GroupingFunc GroupingSet CurrentOfExpr SetToDefault MultiAssignRef ResTarget SortBy WindowDef RangeVar RangeSubselect ' +
    'RangeFunction RangeTableSample RangeTableFunc RangeTableFuncCol JoinExpr CommonTableExpr CTESearchClause ' +
    'CTECycleClause LockingClause IndexElem MergeWhenClause MergeSupportFunc ReturningOption ColumnDef ' +
    'JsonScalarExpr JsonParseExpr JsonSerializeExpr JsonObjectConstructor JsonArrayConstructor JsonArrayQueryConstructor ' +
    'JsonObjectAgg JsonArrayAgg JsonFuncExpr JsonTable JsonTableColumn JsonTablePathSpec JsonIsPredicate JsonKeyValue ' +
    'JsonValueExpr JsonArgument JsonOutput JsonBehavior JsonFormat JsonReturning'
  ).split(' '),
);

/**
 * Syntax of newer majors that an older server reads as the call of an ordinary function of that name: on PostgreSQL 13
 * json_scalar(1) is whatever function somebody called so.
 */
const functionsOfSyntax: Record<string, readonly string[]> = {
  JsonScalarExpr: ['json_scalar'],
  JsonParseExpr: ['json'],
  JsonSerializeExpr: ['json_serialize'],
  JsonObjectConstructor: ['json_object'],
  JsonArrayConstructor: ['json_array'],
  JsonArrayQueryConstructor: ['json_array'],
  JsonObjectAgg: ['json_objectagg'],
  JsonArrayAgg: ['json_arrayagg'],
  JsonFuncExpr: ['json_exists', 'json_query', 'json_value'],
  JsonTable: ['json_table'],
  MergeSupportFunc: ['merge_action'],
};

/** The sampling methods of PostgreSQL itself; another one is an extension's function. */
const builtinSamplingMethods = new Set(['bernoulli', 'system']);

const lockNames: Partial<Record<string, string>> = {
  LCS_FORKEYSHARE: 'FOR KEY SHARE',
  LCS_FORSHARE: 'FOR SHARE',
  LCS_FORNOKEYUPDATE: 'FOR NO KEY UPDATE',
  LCS_FORUPDATE: 'FOR UPDATE',
};

const writeVerbs: Partial<Record<string, 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE'>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
};

/** Parses and reads one statement. */
export function readStatement(parser: SqlParser, sql: string): StatementReading {
  const parse = parser.parse(sql);
  switch (parse.confidence) {
    case 'none':
      return { understood: false, why: 'syntax', error: parse.error };
    case 'low':
      return { understood: false, why: 'low-confidence', relations: parse.relations };
    case 'full': {
      const statements = (parse.tree.stmts ?? []).map((each) => each.stmt);
      return { understood: true, facts: findStatementFacts(statements) };
    }
  }
}

function findStatementFacts(statements: readonly (Node | undefined)[]): StatementFacts {
  const root = unwrap(statements[0]);
  const reader = new StatementReader(findShownStars(root), findRowNames(statements), findCalledRowNames(statements));
  for (const statement of statements) visitTree(statement, reader.visit);
  const kind = statements.length > 1 ? 'several' : toKind(root?.type, root?.fields);
  return reader.finish(kind, toCommand(root?.type ?? ''));
}

/** The * of a plain SELECT's own list: its columns are sent to the client and are operands of nothing. */
function findShownStars(root: VisitedNode | null): ReadonlySet<Fields> {
  const stars = new Set<Fields>();
  if (root?.type !== 'SelectStmt') return stars;
  const { targetList, distinctClause, sortClause, groupClause } = root.fields as SelectStmt;
  // by their positions they may be sorted and grouped
  if (distinctClause !== undefined || sortClause !== undefined || groupClause !== undefined) return stars;
  for (const target of targetList ?? []) {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined;
    for (const field of asColumnRef(value)?.fields ?? []) {
      const node = unwrap(field);
      if (node?.type === 'A_Star') stars.add(node.fields);
    }
  }
  return stars;
}

function toKind(type: string | undefined, fields: Fields | undefined): StatementKind {
  switch (type) {
    case undefined:
      return 'empty';
    case 'SelectStmt':
      return fields?.['valuesLists'] === undefined ? 'select' : 'values';
    case 'InsertStmt':
      return 'insert';
    case 'UpdateStmt':
      return 'update';
    case 'DeleteStmt':
      return 'delete';
    case 'MergeStmt':
      return 'merge';
    case 'ExplainStmt':
      return 'explain';
    default:
      return 'utility';
  }
}

/** "CreateTableAsStmt" -> "CREATE TABLE AS". */
function toCommand(type: string): string {
  return type
    .replace(/Stmt$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
}

function toQualifiedName(names: readonly string[]): QualifiedName {
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? '' };
}

function toRelationName({ schemaname, relname }: Partial<RangeVar>): QualifiedName {
  return { schema: schemaname ?? null, name: relname ?? '' };
}

function addName(list: QualifiedName[], name: QualifiedName): void {
  if (!list.some((each) => each.schema === name.schema && each.name === name.name)) list.push(name);
}

/** A numeric literal; the grammar has put a sign into it. */
function isNumber(node: Node | undefined): boolean {
  const constant = asConst(node);
  return constant?.ival !== undefined || constant?.fval !== undefined;
}

function isUntyped(node: Node | undefined): boolean {
  if (node === undefined) return false;
  // 'x' COLLATE "C" still takes any type
  if ('CollateClause' in node) return isUntyped(node.CollateClause.arg);
  if ('TypeCast' in node) return toNames(node.TypeCast.typeName?.names).at(-1) === 'unknown';
  const constant = asConst(node);
  return asParamRef(node) !== null || constant?.sval !== undefined || constant?.isnull === true;
}

function classifyMembers(node: Node | undefined): OperandClass {
  if (node === undefined) return 'none';
  const members = toMembers(node);
  if (members.some(isUntyped)) return 'untyped';
  return members.every(isNumber) ? 'number' : 'any';
}

/** What is compared by itself: the members of IN (...), rows and the members of rows. */
function toParts(node: Node): Node[] {
  if ('List' in node) return (node.List.items ?? []).flatMap(toParts);
  if ('RowExpr' in node) return [node, ...(node.RowExpr.args ?? []).flatMap(toParts)];
  return [node];
}

function toMembers(node: Node): Node[] {
  return toParts(node).filter((part) => !('RowExpr' in part));
}

/** Names that stand for whole rows: of everything in FROM, also of calls there, which are named after the function. */
function findRowNames(statements: readonly unknown[]): ReadonlySet<string> {
  const names = new Set(['xmltable', 'json_table']);
  const visit = (type: string | null, fields: Fields): void => {
    for (const name of [fields['aliasname'], fields['relname']]) if (typeof name === 'string') names.add(name);
    if (type !== 'RangeFunction') return;
    visitTree(fields, (inner, call) => {
      const name = inner === 'FuncCall' ? toNames(call['funcname']).at(-1) : undefined;
      if (name !== undefined) names.add(name);
    });
  };
  for (const statement of statements) visitTree(statement, visit);
  return names;
}

/** Names of what FROM calls. Its result may be no row, and then name.f is f(result) whatever f takes. */
function findCalledRowNames(statements: readonly unknown[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (type: string | null, fields: Fields): void => {
    if (type !== 'RangeFunction') return;
    visitTree(fields, (inner, { aliasname, funcname }) => {
      if (typeof aliasname === 'string') names.add(aliasname);
      const name = inner === 'FuncCall' ? toNames(funcname).at(-1) : undefined;
      if (name !== undefined) names.add(name);
    });
  };
  for (const statement of statements) visitTree(statement, visit);
  return names;
}

/** The operators that an expression stands for. */
function toOperatorNames({ kind, name }: A_Expr): string[][] {
  const names = toNames(name);
  switch (kind) {
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return [['>='], ['<=']];
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return [['<'], ['>']];
    default:
      return [names];
  }
}

const comparedParameter = /^(?:=|<>|!=|<|>|<=|>=|~~|!~~|~~\*|!~~\*|BETWEEN|NOT BETWEEN|BETWEEN SYMMETRIC)$/;

/** What is inside lower(), upper(), a cast or COLLATE: the values compared are still like the column's. */
function peel(node: Node): Node {
  if ('TypeCast' in node && node.TypeCast.arg !== undefined) return peel(node.TypeCast.arg);
  if ('CollateClause' in node && node.CollateClause.arg !== undefined) return peel(node.CollateClause.arg);
  if (!('FuncCall' in node)) return node;
  const { funcname, args: [first, ...others] = [] } = node.FuncCall;
  const changesCase = /^(?:lower|upper)$/.test(toNames(funcname).at(-1) ?? '');
  return changesCase && first !== undefined && others.length === 0 ? peel(first) : node;
}

/** Parameters that stand for a value of the column: $1, $1::int, lower($1), ($1, $2), ARRAY[$1], ANY($1). */
function toParameters(outer: Node | undefined): number[] {
  if (outer === undefined) return [];
  const node = peel(outer);
  const parameter = asParamRef(node);
  if (parameter !== null) return parameter.number === undefined ? [] : [parameter.number];
  if ('List' in node) return (node.List.items ?? []).flatMap(toParameters);
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).flatMap(toParameters);
  return [];
}

class StatementReader {
  readonly #writes: StatementFacts['writes'] = [];
  readonly #lockingClauses: string[] = [];
  readonly #relations: QualifiedName[] = [];
  readonly #functions: FunctionUse[] = [];
  readonly #attributes = new Set<string>();
  readonly #operators: OperatorUse[] = [];
  readonly #types: QualifiedName[] = [];
  readonly #names = new Set<string>();
  readonly #unknownNodes = new Set<string>();
  readonly #aliases = new Map<string, QualifiedName>();
  readonly #rowNames: ReadonlySet<string>;
  readonly #calledRowNames: ReadonlySet<string>;
  readonly #columns: { parameter: number; qualifier: string | null; column: string; relation?: QualifiedName }[] = [];
  readonly #onlyShown: ReadonlySet<Fields>;
  #selectsInto = false;
  #usesWholeRows = false;
  #parameterCount = 0;

  constructor(onlyShown: ReadonlySet<Fields>, rowNames: ReadonlySet<string>, calledRowNames: ReadonlySet<string>) {
    this.#onlyShown = onlyShown;
    this.#rowNames = rowNames;
    this.#calledRowNames = calledRowNames;
  }

  finish(kind: StatementKind, command: string): StatementFacts {
    return {
      kind,
      command,
      writes: this.#writes,
      lockingClauses: this.#lockingClauses,
      selectsInto: this.#selectsInto,
      relations: this.#relations,
      functions: this.#functions,
      attributes: [...this.#attributes],
      operators: this.#operators,
      types: this.#types,
      names: [...this.#names],
      usesWholeRows: this.#usesWholeRows,
      parameterCount: this.#parameterCount,
      comparisons: this.#columns.map(({ parameter, qualifier, column, relation }) => ({
        parameter,
        column,
        relations: this.#toCandidates(qualifier, relation),
      })),
      unknownNodes: [...this.#unknownNodes],
    };
  }

  #toCandidates(qualifier: string | null, relation: QualifiedName | undefined): QualifiedName[] {
    if (relation !== undefined) return [relation];
    if (qualifier === null) return this.#relations;
    const named = this.#aliases.get(qualifier);
    return named === undefined ? [] : [named];
  }

  readonly visit = (type: string | null, fields: Fields, key: string): void => {
    if (type === null) this.#visitUnwrapped(fields, key);
    else if (knownNodes.has(type)) this.#visitKnown(type, fields);
    else this.#unknownNodes.add(type);
  };

  #visitUnwrapped(fields: Fields, key: string): void {
    if (typeof fields['relname'] === 'string') this.#addRelation(fields);
    else if (Array.isArray(fields['names'])) this.#addType(fields);
    else if (key === 'intoClause') this.#selectsInto = true;
    else if (Array.isArray(fields['colnames'])) this.#usesWholeRows = true;
  }

  #visitKnown(type: string, fields: Fields): void {
    const verb = writeVerbs[type];
    if (verb !== undefined) this.#addWrite(verb, fields);
    for (const name of functionsOfSyntax[type] ?? []) this.#addFunction([name], null);
    switch (type) {
      case 'RangeVar':
        this.#addRelation(fields);
        return;
      case 'TypeName':
        this.#addType(fields);
        return;
      case 'FuncCall':
        this.#addCall(fields);
        return;
      case 'RangeTableSample':
        this.#addSamplingMethod(toNames(fields['method']));
        return;
      case 'ColumnRef':
        this.#addColumnReference(fields);
        return;
      case 'A_Indirection':
        for (const name of toNames(fields['indirection'])) this.#addAttribute(name, true);
        return;
      case 'A_Star':
        if (!this.#onlyShown.has(fields)) this.#usesWholeRows = true;
        return;
      case 'A_Expr':
        this.#addExpression(fields);
        return;
      case 'CaseExpr':
        this.#addCase(fields);
        return;
      case 'SubLink':
        this.#addSubLink(fields);
        return;
      case 'SortBy':
        if (fields['useOp'] !== undefined) this.#addOperator(toNames(fields['useOp']), 'any', 'any');
        return;
      case 'JoinExpr':
        this.#addJoin(fields);
        return;
      case 'CommonTableExpr':
        if (Array.isArray(fields['aliascolnames'])) this.#usesWholeRows = true;
        return;
      case 'ResTarget':
      case 'ColumnDef':
      case 'IndexElem':
        this.#addTargetName(fields);
        return;
      case 'ParamRef':
        this.#parameterCount = Math.max(this.#parameterCount, Number(fields['number'] ?? 0));
        return;
      case 'LockingClause':
        this.#lockingClauses.push(lockNames[(fields as LockingClause).strength ?? ''] ?? 'FOR UPDATE');
        return;
      default:
        return;
    }
  }

  #addRelation(relation: Partial<RangeVar>): void {
    const name = toRelationName(relation);
    addName(this.#relations, name);
    const alias = relation.alias?.aliasname ?? name.name;
    if (!this.#aliases.has(alias)) this.#aliases.set(alias, name);
  }

  /** `%TYPE` reads a column's type; lists of names that are no type (arguments, aliases) do no harm here. */
  #addType(type: TypeName): void {
    const names = toNames(type.names);
    if (names.length === 0) return;
    addName(this.#types, toQualifiedName(names));
  }

  #addFunction(names: readonly string[], operands: OperandClass[] | null): void {
    this.#functions.push({ ...toQualifiedName(names), arguments: operands });
  }

  #addCall({ funcname, args = [], func_variadic: variadic, agg_within_group: withinGroup }: FuncCall): void {
    const special = variadic === true || withinGroup === true || args.some((each) => 'NamedArgExpr' in each);
    this.#addFunction(
      toNames(funcname),
      special ? null : args.map((each) => (this.#isRow(each) ? 'row' : classifyMembers(each))),
    );
  }

  #addSamplingMethod(names: readonly string[]): void {
    const method = toQualifiedName(names);
    if (method.schema === null && builtinSamplingMethods.has(method.name)) return;
    this.#addFunction(names, null);
  }

  #addColumnReference({ fields }: ColumnRef): void {
    const names = toNames(fields);
    for (const name of names) this.#names.add(name);
    const last = names.at(-1);
    if (last === undefined) return;
    // a name alone may be that of a relation: its whole row
    if (this.#rowNames.has(last)) this.#usesWholeRows = true;
    const qualifier = names.at(-2);
    if (qualifier !== undefined) this.#addAttribute(last, this.#calledRowNames.has(qualifier));
  }

  #addAttribute(name: string, ofAnything: boolean): void {
    this.#attributes.add(name);
    this.#names.add(name);
    if (ofAnything) this.#addFunction([name], ['untyped']);
  }

  #addTargetName({ name }: ResTarget): void {
    if (name !== undefined) this.#names.add(name);
  }

  #isRow(node: Node | undefined): boolean {
    if (node === undefined) return false;
    if ('RowExpr' in node) return true;
    const { fields = [] } = asColumnRef(node) ?? {};
    const last = fields.at(-1);
    return last !== undefined && ('A_Star' in last || this.#rowNames.has(toNames([last]).at(-1) ?? ''));
  }

  /** Two rows are compared member by member, and else each as a whole. */
  #classifyOperand(node: Node | undefined): OperandClass[] {
    const parts = node === undefined ? [] : toParts(node);
    return parts.some((part) => this.#isRow(part)) ? [classifyMembers(node), 'row'] : [classifyMembers(node)];
  }

  #addOperators(names: readonly string[], left: Node | undefined, right: Node | undefined): void {
    for (const leftClass of this.#classifyOperand(left)) {
      for (const rightClass of this.#classifyOperand(right)) this.#addOperator(names, leftClass, rightClass);
    }
  }

  #addOperator(names: readonly string[], left: OperandClass, right: OperandClass): void {
    const use = { ...toQualifiedName(names), left, right };
    const known = this.#operators.some(
      (each) => each.schema === use.schema && each.name === use.name && each.left === left && each.right === right,
    );
    if (!known) this.#operators.push(use);
  }

  #addExpression(expression: A_Expr): void {
    const { lexpr, rexpr, name } = expression;
    for (const names of toOperatorNames(expression)) this.#addOperators(names, lexpr, rexpr);
    if (!comparedParameter.test(toNames(name).at(-1) ?? '')) return;
    this.#addComparison(lexpr, rexpr);
    this.#addComparison(rexpr, lexpr);
  }

  #addComparison(columnSide: Node | undefined, valueSide: Node | undefined): void {
    const column = toNames(asColumnRef(columnSide && peel(columnSide))?.fields);
    const name = column.at(-1);
    if (name === undefined) return;
    for (const parameter of toParameters(valueSide)) {
      this.#columns.push({ parameter, qualifier: column.at(-2) ?? null, column: name });
    }
  }

  /** CASE x WHEN y compares with =. */
  #addCase({ arg, args }: CaseExpr): void {
    if (arg === undefined) return;
    for (const branch of args ?? []) {
      if (!('CaseWhen' in branch)) continue;
      this.#addOperators(['='], arg, branch.CaseWhen.expr);
      this.#addComparison(arg, branch.CaseWhen.expr);
    }
  }

  /** x IN (SELECT ...) names no operator. */
  #addSubLink({ testexpr, operName }: SubLink): void {
    if (testexpr === undefined) return;
    const names = toNames(operName);
    const operator = names.length === 0 ? ['='] : names;
    for (const left of this.#classifyOperand(testexpr)) this.#addOperator(operator, left, 'any');
  }

  #addJoin(fields: Fields): void {
    for (const name of toNames(fields['usingClause'])) {
      this.#names.add(name);
      this.#addOperator(['='], 'any', 'any');
    }
    if (fields['isNatural'] !== true) return;
    this.#usesWholeRows = true;
    this.#addOperator(['='], 'any', 'any');
  }

  #addWrite(verb: 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE', fields: Fields): void {
    const relation = toRelationName(fields['relation'] as Partial<RangeVar>);
    this.#writes.push({ verb, relation });
    // without a list of columns it stores into all of them
    if (verb === 'MERGE' || (verb === 'INSERT' && (fields as InsertStmt).cols === undefined))
      this.#usesWholeRows = true;
    if (verb === 'UPDATE') {
      for (const target of (fields as UpdateStmt).targetList ?? []) {
        if ('ResTarget' in target) this.#addStored(target.ResTarget.name, target.ResTarget.val, relation);
      }
    }
    if (verb !== 'INSERT') return;
    this.#addStoredRows(fields, relation);
    if ((fields as InsertStmt).onConflictClause?.action === 'ONCONFLICT_UPDATE') {
      this.#writes.push({ verb: 'UPDATE', relation });
    }
  }

  #addStoredRows({ cols, selectStmt }: InsertStmt, relation: QualifiedName): void {
    const rows = selectStmt !== undefined && 'SelectStmt' in selectStmt ? selectStmt.SelectStmt.valuesLists : undefined;
    for (const row of rows ?? []) {
      if (!('List' in row)) continue;
      row.List.items?.forEach((value, index) => {
        const target = cols?.[index];
        if (target !== undefined && 'ResTarget' in target) this.#addStored(target.ResTarget.name, value, relation);
      });
    }
  }

  #addStored(column: string | undefined, value: Node | undefined, relation: QualifiedName): void {
    if (column === undefined) return;
    for (const parameter of toParameters(value)) {
      this.#columns.push({ parameter, qualifier: null, column, relation });
    }
  }
}
