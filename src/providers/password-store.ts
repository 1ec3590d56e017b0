// Passwords that the user typed. They live in this window's memory, and in VS Code's secret storage when the user says
// so; nowhere else.
import type * as vscode from 'vscode';

/** What the user typed. */
export interface TypedPassword {
  password: string;
  /** Whether the user wants it in secret storage. */
  store: boolean;
}

/** Ids of profiles with a stored password: secret storage can't be listed on every version. Holds no secret. */
const storedIdsKey = 'pgInsight.storedPasswordIds';

const secretKey = (profileId: string) => `pgInsight.password.${profileId}`;

export class PasswordStore {
  readonly #secrets: vscode.SecretStorage;
  readonly #state: vscode.Memento;
  readonly #ofThisWindow = new Map<string, string>();

  constructor(secrets: vscode.SecretStorage, state: vscode.Memento) {
    this.#secrets = secrets;
    this.#state = state;
  }

  /** Null when the user has never typed one: then the profile's other sources answer. */
  async read(profileId: string): Promise<string | null> {
    return this.#ofThisWindow.get(profileId) ?? (await this.#secrets.get(secretKey(profileId))) ?? null;
  }

  isStored(profileId: string): boolean {
    return this.#storedIds().includes(profileId);
  }

  /** In secret storage, or in this window's memory. */
  async keep(profileId: string, { password, store }: TypedPassword): Promise<void> {
    if (store) await this.#store(profileId, password);
    else this.#ofThisWindow.set(profileId, password);
  }

  async #store(profileId: string, password: string): Promise<void> {
    await this.#secrets.store(secretKey(profileId), password);
    await this.#state.update(storedIdsKey, [...new Set([...this.#storedIds(), profileId])]);
    this.#ofThisWindow.delete(profileId);
  }

  async forget(profileId: string): Promise<void> {
    this.#ofThisWindow.delete(profileId);
    await this.#secrets.delete(secretKey(profileId));
    await this.#state.update(
      storedIdsKey,
      this.#storedIds().filter((id) => id !== profileId),
    );
  }

  #storedIds(): string[] {
    return this.#state.get<string[]>(storedIdsKey, []);
  }
}
