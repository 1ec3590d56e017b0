// `npm run benchmark [-- --only PART --runs 5 --shop-scale 1 --fidelity-scale 0.1 --advisor-scale 2 --before FILE.vsix]`: the figures of benchmark/README.md, as
// medians with their range.
import path from 'node:path';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Figures, type Build } from '../benchmark/figures';
import { printActivation } from '../benchmark/measure-activation';
import { printSnapshot } from '../benchmark/measure-snapshot';
import { printTrees } from '../benchmark/measure-trees';
import { printAdvisor } from '../benchmark/print-advisor';
import { printFidelity } from '../benchmark/print-fidelity';
import { printPlanReading } from '../benchmark/print-plan-reading';
import { printSandbox } from '../benchmark/print-sandbox';
import { printShop } from '../benchmark/print-shop';
import { printSizes } from '../benchmark/print-sizes';
import { printWrites } from '../benchmark/print-writes';
import { cleanUpDeadRuns } from './environment/ledger';
import { stageProduct } from './environment/packages';
import { makeTemporaryFolder } from './environment/supervision';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    runs: { type: 'string', default: '5' },
    'shop-scale': { type: 'string', default: '1' },
    'fidelity-scale': { type: 'string', default: '0.1' },
    'advisor-scale': { type: 'string', default: '2' },
    before: { type: 'string' },
  },
});
const figures = new Figures(Number(values.runs));

await cleanUpDeadRuns();
const scratch = await makeTemporaryFolder('benchmark');
const product = await stageProduct();
const vsix = await product.packVsix();
const builds: Build[] =
  values.before === undefined
    ? [{ name: '', vsix }]
    : [
        { name: 'before: ', vsix: path.resolve(values.before) },
        { name: 'after: ', vsix },
      ];

const parts: Readonly<Record<string, () => Promise<void>>> = {
  sizes: () => printSizes(figures, product.folder, vsix),
  activation: () => printActivation(figures, builds, scratch),
  trees: () => printTrees(figures, builds, scratch),
  plans: () => printPlanReading(figures),
  snapshot: () => printSnapshot(figures),
  shop: () => printShop(figures, product.folder, Number(values['shop-scale'])),
  sandbox: () => printSandbox(figures, product.folder),
  advisor: () => printAdvisor(product.folder, Number(values['advisor-scale'])),
  writes: () => printWrites(product.folder, figures.runs),
  fidelity: () => printFidelity(product.folder, Number(values['fidelity-scale'])),
};
const chosen = values.only ?? Object.keys(parts);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) {
  throw new Error(`No part "${unknown.join('", "')}": expected ${Object.keys(parts).join(', ')}.`);
}

console.log(`${cpus().length} cores, Node ${process.versions.node}, ${figures.runs} runs\n`);
figures.printHead();
for (const name of chosen) await parts[name]?.();
if (figures.warning !== null) console.log(`\n${figures.warning}`);
await product.remove();
await scratch.remove();
