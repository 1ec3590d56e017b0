// "Explain | Explain Analyze" above each statement of an SQL file that EXPLAIN takes.
import * as vscode from 'vscode';
import { findStatements } from './statement-target';

/** Where a lens says its statement begins. */
export interface StatementPlace {
  uri: string;
  /** UTF-16 offset in the document. */
  offset: number;
}

export function isStatementPlace(argument: unknown): argument is StatementPlace {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    'offset' in argument &&
    typeof argument.offset === 'number' &&
    'uri' in argument &&
    typeof argument.uri === 'string'
  );
}

/** First words of what EXPLAIN takes (the server decides; a lens that is missing or fails is no harm). */
const explainable =
  /^(?:\(|(?:select|with|values|table|insert|update|delete|merge|explain|declare|execute)\b|create\s+(?:(?:temp|temporary|unlogged)\s+)?(?:table\b[^;]*?\bas\b|materialized\s+view\b)|refresh\s+materialized\b)/i;

/** A script this long is data, not queries: lenses would be in the way and cost time with every keystroke. */
export const longestText = 2_000_000;

export function isExplainable(sql: string): boolean {
  return explainable.test(sql);
}

export class ExplainLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor() {
    this.#subscription = vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('pgInsight.explain.codeLens')) this.#changed.fire();
    });
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const isWanted = vscode.workspace.getConfiguration('pgInsight.explain', document).get<boolean>('codeLens', true);
    if (!isWanted || document.getText().length > longestText) return [];
    return findStatements(document)
      .filter(({ sql }) => isExplainable(sql))
      .flatMap(({ range, toDocumentOffset }) => {
        const place: StatementPlace = { uri: document.uri.toString(), offset: toDocumentOffset(0) };
        const line = new vscode.Range(range.start, range.start);
        return [
          new vscode.CodeLens(line, {
            title: 'Explain',
            tooltip: "Show the planner's plan without running the statement",
            command: 'pgInsight.statement.explain',
            arguments: [place],
          }),
          new vscode.CodeLens(line, {
            title: 'Explain Analyze',
            tooltip: 'Run the statement, measure it, and show the plan',
            command: 'pgInsight.statement.explainAnalyze',
            arguments: [place],
          }),
        ];
      });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
