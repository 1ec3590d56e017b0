// What the names of a statement lead to on this server: every function that planning or running it may call. Asked in the
// unit of work in which the statement itself is planned or run, right before.
import type { Environment } from '../analysis/connection/connection-profile';
import { DatabaseFailure, syntaxErrorCode } from '../analysis/connection/connection-failure';
import type { ServerFacts } from '../analysis/server/server-facts';
import { assessConsent, type ConsentFacts, type ConsentVerdict, type ReachedFunction } from '../analysis/sql/consent';
import type { LoadedSqlParser } from '../analysis/sql/load-sql-parser';
import { isFunctionPossible, isOperatorPossible, type CatalogueType } from '../analysis/sql/operator-resolution';
import {
  readStatement,
  type OperandClass,
  type OperatorUse,
  type QualifiedName,
  type StatementFacts,
  type StatementReading,
} from '../analysis/sql/statement-facts';
import { findStoredReferences } from '../analysis/sql/stored-expression';
import {
  bodyOperatorsQuery,
  cascadesQuery,
  castsQuery,
  functionsQuery,
  namedFunctionsQuery,
  namedOperatorsQuery,
  namedRelationsQuery,
  operatorClassFunctionsQuery,
  operatorFunctionsQuery,
  possibleTypesQuery,
  relationsQuery,
  statementSettingsQuery,
  storedExpressionsQuery,
  triggerFunctionsQuery,
  typeExpressionsQuery,
} from './queries/consent';
import { captureRows, type CatalogueQuery } from './queries/query';
import type { RunUnitOfWork, UnitOfWork } from './unit-of-work';
import type * as z from 'zod';

/** Where user SQL is planned and run, and how careful one has to be there. */
export interface StatementContext {
  run: RunUnitOfWork;
  facts: ServerFacts;
  /** host:port, for messages. */
  server: string;
  environment: Environment;
  /** What stands between us and the server: it hands sessions on to others. */
  pooler: 'none' | 'pgbouncer';
  loadParser: () => Promise<LoadedSqlParser>;
}

type Reach = ReachedFunction['reach'];

interface Reached {
  oid: number;
  via: string;
  reach: Reach;
}

/** Looking names up is quick; a server that needs longer has other troubles. */
export const lookupTimeoutMs = 30_000;

/** A view on views on views ...: more levels than any schema has. */
const maximumDepth = 100;

export type UnderstoodReading = Exclude<StatementReading, { why: 'syntax' }>;

/** Parses the statement; what PostgreSQL's grammar refuses is a failure with its place, and never reaches the server. */
export async function readUserStatement(context: StatementContext, sql: string): Promise<UnderstoodReading> {
  const { parser } = await context.loadParser();
  const reading = readStatement(parser, sql);
  if (reading.understood || reading.why !== 'syntax') return reading;
  throw new DatabaseFailure(
    'statement',
    `PostgreSQL can't read this statement: ${reading.error.message} (database "${context.facts.database}" on ${context.server}).`,
    'Correct it and run it again.',
    { code: syntaxErrorCode, offset: reading.error.offset },
  );
}

/** Looks up one statement. `unit` has the search path of user SQL, and has it again afterwards. */
export async function captureConsentVerdict(
  unit: UnitOfWork,
  context: StatementContext,
  statement: { sql: string; reading: UnderstoodReading; analyze: boolean },
): Promise<ConsentVerdict> {
  const { sql, reading, analyze } = statement;
  const { facts, environment } = context;
  const nothing: ConsentFacts = { functions: [], foreignTables: [], notUnderstood: [] };
  const byItself = assessConsent({ reading, catalogue: nothing, environment, analyze });
  // no catalogue makes a refusal better, and without a parse tree there is nothing to look up
  if (byItself.verdict === 'refuse' || !reading.understood) return byItself;
  const catalogue = await captureConsentFacts(unit, facts, sql, reading.facts);
  return assessConsent({ reading, catalogue, environment, analyze });
}

/** Whether a statement may be planned (`analyze` false) or run (true) without asking. */
export async function assessStatement(
  context: StatementContext,
  sql: string,
  analyze: boolean,
  signal?: AbortSignal,
): Promise<ConsentVerdict> {
  const reading = await readUserStatement(context, sql);
  return context.run(
    {
      searchPath: 'role',
      access: 'read-only',
      statementTimeoutMs: lookupTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    },
    (unit) => captureConsentVerdict(unit, context, { sql, reading, analyze }),
  );
}

