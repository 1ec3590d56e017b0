// `npm test` runs everything; `npm test -- --tier unit [--only NAME] [--grep PATTERN]` runs one tier for a developer.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { cleanUpDeadRuns } from './environment/ledger';
import { countTests, runTier, tiers, type Tier } from './environment/tiers';
import { runEverything } from './environment/whole-run';

const { values } = parseArgs({
  options: {
    tier: { type: 'string' },
    only: { type: 'string' },
    grep: { type: 'string' },
    // where a whole run reads a tier's figures from
    result: { type: 'string' },
  },
});

function isTier(name: string): name is Tier {
  return tiers.some((tier) => tier === name);
}

await cleanUpDeadRuns();
if (values.tier === undefined) {
  const { passed, failed } = await runEverything();
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed`);
} else if (isTier(values.tier)) {
  const result = await runTier(values.tier, {
    forbidOnly: values.result !== undefined,
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.grep === undefined ? {} : { grep: values.grep }),
  });
  if (values.result !== undefined) await writeFile(values.result, JSON.stringify(result));
  const { passed, failed } = countTests(result);
  console.log(`${values.tier}: ${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} else {
  console.error(`Usage: npm test -- --tier ${tiers.join('|')} [--only PART-OF-FILE-NAME] [--grep PATTERN]`);
  process.exitCode = 2;
}
