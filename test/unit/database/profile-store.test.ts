import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unsetConnection } from '../../../src/analysis/connection/unset-connection';
import { DatabaseFailure } from '../../../src/analysis/connection/connection-failure';
import type { ConnectionProfile } from '../../../src/analysis/connection/connection-profile';
import { findConfigurationFolder, openProfileStore } from '../../../src/database/profile-store';

function toProfile(id: string, name = id): ConnectionProfile {
  return {
    id,
    name,
    environment: 'development',
    ...unsetConnection,
    host: 'h',
    port: 5432,
    database: 'd',
    user: 'u',
  };
}

describe('profile store', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-profiles-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is empty before the first profile', async () => {
    assert.deepEqual(await openProfileStore(path.join(folder, 'new')).load(), []);
  });

  it('adds, replaces and removes', async () => {
    const store = openProfileStore(path.join(folder, 'deep', 'er'));
    await store.save(toProfile('a'));
    await store.save(toProfile('b'));
    await store.save(toProfile('a', 'renamed'));
    assert.deepEqual(await store.load(), [toProfile('a', 'renamed'), toProfile('b')]);
    await store.remove('a');
    assert.deepEqual(await store.load(), [toProfile('b')]);
  });

  it("is the user's alone, and leaves nothing else in the folder", async () => {
    const store = openProfileStore(folder);
    await store.save(toProfile('a'));
    assert.equal((await stat(store.file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['connections.json']);
  });

  it('loses nothing when many windows save at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => openProfileStore(folder).save(toProfile(id))));
    const saved = (await openProfileStore(folder).load()).map(({ id }) => id);
    assert.deepEqual(saved.sort(), ids.sort());
  });

  for (const [what, text] of [
    ['is cut off', '{"version":1,"profiles":[{"id":'],
    ['has a wrong field', JSON.stringify({ version: 1, profiles: [{ ...toProfile('a'), port: 'x' }] })],
    ['is something else', '[1, 2]'],
  ] as const) {
    it(`says that the file ${what}, and keeps it beside the next one`, async () => {
      const store = openProfileStore(folder);
      await writeFile(store.file, text);
      await assert.rejects(
        store.load(),
        (error) => error instanceof DatabaseFailure && error.message.includes(store.file),
      );
      assert.equal(await readFile(store.file, 'utf8'), text);
      await store.save(toProfile('b'));
      await writeFile(store.file, 'damaged again');
      await store.save(toProfile('c'));
      assert.deepEqual(await store.load(), [toProfile('c')]);
      assert.equal(await readFile(`${store.file}.damaged-1`, 'utf8'), text);
      assert.equal(await readFile(`${store.file}.damaged-2`, 'utf8'), 'damaged again');
    });
  }

  it('leaves the file of a newer version alone', async () => {
    const store = openProfileStore(folder);
    const text = JSON.stringify({ version: 2, connections: {} });
    await writeFile(store.file, text);
    for (const action of [() => store.load(), () => store.save(toProfile('a')), () => store.remove('a')]) {
      await assert.rejects(action, /newer PG Insight/);
    }
    assert.equal(await readFile(store.file, 'utf8'), text);
  });

  it('goes on after a window that died while it held the lock', async () => {
    const store = openProfileStore(folder);
    const lock = `${store.file}.lock`;
    await writeFile(lock, '');
    await utimes(lock, new Date(0), new Date(0));
    await store.save(toProfile('a'));
    assert.deepEqual(await readdir(folder), ['connections.json']);
  });

  it('keeps a link to a file elsewhere', async () => {
    const elsewhere = path.join(folder, 'elsewhere.json');
    await writeFile(elsewhere, JSON.stringify({ version: 1, profiles: [] }));
    const store = openProfileStore(folder);
    await symlink(elsewhere, store.file);
    await store.save(toProfile('a'));
    assert.match(await readFile(elsewhere, 'utf8'), /"id": "a"/);
    assert.deepEqual(await store.load(), [toProfile('a')]);
  });
});

describe('findConfigurationFolder', () => {
  const find = (env: Record<string, string>, platform: NodeJS.Platform = 'linux') =>
    findConfigurationFolder({
      env,
      platform,
      homeFolder: '/home/ann',
      userName: 'ann',
      readFile: () => Promise.resolve(null),
      exists: () => Promise.resolve(false),
    });

  it('is where the platform has it, unless a variable says otherwise', () => {
    assert.equal(find({}), '/home/ann/.config/pg-insight');
    assert.equal(find({ XDG_CONFIG_HOME: '/x' }), '/x/pg-insight');
    assert.equal(find({ XDG_CONFIG_HOME: 'relative' }), '/home/ann/.config/pg-insight');
    assert.equal(find({}, 'darwin'), '/home/ann/Library/Application Support/pg-insight');
    assert.equal(find({ PG_INSIGHT_CONFIG_HOME: '/own', XDG_CONFIG_HOME: '/x' }), '/own');
  });
});
