// The half of the editor's composition root that is loaded by the first thing that needs it: pg, zod, the SQL parser and
// the plan rules. extension.ts imports it dynamically, so that activation stays light.
import type { ConnectionProfile } from './analysis/connection/connection-profile';
import { findDoctorChecks, type DoctorCheck } from './analysis/doctor';
import type { Finding } from './analysis/finding';
import { analyzePlan } from './analysis/plan/analyze-plan';
import type { Plan } from './analysis/plan/plan';
import { loadSqlParser } from './analysis/sql/load-sql-parser';
import { assessStatement, type StatementContext } from './database/consent';
import { createConnectionSources } from './database/connection-sources';
import { resolveConnectionSettings } from './database/connection-settings';
import { explainStatement } from './database/explain';
import { localSystem } from './database/local-system';
import { findConfigurationFolder, openProfileStore } from './database/profile-store';
import { captureServerFacts } from './database/server-facts';
import { openSession } from './database/session';
import { captureTypicalValues } from './database/typical-values';
import { captureTableDdl } from './database/table-definition';
import { captureExactSizes, captureTableDetails } from './database/table-details';
import { captureTables } from './database/tables';
import type { DatabaseAccess, DatabaseSession } from './providers/database-port';

export { PlanPanels } from './webviews/plan-panel';

export const profiles = openProfileStore(findConfigurationFolder(localSystem));
export const sources = createConnectionSources(localSystem);

async function connect(
  profile: ConnectionProfile,
  password: string | null,
  signal?: AbortSignal,
): Promise<DatabaseSession> {
  const settings = await resolveConnectionSettings(profile, password, localSystem);
  const session = await openSession(settings, signal);
  try {
    const facts = await captureServerFacts(session, signal);
    const { run } = session;
    const context: StatementContext = {
      run,
      facts,
      environment: profile.environment,
      loadParser: loadSqlParser,
      // of several hosts another one may answer after a loss
      get server() {
        return session.server;
      },
    };
    return {
      profile,
      get server() {
        return session.server;
      },
      database: session.database,
      facts,
      onDidChangeState: (listener) => session.onDidChangeState(listener),
      captureTables: (abort) => captureTables(run, facts, abort),
      captureTableDetails: (oid, abort) => captureTableDetails(run, facts, oid, abort),
      captureExactSizes: (oid, abort) => captureExactSizes(run, facts, oid, abort),
      captureTableDdl: (oid, abort) => captureTableDdl(run, facts, oid, abort),
      assessStatement: (sql, analyze, abort) => assessStatement(context, sql, analyze, abort),
      explain: (request, abort) => explainStatement(context, request, abort),
      captureTypicalValues: (sql, abort) => captureTypicalValues(context, sql, abort),
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

export const access: DatabaseAccess = { connect };

export async function runDoctor(session: DatabaseSession): Promise<DoctorCheck[]> {
  const { parser, fallbackReason } = await loadSqlParser();
  return findDoctorChecks(session.facts, {
    host: session.profile.host ?? session.server.replace(/:\d+$/, ''),
    sqlParser: parser.name,
    sqlParserReason: fallbackReason,
  });
}

export function findPlanInsights(plan: Plan, session: DatabaseSession): Finding[] {
  return analyzePlan(plan, { serverVersionNumber: session.facts.versionNumber });
}
