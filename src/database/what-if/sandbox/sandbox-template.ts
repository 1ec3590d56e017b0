// A cluster as initdb makes it, with the two roles, kept in the user's cache: copying it takes a tenth of the time.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { errorCode } from '../../error-code';
import type { PostgresBinaries } from './postgres-binaries';
import { isForeignProgram } from './postgres-binaries';
import { templateRecipe, toInitdbArguments } from './sandbox-arguments';
import { SandboxFailure, toFolderFailure, toProgramFailure } from './sandbox-failure';
import {
  copyForServer,
  giveToServer,
  provideCacheFolder,
  removeFolder,
  serverUser,
  type SandboxPlaces,
} from './sandbox-folder';
import type { SandboxWatchdog } from './sandbox-watchdog';

const passwordsSchema = z.strictObject({ owner: z.string(), planner: z.string() });
export type SandboxPasswords = z.infer<typeof passwordsSchema>;

export interface SandboxTemplate {
  readonly folder: string;
  readonly dataFolder: string;
  readonly passwords: SandboxPasswords;
}

/** A template or a copy of programs that nobody has used for so long belongs to a version that is gone. */
const unusedMs = 30 * 24 * 3600 * 1000;
/** initdb takes a second, copying programs a few; a folder that is unfinished for longer lost its maker. */
const unfinishedMs = 10 * 60_000;

/** Without what the user's own environment says about PostgreSQL (PGDATA, PGPORT, PGOPTIONS ...). */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))),
  LC_ALL: 'C',
});

/** Runs one of PostgreSQL's programs to its end, as the server's user and under the watchdog's eyes. */
async function runProgram(
  binaries: PostgresBinaries,
  name: string,
  args: string[],
  { folder, watchdog, input }: { folder: string; watchdog: SandboxWatchdog; input: string },
): Promise<void> {
  const child = spawn(path.join(binaries.folder, name), args, {
    ...serverUser,
    cwd: folder,
    env: serverEnvironment(),
    detached: true,
    stdio: 'pipe',
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) watchdog.watchProcess(pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).catch((error: unknown) => {
    throw toSpawnFailure(error, path.join(binaries.folder, name), folder);
  });
  if (pid !== undefined) watchdog.forgetProcess(pid);
  // a backend on its own ends with 0 whatever its statements came to
  if (code !== 0 || /ERROR: {2}/.test(output)) throw toProgramFailure(name, output, folder);
}

/** A program that could not be started at all. */
export function toSpawnFailure(error: unknown, program: string, folder: string): SandboxFailure {
  if (!isForeignProgram(error)) return toFolderFailure(error, folder);
  return new SandboxFailure(
    errorCode(error) === 'ENOENT' ? 'binaries-missing' : 'wrong-platform',
    errorCode(error) === 'ENOENT'
      ? `${program} is gone.`
      : `${program} does not run on this machine: it is for another platform.`,
    'Install PostgreSQL for this machine, or name its folder in the setting pgInsight.sandbox.binaries.',
    { cause: error },
  );
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The second database that initdb makes is never used: without it a third less is copied. */
const toRolesSql = (planner: string) =>
  [
    `CREATE ROLE planner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${literal(planner)}`,
    "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'template1'",
    'DROP DATABASE template1',
    // databases of the loader are the planner's; this one is nobody's
    'REVOKE ALL ON DATABASE postgres FROM PUBLIC',
    'GRANT CONNECT ON DATABASE postgres TO planner',
    '',
  ].join('\n');

/** Null when there is none, or not a whole one. */
async function openTemplate(folder: string): Promise<SandboxTemplate | null> {
  try {
    const passwords = passwordsSchema.parse(JSON.parse(await readFile(path.join(folder, 'passwords.json'), 'utf8')));
    return { folder, dataFolder: path.join(folder, 'data'), passwords };
  } catch {
    return null;
  }
}

/**
 * A folder of the cache under its name, made by `fill` when it is not there: under another name, renamed when complete.
 * Of two who make it at once one wins, and the other takes the winner's.
 */
async function provideCached(
  places: SandboxPlaces,
  name: string,
  isComplete: (folder: string) => Promise<boolean>,
  watchdog: SandboxWatchdog,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = await provideCacheFolder(places).catch((error: unknown) => {
    throw toFolderFailure(error, places.cacheFolder);
  });
  const folder = path.join(cache, name);
  if (await isComplete(folder)) {
    const now = new Date();
    await utimes(folder, now, now).catch(() => undefined);
    return folder;
  }
  await removeUnused(cache);
  const unfinished = `${folder}.unfinished-${randomBytes(6).toString('hex')}`;
  watchdog.watchFolder(unfinished);
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await fill(unfinished);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (await isComplete(folder)) return;
      // what is there is broken
      await removeFolder(folder);
      await rename(unfinished, folder).catch(() => {
        throw error;
      });
    });
  } catch (error) {
    throw toFolderFailure(error, cache);
  } finally {
    await removeFolder(unfinished).catch(() => undefined);
    watchdog.forgetFolder(unfinished);
  }
  return folder;
}

