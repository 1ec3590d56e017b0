import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { looksLikePlan } from '../../../src/analysis/plan/looks-like-plan';

describe('what looks like a plan', () => {
  it('is every recorded one, in text and in JSON', () => {
    const root = path.resolve('test', 'golden', 'plans');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(?:txt|json)$/.test(name),
    );
    assert.ok(files.length > 100);
    for (const file of files) {
      const text = readFileSync(path.join(root, file), 'utf8');
      assert.ok(looksLikePlan(text), file);
      // the text as EXPLAIN itself prints it, and with psql's indentation
      const plain = text.replace(/^duration: .*\n(?:Query Text: .*\n)?/, '');
      if (/^\w[^\n]*\(cost=/.test(plain)) assert.ok(looksLikePlan(plain.replaceAll(/^/gm, ' ')), file);
    }
  });

  it('is not what quotes one', () => {
    for (const text of [
      '',
      'SELECT 1;\n-- Seq Scan on orders  (cost=0.00..18.10 rows=810 width=68)\n',
      "const plan = 'Seq Scan on orders  (cost=0.00..18.10 rows=810 width=68)';\n",
      '{ "name": "Plan", "version": "1.0" }',
      'The query plan of a statement is a tree.\n',
      'Plan:\n  - buy milk\n',
    ]) {
      assert.ok(!looksLikePlan(text), text);
    }
  });

  it('is told from its beginning alone, also where that is made of blank lines', () => {
    const began = process.cpuUsage();
    assert.ok(!looksLikePlan(`${'\n'.repeat(20_000)}QUERY PLAN`));
    assert.ok(!looksLikePlan('A (cost '.repeat(20_000)));
    assert.ok(!looksLikePlan('"Plan":'.repeat(20_000)));
    // CPU time: others may keep the machine busy
    assert.ok(process.cpuUsage(began).user < 5_000_000);
  });
});
