// What indexes cost writes, foretold and measured, see measure-writes.ts.
import path from 'node:path';
import { loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { buildForTests } from '../scripts/environment/bundles';
import type * as writesMeasurement from './measure-writes';

const scale = 0.2;
const percent = (ratio: number | null) => (ratio === null ? 'not known' : `${(100 * ratio).toFixed(0)} %`);

/** `productFolder` holds the parsers' WASM, beside which the measurement's bundle has to lie. */
export async function printWrites(productFolder: string, runs: number): Promise<void> {
  const bundle = await buildForTests('benchmark/measure-writes.ts', path.join(productFolder, 'dist'));
  const { measureWrites } = (await import(pathToFileURL(bundle).href)) as typeof writesMeasurement;
  console.log('\n| written | index | foretold | measured | without | with | load |\n|---|---|---|---|---|---|---|');
  await measureWrites(scale, runs, ({ name, index, predictedRatio, measuredRatio, withoutMs, withMs }) => {
    const load = (loadavg()[0] ?? Number.NaN).toFixed(1);
    console.log(
      `| ${name} | ${index} | ${percent(predictedRatio)} | ${percent(measuredRatio)} | ${withoutMs.toFixed(0)} ms | ${withMs.toFixed(0)} ms | ${load} |`,
    );
  });
}
