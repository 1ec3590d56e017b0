// Processes and folders that end with the script that made them: in order, on Ctrl+C and SIGTERM, when npm started the
// script and has ended, on an uncaught error, and - through the ledger - at the next start when the script was killed.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ledger, runMark, signal, startOf } from './ledger';

/** How long a process may take to end when asked, before it is killed, unless it is given longer. */
const defaultPatienceMs = 5_000;

/** npm hands a terminal's Ctrl+C on to its script, which has it from the terminal already. */
const sameSignalMs = 500;

/** How often a script that npm started looks whether its parent is still there. */
const parentCheckMs = 1_000;
/** Before anything is awaited: a parent that ends early is missed later. Windows never changes it. */
const parent = process.ppid;

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Something to be ended with the run. */
interface Resource {
  end(): Promise<void>;
  /** The last resort, when the process exits without having waited for end(). */
  endNow(): void;
}

export interface SupervisedProcess {
  child: ChildProcess;
  pid: number;
  /** Settles when it has ended, with its exit code or the signal's name. */
  ended: Promise<number | NodeJS.Signals>;
  isRunning(): boolean;
  /** Asks it to end, waits, kills it if need be. */
  stop: () => Promise<void>;
}

export interface SupervisedOptions extends SpawnOptions {
  /** What asks this program to end; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to end when asked. */
  patienceMs?: number;
}

export interface TemporaryFolder {
  path: string;
  remove: () => Promise<void>;
}

class Run {
  readonly #ledger = new Ledger();
  readonly #resources = new Set<Resource>();
  #ending: Promise<void> | null = null;

  constructor() {
    let signalledAt = -sameSignalMs;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        const isSame = performance.now() - signalledAt < sameSignalMs;
        signalledAt = performance.now();
        if (isSame) return;
        // a second Ctrl+C does not wait any longer: 'exit' below ends what is left
        if (this.#ending !== null) process.exit(128 + signalNumbers[name]);
        void this.end().finally(() => process.exit(128 + signalNumbers[name]));
      });
    }
    // npm hands SIGTERM on to its shell only, which ends without its script; and what kills npm hands nothing on
    if (process.env['npm_lifecycle_event'] !== undefined) {
      const timer = setInterval(() => {
        if (process.ppid === parent) return;
        clearInterval(timer);
        // after Ctrl+C npm may be gone first: that is no second one
        if (this.#ending === null) process.kill(process.pid, 'SIGTERM');
      }, parentCheckMs);
      timer.unref();
    }
    process.on('exit', () => {
      for (const resource of [...this.#resources].reverse()) resource.endNow();
      if (this.#resources.size > 0) this.#ledger.endMarked();
      this.#ledger.remove();
    });
  }

  /** Ends everything, the youngest first. */
  end(): Promise<void> {
    this.#ending ??= (async () => {
      for (const resource of [...this.#resources].reverse()) {
        await resource.end().catch((error: unknown) => {
          console.error(error);
        });
      }
      this.#ledger.endMarked();
    })().finally(() => (this.#ending = null));
    return this.#ending;
  }

  get isEnding(): boolean {
    return this.#ending !== null;
  }

  /** Keeps something until it is ended; calling the returned function says that it has been. */
  keep(resource: Resource): () => void {
    this.#resources.add(resource);
    return () => this.#resources.delete(resource);
  }

  startProcess(command: string, args: readonly string[], options: SupervisedOptions): SupervisedProcess {
    const { stopSignal = 'SIGTERM', patienceMs = defaultPatienceMs, ...spawnOptions } = options;
    const child = spawn(command, args, {
      ...spawnOptions,
      env: { ...(options.env ?? process.env), [runMark]: this.#ledger.run },
      // a group of its own: a terminal's Ctrl+C reaches this script only, which then ends the children in order
      detached: process.platform !== 'win32',
    });
    const { pid } = child;
    if (pid !== undefined) this.#ledger.addProcess(pid);
    const start = pid === undefined ? null : startOf(pid);
    const isRunning = () => pid !== undefined && child.exitCode === null && child.signalCode === null;
    const signalGroup = (name: NodeJS.Signals) => {
      if (pid !== undefined) signal(process.platform === 'win32' ? pid : -pid, name);
    };
    const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, name) => {
        resolve(code ?? name ?? 1);
      });
    });
    ended.catch(() => undefined);
    const stop = async () => {
      if (isRunning()) {
        // its leader alone: it knows how to end its own children
        child.kill(stopSignal);
        const timer = setTimeout(() => {
          signalGroup('SIGKILL');
        }, patienceMs);
        await ended.catch(() => undefined);
        clearTimeout(timer);
      }
      signalGroup('SIGKILL');
      forget();
    };
    const forget = this.keep({
      end: stop,
      endNow: () => {
        if (pid !== undefined && startOf(pid) === start) signalGroup('SIGKILL');
      },
    });
    return { child, pid: pid ?? 0, ended, isRunning, stop };
  }

  keepFolder(folder: string): TemporaryFolder {
    this.#ledger.addFolder(folder);
    const remove = async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      forget();
    };
    const forget = this.keep({
      end: remove,
      endNow: () => {
        rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      },
    });
    return { path: folder, remove };
  }
}

// Each test file is its own bundle with its own copy of this module; the process has one run all the same.
const slot = Symbol.for('pg-insight.run');
const shared = globalThis as { [slot]?: Run | undefined };
const currentRun = (): Run => (shared[slot] ??= new Run());

/** Starts a program that ends with this one. Its standard streams are those of `options.stdio`, as in spawn. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: SupervisedOptions = {},
): SupervisedProcess {
  return currentRun().startProcess(command, args, options);
}

/** A new folder below the system's temporary one, removed with the run. */
export async function makeTemporaryFolder(purpose: string): Promise<TemporaryFolder> {
  return currentRun().keepFolder(await mkdtemp(path.join(tmpdir(), `pg-insight-${purpose}-`)));
}

/** Has a folder that this script fills removed with the run. */
export function superviseFolder(folder: string): TemporaryFolder {
  return currentRun().keepFolder(folder);
}

/** Something else to end with the run (a browser); the returned function forgets it. */
export function superviseResource(end: () => Promise<void>): () => void {
  return currentRun().keep({ end, endNow: () => undefined });
}

/** Ends all that this script has started and not ended yet. */
export function endRun(): Promise<void> {
  return currentRun().end();
}

/** True while everything is being ended: the end of a child is then no crash. */
export function isEnding(): boolean {
  return currentRun().isEnding;
}
