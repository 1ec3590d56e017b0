// What the Slow Queries view shows: the applications' statements of the health snapshot in the chosen window, order and
// filter. A mark is kept for each connection until the window closes.
import * as vscode from 'vscode';
import type { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { SectionGap, Snapshot, SnapshotActivity } from '../analysis/snapshot';
import {
  filterStatements,
  findStatementText,
  sortStatements,
  statementOrders,
  toStatementEntries,
  type StatementEntry,
  type StatementOrder,
} from '../analysis/statements/statement-list';
import {
  findStatementWindow,
  toStatementCounts,
  type StatementCounts,
  type StatementWindow,
} from '../analysis/statements/statement-window';
import { isToolStatement } from '../analysis/statements/tool-statement';
import type { DatabaseSession } from './database-port';
import type { HealthState, HealthStore } from './health-store';

export interface StatementMark extends StatementCounts {
  /** ISO 8601, the server's clock. */
  markedAt: string;
}

export interface StatementList {
  /** Filtered and sorted. */
  entries: readonly StatementEntry[];
  /** Before filtering. */
  total: number;
  /** Catalogue queries and transaction control, left out. */
  tools: number;
  /** Statements of other roles whose text the role may not see; of a window since a mark they are not part. */
  hidden: number;
  blockSizeBytes: number;
  /** ISO 8601; null where the extension does not tell. */
  statisticsReset: string | null;
  /** Times that rare statements were thrown out; null where the extension does not tell. */
  deallocated: number | null;
  mark: StatementMark | null;
  /** What is known of resets since the mark; null without a mark. */
  window: Pick<StatementWindow, 'wasReset' | 'restarted' | 'gone' | 'mayMissReset'> | null;
}

export type SlowQueriesState =
  | { state: 'not-connected' | 'loading' }
  | { state: 'failed'; failure: DatabaseFailure }
  | { state: 'unavailable'; gap: SectionGap; running: readonly SnapshotActivity[] | SectionGap }
  | { state: 'available'; list: StatementList };

const orderKey = 'pgInsight.slowQueriesOrder';
const filterKey = 'pgInsight.slowQueriesFilter';

export class SlowQueriesStore implements vscode.Disposable {
  readonly #health: HealthStore;
  readonly #workspaceState: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly #marks = new Map<string, StatementMark>();
  #order: StatementOrder;
  #filter: string;
  /** Of the snapshot and choices that it was made from. */
  #known: { snapshot: Snapshot; state: SlowQueriesState } | null = null;

  readonly onDidChange = this.#changed.event;

  constructor(health: HealthStore, workspaceState: vscode.Memento) {
    this.#health = health;
    this.#workspaceState = workspaceState;
    const order = workspaceState.get<string>(orderKey);
    this.#order = statementOrders.find((each) => each === order) ?? 'total';
    this.#filter = workspaceState.get(filterKey, '');
    this.#subscription = health.onDidChange(() => {
      this.#changed.fire();
    });
  }

  get session(): DatabaseSession | null {
    return this.#health.session;
  }

  get order(): StatementOrder {
    return this.#order;
  }

  get filter(): string {
    return this.#filter;
  }

  /** Of the window's connection; null when nothing is marked. */
  get mark(): StatementMark | null {
    const id = this.session?.profile.id;
    return id === undefined ? null : (this.#marks.get(id) ?? null);
  }

  /** As far as it is known already. */
  get state(): SlowQueriesState {
    return this.#toState(this.#health.state);
  }

  /** Captures when nobody has yet. */
  async read(): Promise<SlowQueriesState> {
    return this.#toState(await this.#health.read());
  }

  async refresh(): Promise<void> {
    const refreshing = this.#health.refresh();
    // the view asks again and waits, so that VS Code shows progress
    this.#changed.fire();
    await refreshing;
  }

  setOrder(order: StatementOrder): void {
    this.#order = order;
    void this.#workspaceState.update(orderKey, order === 'total' ? undefined : order);
    this.#forget();
  }

  setFilter(filter: string): void {
    this.#filter = filter.trim();
    void this.#workspaceState.update(filterKey, this.#filter === '' ? undefined : this.#filter);
    this.#forget();
  }

  /** Counts from now on: reads the counters anew, for those on screen may be old. */
  async markNow(): Promise<void> {
    await this.refresh();
    const { state } = this.#health;
    const id = this.session?.profile.id;
    if (id === undefined || state.state !== 'available') return;
    const counts = toStatementCounts(state.snapshot);
    if (counts === null) return;
    this.#marks.set(id, { ...counts, markedAt: state.snapshot.capturedAt });
    this.#forget();
  }

  clearMark(): void {
    const id = this.session?.profile.id;
    if (id !== undefined) this.#marks.delete(id);
    this.#forget();
  }

  /** Of the statement that a finding is about; null when it is not counted any more. */
  findText(queryId: string): string | null {
    const { state } = this.#health;
    return state.state === 'available' ? findStatementText(state.snapshot, queryId) : null;
  }

  #forget(): void {
    this.#known = null;
    this.#changed.fire();
  }

  #toState(health: HealthState): SlowQueriesState {
    if (health.state !== 'available') return health;
    if (this.#known?.snapshot === health.snapshot) return this.#known.state;
    const state = this.#readSnapshot(health.snapshot);
    this.#known = { snapshot: health.snapshot, state };
    return state;
  }

  #readSnapshot(snapshot: Snapshot): SlowQueriesState {
    const { sections, server } = snapshot;
    if (sections.statements.status === 'unavailable') {
      const { activity } = sections;
      return {
        state: 'unavailable',
        gap: sections.statements.reason,
        running: activity.status === 'available' ? findRunning(activity.rows) : activity.reason,
      };
    }
    const now: StatementCounts = toStatementCounts(snapshot) ?? { statements: [], statisticsReset: null };
    const { mark } = this;
    const window = mark === null ? null : findStatementWindow(mark, now);
    const statements = window?.statements ?? now.statements;
    const entries = toStatementEntries(statements.filter(({ text }) => !isToolStatement(text)));
    const info = sections.statementStatistics;
    return {
      state: 'available',
      list: {
        entries: sortStatements(filterStatements(entries, this.#filter), this.#order),
        total: entries.length,
        tools: statements.length - entries.length,
        hidden: window?.hidden ?? statements.filter(({ text }) => text === null).length,
        blockSizeBytes: server.blockSizeBytes,
        statisticsReset: now.statisticsReset,
        deallocated: info.status === 'available' ? (info.rows[0]?.deallocated ?? null) : null,
        mark,
        window,
      },
    };
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** Sessions of clients that do something or hold a transaction open, longest first; those hidden from the role too. */
function findRunning(activity: readonly SnapshotActivity[]): SnapshotActivity[] {
  return activity
    .filter(
      ({ isOurs, isHidden, database, state, backendType }) =>
        !isOurs &&
        (isHidden ? database !== null : backendType === 'client backend' && state !== null && state !== 'idle'),
    )
    .sort((a, b) => toSeconds(b) - toSeconds(a) || a.pid - b.pid);
}

/** Of the statement that runs, else of the transaction that is open. */
export function toSeconds({ querySeconds, transactionSeconds }: SnapshotActivity): number {
  return querySeconds ?? transactionSeconds ?? -1;
}
