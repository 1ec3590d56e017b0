// The host side of a workload's index advice: one panel for each time that somebody asked. Budgets are answered from what
// is kept, else by asking again, with progress and Cancel; after a reload of the window the document comes from the store.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { formatIndexScript } from '../analysis/index-advice/index-ddl';
import { formatAdviceMarkdown, formatAdviceSql } from '../analysis/index-advice/text/advice-text';
import { toAdviceJson } from '../analysis/index-advice/text/advice-json';
import {
  findSelection,
  toAdvice,
  type SelectedIndex,
  type WorkloadSelection,
} from '../analysis/index-advice/workload-selection';
import type { IndexDropRequest } from '../analysis/index-build/index-build';
import { DocumentStore, toDocumentId } from './document-store';
import type { ReportConnection } from './report-protocol';
import { formatWebviewPage } from './webview-page';
import {
  workloadDocumentSchema,
  workloadViewRequestSchema,
  type WorkloadDocument,
  type WorkloadSource,
  type WorkloadViewMessage,
  type WorkloadViewRequest,
} from './workload-protocol';
import { findShownSelection, toName, toWorkloadView } from './workload-view-model';

export const workloadViewType = 'pgInsight.workload';

export interface AdviseOptions {
  /** What is being done now, a few words. */
  say: (what: string) => void;
  signal: AbortSignal;
}

/** What the rest of the editor does for these views. */
export interface WorkloadPanelHandlers {
  /** Null for a connection that has been removed. */
  findConnection(profileId: string): Promise<(ReportConnection & { isConnected: boolean }) | null>;
  onDidChangeConnections: vscode.Event<void>;
  /** The same statements under another budget; null when the user gave up. */
  advise(
    document: WorkloadDocument,
    budgetBytes: number | null,
    options: AdviseOptions,
  ): Promise<WorkloadSelection | null>;
  /** The same statements on the server as it is now; null when the user gave up. */
  refresh(document: WorkloadDocument, options: AdviseOptions): Promise<WorkloadDocument | null>;
  /** Asks before; that they are there is said by noteCreated(). */
  create(document: WorkloadDocument, indexes: readonly SelectedIndex[]): Promise<void>;
  /** Asks before; that it is gone is said by noteDropped(). */
  undo(document: WorkloadDocument, undo: IndexDropRequest): Promise<void>;
  drop(document: WorkloadDocument, index: { schema: string; name: string }): Promise<void>;
  /** False when the user gave up. */
  migrate(document: WorkloadDocument, indexes: readonly SelectedIndex[]): Promise<void>;
  openStatement(statement: WorkloadSource): Promise<void>;
  openSql(sql: string): Promise<void>;
  /** Runs what the user asked for and says what failed. */
  guard(work: () => Promise<void>): Promise<void>;
  log: vscode.LogOutputChannel;
}

type ServerName = Pick<WorkloadDocument, 'server' | 'database'>;
interface IndexName {
  schema: string;
  name: string;
}

/** A budget for each step of the slider would be more than anybody looks at; the first is the one without a budget. */
const mostSelections = 12;
/** How long VS Code itself shows such a word in the status bar. */
const statusMessageMs = 3_000;

const formatChoices = [
  { extension: 'md', label: 'Markdown', detail: 'For a ticket or a wiki' },
  { extension: 'json', label: 'JSON', detail: 'All figures, as "pg-insight advise" writes them' },
  { extension: 'sql', label: 'SQL', detail: 'The statements that make the indexes' },
] as const;

export class WorkloadPanels implements vscode.WebviewPanelSerializer {
  readonly #context: vscode.ExtensionContext;
  readonly #handlers: WorkloadPanelHandlers;
  readonly #store: DocumentStore<WorkloadDocument>;
  readonly #open = new Set<WorkloadPanel>();

