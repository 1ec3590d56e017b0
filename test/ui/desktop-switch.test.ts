// PG_INSIGHT_VSCODE=electron: the way through @vscode/test-electron, with a real VS Code at its end. There is no desktop
// VS Code here, so the program that PG_INSIGHT_VSCODE_PATH names hands the tests to the VS Code server
// (scripts/desktop-stand-in.ts).
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExtensionSuite, root } from '../../scripts/environment/bundles';
import { runInExtensionHost } from '../../scripts/environment/extension-host';
import { stageProduct, type StagedProduct } from '../../scripts/environment/packages';
import { superviseFolder, type TemporaryFolder } from '../../scripts/environment/supervision';

const suite = `
  const assert = require('node:assert/strict');
  const vscode = require('vscode');
  it('has the extension', async () => {
    await vscode.extensions.getExtension('pg-insight.pg-insight').activate();
    assert.ok((await vscode.commands.getCommands()).includes('pgInsight.connection.add'));
  });
  it('fails', () => assert.fail('on purpose'));
`;

describe('the switch to a desktop VS Code', () => {
  let folder: TemporaryFolder;
  let product: StagedProduct;
  let program: string;
  let suiteFile: string;

  before(async () => {
    // below the repository, where the suite finds mocha
    folder = superviseFolder(path.join(root, 'out', 'test', `desktop-${process.pid}`));
    await mkdir(folder.path, { recursive: true });
    product = await stageProduct();
    suiteFile = await buildExtensionSuite(folder.path);
    program = path.join(folder.path, 'code');
    const script = path.join(root, 'scripts', 'run.mjs');
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' desktop-stand-in "$@"\n`);
    await chmod(program, 0o755);
  });
  afterEach(() => {
    delete process.env['PG_INSIGHT_VSCODE'];
    delete process.env['PG_INSIGHT_VSCODE_PATH'];
  });
  after(async () => {
    await product.remove();
    await folder.remove();
  });

  async function runWith(programPath: string): Promise<string[]> {
    process.env['PG_INSIGHT_VSCODE'] = 'electron';
    process.env['PG_INSIGHT_VSCODE_PATH'] = programPath;
    const file = path.join(folder.path, 'suite.test.js');
    await writeFile(file, suite);
    const options = { extensionFolder: product.folder, suiteFile, timeoutMs: 30_000, forbidOnly: true };
    const events = await runInExtensionHost({ ...options, files: [file] });
    return events.map((event) => (event.event === 'end' ? 'end' : `${event.event}: ${event.title}`));
  }

  it('runs the suite with the extension in it, and tells what failed', async () => {
    assert.deepEqual(await runWith(program), [
      'start: has the extension',
      'pass: has the extension',
      'start: fails',
      'fail: fails',
      'end',
    ]);
  });

  it('has no result, and so fails, when the program is not there or ends by itself', async () => {
    assert.deepEqual(await runWith(path.join(folder.path, 'no-such-program')), []);
    assert.deepEqual(await runWith('/bin/true'), []);
  });
});
