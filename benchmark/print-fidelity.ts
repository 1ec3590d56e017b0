// How near the sandbox is to real plans, see measure-fidelity.ts: a row for each pair of majors, and below them every
// statement that deviates.
import path from 'node:path';
import { loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { buildForTests } from '../scripts/environment/bundles';
import type { PostgresMajor } from '../scripts/environment/postgres-binaries';
import type * as fidelityMeasurement from './measure-fidelity';

const pairs: readonly { source: PostgresMajor; sandboxes: readonly PostgresMajor[] }[] = [
  { source: 13, sandboxes: [13, 18] },
  { source: 15, sandboxes: [15, 18] },
  { source: 16, sandboxes: [16, 18] },
  { source: 18, sandboxes: [18] },
];
/** Costs that are further off are told one by one. */
const toldCostError = 0.05;

const percent = (ratio: number) => `${(100 * ratio).toFixed(1)} %`;

/** `productFolder` holds the parsers' WASM, beside which the measurement's bundle has to lie. */
export async function printFidelity(productFolder: string, scale: number): Promise<void> {
  const bundle = await buildForTests('benchmark/measure-fidelity.ts', path.join(productFolder, 'dist'));
  const { measureFidelity } = (await import(pathToFileURL(bundle).href)) as typeof fidelityMeasurement;
  console.log(
    '\n| source | sandbox | answered | same plan | median cost error | largest | median size error | largest | median what-if | load |\n|---|---|---|---|---|---|---|---|---|---|',
  );
  const told: string[] = [];
  for (const { source, sandboxes } of pairs) {
    for (const { sandbox, summary, comparisons } of await measureFidelity(source, sandboxes, scale)) {
      console.log(
        `| ${source} | ${sandbox} | ${summary.answered} of ${summary.statements} | ${summary.samePlans} | ${percent(summary.medianCostError)} | ${percent(summary.largestCostError)} | ${percent(summary.medianSizeError)} | ${percent(summary.largestSizeError)} | ${summary.medianWhatIfMs.toFixed(0)} ms | ${(loadavg()[0] ?? Number.NaN).toFixed(1)} |`,
      );
      for (const each of comparisons) {
        if (each.unsupported === null && each.isSamePlan && each.costError <= toldCostError) continue;
        told.push(
          `| ${source} | ${sandbox} | ${each.name} | ${each.unsupported ?? `${each.isSamePlan ? 'same plan' : `${each.realShape} / ${each.sandboxShape}`}, cost ${each.realCost.toFixed(1)} / ${each.sandboxCost.toFixed(1)}`} |`,
        );
      }
    }
  }
  console.log(`\n| source | sandbox | statement | real / sandbox |\n|---|---|---|---|\n${told.join('\n')}\n`);
}
