// Starts one of the project's scripts from a fresh clone: `node scripts/run.mjs <task> [arguments]` runs scripts/<task>.ts.
// This file may use Node's own modules only: it is what installs the others. Scripts are TypeScript, so it bundles the
// chosen one with esbuild and imports the result.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const parent = process.ppid;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const [task = '', ...args] = process.argv.slice(2);
const entry = path.join(root, 'scripts', `${task}.ts`);

function fail(message) {
  console.error(message);
  process.exit(2);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  fail(`PG Insight needs Node 20.12 or newer; this is ${process.versions.node}.`);
}
if (!/^[a-z-]+$/.test(task) || !existsSync(entry)) fail(`No script "${task}": expected a name from scripts/*.ts.`);

/** npm ci, when package-lock.json is not the one that node_modules was installed from. */
function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = path.join(root, 'node_modules', '.pg-insight-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing dependencies (npm ci) ...');
  const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) fail('npm ci failed: see above. PG Insight needs the npm registry for its first start.');
  writeFileSync(stamp, lock);
}

installDependencies();
const { build } = await import('esbuild');
const outfile = path.join(root, 'out', 'scripts', `${task}.mjs`);
// written under a name of this process, then renamed: two runs at once never read half a file
const partial = outfile.replace(/mjs$/, `${process.pid}.mjs`);
await build({
  entryPoints: [entry],
  outfile: partial,
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  loader: { '.sql': 'text' },
  sourcemap: 'inline',
  logLevel: 'warning',
});
renameSync(partial, outfile);
// npm was ended during npm ci; from here on the script sees to that (environment/supervision.ts)
if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) process.exit(143);
process.argv = [process.execPath, outfile, ...args];
process.chdir(root);
process.setSourceMapsEnabled(true);
await import(pathToFileURL(outfile).href);
