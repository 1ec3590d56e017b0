// The .vsix of this platform brings a PostgreSQL that runs from where VS Code unpacks it.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../scripts/environment/cache';
import { findOwnTarget } from '../../scripts/environment/embedded-postgres';
import { stageProduct, type StagedProduct } from '../../scripts/environment/packages';
import { findPostgresBinaries, nativeSearch } from '../../src/database/what-if/sandbox/postgres-binaries';

/** 24 MB of it are ICU's data, 10 the server. */
const vsixLimitBytes = 32 * 1024 ** 2;

interface ZipEntry {
  name: string;
  /** Permission bits. */
  mode: number;
}

/** The central directory, which every zip ends with. */
async function readZip(file: string): Promise<ZipEntry[]> {
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + name),
      mode: (bytes.readUInt32LE(at + 38) >>> 16) & 0o777,
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

describe('the .vsix of a platform', function () {
  this.timeout(600_000);
  let product: StagedProduct;
  const target = findOwnTarget();

  before(async function () {
    if (target === null) this.skip();
    product = await stageProduct();
  });
  after(async () => {
    await product.remove();
  });

  it('holds PostgreSQL 18, which runs and is found beside the bundle', async () => {
    assert.ok(target !== null);
    const file = await product.packVsix(undefined, target);
    const entries = await readZip(file);
    const modeOf = (name: string) => entries.find((entry) => entry.name === `extension/dist/postgres/${name}`)?.mode;
    assert.equal((modeOf('bin/postgres') ?? 0) & 0o111, 0o111);
    assert.equal((modeOf('bin/initdb') ?? 0) & 0o111, 0o111);
    assert.notEqual(modeOf('share/postgres.bki') ?? modeOf('share/postgresql/postgres.bki'), undefined);
    assert.ok((await stat(file)).size < vsixLimitBytes, `${(await stat(file)).size} bytes`);

    const dist = path.join(product.folder, 'dist');
    const { usable } = await findPostgresBinaries({ ...nativeSearch, env: {}, bundleFolder: dist });
    const found = usable.find(({ folder }) => folder === path.join(dist, 'postgres', 'bin'));
    assert.equal(found?.origin, 'package');
    assert.match(found.version, /^18\.\d+$/);
    const elsewhere = path.join(product.folder, 'elsewhere');
    await mkdir(elsewhere);
    assert.match(
      await run(path.join(found.folder, 'initdb'), ['--version'], { cwd: elsewhere }),
      /^initdb \(PostgreSQL\) 18/,
    );
  });

  it('is not what the .vsix for all platforms holds', async () => {
    const entries = await readZip(await product.packVsix());
    assert.deepEqual(
      entries.filter(({ name }) => name.includes('dist/postgres')),
      [],
    );
  });
});
