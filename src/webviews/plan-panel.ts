// The plan view's host side: one panel a statement, or a text that a plan was read from. A panel that is hidden keeps nothing running; it asks for its document
// again when it is shown, and after a reload of the window gets it from the store.
import { randomBytes, randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { formatActualRows, formatEstimate, formatSelfBuffers, subplanLabel } from '../analysis/format/plan-cells';
import { formatCount, formatMs } from '../analysis/format/numbers';
import { formatPlanMarkdown } from '../analysis/format/plan-markdown';
import { formatPlanText } from '../analysis/format/plan-text';
import { nodeConditions, nodeLabel } from '../analysis/plan/plan-tree';
import type { PlanNode } from '../analysis/plan/plan';
import { DocumentStore, toDocumentId } from './document-store';
import {
  planViewRequestSchema,
  viewedPlanSchema,
  type CopyFormat,
  type OpenedPlan,
  type PlanDocument,
  type PlanMissingIndex,
  type PlanViewMessage,
  type PlanViewRequest,
  type ViewedPlan,
} from './protocol';
import { formatWebviewPage } from './webview-page';

export const planViewType = 'pgInsight.plan';

/** What the rest of the editor does for a plan view; both show their own errors. */
export interface PlanPanelHandlers {
  /** Runs or plans the statement again; null when the user gave up or it failed. */
  runAgain(document: PlanDocument): Promise<PlanDocument | null>;
  /** Shows where the statement, or the plan's text, was taken from. */
  revealSql(document: ViewedPlan): Promise<void>;
  /** The index that the statement lacks, as far as is known now. */
  findMissingIndex(document: PlanDocument): PlanMissingIndex | null;
  /** The quick fix for it. */
  createIndex(document: PlanDocument): Promise<void>;
  log: vscode.LogOutputChannel;
}

/** Opens plan views, and gives those of a reloaded window their documents back. */
export class PlanPanels implements vscode.WebviewPanelSerializer {
  private readonly store: DocumentStore<ViewedPlan>;
  private readonly open = new Map<vscode.WebviewPanel, PlanPanel>();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly handlers: PlanPanelHandlers,
  ) {
    this.store = new DocumentStore(context, 'plans', viewedPlanSchema, handlers.log);
  }

  /** A statement that is explained again from where it stands gets its new plan in the tab of the one before. */
  async show(document: ViewedPlan): Promise<void> {
    const own = [...this.open].find(([, view]) => view.isOf(document));
    if (own !== undefined) {
      const [panel, view] = own;
      panel.reveal();
      await view.replace(document);
      return;
    }
    // plans gather in one place: beside those that are already there, else over the statement
    const beside = [...this.open.keys()].find(({ visible }) => visible);
    const panel = vscode.window.createWebviewPanel(
      planViewType,
      toTabTitle(document),
      beside?.viewColumn ?? vscode.ViewColumn.Active,
      {},
    );
    const id = this.store.newId();
    this.attach(panel, id, document);
    await this.store.save(id, document);
  }

  /** The open plan of the same statement, if it was measured. */
  findMeasured(document: PlanDocument): PlanDocument | null {
    const own = [...this.open.values()].find((view) => view.isOf(document))?.shown ?? null;
    return isRun(own) && own.analyzed ? own : null;
  }

  /** What the open views show, in the order they were opened. */
  get documents(): ViewedPlan[] {
    return [...this.open.values()].flatMap(({ shown }) => (shown === null ? [] : [shown]));
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = toDocumentId(state);
    const document = id === null ? null : await this.store.load(id);
    this.attach(panel, id ?? this.store.newId(), document);
  }

  private attach(panel: vscode.WebviewPanel, id: string, document: ViewedPlan | null): void {
    const view = new PlanPanel(panel, id, document, this.handlers, (changed) => this.store.save(id, changed));
    this.open.set(panel, view);
    // the mark in the file comes and goes: what the view says comes and goes with it
    const following = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      view.followMarks(uris);
    });
    panel.onDidDispose(() => {
      following.dispose();
      this.open.delete(panel);
      void this.store.remove(id);
    });
    view.load(vscode.Uri.joinPath(this.context.extensionUri, 'dist', 'webview'));
  }
}

