// Bundles .sql files as texts without comments and indentation: they are a sixth of the product, and every query travels
// to the server as it stands in the bundle. Literals and quoted names stay as they are.
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { lexSql } from '../../src/analysis/sql/lex-sql';

export function shortenSql(sql: string): string {
  let text = '';
  let end = 0;
  for (const token of lexSql(sql)) {
    if (token.kind === 'comment') continue;
    // what parted two tokens, a comment too, still parts them
    if (text !== '' && token.start > end) text += ' ';
    text += sql.slice(token.start, token.end);
    end = token.end;
  }
  return text;
}

export const sqlText: Plugin = {
  name: 'sql-text',
  setup(build) {
    build.onLoad({ filter: /\.sql$/ }, async ({ path }) => ({
      contents: shortenSql(await readFile(path, 'utf8')),
      loader: 'text',
    }));
  },
};
