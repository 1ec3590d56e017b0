// The whole check, step by step. A failed step does not stop the others; what could not start has failed. What waits much
// shares the two cores of a small machine; the tier that waits for a browser to paint runs alone.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { buildProduct, listTests, root } from './bundles';
import { provideChromium } from './chromium';
import { packagesFolder, packProduct, vsixVariable } from './packages';
import { providePgbouncer } from './pgbouncer';
import { providePostgres } from './postgres-binaries';
import { printFailure } from './print-failure';
import { makeTemporaryFolder, startProcess } from './supervision';
import type { Tier, TierResult } from './tiers';
import { provideVsCode } from './vscode-binaries';

/** A step that takes longer hangs: the whole run is to end within 20 minutes. */
const stepTimeoutMs = 12 * 60_000;
/** A tier ends its servers and browsers when it is stopped. */
const tierPatienceMs = 20_000;
const heartbeatMs = 15_000;
/** The majors whose boundaries the database tier covers. */
const testedMajors = [13, 15, 16, 18] as const;

const tierResultSchema = z.object({ passed: z.number(), failed: z.number() });

interface Step {
  name: string;
  run(): Promise<TierResult>;
}

const startedAt = performance.now();

function say(text: string): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  console.log(`[${clock}] ${text}`);
}

interface Output {
  /** Shown as it comes; otherwise only after a failure. */
  live: boolean;
  environment?: Record<string, string>;
}

/** Runs a program as a step of the check; false when it failed or took too long. */
async function succeeds(command: string, args: string[], { live, environment }: Output): Promise<boolean> {
  const program = startProcess(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: { ...process.env, ...environment },
    patienceMs: tierPatienceMs,
  });
  let output = '';
  for (const stream of [program.child.stdout, program.child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (live) process.stdout.write(text);
      else output += text;
    });
  }
  const timer = setTimeout(() => {
    output += `\nStopped after ${stepTimeoutMs / 60_000} minutes.\n`;
    void program.stop();
  }, stepTimeoutMs);
  const code = await program.ended;
  clearTimeout(timer);
  await program.stop();
  if (code !== 0) process.stdout.write(output);
  return code === 0;
}

const npmRun = (script: string) => succeeds('npm', ['run', '--silent', script], { live: false });

const check = (name: string, work: () => Promise<boolean | undefined>): Step => ({
  name,
  async run() {
    const passed = (await work()) !== false;
    return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
  },
});

/** Fetches what the tiers need. One that is missing is told here, and fails its tier later. */
async function prepare(): Promise<boolean> {
  const parts: [string, () => Promise<unknown>][] = [
    ...testedMajors.map((major): [string, () => Promise<unknown>] => [
      `PostgreSQL ${major}`,
      () => providePostgres(major),
    ]),
    ['pgbouncer', providePgbouncer],
    ['VS Code', provideVsCode],
    ['Chromium', provideChromium],
  ];
  let complete = true;
  for (const [name, provide] of parts) {
    const from = performance.now();
    try {
      await provide();
      const seconds = (performance.now() - from) / 1000;
      if (seconds > 1) say(`  ${name} is ready (${seconds.toFixed(0)} s)`);
    } catch (error) {
      complete = false;
      say(`  ${name} is missing:`);
      printFailure(error);
    }
  }
  return complete;
}

const vsix = path.join(packagesFolder, 'pg-insight.vsix');

/** Runs a tier, or one of its files, in a process of its own. */
async function runTests(name: Tier, live: boolean, file: string | null): Promise<TierResult> {
  const folder = await makeTemporaryFolder('result');
  const resultFile = path.join(folder.path, 'result.json');
  const only = file === null ? [] : ['--only', file];
  const args = ['scripts/run.mjs', 'test', '--tier', name, '--result', resultFile, ...only];
  const environment = existsSync(vsix) ? { [vsixVariable]: vsix } : {};
  const succeeded = await succeeds(process.execPath, args, { live, environment });
  const result = existsSync(resultFile)
    ? tierResultSchema.parse(JSON.parse(await readFile(resultFile, 'utf8')))
    : { passed: 0, failed: 0 };
  await folder.remove();
  // it did not start, ran nothing, or broke outside a test
  if (result.failed === 0 && (!succeeded || result.passed === 0)) return { ...result, failed: 1 };
  return result;
}

const tier = (name: Tier, live: boolean): Step => ({ name, run: () => runTests(name, live, null) });

/** Begun first, so that it does not run on alone. */
const longestFile = 'safety-corpus.test.ts';
/** Much of a database test is waiting for the server: two at once keep two cores busy. */
const filesAtOnce = 2;

/** The database tier, file by file; what a file prints is shown when it failed. */
const databaseTier: Step = {
  name: 'database',
  async run() {
    const waiting = await listTests('database');
    waiting.sort((a, b) => Number(b === longestFile) - Number(a === longestFile));
    const results: TierResult[] = [];
    const work = async () => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const from = performance.now();
        const result = await runTests('database', false, file);
        const seconds = ((performance.now() - from) / 1000).toFixed(0);
        say(`  ${file}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`);
        results.push(result);
      }
    };
    await Promise.all(Array.from({ length: filesAtOnce }, work));
    return sumUp(results);
  },
};

function sumUp(results: readonly TierResult[]): TierResult {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function runStep(step: Step): Promise<TierResult> {
  say(`${step.name} ...`);
  const from = performance.now();
  const seconds = () => `${((performance.now() - from) / 1000).toFixed(0)} s`;
  const heartbeat = setInterval(() => {
    say(`  ${step.name} is running for ${seconds()}`);
  }, heartbeatMs);
  const result = await step.run().catch((error: unknown): TierResult => {
    console.log(error);
    return { passed: 0, failed: 1 };
  });
  clearInterval(heartbeat);
  say(`${step.name}: ${result.passed} passed, ${result.failed} failed (${seconds()})`);
  return result;
}

async function runLane(steps: Step[]): Promise<TierResult[]> {
  const results: TierResult[] = [];
  for (const step of steps) results.push(await runStep(step));
  return results;
}

/** Runs everything and returns the sum over steps (one each) and tests. */
export async function runEverything(): Promise<TierResult> {
  const lint = check('lint', () => npmRun('lint'));
  const others = [
    check('prepare', prepare),
    check('typecheck', () => npmRun('typecheck')),
    check('layers', () => npmRun('layers')),
    check('build', () => buildProduct().then(() => undefined)),
    check('package', () => packProduct().then(() => undefined)),
    tier('unit', false),
  ];
  const results = [
    ...(await Promise.all([runLane([lint]), runLane(others)])).flat(),
    ...(await Promise.all([runLane([databaseTier]), runLane([tier('extension', false)])])).flat(),
    ...(await runLane([tier('ui', true)])),
  ];
  return sumUp(results);
}
