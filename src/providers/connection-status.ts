// The status bar item: which connection this window (or the file in front) uses, how careful to be, whether it is there.
import * as vscode from 'vscode';
import type { ConnectionStore } from './connection-store';
import { environmentLabels } from './environment-labels';

export class ConnectionStatus implements vscode.Disposable {
  readonly #store: ConnectionStore;
  readonly #item: vscode.StatusBarItem;
  readonly #subscriptions: vscode.Disposable[];

  constructor(store: ConnectionStore) {
    this.#store = store;
    this.#item = vscode.window.createStatusBarItem('pgInsight.connection', vscode.StatusBarAlignment.Left, 10);
    this.#item.name = 'PG Insight Connection';
    this.#subscriptions = [
      store.onDidChange(() => {
        this.#update();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.#update();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('pgInsight.connection')) this.#update();
      }),
    ];
    this.#update();
    this.#item.show();
  }

  #update(): void {
    const profile = this.#store.findProfileFor(vscode.window.activeTextEditor?.document.uri);
    this.#item.backgroundColor = undefined;
    this.#item.command = profile === null ? 'pgInsight.connection.add' : 'pgInsight.connection.switch';
    if (profile === null) {
      const hasSome = this.#store.profiles.length > 0;
      if (hasSome) this.#item.command = 'pgInsight.connection.switch';
      this.#item.text = '$(database) PG Insight';
      this.#item.tooltip = hasSome ? 'PG Insight: choose a connection' : 'PG Insight: connections';
      return;
    }
    const environment = environmentLabels[profile.environment];
    const state = this.#store.stateOf(profile.id);
    const name = `${profile.name} · ${profile.environment}`;
    const tooltip = new vscode.MarkdownString();
    tooltip.appendMarkdown('**PG Insight** ');
    tooltip.appendText(`${profile.name} (${environment.title})`);
    tooltip.appendMarkdown('\n\n');
    switch (state.state) {
      case 'disconnected':
        this.#item.text = `$(debug-disconnect) ${name}`;
        tooltip.appendText('Not connected.');
        break;
      case 'connecting':
        this.#item.text = `$(loading~spin) ${name}`;
        tooltip.appendText('Connecting ...');
        break;
      case 'connected':
        this.#item.text = `$(database) ${name}`;
        tooltip.appendText(
          `${state.session.database} on ${state.session.server}, PostgreSQL ${state.session.facts.version}, role ${state.session.facts.role}`,
        );
        break;
      case 'reconnecting':
        this.#item.text = `$(sync~spin) ${name}: reconnecting`;
        tooltip.appendText(`${state.reason} Attempt ${state.attempt} to connect again.`);
        break;
      case 'failed':
        this.#item.text = `$(error) ${name}`;
        tooltip.appendText(`${state.failure.message} ${state.failure.nextStep}`);
        break;
    }
    if (state.state !== 'disconnected' && state.state !== 'failed') this.#item.backgroundColor = environment.background;
    tooltip.appendMarkdown('\n\n');
    tooltip.appendText('Click to switch the connection.');
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = {
      label: `PG Insight connection ${profile.name}, ${profile.environment}, ${state.state}`,
      role: 'button',
    };
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }
}
