// pgbouncer in front of a test server, in transaction mode: the pooler that a careless session setting harms.
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { cached, run } from './cache';
import { runsAsRoot, unprivileged } from './cache-folder';
import { freePort } from './free-port';
import { makeTemporaryFolder, startProcess } from './supervision';

const startTimeoutMs = 15_000;

export interface PgbouncerOptions {
  /** What it stands in front of. */
  server: { host: string; port: number; user: string; password: string };
  /** Roles that may log in besides the server's own, with their passwords. */
  users?: Record<string, string>;
  poolMode?: 'transaction' | 'session' | 'statement';
  /** Lines of pgbouncer.ini's [pgbouncer] section, as name and value. */
  settings?: Record<string, string>;
}

export interface Pgbouncer {
  host: string;
  port: number;
  /** connection URL of the server's superuser, or of another role */
  url(database?: string, user?: string): string;
  log(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * The installed pgbouncer, or Debian's package unpacked into the cache: that needs no root, and starts no service on the
 * machine as an installation would. apt checks the packages' signatures as always.
 */
export async function providePgbouncer(): Promise<{ program: string; libraries: string }> {
  const installed = '/usr/sbin/pgbouncer';
  if (existsSync(installed)) return { program: installed, libraries: '' };
  const folder = await cached('pgbouncer-debian', async (target) => {
    const state = path.join(target, 'apt');
    await mkdir(path.join(state, 'lists', 'partial'), { recursive: true });
    await mkdir(path.join(state, 'cache', 'archives', 'partial'), { recursive: true });
    const own = [
      '-o',
      `Dir::State::lists=${state}/lists`,
      '-o',
      `Dir::Cache=${state}/cache`,
      '-o',
      'Debug::NoLocking=1',
    ];
    const asMyself = ['-o', 'APT::Sandbox::User='];
    await run('apt-get', [...own, ...asMyself, 'update'], { cwd: state });
    const dependencies = await run('apt-cache', [...own, 'depends', 'pgbouncer'], { cwd: state });
    // what Debian's minimal system does not hold; the library's package name differs between releases
    const libraries = dependencies.match(/(?<=Depends: )(libevent|libc-ares)\S*/g) ?? [];
    await run('apt-get', [...own, ...asMyself, 'download', 'pgbouncer', ...libraries], { cwd: state });
    for (const file of await readdir(state)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', path.join(state, file), target]);
    }
    await rm(state, { recursive: true });
  }).catch((error: unknown) => {
    throw new Error('pgbouncer is not installed and could not be fetched from the Debian archive.', { cause: error });
  });
  const usrLib = path.join(folder, 'usr', 'lib');
  const multiarch = (await readdir(usrLib)).find((name) => name.includes('-linux-')) ?? '';
  return { program: path.join(folder, 'usr', 'sbin', 'pgbouncer'), libraries: path.join(usrLib, multiarch) };
}

const toIniValue = (text: string) => `"${text.replaceAll('"', '""')}"`;

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Starts pgbouncer on a free loopback port for all databases of a server. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const { program, libraries } = await providePgbouncer();
  const { server } = options;
  const folder = await makeTemporaryFolder('pgbouncer');
  const port = await freePort();
  const logFile = path.join(folder.path, 'pgbouncer.log');
  const users: Record<string, string> = { [server.user]: server.password, ...options.users };
  const configuration = path.join(folder.path, 'pgbouncer.ini');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    // with the passwords in plain text it can answer SCRAM on both sides
    auth_type: 'scram-sha-256',
    auth_file: path.join(folder.path, 'users.txt'),
    logfile: logFile,
    pool_mode: options.poolMode ?? 'transaction',
    default_pool_size: '5',
    ...options.settings,
  };
  const files = {
    [configuration]: [
      '[databases]',
      `* = host=${server.host} port=${server.port}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
    [settings.auth_file]: Object.entries(users)
      .map(([name, password]) => `${toIniValue(name)} ${toIniValue(password)}\n`)
      .join(''),
    [logFile]: '',
  };
  for (const [file, text] of Object.entries(files)) await writeFile(file, text, { mode: 0o600 });
  if (runsAsRoot) {
    for (const file of [folder.path, ...Object.keys(files)]) await chown(file, unprivileged.uid, unprivileged.gid);
  }
  await chmod(folder.path, 0o700);

  // it refuses to run as root
  const pooler = startProcess(program, [configuration], {
    ...(runsAsRoot ? unprivileged : {}),
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
    stdio: 'ignore',
    stopSignal: 'SIGTERM',
  });
  const stop = async () => {
    await pooler.stop();
    await folder.remove();
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!(await accepts(port))) {
    if (!pooler.isRunning() || Date.now() > deadline) {
      const printed = await readFile(logFile, 'utf8');
      await stop();
      throw new Error(`pgbouncer did not start:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host: '127.0.0.1',
    port,
    url(database = 'postgres', user = server.user) {
      const password = encodeURIComponent(users[user] ?? '');
      return `postgresql://${encodeURIComponent(user)}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    },
    log: () => readFile(logFile, 'utf8'),
    stop,
  };
}
