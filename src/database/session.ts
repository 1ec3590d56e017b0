// A session is what a connected profile has: at most two connections, opened when they are needed, and one way to use
// them, the unit of work. It notices when a server is gone, says so, and comes back.
import * as z from 'zod';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ConnectionState } from '../analysis/connection/connection-state';
import { BackendConnection } from './backend-connection';
import type { ConnectionSettings } from './connection-settings';
import { describeLoss, toCancelledFailure, toClosedFailure, toConnectionFailure, toLossFailure } from './failures';
import { formatTarget } from './transport';
import { Transaction } from './transaction';
import type { RunUnitOfWork, UnitOfWork, UnitOfWorkOptions } from './unit-of-work';

const backendPidSchema = z.object({ pid: z.number() });

const maximumConnections = 2;
const startTimeoutMs = 10_000;
/** Interval and patience add up to less than the 10 s within which a loss is said. */
const heartbeatIntervalMs = 4_000;
const heartbeatPatienceMs = 4_000;
/** A second connection that nobody used for so long is given back to the server. */
const spareConnectionIdleMs = 30_000;
/** A statement that runs for longer is worth asking whether its server is still there. */
const probeAfterMs = 500;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export interface Session {
  /** host:port of the server that answered, or the path of its unix socket. */
  readonly server: string;
  readonly database: string;
  readonly user: string;
  readonly run: RunUnitOfWork;
  /**
   * A third connection, only for as long as `work` runs: for what can't be a transaction (CREATE INDEX CONCURRENTLY). The
   * signal that `work` gets is also aborted by close(). Statements are cancelled by whoever sends them.
   */
  readonly runDedicated: RunDedicated;
  /** 'pgbouncer' when something between hands out other process ids than the server's own. */
  readonly pooler: 'none' | 'pgbouncer';
  /** TLS between here and what answered; null without. */
  readonly tls: { version: string; cipher: string } | null;
  onDidChangeState(listener: (state: ConnectionState) => void): { dispose(): void };
  /** Cancels what runs, closes the connections and resolves when nothing is left. */
  close(): Promise<void>;
}

export type RunDedicated = <Result>(
  signal: AbortSignal | undefined,
  work: (connection: BackendConnection, signal: AbortSignal) => Promise<Result>,
) => Promise<Result>;

