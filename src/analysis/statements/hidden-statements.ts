// What a role without pg_read_all_stats sees of other roles' statements: figures, but neither text nor id.
import type { SuggestedFix } from '../finding';
import { quoteIdentifier } from '../sql/identifiers';

export function toHiddenStatementsFix(role: string): SuggestedFix {
  const name = quoteIdentifier(role);
  return {
    title: 'Let the role see all statements',
    sql: `GRANT pg_read_all_stats TO ${name};`,
    undoSql: `REVOKE pg_read_all_stats FROM ${name};`,
    risk: 'The role can then read the text of every statement, with the constants of some.',
    outsideTransaction: false,
  };
}
