// The host side of a comparison: a statement's plans before and after an index was made for it, beside its file. Hidden,
// it keeps nothing running; after a reload of the window it gets its document, with all that Undo needs, from the store.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { DocumentStore, toDocumentId } from './document-store';
import {
  comparisonDocumentSchema,
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

export class ComparePanels implements vscode.WebviewPanelSerializer {
  private readonly store: DocumentStore<ComparisonDocument>;
  private readonly open = new Set<ComparePanel>();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly handlers: ComparePanelHandlers,
  ) {
    this.store = new DocumentStore(context, 'comparisons', comparisonDocumentSchema, handlers.log);
  }

  async show(document: ComparisonDocument): Promise<void> {
    const panel = vscode.window.createWebviewPanel(
      compareViewType,
      `${document.undo === null ? 'With and Without Index' : 'Before and After'}: ${document.after.title}`,
      // the statement stays in sight, and the keyboard in it
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      {},
    );
    const id = this.store.newId();
    this.attach(panel, id, document);
    await this.store.save(id, document);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = toDocumentId(state);
    const document = id === null ? null : await this.store.load(id);
    this.attach(panel, id ?? this.store.newId(), document);
  }

  /** Indexes are gone, whoever dropped them. */
  async noteDropped(oids: readonly number[]): Promise<void> {
    await Promise.all([...this.open].map((view) => view.noteDropped(oids)));
  }

  private attach(panel: vscode.WebviewPanel, id: string, document: ComparisonDocument | null): void {
    const view = new ComparePanel(panel, id, document, this.handlers, (changed) => this.store.save(id, changed));
    this.open.add(view);
    panel.onDidDispose(() => {
      this.open.delete(view);
      void this.store.remove(id);
    });
    view.load(vscode.Uri.joinPath(this.context.extensionUri, 'dist', 'webview'));
  }
}

class ComparePanel {
  private running = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly id: string,
    private document: ComparisonDocument | null,
    private readonly handlers: ComparePanelHandlers,
    private readonly save: (document: ComparisonDocument) => Promise<void>,
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
    const { document } = this;
    const oid = document?.index.oid ?? null;
    if (document !== null && oid !== null && oids.includes(oid)) await this.change({ ...document, undone: true });
  }

  private async change(document: ComparisonDocument): Promise<void> {
    this.document = document;
    await this.postDocument();
    await this.save(document);
  }

  private async post(message: ComparisonMessage): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async postDocument(): Promise<void> {
    const { document, id } = this;
    await this.post(
      document === null
        ? {
            type: 'unavailable',
            reason:
              'This comparison was not kept from the last session. Close this tab; the Indexes view shows the index and can drop it.',
          }
        : { type: 'comparison', documentId: id, document },
    );
  }

  private async answer(request: ComparisonRequest): Promise<void> {
    const { document, handlers } = this;
    if (request.type === 'ready') {
      await this.postDocument();
      await this.post({ type: 'running', running: this.running });
      return;
    }
    if (document === null) return;
    switch (request.type) {
      case 'undo':
        await this.run(() => handlers.undo(document));
        break;
      case 'measure':
        await this.run(async () => {
          const after = await handlers.measure(document.after);
          // what it says of the index may have changed meanwhile
          if (after !== null) await this.change({ ...(this.document ?? document), after });
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
