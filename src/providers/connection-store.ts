// The profiles, which of them this window uses, and their sessions. Views and commands ask here; nobody else opens or
// closes a session.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { DatabaseAccess, DatabaseSession, ProfileStore } from './database-port';
import type { PasswordStore, TypedPassword } from './password-store';

export type ProfileState =
  | { state: 'disconnected' }
  | { state: 'connecting' }
  | { state: 'connected'; session: DatabaseSession }
  | { state: 'reconnecting'; session: DatabaseSession; attempt: number; retryInMs: number; reason: string }
  | { state: 'failed'; failure: DatabaseFailure };

const activeProfileKey = 'pgInsight.activeProfile';
const boundFilesKey = 'pgInsight.boundFiles';

/** PostgreSQL's invalid_password: the one refusal that another password can mend. */
const invalidPassword = '28P01';

const disconnected: ProfileState = { state: 'disconnected' };

export class ConnectionStore implements vscode.Disposable {
  readonly #access: DatabaseAccess;
  readonly #profileStore: ProfileStore;
  readonly #passwords: PasswordStore;
  readonly #workspaceState: vscode.Memento;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #states = new Map<string, ProfileState>();
  /** A connection attempt that is under way is shared by everyone who wants that session. */
  readonly #connecting = new Map<string, Promise<DatabaseSession>>();
  #profiles: readonly ConnectionProfile[] = [];
  #isLoaded = false;

  readonly onDidChange = this.#changed.event;

  constructor(
    access: DatabaseAccess,
    profileStore: ProfileStore,
    passwords: PasswordStore,
    workspaceState: vscode.Memento,
    log: vscode.LogOutputChannel,
  ) {
    this.#access = access;
    this.#profileStore = profileStore;
    this.#passwords = passwords;
    this.#workspaceState = workspaceState;
    this.#log = log;
  }

  // --- profiles ----------------------------------------------------------------------------------------------------

  get profiles(): readonly ConnectionProfile[] {
    return this.#profiles;
  }

  /** Reads the profiles anew; sessions of profiles that are gone or changed are closed. */
  async load(): Promise<void> {
    const profiles = await this.#profileStore.load();
    // compared with what is there now: another load may have ended meanwhile
    const before = new Map(this.#profiles.map((profile) => [profile.id, profile]));
    this.#profiles = profiles;
    this.#isLoaded = true;
    const stale = [...this.#states.keys()].filter((id) => {
      const now = this.findProfile(id);
      return now === null || JSON.stringify(now) !== JSON.stringify(before.get(id));
    });
    await Promise.all(stale.map((id) => this.disconnect(id)));
    this.#changed.fire();
  }

