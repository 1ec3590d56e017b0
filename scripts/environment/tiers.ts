// Runs one tier of tests: bundles its files, runs mocha over them and counts.
import { rm } from 'node:fs/promises';
import Mocha from 'mocha';
import { buildTests } from './bundles';

export const tiers = ['unit', 'database', 'extension', 'ui'] as const;
export type Tier = (typeof tiers)[number];

export interface TierOptions {
  /** Runs only the files whose path contains this. */
  only?: string;
  /** Runs only the tests whose full title matches this pattern. */
  grep?: string;
}

export interface TierResult {
  passed: number;
  failed: number;
}

/** What one test may take by default: far above what it takes, since machines are noisy. A test sets its own by this.timeout(). */
const testTimeoutMs: Record<Tier, number> = { unit: 10_000, database: 60_000, extension: 60_000, ui: 120_000 };

/** How long a finished tier may take to let go of sockets, timers and children before that counts as a failure. */
const graceMs = 10_000;

export async function runTier(tier: Tier, options: TierOptions): Promise<TierResult> {
  const bundles = await buildTests(tier, options.only);
  try {
    if (bundles.files.length === 0) {
      console.error(
        `No test file in test/${tier}${options.only === undefined ? '' : ` has "${options.only}" in its name`}.`,
      );
      return { passed: 0, failed: 1 };
    }
    const mocha = new Mocha({
      ui: 'bdd',
      timeout: testTimeoutMs[tier],
      forbidOnly: process.env['CI'] !== undefined,
      ...(options.grep === undefined ? {} : { grep: options.grep }),
    });
    for (const file of bundles.files) mocha.addFile(file);
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
  } finally {
    await rm(bundles.folder, { recursive: true, force: true });
  }
}
