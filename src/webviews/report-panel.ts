// The report view's host side: one panel a connection, which keeps showing that connection's report whatever the window
// uses meanwhile. Reports are kept in the extension's own storage, so that a reloaded window shows them again without
// asking a server.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Finding } from '../analysis/finding';
import { formatReport, type ReportFormat } from '../analysis/format/format-report';
import { findStatementText, toReportDocument } from '../analysis/format/report-document';
import type { AnalysisReport } from '../analysis/report';
import { DocumentStore, toDocumentId } from './document-store';
import {
  keptReportSchema,
  reportViewRequestSchema,
  type KeptReport,
  type ReportConnection,
  type ReportConnectionState,
  type ReportViewMessage,
  type ReportViewRequest,
} from './report-protocol';
import { formatWebviewPage } from './webview-page';

export const reportViewType = 'pgInsight.report';

/** What the rest of the editor does for the report views; all show their own errors. */
export interface ReportPanelHandlers {
  /** Null for a connection that has been removed. */
  findConnection(profileId: string): Promise<(ReportConnection & { isConnected: boolean }) | null>;
  onDidChangeConnections: vscode.Event<void>;
  /** Looks at the server of a connection again; the new report comes by `update`. */
  refresh(profileId: string): Promise<void>;
  copyFix(finding: Finding): Promise<void>;
  openFix(finding: Finding, target: AnalysisReport['server']): Promise<void>;
  showDocumentation(ruleId: string): Promise<void>;
  openStatement(sql: string): Promise<void>;
  explainStatement(profileId: string, sql: string): Promise<void>;
  /** Runs what the user asked for and says what failed. */
  guard(work: () => Promise<void>): Promise<void>;
  log: vscode.LogOutputChannel;
}

const formatChoices: readonly { format: ReportFormat; extension: string; label: string; detail: string }[] = [
  { format: 'html', extension: 'html', label: 'HTML', detail: 'One file that loads nothing, to read, send and print' },
  { format: 'md', extension: 'md', label: 'Markdown', detail: 'For a ticket or a wiki' },
  { format: 'json', extension: 'json', label: 'JSON', detail: 'All rows, for programs' },
  { format: 'text', extension: 'txt', label: 'Text', detail: 'As the terminal shows it' },
];

/** How long VS Code itself shows such a word in the status bar. */
const statusMessageMs = 3000;

export class ReportPanels implements vscode.WebviewPanelSerializer {
  readonly #context: vscode.ExtensionContext;
  readonly #handlers: ReportPanelHandlers;
  readonly #store: DocumentStore<KeptReport>;
  /** By the id of their connection's profile. */
  readonly #open = new Map<string, ReportPanel>();

