// Errors of the server at the place in the document that they are about, with the log at hand. One goes away when its
// statement is edited or explained again, and with its connection: another server may have what this one lacks. Edits
// elsewhere move it.
import * as vscode from 'vscode';
import type { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionStore } from './connection-store';
import type { DatabaseSession } from './database-port';
import type { StatementTarget } from './statement-target';

/** One marked error, the statement it is of and the connection that said it. */
interface Mark {
  profileId: string;
  diagnostic: vscode.Diagnostic;
  statement: vscode.Range;
}

export class StatementDiagnostics implements vscode.CodeActionProvider, vscode.Disposable {
  static readonly providedCodeActionKinds = [vscode.CodeActionKind.QuickFix];
  readonly #collection = vscode.languages.createDiagnosticCollection('pgInsight');
  readonly #marks = new Map<string, Mark[]>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(store: ConnectionStore) {
    const dropStale = () => {
      for (const [key, marks] of this.#marks) {
        const uri = vscode.Uri.parse(key);
        const current = store.findProfileFor(uri)?.id;
        const isStale = ({ profileId }: Mark) => profileId !== current || !isConnected(store, profileId);
        if (marks.some(isStale))
          this.#set(
            uri,
            marks.filter((mark) => !isStale(mark)),
          );
      }
    };
    this.#subscriptions = [
      store.onDidChange(dropStale),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('pgInsight.connection')) dropStale();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (this.#find(document.uri).length > 0) this.#follow(document.uri, contentChanges);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#set(uri, []);
      }),
    ];
  }

  /** Takes away what an earlier run said about this statement. */
  clear({ document, range }: StatementTarget): void {
    const { uri } = document;
    this.#set(
      uri,
      this.#find(uri).filter(({ diagnostic }) => diagnostic.range.intersection(range) === undefined),
    );
  }

  /** `offset` counts in the target's SQL; null marks the statement's first word. */
  report(
    { profile, database, server }: Pick<DatabaseSession, 'profile' | 'database' | 'server'>,
    target: StatementTarget,
    failure: DatabaseFailure,
    offset: number | null,
  ): void {
    const { document, range: statement } = target;
    const position = document.positionAt(target.toDocumentOffset(offset ?? 0));
    const lines = [failure.message, failure.details.hint ?? '', failure.nextStep].filter((line) => line !== '');
    const diagnostic = new vscode.Diagnostic(
      toErrorRange(document, position),
      // the next step may be the server's hint
      lines.filter((line, index) => !lines.slice(0, index).some((earlier) => earlier.includes(line))).join('\n'),
      vscode.DiagnosticSeverity.Error,
    );
    diagnostic.source = `PostgreSQL ${database} on ${server}`;
    const code = failure.details.code ?? null;
    if (code !== null) diagnostic.code = code;
    this.#set(document.uri, [...this.#find(document.uri), { profileId: profile.id, diagnostic, statement }]);
  }

  provideCodeActions({ uri }: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const diagnostics = this.#find(uri)
      .map(({ diagnostic }) => diagnostic)
      .filter((diagnostic) => diagnostic.range.intersection(range) !== undefined);
    if (diagnostics.length === 0) return [];
    const action = new vscode.CodeAction('Show Log', vscode.CodeActionKind.QuickFix);
    action.command = { title: action.title, command: 'pgInsight.log.show' };
    action.diagnostics = diagnostics;
    return [action];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#collection.dispose();
  }

  #find(uri: vscode.Uri): Mark[] {
    return this.#marks.get(uri.toString()) ?? [];
  }

  #set(uri: vscode.Uri, marks: Mark[]): void {
    if (marks.length === 0) this.#marks.delete(uri.toString());
    else this.#marks.set(uri.toString(), marks);
    this.#collection.set(
      uri,
      marks.map(({ diagnostic }) => diagnostic),
    );
  }

  /** An error may be mended anywhere in its statement, so an edit there takes the mark away. */
  #follow(uri: vscode.Uri, changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    let marks = this.#find(uri);
    // several changes of one edit all count in the text before it: the last one first, so that they stay right
    const fromTheEnd = [...changes].sort((one, other) => other.rangeOffset - one.rangeOffset);
    for (const change of fromTheEnd) {
      marks = marks
        .filter(({ statement }) => statement.intersection(change.range) === undefined)
        .map((mark) => (change.range.end.isAfter(mark.statement.start) ? mark : shiftMark(mark, change)));
    }
    this.#set(uri, marks);
  }
}

/** A connection that is lost and tried again is still the one that the window uses. */
function isConnected(store: ConnectionStore, profileId: string): boolean {
  return ['connected', 'reconnecting'].includes(store.stateOf(profileId).state);
}

/** A mark behind an edit, where it is afterwards. */
function shiftMark({ profileId, diagnostic, statement }: Mark, change: vscode.TextDocumentContentChangeEvent): Mark {
  const { start, end } = change.range;
  const lines = change.text.split(/\r\n|\r|\n/);
  const lastLength = lines.at(-1)?.length ?? 0;
  const lastCharacter = lines.length === 1 ? start.character + lastLength : lastLength;
  const shift = ({ line, character }: vscode.Position) =>
    new vscode.Position(
      line + lines.length - 1 - (end.line - start.line),
      line === end.line ? character - end.character + lastCharacter : character,
    );
  const shiftRange = (range: vscode.Range) => new vscode.Range(shift(range.start), shift(range.end));
  diagnostic.range = shiftRange(diagnostic.range);
  return { profileId, diagnostic, statement: shiftRange(statement) };
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
