// `npm test` runs everything; `npm test -- --tier unit [--only NAME] [--grep PATTERN]` runs one tier for a developer.
import { parseArgs } from 'node:util';
import { cleanUpDeadRuns } from './environment/ledger';
import { runTier, tiers, type Tier } from './environment/tiers';

const { values } = parseArgs({
  options: {
    tier: { type: 'string' },
    only: { type: 'string' },
    grep: { type: 'string' },
  },
});

function isTier(name: string | undefined): name is Tier {
  return tiers.some((tier) => tier === name);
}

if (!isTier(values.tier)) {
  console.error(`Usage: npm test -- --tier ${tiers.join('|')} [--only PART-OF-FILE-NAME] [--grep PATTERN]`);
  process.exit(2);
}
await cleanUpDeadRuns();
const result = await runTier(values.tier, {
  ...(values.only === undefined ? {} : { only: values.only }),
  ...(values.grep === undefined ? {} : { grep: values.grep }),
});
console.log(`${values.tier}: ${result.passed} passed, ${result.failed} failed`);
process.exitCode = result.failed === 0 && result.passed > 0 ? 0 : 1;
