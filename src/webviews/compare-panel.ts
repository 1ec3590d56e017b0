// The host side of a comparison: a statement's plans before and after an index was made for it, beside its file. Hidden,
// it keeps nothing running; a reload of the window ends it, for what its Undo refers to ends with the window.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import {
  comparisonRequestSchema,
  type ComparisonDocument,
  type ComparisonMessage,
  type ComparisonRequest,
  type PlanDocument,
} from './protocol';
import { formatWebviewPage } from './webview-page';

export const compareViewType = 'pgInsight.compare';

/** What the rest of the editor does for a comparison; all show their own errors. */
export interface ComparePanelHandlers {
  /** Drops the index; that it is gone is said by noteDropped(). */
  undo(document: ComparisonDocument): Promise<void>;
  /** Runs the statement; null when the user gave up or it failed. */
  measure(planned: PlanDocument): Promise<PlanDocument | null>;
  showPlan(document: PlanDocument): Promise<void>;
  revealSql(document: PlanDocument): Promise<void>;
  log: vscode.LogOutputChannel;
}

export class ComparePanels {
  private readonly open = new Set<ComparePanel>();

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly handlers: ComparePanelHandlers,
  ) {}

  async show(document: ComparisonDocument): Promise<void> {
    const panel = vscode.window.createWebviewPanel(
      compareViewType,
      `Before and After: ${document.after.title}`,
      // the statement stays in sight, and the keyboard in it
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      {},
    );
    const view = new ComparePanel(panel, document, this.handlers);
    this.open.add(view);
    panel.onDidDispose(() => {
      this.open.delete(view);
    });
    view.load(vscode.Uri.joinPath(this.extensionUri, 'dist', 'webview'));
    await Promise.resolve();
  }

  /** Indexes are gone, whoever dropped them. */
  async noteDropped(oids: readonly number[]): Promise<void> {
    await Promise.all([...this.open].map((view) => view.noteDropped(oids)));
  }
}

class ComparePanel {
  private running = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private document: ComparisonDocument,
    private readonly handlers: ComparePanelHandlers,
  ) {
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const request = comparisonRequestSchema.safeParse(message);
      if (request.success) void this.answer(request.data);
      else handlers.log.warn(`The comparison sent something it should not: ${request.error.message}`);
    });
  }

  load(folder: vscode.Uri): void {
    const { webview } = this.panel;
    const uriOf = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    webview.html = formatWebviewPage({
      title: 'Before and After',
      element: 'compare-view',
      cspSource: webview.cspSource,
      nonce: randomBytes(18).toString('base64url'),
      scriptUri: uriOf('compare.js'),
      styleUri: uriOf('compare.css'),
      codiconsUri: uriOf('codicon.css'),
    });
  }

  async noteDropped(oids: readonly number[]): Promise<void> {
    if (oids.includes(this.document.index.oid)) await this.change({ undone: true });
  }

  private async change(part: Partial<ComparisonDocument>): Promise<void> {
    this.document = { ...this.document, ...part };
    await this.post({ type: 'comparison', document: this.document });
  }

  private async post(message: ComparisonMessage): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async answer(request: ComparisonRequest): Promise<void> {
    const { document, handlers } = this;
    switch (request.type) {
      case 'ready':
        await this.post({ type: 'comparison', document });
        await this.post({ type: 'running', running: this.running });
        break;
      case 'undo':
        await this.run(() => handlers.undo(document));
        break;
      case 'measure':
        await this.run(async () => {
          const after = await handlers.measure(document.after);
          if (after !== null) await this.change({ after });
        });
        break;
      case 'show-plan':
        await handlers.showPlan(document[request.which]);
        break;
      case 'reveal-sql':
        await handlers.revealSql(document.after);
        break;
    }
  }

  /** One thing at a time. */
  private async run(work: () => Promise<void>): Promise<void> {
    if (this.running) return;
    this.running = true;
    await this.post({ type: 'running', running: true });
    try {
      await work();
    } finally {
      this.running = false;
      await this.post({ type: 'running', running: false });
    }
  }
}
