// One connection to one backend: opened as libpq opens it, asked one message at a time, cancelled by CancelRequest.
import pg from 'pg';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionSettings } from './connection-settings';
import { errorCode } from './error-code';
import {
  ConnectDeadline,
  isReachable,
  isUnixSocket,
  openTransport,
  sendCancelRequest,
  toSameServer,
  TransportError,
  type Encryption,
  type Target,
  type Transport,
} from './transport';

/** A server wants a password and no source has one. */
export class NoPasswordError extends Error {}

/** channel_binding=require, and the server logs in without it. */
export class NoChannelBindingError extends Error {}

/** How long after a cancel request a server may stay silent before the socket is cut. */
const cancelGraceMs = 2_000;
/** A cancel request that meets a backend between two statements is lost, so it is repeated. */
const cancelRepeatMs = 250;
/** How long a goodbye may take before the socket is cut. */
const endGraceMs = 1_000;

/** pg's Client with what libpq would send at the start and nothing more: poolers refuse other startup parameters. */
class StartupClient extends pg.Client {
  readonly #settings: ConnectionSettings;

  constructor(settings: ConnectionSettings, config: pg.ClientConfig) {
    super(config);
    this.#settings = settings;
  }

  /** Called by pg, which adds client_encoding (every pooler knows it). Its own version adds PGOPTIONS and more. */
  getStartupConf(): Record<string, string> {
    const { user, database, applicationName } = this.#settings;
    return { user, database, application_name: applicationName };
  }
}

/** What pg keeps of the server's BackendKeyData; its types do not say. */
interface BackendKey {
  processID: number | null;
  secretKey: number | null;
}

interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}

/** SQLSTATEs that mean: the backend is gone or going. */
export const connectionLossCodes = /^(57P0[1235]|080..|25P03)$/;

/** First bytes that a PostgreSQL server may answer a startup message with: R(equest for authentication) ... */
const firstAnswers = ['R', 'E', 'N', 'v'];
const longestFirstAnswer = 30_000;

function isFirstAnswer(chunk: Buffer): boolean {
  if (!firstAnswers.includes(String.fromCharCode(chunk[0] ?? 0))) return false;
  return chunk.length < 5 || (chunk.readInt32BE(1) >= 8 && chunk.readInt32BE(1) <= longestFirstAnswer);
}

/** A plan in JSON is shown and copied as the server wrote it: 0.10 is not 0.1. */
const toTypeParser: typeof pg.types.getTypeParser = (type, format) =>
  type === pg.types.builtins.JSON ? (value: string) => value : (pg.types.getTypeParser(type, format) as unknown);

export class BackendConnection {
  readonly #client: StartupClient;
  readonly #transport: Transport;
  readonly #settings: ConnectionSettings;
  #waitingForServer = false;
  #lost: Error | null = null;
  #whenReady: (() => void)[] = [];
  #onLost: ((reason: Error) => void) | null = null;
  #cancelling: Promise<void> | null = null;
  #ended = false;
  /** 18, as the server (or a pooler in front of it) said at the start; null when it said nothing of the kind. */
  readonly serverMajor: number | null;
  /** performance.now() at which the running message was sent; null when none is. */
  busySince: number | null = null;
  /** performance.now() of the last use. */
  idleSince = performance.now();

  private constructor(
    client: StartupClient,
    transport: Transport,
    settings: ConnectionSettings,
    serverMajor: number | null,
  ) {
    this.serverMajor = serverMajor;
    this.#client = client;
    this.#transport = transport;
    this.#settings = settings;
    client.connection.on('readyForQuery', () => {
      this.#becomeReady();
    });
    const lose = (error: Error) => {
      this.#lose(error);
    };
    client.on('error', (error) => {
      this.destroy(error);
    });
    transport.socket.once('close', () => {
      lose(new Error('The server closed the connection.'));
    });
  }

