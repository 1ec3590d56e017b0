// What was done to indexes from this workspace, newest first, and what takes each back. Kept over reloads.
import type * as vscode from 'vscode';
import type { IndexBuildRequest, IndexDropRequest, IndexIdentity } from '../analysis/index-build/index-build';
import type { IndexPromise, KeptPromise } from '../analysis/indexes/index-promise';

interface ChangeFacts {
  id: string;
  /** ISO 8601. */
  at: string;
  profileId: string;
  /** The connection's name then. */
  connection: string;
  /** host:port, and database: what the change was made on, whatever the connection leads to now. */
  server: string;
  database: string;
  /** "index public.orders_customer_id_idx" */
  title: string;
  /** The index as SQL. */
  sql: string;
  /** It took an earlier change back itself: to take it back is to redo that one. */
  isUndo: boolean;
}

export type IndexChange = ChangeFacts &
  (
    | {
        kind: 'created';
        undo: IndexDropRequest;
        /** What advice promised of it; null or absent where nobody had advised it. */
        promise?: IndexPromise | null;
      }
    | { kind: 'dropped'; undo: IndexBuildRequest }
  );

const changesKey = 'pgInsight.indexChanges';
/** Weeks of work on indexes; an entry is a few hundred bytes, with a promise some thousand. */
const mostChanges = 50;

export class IndexChanges {
  readonly #state: vscode.Memento;

  constructor(workspaceState: vscode.Memento) {
    this.#state = workspaceState;
  }

  get all(): readonly IndexChange[] {
    return this.#state.get<IndexChange[]>(changesKey, []);
  }

  /** The change that made one of these indexes on this database. */
  findCreated(
    { server, database }: Pick<IndexChange, 'server' | 'database'>,
    { indexes }: IndexDropRequest,
  ): Extract<IndexChange, { kind: 'created' }> | null {
    const found = this.all.find(
      (change) =>
        change.kind === 'created' &&
        change.server === server &&
        change.database === database &&
        change.undo.indexes.some(({ oid }) => indexes.some((index) => index.oid === oid)),
    );
    return found?.kind === 'created' ? found : null;
  }

  /** What advice promised of this index; null when it was not made from advice, or is another one by now. */
  findPromise(
    { server, database }: Pick<IndexChange, 'server' | 'database'>,
    { oid, schema, name }: IndexIdentity,
  ): KeptPromise | null {
    for (const change of this.all) {
      if (change.kind !== 'created' || !change.promise) continue;
      if (change.server !== server || change.database !== database) continue;
      const { indexes, keep } = change.undo;
      // a database that is made anew may give the OID to another one
      const isIt = indexes.some((each) => each.oid === oid && each.schema === schema && each.name === name);
      if (isIt) return { promise: change.promise, keep };
    }
    return null;
  }

  /** In the place of the one that it took back, if it did. */
  async add(change: IndexChange, undone: IndexChange | null): Promise<void> {
    const others = this.all.filter(({ id }) => id !== undone?.id);
    await this.#state.update(changesKey, [change, ...others].slice(0, mostChanges));
  }

  async remove({ id }: IndexChange): Promise<void> {
    await this.#state.update(
      changesKey,
      this.all.filter((change) => change.id !== id),
    );
  }
}