/** Opens the first connection, so that what is wrong is said now. */
export async function openSession(settings: ConnectionSettings, signal?: AbortSignal): Promise<Session> {
  const session = new PooledSession(settings);
  try {
    await session.start(signal);
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

interface Waiter {
  resolve: () => void;
  reject: (reason: Error) => void;
}

class PooledSession implements Session {
  readonly #settings: ConnectionSettings;
  readonly #context: { server: string; database: string; user: string };
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #idle: BackendConnection[] = [];
  readonly #busy = new Set<BackendConnection>();
  /** Connections of runDedicated, looked after like the busy ones. */
  readonly #dedicated = new Set<BackendConnection>();
  readonly #waiters: Waiter[] = [];
  /** Everything that close() has to wait for. */
  readonly #running = new Set<Promise<unknown>>();
  #permits = maximumConnections;
  #timer: NodeJS.Timeout | null = null;
  #watching = false;
  #attempt = 0;
  #closed: DatabaseFailure | null = null;
  #pooler: 'none' | 'pgbouncer' = 'none';
  #tls: { version: string; cipher: string } | null = null;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    const [target] = settings.targets;
    this.#context = {
      server: target === undefined ? 'localhost' : formatTarget(target),
      database: settings.database,
      user: settings.user,
    };
  }

  get server(): string {
    return this.#context.server;
  }

  get database(): string {
    return this.#context.database;
  }

  get user(): string {
    return this.#context.user;
  }

  get pooler(): 'none' | 'pgbouncer' {
    return this.#pooler;
  }

  get tls(): { version: string; cipher: string } | null {
    return this.#tls;
  }

  onDidChangeState(listener: (state: ConnectionState) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  readonly run: RunUnitOfWork = async (options, work) => {
    const abort = linkSignals([this.#closing.signal, options.signal]);
    try {
      return await this.#track(
        this.#withConnection(abort.signal, (connection) =>
          this.#runOn(connection, { ...options, signal: abort.signal }, work),
        ),
      );
    } finally {
      abort.dispose();
    }
  };

  readonly runDedicated: RunDedicated = async (userSignal, work) => {
    const abort = linkSignals([this.#closing.signal, userSignal]);
    try {
      return await this.#track(this.#withDedicated(abort.signal, work));
    } finally {
      abort.dispose();
    }
  };

  async close(): Promise<void> {
    this.#closed ??= toClosedFailure(this.#context);
    this.#closing.abort(this.#closed);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await Promise.allSettled(this.#running);
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
    if (this.#watching) this.#say({ state: 'closed' });
    this.#watching = false;
    this.#listeners.clear();
  }

  /** Opens the first connection and begins to look after it. */
  async start(signal?: AbortSignal): Promise<void> {
    const abort = linkSignals([this.#closing.signal, signal]);
    try {
      await this.#withConnection(abort.signal, async (connection) => {
        const options = { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: startTimeoutMs } as const;
        await this.#runOn(connection, { ...options, signal: abort.signal }, async (unit) => {
          const [row] = await unit.query('SELECT pg_catalog.pg_backend_pid() AS pid');
          const { pid } = backendPidSchema.parse(row);
          // a pooler makes up process ids of its own, for its own cancel requests
          if (pid !== connection.processId) this.#pooler = 'pgbouncer';
        });
      });
    } finally {
      abort.dispose();
    }
    this.#watching = true;
    this.#schedule(heartbeatIntervalMs, () => this.#beat());
  }

  // --- connections -------------------------------------------------------------------------------------------------

  async #withConnection<Result>(
    signal: AbortSignal,
    use: (connection: BackendConnection) => Promise<Result>,
  ): Promise<Result> {
    await this.#takePermit(signal);
    try {
      const connection = this.#takeIdle() ?? (await this.#open(signal));
      this.#busy.add(connection);
      try {
        return await use(connection);
      } finally {
        this.#busy.delete(connection);
        if (connection.lost === null) this.#idle.push(connection);
      }
    } finally {
      this.#returnPermit();
    }
  }

  async #withDedicated<Result>(
    signal: AbortSignal,
    work: (connection: BackendConnection, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    let connection: BackendConnection;
    try {
      connection = await BackendConnection.open(this.#settings, signal);
    } catch (error) {
      throw signal.aborted ? this.#toAbortFailure(signal) : toConnectionFailure(error, this.#context);
    }
    this.#dedicated.add(connection);
    try {
      return await work(connection, signal);
    } finally {
      this.#dedicated.delete(connection);
      await connection.end();
    }
  }

  #takeIdle(): BackendConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.lost === null) return connection;
    }
  }

  /** One of the two places; the third asks waits its turn. */
  async #takePermit(signal: AbortSignal): Promise<void> {
    if (this.#closed !== null) throw this.#closed;
    if (signal.aborted) throw this.#toAbortFailure(signal);
    if (this.#permits > 0) {
      this.#permits--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#toAbortFailure(signal));
      };
      const waiter: Waiter = {
        resolve: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        reject,
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  #returnPermit(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#permits++;
    else next.resolve();
  }

  async #open(signal: AbortSignal): Promise<BackendConnection> {
    let connection: BackendConnection;
    try {
      connection = await BackendConnection.open(this.#settings, signal);
    } catch (error) {
      if (signal.aborted) throw this.#toAbortFailure(signal);
      const failure = toConnectionFailure(error, this.#context);
      this.#handleFailedOpen(failure);
      throw failure;
    }
    connection.onLost((reason) => {
      this.#handleLoss(reason);
    });
    this.#context.server = formatTarget(connection.target);
    this.#tls = connection.tls;
    if (this.#attempt > 0) {
      this.#attempt = 0;
      this.#schedule(heartbeatIntervalMs, () => this.#beat());
      this.#say({ state: 'connected' });
    }
    return connection;
  }

  // --- unit of work ------------------------------------------------------------------------------------------------

  async #runOn<Result>(
    connection: BackendConnection,
    options: UnitOfWorkOptions & { signal: AbortSignal },
    work: (unit: UnitOfWork) => Promise<Result>,
  ): Promise<Result> {
    const { signal } = options;
    const cancels: Promise<void>[] = [];
    const onAbort = () => {
      cancels.push(connection.cancel());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const unit = new Transaction(connection, this.#context, options);
    try {
      await unit.begin(this.#settings.searchPath);
      return await work(unit);
    } catch (error) {
      throw signal.aborted ? this.#toAbortFailure(signal) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await Promise.all(cancels);
      await unit.end();
    }
  }

  /** The user's abort, or that of close(). */
  #toAbortFailure({ reason }: AbortSignal): DatabaseFailure {
    return reason instanceof DatabaseFailure ? reason : toCancelledFailure(this.#context);
  }

  // --- loss and return ---------------------------------------------------------------------------------------------

  #handleLoss(reason: Error): void {
    if (!this.#watching || this.#closed !== null || this.#attempt > 0) return;
    this.#retry(toLossFailure(reason, this.#context), describeLoss(reason));
  }

  /** The server was there when the session began; now it can't be reached, or does not want us any more. */
  #handleFailedOpen(failure: DatabaseFailure): void {
    if (!this.#watching || this.#closed !== null) return;
    if (failure.kind === 'authentication' || failure.kind === 'configuration') this.#giveUp(failure);
    else if (this.#attempt === 0 && this.#busy.size === 0) this.#retry(failure, failure.message);
  }

  #retry(failure: DatabaseFailure, reason: string): void {
    if (failure.kind === 'authentication') {
      this.#giveUp(failure);
      return;
    }
    const retryInMs = Math.min(firstRetryMs * 2 ** this.#attempt, longestRetryMs);
    this.#attempt++;
    this.#say({ state: 'reconnecting', attempt: this.#attempt, retryInMs, reason });
    this.#schedule(retryInMs, () => this.#reconnect());
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#withConnection(this.#closing.signal, (connection) => connection.ping(heartbeatPatienceMs));
      if (this.#attempt > 0) {
        // the other connection survived, so nothing had to be opened
        this.#attempt = 0;
        this.#schedule(heartbeatIntervalMs, () => this.#beat());
        this.#say({ state: 'connected' });
      }
    } catch (error) {
      if (this.#closed !== null) return;
      const failure = toConnectionFailure(error, this.#context);
      this.#retry(failure, failure.message);
    }
  }

  /** No further attempt would end otherwise: a password that is wrong once more may lock the role. */
  #giveUp(failure: DatabaseFailure): void {
    this.#closed = failure;
    this.#say({ state: 'closed', reason: failure.message });
    this.#watching = false;
    void this.close();
  }

  /** One look at every connection: a round trip on an idle one, a look at the server from outside for a busy one. */
  async #beat(): Promise<void> {
    const idle: BackendConnection[] = [];
    while (this.#permits > 0 && this.#idle.length > 0) {
      this.#permits--;
      idle.push(...this.#idle.splice(0, 1));
    }
    await Promise.all([
      ...idle.map((connection, index) => this.#lookAfterIdle(connection, index > 0)),
      ...[...this.#busy, ...this.#dedicated].map(lookAfterBusy),
    ]);
    if (this.#attempt === 0) this.#schedule(heartbeatIntervalMs, () => this.#beat());
  }

  async #lookAfterIdle(connection: BackendConnection, isSpare: boolean): Promise<void> {
    try {
      if (isSpare && performance.now() - connection.idleSince > spareConnectionIdleMs) await connection.end();
      else if (connection.lost === null) await connection.ping(heartbeatPatienceMs);
    } catch {
      // the connection has said itself that it is lost
    } finally {
      if (connection.lost === null && !connection.socket.destroyed) this.#idle.push(connection);
      this.#returnPermit();
    }
  }

  #schedule(afterMs: number, action: () => Promise<void>): void {
    if (this.#closed !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#track(action());
    }, afterMs);
  }

  #track<Result>(promise: Promise<Result>): Promise<Result> {
    const settled = promise.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return promise;
  }

  #say(state: ConnectionState): void {
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/**
 * A server that can't be reached while a statement runs is not waited for. Only a statement that has been running for a
 * moment is worth the question.
 */
async function lookAfterBusy(connection: BackendConnection): Promise<void> {
  const { busySince } = connection;
  if (busySince === null || performance.now() - busySince < probeAfterMs) return;
  if (await connection.isServerReachable(heartbeatPatienceMs)) return;
  if (connection.busySince === busySince) {
    connection.destroy(new Error('The server can no longer be reached over the network.'));
  }
}

/** One signal that is aborted when one of several is; dispose() takes the listeners off the long-lived ones. */
function linkSignals(signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onAbort = () => {
    controller.abort(signals.find((signal) => signal?.aborted)?.reason);
  };
  for (const signal of signals) signal?.addEventListener('abort', onAbort);
  if (signals.some((signal) => signal?.aborted)) onAbort();
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) signal?.removeEventListener('abort', onAbort);
    },
  };
}
