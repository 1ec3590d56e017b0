// Add, edit, remove, test, switch, connect, disconnect: what the user does to connections. `ensureSession` is how every
// other command gets one.
import * as vscode from 'vscode';
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import { runCancellable } from './cancellable';
import { askChanges, askNewProfile, askWhetherToStore } from './connection-form';
import { isMendedByPassword, type ConnectionStore } from './connection-store';
import { describeTarget, type ConnectionNode } from './connections-view';
import type { ConnectionSources, DatabaseSession } from './database-port';
import { environmentLabels } from './environment-labels';
import { formatFailure, type FailureAction, type FailureReporter } from './failure-reporter';
import type { PasswordStore, TypedPassword } from './password-store';
import { askText, back, dismissed, pickOne, runSteps, separator } from './quick-steps';

export class ConnectionCommands {
  readonly #store: ConnectionStore;
  readonly #sources: ConnectionSources;
  readonly #passwords: PasswordStore;
  readonly #reporter: FailureReporter;

  constructor(store: ConnectionStore, sources: ConnectionSources, passwords: PasswordStore, reporter: FailureReporter) {
    this.#store = store;
    this.#sources = sources;
    this.#passwords = passwords;
    this.#reporter = reporter;
  }

  register(): vscode.Disposable[] {
    const command = (name: string, run: (node?: ConnectionNode) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.${name}`, (node?: unknown) =>
        this.#reporter.guard(() => run(isConnectionNode(node) ? node : undefined)),
      );
    return [
      this.#store.onDidChange(() => {
        for (const { id } of this.#store.profiles) {
          if (this.#store.stateOf(id).state === 'connected') this.#reporter.hideMended(id);
        }
      }),
      command('connection.add', () => this.#add('choice')),
      command('connection.addFromDotEnv', () => this.#add('dot-env')),
      command('connection.edit', (node) =>
        this.#withProfile(node, 'Edit which connection?', (profile) => this.#edit(profile)),
      ),
      command('connection.remove', (node) =>
        this.#withProfile(node, 'Remove which connection?', (profile) => this.#remove(profile)),
      ),
      command('connection.test', (node) =>
        this.#withProfile(node, 'Test which connection?', (profile) => this.#test(profile)),
      ),
      command('connection.connect', (node) => this.#connect(node)),
      command('connection.disconnect', (node) => this.#disconnect(node)),
      command('connection.switch', () => this.#switch()),
      command('connection.forgetPassword', (node) =>
        this.#withProfile(node, "Forget which connection's password?", (profile) => this.#forgetPassword(profile)),
      ),
      command('connections.refresh', () => this.#store.load()),
      command('file.bindConnection', () => this.#bindFile()),
      command('check.copyRemedy', async (node) => {
        if (node?.kind !== 'check' || node.check.remedy === undefined) return;
        await vscode.env.clipboard.writeText(`${node.check.remedy.sql}\n`);
        vscode.window.setStatusBarMessage('$(check) SQL copied', 2_000);
      }),
    ];
  }

  /**
   * The session for a file (or the window), connected when it is not yet; asks which connection when there are several
   * and none was chosen. Null when the user gave up or was shown why it failed.
   */
  async ensureSession(file?: vscode.Uri): Promise<DatabaseSession | null> {
    if (this.#store.profiles.length === 0) await this.#store.load();
    let profile = this.#store.findProfileFor(file);
    if (profile === null && this.#store.profiles.length === 0) {
      const add = 'Add Connection';
      const chosen = await vscode.window.showInformationMessage(
        'There is no connection to a PostgreSQL database yet.',
        add,
      );
      if (chosen === add) await this.#add('choice');
      return this.#store.activeSession;
    }
    profile ??= await this.#pickProfile('Which connection does this window use?');
    if (profile === null) return null;
    if (this.#store.active === null) await this.#store.setActive(profile.id);
    return this.openSession(profile);
  }

  /** Quietly connects to what this window used last; never asks and never disturbs. */
  async reconnectLast(): Promise<void> {
    const { active } = this.#store;
    const isWanted = vscode.workspace.getConfiguration('pgInsight.connection').get<boolean>('autoConnect', true);
    if (active === null || !isWanted || this.#store.stateOf(active.id).state !== 'disconnected') return;
    try {
      await this.#store.connect(active, new AbortController().signal);
    } catch (error) {
      this.#reporter.logFailure(error);
    }
  }

  // --- commands ----------------------------------------------------------------------------------------------------

  async #add(startAt: 'choice' | 'dot-env'): Promise<void> {
    await this.#store.load();
    const form = await askNewProfile(this.#sources, this.#namesBeside(null), startAt);
    if (form === null) return;
    const typed = form.password === null ? null : { password: form.password, store: form.storePassword };
    await this.#saveNew(form.profile, typed);
  }

  /** Saved, and used by this window, once it has worked; until then the window keeps the connection it has. */
  async #saveNew(profile: ConnectionProfile, typed: TypedPassword | null): Promise<void> {
    try {
      await this.#testSession(profile, typed);
    } catch (error) {
      await this.#offerToMend(profile, typed, error);
      return;
    }
    await this.#store.save(profile);
    await this.#store.setActive(profile.id);
    await this.openSession(profile);
  }

  async #offerToMend(profile: ConnectionProfile, typed: TypedPassword | null, error: unknown): Promise<void> {
    const actions: FailureAction[] = [
      {
        title: 'Edit',
        run: () =>
          this.#reporter.guard(async () => {
            const title = `Add Connection "${profile.name}"`;
            const otherNames = this.#namesBeside(null);
            const edited = await askChanges(profile, { title, done: 'Test and Save', otherNames });
            if (edited === null) await this.#offerToMend(profile, typed, error);
            else await this.#saveNew(edited, typed);
          }),
      },
      {
        title: 'Save Anyway',
        run: () =>
          this.#reporter.guard(async () => {
            // one that the server has refused is not worth keeping
            const isRefused = isDatabaseFailure(error) && error.kind === 'authentication';
            if (typed !== null && !isRefused) await this.#passwords.keep(profile.id, typed);
            await this.#store.save(profile);
          }),
      },
    ];
    await this.#reporter.showFailure(toUnsaved(profile, error), actions, { returns: true });
  }

  #namesBeside(profile: ConnectionProfile | null): string[] {
    return this.#store.profiles.filter(({ id }) => id !== profile?.id).map(({ name }) => name);
  }

  async #edit(profile: ConnectionProfile): Promise<void> {
    const title = `Edit Connection "${profile.name}"`;
    const edited = await askChanges(profile, { title, done: 'Save', otherNames: this.#namesBeside(profile) });
    if (edited === null || JSON.stringify(edited) === JSON.stringify(profile)) return;
    const wasConnected = this.#store.stateOf(profile.id).state !== 'disconnected';
    await this.#store.save(edited);
    if (wasConnected) await this.openSession(edited);
  }

  async #remove(profile: ConnectionProfile): Promise<void> {
    const remove = 'Remove';
    const chosen = await vscode.window.showWarningMessage(
      `Remove the connection "${profile.name}"?`,
      {
        modal: true,
        detail: `${describeTarget(profile)}\nEnvironment: ${environmentLabels[profile.environment].title}\n\nThe profile and its stored password are deleted. The database is not touched.`,
      },
      remove,
    );
    if (chosen === remove) await this.#store.remove(profile.id);
  }

  async #test(profile: ConnectionProfile): Promise<void> {
    const session = await this.#orShowFailure(profile, () => this.#testSession(profile, null));
    if (session === null) return;
    const { facts } = session;
    const tls = facts.tls === null ? 'not encrypted' : facts.tls.version;
    void vscode.window.showInformationMessage(
      `"${profile.name}" works: PostgreSQL ${facts.version} as ${facts.role}, ${tls}.`,
    );
  }

  async #connect(node?: ConnectionNode): Promise<void> {
    if (node === undefined) {
      await this.ensureSession();
      return;
    }
    await this.#store.setActive(node.profile.id);
    await this.openSession(node.profile);
  }

  async #disconnect(node?: ConnectionNode): Promise<void> {
    const profile = node?.profile ?? this.#store.active;
    if (profile !== null) await this.#store.disconnect(profile.id);
  }

  async #switch(): Promise<void> {
    await this.#store.load();
    const add = Symbol('add');
    const chosen = await pickOne<ConnectionProfile | typeof add>({
      frame: { title: 'Switch Connection', step: 1, totalSteps: 1, canGoBack: false },
      placeholder: 'Which connection does this window use?',
      choices: [
        ...this.#store.profiles.map((profile) => this.#toChoice(profile)),
        separator(''),
        { label: '$(add) Add Connection...', value: add },
      ],
      ...(this.#store.active === null ? {} : { active: this.#store.active }),
    });
    if (chosen === back || chosen === dismissed) return;
    if (chosen === add) {
      await this.#add('choice');
      return;
    }
    await this.#store.setActive(chosen.id);
    await this.openSession(chosen);
  }

  async #forgetPassword(profile: ConnectionProfile): Promise<void> {
    await this.#passwords.forget(profile.id);
    await this.#store.load();
    void vscode.window.showInformationMessage(`The password of "${profile.name}" is forgotten.`);
  }

  async #bindFile(): Promise<void> {
    const file = vscode.window.activeTextEditor?.document.uri;
    if (file === undefined) return;
    const chosen = await pickOne<ConnectionProfile | null>({
      frame: { title: 'Connection for This File', step: 1, totalSteps: 1, canGoBack: false },
      placeholder: `Which connection does ${vscode.workspace.asRelativePath(file)} use?`,
      choices: [
        {
          label: "$(window) The Window's Connection",
          description: this.#store.active?.name ?? 'none yet',
          value: null,
        },
        separator('always'),
        ...this.#store.profiles.map((profile) => this.#toChoice(profile)),
      ],
      active: this.#store.isBound(file) ? this.#store.findProfileFor(file) : null,
    });
    if (chosen === back || chosen === dismissed) return;
    await this.#store.bindFile(file, chosen?.id ?? null);
  }

  // --- inside ------------------------------------------------------------------------------------------------------

  /** The profile's session; asks for a password where one is needed. Null when the user was shown why it failed. */
  openSession(profile: ConnectionProfile): Promise<DatabaseSession | null> {
    return this.#orShowFailure(profile, () =>
      this.#tryWithPassword(profile, null, (typed) =>
        runCancellable(`Connecting to "${profile.name}"`, (signal) => this.#store.connect(profile, signal, typed)),
      ),
    );
  }

  #testSession(profile: ConnectionProfile, typedBefore: TypedPassword | null): Promise<DatabaseSession> {
    return this.#tryWithPassword(profile, typedBefore, (typed) =>
      runCancellable(`Testing "${profile.name}"`, (signal) => this.#store.test(profile, signal, typed)),
    );
  }

  /** Tries with what is known, then with what the user types, until it works or the user gives up. */
  async #tryWithPassword(
    profile: ConnectionProfile,
    typedBefore: TypedPassword | null,
    connect: (typed: TypedPassword | null) => Promise<DatabaseSession>,
  ): Promise<DatabaseSession> {
    for (let typed = typedBefore; ;) {
      try {
        return await connect(typed);
      } catch (error) {
        typed = isMendedByPassword(error) ? await askPassword(profile, error) : null;
        if (typed === null) throw error;
      }
    }
  }

  async #orShowFailure(
    profile: ConnectionProfile,
    open: () => Promise<DatabaseSession>,
  ): Promise<DatabaseSession | null> {
    try {
      return await open();
    } catch (error) {
      await this.#reporter.showFailure(error, this.#actionsFor(profile, error), { about: profile.id });
      return null;
    }
  }

  #actionsFor(profile: ConnectionProfile, error: unknown): FailureAction[] {
    if (!isDatabaseFailure(error)) return [];
    const edit: FailureAction = {
      title: 'Edit Connection',
      run: () => this.#reporter.guard(() => this.#edit(profile)),
    };
    const retry: FailureAction = { title: 'Try Again', run: () => this.openSession(profile) };
    switch (error.kind) {
      case 'authentication':
        return [{ title: 'Enter Password', run: () => this.openSession(profile) }, edit];
      case 'unreachable':
      case 'connection-lost':
      case 'timed-out':
        return [retry, edit];
      default:
        return [edit];
    }
  }

  async #withProfile(
    node: ConnectionNode | undefined,
    question: string,
    run: (profile: ConnectionProfile) => Promise<void>,
  ): Promise<void> {
    await this.#store.load();
    const profile = node === undefined ? await this.#pickProfile(question) : this.#store.findProfile(node.profile.id);
    if (profile !== null) await run(profile);
  }

  /** Asks even when there is one only: the user sees which one is meant. */
  async #pickProfile(placeholder: string): Promise<ConnectionProfile | null> {
    const chosen = await pickOne<ConnectionProfile>({
      frame: { title: 'PG Insight', step: 1, totalSteps: 1, canGoBack: false },
      placeholder,
      choices: this.#store.profiles.map((profile) => this.#toChoice(profile)),
      ...(this.#store.active === null ? {} : { active: this.#store.active }),
    });
    return chosen === back || chosen === dismissed ? null : chosen;
  }

  #toChoice(profile: ConnectionProfile) {
    const { icon, title } = environmentLabels[profile.environment];
    const state = this.#store.stateOf(profile.id);
    return {
      label: `$(${icon}) ${profile.name}`,
      description: `${title} · ${describeTarget(profile)}${state.state === 'connected' ? ' · connected' : ''}`,
      ...(state.state === 'failed' ? { detail: `$(error) ${formatFailure(state.failure)}` } : {}),
      value: profile,
    };
  }
}

/** Also of a test that the user has cancelled: what was filled in has to be saved or dropped. */
function toUnsaved(profile: ConnectionProfile, error: unknown): unknown {
  if (!isDatabaseFailure(error)) return error;
  const { kind, message, nextStep, details, cause } = error;
  const unsaved = `"${profile.name}" is not saved.`;
  return kind === 'cancelled'
    ? new DatabaseFailure('other', `${unsaved} Its test was cancelled.`, 'Edit it, or save it untested.')
    : new DatabaseFailure(kind, `${unsaved} ${message}`, nextStep, details, { cause });
}

function isConnectionNode(node: unknown): node is ConnectionNode {
  return typeof node === 'object' && node !== null && 'profile' in node;
}

async function askPassword(profile: ConnectionProfile, refusal: DatabaseFailure): Promise<TypedPassword | null> {
  let password = '';
  let store = false;
  const isDone = await runSteps(`Password of "${profile.name}"`, [
    {
      ask: async (frame) => {
        const typed = await askText({
          frame,
          prompt: refusal.message,
          isPassword: true,
          validate: (text) => (text === '' ? 'Type the password, or leave with Escape.' : null),
        });
        if (typeof typed !== 'string') return typed;
        password = typed;
        return 'answered';
      },
    },
    {
      ask: async (frame) => {
        const answer = await askWhetherToStore(frame);
        if (typeof answer !== 'boolean') return answer;
        store = answer;
        return 'answered';
      },
    },
  ]);
  return isDone ? { password, store } : null;
}
