import assert from 'node:assert/strict';
import { findEmbeddedSql, findEmbeddedStatements, isStatement } from '../../../src/analysis/sql/embedded-sql';
import { loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';

function embedded(text: string, languageId = 'typescript'): string {
  const { start, end } = findEmbeddedSql(text, languageId);
  return text.slice(start, end);
}

describe('SQL in a selection of a program', () => {
  const query = '\n  SELECT id\n  FROM orders\n  LIMIT $1\n';

  for (const [name, text, languageId] of [
    ['a template with its call', `const rows = await db.query(\`${query}\`, [limit]);`, 'typescript'],
    ['a tagged template with a hole', `return sql\`${query}\`;`, 'typescript'],
    ['a Python string', `cur.execute("""${query}""", (limit,))`, 'python'],
    ['a Python string in a with block', `with pool.connect() as c:\n  c.execute('''${query}''', ['a'])`, 'python'],
    ['a raw Python string', `q = r"""${query}"""\n`, 'python'],
    ['a Go string', `rows, err := db.Query(ctx, \`${query}\`, limit)`, 'go'],
    ['the lines up to the end of a template', `${query}\`, [limit]);\n`, 'typescript'],
    ['the lines up to the end of a Go string', `${query}\`, limit)\n`, 'go'],
    ['the lines up to the end of a Python string', `${query}""", ("a", limit))\n`, 'python'],
    ['the lines up to the end of a Python string of apostrophes', `${query}''', ['a'])`, 'python'],
    ['the lines from the beginning of a template', `const q = \`${query}`, 'typescript'],
    ['no quotes at all', query, 'typescript'],
  ] as const) {
    it(`of ${name}`, () => {
      assert.equal(embedded(text, languageId), query);
    });
  }

  it('of strings of one line', () => {
    assert.equal(embedded(`q := "SELECT 1"`, 'go'), 'SELECT 1');
    assert.equal(embedded(`select = 'DELETE FROM t WHERE a = $1';`), 'DELETE FROM t WHERE a = $1');
    assert.equal(embedded(`SELECT 1", "x")`, 'go'), 'SELECT 1');
    assert.equal(embedded(`SELECT a = 'x' FROM t", ['y'])`), `SELECT a = 'x' FROM t`);
    assert.equal(embedded(`SELECT \\"Id\\" FROM t", 1)`, 'go'), `SELECT \\"Id\\" FROM t`);
    assert.equal(embedded(`run("SELECT \\"Id\\" FROM t", 1)`, 'go'), `SELECT \\"Id\\" FROM t`);
    assert.equal(embedded(`"CREATE TABLE t AS TABLE u"`), 'CREATE TABLE t AS TABLE u');
    assert.equal(embedded('a(`WITH x AS (SELECT ${f(`b`)} c) TABLE x`)'), 'WITH x AS (SELECT ${f(`b`)} c) TABLE x');
  });

  for (const sql of [
    `SELECT "id", 'a', ',' FROM "orders"`,
    `SELECT * FROM orders WHERE status = 'select 1'`,
    `SELECT string_agg(a, ', ') FROM t WHERE b = ''`,
    `SELECT ''', b'`,
    `SELECT """a", "b"" " FROM t`,
    `"status" = 'paid' AND note = 'x'`,
    `'a' || 'b'`,
    `-- don't\nSELECT 1 AS "a"`,
    `WITH x AS (VALUES ('select 1')) TABLE "x"`,
  ]) {
    it(`which is all of ${sql.replaceAll('\n', ' ')}`, () => {
      assert.equal(embedded(sql), sql);
    });
  }

  it('which goes on in another string is left as it is, not cut in half', () => {
    for (const text of [
      `q = "SELECT * FROM orders " +\n  "WHERE id = 1"`,
      `q = ("SELECT * FROM orders "\n  "WHERE id = 1")`,
      `"SELECT * FROM " + table`,
    ]) {
      assert.equal(embedded(text), text);
    }
  });

  it('is told from code by the grammar, but for what begins like a statement', async () => {
    const { parser } = await loadSqlParser();
    const are = (texts: string[]) => texts.map((text) => isStatement(text, parser));
    const statements = [
      'SELECT 1',
      'SELECT id FORM orders WHERE id = = 1',
      '-- newest\nWITH a AS (SELECT 1) TABLE a',
      'CREATE TABLE t AS SELECT :value',
      'EXPLAIN (ANALYZE) EXECUTE newest',
      'REFRESH MATERIALIZED VIEW sales',
    ];
    assert.deepEqual(
      are(statements),
      statements.map(() => true),
    );
    const code = [
      'const a = 1',
      'console.log(a)',
      "import { x } from 'y'",
      'export const rate = a / 2',
      '}',
      'select = 5',
    ];
    assert.deepEqual(
      are(code),
      code.map(() => false),
    );
  });
});

describe('SQL in a whole program', () => {
  const find = (text: string, languageId: string) => {
    const { found, joined } = findEmbeddedStatements(text, languageId);
    return { texts: found.map(({ start, end }) => text.slice(start, end)), joined };
  };

  it('is every string that begins like a statement, wherever it ends', () => {
    const program = [
      "// the user's choice; don't select * twice",
      'const a = await db.query(`SELECT 1 FROM a WHERE x = ${x}`, []);',
      'const b = "with c as (select 1) select * from c";',
      "const c = 'selected';",
      "log(`It's done`);",
      "await db.query('DELETE FROM d WHERE e = $1', [e]);",
    ].join('\n');
    assert.deepEqual(find(program, 'typescript'), {
      texts: ['SELECT 1 FROM a WHERE x = ${x}', 'with c as (select 1) select * from c', 'DELETE FROM d WHERE e = $1'],
      joined: 0,
    });
  });

  it('is counted where it is put together of several strings', () => {
    const program = 'q := "SELECT a " + "FROM b"\nr := `SELECT c FROM d`\n';
    assert.deepEqual(find(program, 'go'), { texts: ['SELECT c FROM d'], joined: 1 });
  });

  it('is found in Python, quotes of three with quotes of one inside', () => {
    const program = `q = """SELECT 'it''s' AS a FROM b"""\ncur.execute("UPDATE c SET d = 1")\n`;
    assert.deepEqual(find(program, 'python').texts, ["SELECT 'it''s' AS a FROM b", 'UPDATE c SET d = 1']);
  });
});
