// A running VS Code server with a profile of its own in a temporary folder.
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './cache';
import { freePort } from './free-port';
import { makeTemporaryFolder, startProcess, type SupervisedProcess } from './supervision';
import { provideVsCode, type VsCodeBinaries } from './vscode-binaries';

const startTimeoutMs = 60_000;

/** What no one who tries or tests an extension needs: telemetry, experiments, updates, a gallery that is not there, AI offers. */
export const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'extensions.autoUpdate': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'security.workspace.trust.enabled': false,
};

export interface VsCodeOptions {
  /** Installed before the start. */
  vsix?: string;
  /** User settings on top of the quiet ones. */
  settings?: Record<string, unknown>;
  /** Settings that VS Code takes from the machine alone, such as the paths of programs. */
  machineSettings?: Record<string, unknown>;
  /** Asked of every browser as `?tkn=`; without one everyone who reaches the port has a shell, so only for tests. */
  connectionToken?: string;
  /** Added to the server's environment, which extensions inherit. */
  environment?: Record<string, string>;
  /** Lets a page start extension tests through its `payload`. */
  smokeTestDriver?: boolean;
  /** Default: a free one. */
  port?: number;
}

export interface VsCodeServer {
  /** http://localhost:PORT */
  origin: string;
  port: number;
  process: SupervisedProcess;
  /** The address of a folder's window, with the token if there is one. */
  url(folder: string, parameters?: Record<string, string>): string;
  /** What the server has printed so far. */
  log(): Promise<string>;
  /** Log files of the windows, by path; the Output panel shows the same. */
  logsFolder: string;
  /** Ends the server and removes its profile. */
  stop(): Promise<void>;
}

interface Profile {
  userData: string;
  arguments: string[];
}

function toProfile(folder: string): Profile {
  const userData = path.join(folder, 'user-data');
  return {
    userData,
    arguments: [
      '--accept-server-license-terms',
      '--server-data-dir',
      path.join(folder, 'server-data'),
      '--user-data-dir',
      userData,
      '--extensions-dir',
      path.join(folder, 'extensions'),
    ],
  };
}

async function installExtension(
  binaries: VsCodeBinaries,
  profile: Profile,
  vsix: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await run(binaries.node, [binaries.serverMain, '--install-extension', vsix, '--force', ...profile.arguments], {
    env: environment,
  });
}

/** Starts VS Code's server on loopback; resolves when it answers. */
export async function startVsCode(options: VsCodeOptions = {}): Promise<VsCodeServer> {
  const binaries = await provideVsCode();
  const folder = await makeTemporaryFolder('vscode');
  // built-in extensions leave folders in it; PostgreSQL's own user may have to pass through
  const temporary = await makeTemporaryFolder('vscode-tmp');
  await chmod(temporary.path, 0o711);
  const profile = toProfile(folder.path);
  const logFile = path.join(folder.path, 'server.log');
  const port = options.port ?? (await freePort());
  const sockets = path.join(folder.path, 'sockets');
  await mkdir(sockets, { mode: 0o700 });
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    // there is no gallery here; an empty one keeps the Extensions view from asking
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    // for its sockets, which it does not always remove
    XDG_RUNTIME_DIR: sockets,
    TMPDIR: temporary.path,
    ...options.environment,
  };
  for (const [scope, settings] of [
    ['User', { ...quietSettings, ...options.settings }],
    ['Machine', options.machineSettings ?? {}],
  ] as const) {
    await mkdir(path.join(profile.userData, scope), { recursive: true });
    await writeFile(path.join(profile.userData, scope, 'settings.json'), JSON.stringify(settings, null, 2));
  }
  if (options.vsix !== undefined) await installExtension(binaries, profile, options.vsix, environment);

  const token = ['--without-connection-token'];
  if (options.connectionToken !== undefined) {
    // in a file: an argument could be read by every user of the machine
    const tokenFile = path.join(folder.path, 'connection-token');
    await writeFile(tokenFile, options.connectionToken, { mode: 0o600 });
    token.splice(0, 1, '--connection-token-file', tokenFile);
  }
  const log = await open(logFile, 'a');
  const server = startProcess(
    binaries.node,
    [
      binaries.serverMain,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      ...token,
      '--telemetry-level',
      'off',
      '--disable-workspace-trust',
      ...(options.smokeTestDriver === true ? ['--enable-smoke-test-driver'] : []),
      ...profile.arguments,
    ],
    { stdio: ['ignore', log.fd, log.fd], env: environment },
  );
  await log.close();

  const origin = `http://localhost:${port}`;
  const stop = async () => {
    await server.stop();
    await Promise.all([folder.remove(), temporary.remove()]);
  };
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/version`).catch(() => null);
    if (answer !== null && answer.status < 500) break;
    if (!server.isRunning() || Date.now() > deadline) {
      const printed = await readFile(logFile, 'utf8');
      await stop();
      throw new Error(`VS Code's server did not start on port ${port}:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    origin,
    port,
    process: server,
    url(workspace, parameters = {}) {
      const url = new URL(origin);
      if (options.connectionToken !== undefined) url.searchParams.set('tkn', options.connectionToken);
      url.searchParams.set('folder', workspace);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    log: () => readFile(logFile, 'utf8'),
    logsFolder: path.join(folder.path, 'server-data', 'data', 'logs'),
    stop,
  };
}
