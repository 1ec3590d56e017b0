// `npm run benchmark [-- --runs 5 --shop-scale 1]`: the figures of benchmark/README.md, as medians with their range.
import { readFile, stat } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { measureActivation } from '../benchmark/measure-activation';
import type * as shopMeasurement from '../benchmark/measure-shop';
import { measureSnapshot, snapshotStatements, snapshotTables, startManyIndexes } from '../benchmark/measure-snapshot';
import { measureTablesTree, startManyTables, tableCount } from '../benchmark/measure-tables-tree';
import { buildForTests } from './environment/bundles';
import { launchChromium } from './environment/chromium';
import { cleanUpDeadRuns } from './environment/ledger';
import { stageProduct } from './environment/packages';
import { makeTemporaryFolder } from './environment/supervision';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, 'shop-scale': { type: 'string', default: '1' } },
});
const runs = Number(values.runs);
const shopScale = Number(values['shop-scale']);
const megabyte = 1024 * 1024;
const bundles = [
  'extension.js',
  'editor-engine.js',
  'cli.js',
  'node-sql-parser.js',
  'libpg-query.wasm',
  'webview/plan.js',
  'webview/plan.css',
];

function row(name: string, figures: number[], unit: string, target = ''): void {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (index: number) => (sorted[index] ?? Number.NaN).toFixed(0);
  const range = sorted.length > 1 ? `${at(0)} to ${at(sorted.length - 1)}` : '';
  console.log(`| ${name} | ${at(Math.floor(sorted.length / 2))} ${unit} | ${range} | ${target} |`);
}

async function repeat<Result>(measure: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let run = 0; run < runs; run += 1) results.push(await measure());
  return results;
}

await cleanUpDeadRuns();
const scratch = await makeTemporaryFolder('benchmark');
const product = await stageProduct();
const vsix = await product.packVsix();

console.log(
  `${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}, ${runs} runs\n`,
);
console.log('| what | median | range | target |\n|---|---|---|---|');
for (const name of bundles) {
  const file = path.join(product.folder, 'dist', name);
  const { size } = await stat(file);
  const packed = gzipSync(await readFile(file)).length;
  const target = { 'extension.js': '< 700 KB each', 'webview/plan.js': '< 150 KB' }[name] ?? '';
  row(`${name} (gzip ${(packed / 1000).toFixed(0)} KB)`, [size / 1000], 'KB', target);
}
row('.vsix', [(await stat(vsix)).size / 1000], 'KB');

const activations = await repeat(() => measureActivation(product.folder, scratch));
row(
  'activation (load and activate)',
  activations.map(({ loadMs, activateMs }) => loadMs + activateMs),
  'ms',
  '< 100 ms',
);
row(
  'of it activate()',
  activations.map(({ activateMs }) => activateMs),
  'ms',
);
row(
  'extension host before a connection',
  activations.map(({ memoryAfterBytes }) => memoryAfterBytes / megabyte),
  'MB',
);

const server = await startManyTables();
const browser = await launchChromium();
const trees = await repeat(() => measureTablesTree(vsix, server, browser, scratch));
await browser.close();
await server.stop();
row(
  `first paint of the tree, ${tableCount} tables`,
  trees.map(({ firstPaintMs }) => firstPaintMs),
  'ms',
  '< 1000 ms',
);
row(
  'the same once more in that window',
  trees.map(({ secondPaintMs }) => secondPaintMs),
  'ms',
  '< 1000 ms',
);
row(
  'expanding the schema',
  trees.map(({ expandMs }) => expandMs),
  'ms',
  '< 1000 ms',
);
row(
  `extension host with ${tableCount} tables`,
  trees.map(({ memoryBytes }) => memoryBytes / megabyte),
  'MB',
);

const indexed = await startManyIndexes();
const snapshots = await repeat(() => measureSnapshot(indexed));
await indexed.stop();
const [first] = snapshots;
row(
  `snapshot of ${snapshotTables} tables, ${first?.indexes ?? 0} indexes, ${snapshotStatements} statements`,
  snapshots.map(({ captureMs }) => captureMs),
  'ms',
);
row(
  `its analysis, ${first?.findings ?? 0} findings`,
  snapshots.map(({ analyzeMs }) => analyzeMs),
  'ms',
);
row(
  'snapshot and analysis',
  snapshots.map(({ captureMs, analyzeMs }) => captureMs + analyzeMs),
  'ms',
  '< 3000 ms',
);
row(
  'memory they take',
  snapshots.map(({ memoryBytes }) => memoryBytes / megabyte),
  'MB',
  '< 150 MB',
);

// beside the parsers' WASM, which its bundle looks for
const shopBundle = await buildForTests('benchmark/measure-shop.ts', path.join(product.folder, 'dist'));
const { measureShop } = (await import(pathToFileURL(shopBundle).href)) as typeof shopMeasurement;
const shop = await measureShop(shopScale, runs);
row(`making the shop at scale ${shopScale}`, [shop.fillMs / 1000], 's');
row('its size on disk', [shop.sizeBytes / megabyte], 'MB');
row('connecting to it, with the facts', shop.connectMs, 'ms');
row('reading its tables', shop.tablesMs, 'ms');
row('EXPLAIN of a report, consent included', shop.explainMs, 'ms');
row('EXPLAIN ANALYZE of it', shop.analyzeMs, 'ms');
row('of it the statement', shop.executionMs, 'ms');
row('finding plan insights', shop.insightsMs, 'ms');
await product.remove();
await scratch.remove();
