// The shop database at a scale of the caller's choice, see measure-shop.ts.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildForTests } from '../scripts/environment/bundles';
import { megabyte, type Figures } from './figures';
import type * as shopMeasurement from './measure-shop';

/** `productFolder` holds the parsers' WASM, beside which the measurement's bundle has to lie. */
export async function printShop(figures: Figures, productFolder: string, scale: number): Promise<void> {
  const bundle = await buildForTests('benchmark/measure-shop.ts', path.join(productFolder, 'dist'));
  const { measureShop } = (await import(pathToFileURL(bundle).href)) as typeof shopMeasurement;
  await figures.settle();
  const shop = await measureShop(scale, figures.runs);
  figures.row(`making the shop at scale ${scale}`, [shop.fillMs / 1000], 's');
  figures.fact('its size on disk', shop.sizeBytes / megabyte, 'MB');
  figures.row('connecting to it, with the facts', shop.connectMs, 'ms');
  figures.row('reading its tables', shop.tablesMs, 'ms');
  figures.row('EXPLAIN of a report, consent included', shop.explainMs, 'ms');
  figures.row('EXPLAIN ANALYZE of it', shop.analyzeMs, 'ms');
  figures.row('of it the statement', shop.executionMs, 'ms');
  figures.row('finding plan insights', shop.insightsMs, 'ms');
}