async function removeUnused(cache: string): Promise<void> {
  const now = Date.now();
  for (const name of await readdir(cache)) {
    if (!/^(template|programs)-/.test(name)) continue;
    const folder = path.join(cache, name);
    const ageMs = now - ((await stat(folder).catch(() => null))?.mtimeMs ?? now);
    const limitMs = name.includes('.unfinished-') ? unfinishedMs : unusedMs;
    if (ageMs > limitMs) await removeFolder(folder).catch(() => undefined);
  }
}

/** Programs of the same version may be built differently, so their place and age are part of the name. */
async function toCacheName(kind: 'template' | 'programs', binaries: PostgresBinaries): Promise<string> {
  const { mtimeMs } = await stat(
    path.join(binaries.folder, process.platform === 'win32' ? 'postgres.exe' : 'postgres'),
  );
  const identity = JSON.stringify([templateRecipe, binaries.folder, mtimeMs, serverUser]);
  return `${kind}-${binaries.version}-${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`;
}

export async function provideTemplate(
  binaries: PostgresBinaries,
  places: SandboxPlaces,
  watchdog: SandboxWatchdog,
): Promise<SandboxTemplate> {
  const name = await toCacheName('template', binaries);
  const isComplete = async (folder: string) => (await openTemplate(folder)) !== null;
  const folder = await provideCached(places, name, isComplete, watchdog, async (unfinished) => {
    const passwords = { owner: randomBytes(18).toString('base64url'), planner: randomBytes(18).toString('base64url') };
    const passwordFile = path.join(unfinished, 'password');
    await writeFile(passwordFile, passwords.owner, { mode: 0o600 });
    await giveToServer(unfinished);
    await giveToServer(passwordFile);
    const dataFolder = path.join(unfinished, 'data');
    const run = (program: string, args: string[], input = '') =>
      runProgram(binaries, program, args, { folder: unfinished, watchdog, input });
    await run('initdb', toInitdbArguments(binaries.major, dataFolder, passwordFile));
    await rm(passwordFile);
    const alone = ['--single', '-D', dataFolder, '-c', 'fsync=off', '-c', 'log_checkpoints=off'];
    await run('postgres', [...alone, 'postgres'], toRolesSql(passwords.planner));
    // last: a folder that has it is complete
    await writeFile(path.join(unfinished, 'passwords.json'), JSON.stringify(passwords), { mode: 0o600 });
  });
  const template = await openTemplate(folder);
  if (template === null) throw toFolderFailure(new Error('the template is gone'), folder);
  return template;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Links that the platform package needs and npm has not made (--ignore-scripts, a read-only folder). */
async function findMissingLinks(root: string): Promise<z.infer<typeof linksSchema>> {
  const text = await readFile(path.join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = linksSchema.parse(JSON.parse(text));
  const missing = await Promise.all(
    links.map(
      async ({ target }) => (await stat(path.join(root, target.replace(/^native\//, ''))).catch(() => null)) === null,
    ),
  );
  return links.filter((_, index) => missing[index] === true);
}

/** Whether the server's user may run them. */
function areRunnable({ folder }: PostgresBinaries): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(path.join(folder, 'postgres'), ['--version'], { ...serverUser, cwd: '/', stdio: 'ignore' });
    child.once('error', () => {
      resolve(false);
    });
    child.once('exit', (code) => {
      resolve(code === 0);
    });
  });
}

/**
 * Programs that can be started: those found, or a copy in the cache when the server's user can't get at them (root's home
 * folder) or their package is not complete. Nothing is ever changed where they were found.
 */
export async function provideRunnable(
  binaries: PostgresBinaries,
  places: SandboxPlaces,
  watchdog: SandboxWatchdog,
): Promise<PostgresBinaries> {
  const root = path.dirname(binaries.folder);
  const links = binaries.origin === 'package' ? await findMissingLinks(root) : [];
  if (links.length === 0 && (serverUser === null || (await areRunnable(binaries)))) return binaries;
  const name = await toCacheName('programs', binaries);
  const isComplete = (folder: string) =>
    stat(path.join(folder, 'complete')).then(
      () => true,
      () => false,
    );
  const copy = await provideCached(places, name, isComplete, watchdog, async (unfinished) => {
    for (const part of ['bin', 'lib', 'share']) await copyForServer(path.join(root, part), path.join(unfinished, part));
    for (const { source, target } of links) {
      const link = path.join(unfinished, target.replace(/^native\//, ''));
      const from = path.join(unfinished, source.replace(/^native\//, ''));
      await symlink(path.relative(path.dirname(link), from), link);
    }
    await chmod(unfinished, 0o755);
    if (serverUser !== null) await chown(unfinished, serverUser.uid, serverUser.gid);
    await writeFile(path.join(unfinished, 'complete'), '');
  });
  return { ...binaries, folder: path.join(copy, 'bin') };
}
