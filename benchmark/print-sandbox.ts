// How fast the what-if sandbox answers, see measure-sandbox.ts.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildForTests } from '../scripts/environment/bundles';
import type { Figures } from './figures';
import type * as sandboxMeasurement from './measure-sandbox';

/** 18 takes statistics by functions of its own, the others as rows. */
const majors = [13, 18] as const;

/** `productFolder` holds the parsers' WASM, beside which the measurement's bundle has to lie. */
export async function printSandbox(figures: Figures, productFolder: string): Promise<void> {
  const bundle = await buildForTests('benchmark/measure-sandbox.ts', path.join(productFolder, 'dist'));
  const { measureSandbox } = (await import(pathToFileURL(bundle).href)) as typeof sandboxMeasurement;
  for (const major of majors) {
    await figures.settle();
    const times = await measureSandbox(major, major, figures.runs);
    const row = (name: string, figure: keyof (typeof times)[number], aim = '') => {
      figures.row(
        `sandbox ${major}: ${name}`,
        times.map((each) => each[figure]),
        'ms',
        aim,
      );
    };
    row('first verdict, nothing started', 'coldMs', '< 3,000 ms');
    row('first verdict, sandbox running', 'loadMs');
    row('verdict with all loaded', 'warmMs', '< 500 ms');
    row('200 statements on 200 tables', 'workloadMs');
  }
}
