// HypoPG has no npm package: Debian's, unpacked into a copy of the embedded PostgreSQL of the same major. That needs no
// root, and apt checks the package's signature as always.
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { cached, run } from './cache';
import { postgresVersions, providePostgres } from './postgres-binaries';

/** The major of Debian 12, whose package is HypoPG 1.3.1. */
export const hypopgMajor = 15;
const packageName = `postgresql-${hypopgMajor}-hypopg`;

/** The folder that holds bin/, lib/ and share/ of a PostgreSQL with HypoPG. */
export async function provideHypopg(): Promise<string> {
  const plain = await providePostgres(hypopgMajor);
  return cached(`${packageName}-${postgresVersions[hypopgMajor]}`, async (folder) => {
    const state = path.join(folder, 'apt');
    await mkdir(path.join(state, 'lists', 'partial'), { recursive: true });
    await mkdir(path.join(state, 'cache', 'archives', 'partial'), { recursive: true });
    const lists = ['-o', `Dir::State::lists=${state}/lists`, '-o', `Dir::Cache=${state}/cache`];
    const own = [...lists, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User='];
    await run('apt-get', [...own, 'update'], { cwd: state });
    await run('apt-get', [...own, 'download', packageName], { cwd: state });
    const [archive] = (await readdir(state)).filter((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download left no ${packageName}.`);
    const unpacked = path.join(state, 'unpacked');
    await run('dpkg-deb', ['-x', path.join(state, archive), unpacked]);
    await cp(plain, folder, { recursive: true, verbatimSymlinks: true });
    const from = (...names: string[]) => path.join(unpacked, 'usr', ...names);
    await cp(
      from('lib', 'postgresql', String(hypopgMajor), 'lib', 'hypopg.so'),
      path.join(folder, 'lib', 'postgresql', 'hypopg.so'),
    );
    await cp(
      from('share', 'postgresql', String(hypopgMajor), 'extension'),
      path.join(folder, 'share', 'postgresql', 'extension'),
      {
        recursive: true,
      },
    );
    await rm(state, { recursive: true });
    await run('chmod', ['-R', 'a+rX', folder]);
  }).catch((error: unknown) => {
    throw new Error(
      `The tests of HypoPG need Debian's package ${packageName} (apt-get download and dpkg-deb, on Debian 12), and it could not be fetched.`,
      { cause: error },
    );
  });
}
