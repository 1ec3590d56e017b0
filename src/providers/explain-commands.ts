// Explain and Explain Analyze: find the statement, ask for its parameters, ask for consent where that is due, run with
// Cancel, show the plan, or mark the error where it is.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure, syntaxErrorCode } from '../analysis/connection/connection-failure';
import type { ExplainRequest, ExplainResult, ParameterValues, TypicalValues } from '../analysis/explain/explain';
import { findParameterTypes, isBuiltInType } from '../analysis/explain/parameter-types';
import type { Finding } from '../analysis/finding';
import type { Plan } from '../analysis/plan/plan';
import { numberPlaceholders, type NumberedStatement } from '../analysis/sql/placeholders';
import { stripExplain } from '../analysis/sql/strip-explain';
import { findSampledValues } from '../analysis/statements/sampled-values';
import { toValueFailure } from '../analysis/explain/value-failure';
import type { PlanDocument } from '../webviews/protocol';
import { runCancellable } from './cancellable';
import type { ConnectionCommands } from './connection-commands';
import type { ConnectionStore } from './connection-store';
import { askConsent } from './consent-dialog';
import type { DatabaseSession } from './database-port';
import { isStatementPlace } from './explain-lenses';
import type { FailureAction, FailureReporter } from './failure-reporter';
import type { ParameterMemory } from './parameter-memory';
import { askParameters, formatParameters, type ParameterQuestion, type WrongValues } from './parameter-prompt';
import { separator } from './quick-steps';
import { isSqlLanguage } from './source-text';
import type { StatementDiagnostics } from './statement-diagnostics';
import { findSelectedStatements, findStatementAtOffset, type StatementTarget } from './statement-target';

export interface ExplainCommandsParts {
  connections: ConnectionCommands;
  store: ConnectionStore;
  diagnostics: StatementDiagnostics;
  memory: ParameterMemory;
  reporter: FailureReporter;
  log: vscode.LogOutputChannel;
  /** Whether a piece of a selection in a program is SQL. */
  isStatement: (sql: string) => Promise<boolean>;
  findPlanInsights: (plan: Plan, session: DatabaseSession) => Promise<Finding[]>;
  showPlan: (document: PlanDocument) => Promise<void>;
}

/** A statement ready to be sent, on a session. */
export interface PreparedStatement {
  title: string;
  sql: string;
  parameters: ParameterValues;
  /** As shown; null without parameters. */
  parametersText: string | null;
  analyze: boolean;
  source: PlanDocument['source'];
}

/** A statement that is in no document, as pg_stat_statements has it. */
export interface ExplainTextRequest {
  session: DatabaseSession;
  title: string;
  sql: string;
  /** Of its parameters: none, what the statistics know of the columns, or what the user types. */
  values: 'generic' | 'sampled' | 'typed';
  analyze: boolean;
  /** Shows the statement in an editor, where it can be changed. */
  open: () => Promise<void>;
}

export class ExplainCommands {
  readonly #parts: ExplainCommandsParts;

  constructor(parts: ExplainCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const command = (name: string, analyze: boolean) =>
      vscode.commands.registerCommand(`pgInsight.statement.${name}`, (argument?: unknown) =>
        this.#parts.reporter.guard(() => this.#explain(argument, analyze)),
      );
    return [command('explain', false), command('explainAnalyze', true)];
  }

