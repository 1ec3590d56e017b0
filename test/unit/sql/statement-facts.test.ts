import assert from 'node:assert/strict';
import { loadLibpgQueryParser } from '../../../src/analysis/sql/libpg-query-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';
import { readStatement, type StatementFacts } from '../../../src/analysis/sql/statement-facts';
import { findStoredReferences } from '../../../src/analysis/sql/stored-expression';

describe('readStatement', () => {
  let parser: SqlParser;
  before(async () => {
    parser = await loadLibpgQueryParser();
  });
  const factsOf = (sql: string): StatementFacts => {
    const reading = readStatement(parser, sql);
    assert.ok(reading.understood, sql);
    return reading.facts;
  };
  const functionsOf = (sql: string) => factsOf(sql).functions.map(({ schema, name }) => `${schema ?? ''}.${name}`);

  const kinds: [sql: string, kind: StatementFacts['kind'], command?: string][] = [
    ['select 1', 'select'],
    ['(select 1) union select 2', 'select'],
    ['table t', 'select'],
    ['values (1)', 'values'],
    ['insert into t values (1)', 'insert'],
    ['update t set a = 1', 'update'],
    ['delete from t', 'delete'],
    ['merge into t using u on true when matched then do nothing', 'merge'],
    ['explain select 1', 'explain'],
    ['create table t as select 1', 'utility', 'CREATE TABLE AS'],
    ['vacuum', 'utility', 'VACUUM'],
    ['select 1; select 2', 'several'],
    ['-- nothing', 'empty'],
  ];
  for (const [sql, kind, command] of kinds) {
    it(`tells what ${sql} is`, () => {
      const facts = factsOf(sql);
      assert.equal(facts.kind, kind);
      if (command !== undefined) assert.equal(facts.command, command);
      assert.deepEqual(facts.unknownNodes.length > 0, kind === 'utility' || kind === 'explain');
    });
  }

  it('finds writes and locks at any depth', () => {
    const facts = factsOf(
      'with a as (delete from s.t returning *) select * from (select 1 from u for share) x for update',
    );
    assert.deepEqual(facts.writes, [{ verb: 'DELETE', relation: { schema: 's', name: 't' } }]);
    assert.deepEqual([...facts.lockingClauses].sort(), ['FOR SHARE', 'FOR UPDATE']);
    assert.ok(factsOf('select * into x from t').selectsInto);
  });

  it('finds functions wherever they stand', () => {
    assert.deepEqual(functionsOf('select a(b(1)) from c.d() where e() over (order by f()) > 1 limit g()').sort(), [
      '.a',
      '.b',
      '.e',
      '.f',
      '.g',
      'c.d',
    ]);
    assert.deepEqual(functionsOf('select * from t tablesample system (1)'), []);
    assert.deepEqual(functionsOf('select * from t tablesample own_method (1)'), ['.own_method']);
    assert.deepEqual(functionsOf('select json_scalar(1)'), ['.json_scalar']);
    assert.deepEqual(factsOf('select t.a, (u).b.c, d from t').attributes.sort(), ['a', 'b', 'c']);
  });

  it('classifies operands', () => {
    const usesOf = (sql: string) => factsOf(sql).operators.map(({ name, left, right }) => `${left} ${name} ${right}`);
    assert.deepEqual(usesOf("select a = 'x', 1 + b, -1 * $1, - a"), [
      'any = untyped',
      'number + any',
      'number * untyped',
      'none - any',
    ]);
    assert.deepEqual(usesOf("select a in ('x', 1), (a, 1) < (b, 'x'), a between 1 and 2"), [
      'any = untyped',
      'any < untyped',
      'any < row',
      'row < untyped',
      'row < row',
      'any >= number',
      'any <= number',
    ]);
    assert.deepEqual(usesOf("select case a when 'x' then 1 end, a in (select 1), a like b, a operator(s.@@) b"), [
      'any = untyped',
      'any = any',
      'any ~~ any',
      'any @@ any',
    ]);
  });

  it('finds the columns that parameters are compared with', () => {
    const comparisonsOf = (sql: string) =>
      factsOf(sql).comparisons.map(
        ({ parameter, column, relations }) => `${parameter} ${relations.map(({ name }) => name).join('|')}.${column}`,
      );
    assert.deepEqual(
      comparisonsOf(
        'select 1 from orders o join users u on true where o.status = $1 and $2::int < u.age and name in ($3, $4) and lower(name) = upper($5) and id::text = $6 and length(name) = $7',
      ),
      [
        '1 orders.status',
        '2 users.age',
        '3 orders|users.name',
        '4 orders|users.name',
        '5 orders|users.name',
        '6 orders|users.id',
      ],
    );
    assert.deepEqual(comparisonsOf('insert into t (a, b) values ($1, $2), ($3, 1)'), ['1 t.a', '2 t.b', '3 t.a']);
    assert.deepEqual(comparisonsOf('update t set a = $1 where b = any ($2)'), ['1 t.a', '2 t.b']);
  });

  it('knows when every column takes part', () => {
    assert.ok(!factsOf('select * from t where a = 1').usesWholeRows);
    assert.ok(!factsOf('select a from t').usesWholeRows);
    assert.ok(!factsOf('insert into t (a) values (1)').usesWholeRows);
    assert.ok(factsOf('select j from (t cross join u) j').usesWholeRows);
    assert.ok(factsOf('select s from (select a from t) s').usesWholeRows);
    for (const sql of [
      'select distinct * from t',
      'select * from t order by 1',
      'select x from (select * from t) x',
      'select t from t',
      'select a from t x (a, b)',
      'select a from t natural join u',
      'select * from t union select * from u',
      'insert into t values (1)',
      'merge into t using u on true when not matched then insert values (1)',
    ]) {
      assert.ok(factsOf(sql).usesWholeRows, sql);
    }
  });
});

describe('findStoredReferences', () => {
  it('reads OIDs and is not deceived by names', () => {
    const tree =
      '({FUNCEXPR :funcid 16400 :funcresulttype 23 :args ({OPEXPR :opno 96 :opfuncid 65 :opresulttype 16} {AGGREF :aggfnoid 2803}' +
      ' {ROWCOMPAREEXPR :opnos (o 97 521)} {RTE :relid 0} {RTE :alias {ALIAS :aliasname x\\ :funcid\\ 99} :relid 16500}' +
      ' {COERCETODOMAIN :resulttype 16600} {SORTGROUPCLAUSE :eqop 96 :sortop 97} {WINDOWFUNC :winfnoid 3100})})';
    const found = findStoredReferences(tree);
    assert.deepEqual(
      found.functions.sort((a, b) => a - b),
      [65, 2803, 3100, 16400],
    );
    assert.deepEqual(
      found.operators.sort((a, b) => a - b),
      [96, 97, 521],
    );
    assert.deepEqual(found.relations, [16500]);
    assert.deepEqual(
      found.types.sort((a, b) => a - b),
      [16, 23, 16600],
    );
  });
});
