// What esbuild makes of the sources: the product in dist/, the tests in out/test/.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';

/** The repository's root: scripts/run.mjs makes it the working directory. */
export const root = process.cwd();
const dist = path.join(root, 'dist');
const require = createRequire(path.join(root, 'package.json'));

const node: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  loader: { '.sql': 'text' },
  logLevel: 'warning',
  sourcemap: 'linked',
  // pg asks for it only when someone uses pg.native; vscode exists only inside VS Code
  external: ['pg-native', 'vscode', './node-sql-parser.js'],
};

/** Builds dist/: extension, terminal, lazy fallback parser, webview, WASM. */
export async function buildProduct(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(path.join(dist, 'webview'), { recursive: true });
  const product: BuildOptions = { ...node, minify: true };
  await Promise.all([
    build({ ...product, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js' }),
    build({
      ...product,
      entryPoints: ['src/cli.ts'],
      outfile: 'dist/cli.js',
      banner: { js: '#!/usr/bin/env node' },
    }),
    build({
      ...product,
      external: [],
      sourcemap: false,
      entryPoints: [require.resolve('node-sql-parser/build/postgresql.js')],
      outfile: 'dist/node-sql-parser.js',
    }),
    build({
      absWorkingDir: root,
      bundle: true,
      platform: 'browser',
      target: 'es2022',
      format: 'esm',
      minify: true,
      logLevel: 'warning',
      tsconfig: 'src/webviews/app/tsconfig.json',
      entryPoints: ['src/webviews/app/plan.ts'],
      outdir: 'dist/webview',
      loader: { '.ttf': 'file' },
    }),
    copyFile(require.resolve('libpg-query/wasm/libpg-query.wasm'), path.join(dist, 'libpg-query.wasm')),
    ...['codicon.css', 'codicon.ttf'].map((file) =>
      copyFile(require.resolve(`@vscode/codicons/dist/${file}`), path.join(dist, 'webview', file)),
    ),
  ]);
}

/** Bundles every *.test.ts of a tier into out/test/<tier>/, one file each, and returns their paths. */
export async function buildTests(tier: string): Promise<string[]> {
  const folder = path.join(root, 'test', tier);
  const outdir = path.join(root, 'out', 'test', tier);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.test.ts')).sort();
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...node,
    entryPoints: names.map((name) => path.join(folder, name)),
    outdir,
    outbase: folder,
    external: ['vscode', 'pg-native', 'mocha', 'playwright-core', 'esbuild', './node-sql-parser.js'],
    sourcemap: 'inline',
  });
  await copyFile(require.resolve('libpg-query/wasm/libpg-query.wasm'), path.join(outdir, 'libpg-query.wasm'));
  return names.map((name) => path.join(outdir, name.replace(/\.ts$/, '.js')));
}
