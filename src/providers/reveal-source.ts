// From a plan back to the statement it came from.
import * as vscode from 'vscode';
import type { PlanDocument, ViewedPlan } from '../webviews/protocol';

export async function revealSource(document: ViewedPlan): Promise<void> {
  if (document.connection !== null) await revealStatement(document.title, document);
  else await revealPlanText(document);
}

/** Where it stands in its file, else its text in a document of its own. */
export async function revealStatement(
  title: string,
  { source, sql }: Pick<PlanDocument, 'source' | 'sql'>,
): Promise<void> {
  await revealText(source, {
    language: 'sql',
    content: sql,
    gone: `The file that "${title}" came from is gone; this is the statement that was sent.`,
  });
}

/** The text that a plan was read from, at its fault where it could not be. */
async function revealPlanText(document: Exclude<ViewedPlan, PlanDocument>): Promise<void> {
  const { source, text, title, from } = document;
  const place = document.result === null ? toPosition(document.failure) : null;
  await revealText(source === null || place === null ? source : { ...source, start: place, end: place }, {
    language: 'plaintext',
    content: text,
    gone: `The file that "${title}" came from (${from}) is gone; this is the text that was read.`,
  });
}

const toPosition = ({ line, column }: { line: number; column: number }) => ({ line: line - 1, character: column - 1 });

/** A file that is gone, or none: the text itself is still there. */
async function revealText(
  source: PlanDocument['source'],
  { language, content, gone }: { language: string; content: string; gone: string },
): Promise<void> {
  const document = source === null ? null : await openDocument(source.uri);
  if (source === null || document === null) {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language, content }));
    if (source !== null) void vscode.window.showInformationMessage(gone);
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
