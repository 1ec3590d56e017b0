// Asks the server whether it takes a text as a value of a type: nobody else knows all the ways to write a date.
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { isBuiltInType } from '../analysis/explain/parameter-types';
import { ownQueryMark } from '../analysis/statements/tool-statement';
import { lookupTimeoutMs, type StatementContext } from './consent';

/** SQLSTATE class 22. */
const dataExceptions = '22';

/** "is not a valid date"; null when the server takes it. Of PostgreSQL's own types only: others may run somebody's code. */
export async function findValueProblem(
  context: StatementContext,
  type: string,
  text: string,
  signal?: AbortSignal,
): Promise<string | null> {
  if (!isBuiltInType(type)) return null;
  try {
    await context.run(
      {
        searchPath: 'catalogue',
        access: 'read-only',
        statementTimeoutMs: lookupTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
      // the name is one of a closed list, the text is bound
      (unit) => unit.query(`SELECT CAST($1 AS ${type}) ${ownQueryMark}`, [text]),
    );
    return null;
  } catch (error) {
    if (!isDatabaseFailure(error) || error.details.code?.startsWith(dataExceptions) !== true) throw error;
    // servers before 14 do not say of an empty text that it was the parameter's
    return error.details.parameter?.problem ?? `is not a valid ${type}`;
  }
}
