// A real PostgreSQL on loopback in a temporary folder, for tests, the demo and benchmarks.
import { randomBytes } from 'node:crypto';
import { appendFile, chown, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './cache';
import { runsAsRoot, unprivileged } from './cache-folder';
import { freePort } from './free-port';
import { providePostgres, type PostgresMajor } from './postgres-binaries';
import { makeTemporaryFolder, startProcess, type SupervisedProcess } from './supervision';

const asServerUser = runsAsRoot ? unprivileged : {};
const startTimeoutMs = 30_000;
/** A port that was free may be another program's by the time the server starts. */
const portAttempts = 3;

export interface PostgresServerOptions {
  major: PostgresMajor;
  /** A PostgreSQL of this major with more in it; default is the embedded one. */
  binaries?: string;
  /** Lines of postgresql.conf, as name and value. */
  settings?: Record<string, string>;
  /** Replaces pg_hba.conf; the default asks for a SCRAM password on loopback. */
  hostRules?: string;
  /** Superuser's password; generated when not given. */
  password?: string;
  /** Default: a free one. */
  port?: number;
  /** False switches them off where they are the default (18), so that pages can be written into the files. */
  checksums?: boolean;
  /** The data folder of a cleanly stopped server, copied instead of running initdb. */
  template?: string;
  /** A server of the same major that is shut down: its data folder is copied and follows it as a streaming standby. */
  standbyOf?: PostgresServer;
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
  /** Settles when the postmaster that runs now has ended, wanted or not. */
  ended(): Promise<unknown>;
}

/** Makes a cluster and starts it; resolves when it accepts connections. */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const binaries = options.binaries ?? (await providePostgres(options.major));
  const temporary = await makeTemporaryFolder('postgres');
  const folder = temporary.path;
  const dataFolder = path.join(folder, 'data');
  const logFile = path.join(folder, 'server.log');
  const password = options.password ?? options.standbyOf?.password ?? randomBytes(18).toString('base64url');
  let port = options.port ?? (await freePort());
  if (runsAsRoot) await chown(folder, unprivileged.uid, unprivileged.gid);
  let server: SupervisedProcess | null = null;

  /** Runs one of PostgreSQL's programs to its end as the server's user. */
  async function runProgram(name: string, args: string[], input?: string): Promise<void> {
    const { child, ended, stop } = startProcess(path.join(binaries, 'bin', name), args, {
      ...asServerUser,
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => (output += text.toString()));
    }
    child.stdin?.end(input);
    const code = await ended;
    await stop();
    if (code !== 0) throw new Error(`${name} of PostgreSQL ${options.major} ended with ${code}:\n${output}`);
  }

  async function makeCluster(): Promise<void> {
    const passwordFile = path.join(folder, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runsAsRoot) await chown(passwordFile, unprivileged.uid, unprivileged.gid);
    const authentication = ['-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile];
    const checksums = options.checksums === false && options.major >= 18 ? ['--no-data-checksums'] : [];
    await runProgram('initdb', [
      '-D',
      dataFolder,
      ...authentication,
      ...checksums,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ]);
    await rm(passwordFile);
  }

  async function copyCluster(template: string): Promise<void> {
    // cp shares the blocks where the file system can, and keeps the server's user as owner
    await run('cp', ['-a', template, dataFolder]);
    // without a running server nobody needs the template's password to set a new one
    await runProgram(
      'postgres',
      ['--single', '-D', dataFolder, 'postgres'],
      `ALTER ROLE postgres PASSWORD '${password}'\n`,
    );
  }

  async function copyPrimary(primary: PostgresServer): Promise<void> {
    await run('cp', ['-a', primary.dataFolder, dataFolder]);
    const signal = path.join(dataFolder, 'standby.signal');
    await writeFile(signal, '');
    if (runsAsRoot) await chown(signal, unprivileged.uid, unprivileged.gid);
  }

  async function configure(): Promise<void> {
    const primary = options.standbyOf;
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      timezone: 'UTC',
      // files in the data folder instead of /dev/shm: they go with the folder even after kill -9
      dynamic_shared_memory_type: 'mmap',
      ...(primary === undefined
        ? {}
        : {
            primary_conninfo: `host=${primary.host} port=${primary.port} user=${primary.user} password=${primary.password}`,
          }),
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
    const started = startProcess(path.join(binaries, 'bin', 'postgres'), ['-D', dataFolder], {
      ...asServerUser,
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
      // PostgreSQL's fast shutdown; SIGTERM would wait for the clients to leave
      stopSignal: 'SIGINT',
    });
    await log.close();
    server = started;
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      // the last line of postmaster.pid says "ready" once connections are accepted
      const state = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
      if (state.includes(`\n${String(port)}\n`) && /^ready/m.test(state)) return;
      if (!started.isRunning() || Date.now() > deadline) {
        throw new Error(`PostgreSQL ${options.major} did not start:\n${await readFile(logFile, 'utf8')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async function startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await start();
        return;
      } catch (error) {
        const isTaken = error instanceof Error && error.message.includes('Address already in use');
        if (!isTaken || options.port !== undefined || attempt === portAttempts) throw error;
        port = await freePort();
        // the last one counts
        await appendFile(path.join(dataFolder, 'postgresql.conf'), `port = '${port}'\n`);
      }
    }
  }

  async function shutdown(): Promise<void> {
    await server?.stop();
  }

  try {
    if (options.standbyOf !== undefined) await copyPrimary(options.standbyOf);
    else await (options.template === undefined ? makeCluster() : copyCluster(options.template));
    await configure();
    await startOnFreePort();
  } catch (error) {
    await shutdown();
    await temporary.remove();
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
      await temporary.remove();
    },
    ended: () => server?.ended ?? Promise.resolve(),
    pid: () => (server?.isRunning() === true ? server.pid : null),
  };
}
