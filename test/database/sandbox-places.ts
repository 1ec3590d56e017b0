// A machine of its own for each test of the sandbox: temporary folder, cache, and what is left in them.
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';
import type { SandboxPlaces } from '../../src/database/what-if/sandbox/sandbox-folder';

/** The whole machine may be busy; a watchdog that works takes a tenth of a second. */
const patienceMs = 30_000;

export interface TestPlaces extends SandboxPlaces {
  readonly temporaryFolder: string;
  readonly temporary: TemporaryFolder;
}

export async function makeTestPlaces(): Promise<TestPlaces> {
  // not named after the sandbox: other sandboxes look for leftovers of that name
  const temporary = await makeTemporaryFolder('planning');
  await chmod(temporary.path, 0o711);
  const temporaryFolder = path.join(temporary.path, 't');
  await mkdir(temporaryFolder, { mode: 0o711 });
  const cacheFolder = path.join(temporary.path, 'c');
  return { temporary, temporaryFolder, temporaryFolders: [temporaryFolder], cacheFolder };
}

/** Command lines of living processes that name this folder. */
export async function listProcesses(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const lines = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/cmdline`, 'latin1').then(
        (text) => `${pid} ${text.replaceAll('\0', ' ')}`,
        () => '',
      ),
    ),
  );
  return lines.filter((line) => line.includes(`${folder}/`));
}

/** Folders and processes of sandboxes in these places, and templates that were not finished. */
export async function listRemains({ temporaryFolder, cacheFolder, temporary }: TestPlaces): Promise<string[]> {
  const unfinished = (await readdir(cacheFolder).catch(() => [])).filter((name) => name.includes('unfinished'));
  return [...(await readdir(temporaryFolder)), ...unfinished, ...(await listProcesses(temporary.path))];
}

/** What is still there when it should long be gone. */
export async function waitForRemains(places: TestPlaces): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const remains = await listRemains(places);
    if (remains.length === 0 || performance.now() > deadline) return remains;
    await delay(50);
  }
}