async function captureConsentFacts(
  unit: UnitOfWork,
  server: ServerFacts,
  sql: string,
  facts: StatementFacts,
): Promise<ConsentFacts> {
  const [settings] = await captureRows(unit, server, statementSettingsQuery);
  if (settings === undefined) throw new Error('The server answered a SELECT without FROM with no row.');
  // with the path of user SQL somebody's operator could stand between two OIDs of our own queries
  await unit.query("SELECT pg_catalog.set_config('search_path', '', true)");
  const lookup = new StatementLookup(unit, server, facts, settings.schemas);
  const result = await lookup.capture();
  await unit.query("SELECT pg_catalog.set_config('search_path', $1, true)", [settings.search_path]);
  return { ...result, notUnderstood: [...result.notUnderstood, ...findReadingDoubts(settings, sql)] };
}

/** Where the server could read the text in another way than the parser here did. */
function findReadingDoubts(
  settings: { standard_conforming_strings: string; server_encoding: string },
  sql: string,
): string[] {
  const doubts: string[] = [];
  if (settings.standard_conforming_strings !== 'on' && sql.includes('\\')) {
    doubts.push('The server reads backslashes in strings in the old way (standard_conforming_strings is off).');
  }
  // in a single-byte encoding the server folds the case of letters outside ASCII
  if (settings.server_encoding !== 'UTF8' && /[^\t\n\v\f\r -~]/.test(sql)) {
    doubts.push(
      `The server's encoding is ${settings.server_encoding}, so it may read names outside ASCII differently.`,
    );
  }
  return doubts;
}

function split(names: readonly QualifiedName[]): [schemas: (string | null)[], names: string[]] {
  return [names.map(({ schema }) => schema), names.map(({ name }) => name)];
}

const unqualified = (name: string): QualifiedName => ({ schema: null, name });

/** Follows one statement's names through the catalogue. */
class StatementLookup {
  readonly #unit: UnitOfWork;
  readonly #server: ServerFacts;
  readonly #facts: StatementFacts;
  readonly #path: readonly string[];
  readonly #writes: boolean;
  /** Relations the statement names, then those it comes to. */
  readonly #relations = new Map<number, { name: string; kind: string }>();
  readonly #operators = new Map<string, Reached>();
  readonly #functions = new Map<string, Reached>();
  /** Types outside PostgreSQL's own that a value of the statement may have. */
  readonly #possibleTypes = new Set<number>();
  /** Types in stored expressions: their domains' checks run, but they make no operator possible. */
  readonly #storedTypes = new Set<number>();
  readonly #notUnderstood: string[] = [];

  constructor(unit: UnitOfWork, server: ServerFacts, facts: StatementFacts, path: readonly string[]) {
    this.#unit = unit;
    this.#server = server;
    this.#facts = facts;
    this.#path = path;
    this.#writes = facts.writes.length > 0;
  }

  async capture(): Promise<ConsentFacts> {
    const named = await this.#rows(namedRelationsQuery, [...split(this.#facts.relations), this.#path]);
    const namedRelations = named.map(({ oid }) => oid);
    await this.#followRelations(namedRelations);
    // a write through a view or a rule fills columns that the statement does not name
    await this.#followNames(this.#writes ? [...this.#relations.keys()] : namedRelations);
    await this.#addTypeExpressions();
    await this.#addOperatorClasses();
    if (this.#writes) await this.#addTriggers();
    await this.#addOperatorFunctions();
    await this.#addBodyOperators();
    return {
      functions: await this.#resolveFunctions(),
      foreignTables: [...this.#relations.values()].filter(({ kind }) => kind === 'f').map(({ name }) => name),
      notUnderstood: this.#notUnderstood,
    };
  }

  /** A question about nothing need not travel: what is asked about comes as lists. */
  #rows<Row extends z.ZodType>(query: CatalogueQuery<Row>, values: readonly unknown[]): Promise<z.output<Row>[]> {
    const lists = values.filter((value) => Array.isArray(value) && value !== this.#path);
    if (lists.length > 0 && lists.every((list) => (list as unknown[]).length === 0)) return Promise.resolve([]);
    return captureRows(this.#unit, this.#server, query, values);
  }

  #addFunction(oid: number, via: string, reach: Reach): void {
    if (oid !== 0) this.#functions.set(`${oid} ${reach} ${via}`, { oid, via, reach });
  }

  #addOperator(oid: number, via: string, reach: Reach): void {
    // estimates call an operator's function whatever its volatility
    const called = reach === 'planned' ? 'early' : reach;
    this.#operators.set(`${oid} ${called} ${via}`, { oid, via, reach: called });
  }

  /** What one stored expression refers to; returns the relations. */
  #addStored(tree: string, via: string, reach: Reach): number[] {
    const { functions, operators, relations, types } = findStoredReferences(tree);
    for (const oid of functions) this.#addFunction(oid, via, reach);
    for (const oid of operators) this.#addOperator(oid, via, reach);
    for (const oid of types) this.#storedTypes.add(oid);
    return relations;
  }

