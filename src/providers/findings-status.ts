// How many findings need somebody soon: the status bar item, the badge and the words beside the Findings view's title.
import * as vscode from 'vscode';
import { formatQuantity } from '../analysis/format/numbers';
import { ignoreFileName } from '../analysis/ignore-list';
import type { FindingsNode } from './findings-view';
import type { HealthStore } from './health-store';

export class FindingsStatus implements vscode.Disposable {
  readonly #health: HealthStore;
  readonly #view: vscode.TreeView<FindingsNode>;
  readonly #item: vscode.StatusBarItem;
  readonly #subscription: vscode.Disposable;

  constructor(health: HealthStore, view: vscode.TreeView<FindingsNode>) {
    this.#health = health;
    this.#view = view;
    this.#item = vscode.window.createStatusBarItem('pgInsight.findings', vscode.StatusBarAlignment.Left, 9);
    this.#item.name = 'PG Insight Findings';
    this.#item.command = 'pgInsight.findings.focus';
    this.#subscription = health.onDidChange(() => {
      this.#update();
    });
    this.#update();
  }

  #update(): void {
    const { state } = this.#health;
    if (state.state !== 'available') {
      this.#view.badge = undefined;
      this.#view.description = '';
      this.#view.message = '';
      this.#item.hide();
      return;
    }
    const { findings, grade, server } = state.report;
    const total = formatQuantity(findings.length, 'finding');
    this.#view.description = `${server.database} · ${grade === 'incomplete' ? grade : `grade ${grade}`}`;
    this.#view.message =
      state.ignoreProblem === null
        ? ''
        : `${ignoreFileName} can't be read: nothing is ignored, and nothing is added to it.`;
    const urgent = findings.filter(({ severity }) => severity === 'critical' || severity === 'high').length;
    const counted = `${formatQuantity(urgent, 'finding')} of critical or high severity`;
    this.#view.badge = urgent === 0 ? undefined : { value: urgent, tooltip: `${counted}, ${total} in all` };
    if (urgent === 0) {
      this.#item.hide();
      return;
    }
    this.#item.text = `$(warning) ${urgent}`;
    this.#item.tooltip = `PG Insight: ${counted}, ${total} in all. Click to see them.`;
    this.#item.accessibilityInformation = {
      label: `PG Insight, ${counted}`,
      role: 'button',
    };
    this.#item.show();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }
}
