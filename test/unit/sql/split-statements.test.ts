import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lexSql } from '../../../src/analysis/sql/lex-sql';
import { loadLibpgQueryParser } from '../../../src/analysis/sql/libpg-query-parser';
import { findStatementAt, splitStatements } from '../../../src/analysis/sql/split-statements';

const texts = (text: string, accepts?: (statement: string) => boolean) =>
  splitStatements(text, accepts).map(({ start, end }) => text.slice(start, end));

describe('splitStatements', () => {
  const cases: [name: string, text: string, expected: string[]][] = [
    ['two statements', 'select 1; select 2;', ['select 1', 'select 2']],
    ['no terminator', '\n select 1 \n', ['select 1']],
    ['comments around', '-- a; b\nselect 1 /* ; */ ; -- c\n', ['select 1']],
    ['nested comments', '/* a /* ; */ ; */ select 1', ['select 1']],
    ['empty statements', ';;; select 1;;', ['select 1']],
    ['a string', "select ';', 'it''s; '; select 2", ["select ';', 'it''s; '", 'select 2']],
    ['an escape string', "select E'\\';'; select 2", ["select E'\\';'", 'select 2']],
    ['a backslash in a plain string', "select '\\'; select 2", ["select '\\'", 'select 2']],
    ['a quoted name', 'select ";"";"; select 2', ['select ";"";"', 'select 2']],
    ['dollar quotes', 'do $$ begin; end $$; select $a$ ; $$ ; $a$', ['do $$ begin; end $$', 'select $a$ ; $$ ; $a$']],
    ['parameters and names with dollars', 'select $1, a$b$c; select 2', ['select $1, a$b$c', 'select 2']],
    ['psql commands', '\\timing on\nselect 1;\n\\d x;y\nselect 2 \\gx\nselect 3', ['select 1', 'select 2', 'select 3']],
    ['copy data', 'copy t from stdin;\n1;\tselect\n\\.\nselect 2;', ['copy t from stdin', 'select 2']],
    ['copy data, CRLF', "copy t (a) from stdin;\r\n1;'\r\n\\.\r\nselect 2;", ['copy t (a) from stdin', 'select 2']],
    [
      'a body of SQL',
      'create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3',
      ['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'select 3'],
    ],
    [
      'a rule of several actions',
      'create rule r as on insert to t do also (\n insert into a values (1);\n insert into b values (2));\nselect 1',
      ['create rule r as on insert to t do also (\n insert into a values (1);\n insert into b values (2))', 'select 1'],
    ],
    ['a template hole', 'select ${a ? `;` : b}; select 2', ['select ${a ? `;` : b}', 'select 2']],
    ['an unclosed parenthesis', 'select (1;\nselect 2;\nselect 3', ['select (1', 'select 2', 'select 3']],
    ['emoji', "select '😀;'; select 2", ["select '😀;'", 'select 2']],
    ['an unclosed string', "select 'a; select 2", ["select 'a; select 2"]],
  ];
  for (const [name, text, expected] of cases) {
    it(`finds the statements: ${name}`, () => {
      assert.deepEqual(texts(text), expected);
    });
  }

  it('finds the healthy statements behind an unclosed quote when it may ask a parser', async () => {
    const parser = await loadLibpgQueryParser();
    const accepts = (sql: string) => parser.parse(sql).confidence === 'full';
    const text = "select 1;\nselect 'oops;\nselect 2;\nselect 'a';\nselect 3;";
    assert.deepEqual(texts(text, accepts), ['select 1', "select 'oops", 'select 2', "select 'a'", 'select 3']);
  });

  it('loses nothing and overlaps nothing, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '$$',
        '$a$',
        ';',
        '(',
        ')',
        '--',
        '/*',
        '*/',
        '\n',
        '\r\n',
        ' ',
        '\\',
        '\\.',
        '\\g',
        'select ',
        'copy t from stdin',
        'begin atomic ',
        'end ',
        'case ',
        "E'",
        '😀',
        '${',
        '}',
        '$1',
        '?',
        ':',
        'create rule ',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, resync) => {
        const text = pieces.join('');
        const ranges = splitStatements(text, resync ? () => false : undefined);
        let last = 0;
        for (const range of ranges) {
          assert.ok(last <= range.leadingStart && range.leadingStart <= range.start && range.start < range.end);
          assert.ok(range.end <= range.terminatedEnd && range.terminatedEnd <= text.length);
          assert.match(text.slice(range.start, range.end), /^\S(?:[^]*\S)?$/);
          last = range.terminatedEnd;
        }
        if (resync || text.includes('stdin')) return;
        // what is in no statement is white space, comments, semicolons and psql commands
        const gaps = [...ranges, { start: text.length, end: text.length }].map(({ start }, index) =>
          text.slice(ranges[index - 1]?.end ?? 0, start),
        );
        for (const gap of gaps) {
          for (const token of lexSql(gap)) {
            const what = gap.slice(token.start, token.end);
            assert.ok(what === ';' || token.kind === 'comment' || token.kind === 'psql', `lost ${what}`);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('findStatementAt', () => {
  const text = '-- first\nselect 1; select 2;  -- done\n\n\n/* third\n */\nselect\n  3;\n';
  const at = (marker: string, delta = 0) => {
    const range = findStatementAt(text, text.indexOf(marker) + delta);
    return range === null ? null : text.slice(range.start, range.end);
  };
  it('takes the statement around the cursor', () => {
    assert.equal(at('lect 1'), 'select 1');
    assert.equal(at('select 2'), 'select 2');
    assert.equal(at('  3'), 'select\n  3');
  });
  it('takes the one that ended before the cursor on the same line', () => {
    assert.equal(at(';', 1), 'select 1');
    assert.equal(at('done'), 'select 2');
  });
  it('takes the one below when the cursor is in its comment', () => {
    assert.equal(at('first'), 'select 1');
    assert.equal(at('third'), 'select\n  3');
  });
  it('takes none between statements and in an empty text', () => {
    assert.equal(at('\n\n\n', 2), null);
    assert.equal(findStatementAt('', 0), null);
  });
});