class PlanPanel {
  private running = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly id: string,
    private document: ViewedPlan | null,
    private readonly handlers: PlanPanelHandlers,
    private readonly save: (document: ViewedPlan) => Promise<void>,
  ) {
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const request = planViewRequestSchema.safeParse(message);
      if (request.success) void this.answer(request.data);
      else handlers.log.warn(`The plan view sent something it should not: ${request.error.message}`);
    });
  }

  load(folder: vscode.Uri): void {
    const { webview } = this.panel;
    const uriOf = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    webview.html = formatWebviewPage({
      title: 'Plan',
      element: 'plan-view',
      cspSource: webview.cspSource,
      nonce: randomBytes(18).toString('base64url'),
      scriptUri: uriOf('plan.js'),
      styleUri: uriOf('plan.css'),
      codiconsUri: uriOf('codicon.css'),
    });
  }

  get shown(): ViewedPlan | null {
    return this.document;
  }

  /** Whether this is the plan of the same statement of the same file, on the same database; its values may differ. */
  isOf(other: ViewedPlan): boolean {
    const { document } = this;
    return document !== null && identityOf(document) === identityOf(other);
  }

  async replace(document: ViewedPlan): Promise<void> {
    this.document = document;
    this.panel.title = toTabTitle(document);
    await this.postDocument();
    await this.postMissingIndex();
    await this.save(document);
  }

  /** The plan where it was run here, so that it can be run again. */
  private get ranDocument(): PlanDocument | null {
    const { document } = this;
    return isRun(document) ? document : null;
  }

  private async post(message: PlanViewMessage): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async postDocument(): Promise<void> {
    const { document } = this;
    await this.post(
      document === null
        ? {
            type: 'unavailable',
            reason:
              'This plan was not kept from the last session. Close this tab and explain the statement, or open the plan, again.',
          }
        : { type: 'plan', documentId: this.id, document },
    );
  }

  followMarks(uris: readonly vscode.Uri[]): void {
    const uri = this.ranDocument?.source?.uri;
    if (uris.some((each) => each.toString() === uri)) void this.postMissingIndex();
  }

  private async postMissingIndex(): Promise<void> {
    const document = this.ranDocument;
    if (document === null) return;
    await this.post({ type: 'missing-index', missingIndex: this.handlers.findMissingIndex(document) });
  }

  private async answer(request: PlanViewRequest): Promise<void> {
    const { document } = this;
    if (request.type === 'ready') {
      await this.postDocument();
      await this.postMissingIndex();
      await this.post({ type: 'running', running: this.running });
      return;
    }
    if (document === null) return;
    if (request.type === 'reveal-sql') await this.handlers.revealSql(document);
    else if (document.result !== null) await this.answerOf(document, request);
  }

  private async answerOf(
    document: PlanDocument | OpenedPlan,
    request: Exclude<PlanViewRequest, { type: 'ready' | 'reveal-sql' }>,
  ): Promise<void> {
    switch (request.type) {
      case 'copy':
        await copy(formatCopy(document, request.format), copiedWords[request.format]);
        break;
      case 'copy-node': {
        const node = document.result.plan.nodes[request.nodeId];
        if (node !== undefined) await copy(formatNode(node), 'Plan node copied');
        break;
      }
      case 'copy-fix': {
        const finding = document.findings.find(({ fingerprint }) => fingerprint === request.fingerprint);
        if (finding?.fix !== undefined) await copy(finding.fix.sql, 'SQL copied');
        break;
      }
      case 'create-index':
        if (document.connection !== null) await this.handlers.createIndex(document);
        break;
      case 'run-again':
        if (document.connection !== null) await this.runAgain(document);
        break;
      case 'open-json': {
        const content = document.result.planJson;
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'json', content }));
        break;
      }
    }
  }

  private async runAgain(document: PlanDocument): Promise<void> {
    if (this.running) return;
    await this.setRunning(true);
    try {
      const again = await this.handlers.runAgain(document);
      if (again !== null) await this.replace(again);
    } finally {
      await this.setRunning(false);
    }
  }

  private async setRunning(running: boolean): Promise<void> {
    this.running = running;
    await this.post({ type: 'running', running });
  }
}

/** How long VS Code itself shows such a word in the status bar. */
const statusMessageMs = 3000;

async function copy(text: string, done: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(done, statusMessageMs);
}

const copiedWords: Record<CopyFormat, string> = {
  json: 'Plan copied as JSON',
  text: 'Plan copied as text',
  markdown: 'Plan copied as Markdown',
  sql: 'Statement copied',
};

function formatCopy({ sql, result, findings }: PlanDocument | OpenedPlan, format: CopyFormat): string {
  switch (format) {
    case 'json':
      return result.planJson;
    case 'text':
      return formatPlanText(result.plan, findings, { width: null });
    case 'markdown':
      return formatPlanMarkdown(result.plan, findings);
    case 'sql':
      return sql ?? '';
  }
}

/** A node for a message to someone: what it does, by which conditions, at what price. */
function formatNode(node: PlanNode): string {
  const subplan = subplanLabel(node);
  const figures =
    node.selfMs === null
      ? [`cost ${node.totalCost?.toFixed(2) ?? '-'}`, `${formatCount(node.plannedRows)} rows planned`]
      : [
          `${formatMs(node.selfMs)} in itself`,
          `${formatMs(node.totalMs)} with its children`,
          `${formatActualRows(node)} rows, ${formatCount(node.plannedRows)} planned ${formatEstimate(node)}`.trim(),
          `${formatCount(node.loops)} loops`,
          `${formatSelfBuffers(node)} of buffers`,
        ];
  return [
    `${subplan === null ? '' : `${subplan}: `}${nodeLabel(node)}`,
    ...nodeConditions(node).map(([name, text]) => `  ${name}: ${text}`),
    `  ${figures.join('; ')}`,
  ].join('\n');
}

/** Not by its position: what is written above a statement moves it. What was pasted is always another plan. */
function identityOf(document: ViewedPlan): string {
  if (document.connection === null) {
    const { source, from } = document;
    return JSON.stringify(source === null ? [randomUUID()] : [source.uri, from]);
  }
  const { sql, source, connection, result } = document;
  return JSON.stringify([sql.trim(), source?.uri ?? null, connection.profileId, result.database]);
}

/** Whether the plan is of a statement that was sent to a server here. */
function isRun(document: ViewedPlan | null): document is PlanDocument {
  return (document?.connection ?? null) !== null;
}

function toTabTitle({ title }: ViewedPlan): string {
  return `Plan: ${title}`;
}
