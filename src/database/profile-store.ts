// The saved connections: one file of the user's, 0600, shared by editor and terminal. Written under another name and
// renamed, under a lock, so that a crash leaves the old file and two windows do not lose each other's entries.
import { constants, copyFile, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { connectionProfileSchema, type ConnectionProfile } from '../analysis/connection/connection-profile';
import { describeFileError, errorCode } from './error-code';
import type { LocalSystem } from './local-system';

const fileVersion = 1;
const fileSchema = z.strictObject({ version: z.literal(fileVersion), profiles: z.array(connectionProfileSchema) });
const versionSchema = z.looseObject({ version: z.number() });

/** An edit takes milliseconds; a lock that is this old belongs to a process that died in the middle of one. */
const staleLockMs = 10_000;
const lockPatienceMs = 15_000;
const lockRetryMs = 20;

export interface ProfileStore {
  /** Absolute path, for messages and for watching. */
  readonly file: string;
  /** In the order of the file; empty when there is none yet. Rejects with a DatabaseFailure when it is damaged. */
  load(): Promise<ConnectionProfile[]>;
  /** Adds the profile, or replaces the one with its id. A damaged file is kept beside the new one. */
  save(profile: ConnectionProfile): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Where the user's own configuration belongs on this platform; PG_INSIGHT_CONFIG_HOME overrules it. */
export function findConfigurationFolder({ env, platform, homeFolder }: LocalSystem): string {
  const own = env['PG_INSIGHT_CONFIG_HOME'];
  if (own !== undefined && own !== '') return path.resolve(own);
  if (platform === 'win32')
    return path.join(env['APPDATA'] ?? path.join(homeFolder, 'AppData', 'Roaming'), 'pg-insight');
  if (platform === 'darwin') return path.join(homeFolder, 'Library', 'Application Support', 'pg-insight');
  const xdg = env['XDG_CONFIG_HOME'];
  // the XDG specification: a relative path is to be ignored
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(homeFolder, '.config'), 'pg-insight');
}

export function openProfileStore(folder: string): ProfileStore {
  const file = path.join(folder, 'connections.json');
  return {
    file,
    load: () => inWords(file, () => readProfiles(file)),
    save: (profile) =>
      inWords(file, () =>
        edit(file, (profiles) => {
          const index = profiles.findIndex(({ id }) => id === profile.id);
          return index === -1 ? [...profiles, profile] : profiles.with(index, profile);
        }),
      ),
    remove: (id) => inWords(file, () => edit(file, (profiles) => profiles.filter((profile) => profile.id !== id))),
  };
}

class DamagedFile extends DatabaseFailure {}

async function readProfiles(file: string): Promise<ConnectionProfile[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw damaged(file, error instanceof Error ? error.message : 'not JSON');
  }
  const version = versionSchema.safeParse(content);
  if (version.success && version.data.version > fileVersion) {
    throw new DatabaseFailure(
      'configuration',
      `The connections in ${file} were saved by a newer PG Insight.`,
      'Update PG Insight; the file is left as it is.',
    );
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data.profiles;
  const [issue] = parsed.error.issues;
  throw damaged(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unexpected content'}`);
}

function damaged(file: string, reason: string): DamagedFile {
  return new DamagedFile(
    'configuration',
    `The saved connections in ${file} can't be read (${reason}).`,
    'Open the file and correct it. The next connection that you save starts a new file and keeps this one beside it.',
  );
}

async function edit(
  file: string,
  change: (profiles: readonly ConnectionProfile[]) => readonly ConnectionProfile[],
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  // someone who keeps the file elsewhere behind a link keeps the link
  const place = await realpath(file).catch(() => file);
  await withLock(`${place}.lock`, async () => {
    let profiles: readonly ConnectionProfile[];
    try {
      profiles = await readProfiles(place);
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      await keepAside(place);
      profiles = [];
    }
    await replaceFile(place, `${JSON.stringify({ version: fileVersion, profiles: change(profiles) }, null, 2)}\n`);
  });
}

/** A copy of the damaged file before a new one takes its place. Never overwrites an older copy. */
async function keepAside(file: string): Promise<void> {
  for (let count = 1; ; count++) {
    try {
      await copyFile(file, `${file}.damaged-${count}`, constants.COPYFILE_EXCL);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function withLock(lock: string, action: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + lockPatienceMs;
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    await removeStaleLock(lock);
    if (performance.now() > deadline) {
      throw new DatabaseFailure(
        'configuration',
        `Another PG Insight keeps ${lock} for too long.`,
        'Try again; if no other window is open, remove that file.',
      );
    }
    await delay(lockRetryMs);
  }
  try {
    await action();
  } finally {
    await rm(lock, { force: true });
  }
}

async function removeStaleLock(lock: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs < staleLockMs) return;
    // of several that find it stale, one succeeds in renaming it
    const taken = `${lock}.${randomUUID()}`;
    await rename(lock, taken);
    await rm(taken, { force: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function inWords<Result>(file: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DatabaseFailure) throw error;
    throw new DatabaseFailure(
      'configuration',
      `The saved connections in ${file} can't be read or written: ${describeFileError(error)}.`,
      'Check the permissions of the file and its folder.',
      {},
      { cause: error },
    );
  }
}
