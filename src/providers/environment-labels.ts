// How the three environments look and read, everywhere in the editor.
import * as vscode from 'vscode';
import type { Environment } from '../analysis/connection/connection-profile';

export interface EnvironmentLabel {
  title: string;
  detail: string;
  icon: string;
  /** Status bar items have backgrounds for warning and error only. */
  background: vscode.ThemeColor | undefined;
}

export const environmentLabels: Record<Environment, EnvironmentLabel> = {
  development: {
    title: 'Development',
    detail: 'Explain Analyze runs what only reads without asking.',
    icon: 'beaker',
    background: undefined,
  },
  staging: {
    title: 'Staging',
    detail: 'As development, with a warning colour in the status bar.',
    icon: 'warning',
    background: new vscode.ThemeColor('statusBarItem.warningBackground'),
  },
  production: {
    title: 'Production',
    detail: 'PG Insight asks before every Explain Analyze.',
    icon: 'flame',
    background: new vscode.ThemeColor('statusBarItem.errorBackground'),
  },
};
