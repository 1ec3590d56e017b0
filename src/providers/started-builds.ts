// Builds of indexes that were begun from this workspace and whose end nobody has seen yet. Written before the server is
// asked to begin, so that a window that goes meanwhile can say afterwards what it has left there.
import type * as vscode from 'vscode';
import type { StartedIndexBuild } from '../analysis/index-build/index-build';

export interface StartedBuild {
  id: string;
  profileId: string;
  /** host:port, and database: what it was begun on, whatever the connection leads to now. */
  server: string;
  database: string;
  /** "index public.orders_customer_id_idx" */
  title: string;
  build: StartedIndexBuild;
}

const startedKey = 'pgInsight.startedIndexBuilds';
/** More than anybody begins at a time: what is never looked at again does not stay for ever. */
const mostBuilds = 20;

export class StartedBuilds {
  readonly #state: vscode.Memento;
  /** Those that run in this window: they say themselves how they end. */
  readonly #own = new Set<string>();

  constructor(workspaceState: vscode.Memento) {
    this.#state = workspaceState;
  }

  async add(started: StartedBuild): Promise<void> {
    this.#own.add(started.id);
    await this.#state.update(startedKey, [started, ...this.#all].slice(0, mostBuilds));
  }

  async remove({ id }: Pick<StartedBuild, 'id'>): Promise<void> {
    this.#own.delete(id);
    await this.#state.update(
      startedKey,
      this.#all.filter((started) => started.id !== id),
    );
  }

  /** Those of an earlier window. Each is handed out once, and stays kept until it is removed. */
  takeLost({ profileId, server, database }: Pick<StartedBuild, 'profileId' | 'server' | 'database'>): StartedBuild[] {
    const lost = this.#all.filter(
      (each) =>
        !this.#own.has(each.id) && each.profileId === profileId && each.server === server && each.database === database,
    );
    for (const { id } of lost) this.#own.add(id);
    return lost;
  }

  get #all(): readonly StartedBuild[] {
    return this.#state.get<StartedBuild[]>(startedKey, []);
  }
}
