// What the quick fixes of a missing index do. The statement is planned before and after the index is made, and both plans
// are shown side by side.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { Finding } from '../analysis/finding';
import { describeIndexColumns, describeWrites } from '../analysis/index-advice/text/describe-saving';
import { formatIndexScript } from '../analysis/index-advice/index-ddl';
import type { IndexRecommendation } from '../analysis/index-advice/index-advice';
import { formatIndexWhy } from '../analysis/index-advice/text/index-why';
import { nameHypotheticalIndexes, toExplainJson } from '../analysis/index-advice/name-hypothetical-indexes';
import type { Plan } from '../analysis/plan/plan';
import { toIndexClause } from '../analysis/index-build/index-steps';
import { toIndexPrediction } from '../analysis/indexes/index-promise';
import { quoteQualifiedName } from '../analysis/sql/identifiers';
import type { ComparisonDocument, PlanDocument, PlanMissingIndex } from '../webviews/protocol';
import type { AdvisedIndex } from './advised-index';
import { runCancellable } from './cancellable';
import type { DatabaseSession, IndexAdvisor } from './database-port';
import type { ExplainCommands } from './explain-commands';
import type { FailureReporter } from './failure-reporter';
import type { IgnoreFile } from './ignore-file';
import { showMarkdownPage } from './fix-document';
import type { IndexBuildCommands } from './index-build-commands';
import type { MissingIndex, MissingIndexes } from './missing-indexes';
import { isQuickFixPlace, type QuickFixPlace } from './quick-fix-actions';
import { addMigration } from './quick-fix-migration';

export interface QuickFixCommandsParts {
  missingIndexes: MissingIndexes;
  advisor: IndexAdvisor;
  explain: ExplainCommands;
  indexBuild: IndexBuildCommands;
  ignoreFile: IgnoreFile;
  reporter: FailureReporter;
  /** The profile's session, connected when it is not; null when the user gave up. */
  openSession: (profile: ConnectionProfile) => Promise<DatabaseSession | null>;
  /** Null when there is no such profile any more. */
  readProfile: (id: string) => Promise<ConnectionProfile | null>;
  showPlan: (document: PlanDocument) => Promise<void>;
  findPlanInsights: (plan: Plan, session: DatabaseSession) => Promise<Finding[]>;
  /** The statement's plan that is open and was measured, if there is one: it knows the time before. */
  findMeasuredPlan: (planned: PlanDocument) => Promise<PlanDocument | null>;
  showComparison: (document: ComparisonDocument) => Promise<void>;
}

/** Planning takes milliseconds; a statement that needs longer waits for a lock. */
const planTimeoutMs = 15_000;
/** How long VS Code itself shows such a word in the status bar. */
const statusMessageMs = 3_000;

export class QuickFixCommands {
  readonly #parts: QuickFixCommandsParts;

