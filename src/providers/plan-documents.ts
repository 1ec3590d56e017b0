// Which documents look like plans, for the button in their title. Only their beginnings are read, when they are shown, saved,
// or changed there, and never while somebody types.
import * as vscode from 'vscode';
import { looksLikePlan, planHeadLength } from '../analysis/plan/looks-like-plan';

/** A range spares VS Code the joining of all lines of a large document; lines of a plan are rarely shorter than 40 characters. */
const headLines = planHeadLength / 40;
/** Longer than the pause between two keys. */
const pauseMs = 500;

export function readPlanHead(document: vscode.TextDocument): string {
  return document.getText(new vscode.Range(0, 0, headLines, 0)).slice(0, planHeadLength);
}

/** As the when clause's `resourcePath` has it, which unlike `resource` is the same in a remote window. */
const toResourcePath = ({ scheme, fsPath, path }: vscode.Uri) => (scheme === 'file' ? fsPath : path);

export function followPlanDocuments(): vscode.Disposable {
  let known = '';
  let timer: NodeJS.Timeout | undefined;
  const update = () => {
    const paths = vscode.window.visibleTextEditors
      .filter(({ document }) => document.uri.scheme !== 'output' && looksLikePlan(readPlanHead(document)))
      .map(({ document }) => toResourcePath(document.uri));
    const text = JSON.stringify(paths);
    if (text === known) return;
    known = text;
    void vscode.commands.executeCommand('setContext', 'pgInsight.planPaths', paths);
  };
  const isShown = (document: vscode.TextDocument) =>
    vscode.window.visibleTextEditors.some((editor) => editor.document === document);
  update();
  return vscode.Disposable.from(
    vscode.window.onDidChangeVisibleTextEditors(update),
    vscode.workspace.onDidSaveTextDocument(update),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!contentChanges.some(({ rangeOffset }) => rangeOffset < planHeadLength) || !isShown(document)) return;
      clearTimeout(timer);
      timer = setTimeout(update, pauseMs);
    }),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
