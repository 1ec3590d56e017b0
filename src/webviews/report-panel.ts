// The report view's host side: one panel a window, for the report at hand. It is kept in a file of the extension's own
// storage, so that a reloaded window shows it again without asking a server.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { formatReport, type ReportFormat } from '../analysis/format/format-report';
import { toReportDocument } from '../analysis/format/report-document';
import { reportSchema, type AnalysisReport } from '../analysis/report';
import { reportViewRequestSchema, type ReportViewMessage, type ReportViewRequest } from './report-protocol';
import { formatWebviewPage } from './webview-page';

export const reportViewType = 'pgInsight.report';

/** What the rest of the editor does for the report view; both show their own errors. */
export interface ReportPanelHandlers {
  /** Looks at the server again; the new report comes by `update`. */
  refresh(): Promise<void>;
  /** Runs what the user asked for and says what failed. */
  guard(work: () => Promise<void>): Promise<unknown>;
  log: vscode.LogOutputChannel;
}

interface ShownReport {
  report: AnalysisReport;
  notice: string | null;
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
  #panel: vscode.WebviewPanel | null = null;
  #shown: ShownReport | null = null;
  #refreshing = false;

  constructor(context: vscode.ExtensionContext, handlers: ReportPanelHandlers) {
    this.#context = context;
    this.#handlers = handlers;
  }

  /** Opens the view, or brings it to the front, with this report. */
  async show(report: AnalysisReport, notice: string | null): Promise<void> {
    if (this.#panel === null) {
      this.#attach(
        vscode.window.createWebviewPanel(reportViewType, 'Health Report', vscode.ViewColumn.Active, {
          enableFindWidget: true,
        }),
      );
    }
    this.#panel?.reveal();
    await this.update(report, notice);
  }

  /** Gives a view that is open the newer report. */
  async update(report: AnalysisReport, notice: string | null): Promise<void> {
    if (this.#panel === null) return;
    this.#shown = { report, notice };
    await this.#postReport();
    await this.#save();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.#shown ??= await this.#load();
    this.#attach(panel);
  }

  #attach(panel: vscode.WebviewPanel): void {
    this.#panel = panel;
    const { webview } = panel;
    const folder = vscode.Uri.joinPath(this.#context.extensionUri, 'dist', 'webview');
    const uriOf = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.onDidReceiveMessage((message: unknown) => {
      const request = reportViewRequestSchema.safeParse(message);
      if (request.success) void this.#handlers.guard(() => this.#answer(request.data));
      else this.#handlers.log.warn(`The report view sent something it should not: ${request.error.message}`);
    });
    panel.onDidDispose(() => {
      if (this.#panel !== panel) return;
      this.#panel = null;
      this.#shown = null;
    });
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

  async #post(message: ReportViewMessage): Promise<void> {
    await this.#panel?.webview.postMessage(message);
  }

  async #postReport(): Promise<void> {
    const shown = this.#shown;
    if (shown === null) {
      const reason = 'This report was not kept from the last session. Run "PG Insight: Open Health Report" again.';
      await this.#post({ type: 'unavailable', reason });
      return;
    }
    if (this.#panel !== null) this.#panel.title = `Health: ${shown.report.server.database}`;
    await this.#post({ type: 'report', document: toReportDocument(shown.report), notice: shown.notice });
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
        if (this.#shown !== null) await exportReport(this.#shown.report);
        break;
      case 'copy-sql':
        await vscode.env.clipboard.writeText(request.sql);
        vscode.window.setStatusBarMessage('SQL copied', statusMessageMs);
        break;
      case 'open-sql':
        await vscode.window.showTextDocument(
          await vscode.workspace.openTextDocument({ language: 'sql', content: `${request.sql}\n` }),
        );
        break;
    }
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    await this.#post({ type: 'refreshing', refreshing: true });
    try {
      await this.#handlers.refresh();
    } finally {
      this.#refreshing = false;
      await this.#post({ type: 'refreshing', refreshing: false });
    }
  }

  get #file(): vscode.Uri {
    // a window without a folder has no storage of its own
    return vscode.Uri.joinPath(this.#context.storageUri ?? this.#context.globalStorageUri, 'report.json');
  }

  async #save(): Promise<void> {
    try {
      await vscode.workspace.fs.writeFile(this.#file, new TextEncoder().encode(JSON.stringify(this.#shown)));
    } catch (error) {
      // the view itself works; it only can't come back after a reload
      this.#handlers.log.warn(`The report could not be stored for the next start of the window: ${String(error)}`);
    }
  }

  /** Null when there is none, or none that this version of the extension can read. */
  async #load(): Promise<ShownReport | null> {
    try {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(this.#file));
      const { report } = JSON.parse(text) as Record<string, unknown>;
      // what was to be noticed then may be mended by now
      return { report: reportSchema.parse(report), notice: null };
    } catch {
      return null;
    }
  }
}

async function exportReport(report: AnalysisReport): Promise<void> {
  const choice = await vscode.window.showQuickPick(formatChoices, {
    title: 'Export Health Report',
    placeHolder: 'Format',
  });
  if (choice === undefined) return;
  const { format, extension, label } = choice;
  const name = `${report.server.database.replace(/[^\p{L}\p{N}._-]+/gu, '-')}-health-${report.capturedAt.slice(0, 10)}.${extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: 'Export Health Report',
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
