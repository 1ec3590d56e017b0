// Statements that tools send rather than applications: PG Insight's own above all, which pg_stat_statements counts like any
// other. In the figures of a workload they would make the mean look better and the shares of the load smaller than they are.
import { formatQuantity } from '../format/numbers';

/** White space, comments and parentheses before the first word. */
const start = String.raw`^(?:\s|\(|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*`;

/** Transaction control and what sets up a session or shows a plan: no work of an application. */
const controlStatement = new RegExp(
  String.raw`${start}(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set|show|reset|explain|deallocate)\b`,
  'is',
);
/** An EXECUTE is counted under the text of its PREPARE, so those of applications stay. */
const ownPreparedStatement = new RegExp(String.raw`${start}(?:prepare|execute)\s+"?pg_insight_`, 'is');

const query = new RegExp(String.raw`${start}(?:select|with|values|table)\b`, 'is');
const catalogueName = /\bpg_catalog\./i;
/** Foreign keys are checked by OPERATOR(pg_catalog.=), with casts and collations, for applications: a tool names more. */
const qualifiedOperator = /\boperator\s*\(/i;
const catalogueObject = /\bpg_catalog\.(?<!(?:\boperator\s*\(|::|\bas\s|\bcollate\s)\s*pg_catalog\.)/i;

/** A hidden text (null) may be anyone's, and counts as an application's. */
export function isToolStatement(text: string | null): boolean {
  if (text === null) return false;
  if (controlStatement.test(text) || ownPreparedStatement.test(text)) return true;
  return query.test(text) && catalogueName.test(text) && (!qualifiedOperator.test(text) || catalogueObject.test(text));
}

/** Null when there were none. */
export function describeToolStatements(count: number): string | null {
  if (count === 0) return null;
  return `${formatQuantity(count, 'statement')} of tools (catalogue queries, transaction control) ${count === 1 ? 'is' : 'are'} not counted.`;
}
