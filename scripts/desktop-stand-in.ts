// A program that takes the command line with which @vscode/test-electron starts a desktop VS Code, and runs the tests in the
// provisioned VS Code server with Chromium: test/ui/desktop-switch.test.ts puts it where a machine that may download one has
// the desktop's program.
import { parseArgs } from 'node:util';
import { launchServer } from './environment/extension-host';
import { endRun } from './environment/supervision';

const { values, positionals } = parseArgs({
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
  },
  allowPositionals: true,
  // the desktop has many more
  strict: false,
});
const { extensionDevelopmentPath: extensionFolder, extensionTestsPath: suiteFile } = values;
const [workspace] = positionals;
if (typeof extensionFolder !== 'string' || typeof suiteFile !== 'string' || workspace === undefined) {
  throw new Error(
    `A folder, --extensionDevelopmentPath and --extensionTestsPath are expected: ${process.argv.join(' ')}`,
  );
}
// the environment is inherited, as the desktop's is
const code = await launchServer({ extensionFolder, suiteFile, workspace, environment: {} });
await endRun();
process.exit(code);
