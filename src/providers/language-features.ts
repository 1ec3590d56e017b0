// What PG Insight adds to the editor itself: lenses above statements, fixes at what is marked.
import * as vscode from 'vscode';
import type { ExplainLenses } from './explain-lenses';
import { QuickFixActions } from './quick-fix-actions';
import { sqlLanguages } from './source-text';
import { StatementDiagnostics } from './statement-diagnostics';

export interface LanguageFeatures {
  lenses: ExplainLenses;
  diagnostics: StatementDiagnostics;
  quickFixActions: QuickFixActions;
}

export function registerLanguageFeatures(features: LanguageFeatures): vscode.Disposable[] {
  const { lenses, diagnostics, quickFixActions } = features;
  const { languages } = vscode;
  return [
    languages.registerCodeLensProvider([...sqlLanguages], lenses),
    languages.registerCodeActionsProvider([...sqlLanguages], quickFixActions, {
      providedCodeActionKinds: QuickFixActions.providedCodeActionKinds,
    }),
    // a selection in any file may be explained
    languages.registerCodeActionsProvider('*', diagnostics, {
      providedCodeActionKinds: StatementDiagnostics.providedCodeActionKinds,
    }),
  ];
}
