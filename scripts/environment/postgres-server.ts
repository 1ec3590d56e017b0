// A real PostgreSQL on loopback in a temporary folder, for tests, the demo and benchmarks.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runsAsRoot } from './cache';
import { providePostgres, type PostgresMajor } from './postgres-binaries';

/** nobody and nogroup on Debian and every other Linux: PostgreSQL refuses to run as root. */
const unprivileged = { uid: 65534, gid: 65534 };
const asServerUser = runsAsRoot ? unprivileged : {};
const startTimeoutMs = 30_000;

export interface PostgresServerOptions {
  major: PostgresMajor;
  /** Lines of postgresql.conf, as name and value. */
  settings?: Record<string, string>;
  /** Replaces pg_hba.conf; the default asks for a SCRAM password on loopback. */
  hostRules?: string;
  /** Superuser's password; generated when not given. */
  password?: string;
  /** Default: a free one. */
  port?: number;
}

export interface PostgresServer {
  major: PostgresMajor;
  host: string;
  port: number;
  user: string;
  password: string;
  /** The folder with `data` (owned by the server's user) in it; removed by stop(). */
  folder: string;
  dataFolder: string;
  /** What the server has logged so far. */
  log(): Promise<string>;
  /** connection URL of the superuser */
  url(database?: string): string;
  /** Stops (fast shutdown, so clients are cut off) and starts again on the same port. */
  restart(): Promise<void>;
  /** Fast shutdown; the data stay until stop(). */
  shutdown(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** The postmaster's process id, null when it is not running. */
  pid(): number | null;
}

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

/** Makes a cluster and starts it; resolves when it accepts connections. */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const binaries = await providePostgres(options.major);
  const folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-postgres-'));
  const dataFolder = path.join(folder, 'data');
  const logFile = path.join(folder, 'server.log');
  const password = options.password ?? randomBytes(18).toString('base64url');
  const port = options.port ?? (await freePort());
  if (runsAsRoot) await chown(folder, unprivileged.uid, unprivileged.gid);
  let child: ChildProcess | null = null;

  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });

  async function initialise(): Promise<void> {
    const passwordFile = path.join(folder, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runsAsRoot) await chown(passwordFile, unprivileged.uid, unprivileged.gid);
    const initdb = spawn(
      path.join(binaries, 'bin', 'initdb'),
      [
        '-D',
        dataFolder,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        '--pwfile',
        passwordFile,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...asServerUser, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [initdb.stdout, initdb.stderr])
      stream.on('data', (text: Buffer) => (output += text.toString()));
    const [code] = (await once(initdb, 'close')) as [number | null];
    await rm(passwordFile);
    if (code !== 0) throw new Error(`initdb of PostgreSQL ${options.major} ended with ${String(code)}:\n${output}`);
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      timezone: 'UTC',
      ...options.settings,
    };
    await appendFile(
      path.join(dataFolder, 'postgresql.conf'),
      Object.entries(settings)
        .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
        .join(''),
    );
    if (options.hostRules !== undefined) await writeFile(path.join(dataFolder, 'pg_hba.conf'), options.hostRules);
  }

  async function start(): Promise<void> {
    const log = await open(logFile, 'a');
    const started = spawn(path.join(binaries, 'bin', 'postgres'), ['-D', dataFolder], {
      ...asServerUser,
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    child = started;
    started.once('exit', () => {
      if (child === started) child = null;
    });
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      // the last line of postmaster.pid says "ready" once connections are accepted
      const state = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
      if (state.includes(`\n${String(port)}\n`) && /^ready/m.test(state)) return;
      if (child !== started || Date.now() > deadline) {
        throw new Error(`PostgreSQL ${options.major} did not start:\n${await readFile(logFile, 'utf8')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async function shutdown(): Promise<void> {
    const running = child;
    if (running === null) return;
    const ended = once(running, 'exit');
    running.kill('SIGINT');
    await ended;
  }

  try {
    await initialise();
    await start();
  } catch (error) {
    await shutdown();
    await removeFolder();
    throw error;
  }
  return {
    major: options.major,
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    folder,
    dataFolder,
    log: () => readFile(logFile, 'utf8'),
    url: (database = 'postgres') =>
      `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    async restart() {
      await shutdown();
      await start();
    },
    shutdown,
    start,
    async stop() {
      await shutdown();
      await removeFolder();
    },
    pid: () => child?.pid ?? null,
  };
}
