// The half of the editor's composition root that is loaded by the first thing that needs it: pg, zod, the SQL parser and
// the plan rules. extension.ts imports it dynamically, so that activation stays light.
import path from 'node:path';
import { analyze } from './analysis/analyze';
import { buildReport } from './analysis/build-report';
import { findDoctorChecks, type DoctorCheck } from './analysis/doctor';
import type { Finding } from './analysis/finding';
import type { IgnoreEntry } from './analysis/parse-ignore-list';
import type { Plan } from './analysis/plan/plan';
import { loadPlanEngine } from './analysis/plan/plan-on-demand';
import type { AnalysisReport } from './analysis/report';
import { toAnalyzeOptions, type RuleSettings } from './analysis/rule-choices';
import type { Snapshot } from './analysis/snapshot';
import { isStatement } from './analysis/sql/embedded-sql';
import { loadSqlParser } from './analysis/sql/load-sql-parser';
import { AdviceClient, type AdviceClientParts } from './database/advice-worker/advice-client';
import { createConnectionSources } from './database/connection-sources';
import type { StatementContext } from './database/consent';
import { connectProfile } from './database/database-access';
import { localSystem } from './database/local-system';
import { findConfigurationFolder, openProfileStore } from './database/profile-store';
import { captureSandboxFacts } from './database/what-if/sandbox/postgres-binaries';
import type { DatabaseAccess, DatabaseSession, IndexAdvisor } from './providers/database-port';

export { parseIgnoreList } from './analysis/parse-ignore-list';
export { loadPlanEngine };
export { WorkloadReports } from './providers/workload-reports';
export { ComparePanels } from './webviews/compare-panel';
export { PlanPanels } from './webviews/plan-panel';
export { ReportPanels } from './webviews/report-panel';

export const profiles = openProfileStore(findConfigurationFolder(localSystem));
export const sources = createConnectionSources(localSystem);

/** For the advisor, which works over the sessions of others. */
const contexts = new WeakMap<DatabaseSession, StatementContext>();

export const access: DatabaseAccess = {
  connect: async (profile, password, signal) => {
    const connection = await connectProfile(profile, password, localSystem, signal);
    contexts.set(connection, connection.context);
    return connection;
  },
};

export function createAdvisor(parts: Omit<AdviceClientParts, 'file'>): IndexAdvisor {
  const client = new AdviceClient({ ...parts, file: path.join(__dirname, 'advice-engine.js') });
  const known = new WeakSet<DatabaseSession>();
  const contextOf = (session: DatabaseSession): StatementContext => {
    const context = contexts.get(session);
    if (context === undefined) throw new Error('Advice is asked for over a session that was opened elsewhere.');
    if (!known.has(session)) {
      known.add(session);
      session.onDidChangeState(({ state }) => {
        if (state === 'closed') client.forget(context);
      });
    }
    return context;
  };
  return {
    adviseWorkload: async (session, ...question) => client.adviseWorkload(contextOf(session), ...question),
    explainWithIndex: async (session, ...question) => client.explainWithIndex(contextOf(session), ...question),
    refresh: (session) => {
      client.refresh(contextOf(session));
    },
    end: () => client.end(),
  };
}

/** Whether a piece of a program is an SQL statement. */
export async function isSqlStatement(text: string): Promise<boolean> {
  return isStatement(text, (await loadSqlParser()).parser);
}

/** `sandboxBinaries` is the setting of that name. */
export async function runDoctor(session: DatabaseSession, sandboxBinaries: string): Promise<DoctorCheck[]> {
  const { parser, fallbackReason } = await loadSqlParser();
  return findDoctorChecks(session.facts, {
    host: session.profile.host ?? session.server.replace(/:\d+$/, ''),
    sqlParser: parser.name,
    sqlParserReason: fallbackReason,
    sandbox: await captureSandboxFacts(sandboxBinaries, Math.floor(session.facts.versionNumber / 10_000)),
  });
}

export async function findPlanInsights(plan: Plan, session: DatabaseSession): Promise<Finding[]> {
  const { analyzePlan } = await loadPlanEngine();
  return analyzePlan(plan, await session.capturePlanFacts(plan));
}

export function analyzeSnapshot(
  snapshot: Snapshot,
  { rules, ignore }: { rules: RuleSettings; ignore: readonly IgnoreEntry[] },
): AnalysisReport {
  return buildReport(snapshot, analyze(snapshot, toAnalyzeOptions(rules, ignore)));
}
