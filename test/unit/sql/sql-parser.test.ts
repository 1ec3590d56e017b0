import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { loadFallbackParser } from '../../../src/analysis/sql/fallback-parser';
import { loadLibpgQueryParser } from '../../../src/analysis/sql/libpg-query-parser';
import { chooseSqlParser, loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';
import { splitStatements } from '../../../src/analysis/sql/split-statements';
import { readStatement } from '../../../src/analysis/sql/statement-facts';
import { readDemoStatements } from '../../factories/demo-statements';

describe('the libpg-query parser', () => {
  let parser: SqlParser;
  before(async () => {
    parser = await loadLibpgQueryParser();
  });

  const errors: [name: string, sql: string, message: RegExp, offset: number | null][] = [
    ['a syntax error', 'select 1 frm', /^syntax error/, null],
    ['one behind emoji, CRLF and tabs', "select '😀é',\r\n\tfrom from", /^syntax error at or near "from"/, 16],
    ['an empty text', '', /empty/, null],
    ['white space', ' \n', /empty/, null],
    ['a NUL', 'select 1 \0; drop table t', /NUL/, 9],
    ['20,000 parentheses', `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, /./, null],
    ['an unclosed string', "select 'a", /unterminated quoted string/, 7],
  ];
  for (const [name, sql, message, offset] of errors) {
    it(`answers ${name} with an error and goes on working`, () => {
      const parse = parser.parse(sql);
      assert.ok(parse.confidence === 'none' || name === 'a syntax error');
      if (parse.confidence === 'none') {
        assert.match(parse.error.message, message);
        if (offset !== null) assert.equal(parse.error.offset, offset);
      }
      assert.equal(parser.parse('select 1').confidence, 'full');
    });
  }

  it('maps the byte offsets of the tree to UTF-16', () => {
    const sql = "select '😀é', \r\n price from t";
    const parse = parser.parse(sql);
    assert.ok(parse.confidence === 'full');
    const bytes = Buffer.from(sql).indexOf('price');
    assert.equal(parse.toOffset(bytes), sql.indexOf('price'));
    assert.equal(parse.toOffset(0), 0);
    assert.equal(parse.toOffset(Buffer.byteLength(sql)), sql.length);
  });

  it('takes expressions as deep as generated SQL has them', () => {
    const sql = `select ${Array.from({ length: 3000 }, (_, index) => String(index)).join(' + ')}`;
    const reading = readStatement(parser, sql);
    assert.ok(reading.understood);
    assert.equal(reading.facts.kind, 'select');
  });
});

describe('loadSqlParser', () => {
  it('takes PostgreSQL’s own grammar, once', async () => {
    const first = await loadSqlParser();
    assert.equal(first.parser.name, 'libpg-query');
    assert.equal(first.fallbackReason, null);
    assert.equal((await loadSqlParser()).parser, first.parser);
  });

  it('falls back and says why', async () => {
    const chosen = await chooseSqlParser(() => Promise.reject(new Error('no WebAssembly here')), loadFallbackParser);
    assert.equal(chosen.parser.name, 'node-sql-parser');
    assert.match(chosen.fallbackReason ?? '', /no WebAssembly here\.$/);
    assert.deepEqual(chosen.parser.parse('select a from s.t join u on u.id = t.id'), {
      confidence: 'low',
      relations: [
        { schema: 's', name: 't' },
        { schema: null, name: 'u' },
      ],
    });
  });

  it('leaves errors to the server where the fallback can’t read a statement', async () => {
    const fallback = await loadFallbackParser();
    const unread = ['selec', 'select 1 from t where id = 1::int for update', 'select a from t group by cube (a']
      .map((sql) => readStatement(fallback, sql))
      .filter((reading) => reading.understood || reading.why !== 'low-confidence');
    assert.deepEqual(unread, []);
  });
});

/**
 * What the fallback accepts and gets wrong: FROM ONLY t is a table "only" with an alias for it. In a function's body it
 * finds the tables that the body, a string to PostgreSQL's grammar, names: those are left out.
 */
const misread = /\bonly\b|^create (?:or replace )?(?:function|procedure)\b/i;

function relationNames(parser: SqlParser, sql: string): string[] {
  const reading = readStatement(parser, sql);
  return reading.understood ? reading.facts.relations.map(({ name }) => name) : [];
}

describe('both parsers', () => {
  const everyday = [
    'select id, name from shop.products where price > 10 order by name limit 5',
    'select p.*, c.name from products p left join categories c on c.id = p.category_id',
    'with recent as (select * from orders where placed_at > now()) select count(*) from recent',
    'select * from (select id from orders) o',
    'insert into t (a, b) values (1, 2) returning id',
    'update t set a = 1 where id = $1',
    'delete from t where id in (select id from u)',
    'select a from t union all select b from u',
    'select * from "Cased" where "camelCase" = 1',
    'select exists (select 1 from orders where id = $1)',
    'select sum(x) over (partition by y) from t',
    "select data->>'a' from events where data @> '{}'",
    'select a from t where b between 1 and 2 and c like $1',
    'select * from t for update',
    'merge into t using u on t.id = u.id when matched then delete',
    'select $1::uuid',
    'values (1)',
    'select * from a cross join b',
    'select * from a natural join b',
    'select * from t, lateral (select * from u where u.id = t.id) x',
  ];

  it('agree: the fallback names no relation that PostgreSQL’s grammar does not', async () => {
    const full = await loadLibpgQueryParser();
    const fallback = await loadFallbackParser();
    const corpus = [...everyday, ...(await readDemoStatements()).map((each) => each.numbered)];
    const folder = 'test/factories/shop-database';
    for (const file of await readdir(folder)) {
      const text = await readFile(path.join(folder, file), 'utf8');
      corpus.push(...splitStatements(text).map(({ start, end }) => text.slice(start, end)));
    }
    let compared = 0;
    for (const sql of corpus) {
      const low = fallback.parse(sql);
      if (low.confidence !== 'low' || full.parse(sql).confidence !== 'full') continue;
      compared += 1;
      const known = relationNames(full, sql);
      for (const { name } of low.relations) {
        assert.ok(known.includes(name) || misread.test(sql), `the fallback finds ${name} in ${sql}`);
      }
    }
    assert.ok(compared >= 40, `only ${compared} statements were compared`);
  });

  it('disagree where the fallback is known to misread', async () => {
    const sql = 'select * from only t';
    const low = (await loadFallbackParser()).parse(sql);
    assert.ok(low.confidence === 'low');
    // when this fails the library has learned the form, and the exception can go
    assert.deepEqual(low.relations, [{ schema: null, name: 'only' }]);
    assert.deepEqual(relationNames(await loadLibpgQueryParser(), sql), ['t']);
  });
});
