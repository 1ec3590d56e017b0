// What a connected profile can be asked, as one object: the session and every function that reads through it.
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { ConnectionState } from '../analysis/connection/connection-state';
import type { ExplainRequest, ExplainResult, TypicalValues } from '../analysis/explain/explain';
import type { Plan } from '../analysis/plan/plan';
import type { PlanFacts } from '../analysis/plan/plan-rule';
import type { AdviceRequest, EngineAdvice } from '../analysis/index-advice/index-advice';
import type { MeasuredAdvice } from '../analysis/index-advice/measure/measure-advice';
import type { WorkloadAdvice, WorkloadStatement } from '../analysis/index-advice/workload-advice';
import type {
  IndexBuildOutcome,
  IndexBuildPlan,
  IndexBuildRequest,
  IndexConsent,
  IndexDropOutcome,
  IndexDropPlan,
  IndexDropRequest,
  StartedIndexBuild,
  StartedIndexBuildState,
  StartedIndexDrop,
  StartedIndexDropState,
} from '../analysis/index-build/index-build';
import type { ServerFacts } from '../analysis/server/server-facts';
import type { SectionName, Snapshot } from '../analysis/snapshot';
import type { ConsentVerdict } from '../analysis/sql/consent';
import { loadSqlParser } from '../analysis/sql/load-sql-parser';
import type { ExactSizes, TableDetails, TableSummary } from '../analysis/tables/table';
import { resolveConnectionSettings } from './connection-settings';
import { assessStatement, type StatementContext } from './consent';
import { explainStatement } from './explain';
import { prepareIndexBuild, runIndexBuild } from './index-build';
import type { IndexContext, IndexRunOptions } from './index-build/index-context';
import { findStartedDrop, prepareIndexDrop, runIndexDrop } from './index-build/index-drop';
import { findStartedBuild } from './index-build/started-build';
import type { LocalSystem } from './local-system';
import type { MeasureRequest } from './measure/measure-advice';
import { captureServerFacts } from './server-facts';
import { openSession, type Session } from './session';
import { captureSnapshot } from './snapshot';
import { captureTableDdl } from './table-definition';
import { captureExactSizes, captureTableDetails } from './table-details';
import { captureTables } from './tables';
import { capturePlanFacts } from './plan-facts';
import { captureTypicalValues } from './typical-values';
import { findValueProblem } from './value-problem';
import { loadAdviceEngine } from './what-if/advice-on-demand';
import type { AdviceOptions } from './what-if/advise-statement';

/** Everything rejects with a DatabaseFailure. */
export class DatabaseConnection {
  readonly #session: Session;
  readonly #context: StatementContext;