  /** Reads the profiles first when nobody has yet: a view that a reloaded window restores may be the first to ask. */
  async readProfile(id: string): Promise<ConnectionProfile | null> {
    if (!this.#isLoaded) await this.load();
    return this.findProfile(id);
  }

  findProfile(id: string): ConnectionProfile | null {
    return this.#profiles.find((profile) => profile.id === id) ?? null;
  }

  async save(profile: ConnectionProfile): Promise<void> {
    await this.#profileStore.save(profile);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await this.#profileStore.remove(id);
    await this.#passwords.forget(id);
    await this.load();
  }

  // --- which one ---------------------------------------------------------------------------------------------------

  /** The window's own choice, else the workspace's default, else the only one there is. */
  get active(): ConnectionProfile | null {
    const chosen = this.#workspaceState.get<string>(activeProfileKey);
    const byChoice = chosen === undefined ? null : this.findProfile(chosen);
    if (byChoice !== null) return byChoice;
    const name = vscode.workspace.getConfiguration('pgInsight.connection').get<string>('default', '');
    const byDefault = this.#profiles.find((profile) => profile.name === name);
    return byDefault ?? (this.#profiles.length === 1 ? (this.#profiles[0] ?? null) : null);
  }

  async setActive(id: string): Promise<void> {
    await this.#workspaceState.update(activeProfileKey, id);
    this.#changed.fire();
  }

  /** The connection a file is bound to, else the window's. */
  findProfileFor(file: vscode.Uri | undefined): ConnectionProfile | null {
    const bound = file === undefined ? undefined : this.#boundFiles()[file.toString()];
    return (bound === undefined ? null : this.findProfile(bound)) ?? this.active;
  }

  isBound(file: vscode.Uri): boolean {
    const bound = this.#boundFiles()[file.toString()];
    return bound !== undefined && this.findProfile(bound) !== null;
  }

  /** Null takes the binding away. */
  async bindFile(file: vscode.Uri, profileId: string | null): Promise<void> {
    const others = Object.entries(this.#boundFiles()).filter(([uri]) => uri !== file.toString());
    if (profileId !== null) others.push([file.toString(), profileId]);
    await this.#workspaceState.update(boundFilesKey, Object.fromEntries(others));
    this.#changed.fire();
  }

  #boundFiles(): Record<string, string> {
    return this.#workspaceState.get<Record<string, string>>(boundFilesKey, {});
  }

  // --- sessions ----------------------------------------------------------------------------------------------------

  stateOf(id: string): ProfileState {
    return this.#states.get(id) ?? disconnected;
  }

  /** The window's session; null while there is none. */
  get activeSession(): DatabaseSession | null {
    const { active } = this;
    if (active === null) return null;
    const state = this.stateOf(active.id);
    return state.state === 'connected' || state.state === 'reconnecting' ? state.session : null;
  }

  /**
   * The profile's session, opened when there is none. Never asks: whoever can ask tries again with what was typed. A
   * second caller shares the first one's attempt, signal and all.
   */
  async connect(
    profile: ConnectionProfile,
    signal: AbortSignal,
    typed: TypedPassword | null = null,
  ): Promise<DatabaseSession> {
    const state = this.stateOf(profile.id);
    if (state.state === 'connected' || state.state === 'reconnecting') return state.session;
    const underWay = this.#connecting.get(profile.id);
    if (underWay !== undefined) return underWay;
    const attempt = this.#open(profile, signal, typed);
    this.#connecting.set(profile.id, attempt);
    try {
      return await attempt;
    } finally {
      this.#connecting.delete(profile.id);
    }
  }

  async disconnect(id: string): Promise<void> {
    const state = this.stateOf(id);
    this.#setState(id, disconnected);
    if (state.state === 'connected' || state.state === 'reconnecting') await state.session.close();
  }

  /** Opens and closes a session of its own, so that a running one is not disturbed. */
  async test(
    profile: ConnectionProfile,
    signal: AbortSignal,
    typed: TypedPassword | null = null,
  ): Promise<DatabaseSession> {
    const session = await this.#openWith(profile, signal, typed);
    await session.close();
    return session;
  }

  async #open(profile: ConnectionProfile, signal: AbortSignal, typed: TypedPassword | null): Promise<DatabaseSession> {
    this.#setState(profile.id, { state: 'connecting' });
    try {
      const session = await this.#openWith(profile, signal, typed);
      if (this.stateOf(profile.id).state !== 'connecting') {
        // disconnected, removed or changed meanwhile
        await session.close();
        throw new DatabaseFailure('cancelled', `Connecting to "${profile.name}" was given up.`, 'Connect again.');
      }
      session.onDidChangeState((change) => {
        switch (change.state) {
          case 'connected':
            this.#setState(profile.id, { state: 'connected', session });
            break;
          case 'reconnecting':
            this.#setState(profile.id, { ...change, session });
            break;
          case 'closed':
            this.#setState(profile.id, toClosedState(change.reason));
        }
      });
      this.#setState(profile.id, { state: 'connected', session });
      return session;
    } catch (error) {
      if (this.stateOf(profile.id).state === 'connecting') {
        const isFailure = isDatabaseFailure(error) && error.kind !== 'cancelled';
        this.#setState(profile.id, isFailure ? { state: 'failed', failure: error } : disconnected);
      }
      throw error;
    }
  }

  /** What was typed is kept only after it worked. */
  async #openWith(
    profile: ConnectionProfile,
    signal: AbortSignal,
    typed: TypedPassword | null,
  ): Promise<DatabaseSession> {
    const password = typed?.password ?? (await this.#passwords.read(profile.id));
    const session = await this.#access.connect(profile, password, signal);
    if (typed !== null) await this.#passwords.keep(profile.id, typed);
    return session;
  }

  #setState(id: string, state: ProfileState): void {
    const { name } = this.findProfile(id) ?? { name: id };
    if (state.state !== this.stateOf(id).state || state.state === 'reconnecting') {
      this.#log.info(describeState(name, state));
    }
    if (state.state === 'disconnected') this.#states.delete(id);
    else this.#states.set(id, state);
    this.#changed.fire();
  }

  /** Closes every session; VS Code waits for it when the window closes. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#states.keys()].map((id) => this.disconnect(id)));
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** Closed by us, or for good by a server that does not accept the login any more. */
function toClosedState(reason: string | undefined): ProfileState {
  return reason === undefined
    ? disconnected
    : { state: 'failed', failure: new DatabaseFailure('connection-lost', reason, 'Connect again.') };
}

/** No password at hand (no code) or a wrong one; peer, ident or certificate refusals are not mended by typing one. */
export function isMendedByPassword(error: unknown): error is DatabaseFailure {
  if (!isDatabaseFailure(error) || error.kind !== 'authentication') return false;
  return [null, invalidPassword].includes(error.details.code ?? null);
}

function describeState(name: string, state: ProfileState): string {
  switch (state.state) {
    case 'disconnected':
      return `"${name}": disconnected.`;
    case 'connecting':
      return `"${name}": connecting.`;
    case 'connected': {
      const { database, server, facts } = state.session;
      return `"${name}": connected to ${database} on ${server}, PostgreSQL ${facts.version}, role ${facts.role}.`;
    }
    case 'reconnecting':
      return `"${name}": ${state.reason} Attempt ${state.attempt} to connect again in ${state.retryInMs} ms.`;
    case 'failed':
      return `"${name}": failed. ${state.failure.message}`;
  }
}
