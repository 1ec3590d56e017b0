// libpg-query's WASM module writes to stderr what it throws as well when its file can't be loaded, and reads its option
// against that only afterwards. Whoever loads it says it in words of their own (docs/decisions/0003-libpg-query.md).
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const toStderr = 'var err=console.error.bind(console)';

export const quietLibpgQuery: Plugin = {
  name: 'quiet-libpg-query',
  setup(build) {
    build.onLoad({ filter: /libpg-query[\\/]wasm[\\/]libpg-query\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(toStderr)) throw new Error(`${path} no longer has "${toStderr}".`);
      return { contents: source.replace(toStderr, 'var err=()=>{}'), loader: 'js' };
    });
  },
};
