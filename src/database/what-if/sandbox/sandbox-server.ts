// A throw-away PostgreSQL on this machine in which PG Insight plans with the user's DDL and statistics. Nothing is ever
// executed in it but EXPLAIN without ANALYZE.
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, stat, truncate } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresBinaries } from './postgres-binaries';
import { toServerArguments, type SandboxAddress, type SandboxLimits } from './sandbox-arguments';
import { SandboxFailure, toCrashFailure, toFolderFailure, toProgramFailure } from './sandbox-failure';
import {
  copyForServer,
  giveToServer,
  makeSandboxFolder,
  measureRealBytes,
  removeFolder,
  removeLeftovers,
  serverUser,
  showLife,
  type SandboxPlaces,
} from './sandbox-folder';
import {
  provideRunnable,
  provideTemplate,
  serverEnvironment,
  toSpawnFailure,
  type SandboxPasswords,
  type SandboxTemplate,
} from './sandbox-template';
import { SandboxWatchdog } from './sandbox-watchdog';

/**
 * 'owner' is the superuser: it makes databases and extensions and writes statistics. 'planner' may create tables and
 * indexes in the databases that it owns (CREATE DATABASE ... OWNER planner), and EXPLAIN, and nothing else: it reads no
 * files and runs no programs, and each of its statements has a timeout. Both are so on every major.
 */
export type SandboxRole = 'owner' | 'planner';

export interface SandboxServer {
  /** 13 to 18. */
  readonly major: number;
  /** server_version_num. */
  readonly versionNumber: number;
  /** Absolute; this process may read, write and truncate the files in it. New files are made with createDataFile(). */
  readonly dataFolder: string;
  /** An empty file below the data folder that the server may use: as root it belongs to another user. */
  createDataFile(relativePath: string): Promise<void>;
  /**
   * The database "postgres" is there from the start. A Client is plain pg: rows are parsed by its default types. Rejects
   * with a SandboxFailure when the server is not there any more, else with the server's own error.
   */
  connect(role: SandboxRole, database: string): Promise<pg.Client>;
  /** Settles when the server has ended and nothing of it is left, wanted or not. Never rejects. */
  readonly ended: Promise<void>;
  /** Why it ended by itself; null while it runs, and after stop(). */
  readonly failure: SandboxFailure | null;
  /** A connection to it broke by itself, or could not be made: it ends, soon and for certain. */
  readonly isBroken: boolean;
  /** Ends the server and removes all it has left. */
  stop(): Promise<void>;
}

export interface SandboxServerOptions {
  readonly binaries: PostgresBinaries;
  readonly places: SandboxPlaces;
  readonly limits: SandboxLimits;
}

/** A warm start takes 0.1 s; recovery never happens. */
const startTimeoutMs = 30_000;
const startPollMs = 5;
/** How often the folder is measured: some 10 ms of asynchronous lstat. */
const measureIntervalMs = 5_000;
/**
 * PostgreSQL ends as a whole when one of its processes crashes (restart_after_crash is off), but on a busy machine its
 * postmaster may take seconds to notice, and takes connections until then.
 */
const crashNoticeMs = 15_000;
/** The log has a line or two, unless something goes wrong over and over. */
const maxLogBytes = 256 * 1024;

/** pg's Client without what PGOPTIONS and others of the user's environment say. */
class SandboxClient extends pg.Client {
  readonly #startup: Record<string, string>;

  constructor(config: pg.ClientConfig, startup: Record<string, string>) {
    super(config);
    this.#startup = startup;
  }

  /** Called by pg. */
  getStartupConf(): Record<string, string> {
    return this.#startup;
  }
}

/** Loopback where there are no unix sockets; the password keeps others out. */
async function findAddress(folder: string): Promise<SandboxAddress> {
  if (process.platform !== 'win32') return { socketFolder: folder };
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback');
  return { port: address.port };
}

