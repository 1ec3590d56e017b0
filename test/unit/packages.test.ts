// What is in the two packages, file by file, how large the bundles are, and that the terminal's package works alone.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../scripts/environment/cache';
import { stageProduct, wherePicturesAre, type StagedProduct } from '../../scripts/environment/packages';
import { makeTemporaryFolder, type TemporaryFolder } from '../../scripts/environment/supervision';

/** A bundle is read and parsed whole before anything in it works: 700 KB take some 10 ms. */
const bundleLimitBytes = 700_000;
/** Every opened plan loads it. */
const webviewLimitBytes = 150_000;

const vsixFiles = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/dist/advice-engine.js',
  'extension/dist/editor-engine.js',
  'extension/dist/extension.js',
  'extension/dist/libpg-query.wasm',
  'extension/dist/node-sql-parser.js',
  'extension/dist/plan-engine.js',
  'extension/dist/webview/codicon.css',
  'extension/dist/webview/codicon.ttf',
  'extension/dist/webview/compare.css',
  'extension/dist/webview/compare.js',
  'extension/dist/webview/plan.css',
  'extension/dist/webview/plan.js',
  'extension/dist/webview/report.css',
  'extension/dist/webview/report.js',
  'extension/dist/webview/workload.css',
  'extension/dist/webview/workload.js',
  'extension/media/activity-bar.svg',
  'extension/media/icon.png',
  'extension/package.json',
  'extension/readme.md',
];
/** Pictures and texts of the walkthrough come and go. */
const walkthrough = /^extension\/media\/walkthrough\/[a-z-]+\.(svg|png|md)$/;

const npmFiles = [
  'package/CHANGELOG.md',
  'package/LICENSE',
  'package/README.md',
  'package/dist/advice-engine.js',
  'package/dist/cli.js',
  'package/dist/libpg-query.wasm',
  'package/dist/node-sql-parser.js',
  'package/dist/plan-engine.js',
  'package/package.json',
];

const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.endsWith('/'));

/** The pages that README.md names. */
async function listPages(): Promise<string[]> {
  const names = [
    await readdir('docs'),
    (await readdir(path.join('docs', 'rules'))).map((name) => `rules/${name}`),
  ].flat();
  return names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
}

/** Neither VS Code nor npm shows pictures that are not from https. */
function assertNoBrokenPicture(readme: string): void {
  assert.deepEqual(readme.match(/!\[[^\]]*\]\((?!https:)[^)]+/g) ?? [], []);
  assert.equal(readme.split(wherePicturesAre).length, 2, 'it is said once where they are');
}

/** Names in a zip archive: its central directory, which every zip ends with. */
async function readZipNames(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  const names: string[] = [];
  const signature = Buffer.from('PK\u0001\u0002', 'latin1');
  for (let at = bytes.indexOf(signature); at !== -1; at = bytes.indexOf(signature, at + 46)) {
    names.push(bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)));
  }
  return names.filter((name) => !name.endsWith('/'));
}

describe('the packages', function () {
  this.timeout(600_000);
  let product: StagedProduct;
  let empty: TemporaryFolder;

  before(async () => {
    product = await stageProduct();
    empty = await makeTemporaryFolder('npm-install');
  });
  after(async () => {
    await product.remove();
    await empty.remove();
  });

  const sizeBytes = async (name: string) => (await stat(path.join(product.folder, 'dist', name))).size;

  it('keep every bundle small', async () => {
    for (const name of ['extension.js', 'editor-engine.js', 'advice-engine.js', 'plan-engine.js', 'cli.js']) {
      const size = await sizeBytes(name);
      assert.ok(size < bundleLimitBytes, `dist/${name} has ${size} bytes`);
    }
  });

  it('keep every webview small', async () => {
    for (const name of ['plan.js', 'compare.js', 'report.js', 'workload.js']) {
      const size = await sizeBytes(`webview/${name}`);
      assert.ok(size < webviewLimitBytes, `dist/webview/${name} has ${size} bytes`);
    }
  });

  it('put into the .vsix what is meant to be there', async () => {
    const names = await readZipNames(await product.packVsix());
    const pages = (await listPages()).map((name) => `extension/${name}`);
    assert.deepEqual(names.filter((name) => !walkthrough.test(name)).sort(), [...vsixFiles, ...pages].sort());
    assertNoBrokenPicture(await readFile(path.join(product.folder, 'README.md'), 'utf8'));
  });

  it('put into the npm package what is meant to be there, and it runs from an empty folder', async () => {
    const tarball = await product.packNpm();
    const names = lines(await run('tar', ['tzf', tarball]));
    const pages = (await listPages()).map((name) => `package/${name}`);
    assert.deepEqual(names.sort(), [...npmFiles, ...pages].sort());
    const readme = await run('tar', ['xzfO', tarball, 'package/README.md']);
    assertNoBrokenPicture(readme);
    const targets = [...readme.matchAll(/\]\(([^)#]+)/g)].map(([, target = '']) => target);
    assert.ok(targets.includes('docs/cli.md'));
    const dead = targets.filter((target) => !target.startsWith('https:') && !names.includes(`package/${target}`));
    assert.deepEqual(dead, [], 'links to what is not in the package');

    const folder = path.join(empty.path, 'project');
    await mkdir(folder);
    const flags = ['--offline', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    await run('npm', ['install', tarball, ...flags], { cwd: folder });
    const program = path.join(folder, 'node_modules', '.bin', 'pg-insight');
    const help = await run(program, ['--help'], { cwd: folder });
    for (const command of ['tables', 'explain', 'plan', 'doctor']) assert.match(help, new RegExp(`\\b${command}\\b`));
    const plan = path.resolve('test', 'golden', 'plans', '18', 'seq-scan-filter.json');
    assert.match(await run(program, ['plan', plan], { cwd: folder }), /Seq Scan on (?:\w+\.)?orders/);
    // nothing listens there: a driver that was not packed would fail in another way
    const url = 'postgresql://nobody@127.0.0.1:1/nothing';
    await assert.rejects(run(program, ['doctor', '--url', url], { cwd: folder }), /can't be reached/);
  });
});
