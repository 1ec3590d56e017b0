import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExtensionSuite, buildForTests } from '../scripts/environment/bundles';
import { runInExtensionHost } from '../scripts/environment/extension-host';
import type { TemporaryFolder } from '../scripts/environment/supervision';
import { activationFileVariable, activationSchema, type Activation } from './activation-result';

/** Starts a fresh VS Code and has it activate the extension once. */
export async function measureActivation(extensionFolder: string, scratch: TemporaryFolder): Promise<Activation> {
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
