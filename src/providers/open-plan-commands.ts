// Open Plan and Paste Plan: plans that were run elsewhere, from an editor, a file or the clipboard. No connection is needed.
// A text that can't be read opens too, with the reason and its place.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { formatBytes, formatMs } from '../analysis/format/numbers';
import { looksLikePlan } from '../analysis/plan/looks-like-plan';
import type { FoundPlan } from '../analysis/plan/parse-any-plan';
import type * as planEngine from '../analysis/plan/plan-engine';
import type { OpenedPlan, UnreadablePlan } from '../webviews/protocol';
import type { FailureReporter } from './failure-reporter';
import { readPlanHead } from './plan-documents';
import { toTitle } from './statement-target';

/** Reading stops everything else in the extension host: 10 MB take a second or two. */
const largestTextBytes = 20_000_000;

const planFileFilters = { Plans: ['json', 'txt', 'yaml', 'yml', 'xml', 'log'], 'All Files': ['*'] };

export interface OpenPlanCommandsParts {
  reporter: FailureReporter;
  loadPlanEngine: () => Promise<typeof planEngine>;
  showPlan: (document: OpenedPlan | UnreadablePlan) => Promise<void>;
}

/** A text that should hold a plan. */
interface PlanText {
  title: string;
  /** "logs/orders.log, line 12" */
  from: string;
  uri: vscode.Uri | null;
  /** Lines that were not selected are empty, so that places in it are those of the document. */
  text: string;
  /** Its first line that is not left out, from 1. */
  firstLine: number;
}

export class OpenPlanCommands {
  readonly #parts: OpenPlanCommandsParts;

  constructor(parts: OpenPlanCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { reporter } = this.#parts;
    return [
      vscode.commands.registerCommand('pgInsight.plan.open', (argument?: unknown, all?: unknown) =>
        reporter.guard(() => this.#open(argument, all)),
      ),
      vscode.commands.registerCommand('pgInsight.plan.paste', () => reporter.guard(() => this.#paste())),
    ];
  }

  /** Of the Explorer's selection (`all`), the editor whose title button was pressed, or the active editor. */
  async #open(argument: unknown, all: unknown): Promise<void> {
    const uris = Array.isArray(all) ? all.filter((each) => each instanceof vscode.Uri) : [];
    if (uris.length === 0 && argument instanceof vscode.Uri) uris.push(argument);
    const editor = vscode.window.activeTextEditor;
    if (uris.length === 0) {
      if (editor !== undefined && mayHoldPlan(editor)) {
        await this.#show(readEditor(editor));
        return;
      }
      uris.push(...((await vscode.window.showOpenDialog({ title: 'Open Plan', filters: planFileFilters })) ?? []));
    }
    for (const uri of uris) {
      const isActive = editor?.document.uri.toString() === uri.toString();
      await this.#show(isActive ? readEditor(editor) : toPlanText(await openDocument(uri)));
    }
  }

  async #paste(): Promise<void> {
    const text = await vscode.env.clipboard.readText();
    if (text.trim() === '') {
      void vscode.window.showInformationMessage(
        'There is no text on the clipboard. Copy the output of EXPLAIN, then paste it.',
      );
      return;
    }
    await this.#show({ title: 'Pasted Plan', from: 'clipboard', uri: null, text, firstLine: 1 });
  }

  async #show(planText: PlanText): Promise<void> {
    const { loadPlanEngine, showPlan } = this.#parts;
    if (planText.text.length > largestTextBytes) throw toTooLarge(planText.from, planText.text.length);
    const { findPlans, analyzePlan, PlanReadError } = await loadPlanEngine();
    let chosen: FoundPlan | null = null;
    try {
      const plans = findPlans(planText.text);
      chosen = plans.length === 1 ? (plans[0] ?? null) : await pickPlan(plans, planText.from);
      if (chosen === null) return;
      const plan = chosen.read();
      const part = takePart(planText, chosen, plans.length > 1);
      await showPlan({
        ...part,
        title: chosen.sql === null ? planText.title : toTitle('', chosen.sql),
        sql: chosen.sql,
        analyzed: plan.nodes.some(({ loops }) => loops !== null),
        result: { plan, planJson: chosen.json() ?? part.text },
        findings: analyzePlan(plan),
      });
    } catch (error) {
      if (!(error instanceof PlanReadError)) throw error;
      const { message, column } = error;
      const line = Math.max(error.line, planText.firstLine);
      await showPlan({ ...takePart(planText, chosen, false), result: null, failure: { message, line, column } });
    }
  }
}

