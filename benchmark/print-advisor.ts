// The advisor against simpler ones, see measure-advisor.ts.
import path from 'node:path';
import { loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { buildForTests } from '../scripts/environment/bundles';
import { megabyte } from './figures';
import type * as advisorMeasurement from './measure-advisor';

const ratio = (value: number) => value.toFixed(3);
const load = () => (loadavg()[0] ?? Number.NaN).toFixed(1);
const seconds = (ms: number) => (ms / 1000).toFixed(1);

/** `productFolder` holds the parsers' WASM, beside which the measurement's bundle has to lie. */
export async function printAdvisor(productFolder: string, scale: number): Promise<void> {
  const bundle = await buildForTests('benchmark/measure-advisor.ts', path.join(productFolder, 'dist'));
  const { measureAdvisor } = (await import(pathToFileURL(bundle).href)) as typeof advisorMeasurement;
  let [isFirstSet, isFirstGrowth] = [true, true];
  await measureAdvisor(scale, {
    onStart(databaseBytes) {
      console.log(`\nThe shop at scale ${scale}: ${(databaseBytes / megabyte).toFixed(0)} MB\n`);
    },
    onGrowth({ statements, advisorMs, whatIfCalls, indexCount }) {
      if (isFirstGrowth) {
        console.log('\n| statements | advisor | what-if calls | indexes | load |\n|---|---|---|---|---|');
      }
      isFirstGrowth = false;
      console.log(`| ${statements} | ${seconds(advisorMs)} s | ${whatIfCalls} | ${indexCount} | ${load()} |`);
    },
    onSet(set) {
      if (isFirstSet) {
        console.log(
          '\n| workload | budget | advisor | indexes | real size | cost after / before | geometric mean | time | what-if calls | load |\n|---|---|---|---|---|---|---|---|---|---|',
        );
      }
      isFirstSet = false;
      const { workload, advisor, budgetBytes, indexCount, sizeBytes, costRatio, meanRatio, advisorMs, whatIfCalls } =
        set;
      const budget = budgetBytes === null ? 'none' : `${(budgetBytes / megabyte).toFixed(0)} MB`;
      console.log(
        `| ${workload} | ${budget} | ${advisor} | ${indexCount} | ${(sizeBytes / megabyte).toFixed(0)} MB | ${ratio(costRatio)} | ${ratio(meanRatio)} | ${seconds(advisorMs)} s | ${whatIfCalls} | ${load()} |`,
      );
    },
  });
}