  constructor(parts: QuickFixCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const command = (name: string, run: (missing: AdvisedIndex, chosen: string) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.advice.${name}`, (argument?: unknown) =>
        this.#parts.reporter.guard(async () => {
          if (isAdvisedRow(argument)) {
            await run(argument.advised, describeIndexColumns(argument.advised.recommendation.index));
          } else if (isQuickFixPlace(argument)) {
            const missing = await this.#find(argument);
            if (missing !== null) await run(missing, argument.columns);
          }
        }),
      );
    return [
      command('createIndex', (missing, chosen) => this.#createIndex(missing, chosen)),
      command('explainWithIndex', (missing) => this.#explainWithIndex(missing)),
      command('why', (missing) => this.#showWhy(missing)),
      command('addMigration', async ({ document, recommendation }, chosen) => {
        if (!(await agreeToOther(recommendation, chosen, 'Add as Migration File'))) return;
        await addMigration(document, recommendation, recommendation.why);
      }),
      command('copyDdl', async ({ recommendation }, chosen) => {
        if (await agreeToOther(recommendation, chosen, 'Copy DDL')) await copyDdl(recommendation);
      }),
      command('showPlan', (missing) => this.#showPlan(missing)),
      command('ignore', (missing) => this.#ignore(missing)),
      vscode.commands.registerCommand('pgInsight.advice.refresh', () => {
        this.#parts.missingIndexes.forget();
      }),
    ];
  }

  /** Drops what a comparison is about, also one of before a reload of the window; asks as every drop does. */
  async undo({ after, index, undo }: ComparisonDocument): Promise<void> {
    await this.#parts.reporter.guard(async () => {
      if (undo === null) return;
      const { connection, result } = after;
      const name = `${index.schema}.${index.name}`;
      const profile = await this.#parts.readProfile(connection.profileId);
      if (profile === null) {
        throw new DatabaseFailure(
          'configuration',
          `The connection "${connection.name}", over which index ${name} was made, is gone.`,
          'Connect to the database again, and drop the index in the Indexes view.',
        );
      }
      const session = await this.#parts.openSession(profile);
      if (session === null) return;
      if (session.server !== result.server || session.database !== result.database) {
        throw new DatabaseFailure(
          'configuration',
          `Index ${name} was made in database ${result.database} on ${result.server}; the connection "${profile.name}" now leads to ${session.database} on ${session.server}.`,
          'Connect to the first one, and drop the index in the Indexes view.',
        );
      }
      await this.#parts.indexBuild.drop(session, undo);
    });
  }

  /** What the file of a plan's statement is marked with. */
  findForPlan(plan: PlanDocument): PlanMissingIndex | null {
    const missing = this.#findOfPlan(plan);
    if (missing === null) return null;
    const { schema, table } = missing.recommendation.index;
    return {
      schema,
      table,
      columns: describeIndexColumns(missing.recommendation.index),
      advice: missing.diagnostic.message,
    };
  }

  async createForPlan(plan: PlanDocument): Promise<void> {
    await this.#parts.reporter.guard(async () => {
      const missing = this.#findOfPlan(plan);
      if (missing !== null) await this.#createIndex(missing, describeIndexColumns(missing.recommendation.index));
    });
  }

  #findOfPlan({ source, sql, connection }: PlanDocument): MissingIndex | null {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === source?.uri);
    if (document === undefined) return null;
    const found = this.#parts.missingIndexes
      .find(document)
      .find((missing) => missing.sql === sql && missing.session.profile.id === connection.profileId);
    return found ?? null;
  }

  async #find({ uri, fingerprint }: QuickFixPlace): Promise<MissingIndex | null> {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    const found = this.#parts.missingIndexes.find(document).find((each) => each.fingerprint === fingerprint);
    if (found === undefined) {
      void vscode.window.showInformationMessage(
        'The statement has changed, or its connection has. Save the file to have it looked at again.',
      );
    }
    return found ?? null;
  }

  /** `chosen` is the index that the user read of when choosing this. */
  async #createIndex(missing: AdvisedIndex, chosen: string): Promise<void> {
    const { indexBuild, showComparison } = this.#parts;
    // the answer may be old: somebody may have made the index meanwhile
    const again = await runCancellable('Looking whether the index is still missing', (signal) =>
      missing.lookAgain(signal),
    );
    if (!('recommendation' in again)) {
      const why = again.reason ?? 'The server or its statistics have changed.';
      void vscode.window.showInformationMessage(`No index is missing for "${missing.title}" any more. ${why}`);
      return;
    }
    const { recommendation, change, sql } = again;
    const prediction = toIndexPrediction({ ...recommendation, ...change }, [sql]);
    const before = await this.#plan(missing);
    if (before === null) return;
    const measured = await this.#parts.findMeasuredPlan(before);
    const writes = describeWrites(recommendation.write);
    const notes = [describeOther(recommendation, chosen), writes === null ? null : `${writes}.`];
    const built = await indexBuild.create(missing.session, toBuildRequest(recommendation), {
      prediction,
      notes: notes.filter((note) => note !== null),
    });
    if (built === null) return;
    const after = await this.#plan(missing, measured ?? before);
    if (after === null) return;
    const { schema, table } = recommendation.index;
    await showComparison({
      before: measured ?? before,
      after,
      index: {
        oid: built.index.oid,
        name: built.index.name,
        schema,
        table,
        isPartitioned: recommendation.steps.length > 1,
        definition: built.definition,
        sizeBytes: built.sizeBytes,
        durationMs: built.durationMs,
      },
      undo: built.undo,
      undone: false,
    });
  }

  /** The plans without and with the index, side by side. */
  async #explainWithIndex(missing: AdvisedIndex): Promise<void> {
    const { recommendation } = missing;
    const { index, name, steps, sizeBytes } = recommendation;
    const plans = await this.#planWithIndex(missing);
    const [before, after] = await Promise.all(
      [plans.before, plans.after].map((plan) => this.#toPlanDocument(missing, plan)),
    );
    if (before === undefined || after === undefined) return;
    await this.#parts.showComparison({
      before,
      after,
      index: {
        oid: null,
        name,
        schema: index.schema,
        table: index.table,
        isPartitioned: steps.length > 1,
        definition: `CREATE INDEX ${name} ON ${quoteQualifiedName(index.schema, index.table)} ${toIndexClause(index)}`,
        sizeBytes,
        durationMs: null,
      },
      undo: null,
      undone: false,
    });
  }

  async #showWhy(missing: AdvisedIndex): Promise<void> {
    const { title, sql, recommendation, change, engineNote } = missing;
    const isPlanned = recommendation.evidence !== 'estimated';
    const plans = isPlanned ? await this.#planWithIndex(missing) : null;
    const text = formatIndexWhy({ title, sql, recommendation, change, engineNote, plans });
    await showMarkdownPage(`Why ${recommendation.name}`, text);
  }

  /** By the engine that advised; nothing is built. */
  async #planWithIndex({
    session,
    sql,
    parameters,
    recommendation,
  }: AdvisedIndex): Promise<{ before: Plan; after: Plan }> {
    const { index, name } = recommendation;
    const result = await runCancellable(`Planning with ${name}`, (signal) =>
      this.#parts.advisor.explainWithIndex(session, { sql, parameters, timeoutMs: planTimeoutMs }, index, signal),
    );
    if (result.planBefore === null || result.planAfter === null) {
      throw new DatabaseFailure('other', 'The engine of the advice makes no plans any more.', 'Ask again.');
    }
    return { before: result.planBefore, after: nameHypotheticalIndexes(result.planAfter, name) };
  }

  async #toPlanDocument(missing: AdvisedIndex, plan: Plan): Promise<PlanDocument> {
    const { session, title, source, sql, parameters } = missing;
    const { profile, server, database, facts } = session;
    return {
      title,
      sql,
      analyzed: false,
      parameters: parameters.mode === 'generic' ? 'generic plan' : null,
      parameterValues: parameters,
      connection: { profileId: profile.id, name: profile.name, environment: profile.environment },
      source,
      result: {
        plan,
        planJson: toExplainJson(plan),
        rolledBack: false,
        ranAt: new Date().toISOString(),
        server,
        database,
        serverVersion: facts.version,
      },
      findings: await this.#parts.findPlanInsights(plan, session),
    };
  }

  async #showPlan(missing: AdvisedIndex): Promise<void> {
    const plan = await this.#plan(missing);
    if (plan !== null) await this.#parts.showPlan(plan);
  }

  /** Plans the statement without running it, for the values of an earlier plan of it when there is one. */
  #plan(
    { session, title, source, sql, parameters }: AdvisedIndex,
    earlier?: PlanDocument,
  ): Promise<PlanDocument | null> {
    return this.#parts.explain.run(session, {
      title,
      sql,
      parameters: earlier?.parameterValues ?? parameters,
      parametersText: earlier?.parameters ?? (parameters.mode === 'generic' ? 'generic plan' : null),
      analyze: false,
      source,
    });
  }

  async #ignore({ fingerprint, title }: AdvisedIndex): Promise<void> {
    const reason = await vscode.window.showInputBox({
      title: `Ignore the Missing Index of "${title}"`,
      prompt: 'Why? The reason is written into the list of ignored findings, which can be committed.',
      validateInput: (text) => (text.trim() === '' ? 'A reason is needed: others will want to know.' : null),
    });
    if (reason === undefined) return;
    const entry: Pick<Finding, 'fingerprint'> & { reason: string } = { fingerprint, reason: reason.trim() };
    await this.#parts.ignoreFile.update((entries) => [...entries, entry]);
  }
}

/** A row of a view that stands for a missing index. */
function isAdvisedRow(node: unknown): node is { advised: AdvisedIndex } {
  return typeof node === 'object' && node !== null && 'advised' in node && node.advised !== null;
}

function toBuildRequest({ index, name, sizeBytes }: IndexRecommendation) {
  const { schema, table } = index;
  return {
    index: { schema, table, name, unique: false, clause: toIndexClause(index) },
    estimatedSizeBytes: sizeBytes === null ? null : Math.round(sizeBytes),
  };
}

/** What is said when the advice is no longer what the user chose; null when it is. */
function describeOther({ index }: IndexRecommendation, chosen: string): string | null {
  const now = describeIndexColumns(index);
  if (now === chosen) return null;
  return `The advice is now ${now}, and was ${chosen}: the file, the server or its statistics have changed.`;
}

async function agreeToOther(recommendation: IndexRecommendation, chosen: string, agree: string): Promise<boolean> {
  const other = describeOther(recommendation, chosen);
  return other === null || (await vscode.window.showWarningMessage(other, { modal: true }, agree)) === agree;
}

async function copyDdl(recommendation: IndexRecommendation): Promise<void> {
  await vscode.env.clipboard.writeText(`${formatIndexScript(recommendation.steps)}\n`);
  const what = `DDL of the index on ${describeIndexColumns(recommendation.index)} copied`;
  vscode.window.setStatusBarMessage(what, statusMessageMs);
}
