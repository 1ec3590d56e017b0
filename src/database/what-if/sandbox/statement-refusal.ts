// Why a statement gets no answer from the sandbox: where it would plan with something else than the server has, it says so
// instead of guessing.
import type { StatementFacts } from '../../../analysis/sql/statement-facts';
import { quoteName, quoteQualifiedName } from '../../../analysis/sql/identifiers';
import type { CapturedDatabase, CapturedRelation } from './captured-database';

const plannable = new Set(['select', 'values', 'insert', 'update', 'delete', 'merge']);
/** pg_read_all_data came with 14. */
const readAllDataVersion = 140_000;

/** By the statement alone; null when nothing is in the way. */
export function findStatementRefusal(facts: StatementFacts, catalogueRelations: readonly string[]): string | null {
  if (!plannable.has(facts.kind)) return `The planner plans no ${facts.command || 'such'} statement.`;
  if (facts.selectsInto) return 'SELECT INTO makes a table; plan the SELECT without INTO.';
  if (facts.lockingClauses.length > 0) return null;
  const [first] = catalogueRelations;
  return first === undefined
    ? null
    : `${first} is PostgreSQL's own, and its statistics can't be taken to another server.`;
}

/** By the relations that it comes to. `named` are those that the statement itself names. */
export function findRelationRefusal(
  database: CapturedDatabase,
  facts: StatementFacts,
  relations: readonly CapturedRelation[],
  named: ReadonlySet<number>,
): string | null {
  for (const relation of relations) {
    const reason =
      findKindRefusal(relation, facts) ??
      findUnreadable(database, facts, relation, named.has(relation.oid)) ??
      findPolicyRefusal(database, relation, named) ??
      findUnreadableExtended(database, relation);
    if (reason !== null) return reason;
  }
  return null;
}

function findKindRefusal(relation: CapturedRelation, facts: StatementFacts): string | null {
  const name = quoteQualifiedName(relation.schema, relation.name);
  if (relation.kind === 'f') return `${name} is a foreign table: its own server plans what is asked of it.`;
  if (relation.persistence === 't') return `${name} is a temporary table: nobody else sees its statistics.`;
  if (relation.has_rules && facts.writes.length > 0) return `${name} has rules that rewrite what is written to it.`;
  if (relation.tablespace_options.some((option) => /^(?:seq|random)_page_cost=/.test(option))) {
    return `${name} is in a tablespace with page costs of its own, which the sandbox does not have.`;
  }
  return null;
}

function findUnreadable(
  { columns, indexes, role, mayReadRanges, versionNumber }: CapturedDatabase,
  facts: StatementFacts,
  relation: CapturedRelation,
  isNamed: boolean,
): string | null {
  if (relation.kind === 'v') return null;
  const name = quoteQualifiedName(relation.schema, relation.name);
  const who = quoteName(role);
  if (relation.row_security) {
    return `Row security hides the statistics of ${name} from ${who}: connect as the table's owner or as a role with BYPASSRLS.`;
  }
  // what a view reads does not stand in the statement
  const takesPart = (column: string) => !isNamed || facts.usesWholeRows || facts.names.includes(column);
  const own = columns.filter((column) => column.relation === relation.oid && !column.is_dropped);
  const hidden = own.find((column) => !column.may_select && takesPart(column.name));
  if (hidden !== undefined) {
    return `${who} may not read the statistics of ${name} (column ${quoteName(hidden.name)}). It needs: GRANT SELECT ON ${name} TO ${who}.`;
  }
  const range = mayReadRanges ? undefined : own.find((column) => column.is_range && takesPart(column.name));
  const everything = versionNumber >= readAllDataVersion ? `GRANT pg_read_all_data TO ${who}` : 'a superuser';
  if (range !== undefined) {
    return `Before PostgreSQL 17 pg_stats does not show the statistics of ranges (column ${quoteName(range.name)} of ${name}). It needs: ${everything}.`;
  }
  const nameOf = (number: number) => own.find((column) => column.number === number)?.name ?? '';
  const expression = indexes.find(
    (index) =>
      index.relation === relation.oid &&
      index.has_expressions &&
      !index.may_select &&
      index.expression_columns.some((number) => takesPart(nameOf(number))) &&
      (!isNamed || mayUseExpression(index.expressions, facts)),
  );
  if (expression === undefined) return null;
  return `${who} may not read the statistics of the expressions in index ${quoteName(expression.name)}. It needs: ${everything}.`;
}

