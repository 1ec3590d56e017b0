// What esbuild makes of the sources: the product in dist/, the tests in out/test/.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { quietLibpgQuery } from './quiet-libpg-query';
import { sqlText } from './sql-text';

/** The repository's root: scripts/run.mjs makes it the working directory. */
export const root = process.cwd();
const dist = path.join(root, 'dist');
const require = createRequire(path.join(root, 'package.json'));

// pg asks for pg-native only when someone uses pg.native; vscode exists only inside VS Code
const external = ['pg-native', 'vscode', './node-sql-parser.js'];
/** Loaded by the first advice (src/database/what-if/advice-on-demand.ts). */
const lateAdvice = './advice-engine';
/** Loaded by the first plan (src/analysis/plan/plan-on-demand.ts). */
const latePlans = './plan-engine';

const node: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  plugins: [sqlText, quietLibpgQuery],
  logLevel: 'warning',
  sourcemap: 'linked',
  external,
};

/** What the parsers look for beside the bundle they are in: the WASM, and the fallback as a bundle of its own. */
async function buildParsers(folder: string): Promise<void> {
  await Promise.all([
    build({
      ...node,
      minify: true,
      external: [],
      sourcemap: false,
      entryPoints: [require.resolve('node-sql-parser/build/postgresql.js')],
      outfile: path.join(folder, 'node-sql-parser.js'),
    }),
    copyFile(require.resolve('libpg-query/wasm/libpg-query.wasm'), path.join(folder, 'libpg-query.wasm')),
  ]);
}

/** Builds the browser side of the webviews, with the icons' font. */
export async function buildWebview(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    build({
      absWorkingDir: root,
      bundle: true,
      platform: 'browser',
      target: 'es2022',
      format: 'esm',
      minify: true,
      logLevel: 'warning',
      tsconfig: 'src/webviews/app/tsconfig.json',
      entryPoints: ['plan', 'compare', 'report', 'workload'].map((name) => `src/webviews/app/${name}.ts`),
      outdir: folder,
      loader: { '.ttf': 'file' },
    }),
    ...['codicon.css', 'codicon.ttf'].map((file) =>
      copyFile(require.resolve(`@vscode/codicons/dist/${file}`), path.join(folder, file)),
    ),
  ]);
}

/** Builds extension, terminal, lazy fallback parser, webview and WASM into a folder. */
export async function buildProduct(folder = dist): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // of bundles that load one another: require() finds the file without its ending
  const product: BuildOptions = { ...node, minify: true, supported: { 'dynamic-import': false } };
  await Promise.all([
    // VS Code reads the whole of a bundle before it activates the extension: the engine is one of its own
    build({
      ...product,
      external: [...external, './editor-engine'],
      entryPoints: ['src/extension.ts'],
      outfile: path.join(folder, 'extension.js'),
    }),
    build({
      ...product,
      external: [...external, lateAdvice, latePlans],
      entryPoints: ['src/editor-engine.ts'],
      outfile: path.join(folder, 'editor-engine.js'),
    }),
    build({
      ...product,
      entryPoints: ['src/database/what-if/advice-engine.ts'],
      outfile: path.join(folder, 'advice-engine.js'),
    }),
    build({
      ...product,
      entryPoints: ['src/analysis/plan/plan-engine.ts'],
      outfile: path.join(folder, 'plan-engine.js'),
    }),
    build({
      ...product,
      external: [...external, lateAdvice, latePlans],
      entryPoints: ['src/cli.ts'],
      outfile: path.join(folder, 'cli.js'),
      banner: { js: '#!/usr/bin/env node' },
    }),
    buildWebview(path.join(folder, 'webview')),
    buildParsers(folder),
  ]);
}

/** Bundles one file of code that runs in the extension host or in mocha; returns the bundle's path. */
export async function buildForTests(entry: string, folder: string): Promise<string> {
  const outfile = path.join(folder, `${path.basename(entry, '.ts')}.js`);
  await build({ ...node, entryPoints: [entry], outfile, external: [...external, 'mocha'], sourcemap: 'inline' });
  return outfile;
}

/** The suite that runs a tier's tests inside VS Code. */
export const buildExtensionSuite = (folder: string): Promise<string> =>
  buildForTests('scripts/environment/extension-suite.ts', folder);

/** Bundled tests: one file for each *.test.ts. */
export interface TestBundles {
  /** To be removed by whoever ran them. */
  folder: string;
  files: string[];
}

/** Paths below the tier's folder. */
export async function listTests(tier: string): Promise<string[]> {
  const names = await readdir(path.join(root, 'test', tier), { recursive: true });
  return names.filter((name) => name.endsWith('.test.ts')).sort();
}

/**
 * Bundles a tier's *.test.ts (those whose path contains `only`, when given) into a folder of this process alone, so that
 * two runs at once do not overwrite each other's.
 */
export async function buildTests(tier: string, only = ''): Promise<TestBundles> {
  const source = path.join(root, 'test', tier);
  const folder = path.join(root, 'out', 'test', `${tier}-${process.pid}`);
  const all = await listTests(tier);
  // a whole name means that file, although others may end with it
  const names = all.includes(only) ? [only] : all.filter((name) => name.includes(only));
  if (names.length === 0) return { folder, files: [] };
  await build({
    ...node,
    entryPoints: names.map((name) => path.join(source, name)),
    outdir: folder,
    outbase: source,
    external: ['vscode', 'pg-native', 'mocha', 'playwright-core', 'esbuild', './node-sql-parser.js'],
    sourcemap: 'inline',
  });
  const files = names.map((name) => path.join(folder, name.replace(/\.ts$/, '.js')));
  await Promise.all([...new Set(files.map((file) => path.dirname(file)))].map(buildParsers));
  return { folder, files };
}
