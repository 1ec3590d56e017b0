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
  const expression = indexes.find(
    (index) =>
      index.relation === relation.oid &&
      index.has_expressions &&
      !index.may_select &&
      facts.functions.some((each) => index.definition.includes(`${each.name}(`)),
  );
  if (expression === undefined) return null;
  return `${who} may not read the statistics of the expressions in index ${quoteName(expression.name)}. It needs: ${everything}.`;
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