  /** `reach` for relations that take part only when the statement runs. */
  async #followRelations(start: readonly number[], reach?: Reach): Promise<void> {
    let next = [...start];
    for (let depth = 0; next.length > 0; depth += 1) {
      if (depth === maximumDepth) {
        this.#notUnderstood.push('Its views are nested more deeply than PG Insight follows.');
        return;
      }
      const relations = await this.#rows(relationsQuery, [next]);
      const found = relations.filter(({ oid }) => !this.#relations.has(oid));
      for (const { oid, name, kind } of found) this.#relations.set(oid, { name, kind });
      const expressions = await this.#rows(storedExpressionsQuery, [found.map(({ oid }) => oid), this.#writes]);
      const reached = expressions.flatMap(({ source, tree, folded }) =>
        this.#addStored(tree, source, reach ?? (folded ? 'folded' : 'planned')),
      );
      next = [...new Set(reached)].filter((oid) => !this.#relations.has(oid));
    }
  }

  /** The triggers of the tables it writes to, and of those that foreign keys then change. */
  async #addTriggers(): Promise<void> {
    const does = (verb: 'DELETE' | 'UPDATE') =>
      this.#facts.writes.some((write) => write.verb === verb || write.verb === 'MERGE');
    const written = [...this.#relations.keys()];
    const changed = await this.#rows(cascadesQuery, [written, does('DELETE'), does('UPDATE')]);
    await this.#followRelations(
      changed.map(({ oid }) => oid),
      'run',
    );
    for (const { oid, source, tree } of await this.#rows(triggerFunctionsQuery, [[...this.#relations.keys()]])) {
      this.#addFunction(oid, `as ${source}`, 'run');
      if (tree !== null) this.#addStored(tree, `in ${source}`, 'run');
    }
  }

