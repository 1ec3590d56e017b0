// From a plan back to the statement it came from.
import * as vscode from 'vscode';
import type { PlanDocument } from '../webviews/protocol';

export async function revealSource({ title, source, sql }: PlanDocument): Promise<void> {
  await revealStatement(title, { source, sql });
}

/** Where it stands in its file, else its text in a document of its own. */
export async function revealStatement(
  title: string,
  { source, sql }: Pick<PlanDocument, 'source' | 'sql'>,
): Promise<void> {
  const document = source === null ? null : await openDocument(source.uri);
  if (source === null || document === null) {
    // the file is gone, or there never was one: the statement itself is still there
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content: sql }));
    if (source === null) return;
    void vscode.window.showInformationMessage(
      `The file that "${title}" came from is gone; this is the statement that was sent.`,
    );
    return;
  }
  const selection = document.validateRange(
    new vscode.Range(source.start.line, source.start.character, source.end.line, source.end.character),
  );
  await vscode.window.showTextDocument(document, { selection });
}

async function openDocument(uri: string): Promise<vscode.TextDocument | null> {
  const target = vscode.Uri.parse(uri);
  if (target.scheme === 'untitled') {
    // opening an untitled document that was closed would make a new, empty one
    return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri) ?? null;
  }
  try {
    return await vscode.workspace.openTextDocument(target);
  } catch {
    return null;
  }
}