  constructor(context: vscode.ExtensionContext, handlers: ReportPanelHandlers) {
    this.#context = context;
    this.#handlers = handlers;
    this.#store = new DocumentStore(context, 'reports', keptReportSchema, handlers.log);
    context.subscriptions.push(
      handlers.onDidChangeConnections(() => {
        for (const view of this.#open.values()) void handlers.guard(() => view.noteConnections());
      }),
    );
  }

  /** Opens the connection's view, or brings it to the front, with this report. */
  async show(kept: KeptReport, notice: string | null): Promise<void> {
    const { profileId } = kept.connection;
    const open = this.#open.get(profileId);
    if (open === undefined) {
      const panel = vscode.window.createWebviewPanel(reportViewType, toTabTitle(kept), vscode.ViewColumn.Active, {
        enableFindWidget: true,
      });
      this.#attach(panel, profileId, kept);
    } else {
      open.reveal();
    }
    await this.update(kept, notice);
  }

  /** Gives the connection's view, if it is open, the newer report. */
  async update(kept: KeptReport, notice: string | null): Promise<void> {
    const { profileId } = kept.connection;
    const view = this.#open.get(profileId);
    if (view === undefined) return;
    await view.replace(kept, notice);
    await this.#store.save(profileId, kept);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const profileId = toDocumentId(state);
    const kept = profileId === null ? null : await this.#store.load(profileId);
    this.#attach(panel, profileId, kept?.connection.profileId === profileId ? kept : null);
  }

  #attach(panel: vscode.WebviewPanel, profileId: string | null, kept: KeptReport | null): void {
    const view = new ReportPanel(panel, profileId, kept, this.#handlers);
    if (profileId !== null) {
      this.#open.set(profileId, view);
      panel.onDidDispose(() => {
        if (this.#open.get(profileId) === view) this.#open.delete(profileId);
        void this.#store.remove(profileId);
      });
    }
    view.load(vscode.Uri.joinPath(this.#context.extensionUri, 'dist', 'webview'));
  }
}

class ReportPanel {
  readonly #panel: vscode.WebviewPanel;
  /** Null where a restored view does not know any more whose report it was. */
  readonly #profileId: string | null;
  readonly #handlers: ReportPanelHandlers;
  #kept: KeptReport | null;
  // what was to be noticed before a reload may be mended by now
  #notice: string | null = null;
  #refreshing = false;

  constructor(
    panel: vscode.WebviewPanel,
    profileId: string | null,
    kept: KeptReport | null,
    handlers: ReportPanelHandlers,
  ) {
    this.#panel = panel;
    this.#profileId = profileId;
    this.#kept = kept;
    this.#handlers = handlers;
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const request = reportViewRequestSchema.safeParse(message);
      if (request.success) void handlers.guard(() => this.#answer(request.data));
      else handlers.log.warn(`The report view sent something it should not: ${request.error.message}`);
    });
  }

  load(folder: vscode.Uri): void {
    const { webview } = this.#panel;
    const uriOf = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    webview.html = formatWebviewPage({
      title: 'Health Report',
      element: 'report-view',
      cspSource: webview.cspSource,
      nonce: randomBytes(18).toString('base64url'),
      scriptUri: uriOf('report.js'),
      styleUri: uriOf('report.css'),
      codiconsUri: uriOf('codicon.css'),
    });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  async replace(kept: KeptReport, notice: string | null): Promise<void> {
    this.#kept = kept;
    this.#notice = notice;
    await this.#postReport();
  }

  /** A connection was opened, lost, renamed, removed ... */
  async noteConnections(): Promise<void> {
    if (this.#kept !== null) await this.#postReport();
  }

  async #post(message: ReportViewMessage): Promise<void> {
    await this.#panel.webview.postMessage(message);
  }

  async #postReport(): Promise<void> {
    const profileId = this.#profileId;
    const now = profileId === null ? null : await this.#handlers.findConnection(profileId);
    const kept = this.#kept;
    if (kept === null) {
      const reason =
        now === null
          ? 'This report was not kept from the last session, and its connection is not there any more. Close this tab.'
          : `The report of "${now.name}" was not kept from the last session. Refresh reads the server anew.`;
      await this.#post({ type: 'unavailable', reason, profileId: now === null ? null : profileId });
      return;
    }
    const connection = { ...kept.connection, ...now, state: toState(now) };
    this.#panel.title = toTabTitle({ connection });
    await this.#post({
      type: 'report',
      document: toReportDocument(kept.report),
      connection,
      notice: this.#notice,
    });
  }

  async #answer(request: ReportViewRequest): Promise<void> {
    switch (request.type) {
      case 'ready':
        await this.#postReport();
        await this.#post({ type: 'refreshing', refreshing: this.#refreshing });
        break;
      case 'refresh':
        await this.#refresh();
        break;
      case 'export':
        if (this.#kept !== null) await exportReport(this.#kept.report);
        break;
      case 'finding':
        await this.#answerForFinding(request);
        break;
      case 'copy-sql':
        await vscode.env.clipboard.writeText(request.sql);
        vscode.window.setStatusBarMessage('$(check) SQL copied', statusMessageMs);
        break;
      case 'open-sql':
        await this.#handlers.openStatement(request.sql);
        break;
    }
  }

  async #answerForFinding({ action, fingerprint }: Extract<ReportViewRequest, { type: 'finding' }>): Promise<void> {
    const handlers = this.#handlers;
    const kept = this.#kept;
    const finding = kept === null ? undefined : findFinding(kept.report, fingerprint);
    if (kept === null || finding === undefined) return;
    const sql = findStatementText(kept.report, finding);
    switch (action) {
      case 'copy-fix':
        await handlers.copyFix(finding);
        break;
      case 'open-fix':
        await handlers.openFix(finding, kept.report.server);
        break;
      case 'show-documentation':
        await handlers.showDocumentation(finding.ruleId);
        break;
      case 'open-statement':
        if (sql !== null) await handlers.openStatement(sql);
        break;
      case 'explain-statement':
        if (sql !== null) await handlers.explainStatement(kept.connection.profileId, sql);
        break;
    }
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing || this.#profileId === null) return;
    this.#refreshing = true;
    await this.#post({ type: 'refreshing', refreshing: true });
    try {
      await this.#handlers.refresh(this.#profileId);
    } finally {
      this.#refreshing = false;
      await this.#post({ type: 'refreshing', refreshing: false });
    }
  }
}

function findFinding({ findings, missingIndexes }: AnalysisReport, fingerprint: string): Finding | undefined {
  const missing = missingIndexes?.status === 'looked' ? missingIndexes.findings : [];
  return [...findings, ...missing].find((each) => each.fingerprint === fingerprint);
}

const toTabTitle = ({ connection }: Pick<KeptReport, 'connection'>) => `Health: ${connection.name}`;

function toState(connection: { isConnected: boolean } | null): ReportConnectionState {
  if (connection === null) return 'removed';
  return connection.isConnected ? 'connected' : 'not-connected';
}

async function exportReport(report: AnalysisReport): Promise<void> {
  const choice = await vscode.window.showQuickPick(formatChoices, {
    title: 'Export Health Report',
    placeHolder: 'Format',
  });
  if (choice === undefined) return;
  const { format, extension, label } = choice;
  const name = `${report.server.database.replace(/[^\p{L}\p{N}._-]+/gu, '-')}-health-${report.capturedAt.slice(0, 16).replace('T', '-').replace(':', '')}.${extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: `Export Health Report as ${label}`,
    filters: { [label]: [extension] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (uri === undefined) return;
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(formatReport(report, format)));
  await offerToOpen(uri, format);
}

async function offerToOpen(uri: vscode.Uri, format: ReportFormat): Promise<void> {
  // a browser can show the file only where it is on the same machine as the window
  const hasBrowser =
    format === 'html' && vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  const actions = hasBrowser ? ['Open in Browser', 'Open in Editor'] : ['Open'];
  const action = await vscode.window.showInformationMessage(
    `The report was written to ${vscode.workspace.asRelativePath(uri)}.`,
    ...actions,
  );
  if (action === 'Open in Browser') await vscode.env.openExternal(uri);
  else if (action !== undefined) await vscode.window.showTextDocument(uri);
}
