// Builds and drops of indexes that were begun from this workspace and whose end nobody has seen yet. Written before the
// server is asked to begin, so that a window that goes meanwhile can say afterwards what it has left there.
import type * as vscode from 'vscode';
import type { StartedIndexBuild, StartedIndexDrop } from '../analysis/index-build/index-build';
import type { IndexPrediction } from '../analysis/indexes/index-promise';

interface StartedFacts {
  id: string;
  profileId: string;
  /** host:port, and database: what it was begun on, whatever the connection leads to now. */
  server: string;
  database: string;
  /** "index public.orders_customer_id_idx" */
  title: string;
}

export type StartedBuild = StartedFacts & {
  kind: 'build';
  build: StartedIndexBuild;
  /** Of the advice that it was begun from; null or absent without. */
  prediction?: IndexPrediction | null;
};
export type StartedDrop = StartedFacts & { kind: 'drop'; drop: StartedIndexDrop };
export type StartedIndexChange = StartedBuild | StartedDrop;

const startedKey = 'pgInsight.startedIndexChanges';
/** More than anybody begins at a time: what is never looked at again does not stay for ever. */
const mostStarted = 20;

export class StartedIndexChanges {
  readonly #state: vscode.Memento;
  /** Those that run in this window: they say themselves how they end. */
  readonly #own = new Set<string>();

  constructor(workspaceState: vscode.Memento) {
    this.#state = workspaceState;
  }

  async add(started: StartedIndexChange): Promise<void> {
    this.#own.add(started.id);
    await this.#state.update(startedKey, [started, ...this.#all].slice(0, mostStarted));
  }

  async remove({ id }: Pick<StartedFacts, 'id'>): Promise<void> {
    this.#own.delete(id);
    await this.#state.update(
      startedKey,
      this.#all.filter((started) => started.id !== id),
    );
  }

  /** Those of an earlier window. Each is handed out once, and stays kept until it is removed. */
  takeLost({
    profileId,
    server,
    database,
  }: Pick<StartedFacts, 'profileId' | 'server' | 'database'>): StartedIndexChange[] {
    const lost = this.#all.filter(
      (each) =>
        !this.#own.has(each.id) && each.profileId === profileId && each.server === server && each.database === database,
    );
    for (const { id } of lost) this.#own.add(id);
    return lost;
  }

  get #all(): readonly StartedIndexChange[] {
    return this.#state.get<StartedIndexChange[]>(startedKey, []);
  }
}
