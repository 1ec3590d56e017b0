// A byte stream to a server, encrypted or not, before any of PostgreSQL's own messages. Sessions, cancel requests and
// reachability probes all begin here, so that they reach the server in the same way.
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

/** One server to try. `host` is a name, an address or the absolute folder of a unix socket. */
export interface Target {
  readonly host: string;
  /** libpq's hostaddr: connect here, but check the certificate against `host`. Null: look `host` up. */
  readonly address: string | null;
  readonly port: number;
}

export interface TlsMaterial {
  /** Whether the server's certificate must come from a trusted authority. */
  readonly checkChain: boolean;
  /** PEM of the trusted authorities; null: the well-known ones. */
  readonly rootCertificates: string | null;
  readonly checkHostName: boolean;
  /** PEM; null: no client certificate. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly keyPassphrase: string | null;
  /** 'direct': TLS from the first byte (PostgreSQL 17 and newer), without asking first. */
  readonly negotiation: 'postgres' | 'direct';
}

/** Asks nothing of the server's certificate: for connections without TLS, and for asking whether a server is there. */
export const uncheckedTls: TlsMaterial = {
  checkChain: false,
  rootCertificates: null,
  checkHostName: false,
  certificate: null,
  key: null,
  keyPassphrase: null,
  negotiation: 'postgres',
};

/** 'if-offered' goes on in plain text when the server says that it has no TLS. */
export type Encryption = 'none' | 'if-offered' | 'required';

export interface Transport {
  readonly socket: net.Socket;
  readonly target: Target;
  readonly encrypted: boolean;
}

export type TransportStage = 'connect' | 'tls-not-offered' | 'handshake' | 'not-postgresql' | 'no-answer';

