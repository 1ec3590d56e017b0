// `npm run demo` as a person starts and ends it. A demo's folders lie below a TMPDIR of its own, so whatever mentions
// that folder - in its arguments, its environment or as its working directory - belongs to this demo and to nothing else.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { launchChromium } from '../../scripts/environment/chromium';
import { provideVsix, vsixVariable } from '../../scripts/environment/packages';
import {
  makeTemporaryFolder,
  startProcess,
  type SupervisedProcess,
  type TemporaryFolder,
} from '../../scripts/environment/supervision';
import { openFile, openWorkbench } from '../../scripts/environment/workbench';

/** The first start fills the shop, on a machine that is busy with other tests. */
const startTimeoutMs = 180_000;
const endTimeoutMs = 30_000;
const folderKinds = ['pg-insight-demo', 'pg-insight-postgres', 'pg-insight-vscode', 'pg-insight-vscode-tmp'];
/** Files are checked in the order they were opened; what comes late nevertheless has this time. */
const checkMs = 2_000;

interface Demo {
  process: SupervisedProcess;
  /** The address it printed. */
  url: URL;
  output(): string;
}

interface DemoProcess {
  pid: number;
  command: string;
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

describe('the demo', function () {
  this.timeout(startTimeoutMs * 2);
  let folder: TemporaryFolder;
  let vsix: string;
  let running: Demo | null = null;

  before(async () => {
    folder = await makeTemporaryFolder('demo-test');
    // PostgreSQL's own user has to reach its folder below this one
    await chmod(folder.path, 0o755);
    vsix = await provideVsix();
  });
  afterEach(async () => {
    await running?.process.stop();
    running = null;
    await until(() => demoProcesses().length === 0, 'the processes to end after the test');
  });
  after(() => folder.remove());

  /** Everything that runs for the demo, itself included. */
  function demoProcesses(): DemoProcess[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map((pid) => ({
        pid: Number(pid),
        command: readOrEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' '),
        places: [
          readOrEmpty(() => readlinkSync(`/proc/${pid}/cwd`)),
          readOrEmpty(() => readFileSync(`/proc/${pid}/environ`, 'latin1')),
        ],
      }))
      .filter(({ command, places }) => [command, ...places].some((text) => text.includes(folder.path)))
      .filter(({ command }) => command !== '');
  }

  function findProcess(part: string): number {
    const found = demoProcesses().find(({ command }) => command.includes(part));
    assert.ok(found, `a process of the demo has "${part}" in its command line`);
    return found.pid;
  }

  const demoFolders = () => readdirSync(folder.path);

  async function until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + endTimeoutMs;
    while (!condition()) {
      if (Date.now() > deadline) {
        const left = demoProcesses().map(({ pid, command }) => `${pid} ${command}`);
        assert.fail(`Waited in vain for ${what}; left: ${[...left, ...demoFolders()].join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const npmRun: [string, string[]] = ['npm', ['run', 'demo', '--', '--scale', '0.1']];

  async function startDemo(
    [command, args]: [string, string[]] = [process.execPath, ['scripts/run.mjs', 'demo', '--scale', '0.1']],
  ): Promise<Demo> {
    const demo = startProcess(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder.path, [vsixVariable]: vsix },
      patienceMs: endTimeoutMs,
    });
    let output = '';
    for (const stream of [demo.child.stdout, demo.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      const printed = /^http:\S+$/m.exec(output);
      if (printed !== null) {
        running = { process: demo, url: new URL(printed[0]), output: () => output };
        return running;
      }
      if (!demo.isRunning() || Date.now() > deadline) {
        await demo.stop();
        assert.fail(`The demo did not start:\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  function assertRunning(): void {
    const commands = demoProcesses().map(({ command }) => command);
    for (const part of ['scripts/run.mjs demo', 'bin/postgres -D', 'server-main.js']) {
      assert.ok(
        commands.some((command) => command.includes(part)),
        `${part} runs`,
      );
    }
    const kinds = demoFolders().map((name) => name.replace(/-[^-]+$/, ''));
    assert.deepEqual(kinds.sort(), folderKinds);
  }

  async function assertNothingLeft(): Promise<void> {
    await until(() => demoProcesses().length === 0, 'every process to end');
    assert.deepEqual(demoFolders(), []);
  }

  it('prints one address last, which answers only with its token, and ends with Ctrl+C', async () => {
    const demo = await startDemo();
    assertRunning();
    assert.equal(demo.output().trimEnd().split('\n').at(-1), demo.url.href);
    assert.equal(demo.output().match(/^http:/gm)?.length, 1);

    const status = async (url: URL) => (await fetch(url, { redirect: 'manual' })).status;
    const withoutToken = new URL(demo.url);
    withoutToken.searchParams.delete('tkn');
    const wrongToken = new URL(demo.url);
    wrongToken.searchParams.set('tkn', 'x'.repeat(32));
    assert.equal(await status(withoutToken), 403);
    assert.equal(await status(wrongToken), 403);
    // the right one is exchanged for a cookie
    assert.equal(await status(demo.url), 302);

    demo.process.child.kill('SIGINT');
    // npm hands a terminal's Ctrl+C on, so it comes twice
    demo.process.child.kill('SIGINT');
    assert.equal(await demo.process.ended, 130);
    assert.match(demo.output(), /\nStopping \.\.\.\nEverything the demo made is removed\.\n$/);
    await assertNothingLeft();
  });

  it('has a shop with slow queries behind it, and ends with SIGTERM to npm', async () => {
    const demo = await startDemo(npmRun);
    assertRunning();
    const address = /^ *PostgreSQL 18 +(\S+)$/m.exec(demo.output())?.[1];
    const client = new Client({ connectionString: address });
    await client.connect();
    try {
      const { rows } = await client.query<{ host: string; libraries: string; statements: string; orders: string }>(`
        SELECT current_setting('listen_addresses') AS host,
               current_setting('shared_preload_libraries') AS libraries,
               (SELECT count(*) FROM pg_stat_statements WHERE mean_exec_time > 10) AS statements,
               (SELECT count(*) FROM orders) AS orders`);
      assert.equal(rows[0]?.host, '127.0.0.1');
      assert.match(rows[0].libraries, /pg_stat_statements.*auto_explain/);
      assert.ok(Number(rows[0].statements) > 0, 'slow statements have been recorded');
      assert.ok(Number(rows[0].orders) > 0, 'the shop has orders');
    } finally {
      await client.end();
    }
    // npm itself, which ends at once and takes only its shell with it
    demo.process.child.kill('SIGTERM');
    await demo.process.ended;
    await assertNothingLeft();
    assert.match(demo.output(), /\nStopping \.\.\.\nEverything the demo made is removed\.\n$/);
  });

  it('shows its code without errors', async () => {
    const demo = await startDemo();
    const workspace = demo.url.searchParams.get('folder') ?? '';
    const files = (await readdir(workspace, { recursive: true })).filter((name) => /\.(sql|ts|py|go)$/.test(name));
    assert.ok(files.length >= 10);
    // opened last, it shows that errors have been looked for
    await writeFile(path.join(workspace, 'wrong.ts'), `export const wrong: number = 'text';\n`);
    const browser = await launchChromium();
    try {
      const server = { origin: demo.url.origin, url: () => demo.url.href };
      const { page } = await openWorkbench(browser, server, workspace);
      // opened by the workspace's own setting, whenever VS Code gets to it: over a file, if that is opened before
      await page.locator('.tab', { hasText: 'README.md' }).waitFor({ timeout: startTimeoutMs });
      for (const file of [...files, 'wrong.ts']) await openFile(page, path.basename(file));
      const problems = page.locator('[id="status.problems"]');
      await problems.locator('[aria-label^="Errors: "]').waitFor();
      await delay(checkMs);
      assert.match(await problems.innerHTML(), /aria-label="Errors: 1"/);
    } finally {
      await browser.close();
    }
    demo.process.child.kill('SIGTERM');
    await demo.process.ended;
    await assertNothingLeft();
  });

  it('with --report prints the health report of its database, and ends', async () => {
    const demo = startProcess(process.execPath, ['scripts/run.mjs', 'demo', '--report', '--scale', '0.1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder.path },
      patienceMs: endTimeoutMs,
    });
    let report = '';
    let rest = '';
    demo.child.stdout?.setEncoding('utf8').on('data', (text: string) => (report += text));
    demo.child.stderr?.setEncoding('utf8').on('data', (text: string) => (rest += text));
    assert.equal(await demo.ended, 0, rest);
    assert.match(report, /^Health of shop\n.*PostgreSQL 18/);
    assert.match(report, /^Grade: [A-F]$/m);
    assert.match(report, /^ {2}public\.orders /m);
    assert.match(report, /^What could not be looked at$/m);
    assert.match(report, /Planned in a sandbox/);
    assert.doesNotMatch(report, /Estimated from statistics|--postgres/);
    assert.match(rest, /Shop database +ready[\s\S]*Everything the demo made is removed\.\n$/);
    await assertNothingLeft();
  });

  it('ends when PostgreSQL crashes', async () => {
    const demo = await startDemo();
    process.kill(findProcess('bin/postgres -D'), 'SIGKILL');
    assert.equal(await demo.process.ended, 1);
    assert.match(demo.output(), /PostgreSQL ended unexpectedly/);
    await assertNothingLeft();
  });

  it("ends when VS Code's server crashes", async () => {
    const demo = await startDemo();
    process.kill(findProcess('server-main.js'), 'SIGKILL');
    assert.equal(await demo.process.ended, 1);
    assert.match(demo.output(), /VS Code's server ended unexpectedly/);
    await assertNothingLeft();
  });

  it('cleans up at the next start after it was killed', async () => {
    const killed = await startDemo();
    killed.process.child.kill('SIGKILL');
    await killed.process.ended;
    const left = demoProcesses().map(({ pid }) => pid);
    const leftFolders = demoFolders();
    assert.ok(left.length >= 2, 'PostgreSQL and VS Code outlive a killed demo');
    assert.equal(leftFolders.length, folderKinds.length);

    const next = await startDemo();
    assert.match(next.output(), /Removed what a killed run had left behind/);
    assertRunning();
    const now = demoProcesses().map(({ pid }) => pid);
    assert.deepEqual(
      left.filter((pid) => now.includes(pid)),
      [],
    );
    assert.deepEqual(
      leftFolders.filter((name) => demoFolders().includes(name)),
      [],
    );
    next.process.child.kill('SIGTERM');
    await next.process.ended;
    await assertNothingLeft();
  });
});
