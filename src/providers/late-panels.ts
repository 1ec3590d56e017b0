// Webview panels whose code comes with the engine: loaded when the first one is opened, or restored by a reloaded window.
import * as vscode from 'vscode';

export class LatePanels<Panels extends vscode.WebviewPanelSerializer> implements vscode.WebviewPanelSerializer {
  readonly #load: () => Promise<Panels>;
  #loaded: Promise<Panels> | null = null;

  constructor(load: () => Promise<Panels>) {
    this.#load = load;
  }

  get(): Promise<Panels> {
    return (this.#loaded ??= this.#load());
  }

  /** Does nothing where no panel can be open yet. */
  async ifLoaded(work: (panels: Panels) => Promise<void>): Promise<void> {
    if (this.#loaded !== null) await work(await this.#loaded);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    await (await this.get()).deserializeWebviewPanel(panel, state);
  }

  register(viewType: string): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(viewType, this);
  }
}