/** Where on the way to a server it went wrong; failures.ts puts it into words. */
export class TransportError extends Error {
  constructor(
    readonly stage: TransportStage,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The reason that a signal carries when the time for connecting is over; another reason is the user's own. */
export class ConnectDeadline extends Error {
  readonly code = 'ETIMEDOUT';
}

/** True when someone does not want the connection any more, as opposed to a server that took too long. */
function isGivenUp(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof ConnectDeadline);
}

const sslRequestCode = 80877103;
const cancelRequestCode = 80877102;

/** Seconds of silence before the operating system asks the other side whether it is still there. */
const keepAliveDelayMs = 5_000;

export function isUnixSocket(target: Target): boolean {
  return path.isAbsolute(target.host);
}

/** The name a user knows the server by. */
export function formatTarget(target: Target): string {
  if (isUnixSocket(target)) return path.join(target.host, `.s.PGSQL.${target.port}`);
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

function toRequest(code: number, ...words: number[]): Buffer {
  const buffer = Buffer.alloc(8 + words.length * 4);
  [buffer.length, code, ...words].forEach((word, index) => buffer.writeInt32BE(word | 0, index * 4));
  return buffer;
}

/** Waits for `event`; an error, the other side's close or an abort rejects. The abort destroys the socket. */
function waitFor(socket: net.Socket, event: string, signal: AbortSignal): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      socket.off(event, onEvent).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onEvent = (...values: unknown[]) => {
      finish(() => {
        resolve(values);
      });
    };
    const onError = (error: Error) => {
      finish(() => {
        reject(error);
      });
    };
    const onClose = () => {
      onError(new Error('The server closed the connection.'));
    };
    const onAbort = () => {
      const reason: unknown = signal.reason;
      onError(reason instanceof Error ? reason : new Error('Aborted'));
      socket.destroy();
    };
    socket.on(event, onEvent).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

async function connectSocket(target: Target, signal: AbortSignal): Promise<net.Socket> {
  const socket = isUnixSocket(target)
    ? net.connect(formatTarget(target))
    : net.connect({ host: target.address ?? target.host, port: target.port, noDelay: true });
  // whoever waits for the socket hears of an error; between two waits nobody does, and Node would end the process
  socket.on('error', () => undefined);
  try {
    await waitFor(socket, 'connect', signal);
  } catch (error) {
    socket.destroy();
    if (isGivenUp(signal)) throw error;
    throw new TransportError('connect', 'connect', { cause: error });
  }
  if (!isUnixSocket(target)) socket.setKeepAlive(true, keepAliveDelayMs);
  return socket;
}

/** Asks for TLS and returns the server's one-byte answer. */
async function requestTls(socket: net.Socket, signal: AbortSignal): Promise<'S' | 'N'> {
  socket.write(toRequest(sslRequestCode));
  let chunk: unknown;
  try {
    [chunk] = await waitFor(socket, 'data', signal);
  } catch (error) {
    if (isGivenUp(signal)) throw error;
    throw new TransportError('no-answer', 'No answer to the request for TLS.', { cause: error });
  }
  const answer = (chunk as Buffer).toString('latin1');
  // More than the one byte would be plain text slipped in before the encryption (CVE-2021-23222).
  if (answer === 'S' || answer === 'N') return answer;
  // "E" begins an error message of a server that could not even start a process for us
  throw answer.startsWith('E')
    ? new TransportError('tls-not-offered', 'The server answered the request for TLS with an error.')
    : new TransportError('not-postgresql', 'The answer to the request for TLS is not of PostgreSQL.');
}

async function upgrade(
  socket: net.Socket,
  target: Target,
  material: TlsMaterial,
  signal: AbortSignal,
): Promise<net.Socket> {
  let secure: tls.TLSSocket;
  try {
    secure = tls.connect({
      socket,
      host: target.host,
      // a server name may not be an address (RFC 6066)
      ...(net.isIP(target.host) === 0 ? { servername: target.host } : {}),
      ...(material.negotiation === 'direct' ? { ALPNProtocols: ['postgresql'] } : {}),
      ...(material.rootCertificates === null ? {} : { ca: material.rootCertificates }),
      ...(material.certificate === null ? {} : { cert: material.certificate }),
      ...(material.key === null ? {} : { key: material.key }),
      ...(material.keyPassphrase === null ? {} : { passphrase: material.keyPassphrase }),
      rejectUnauthorized: material.checkChain,
      ...(material.checkHostName ? {} : { checkServerIdentity: () => undefined }),
      minVersion: 'TLSv1.2',
    });
    secure.on('error', () => undefined);
    await waitFor(secure, 'secureConnect', signal);
  } catch (error) {
    socket.destroy();
    if (isGivenUp(signal)) throw error;
    throw new TransportError(signal.aborted ? 'no-answer' : 'handshake', 'TLS handshake', { cause: error });
  }
  return secure;
}

/** Connects and, as `encryption` says, encrypts. The signal carries deadline and user's abort. */
export async function openTransport(
  target: Target,
  encryption: Encryption,
  material: TlsMaterial,
  signal: AbortSignal,
): Promise<Transport> {
  const socket = await connectSocket(target, signal);
  // as in libpq, a unix socket is never encrypted, whatever sslmode says
  if (encryption === 'none' || isUnixSocket(target)) return { socket, target, encrypted: false };
  try {
    if (material.negotiation === 'postgres' && (await requestTls(socket, signal)) === 'N') {
      if (encryption === 'if-offered') return { socket, target, encrypted: false };
      throw new TransportError('tls-not-offered', 'The server has no TLS.');
    }
    return { socket: await upgrade(socket, target, material, signal), target, encrypted: true };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The address at the other end of an open transport, so that a cancel request reaches the same server of several. */
export function toSameServer(transport: Transport): Target {
  return { ...transport.target, address: transport.socket.remoteAddress ?? transport.target.address };
}

/**
 * Sends PostgreSQL's CancelRequest on a connection of its own, encrypted where the session is, and waits until the
 * server closes it: by then the server (or the pooler) has passed the cancel on.
 */
export async function sendCancelRequest(
  target: Target,
  encryption: Encryption,
  material: TlsMaterial,
  key: { processId: number; secretKey: number },
  signal: AbortSignal,
): Promise<void> {
  const { socket } = await openTransport(target, encryption, material, signal);
  try {
    socket.resume();
    const closed = once(socket, 'close', { signal });
    socket.write(toRequest(cancelRequestCode, key.processId, key.secretKey));
    await closed;
  } finally {
    socket.destroy();
  }
}

/**
 * Whether the server, seen from here, is still there: any answer to a request for TLS will do, a refusal too. Used while
 * a statement runs, when its own connection has nothing to say. Logs nothing on the server and needs no login.
 */
export async function isReachable(target: Target, signal: AbortSignal): Promise<boolean> {
  try {
    // the handshake is done to its end because a server logs one that is broken off
    const { socket } = await openTransport(target, 'if-offered', uncheckedTls, signal);
    socket.destroy();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    if (!(error instanceof TransportError) || error.stage !== 'connect') return true;
    const code = (error.cause as NodeJS.ErrnoException).code;
    return code !== 'ETIMEDOUT' && code !== 'EHOSTUNREACH' && code !== 'ENETUNREACH' && code !== 'EHOSTDOWN';
  }
}
