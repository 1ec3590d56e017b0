// Runs one tier of tests: bundles its files, runs mocha over them and counts.
import path from 'node:path';
import Mocha from 'mocha';
import { buildExtensionSuite, buildTests } from './bundles';
import { runInExtensionHost } from './extension-host';
import { fileOf } from './extension-suite-protocol';
import { stageProduct } from './packages';
import { superviseFolder } from './supervision';

export const tiers = ['unit', 'database', 'extension', 'ui'] as const;
export type Tier = (typeof tiers)[number];

export interface TierOptions {
  /** Runs only the files whose path contains this. */
  only?: string;
  /** Runs only the tests whose full title matches this pattern. */
  grep?: string;
  /** Whether an `.only` left in a test is a failure. */
  forbidOnly: boolean;
}

export interface FileResult {
  passed: number;
  /** Titles. */
  failed: string[];
}

/** By the file's name, as `listTests` has it; what belongs to no file is under the name of the tier. */
export type TierResult = Record<string, FileResult>;

export function countTests(result: TierResult): { passed: number; failed: number } {
  const files = Object.values(result);
  return {
    passed: files.reduce((sum, { passed }) => sum + passed, 0),
    failed: files.reduce((sum, { failed }) => sum + failed.length, 0),
  };
}

/** What one test may take by default: far above what it takes, since machines are noisy. A test sets its own by this.timeout(). */
const testTimeoutMs: Record<Tier, number> = { unit: 120_000, database: 60_000, extension: 240_000, ui: 120_000 };

/** How long a finished tier may take to let go of sockets, timers and children before that counts as a failure. */
const graceMs = 10_000;

interface MochaOptions {
  /** Bundles below `folder`. */
  files: string[];
  folder: string;
  timeoutMs: number;
  forbidOnly: boolean;
  grep?: string;
}

/** Counts by file. `bundle` is where mocha read the test from: none for a hook of all files. */
class TierCounts {
  readonly result: TierResult = {};
  readonly #tier: Tier;
  readonly #folder: string;

  constructor(tier: Tier, folder: string) {
    this.#tier = tier;
    this.#folder = folder;
  }

  pass(bundle: string | undefined): void {
    this.#of(bundle).passed += 1;
  }

  fail(bundle: string | undefined, title: string): void {
    this.#of(bundle).failed.push(title);
  }

  #of(bundle: string | undefined): FileResult {
    const file = bundle === undefined ? this.#tier : path.relative(this.#folder, bundle).replace(/\.js$/, '.ts');
    return (this.result[file] ??= { passed: 0, failed: [] });
  }
}

async function runHere(counts: TierCounts, { files, timeoutMs, forbidOnly, grep }: MochaOptions): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: timeoutMs, forbidOnly, ...(grep === undefined ? {} : { grep }) });
  for (const file of files) mocha.addFile(file);
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => {
      resolve();
    });
    runner.on('pass', (test) => {
      counts.pass(fileOf(test));
    });
    runner.on('fail', (test) => {
      counts.fail(fileOf(test), test.fullTitle());
    });
  });
  setTimeout(() => {
    console.error(`The tests are over but something is still open: ${process.getActiveResourcesInfo().join(', ')}.`);
    process.exit(1);
  }, graceMs).unref();
}

async function runInVsCode(counts: TierCounts, options: MochaOptions): Promise<void> {
  const product = await stageProduct();
  try {
    const suiteFile = await buildExtensionSuite(options.folder);
    const events = await runInExtensionHost({ ...options, suiteFile, extensionFolder: product.folder });
    for (const event of events) {
      if (event.event === 'pass') {
        console.log(`  ✔ ${event.title} (${event.durationMs} ms)`);
        counts.pass(event.file);
      } else if (event.event === 'pending') {
        console.log(`  - ${event.title}`);
      } else if (event.event === 'fail') {
        console.log(`  ✘ ${event.title}\n${event.error.replace(/^/gm, '      ')}`);
        counts.fail(event.file, event.title);
      }
    }
    if (events.some(({ event }) => event === 'end')) return;
    const last = JSON.stringify(events.at(-1) ?? null);
    console.error(`The suite did not finish; its last event: ${last}`);
    counts.fail(undefined, `the suite did not finish after ${last}`);
  } finally {
    await product.remove();
  }
}

export async function runTier(tier: Tier, { only, grep, forbidOnly }: TierOptions): Promise<TierResult> {
  const bundles = await buildTests(tier, only);
  const folder = superviseFolder(bundles.folder);
  try {
    if (bundles.files.length === 0) {
      console.error(`No test file in test/${tier}${only === undefined ? '' : ` has "${only}" in its name`}.`);
      return {};
    }
    const options: MochaOptions = {
      files: bundles.files,
      folder: bundles.folder,
      timeoutMs: testTimeoutMs[tier],
      forbidOnly,
      ...(grep === undefined ? {} : { grep }),
    };
    const counts = new TierCounts(tier, bundles.folder);
    await (tier === 'extension' ? runInVsCode(counts, options) : runHere(counts, options));
    return counts.result;
  } finally {
    await folder.remove();
  }
}
