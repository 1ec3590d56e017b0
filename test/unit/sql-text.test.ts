import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { shortenSql } from '../../scripts/environment/sql-text';
import { lexSql } from '../../src/analysis/sql/lex-sql';

const tokensOf = (sql: string) =>
  [...lexSql(sql)].filter(({ kind }) => kind !== 'comment').map(({ start, end }) => sql.slice(start, end));

describe('SQL in the bundles', () => {
  it('keeps every token of every query, and no comment', async () => {
    const folder = path.resolve('src', 'database', 'queries');
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.sql'));
    assert.ok(names.length > 30);
    for (const name of names) {
      const sql = await readFile(path.join(folder, name), 'utf8');
      const short = shortenSql(sql);
      assert.deepEqual(tokensOf(short), tokensOf(sql), name);
      assert.ok(![...lexSql(short)].some(({ kind }) => kind === 'comment'), name);
    }
  });

  it('leaves literals and names alone, and lets a comment part two words', () => {
    assert.equal(
      shortenSql(`select/* a */'--  no'   as "a  -- b" -- end\nfrom  t`),
      `select '--  no' as "a  -- b" from t`,
    );
  });
});
