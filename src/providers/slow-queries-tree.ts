// The Slow Queries view on screen: what it says above its rows, and the way to a statement's row.
import * as vscode from 'vscode';
import { describeList } from './slow-queries-items';
import type { SlowQueriesStore } from './slow-queries-store';
import type { SlowQueriesNode, SlowQueriesView } from './slow-queries-view';

export class SlowQueriesTree implements vscode.Disposable {
  readonly #store: SlowQueriesStore;
  readonly #view: SlowQueriesView;
  readonly #tree: vscode.TreeView<SlowQueriesNode>;
  readonly #subscriptions: vscode.Disposable[];

  constructor(store: SlowQueriesStore, view: SlowQueriesView) {
    this.#store = store;
    this.#view = view;
    this.#tree = vscode.window.createTreeView('pgInsight.slowQueries', {
      treeDataProvider: view,
      showCollapseAll: true,
      canSelectMany: true,
    });
    const describe = () => {
      this.#describe();
    };
    // a message has VS Code lay out a view that is opened, see views.ts
    this.#subscriptions = [this.#tree, store.onDidChange(describe), this.#tree.onDidChangeVisibility(describe)];
    describe();
  }

  get visible(): boolean {
    return this.#tree.visible;
  }

  get onDidChangeVisibility(): vscode.Event<vscode.TreeViewVisibilityChangeEvent> {
    return this.#tree.onDidChangeVisibility;
  }

  /** What stands above the rows. */
  get message(): string {
    return this.#tree.message ?? '';
  }

  get selection(): readonly SlowQueriesNode[] {
    return this.#tree.selection;
  }

  /** Selects the statement that a finding is about; says so when it is not there any more. */
  async reveal(queryId: string): Promise<void> {
    const node = await this.#view.findStatement(queryId);
    if (node === null) {
      sayGone();
      return;
    }
    await this.#tree.reveal(node, { select: true, focus: true, expand: true });
  }

  #describe(): void {
    const { state, order, filter, mark, session } = this.#store;
    // what was said still holds for what is on screen
    if (state.state === 'loading') return;
    this.#tree.description = session?.database ?? '';
    this.#tree.message =
      state.state === 'available'
        ? describeList(state.list, order, filter, session?.facts.role ?? '')
        : state.state === 'unavailable'
          ? `${state.gap.message} ${state.gap.nextStep} Until then, this is what runs now.`
          : '';
    void vscode.commands.executeCommand('setContext', 'pgInsight.slowQueriesFiltered', filter !== '');
    void vscode.commands.executeCommand('setContext', 'pgInsight.slowQueriesMarked', mark !== null);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

export function sayGone(): void {
  void vscode.window.showInformationMessage(
    'This statement is not in pg_stat_statements any more: its statistics were reset, or it was thrown out for lack of room.',
  );
}
