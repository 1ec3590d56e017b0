// Errors of the server at the place in the document that they are about. One goes away when its document is edited, and
// when its statement is explained again.
import * as vscode from 'vscode';
import type { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { StatementTarget } from './statement-target';

export class StatementDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('pgInsight');
  readonly #subscriptions: vscode.Disposable[];

  constructor() {
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#collection.delete(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#collection.delete(document.uri);
      }),
    ];
  }

  /** Takes away what an earlier run said about this statement. */
  clear(target: StatementTarget): void {
    const { uri } = target.document;
    const others = (this.#collection.get(uri) ?? []).filter(
      ({ range }) => range.intersection(target.range) === undefined,
    );
    this.#collection.set(uri, others);
  }

  /** `offset` counts in the target's SQL; null marks the statement's first word. */
  report(target: StatementTarget, failure: DatabaseFailure, offset: number | null): void {
    const { document } = target;
    const position = document.positionAt(target.toDocumentOffset(offset ?? 0));
    const hint = failure.details.hint ?? '';
    const diagnostic = new vscode.Diagnostic(
      toErrorRange(document, position),
      hint === '' ? failure.message : `${failure.message}\n${hint}`,
      vscode.DiagnosticSeverity.Error,
    );
    diagnostic.source = 'PostgreSQL';
    const code = failure.details.code ?? null;
    if (code !== null) diagnostic.code = code;
    this.#collection.set(document.uri, [...(this.#collection.get(document.uri) ?? []), diagnostic]);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#collection.dispose();
  }
}

/** A name (quoted or not), a number, a literal's beginning or a run of operator characters; never part of a surrogate pair. */
const errorToken = /^(?:"(?:[^"\r\n]|"")*"|[\p{L}\p{N}_$]+|'[^'\r\n]*'?|[-+*/<>=~!@#%^&|`?:]+|.)/u;

function toErrorRange(document: vscode.TextDocument, position: vscode.Position): vscode.Range {
  const rest = document.lineAt(position).text.slice(position.character);
  const token = errorToken.exec(rest)?.[0] ?? '';
  if (token !== '') return new vscode.Range(position, position.translate(0, token.length));
  // at the end of a line (or of the input): mark the last character before it, so that there is something to see
  const line = document.lineAt(position).text;
  const start = Math.max(line.trimEnd().length - 1, 0);
  return new vscode.Range(position.line, Math.min(start, position.character), position.line, line.length);
}