  constructor(context: vscode.ExtensionContext, handlers: WorkloadPanelHandlers) {
    this.#context = context;
    this.#handlers = handlers;
    this.#store = new DocumentStore(context, 'workloads', workloadDocumentSchema, handlers.log);
    context.subscriptions.push(
      handlers.onDidChangeConnections(() => {
        for (const view of this.#open) void handlers.guard(() => view.postView());
      }),
    );
  }

  /** Of the open views. */
  get documents(): WorkloadDocument[] {
    return [...this.#open].flatMap(({ document }) => document ?? []);
  }

  async show(document: WorkloadDocument): Promise<void> {
    const panel = vscode.window.createWebviewPanel(
      workloadViewType,
      `Index Advice: ${document.title}`,
      vscode.ViewColumn.Active,
      { enableFindWidget: true },
    );
    const id = this.#store.newId();
    this.#attach(panel, id, document);
    await this.#store.save(id, document);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = toDocumentId(state);
    const document = id === null ? null : await this.#store.load(id);
    this.#attach(panel, id ?? this.#store.newId(), document);
  }

  /** An index is there, whoever made it. */
  async noteCreated(where: ServerName, index: IndexName, undo: IndexDropRequest): Promise<void> {
    await Promise.all([...this.#open].map((view) => view.noteCreated(where, index, undo)));
  }

  /** Indexes are gone, whoever dropped them. */
  async noteDropped(where: ServerName, indexes: readonly (IndexName & { oid: number })[]): Promise<void> {
    await Promise.all([...this.#open].map((view) => view.noteDropped(where, indexes)));
  }

  #attach(panel: vscode.WebviewPanel, id: string, document: WorkloadDocument | null): void {
    const view = new WorkloadPanel(panel, id, document, this.#handlers, (changed) => this.#store.save(id, changed));
    this.#open.add(view);
    panel.onDidDispose(() => {
      this.#open.delete(view);
      view.cancel();
      void this.#store.remove(id);
    });
    view.load(vscode.Uri.joinPath(this.#context.extensionUri, 'dist', 'webview'));
  }
}

class WorkloadPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #id: string;
  readonly #handlers: WorkloadPanelHandlers;
  readonly #save: (document: WorkloadDocument) => Promise<void>;
  #document: WorkloadDocument | null;
  #running: { what: string; controller: AbortController | null } | null = null;

  constructor(
    panel: vscode.WebviewPanel,
    id: string,
    document: WorkloadDocument | null,
    handlers: WorkloadPanelHandlers,
    save: (document: WorkloadDocument) => Promise<void>,
  ) {
    this.#panel = panel;
    this.#id = id;
    this.#document = document;
    this.#handlers = handlers;
    this.#save = save;
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const request = workloadViewRequestSchema.safeParse(message);
      if (request.success) void handlers.guard(() => this.#answer(request.data));
      else handlers.log.warn(`The view of index advice sent something it should not: ${request.error.message}`);
    });
  }

  get document(): WorkloadDocument | null {
    return this.#document;
  }

  load(folder: vscode.Uri): void {
    const { webview } = this.#panel;
    const uriOf = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    webview.html = formatWebviewPage({
      title: 'Index Advice',
      element: 'workload-view',
      cspSource: webview.cspSource,
      nonce: randomBytes(18).toString('base64url'),
      scriptUri: uriOf('workload.js'),
      styleUri: uriOf('workload.css'),
      codiconsUri: uriOf('codicon.css'),
    });
  }

  cancel(): void {
    this.#running?.controller?.abort();
  }

  async noteCreated(where: ServerName, index: IndexName, undo: IndexDropRequest): Promise<void> {
    const document = this.#document;
    if (document === null || !isSameServer(document, where)) return;
    const isAdvised = document.selections.some(({ recommendations }) =>
      recommendations.some((each) => isSameName(toName(each), index)),
    );
    const created = document.created.filter((each) => !isSameName(each, index));
    await this.#change({
      ...document,
      created: isAdvised ? [...created, { schema: index.schema, name: index.name, undo }] : created,
      dropped: document.dropped.filter((each) => !isSameName(each, index)),
    });
  }

  async noteDropped(where: ServerName, indexes: readonly (IndexName & { oid: number })[]): Promise<void> {
    const document = this.#document;
    if (document === null || !isSameServer(document, where)) return;
    const isGone = ({ undo }: WorkloadDocument['created'][number]) =>
      undo.indexes.some(({ oid }) => indexes.some((each) => each.oid === oid));
    const candidates = document.selections.flatMap(({ drops }) => drops);
    const dropped = indexes.filter((index) => candidates.some((each) => isSameName(each, index)));
    await this.#change({
      ...document,
      created: document.created.filter((each) => !isGone(each)),
      dropped: [...document.dropped, ...dropped.map(({ schema, name }) => ({ schema, name }))],
    });
  }

  async postView(): Promise<void> {
    const document = this.#document;
    const selection = document === null ? null : findShownSelection(document);
    if (document === null || selection === null) {
      const reason =
        'This advice was not kept from the last session. Close this tab, and ask for advice again from the Slow Queries view or a file.';
      await this.#post({ type: 'unavailable', reason });
      return;
    }
    const found = await this.#handlers.findConnection(document.connection.profileId);
    const state = found === null ? 'removed' : found.isConnected ? 'connected' : 'not-connected';
    await this.#post({ type: 'workload', documentId: this.#id, view: toWorkloadView(document, selection, state) });
  }

  async #post(message: WorkloadViewMessage): Promise<void> {
    await this.#panel.webview.postMessage(message);
  }

  async #postRunning(): Promise<void> {
    const running = this.#running;
    const canCancel = running?.controller?.signal.aborted === false;
    await this.#post({ type: 'running', what: running?.what ?? null, canCancel });
  }

