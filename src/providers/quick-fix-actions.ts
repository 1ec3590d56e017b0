// The light bulb on a missing index.
import * as vscode from 'vscode';
import { describeGain, describeIndexColumns } from '../analysis/index-advice/text/describe-saving';
import type { MissingIndex, MissingIndexes } from './missing-indexes';

/** Which missing index a quick fix means: looked up again when it is chosen, since the file may have been edited. */
export interface QuickFixPlace {
  uri: string;
  fingerprint: string;
  /** What the title says of the index: the advice may be another one by then. */
  columns: string;
}

export function isQuickFixPlace(argument: unknown): argument is QuickFixPlace {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    'uri' in argument &&
    typeof argument.uri === 'string' &&
    'fingerprint' in argument &&
    typeof argument.fingerprint === 'string' &&
    'columns' in argument &&
    typeof argument.columns === 'string'
  );
}

export class QuickFixActions implements vscode.CodeActionProvider {
  static readonly providedCodeActionKinds = [vscode.CodeActionKind.QuickFix];
  readonly #missingIndexes: MissingIndexes;

  constructor(missingIndexes: MissingIndexes) {
    this.#missingIndexes = missingIndexes;
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    return this.#missingIndexes
      .find(document)
      .filter(({ diagnostic }) => diagnostic.range.intersection(range) !== undefined)
      .flatMap((missing) => toActions(document, missing));
  }
}

function toActions(document: vscode.TextDocument, missing: MissingIndex): vscode.CodeAction[] {
  const { index, evidence } = missing.recommendation;
  const columns = describeIndexColumns(index);
  const place: QuickFixPlace = { uri: document.uri.toString(), fingerprint: missing.fingerprint, columns };
  const toAction = (title: string, command: string) => {
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
    action.command = { title, command: `pgInsight.advice.${command}`, arguments: [place] };
    action.diagnostics = [missing.diagnostic];
    return action;
  };
  const gain = describeGain(evidence, missing.change, missing.recommendation);
  const create = toAction(`Create index on ${columns} - ${gain}`, 'createIndex');
  create.isPreferred = true;
  return [
    create,
    // without a plan there is nothing to show
    ...(evidence === 'estimated' ? [] : [toAction('Explain with this index', 'explainWithIndex')]),
    toAction('Why this index?', 'why'),
    toAction('Add as migration file...', 'addMigration'),
    toAction('Copy DDL', 'copyDdl'),
    toAction('Show plan', 'showPlan'),
    toAction('Ignore for this statement...', 'ignore'),
  ];
}
