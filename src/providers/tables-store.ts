// What the Tables view shows: the tables of the window's connection, read once and kept until "Refresh"; the details of
// a table from the moment it is opened; exact sizes only of tables the user asked for.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ExactSizes, TableDetails, TableSummary } from '../analysis/tables/table';
import { buildTableTree, filterTables, type SchemaNode } from '../analysis/tables/table-tree';
import type { ConnectionStore } from './connection-store';
import type { DatabaseSession } from './database-port';
import type { FailureReporter } from './failure-reporter';

export type TablesState =
  | { state: 'not-connected' }
  | { state: 'loading' }
  | { state: 'available'; tables: readonly TableSummary[] }
  | { state: 'failed'; failure: DatabaseFailure };

/** In the workspace's state, so that a reload of the window keeps what a big database was narrowed down to. */
const filterKey = 'pgInsight.tablesFilter';

export class TablesStore implements vscode.Disposable {
  readonly #connections: ConnectionStore;
  readonly #reporter: FailureReporter;
  readonly #workspaceState: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<number | undefined>();
  readonly #subscription: vscode.Disposable;
  readonly #details = new Map<number, Promise<TableDetails>>();
  readonly #exactSizes = new Map<number, ExactSizes>();
  #session: DatabaseSession | null = null;
  #state: TablesState = { state: 'not-connected' };
  #loading: Promise<void> | null = null;
  #filter: string;
  /** Whether the view has been seen: then a new session's tables are read at once, not when VS Code asks again. */
  #isShown = false;

  /** The OID of the one table that changed, or undefined for all. */
  readonly onDidChange = this.#changed.event;

  constructor(connections: ConnectionStore, reporter: FailureReporter, workspaceState: vscode.Memento) {
    this.#connections = connections;
    this.#reporter = reporter;
    this.#workspaceState = workspaceState;
    this.#filter = workspaceState.get(filterKey, '');
    this.#subscription = connections.onDidChange(() => {
      this.#followSession();
    });
  }

  get state(): TablesState {
    return this.#state;
  }

  get session(): DatabaseSession | null {
    return this.#session;
  }

  get filter(): string {
    return this.#filter;
  }

  setFilter(filter: string): void {
    this.#filter = filter.trim();
    void this.#workspaceState.update(filterKey, this.#filter === '' ? undefined : this.#filter);
    this.#changed.fire(undefined);
  }

  /** Schemas that the filter leaves; reads the tables when nobody has yet. */
  async readTree(): Promise<SchemaNode[]> {
    this.#isShown = true;
    this.#followSession();
    if (this.#session !== null && this.#state.state === 'not-connected') await this.#load(this.#session);
    else await this.#loading;
    return this.#state.state === 'available' ? buildTableTree(filterTables(this.#state.tables, this.#filter)) : [];
  }

  /** Resolves when nothing is being read; reads nothing that no view has asked for. */
  async settle(): Promise<void> {
    this.#followSession();
    await this.#loading;
  }

  async refresh(): Promise<void> {
    this.#forget();
    this.#changed.fire(undefined);
    await this.readTree();
  }

  readDetails(oid: number): Promise<TableDetails> {
    const known = this.#details.get(oid);
    if (known !== undefined) return known;
    if (this.#session === null) return Promise.reject(toNotConnectedFailure());
    const details = this.#session.captureTableDetails(oid);
    this.#details.set(oid, details);
    // a failure is not kept: the next opening of the table asks again
    details.catch(() => this.#details.delete(oid));
    return details;
  }

  exactSizesOf(oid: number): ExactSizes | null {
    return this.#exactSizes.get(oid) ?? null;
  }

  /** Opens the files of this one table on the server. */
  async measure(oid: number, signal: AbortSignal): Promise<ExactSizes> {
    if (this.#session === null) throw toNotConnectedFailure();
    const sizes = await this.#session.captureExactSizes(oid, signal);
    this.#exactSizes.set(oid, sizes);
    this.#changed.fire(oid);
    return sizes;
  }

  async #load(session: DatabaseSession): Promise<void> {
    if (this.#loading === null) {
      const loading = this.#capture(session).finally(() => {
        // by now another session's may be under way
        if (this.#loading === loading) this.#loading = null;
      });
      this.#loading = loading;
    }
    await this.#loading;
  }

  async #capture(session: DatabaseSession): Promise<void> {
    this.#state = { state: 'loading' };
    try {
      const tables = await session.captureTables();
      if (session === this.#session) this.#state = { state: 'available', tables };
    } catch (error) {
      this.#reporter.logFailure(error);
      if (session !== this.#session) return;
      this.#state = {
        state: 'failed',
        failure: isDatabaseFailure(error)
          ? error
          : new DatabaseFailure('other', 'Reading the tables failed.', 'See the log.', {}, { cause: error }),
      };
    }
  }

  /** Another session (or none): nothing that was read before holds. */
  #followSession(): void {
    const session = this.#connections.activeSession;
    if (session === this.#session) return;
    this.#session = session;
    this.#forget();
    if (session !== null && this.#isShown) void this.#load(session);
    this.#changed.fire(undefined);
  }

  #forget(): void {
    this.#state = { state: 'not-connected' };
    this.#loading = null;
    this.#details.clear();
    this.#exactSizes.clear();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function toNotConnectedFailure(): DatabaseFailure {
  return new DatabaseFailure('connection-lost', 'This window is not connected to a database.', 'Connect first.');
}
