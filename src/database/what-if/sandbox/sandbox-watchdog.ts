// A tiny process that outlives its owner: when the owner closes the pipe between them, or is gone, however that happened,
// it ends the owner's processes and removes its folders. Stopping a sandbox is nothing but closing the pipe, so that the
// way after kill -9 is the way that is taken every day.
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** What is to be ended and removed; each message on the pipe replaces the one before. */
export interface WatchedThings {
  /** Leaders of process groups of their own. */
  pids: number[];
  folders: string[];
}

/** A server that is told to stop at once takes some 50 ms; one that does not is killed. */
const patienceMs = 5_000;

/**
 * Run with `node -e`. SIGQUIT is PostgreSQL's immediate shutdown: it leaves no shared memory behind, as SIGKILL would, and
 * writes nothing more to a disk that may be full. A folder that a process still writes to is removed again.
 */
const program = `
const fs = require('node:fs');
let text = '';
const send = (pid, signal) => {
  try { process.kill(process.platform === 'win32' || signal === 0 ? pid : -pid, signal); return true; } catch { return false; }
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function end() {
  const lines = text.split('\\n').slice(0, -1);
  const { pids, folders } = JSON.parse(lines.at(-1) ?? '{"pids":[],"folders":[]}');
  for (const pid of pids) send(pid, process.platform === 'win32' ? 'SIGKILL' : 'SIGQUIT');
  const deadline = Date.now() + ${patienceMs};
  while (pids.some((pid) => send(pid, 0)) && Date.now() < deadline) await pause(10);
  for (const pid of pids) send(pid, 'SIGKILL');
  for (let attempt = 0; attempt < 50 && folders.some((folder) => fs.existsSync(folder)); attempt++) {
    if (attempt > 0) await pause(100);
    for (const folder of folders) {
      try { fs.rmSync(folder, { recursive: true, force: true }); } catch {}
    }
  }
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  text += chunk;
  text = text.split('\\n').slice(-2).join('\\n');
}).on('error', () => undefined).on('close', end);
`;

export class SandboxWatchdog {
  readonly #child;
  readonly #things: WatchedThings;
  /** Settles when it has ended everything, or was killed itself. */
  readonly ended: Promise<void>;

  constructor(folder: string) {
    this.#things = { pids: [], folders: [folder] };
    const child = spawn(process.execPath, ['-e', program], {
      // in the editor execPath is Electron, which is Node when told so
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
      // a session of its own: neither Ctrl+C nor the end of a terminal reaches it
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.once('error', () => {
        resolve();
      });
    });
    child.stdin.on('error', () => undefined);
    // neither keeps the owner from ending
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    this.#tell();
  }

  watchProcess(pid: number): void {
    this.#things.pids.push(pid);
    this.#tell();
  }

  /** It has ended, and its id may become somebody else's. */
  forgetProcess(pid: number): void {
    this.#things.pids = this.#things.pids.filter((each) => each !== pid);
    this.#tell();
  }

  watchFolder(folder: string): void {
    this.#things.folders.push(folder);
    this.#tell();
  }

  forgetFolder(folder: string): void {
    this.#things.folders = this.#things.folders.filter((each) => each !== folder);
    this.#tell();
  }

  /** Ends and removes everything; resolves when that is done. */
  async finish(): Promise<void> {
    this.#child.ref();
    this.#child.stdin.end();
    await this.ended;
  }

  #tell(): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${JSON.stringify(this.#things)}\n`);
  }
}
