// Activation as VS Code measures it, in a VS Code that is started afresh for each run.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExtensionSuite, buildForTests } from '../scripts/environment/bundles';
import { run } from '../scripts/environment/cache';
import { runInExtensionHost } from '../scripts/environment/extension-host';
import type { TemporaryFolder } from '../scripts/environment/supervision';
import { provideVsCode } from '../scripts/environment/vscode-binaries';
import { activationFileVariable, activationSchema, type Activation } from './activation-result';
import { megabyte, type Build, type Figures } from './figures';

/** A .vsix unpacked by VS Code itself. */
async function unpack(vsix: string, scratch: TemporaryFolder): Promise<string> {
  const { node, serverMain } = await provideVsCode();
  const folder = path.join(scratch.path, `unpacked-${path.basename(path.dirname(vsix))}`);
  const folders = ['--extensions-dir', path.join(folder, 'extensions'), '--server-data-dir', path.join(folder, 'data')];
  await run(node, [serverMain, '--install-extension', vsix, '--accept-server-license-terms', ...folders], {
    env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}' },
  });
  const name = (await readdir(path.join(folder, 'extensions'))).find((each) => each.startsWith('pg-insight.'));
  if (name === undefined) throw new Error(`VS Code has not unpacked ${vsix}.`);
  return path.join(folder, 'extensions', name);
}

async function measureActivation(
  extensionFolder: string,
  scratch: TemporaryFolder,
  figures: Figures,
): Promise<Activation> {
  await figures.settle();
  const resultFile = path.join(scratch.path, 'activation.json');
  // below the repository, where the suite finds mocha
  const bundles = path.resolve('out', 'benchmark');
  const file = await buildForTests('benchmark/activation.ts', bundles);
  const events = await runInExtensionHost({
    extensionFolder,
    suiteFile: await buildExtensionSuite(bundles),
    files: [file],
    timeoutMs: 60_000,
    forbidOnly: false,
    environment: { [activationFileVariable]: resultFile },
  });
  const failure = events.find(({ event }) => event === 'fail');
  if (failure?.event === 'fail') throw new Error(failure.error);
  return activationSchema.parse(JSON.parse(await readFile(resultFile, 'utf8')));
}

/** Of several builds in turn. */
export async function printActivation(
  figures: Figures,
  builds: readonly Build[],
  scratch: TemporaryFolder,
): Promise<void> {
  const folders = await Promise.all(builds.map(({ vsix }) => unpack(vsix, scratch)));
  const results = await figures.repeat(folders, (folder) => measureActivation(folder, scratch, figures));
  for (const [index, { name }] of builds.entries()) {
    const runs = results[index] ?? [];
    const row = (title: string, toFigure: (run: Activation) => number, unit: string, aim = '') => {
      figures.row(`${name}${title}`, runs.map(toFigure), unit, aim);
    };
    row('activation (load and activate)', ({ loadMs, activateMs }) => loadMs + activateMs, 'ms', '< 100 ms');
    row('of it activate()', ({ activateMs }) => activateMs, 'ms');
    row('extension host before a connection', ({ memoryAfterBytes }) => memoryAfterBytes / megabyte, 'MB');
  }
}