  /** Runs what a plan shows once more, on the same connection and with the same parameters; null without a new plan. */
  async runAgain(document: PlanDocument): Promise<PlanDocument | null> {
    let again: PlanDocument | null = null;
    await this.#parts.reporter.guard(async () => {
      again = await this.#runAgain(document);
    });
    return again;
  }

  async #runAgain(document: PlanDocument): Promise<PlanDocument | null> {
    const { connection, source } = document;
    const profile = await this.#parts.store.readProfile(connection.profileId);
    if (profile === null) {
      throw new DatabaseFailure(
        'configuration',
        `The connection "${connection.name}" that this plan came from is gone.`,
        'Explain the statement again from its file.',
      );
    }
    const session = await this.#parts.connections.openSession(profile);
    if (session === null) return null;
    return this.run(session, {
      title: document.title,
      sql: document.sql,
      parameters: document.parameterValues,
      parametersText: document.parameters,
      analyze: document.analyzed,
      source,
    });
  }

  async #explain(argument: unknown, analyze: boolean): Promise<void> {
    const target = await this.#findTarget(argument);
    if (target === null) return;
    const session = await this.#parts.connections.ensureSession(target.document.uri);
    if (session === null) return;
    this.#parts.diagnostics.clear(target);
    await this.#explainTarget(session, target, analyze, null);
  }

  async #explainTarget(
    session: DatabaseSession,
    target: StatementTarget,
    analyze: boolean,
    wrong: WrongValues | null,
  ): Promise<void> {
    const { diagnostics, memory, reporter, showPlan } = this.#parts;
    const stripped = stripExplain(target.sql);
    const numbered = numberPlaceholders(stripped.sql);
    let parameters: ParameterValues | null = null;
    const remember = async () => {
      if (parameters?.mode === 'values') await memory.remember(numbered.sql, parameters.values);
    };
    let plan: PlanDocument | null;
    try {
      parameters = await this.#askParameters(session, numbered, analyze, wrong);
      if (parameters === null) return;
      plan = await this.run(session, {
        title: target.title,
        sql: numbered.sql,
        parameters,
        parametersText: toParametersText(numbered, parameters),
        analyze,
        source: toSource(target),
      });
    } catch (error) {
      const index = isDatabaseFailure(error) ? error.details.parameter?.index : undefined;
      if (isDatabaseFailure(error) && parameters?.mode === 'values' && index !== undefined) {
        const { values } = parameters;
        const change = () => this.#explainTarget(session, target, analyze, { values, index });
        await reporter.showFailure(
          toValueFailure(error, numbered, values),
          [{ title: 'Change Value', run: () => reporter.guard(change) }],
          { about: numbered.sql },
        );
        return;
      }
      await remember();
      if (!isDatabaseFailure(error) || error.kind !== 'statement') {
        await reporter.showFailure(error, [], { about: numbered.sql });
        return;
      }
      const offset = error.details.offset ?? null;
      const place = offset === null ? null : stripped.start + numbered.toOriginalOffset(offset);
      diagnostics.report(session, target, error, place);
      reporter.showMarkedFailure(error);
      return;
    }
    await remember();
    if (plan === null) return;
    reporter.hideMended(numbered.sql);
    await showPlan(plan);
  }

  /** Explains a statement that is in no document. What is wrong with it is said, with a way to change it. */
  async explainText(request: ExplainTextRequest): Promise<void> {
    await this.#explainText(request, null);
  }

  async #explainText(request: ExplainTextRequest, wrong: WrongValues | null): Promise<void> {
    const { session, title, analyze } = request;
    const { reporter, showPlan } = this.#parts;
    const numbered = numberPlaceholders(stripExplain(request.sql).sql);
    let parameters: ParameterValues | null = null;
    try {
      parameters = await this.#chooseParameters(request, numbered, wrong);
      if (parameters === null) return;
      const { sql } = numbered;
      const parametersText = toParametersText(numbered, parameters);
      const plan = await this.run(session, { title, sql, parameters, parametersText, analyze, source: null });
      if (plan === null) return;
      reporter.hideMended(sql);
      await showPlan(plan);
    } catch (error) {
      if (!isDatabaseFailure(error) || error.kind !== 'statement') throw error;
      const index = error.details.parameter?.index;
      const values = parameters?.mode === 'values' ? parameters.values : null;
      const change: FailureAction[] =
        values !== null && index !== undefined
          ? [
              {
                title: 'Change Value',
                run: () => reporter.guard(() => this.#explainText(request, { values, index })),
              },
            ]
          : [];
      const failure = values === null ? error : toValueFailure(error, numbered, values);
      await reporter.showFailure(
        failure,
        [...change, { title: 'Open Statement', run: () => reporter.guard(request.open) }],
        { about: numbered.sql },
      );
    }
  }

  async #chooseParameters(
    { session, values, analyze }: ExplainTextRequest,
    numbered: NumberedStatement,
    wrong: WrongValues | null,
  ): Promise<ParameterValues | null> {
    const { sql, parameters } = numbered;
    if (parameters.length === 0) return { mode: 'none' };
    if (values === 'generic') return { mode: 'generic' };
    if (values === 'typed' || wrong !== null) return this.#askParameters(session, numbered, analyze, wrong);
    const typical = await session.captureTypicalValues(sql);
    const sampled = findSampledValues(sql, typical);
    const known = this.#knowTypes(session, numbered, typical);
    return askParameters({ parameters, typical, ...known, remembered: null, analyze, wrong: null, sampled });
  }

  /** What a lens, the selection or the cursor means. Says so when that is nothing; asks when it is several. */
  async #findTarget(argument: unknown): Promise<StatementTarget | null> {
    if (isStatementPlace(argument)) {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(argument.uri));
      return findStatementAtOffset(document, argument.offset);
    }
    const editor = vscode.window.activeTextEditor;
    const targets = editor === undefined ? [] : await this.#findSelected(editor);
    if (targets.length > 1) return pickTarget(targets);
    if (targets[0] === undefined) void vscode.window.showInformationMessage(describeMissingStatement(editor));
    return targets[0] ?? null;
  }

  /** Of a selection in a program only what is SQL: code falls apart at its semicolons just as well. */
  async #findSelected(editor: vscode.TextEditor): Promise<StatementTarget[]> {
    const targets = findSelectedStatements(editor);
    if (isSqlLanguage(editor.document.languageId)) return targets;
    const are = await Promise.all(targets.map(({ sql }) => this.#parts.isStatement(sql)));
    return targets.filter((_, index) => are[index]);
  }

  async #askParameters(
    session: DatabaseSession,
    numbered: NumberedStatement,
    analyze: boolean,
    wrong: WrongValues | null,
  ): Promise<ParameterValues | null> {
    const { sql, parameters } = numbered;
    if (parameters.length === 0) return { mode: 'none' };
    const { memory, reporter } = this.#parts;
    // nobody types values for a statement that does not parse; beyond that suggestions are a courtesy
    const typical = await session.captureTypicalValues(sql).catch((error: unknown) => {
      if (isDatabaseFailure(error) && error.details.code === syntaxErrorCode) throw error;
      reporter.logFailure(error);
      return [];
    });
    const remembered = memory.recall(sql, parameters.length);
    const known = this.#knowTypes(session, numbered, typical);
    return askParameters({ parameters, typical, ...known, remembered, analyze, wrong });
  }

  /** The server says whether a value is one, as soon as it was typed and where the type is certain. */
  #knowTypes(
    session: DatabaseSession,
    { sql, parameters }: NumberedStatement,
    typical: readonly (TypicalValues | null)[],
  ): Pick<ParameterQuestion, 'types' | 'findProblem'> {
    const types = findParameterTypes(sql, parameters.length, typical);
    return {
      types,
      findProblem: async (index, text) => {
        const type = types[index] ?? null;
        if (type === null || !isBuiltInType(type)) return null;
        try {
          return await session.findValueProblem(type, text);
        } catch (error) {
          // the statement itself will say it
          this.#parts.reporter.logFailure(error);
          return null;
        }
      },
    };
  }

  /** Asks for consent where that is due. Null when the user does not want it. */
  async run(session: DatabaseSession, statement: PreparedStatement): Promise<PlanDocument | null> {
    const { sql, parameters, analyze, source } = statement;
    const { profile } = session;
    const verdict = await runCancellable('Looking at what the statement does', (signal) =>
      session.assessStatement(sql, analyze, signal),
    );
    const request: ExplainRequest = { sql, parameters, analyze, timeoutMs: readTimeoutMs() };
    if (verdict.verdict === 'refuse') {
      throw new DatabaseFailure(
        'statement',
        verdict.reason,
        analyze ? 'Choose "Explain" to see its plan, if it has one.' : '',
      );
    }
    if (verdict.verdict === 'ask') {
      const consent = await askConsent({ session, sql, parameters: statement.parametersText, analyze, verdict });
      if (consent === null) return null;
      request.consent = consent;
    }
    const title = `${analyze ? 'Running' : 'Planning'} "${statement.title}" on "${profile.name}"`;
    const result = await runCancellable(title, (signal) => session.explain(request, signal));
    this.#logRun(session, statement, result);
    return {
      title: statement.title,
      sql,
      analyzed: analyze,
      parameters: statement.parametersText,
      parameterValues: parameters,
      connection: { profileId: profile.id, name: profile.name, environment: profile.environment },
      source,
      result,
      findings: await this.#parts.findPlanInsights(result.plan, session),
    };
  }

  /** Without the values of parameters: they are data. */
  #logRun(session: DatabaseSession, { title, analyze }: PreparedStatement, { plan, rolledBack }: ExplainResult): void {
    const what = analyze ? 'Explain Analyze' : 'Explain';
    const time = plan.executionMs === null ? '' : ` in ${plan.executionMs} ms`;
    this.#parts.log.info(
      `${what} of "${title}" on ${session.database} at ${session.server}${time}${rolledBack ? ', rolled back' : ''}.`,
    );
  }
}

