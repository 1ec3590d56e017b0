// libpg-query hands no options to its WASM module, which then writes to stderr what it throws as well when its file can't
// be loaded. Whoever loads it says that in words of their own (docs/decisions/0003-libpg-query.md).
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const plainCall = 'PgQueryModule()';

export const quietLibpgQuery: Plugin = {
  name: 'quiet-libpg-query',
  setup(build) {
    build.onLoad({ filter: /libpg-query[\\/]wasm[\\/]index\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(plainCall)) throw new Error(`${path} no longer calls ${plainCall}.`);
      return { contents: source.replace(plainCall, 'PgQueryModule({ printErr() {} })'), loader: 'js' };
    });
  },
};