/** Without a word from the user which text is meant: what is selected, what looks like a plan, or is no program. */
function mayHoldPlan(editor: vscode.TextEditor): boolean {
  const head = readPlanHead(editor.document);
  return (
    isSelectionMeant(editor) ||
    looksLikePlan(head) ||
    (head.trim() !== '' && /^(?:plaintext|jsonc?|yaml|xml|log)$/.test(editor.document.languageId))
  );
}

/** A word that happens to be selected is not meant, but a plan in one line is. */
function isSelectionMeant({ document, selection }: vscode.TextEditor): boolean {
  return !selection.isEmpty && (!selection.isSingleLine || looksLikePlan(document.getText(selection)));
}

function readEditor(editor: vscode.TextEditor): PlanText {
  const { document, selection } = editor;
  const whole = toPlanText(document);
  if (!isSelectionMeant(editor)) return whole;
  const firstLine = selection.start.line + 1;
  return {
    ...whole,
    from: `${whole.from}, line ${firstLine}`,
    text: `${'\n'.repeat(selection.start.line)}${document.getText(selection)}`,
    firstLine,
  };
}

function toPlanText(document: vscode.TextDocument): PlanText {
  const from = vscode.workspace.asRelativePath(document.uri);
  return { title: from.split(/[\\/]/).at(-1) ?? from, from, uri: document.uri, text: document.getText(), firstLine: 1 };
}

async function openDocument(uri: vscode.Uri): Promise<vscode.TextDocument> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return open;
  const name = vscode.workspace.asRelativePath(uri);
  let sizeBytes: number;
  try {
    sizeBytes = (await vscode.workspace.fs.stat(uri)).size;
    if (sizeBytes <= largestTextBytes) return await vscode.workspace.openTextDocument(uri);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseFailure(
      'other',
      `"${name}" can't be read as a text: ${reason}`,
      'Choose a text file with the output of EXPLAIN.',
    );
  }
  throw toTooLarge(name, sizeBytes);
}

function toTooLarge(name: string, sizeBytes: number): DatabaseFailure {
  return new DatabaseFailure(
    'other',
    `"${name}" has ${formatBytes(sizeBytes)}: plans are read from at most ${formatBytes(largestTextBytes)}.`,
    'Copy the plan alone, and paste it.',
  );
}

async function pickPlan(plans: readonly FoundPlan[], from: string): Promise<FoundPlan | null> {
  const chosen = await vscode.window.showQuickPick(
    plans.map((plan) => ({
      label: plan.sql === null ? (plan.rootType ?? 'Plan') : toTitle('', plan.sql),
      description: [`line ${plan.firstLine}`, ...(plan.executionMs === null ? [] : [formatMs(plan.executionMs)])].join(
        ', ',
      ),
      plan,
    })),
    {
      title: 'Open Plan',
      placeHolder: `There are ${plans.length} plans in ${from}. Which one?`,
      matchOnDescription: true,
    },
  );
  return chosen?.plan ?? null;
}

/** The lines of a plan, or all of them, with where they stand. */
function takePart(
  { title, from, uri, text, firstLine }: PlanText,
  plan: FoundPlan | null,
  isOneOfSeveral: boolean,
): Pick<UnreadablePlan, 'title' | 'connection' | 'from' | 'source' | 'text' | 'firstLine'> {
  const all = text.split(/\r\n|\n|\r/);
  const first = Math.max(firstLine, plan?.firstLine ?? 1);
  const last = plan?.lastLine ?? all.length;
  const lines = all.slice(first - 1, last);
  return {
    title,
    connection: null,
    from: isOneOfSeveral ? `${from.replace(/, line \d+$/, '')}, line ${first}` : from,
    source:
      uri === null
        ? null
        : {
            uri: uri.toString(),
            start: { line: first - 1, character: 0 },
            end: { line: last - 1, character: lines.at(-1)?.length ?? 0 },
          },
    text: lines.join('\n'),
    firstLine: first,
  };
}