function describeMissingStatement(editor: vscode.TextEditor | undefined): string {
  if (editor === undefined) return 'Open a file with SQL first.';
  if (!editor.selection.isEmpty) return 'There is no SQL statement in the selection.';
  return isSqlLanguage(editor.document.languageId)
    ? 'There is no SQL statement at the cursor. Put the cursor into one, or select it.'
    : 'Select the SQL first: in a file that is not SQL, PG Insight explains what is selected.';
}

async function pickTarget(targets: readonly StatementTarget[]): Promise<StatementTarget | null> {
  const chosen = await vscode.window.showQuickPick(
    [
      separator(`${targets.length} statements are selected`),
      ...targets.map((target) => ({
        label: target.title,
        description: `line ${target.range.start.line + 1}`,
        target,
      })),
    ],
    { title: 'Explain', placeHolder: 'Which statement?' },
  );
  return chosen !== undefined && 'target' in chosen ? chosen.target : null;
}

function toParametersText(numbered: NumberedStatement, values: ParameterValues): string | null {
  switch (values.mode) {
    case 'none':
      return null;
    case 'generic':
      return 'generic plan';
    case 'values':
      return formatParameters(numbered.parameters, values.values);
  }
}

export function toSource({ document, range }: StatementTarget): PlanDocument['source'] {
  const toPlain = ({ line, character }: vscode.Position) => ({ line, character });
  return { uri: document.uri.toString(), start: toPlain(range.start), end: toPlain(range.end) };
}

function readTimeoutMs(): number {
  return vscode.workspace.getConfiguration('pgInsight.explain').get<number>('timeoutSeconds', 60) * 1000;
}
