import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findPlaceholders, numberPlaceholders } from '../../../src/analysis/sql/placeholders';
import { stripExplain } from '../../../src/analysis/sql/strip-explain';

describe('numberPlaceholders', () => {
  const cases: [sql: string, numbered: string, names: string[]][] = [
    ['select * from t where a = $1 and b = $2', 'select * from t where a = $1 and b = $2', ['$1', '$2']],
    ['select $2, $1, $2', 'select $2, $1, $2', ['$1', '$2']],
    ['select $3', 'select $1', ['$3']],
    [
      'a = :name and b::text = :other and c[1:2] is not null',
      'a = $1 and b::text = $2 and c[1:2] is not null',
      ['name', 'other'],
    ],
    ['a = :x or b = :x', 'a = $1 or b = $1', ['x']],
    ['c[lo:hi], c[:hi], array[:a, :b]', 'c[lo:hi], c[:hi], array[$1, $2]', ['a', 'b']],
    ['f(a := 1, b => :v)', 'f(a := 1, b => $1)', ['v']],
    ["a = :'name'", 'a = $1', ['name']],
    ['a = @name and b @> c and d @@ e', 'a = $1 and b @> c and d @@ e', ['name']],
    ['a=@name', 'a=$1', ['name']],
    ["a = %s and b like 'x%%' and c like '%s'", "a = $1 and b like 'x%%' and c like '%s'", ['?1']],
    ['a = %(user_id)s and b = %(user_id)s', 'a = $1 and b = $1', ['user_id']],
    ['a % size, b %s', 'a % size, b $1', ['?1']],
    ['a = ? and b in (?, ?) limit ?', 'a = $1 and b in ($2, $3) limit $4', ['?1', '?2', '?3', '?4']],
    ['a=?', 'a=$1', ['?1']],
    ["data ? 'key' and data ?| array[?] and d ?& e", "data ? 'key' and data ?| array[$1] and d ?& e", ['?1']],
    ['data ? ?', 'data ? $1', ['?1']],
    ["d @? '$.a' and x = ?", "d @? '$.a' and x = $1", ['?1']],
    ['?::int + t.limit ? ?', '$1::int + t.limit ? $2', ['?1', '?2']],
    ["?||'%'", "$1||'%'", ['?1']],
    ['a = ${user.id} limit ${n}', 'a = $1 limit $2', ['user.id', 'n']],
    ['a = ${f({ b: 1 })}', 'a = $1', ['f({ b: 1 })']],
    ['a = {x} and b = {x}', 'a = $1 and b = $1', ['x']],
    ['a = $sequelize_1', 'a = $1', ['sequelize_1']],
    [
      'select $$ :a ? $$, $t$ %s $t$, \':b\', ":c" -- :d ?\n /* :e */',
      'select $$ :a ? $$, $t$ %s $t$, \':b\', ":c" -- :d ?\n /* :e */',
      [],
    ],
    ['now() - interval $1', 'now() - $1::interval', ['$1']],
    ['now() - INTERVAL ? and date :d', 'now() - $1::INTERVAL and $2::date', ['?1', 'd']],
    ["interval '1 day'", "interval '1 day'", []],
    ['$2 = :a', '$1 = $2', ['$2', 'a']],
    ['a = 1?b', 'a = 1?b', []],
  ];
  for (const [sql, numbered, names] of cases) {
    it(`numbers ${sql}`, () => {
      const result = numberPlaceholders(sql);
      assert.equal(result.sql, numbered);
      assert.deepEqual(
        result.parameters.map(({ name }) => name),
        names,
      );
    });
  }

  it('maps offsets back through emoji, CRLF, names and moved types', () => {
    const sql = "select '😀',\r\n\t:long_name + interval :x, bad";
    const result = numberPlaceholders(sql);
    assert.equal(result.sql, "select '😀',\r\n\t$1 + $2::interval, bad");
    assert.equal(result.toOriginalOffset(result.sql.indexOf('bad')), sql.indexOf('bad'));
    assert.equal(result.toOriginalOffset(result.sql.indexOf('$1')), sql.indexOf(':long_name'));
    assert.equal(result.toOriginalOffset(result.sql.indexOf('+')), sql.indexOf('+'));
    assert.equal(result.toOriginalOffset(result.sql.indexOf('::interval')), sql.indexOf('interval'));
    assert.equal(result.toOriginalOffset(0), 0);
    assert.equal(result.toOriginalOffset(result.sql.length), sql.length);
  });

  it('maps every offset outside a placeholder to the same text, and never backwards', () => {
    const piece = fc.constantFrom(
      'a',
      ' ',
      '=',
      '(',
      ')',
      ',',
      ':n',
      '?',
      '%s',
      '%(m)s',
      '@q',
      '${h}',
      '{z}',
      '$1',
      '$2',
      "'😀:x'",
      '::',
      'interval ',
      '[',
      ']',
      '\r\n',
      '-- ?\n',
      'é',
      '+',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const sql = pieces.join('');
        const { sql: numbered, parameters, toOriginalOffset } = numberPlaceholders(sql);
        parameters.forEach(({ index }, position) => {
          assert.equal(index, position + 1);
        });
        const ranges = parameters.flatMap((each) => each.ranges).sort((a, b) => a.start - b.start);
        assert.deepEqual(ranges, findPlaceholders(sql));
        ranges.forEach((range, index) => {
          assert.ok(range.start < range.end && (ranges[index - 1]?.end ?? 0) <= range.start);
        });
        let last = 0;
        for (let offset = 0; offset <= numbered.length; offset += 1) {
          const original = toOriginalOffset(offset);
          assert.ok(original >= last && original <= sql.length);
          last = original;
        }
        assert.equal(toOriginalOffset(numbered.length), sql.length);
        if (parameters.length === 0) assert.equal(numbered, sql);
      }),
      { numRuns: 500 },
    );
  });
});

describe('stripExplain', () => {
  const cases: [text: string, sql: string, options: [string, string][] | null, analyze: boolean][] = [
    ['select 1', 'select 1', null, false],
    ['explain select 1', 'select 1', [], false],
    [
      'EXPLAIN ANALYZE VERBOSE select 1',
      'select 1',
      [
        ['analyze', 'true'],
        ['verbose', 'true'],
      ],
      true,
    ],
    [
      'explain (analyze, buffers off, format json) select 1',
      'select 1',
      [
        ['analyze', 'true'],
        ['buffers', 'off'],
        ['format', 'json'],
      ],
      true,
    ],
    ['explain (analyze false) select 1', 'select 1', [['analyze', 'false']], false],
    ['/* a */ explain (select 1)', '(select 1)', [], false],
    [
      '-- c\nexplain analyze (with x as (select 1) select * from x)',
      '(with x as (select 1) select * from x)',
      [['analyze', 'true']],
      true,
    ],
    ['explain ((select 1))', '((select 1))', [], false],
    ['explanation', 'explanation', null, false],
  ];
  for (const [text, sql, options, analyze] of cases) {
    it(`reads ${text}`, () => {
      const stripped = stripExplain(text);
      assert.equal(stripped.sql, sql);
      assert.equal(text.slice(stripped.start), sql);
      assert.deepEqual(stripped.explain?.options ?? null, options);
      assert.equal(stripped.explain?.analyze ?? false, analyze);
    });
  }
});
