// Where a sandbox lives: a private folder of its own for data and socket, with a name short enough for a socket, and a
// cache of the user's for what makes later starts fast. Folders of dead owners are removed by whoever starts next.
import { chmod, chown, copyFile, lstat, mkdir, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { describeFileError, errorCode } from '../../error-code';
import { SandboxFailure, toDiskFullFailure, toNotPermittedFailure } from './sandbox-failure';

/** PostgreSQL refuses to run as root (dev containers do): it gets nobody and nogroup, which every Linux has. */
export const serverUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : null;

/** What kernels take for a socket's path (macOS and BSD 104 with the NUL; Linux has 4 more). */
const longestSocketPath = 103;
const socketName = '/.s.PGSQL.5432';
const prefix = 'pg-insight-sandbox-';
/** mkdtemp adds six letters. */
const longestTemporaryFolder = longestSocketPath - socketName.length - `/${prefix}`.length - 6;

/** A data folder starts with 21 MB, its WAL may take 32, a schema of 600 tables some 30. */
const leastFreeBytes = 128 * 1024 * 1024;

/** A folder is this young while its owner has not said yet that it is alive. */
const youngMs = 60_000;

export interface SandboxPlaces {
  /** Tried in this order. */
  readonly temporaryFolders: readonly string[];
  readonly cacheFolder: string;
}

/** `isRoot`: another user has to reach both, so that the home folder is out of the question. */
export function findSandboxPlaces(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  homeFolder: string,
  temporaryFolder: string,
  isRoot: boolean,
): SandboxPlaces {
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] ?? path.win32.join(homeFolder, 'AppData', 'Local');
    return { temporaryFolders: [temporaryFolder], cacheFolder: path.win32.join(local, 'pg-insight', 'cache') };
  }
  const temporaryFolders = [...new Set([temporaryFolder, '/tmp', '/var/tmp'])];
  if (isRoot) return { temporaryFolders, cacheFolder: '/var/cache/pg-insight-sandbox' };
  if (platform === 'darwin') {
    return { temporaryFolders, cacheFolder: path.posix.join(homeFolder, 'Library', 'Caches', 'pg-insight') };
  }
  const xdg = env['XDG_CACHE_HOME'];
  const cache = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.posix.join(homeFolder, '.cache');
  return { temporaryFolders, cacheFolder: path.posix.join(cache, 'pg-insight') };
}

export const nativePlaces = (): SandboxPlaces =>
  findSandboxPlaces(process.env, process.platform, homedir(), tmpdir(), serverUser !== null);

/** Whether every folder on the way lets other users pass. */
async function isReachableByOthers(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (path.dirname(at) === at) return true;
  }
}

/** Why a sandbox can't be made in this folder; null when it can. */
async function findObstacle(folder: string): Promise<string | null> {
  if (process.platform !== 'win32' && Buffer.byteLength(folder) > longestTemporaryFolder) {
    return 'its path is too long for a socket';
  }
  if (serverUser !== null && !(await isReachableByOthers(folder))) return 'only root can reach it';
  return null;
}