  /** Functions, operators and casts by name: what they return makes more of them possible, so until nothing is added. */
  async #followNames(relations: readonly number[]): Promise<void> {
    const { functions, attributes, types, names, usesWholeRows } = this.#facts;
    const resultTypes = new Set<number>();
    const called = await this.#captureCalled(functions);
    const casts = await this.#rows(castsQuery, []);
    // somebody's cast may make anything of a row
    const rowsAreCast = casts.some((cast) => cast.context === 'i' && cast.source_type >= firstUserOid);
    for (const row of await this.#captureCalled(attributes.map(unqualified))) {
      if (row.takes_one && (rowsAreCast || row.takes_row === true)) {
        this.#addCall(row, 'which a name behind a dot in the statement may mean', resultTypes);
      }
    }
    const uses = this.#toOperatorUses(casts);
    const operators = await this.#rows(namedOperatorsQuery, [...split(uses), this.#path]);
    // row.name may be a cast of the row to a domain, just as name(row)
    const namedTypes = split([...types, ...functions, ...attributes.map(unqualified)]);
    const written = await this.#rows(possibleTypesQuery, [[], [], false, ...split(types), this.#path, []]);
    const isWritten = (type: number) =>
      type < firstUserOid ? types.length > 0 : written.some(({ oid }) => oid === type);
    const columns = usesWholeRows ? [] : names;
    for (let known = -1; known < this.#possibleTypes.size + resultTypes.size;) {
      known = this.#possibleTypes.size + resultTypes.size;
      const possible = await this.#rows(possibleTypesQuery, [
        relations,
        columns,
        usesWholeRows,
        ...namedTypes,
        this.#path,
        [...resultTypes],
      ]);
      for (const { oid } of possible) this.#possibleTypes.add(oid);
      for (const row of called) {
        const candidate = { ...row, parameters: toParameters(row) };
        if (!isFunctionPossible(candidate, functions, this.#possibleTypes)) continue;
        this.#addCall(row, 'called in the statement', resultTypes);
      }
      for (const operator of operators) {
        const candidate = { ...operator, left: toType(operator, 'left'), right: toType(operator, 'right') };
        if (!isOperatorPossible(candidate, uses, this.#possibleTypes, operator.has_text)) continue;
        for (const oid of operator.functions) {
          this.#addFunction(oid, `behind the operator ${operator.schema}.${operator.name}`, 'early');
        }
        resultTypes.add(operator.result_type);
      }
      for (const cast of casts) {
        if (!this.#mayOccur(cast.source_type) || !this.#mayOccur(cast.target_type)) {
          // an implicit cast brings its target in wherever its source is
          if (cast.context === 'i' && this.#mayOccur(cast.source_type)) resultTypes.add(cast.target_type);
          continue;
        }
        // a SELECT too assigns: conditions to bool, LIMIT to int8, subscripts to int and text; to_json and its like cast to
        // json by themselves, and || casts to text
        const assigns = this.#writes || cast.target_type < firstUserOid;
        const implied =
          cast.context === 'i' ||
          (cast.context === 'a' && assigns) ||
          cast.target_type === jsonOid ||
          cast.target_type === textOid;
        if (implied || isWritten(cast.target_type)) this.#addFunction(cast.function, cast.source, 'planned');
      }
    }
  }

  /** A number stays one unless somebody's cast, or somebody's operator before PostgreSQL's own, makes it something else. */
  #toOperatorUses(casts: readonly CastRow[]): readonly OperatorUse[] {
    const [first] = this.#path.filter((schema) => !schema.startsWith('pg_temp'));
    const staysNumber =
      first === 'pg_catalog' && !casts.some((cast) => cast.context === 'i' && cast.source_type < firstUserOid);
    if (staysNumber) return this.#facts.operators;
    const widen = (operand: OperandClass) => (operand === 'number' ? 'any' : operand);
    return this.#facts.operators.map((use) => ({ ...use, left: widen(use.left), right: widen(use.right) }));
  }

  #addCall(row: FunctionRow, via: string, resultTypes: Set<number>): void {
    this.#addFunction(row.oid, via, 'planned');
    for (const type of [row.result_type, ...row.all_types]) resultTypes.add(type);
  }

  #mayOccur(type: number): boolean {
    return type < firstUserOid || this.#possibleTypes.has(type);
  }

  async #captureCalled(names: readonly QualifiedName[]): Promise<FunctionRow[]> {
    const oids = await this.#rows(namedFunctionsQuery, [...split(names), this.#path]);
    return this.#rows(functionsQuery, [oids.map(({ oid }) => oid)]);
  }

  async #addTypeExpressions(): Promise<void> {
    // a write gives a value to every column, named or not
    const filled = this.#writes ? [...this.#relations.keys()] : [];
    const stored = await this.#rows(possibleTypesQuery, [filled, [], true, [], [], [], [...this.#storedTypes]]);
    for (const { oid } of stored) this.#storedTypes.add(oid);
    const types = [...new Set([...this.#possibleTypes, ...this.#storedTypes])];
    // a parameter's value, and a literal of a type with a domain in it, is checked as soon as it is read
    for (const { source, tree, function: oid } of await this.#rows(typeExpressionsQuery, [types, this.#writes])) {
      if (tree !== null) this.#addStored(tree, source, 'early');
      if (oid !== null) this.#addFunction(oid, source, 'early');
    }
  }

  async #addOperatorClasses(): Promise<void> {
    // an operator class may be the default of a type of PostgreSQL's own, so this is asked without relations too
    const values = [[...this.#relations.keys()], [...this.#possibleTypes, ...this.#storedTypes]];
    for (const { oid, source } of await captureRows(this.#unit, this.#server, operatorClassFunctionsQuery, values)) {
      this.#addFunction(oid, source, 'planned');
    }
  }

  async #addOperatorFunctions(): Promise<void> {
    const operators = [...this.#operators.values()];
    const oids = [...new Set(operators.map(({ oid }) => oid))];
    for (const { oid, function: called } of await this.#rows(operatorFunctionsQuery, [oids])) {
      for (const each of operators) if (each.oid === oid) this.#addFunction(called, each.via, each.reach);
    }
  }

  async #addBodyOperators(): Promise<void> {
    const functions = [...new Set([...this.#functions.values()].map(({ oid }) => oid))];
    for (const { oid, source } of await this.#rows(bodyOperatorsQuery, [functions, this.#path])) {
      this.#addFunction(oid, source, 'planned');
    }
  }

  async #resolveFunctions(): Promise<ReachedFunction[]> {
    const reached = [...this.#functions.values()];
    const rows = await this.#rows(functionsQuery, [[...new Set(reached.map(({ oid }) => oid))]]);
    const byOid = new Map(rows.map((row) => [row.oid, row]));
    return reached.flatMap(({ oid, via, reach }) => {
      const row = byOid.get(oid);
      if (row === undefined) return [];
      const { schema, name, signature, builtin, volatility } = row;
      return [{ schema, name, signature, builtin, volatility, via, reach }];
    });
  }
}

/** Objects below are made by initdb. */
const firstUserOid = 16_384;

const jsonOid = 114;
const textOid = 25;

type FunctionRow = z.output<typeof functionsQuery.row>;
type CastRow = z.output<typeof castsQuery.row>;
type OperatorRow = z.output<typeof namedOperatorsQuery.row>;

function toParameters(row: FunctionRow): CatalogueType[] {
  return row.parameter_types.map((oid, index) => ({
    oid,
    builtin: oid < firstUserOid,
    category: row.parameter_categories[index] ?? '',
  }));
}

function toType(row: OperatorRow, side: 'left' | 'right'): CatalogueType | null {
  const oid = row[`${side}_type`];
  if (oid === null) return null;
  return { oid, builtin: row[`${side}_builtin`] ?? false, category: row[`${side}_category`] ?? '' };
}
