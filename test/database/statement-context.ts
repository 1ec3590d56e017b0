// A context for user SQL on a test server, with the real session under it.
import { loadSqlParser } from '../../src/analysis/sql/load-sql-parser';
import type { Environment } from '../../src/analysis/connection/connection-profile';
import type { StatementContext } from '../../src/database/consent';
import { captureServerFacts } from '../../src/database/server-facts';
import type { Session } from '../../src/database/session';

export async function makeStatementContext(
  session: Session,
  environment: Environment = 'development',
): Promise<StatementContext> {
  return {
    run: session.run,
    facts: await captureServerFacts(session),
    server: session.server,
    environment,
    pooler: session.pooler,
    loadParser: loadSqlParser,
  };
}