  constructor(
    readonly profile: ConnectionProfile,
    session: Session,
    readonly facts: ServerFacts,
    /** What the connection asks for and PG Insight does not do, a sentence each. */
    readonly notes: readonly string[],
  ) {
    this.#session = session;
    this.#context = {
      run: session.run,
      facts,
      // of several hosts another one may answer after a loss
      get server() {
        return session.server;
      },
      environment: profile.environment,
      pooler: session.pooler,
      loadParser: loadSqlParser,
    };
  }

  /** host:port of the server that answered, or the path of its unix socket. */
  get server(): string {
    return this.#session.server;
  }

  /** For whoever plans statements over this connection elsewhere. */
  get context(): StatementContext {
    return this.#context;
  }

  get database(): string {
    return this.#session.database;
  }

  onDidChangeState(listener: (state: ConnectionState) => void): { dispose(): void } {
    return this.#session.onDidChangeState(listener);
  }

  captureTables(signal?: AbortSignal): Promise<TableSummary[]> {
    return captureTables(this.#session.run, this.facts, signal);
  }

  captureTableDetails(oid: number, signal?: AbortSignal): Promise<TableDetails> {
    return captureTableDetails(this.#session.run, this.facts, oid, signal);
  }

  captureExactSizes(oid: number, signal?: AbortSignal): Promise<ExactSizes> {
    return captureExactSizes(this.#session.run, this.facts, oid, signal);
  }

  captureTableDdl(oid: number, signal?: AbortSignal): Promise<string> {
    return captureTableDdl(this.#session.run, this.facts, oid, signal);
  }

  /** Of all sections, or of these. */
  captureSnapshot<Names extends SectionName = SectionName>(
    sections?: readonly Names[],
    signal?: AbortSignal,
  ): Promise<Snapshot<Names>> {
    return captureSnapshot(
      this.#session.run,
      this.facts,
      { server: this.server, ...(sections === undefined ? {} : { sections }) },
      signal,
    );
  }

  assessStatement(sql: string, analyze: boolean, signal?: AbortSignal): Promise<ConsentVerdict> {
    return assessStatement(this.#context, sql, analyze, signal);
  }

  explain(request: ExplainRequest, signal?: AbortSignal): Promise<ExplainResult> {
    return explainStatement(this.#context, request, signal);
  }

  capturePlanFacts(plan: Plan, signal?: AbortSignal): Promise<PlanFacts> {
    return capturePlanFacts(this.#session.run, this.facts, plan, signal);
  }

  captureTypicalValues(sql: string, signal?: AbortSignal): Promise<(TypicalValues | null)[]> {
    return captureTypicalValues(this.#context, sql, signal);
  }

  findValueProblem(type: string, text: string, signal?: AbortSignal): Promise<string | null> {
    return findValueProblem(this.#context, type, text, signal);
  }

  async adviseStatement(request: AdviceRequest, signal?: AbortSignal, options?: AdviceOptions): Promise<EngineAdvice> {
    const { adviseStatement } = await loadAdviceEngine();
    return adviseStatement(this.#context, request, signal, options);
  }

  async adviseWorkload(
    statements: readonly WorkloadStatement[],
    onProgress: (done: number) => void,
    signal?: AbortSignal,
    options?: AdviceOptions,
  ): Promise<WorkloadAdvice> {
    const { adviseWorkload } = await loadAdviceEngine();
    return adviseWorkload(this.#context, statements, onProgress, signal, options);
  }

  /** What a trial has left that was killed; gives the names. */
  async dropLeftTrials(): Promise<string[]> {
    const { dropLeftTrials } = await loadAdviceEngine();
    return dropLeftTrials(this.#indexContext);
  }

  /** Builds the advised indexes for a trial, on development databases only; none of them is left. */
  async measureAdvice(request: MeasureRequest): Promise<MeasuredAdvice> {
    const { measureAdvice } = await loadAdviceEngine();
    return measureAdvice(this.#context, this.#indexContext, request);
  }

  prepareIndexBuild(request: IndexBuildRequest, signal?: AbortSignal): Promise<IndexBuildPlan> {
    return prepareIndexBuild(this.#indexContext, request, signal);
  }

  runIndexBuild(
    request: IndexBuildRequest,
    consent: IndexConsent,
    options?: IndexRunOptions,
  ): Promise<IndexBuildOutcome> {
    return runIndexBuild(this.#indexContext, request, consent, options);
  }

  findStartedIndexBuild(started: StartedIndexBuild, signal?: AbortSignal): Promise<StartedIndexBuildState> {
    return findStartedBuild(this.#indexContext, started, signal);
  }

  findStartedIndexDrop(started: StartedIndexDrop, signal?: AbortSignal): Promise<StartedIndexDropState> {
    return findStartedDrop(this.#indexContext, started, signal);
  }

  prepareIndexDrop(request: IndexDropRequest, signal?: AbortSignal): Promise<IndexDropPlan> {
    return prepareIndexDrop(this.#indexContext, request, signal);
  }

  runIndexDrop(request: IndexDropRequest, consent: IndexConsent, options?: IndexRunOptions): Promise<IndexDropOutcome> {
    return runIndexDrop(this.#indexContext, request, consent, options);
  }

  get #indexContext(): IndexContext {
    const { run, runDedicated, server } = this.#session;
    return { run, runDedicated, server, facts: this.facts, environment: this.profile.environment };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/** `password` is what is kept for the profile; null lets the profile's other sources answer. */
export async function connectProfile(
  profile: ConnectionProfile,
  password: string | null,
  system: LocalSystem,
  signal?: AbortSignal,
): Promise<DatabaseConnection> {
  const settings = await resolveConnectionSettings(profile, password, system);
  const session = await openSession(settings, signal);
  try {
    return new DatabaseConnection(profile, session, await captureServerFacts(session, signal), settings.notes);
  } catch (error) {
    await session.close();
    throw error;
  }
}