/** Rejects with the failure of the first place when none can be used. */
export async function makeSandboxFolder(places: SandboxPlaces): Promise<string> {
  const obstacles: { folder: string; reason: string; trouble: 'disk-full' | 'not-permitted' }[] = [];
  for (const temporary of places.temporaryFolders) {
    try {
      const obstacle = await findObstacle(temporary);
      if (obstacle !== null) {
        obstacles.push({ folder: temporary, reason: obstacle, trouble: 'not-permitted' });
        continue;
      }
      const { bavail, bsize } = await statfs(temporary);
      if (bavail * bsize < leastFreeBytes) {
        const freeMb = Math.floor((bavail * bsize) / 1024 ** 2);
        const reason = `it has ${freeMb} MB left, and ${leastFreeBytes / 1024 ** 2} MB are needed`;
        obstacles.push({ folder: temporary, reason, trouble: 'disk-full' });
        continue;
      }
      const folder = await mkdtemp(path.join(temporary, prefix));
      if (serverUser !== null) await chown(folder, serverUser.uid, serverUser.gid);
      return folder;
    } catch (error) {
      const trouble = errorCode(error) === 'ENOSPC' ? 'disk-full' : 'not-permitted';
      obstacles.push({ folder: temporary, reason: describeFileError(error), trouble });
    }
  }
  const isFull = obstacles.some(({ trouble }) => trouble === 'disk-full');
  throw new SandboxFailure(
    isFull ? 'disk-full' : 'not-permitted',
    `There is no folder for the what-if sandbox: ${obstacles.map(({ folder, reason }) => `${folder} (${reason})`).join(', ')}.`,
    isFull
      ? 'Free some disk space, then try again.'
      : 'Set TMPDIR to a short path that your user may write to, then try again.',
  );
}

/** As `cp -R`, owned by the server's user. Some 700 small files: they are copied side by side. */
export async function copyForServer(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  await giveToServer(to);
  await Promise.all(
    (await readdir(from, { withFileTypes: true })).map(async (entry) => {
      const source = path.join(from, entry.name);
      const target = path.join(to, entry.name);
      if (entry.isDirectory()) {
        await copyForServer(source, target);
      } else {
        await copyFile(source, target);
        await giveToServer(target);
      }
    }),
  );
}

/** Again when somebody still writes to it. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

export async function giveToServer(file: string): Promise<void> {
  if (serverUser !== null) await chown(file, serverUser.uid, serverUser.gid);
}

/** The cache folder, made when it is not there. As root another user must get through to what lies in it. */
export async function provideCacheFolder({ cacheFolder }: SandboxPlaces): Promise<string> {
  await mkdir(cacheFolder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    // Node's word for a read-only file system
    throw errorCode(error) === 'ENOENT' ? toNotPermittedFailure('write to', cacheFolder, { cause: error }) : error;
  });
  if (serverUser !== null) await chmod(cacheFolder, 0o711);
  const { bavail, bsize } = await statfs(cacheFolder);
  if (bavail * bsize < leastFreeBytes) throw toDiskFullFailure(cacheFolder);
  return cacheFolder;
}

/** Bytes that the files below a folder really take; sparse ones take few. Files that go meanwhile count nothing. */
export async function measureRealBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return measureRealBytes(file);
      return lstat(file).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      );
    }),
  );
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** On Windows sockets have names of their own, which go with their process as well. */
const lifeAddress = (folder: string) =>
  process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 'owner');

/**
 * Says that the folder's owner is alive: a socket that somebody listens on. Unlike a process id it can't be another
 * process's, holds in other containers too, and goes with its process whatever happens to it.
 */
export async function showLife(folder: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(lifeAddress(folder), resolve);
  });
  return server.unref();
}

function isOwnerAlive(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(lifeAddress(folder));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error)));
    });
  });
}

/**
 * Removes sandboxes whose owner and watchdog were both killed. A server that is still there misses its lock file within a
 * minute and ends itself.
 */
export async function removeLeftovers({ temporaryFolders }: SandboxPlaces, now: number): Promise<void> {
  const owner = serverUser?.uid ?? process.getuid?.();
  for (const temporary of temporaryFolders) {
    const names = await readdir(temporary).catch(() => []);
    for (const folder of names.filter((name) => name.startsWith(prefix)).map((name) => path.join(temporary, name))) {
      const found = await lstat(folder).catch(() => null);
      const isOurs = found?.isDirectory() === true && (owner === undefined || found.uid === owner);
      if (!isOurs || now - found.mtimeMs < youngMs || (await isOwnerAlive(folder))) continue;
      // somebody else may be removing it as well
      await removeFolder(folder).catch(() => undefined);
    }
  }
}
