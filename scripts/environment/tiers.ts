// Runs one tier of tests: bundles its files, runs mocha over them and counts.
import Mocha from 'mocha';
import { buildExtensionSuite, buildTests } from './bundles';
import { runInExtensionHost } from './extension-host';
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

export interface TierResult {
  passed: number;
  failed: number;
}

/** What one test may take by default: far above what it takes, since machines are noisy. A test sets its own by this.timeout(). */
const testTimeoutMs: Record<Tier, number> = { unit: 10_000, database: 60_000, extension: 60_000, ui: 120_000 };

/** How long a finished tier may take to let go of sockets, timers and children before that counts as a failure. */
const graceMs = 10_000;

interface MochaOptions {
  files: string[];
  timeoutMs: number;
  forbidOnly: boolean;
  grep?: string;
}

async function runHere({ files, timeoutMs, ...options }: MochaOptions): Promise<TierResult> {
  const mocha = new Mocha({ ui: 'bdd', timeout: timeoutMs, ...options });
  for (const file of files) mocha.addFile(file);
  const result = await new Promise<TierResult>((resolve) => {
    const runner = mocha.run(() => {
      resolve({ passed: runner.stats?.passes ?? 0, failed: runner.stats?.failures ?? 1 });
    });
  });
  setTimeout(() => {
    console.error(`The tests are over but something is still open: ${process.getActiveResourcesInfo().join(', ')}.`);
    process.exit(1);
  }, graceMs).unref();
  return result;
}

async function runInVsCode(options: MochaOptions, folder: string): Promise<TierResult> {
  const product = await stageProduct();
  try {
    const suiteFile = await buildExtensionSuite(folder);
    const events = await runInExtensionHost({ ...options, suiteFile, extensionFolder: product.folder });
    for (const event of events) {
      if (event.event === 'pass') console.log(`  ✔ ${event.title} (${event.durationMs} ms)`);
      if (event.event === 'pending') console.log(`  - ${event.title}`);
      if (event.event === 'fail') console.log(`  ✘ ${event.title}\n${event.error.replace(/^/gm, '      ')}`);
    }
    const count = (name: string) => events.filter(({ event }) => event === name).length;
    const finished = count('end') === 1;
    if (!finished) console.error(`The suite did not finish; its last event: ${JSON.stringify(events.at(-1) ?? null)}`);
    return { passed: count('pass'), failed: count('fail') + (finished ? 0 : 1) };
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
      return { passed: 0, failed: 1 };
    }
    const options: MochaOptions = {
      files: bundles.files,
      timeoutMs: testTimeoutMs[tier],
      forbidOnly,
      ...(grep === undefined ? {} : { grep }),
    };
    return await (tier === 'extension' ? runInVsCode(options, bundles.folder) : runHere(options));
  } finally {
    await folder.remove();
  }
}