/** A statement with none of the expression's functions and operators does not compare it. A cast alone may be anywhere. */
function mayUseExpression(expressions: string, { functions, operators }: StatementFacts): boolean {
  const called = [...expressions.matchAll(/([\w$]+)"?\(/g)].map(([, name]) => name);
  if (functions.some(({ name }) => called.includes(name))) return true;
  if (operators.some(({ name }) => expressions.includes(` ${name} `))) return true;
  return called.length === 0 && !/ [^\w\s'"]+ /.test(expressions);
}

/** A view is read with its owner's rights: the policies that apply to the owner are in the source's plan, and not here. */
function findPolicyRefusal(
  { relations }: CapturedDatabase,
  relation: CapturedRelation,
  named: ReadonlySet<number>,
): string | null {
  const throughView = !named.has(relation.oid) || relations.some(({ oid, kind }) => kind === 'v' && named.has(oid));
  if (relation.guarded_view === null || !throughView) return null;
  const name = quoteQualifiedName(relation.schema, relation.name);
  return `Row security of ${name} applies to the owner of ${relation.guarded_view}, and policies are not taken to another server. Plan it on the table, as a role that they do not apply to.`;
}

/** Operators whose rows, or whose use of an index, depend on the order of texts; LIKE is ~~. */
const patternOperators = new Set(['~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '!~*', '^@']);
const rangeOperators = new Set(['<', '<=', '>', '>=']);
const textType = /^(?:text|character|name|citext)/;

/** In a sandbox that sorts by bytes a plain index serves LIKE 'a%', and a histogram of texts is in another order. */
export function findOrderRefusal(
  { columns, locale }: CapturedDatabase,
  facts: StatementFacts,
  relations: readonly CapturedRelation[],
  named: ReadonlySet<number>,
): string | null {
  const compares = (operators: ReadonlySet<string>) => facts.operators.some(({ name }) => operators.has(name));
  const texts = relations.flatMap((relation) =>
    columns.filter(
      (column) =>
        column.relation === relation.oid &&
        textType.test(column.type) &&
        (!named.has(relation.oid) || facts.usesWholeRows || facts.names.includes(column.name)),
    ),
  );
  const throughView = relations.some(({ oid, kind }) => kind === 'v' || !named.has(oid));
  if (texts.length === 0 || !(compares(patternOperators) || compares(rangeOperators) || throughView)) return null;
  return `It compares texts by their order, and the sandbox on this machine does not have the server's locale ${locale.locale ?? locale.collate}: install it, or use a PostgreSQL of 15 or newer for the sandbox.`;
}

function findUnreadableExtended(
  { extendedStatistics, role, versionNumber }: CapturedDatabase,
  relation: CapturedRelation,
): string | null {
  const hidden = extendedStatistics.find((each) => each.relation === relation.oid && each.unreadable !== null);
  if (hidden === undefined) return null;
  const name = quoteQualifiedName(hidden.schema, hidden.name);
  if (hidden.unreadable === 'statistics of expressions') {
    return `The extended statistics ${name} hold statistics of expressions, which can't be taken to another server.`;
  }
  const needed = versionNumber >= readAllDataVersion ? `GRANT pg_read_all_data TO ${quoteName(role)}` : 'a superuser';
  return `${quoteName(role)} may not read all of the extended statistics ${name} (${hidden.unreadable}). It needs: ${needed}.`;
}
