// Runs bundled tests inside the extension host of a real VS Code: by default the provisioned server with Chromium, with
// PG_INSIGHT_VSCODE=electron a desktop VS Code (PG_INSIGHT_VSCODE_PATH, or downloaded by @vscode/test-electron).
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { root } from './bundles';
import { launchChromium, newContext } from './chromium';
import { suiteEventSchema, suiteRequestVariable, type SuiteEvent, type SuiteRequest } from './extension-suite-protocol';
import { printFailure } from './print-failure';
import { makeTemporaryFolder } from './supervision';
import { startVsCode } from './vscode-server';

/** The whole suite, from the page's first request to its end. */
const suiteTimeoutMs = 40 * 60_000;

export interface ExtensionTests {
  /** The unpacked extension: package.json, dist, media. */
  extensionFolder: string;
  /** The bundled extension-suite.ts. */
  suiteFile: string;
  files: string[];
  timeoutMs: number;
  forbidOnly: boolean;
  grep?: string;
  /** Added to the extension host's environment. */
  environment?: Record<string, string>;
}

export interface Launch {
  extensionFolder: string;
  suiteFile: string;
  workspace: string;
  /** Added to the environment of the extension host. */
  environment: Record<string, string>;
}

async function provideDesktop(): Promise<string> {
  const present = process.env['PG_INSIGHT_VSCODE_PATH'];
  if (present !== undefined) {
    if (existsSync(present)) return present;
    throw new Error(`PG_INSIGHT_VSCODE_PATH is ${present}, and there is no such file.`);
  }
  try {
    return await downloadAndUnzipVSCode();
  } catch (error) {
    throw new Error(
      'VS Code could not be downloaded. Set PG_INSIGHT_VSCODE_PATH to the program of a VS Code that is here, or leave ' +
        'out PG_INSIGHT_VSCODE.',
      { cause: error },
    );
  }
}

async function launchDesktop({ extensionFolder, suiteFile, workspace, environment }: Launch): Promise<void> {
  const vscodeExecutablePath = await provideDesktop();
  const profile = await makeTemporaryFolder('vscode');
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: extensionFolder,
      extensionTestsPath: suiteFile,
      extensionTestsEnv: environment,
      launchArgs: [workspace, '--disable-extensions', '--disable-workspace-trust', '--user-data-dir', profile.path],
    });
  } finally {
    await profile.remove();
  }
}

/** Resolves with the exit code that the workbench tells: not 0 after a failed test, but 0 also after a crash. */
export async function launchServer({ extensionFolder, suiteFile, workspace, environment }: Launch): Promise<number> {
  const server = await startVsCode({ environment, smokeTestDriver: true });
  const browser = await launchChromium();
  let timer: NodeJS.Timeout | undefined;
  try {
    const page = await (await newContext(browser)).newPage();
    const finished = new Promise<number>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The extension host gave no result in ${suiteTimeoutMs / 1000} s.`));
      }, suiteTimeoutMs);
      page.once('crash', () => {
        reject(new Error("VS Code's page crashed."));
      });
      void server.process.ended.then((how) => {
        reject(new Error(`VS Code's server ended with ${how} during the run.`));
      });
      // the workbench calls these two when the page has them
      void page.exposeFunction('codeAutomationLog', () => undefined);
      void page.exposeFunction('codeAutomationExit', resolve);
    });
    const remote = (file: string) => `vscode-remote://${new URL(server.origin).host}${file}`;
    const payload = [
      ['extensionDevelopmentPath', remote(extensionFolder)],
      ['extensionTestsPath', remote(suiteFile)],
      ['skipWelcome', 'true'],
      ['skipReleaseNotes', 'true'],
    ];
    await page.goto(server.url(workspace, { payload: JSON.stringify(payload) }));
    try {
      return await finished;
    } catch (error) {
      const picture = path.join(root, 'out', 'extension-failure.png');
      await page.screenshot({ path: picture }).catch(() => undefined);
      throw new Error(`The extension host did not finish; see ${picture}.\n${await server.log()}`, { cause: error });
    }
  } finally {
    clearTimeout(timer);
    await browser.close();
    await server.stop();
  }
}

async function launchHost(launch: Launch): Promise<void> {
  const choice = process.env['PG_INSIGHT_VSCODE'] ?? 'server';
  if (choice === 'server') await launchServer(launch);
  else if (choice === 'electron') await launchDesktop(launch);
  else throw new Error(`PG_INSIGHT_VSCODE is "${choice}", which is neither server nor electron.`);
}

/** Runs the tests and returns every event of the suite; without an `end` among them it did not finish. */
export async function runInExtensionHost(tests: ExtensionTests): Promise<SuiteEvent[]> {
  const folder = await makeTemporaryFolder('extension-tests');
  try {
    const workspace = path.join(folder.path, 'workspace');
    const fixture = path.join(root, 'test', 'fixtures', 'demo-workspace');
    await (existsSync(fixture) ? cp(fixture, workspace, { recursive: true }) : mkdir(workspace));
    const request: SuiteRequest = {
      root,
      files: tests.files,
      resultFile: path.join(folder.path, 'result.jsonl'),
      timeoutMs: tests.timeoutMs,
      forbidOnly: tests.forbidOnly,
      ...(tests.grep === undefined ? {} : { grep: tests.grep }),
    };
    let failure: unknown = null;
    await launchHost({
      extensionFolder: tests.extensionFolder,
      suiteFile: tests.suiteFile,
      workspace,
      environment: {
        [suiteRequestVariable]: JSON.stringify(request),
        // the user's own connections stay out of tests
        PG_INSIGHT_CONFIG_HOME: path.join(folder.path, 'config'),
        ...tests.environment,
      },
    }).catch((error: unknown) => (failure = error));
    const lines = existsSync(request.resultFile) ? (await readFile(request.resultFile, 'utf8')).split('\n') : [];
    const events = lines.filter((line) => line !== '').map((line) => suiteEventSchema.parse(JSON.parse(line)));
    // failed tests make VS Code fail as well, and they are among the events already
    if (failure !== null && !events.some(({ event }) => event === 'end')) {
      printFailure(failure);
    }
    return events;
  } finally {
    await folder.remove();
  }
}
