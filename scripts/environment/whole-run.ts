// The whole check, step by step. A failed step does not stop the others; what could not start has failed. What waits much
// shares the two cores of a small machine. A file of tests that failed is run once more, with nothing beside it, and what
// passes then is told: a machine that others slow down fails tests that are right, and a test that needs this is to be
// made steadier.
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
import { countTests, tiers, type Tier, type TierResult } from './tiers';
import { provideVsCode } from './vscode-binaries';

/** A step that takes longer hangs: the whole run is to end within 20 minutes. */
const stepTimeoutMs = 12 * 60_000;
/** A tier ends its servers and browsers when it is stopped. */
const tierPatienceMs = 20_000;
const heartbeatMs = 15_000;
/** The majors whose boundaries the database tier covers. */
const testedMajors = [13, 15, 16, 18] as const;

/** More failed files than this are no accident. */
const mostFilesAgain = 4;

const tierResultSchema = z.record(z.string(), z.object({ passed: z.number(), failed: z.array(z.string()) }));

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

function toSeconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(0)} s`;
}

function sayResult(name: string, result: TierResult, from: number): void {
  const { passed, failed } = countTests(result);
  say(`${name}: ${passed} passed, ${failed} failed (${toSeconds(from)})`);
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
    return { [name]: passed ? { passed: 1, failed: [] } : { passed: 0, failed: [name] } };
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
  const result = existsSync(resultFile) ? tierResultSchema.parse(JSON.parse(await readFile(resultFile, 'utf8'))) : {};
  await folder.remove();
  const { passed, failed } = countTests(result);
  // it did not start, ran nothing, or broke outside a test
  if (failed === 0 && (!succeeded || passed === 0)) {
    const ran = file ?? name;
    result[ran] = { passed: result[ran]?.passed ?? 0, failed: [`${ran}: broke outside its tests`] };
  }
  return result;
}

const tier = (name: Tier, live: boolean): Step => ({ name, run: () => runTests(name, live, null) });

/** Much of a test is waiting for the server or the browser: two files at once keep two cores busy. */
const filesAtOnce = 2;

/** A tier file by file, the longest first, so that it does not run on alone; what a file prints is shown when it failed. */
const tierByFile = (name: Tier, longestFile: string): Step => ({
  name,
  async run() {
    const waiting = await listTests(name);
    waiting.sort((a, b) => Number(b === longestFile) - Number(a === longestFile));
    const all: TierResult = {};
    const work = async () => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const from = performance.now();
        const result = await runTests(name, false, file);
        sayResult(`  ${file}`, result, from);
        Object.assign(all, result);
      }
    };
    await Promise.all(Array.from({ length: filesAtOnce }, work));
    return all;
  },
});

async function runStep(step: Step): Promise<TierResult> {
  say(`${step.name} ...`);
  const from = performance.now();
  const heartbeat = setInterval(() => {
    say(`  ${step.name} is running for ${toSeconds(from)}`);
  }, heartbeatMs);
  const result = await step.run().catch((error: unknown): TierResult => {
    console.log(error);
    return { [step.name]: { passed: 0, failed: [step.name] } };
  });
  clearInterval(heartbeat);
  sayResult(step.name, result, from);
  return result;
}

/** Results by step. */
type Results = Map<string, TierResult>;

async function runLane(steps: Step[], results: Results): Promise<void> {
  for (const step of steps) results.set(step.name, await runStep(step));
}

/** Runs the files that failed once more; the second result counts. Returns the titles that failed at first only. */
async function runFailedAgain(results: Results): Promise<string[]> {
  const again: { tier: Tier; file: string; titles: string[] }[] = [];
  for (const tier of tiers) {
    const files = await listTests(tier);
    for (const [file, { failed }] of Object.entries(results.get(tier) ?? {})) {
      if (failed.length > 0 && files.includes(file)) again.push({ tier, file, titles: failed });
    }
  }
  if (again.length > mostFilesAgain) return [];
  const unsteady: string[] = [];
  for (const { tier, file, titles } of again) {
    const second = await runStep({ name: `${tier} ${file}, again`, run: () => runTests(tier, true, file) });
    Object.assign(results.get(tier) ?? {}, second);
    unsteady.push(
      ...titles.filter((title) => !second[file]?.failed.includes(title)).map((title) => `${file}: ${title}`),
    );
  }
  return unsteady;
}

function printTitles(heading: string, titles: readonly string[]): void {
  if (titles.length > 0) console.log([heading, ...titles.map((title) => `  ${title}`)].join('\n'));
}

/** Runs everything, names what failed and returns the sum over steps (one each) and tests. */
export async function runEverything(): Promise<{ passed: number; failed: number }> {
  const results: Results = new Map();
  const lint = check('lint', () => npmRun('lint'));
  const others = [
    check('prepare', prepare),
    check('typecheck', () => npmRun('typecheck')),
    check('layers', () => npmRun('layers')),
    check('build', () => buildProduct().then(() => undefined)),
    check('package', () => packProduct().then(() => undefined)),
    tier('unit', false),
  ];
  await Promise.all([runLane([lint], results), runLane(others, results)]);
  await Promise.all([
    runLane([tierByFile('database', 'safety-corpus.test.ts')], results),
    runLane([tier('extension', false)], results),
  ]);
  await runLane([tierByFile('ui', 'quick-fix.test.ts')], results);
  const unsteady = await runFailedAgain(results);
  const all = [...results.values()];
  printTitles('Failed at first, passed when run again alone:', unsteady);
  printTitles(
    'Failed:',
    all.flatMap((result) =>
      Object.entries(result).flatMap(([file, { failed }]) => failed.map((title) => `${file}: ${title}`)),
    ),
  );
  return all.map(countTests).reduce((sum, next) => ({
    passed: sum.passed + next.passed,
    failed: sum.failed + next.failed,
  }));
}