/** The server as a process of its own session. Its limits are set by the shell that it replaces. */
async function spawnServer(program: string, args: string[], folder: string, limits: SandboxLimits) {
  const log = await open(path.join(folder, 'log'), 'a', 0o600);
  const maxMemoryKb = Math.floor(limits.maxMemoryBytes / 1024);
  // macOS knows no limit of the address space
  const shell = `ulimit -c 0; ulimit -v ${maxMemoryKb} 2>/dev/null; exec "$@"`;
  const [command, ...rest] =
    process.platform === 'win32' ? [program, ...args] : ['/bin/sh', '-c', shell, 'sh', program, ...args];
  const child = spawn(command, rest, {
    ...serverUser,
    cwd: folder,
    env: serverEnvironment(),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    windowsHide: true,
  });
  await log.close();
  child.unref();
  return child;
}

interface ServerParts {
  readonly folder: string;
  readonly watchdog: SandboxWatchdog;
  readonly binaries: PostgresBinaries;
  readonly limits: SandboxLimits;
}

class LocalServer implements SandboxServer {
  readonly major: number;
  readonly dataFolder: string;
  readonly ended: Promise<void>;
  versionNumber = 0;
  failure: SandboxFailure | null = null;
  isBroken = false;
  readonly #parts: ServerParts;
  readonly #clients = new Set<pg.Client>();
  #address: SandboxAddress = { port: 0 };
  #passwords: SandboxPasswords = { owner: '', planner: '' };
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #ending: Promise<void> | null = null;
  #settleEnded: () => void = () => undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.major = parts.binaries.major;
    this.dataFolder = path.join(parts.folder, 'data');
    this.ended = new Promise((resolve) => (this.#settleEnded = resolve));
  }

  async start(template: SandboxTemplate): Promise<void> {
    const { folder, watchdog, binaries, limits } = this.#parts;
    await copyForServer(template.dataFolder, this.dataFolder);
    this.#passwords = template.passwords;
    this.#address = await findAddress(folder);
    const program = path.join(binaries.folder, process.platform === 'win32' ? 'postgres.exe' : 'postgres');
    const args = toServerArguments(binaries.major, this.dataFolder, this.#address, limits);
    const child = await spawnServer(program, args, folder, limits);
    const { pid } = child;
    this.#child = child;
    let spawnError: Error | null = null;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        spawnError = error;
        resolve();
      });
      child.once('exit', () => {
        resolve();
      });
    });
    if (pid !== undefined) {
      watchdog.watchProcess(pid);
      void this.#exited.then(() => {
        watchdog.forgetProcess(pid);
      });
    }
    await this.#waitUntilReady(() => spawnError);
    void this.#exited.then(async () => this.#end(toCrashFailure(this.#name, await this.#log(), folder)));
    void watchdog.ended.then(() => this.#end(toCrashFailure(this.#name, 'its watchdog was killed', folder)));
    this.#timer = setInterval(() => void this.#checkDisk(), measureIntervalMs).unref();
    await this.#greet();
  }

  get #name(): string {
    return `PostgreSQL ${this.#parts.binaries.version}`;
  }

  #isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #log(): Promise<string> {
    return readFile(path.join(this.#parts.folder, 'log'), 'utf8').catch(() => '');
  }

  async #waitUntilReady(spawnError: () => Error | null): Promise<void> {
    const { folder, binaries } = this.#parts;
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      // the last line says "ready" once connections are accepted
      const state = await readFile(path.join(this.dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
      if (/^ready/m.test(state) && this.#isRunning()) return;
      const error = spawnError();
      if (error !== null) throw toSpawnFailure(error, binaries.folder, folder);
      if (!this.#isRunning() || performance.now() > deadline) {
        throw toProgramFailure(this.#name, await this.#log(), folder);
      }
      await delay(startPollMs);
    }
  }

  /** Settings that are not the same for all servers of a template, and what only a running server tells. */
  async #greet(): Promise<void> {
    const client = await this.connect('owner', 'postgres');
    await client.query(`ALTER ROLE planner SET statement_timeout = ${this.#parts.limits.statementTimeoutMs}`);
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    await client.end();
    this.versionNumber = Number(rows[0]?.server_version_num);
  }

  async connect(role: SandboxRole, database: string): Promise<pg.Client> {
    const target =
      'port' in this.#address
        ? { host: '127.0.0.1', port: this.#address.port }
        : { host: this.#address.socketFolder, port: 5432 };
    const startup = { user: role, database, application_name: 'PG Insight' };
    const client = new SandboxClient(
      { ...target, user: role, database, password: this.#passwords[role], ssl: false },
      startup,
    );
    // whoever queries gets it anyway; without a listener it would be the end of this process
    client.on('error', () => {
      this.#noteLoss();
    });
    try {
      await client.connect();
    } catch (error) {
      if (error instanceof pg.DatabaseError && this.#ending === null) throw error;
      await client.end().catch(() => undefined);
      this.#noteLoss();
      throw this.failure ?? this.#toLossFailure(error);
    }
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
    return client;
  }

  /** A connection broke that nobody has closed, or could not be made: a process of the server is gone, and the server will be. */
  #noteLoss(): void {
    if (this.isBroken || this.#ending !== null) return;
    this.isBroken = true;
    void Promise.race([this.#exited, delay(crashNoticeMs, undefined, { ref: false })]).then(async () => {
      // when the postmaster has not ended, what is loaded can't be trusted all the same
      await this.#end(toCrashFailure(this.#name, await this.#log(), this.#parts.folder));
    });
  }

  #toLossFailure(cause: unknown): SandboxFailure {
    return new SandboxFailure(
      this.#ending === null ? 'crashed' : 'stopped',
      `The what-if sandbox (${this.#name}) is not there any more.`,
      'Try again: it is started anew.',
      { cause },
    );
  }

  async createDataFile(relativePath: string): Promise<void> {
    const file = path.join(this.dataFolder, relativePath);
    await (await open(file, 'a', 0o600)).close();
    await giveToServer(file);
  }

  async #checkDisk(): Promise<void> {
    const { folder, limits } = this.#parts;
    const log = path.join(folder, 'log');
    // the server appends, so that it goes on at the new end
    if (((await stat(log).catch(() => null))?.size ?? 0) > maxLogBytes) await truncate(log);
    if ((await measureRealBytes(folder)) <= limits.maxDiskBytes || this.#ending !== null) return;
    await this.#end(
      new SandboxFailure(
        'disk-full',
        `The what-if sandbox (${this.#name}) was ended: it took more than ${Math.round(limits.maxDiskBytes / 1024 ** 2)} MB of disk.`,
        'Advise on fewer tables at once, or raise pgInsight.sandbox.maxDiskMb.',
      ),
    );
  }

  stop(): Promise<void> {
    return this.#end(null);
  }

  #end(failure: SandboxFailure | null): Promise<void> {
    this.#ending ??= this.#finish(failure).finally(this.#settleEnded);
    return this.#ending;
  }

  async #finish(failure: SandboxFailure | null): Promise<void> {
    this.failure = failure;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#parts.watchdog.finish();
    if (this.#isRunning()) {
      // the watchdog itself was killed
      this.#child?.kill('SIGQUIT');
      await this.#exited;
    }
    await removeFolder(this.#parts.folder).catch(() => undefined);
    await Promise.all([...this.#clients].map((client) => client.end().catch(() => undefined)));
  }
}

/** Rejects with a SandboxFailure, and leaves nothing then. */
export async function startSandboxServer(options: SandboxServerOptions): Promise<SandboxServer> {
  return startOnce(options).catch((error: unknown) => {
    if (!(error instanceof SandboxFailure) || error.trouble !== 'not-started') throw error;
    return startOnce(options);
  });
}

async function startOnce({ binaries: found, places, limits }: SandboxServerOptions): Promise<SandboxServer> {
  const folder = await makeSandboxFolder(places);
  const watchdog = new SandboxWatchdog(folder);
  let life: Server | null = null;
  let server: LocalServer | null = null;
  try {
    life = await showLife(folder);
    void removeLeftovers(places, Date.now());
    const binaries = await provideRunnable(found, places, watchdog);
    const template = await provideTemplate(binaries, places, watchdog);
    server = new LocalServer({ folder, watchdog, binaries, limits });
    await server.start(template).catch(async (error: unknown) => {
      // a cleaner of caches may have taken half of it
      await removeFolder(template.folder);
      throw error;
    });
  } catch (error) {
    if (server === null) await watchdog.finish();
    else await server.stop();
    throw toFolderFailure(error, folder);
  } finally {
    void (server?.ended ?? Promise.resolve()).then(() => life?.close());
  }
  return server;
}