  async #change(document: WorkloadDocument): Promise<void> {
    this.#document = document;
    await this.postView();
    await this.#save(document);
  }

  async #answer(request: WorkloadViewRequest): Promise<void> {
    const document = this.#document;
    if (request.type === 'ready') {
      await this.postView();
      await this.#postRunning();
      return;
    }
    if (request.type === 'cancel') {
      this.cancel();
      await this.#postRunning();
      return;
    }
    if (document === null) return;
    switch (request.type) {
      case 'set-budget':
        await this.#setBudget(document, request.budgetBytes);
        break;
      case 'refresh':
        await this.#work('Reading the statements', async (options) => {
          const fresh = await this.#handlers.refresh(document, options);
          if (fresh !== null) await this.#change(fresh);
        });
        break;
      case 'export':
        await exportAdvice(document);
        break;
      case 'open-statement': {
        const statement = document.statements.find(({ id }) => id === request.id);
        if (statement !== undefined) await this.#handlers.openStatement(statement);
        break;
      }
      case 'index':
        await this.#answerForIndex(document, request);
        break;
      case 'undo': {
        const created = document.created.find((each) => isSameName(each, request));
        if (created !== undefined) await this.#run('Dropping', () => this.#handlers.undo(document, created.undo));
        break;
      }
      case 'drop':
        await this.#run('Dropping', () => this.#handlers.drop(document, request));
        break;
    }
  }

  async #setBudget(document: WorkloadDocument, budgetBytes: number | null): Promise<void> {
    if (findSelection(document.selections, budgetBytes) !== null) {
      await this.#change({ ...document, budgetBytes });
      return;
    }
    await this.#work('Choosing indexes for this budget', async (options) => {
      const selection = await this.#handlers.advise(document, budgetBytes, options);
      const now = this.#document ?? document;
      // what is shown goes back to the budget that it is for
      if (selection === null) return;
      const [first, ...others] = now.selections.filter((each) => each.budgetBytes !== budgetBytes);
      const kept = [...(first === undefined ? [] : [first]), ...others.slice(-(mostSelections - 2)), selection];
      await this.#change({ ...now, selections: kept, budgetBytes });
    });
  }

  async #answerForIndex(
    document: WorkloadDocument,
    { action, index }: Extract<WorkloadViewRequest, { type: 'index' }>,
  ): Promise<void> {
    const all = findShownSelection(document)?.recommendations ?? [];
    const isCreated = (each: SelectedIndex) => document.created.some((created) => isSameName(created, toName(each)));
    const indexes = all.filter((each) =>
      index === null ? action !== 'create' || !isCreated(each) : isSameName(toName(each), index),
    );
    if (indexes.length === 0) return;
    const sql = () => indexes.map(({ steps }) => `${formatIndexScript(steps)}\n`).join('');
    switch (action) {
      case 'create':
        await this.#run('Creating', () => this.#handlers.create(document, indexes));
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(sql());
        vscode.window.setStatusBarMessage('$(check) DDL copied', statusMessageMs);
        break;
      case 'open':
        await this.#handlers.openSql(sql());
        break;
      case 'migrate':
        await this.#handlers.migrate(document, indexes);
        break;
    }
  }

  async #work(what: string, work: (options: AdviseOptions) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const say = (now: string) => {
      if (this.#running?.controller !== controller) return;
      this.#running = { what: now, controller };
      void this.#postRunning();
    };
    await this.#run(what, () => work({ say, signal: controller.signal }), controller);
  }

  /** One thing at a time. */
  async #run(what: string, work: () => Promise<void>, controller: AbortController | null = null): Promise<void> {
    if (this.#running !== null) return;
    this.#running = { what, controller };
    await this.#postRunning();
    try {
      await work();
    } finally {
      this.#running = null;
      await this.#postRunning();
      // a budget that was not found out is shown no longer
      await this.postView();
    }
  }
}

const isSameName = (a: IndexName, b: IndexName) => a.schema === b.schema && a.name === b.name;
const isSameServer = (a: ServerName, b: ServerName) => a.server === b.server && a.database === b.database;

async function exportAdvice(document: WorkloadDocument): Promise<void> {
  const selection = findShownSelection(document);
  if (selection === null) return;
  const choice = await vscode.window.showQuickPick(formatChoices, {
    title: 'Export Index Advice',
    placeHolder: 'Format',
  });
  if (choice === undefined) return;
  const { extension, label } = choice;
  const name = `${document.database.replace(/[^\p{L}\p{N}._-]+/gu, '-')}-indexes-${document.madeAt.slice(0, 16).replace('T', '-').replace(':', '')}.${extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: `Export Index Advice as ${label}`,
    filters: { [label]: [extension] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (uri === undefined) return;
  const text = formatDocument(document, selection, extension);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const open = 'Open';
  const action = await vscode.window.showInformationMessage(
    `The advice was written to ${vscode.workspace.asRelativePath(uri)}.`,
    open,
  );
  if (action === open) await vscode.window.showTextDocument(uri);
}

function formatDocument(
  { statements }: WorkloadDocument,
  selection: WorkloadSelection,
  format: (typeof formatChoices)[number]['extension'],
): string {
  const advice = toAdvice(selection, statements);
  switch (format) {
    case 'md':
      return formatAdviceMarkdown(advice);
    case 'json':
      return `${JSON.stringify(toAdviceJson(advice, selection.elapsedMs), null, 2)}\n`;
    case 'sql':
      return formatAdviceSql(advice);
  }
}