  /** Tries the targets in order, each as sslmode says. The signal is the user's; each target has its own deadline. */
  static async open(settings: ConnectionSettings, signal: AbortSignal): Promise<BackendConnection> {
    let failure: unknown;
    for (const target of settings.targets) {
      try {
        return await openTarget(settings, target, signal);
      } catch (error) {
        failure ??= error;
        if (signal.aborted || !maybeAnotherServerAnswers(error)) throw error;
      }
    }
    throw failure;
  }

  /** One attempt with one kind of encryption. */
  static async attempt(
    settings: ConnectionSettings,
    target: Target,
    encryption: Encryption,
    deadline: TargetDeadline,
  ): Promise<BackendConnection> {
    const { signal } = deadline;
    const transport = await openTransport(target, encryption, settings.tls, signal);
    const { socket } = transport;
    const answers = { understood: true };
    const binding = { offered: false };
    const checkBinding = () => {
      if (settings.requireChannelBinding && !binding.offered) throw new NoChannelBindingError();
    };
    const client = new StartupClient(settings, {
      host: target.host,
      port: target.port,
      user: settings.user,
      database: settings.database,
      enableChannelBinding: settings.requireChannelBinding,
      password: async () => {
        checkBinding();
        const password = await deadline.suspendDuring(() => settings.readPassword(target, signal));
        if (password === null) throw new NoPasswordError('The server wants a password.');
        return password;
      },
      // TLS is there already; said aloud because pg would otherwise look at PGSSLMODE and PGSSLNEGOTIATION itself
      ssl: false,
      sslnegotiation: 'postgres',
      stream: () => asUnconnected(guardAnswers(socket, answers)),
    });
    // connect() rejects with what goes wrong; without a listener Node would end the process
    client.on('error', () => undefined);
    let serverMajor: number | null = null;
    client.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (parameterName === 'server_version') serverMajor = Number.parseInt(parameterValue, 10) || null;
    });
    client.connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
      binding.offered = transport.encrypted && mechanisms.includes('SCRAM-SHA-256-PLUS');
    });
    const onAbort = () => socket.destroy();
    signal.addEventListener('abort', onAbort);
    try {
      if (signal.aborted) throw new Error('Aborted');
      await client.connect();
      // a server that asks for no password has proved nothing
      checkBinding();
      return new BackendConnection(client, transport, settings, serverMajor);
    } catch (error) {
      socket.destroy();
      if (signal.aborted && !(signal.reason instanceof ConnectDeadline)) throw signal.reason;
      if (signal.aborted) throw new TransportError('no-answer', 'No answer in time.', { cause: signal.reason });
      if (!answers.understood) throw new TransportError('not-postgresql', 'The answers are not of PostgreSQL.');
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The server this connection reached. */
  get target(): Target {
    return this.#transport.target;
  }

  get socket(): Socket {
    return this.#transport.socket;
  }

  get encrypted(): boolean {
    return this.#transport.encrypted;
  }

  /** Null when it is not encrypted. */
  get tls(): { version: string; cipher: string } | null {
    const { socket } = this;
    if (!(socket instanceof TLSSocket)) return null;
    return { version: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name };
  }

  /** What the server (or a pooler in front of it) called the backend; null when it said nothing. */
  get processId(): number | null {
    return (this.#client as unknown as BackendKey).processID;
  }

  get lost(): Error | null {
    return this.#lost;
  }

  /** 'I': outside a transaction, 'T': inside, 'E': inside a failed one. */
  get transactionStatus(): 'I' | 'T' | 'E' | null {
    return this.#client.getTransactionStatus();
  }

  onLost(listener: (reason: Error) => void): void {
    this.#onLost = listener;
  }

  /** Sends one statement in the extended protocol and waits until the server is ready for the next one, also after an error. */
  async query(text: string, values: readonly unknown[] = []): Promise<unknown[]> {
    this.#throwIfLost();
    this.#waitForServer();
    const message: pg.QueryConfig<unknown[]> & { queryMode: 'extended' } = {
      text,
      values: [...values],
      queryMode: 'extended',
      types: { getTypeParser: toTypeParser },
    };
    try {
      return (await this.#client.query<Record<string, unknown>>(message)).rows;
    } catch (error) {
      if (connectionLossCodes.test(errorCode(error))) this.destroy(error as Error);
      await this.#ready();
      // the first cause says more than what pg makes of it afterwards
      throw error instanceof pg.DatabaseError ? error : (this.#lost ?? error);
    }
  }

  /**
   * One empty round trip: Sync, answered by ReadyForQuery. No statement, no transaction, nothing in the server's log.
   * A connection that does not answer in time is cut.
   */
  async ping(timeoutMs: number): Promise<void> {
    this.#throwIfLost();
    this.#waitForServer();
    const timer = setTimeout(() => {
      this.destroy(new Error(`The server did not answer within ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    this.#client.connection.sync();
    await this.#ready();
    clearTimeout(timer);
    this.#throwIfLost();
  }

  /**
   * Has the server cancel what is running and resolves when the connection is quiet: answered, or cut when the server
   * stays silent.
   */
  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancelUntilReady().finally(() => (this.#cancelling = null));
    return this.#cancelling;
  }

  async #cancelUntilReady(): Promise<void> {
    const deadline = AbortSignal.timeout(cancelGraceMs);
    const { processID, secretKey } = this.#client as unknown as BackendKey;
    const target = toSameServer(this.#transport);
    const requests: Promise<void>[] = [];
    while (this.#waitingForServer && this.#lost === null && !deadline.aborted) {
      if (processID !== null && secretKey !== null) {
        requests.push(
          sendCancelRequest(
            target,
            this.encrypted ? 'required' : 'none',
            this.#settings.tls,
            { processId: processID, secretKey },
            deadline,
          ).catch(() => undefined),
        );
      }
      const answered = new AbortController();
      await Promise.race([
        this.#ready(),
        delay(cancelRepeatMs, undefined, { signal: answered.signal }).catch(() => undefined),
      ]);
      answered.abort();
    }
    // a request still on its way must not hit the next statement
    await Promise.all(requests);
    if (this.#waitingForServer) this.destroy(new Error('The server did not answer the cancel request.'));
  }

  /** Whether the server can be reached at all; for the time in which the connection itself has nothing to say. */
  async isServerReachable(timeoutMs: number): Promise<boolean> {
    if (isUnixSocket(this.target)) return true;
    return isReachable(toSameServer(this.#transport), AbortSignal.timeout(timeoutMs));
  }

  /** Cuts the connection: whoever waits for it gets `reason`. */
  destroy(reason: Error): void {
    this.#lose(reason);
    this.socket.destroy();
  }

  /** Says goodbye and resolves when the socket is closed. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.socket.closed) return;
    const closed = new Promise<void>((resolve) => this.socket.once('close', resolve));
    const timer = setTimeout(() => this.socket.destroy(), endGraceMs);
    this.#client.end().catch(() => this.socket.destroy());
    await closed;
    clearTimeout(timer);
  }

  #waitForServer(): void {
    this.#waitingForServer = true;
    this.busySince = performance.now();
  }

  #becomeReady(): void {
    this.#waitingForServer = false;
    this.busySince = null;
    this.idleSince = performance.now();
    for (const resolve of this.#whenReady.splice(0)) resolve();
  }

  /** Resolves when the server has answered all that was sent, or never will. */
  #ready(): Promise<void> {
    if (!this.#waitingForServer) return Promise.resolve();
    return new Promise((resolve) => this.#whenReady.push(resolve));
  }

  #throwIfLost(): void {
    if (this.#lost !== null) throw this.#lost;
  }

  #lose(reason: Error): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.#becomeReady();
    if (!this.#ended) this.#onLost?.(reason);
  }
}

/**
 * Cuts the connection when the other side does not speak PostgreSQL's protocol, instead of having pg wait for the rest
 * of a message that is none, or throw out of an event where nobody can catch it.
 */
function guardAnswers(socket: Socket, answers: { understood: boolean }): Socket {
  let isFirst = true;
  const on = socket.on.bind(socket) as (event: string, listener: (...values: unknown[]) => void) => Socket;
  socket.on = ((event: string, listener: (...values: unknown[]) => void) => {
    if (event !== 'data') return on(event, listener);
    return on(event, (chunk) => {
      try {
        if (isFirst && !isFirstAnswer(chunk as Buffer)) throw new Error('The first answer is not of PostgreSQL.');
        isFirst = false;
        listener(chunk);
      } catch (error) {
        answers.understood = false;
        socket.destroy(error as Error);
      }
    });
  }) as Socket['on'];
  return socket;
}

/** pg connects the stream it is given; ours is connected (and encrypted) already. */
function asUnconnected(socket: Socket): Socket {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  return socket;
}

/** What sslmode tries, in order. */
function encryptionAttempts(settings: ConnectionSettings, target: Target): readonly Encryption[] {
  if (isUnixSocket(target)) return ['none'];
  switch (settings.sslMode) {
    case 'disable':
      return ['none'];
    case 'allow':
      return ['none', 'required'];
    case 'prefer':
      return ['if-offered', 'none'];
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return ['required'];
  }
}

/** The time that a target has for its answer; it does not run while the user's own password source is asked. */
class TargetDeadline {
  readonly #controller = new AbortController();
  readonly #userSignal: AbortSignal;
  #remainingMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(timeoutMs: number, userSignal: AbortSignal) {
    this.#remainingMs = timeoutMs;
    this.#userSignal = userSignal;
    userSignal.addEventListener('abort', this.#onUserAbort);
    if (userSignal.aborted) this.#onUserAbort();
    else this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async suspendDuring<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#stop();
    try {
      return await action();
    } finally {
      this.#start();
    }
  }

  dispose(): void {
    this.#stop();
    this.#remainingMs = Infinity;
    this.#userSignal.removeEventListener('abort', this.#onUserAbort);
  }

  readonly #onUserAbort = () => {
    this.#controller.abort(this.#userSignal.reason);
  };

  #start(): void {
    if (this.#remainingMs === Infinity) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#controller.abort(new ConnectDeadline('The time for connecting is over.'));
    }, this.#remainingMs);
  }

  #stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#remainingMs = Math.max(0, this.#remainingMs - (performance.now() - this.#startedAt));
  }
}

async function openTarget(
  settings: ConnectionSettings,
  target: Target,
  signal: AbortSignal,
): Promise<BackendConnection> {
  const deadline = new TargetDeadline(settings.connectTimeoutMs, signal);
  try {
    let failure: unknown;
    for (const encryption of encryptionAttempts(settings, target)) {
      try {
        return await BackendConnection.attempt(settings, target, encryption, deadline);
      } catch (error) {
        // when both kinds are refused, the first refusal is the one to show
        if (!maybeOtherEncryptionHelps(error)) throw error;
        failure ??= error;
        if (deadline.signal.aborted) break;
      }
    }
    throw failure;
  } finally {
    deadline.dispose();
  }
}

/**
 * pg_hba.conf may allow only the other kind (28000), and a handshake may fail where plain text is allowed. Unlike libpq
 * a wrong password (28P01) is not tried again: it would be sent once more, perhaps in plain text, for nothing.
 */
function maybeOtherEncryptionHelps(error: unknown): boolean {
  if (error instanceof TransportError) return error.stage === 'handshake' || error.stage === 'tls-not-offered';
  const code = errorCode(error);
  return code === '28000' || code.startsWith('ERR_SSL_');
}

/** As libpq: the next host is tried when this one can't be reached or is starting, not when it refuses the user. */
function maybeAnotherServerAnswers(error: unknown): boolean {
  return error instanceof TransportError || errorCode(error) === '57P03';
}
