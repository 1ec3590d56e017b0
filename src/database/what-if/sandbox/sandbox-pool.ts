// One sandbox for each major that is asked for, shared by all who ask in this process: started by the first, ended when
// nobody has used it for a while.
import { Client } from 'pg';
import {
  choosePostgresBinaries,
  findPostgresBinaries,
  nativeSearch,
  type BinariesSearch,
  type FoundBinaries,
  type PostgresBinaries,
} from './postgres-binaries';
import { defaultSandboxLimits, type SandboxLimits } from './sandbox-arguments';
import { SandboxFailure } from './sandbox-failure';
import { nativePlaces, type SandboxPlaces } from './sandbox-folder';
import { startSandboxServer, type SandboxServer } from './sandbox-server';

/** Long enough for reading an advice and asking the next thing, which needs what is loaded. */
export const defaultIdleMs = 5 * 60_000;
/** A sandbox that crashes twice within this time is not started again before it is over. */
const crashMemoryMs = 10 * 60_000;
/** A PostgreSQL that is installed meanwhile is found after this time. */
const binariesMemoryMs = 60_000;

export interface SandboxPoolOptions {
  /** The setting `pgInsight.sandbox.binaries`, read when a sandbox is needed. */
  readonly readBinariesSetting: () => string;
  readonly idleMs?: number;
  readonly limits?: Partial<SandboxLimits>;
  /** For tests, which keep away from the user's own cache. */
  readonly places?: SandboxPlaces;
  readonly search?: Partial<BinariesSearch>;
}

interface Entry {
  /** Null between two servers. */
  starting: Promise<SandboxServer> | null;
  users: number;
  idleTimer: NodeJS.Timeout | null;
  /** performance.now() of the crashes that count. */
  crashes: { at: number; failure: SandboxFailure }[];
}

export class SandboxPool {
  readonly #options: SandboxPoolOptions;
  /** By the folder of the programs. */
  readonly #entries = new Map<string, Entry>();
  #found: { setting: string; at: number; binaries: Promise<FoundBinaries> } | null = null;
  #isEnding = false;

  constructor(options: SandboxPoolOptions) {
    this.#options = options;
  }

  /** What there is on this machine, for doctor. */
  findBinaries(): Promise<FoundBinaries> {
    const setting = this.#options.readBinariesSetting();
    const now = performance.now();
    if (this.#found === null || this.#found.setting !== setting || now - this.#found.at > binariesMemoryMs) {
      const binaries = findPostgresBinaries({ ...nativeSearch, ...this.#options.search, setting });
      this.#found = { setting, at: now, binaries };
    }
    return this.#found.binaries;
  }

  /**
   * Works with a sandbox for a server of this major; it stays while somebody works with it. When it crashes, `work` is
   * called once more with a new one, in which nothing is loaded: what is loaded belongs to the SandboxServer it was loaded
   * into. Rejects with a SandboxFailure when there is none, or with what `work` rejects with.
   */
  async use<T>(sourceMajor: number, work: (server: SandboxServer) => Promise<T>): Promise<T> {
    const binaries = choosePostgresBinaries(await this.findBinaries(), sourceMajor);
    const entry = this.#provideEntry(binaries.folder);
    entry.users++;
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer);
    entry.idleTimer = null;
    try {
      return await this.#useOnce(entry, binaries, work).catch((error: unknown) => {
        if (!(error instanceof SandboxFailure) || error.trouble !== 'crashed') throw error;
        return this.#useOnce(entry, binaries, work);
      });
    } finally {
      entry.users--;
      if (entry.users === 0) this.#endWhenIdle(entry);
    }
  }

  /** Ends all sandboxes; work that is under way fails. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#entries.values()].map((entry) => this.#stop(entry)));
  }

  /** Rejects with the server's own failure when that is why the work failed. */
  async #useOnce<T>(entry: Entry, binaries: PostgresBinaries, work: (server: SandboxServer) => Promise<T>): Promise<T> {
    const server = await this.#provideServer(entry, binaries);
    const lost = server.ended.then((): never => {
      throw server.failure ?? stoppedFailure();
    });
    // it ends after the work as well
    lost.catch(() => undefined);
    try {
      return await Promise.race([work(server), lost]);
    } catch (error) {
      throw (await this.#findEnd(server)) ?? error;
    }
  }

  /** Why the server has ended; null when it goes on. */
  async #findEnd(server: SandboxServer): Promise<SandboxFailure | null> {
    const probe: unknown = server.isBroken
      ? null
      : await server.connect('owner', 'postgres').catch((error: unknown) => error);
    if (probe instanceof Client) await probe.end();
    if (!server.isBroken && !(probe instanceof SandboxFailure)) return null;
    await server.ended;
    return server.failure ?? stoppedFailure();
  }

  #provideEntry(folder: string): Entry {
    const known = this.#entries.get(folder);
    if (known !== undefined) return known;
    const entry: Entry = { starting: null, users: 0, idleTimer: null, crashes: [] };
    this.#entries.set(folder, entry);
    return entry;
  }

  #provideServer(entry: Entry, binaries: PostgresBinaries): Promise<SandboxServer> {
    if (this.#isEnding) return Promise.reject(stoppedFailure());
    entry.crashes = entry.crashes.filter(({ at }) => performance.now() - at < crashMemoryMs);
    const [, second] = entry.crashes;
    if (second !== undefined) return Promise.reject(second.failure);
    if (entry.starting === null) {
      const starting = this.#start(entry, binaries);
      entry.starting = starting;
      const forget = () => {
        if (entry.starting === starting) entry.starting = null;
      };
      starting.then((server) => server.ended).then(forget, forget);
    }
    return entry.starting;
  }

  async #start(entry: Entry, binaries: PostgresBinaries): Promise<SandboxServer> {
    const server = await startSandboxServer({
      binaries,
      places: this.#options.places ?? nativePlaces(),
      limits: { ...defaultSandboxLimits, ...this.#options.limits },
    });
    void server.ended.then(() => {
      if (server.failure?.trouble === 'crashed') entry.crashes.push({ at: performance.now(), failure: server.failure });
    });
    return server;
  }

  #endWhenIdle(entry: Entry): void {
    entry.idleTimer = setTimeout(() => void this.#stop(entry), this.#options.idleMs ?? defaultIdleMs).unref();
  }

  async #stop(entry: Entry): Promise<void> {
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer);
    const starting = entry.starting;
    // whoever asks from now on gets a new one
    entry.starting = null;
    const server = await starting?.catch(() => null);
    await server?.stop();
  }
}

const stoppedFailure = () =>
  new SandboxFailure('stopped', 'The what-if sandbox was stopped.', 'Try again when you want to.');
