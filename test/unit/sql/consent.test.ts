import assert from 'node:assert/strict';
import {
  assessConsent,
  coversVerdict,
  type ConsentFacts,
  type ConsentReason,
  type ReachedFunction,
} from '../../../src/analysis/sql/consent';
import { loadLibpgQueryParser } from '../../../src/analysis/sql/libpg-query-parser';
import { isFunctionPossible, isOperatorPossible } from '../../../src/analysis/sql/operator-resolution';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';
import { readStatement, type OperandClass } from '../../../src/analysis/sql/statement-facts';

describe('assessConsent', () => {
  let parser: SqlParser;
  before(async () => {
    parser = await loadLibpgQueryParser();
  });

  const reached = (change: Partial<ReachedFunction>): ReachedFunction => ({
    schema: 'pg_catalog',
    name: 'lower',
    signature: 'lower(text)',
    builtin: true,
    volatility: 'i',
    via: 'called in the statement',
    reach: 'planned',
    ...change,
  });
  const own = reached({ schema: 'public', name: 'lower', signature: 'public.lower(text)', builtin: false });
  const nextval = reached({ name: 'nextval', signature: 'nextval(regclass)', volatility: 'v' });
  const takesNumber = reached({ name: 'txid_current', signature: 'txid_current()', volatility: 's' });

  const assess = (
    sql: string,
    analyze: boolean,
    catalogue: Partial<ConsentFacts> = {},
    environment: 'development' | 'production' = 'development',
  ) => {
    const reading = readStatement(parser, sql);
    if (!reading.understood && reading.why === 'syntax') throw new Error(reading.error.message);
    const facts = { functions: [], foreignTables: [], notUnderstood: [], ...catalogue };
    return assessConsent({ reading, catalogue: facts, environment, analyze });
  };
  const kindsOf = (verdict: ReturnType<typeof assess>) =>
    verdict.verdict === 'ask' ? verdict.reasons.map(({ kind }) => kind) : verdict.verdict;

  const functionCases: [name: string, functions: ReachedFunction[], plan: unknown, run: unknown][] = [
    ['a listed function', [reached({})], 'free', 'free'],
    ['a function of the same name that is not PostgreSQL’s', [own], ['function'], ['function']],
    ['a VOLATILE one of PostgreSQL', [nextval], 'free', ['function']],
    ['a STABLE one that does more than read', [takesNumber], ['function'], ['function']],
    ['a trigger', [{ ...own, reach: 'run' }], 'free', ['function']],
    ['a check that only the planner looks at', [{ ...nextval, reach: 'folded' }], 'free', 'free'],
    ['a check of a domain', [{ ...nextval, reach: 'early' }], ['function'], ['function']],
  ];
  for (const [name, functions, plan, run] of functionCases) {
    it(`judges ${name}`, () => {
      assert.deepEqual(kindsOf(assess('select 1', false, { functions })), plan);
      assert.deepEqual(kindsOf(assess('select 1', true, { functions })), run);
    });
  }

  it('names the function and says why', () => {
    const verdict = assess('select 1', true, { functions: [nextval, own] });
    assert.ok(verdict.verdict === 'ask');
    assert.deepEqual(
      verdict.reasons.map(({ message }) => message),
      [
        'The function nextval(regclass), called in the statement, advances a sequence, which a rollback does not undo.',
        "The function public.lower(text), called in the statement, is not one of PostgreSQL's own functions, so it may do anything.",
      ],
    );
  });

  it('judges what the statement itself says', () => {
    assert.deepEqual(kindsOf(assess('delete from t', true)), ['writes']);
    assert.equal(kindsOf(assess('delete from t', false)), 'free');
    assert.deepEqual(kindsOf(assess('select 1 from t for update', true)), ['locks-rows']);
    assert.deepEqual(kindsOf(assess('select 1', true, {}, 'production')), ['production']);
    assert.equal(kindsOf(assess('select 1', false, {}, 'production')), 'free');
    assert.deepEqual(kindsOf(assess('select 1', false, { foreignTables: ['s.t'] })), ['function']);
    assert.equal(kindsOf(assess('vacuum', false)), 'refuse');
    const relations = [
      { schema: 'shop', name: 'orders' },
      { schema: null, name: 'customers' },
    ];
    const low = { understood: false, why: 'low-confidence', relations } as const;
    const catalogue = { functions: [], foreignTables: [], notUnderstood: [] };
    const verdict = assessConsent({ reading: low, catalogue, environment: 'development', analyze: false });
    assert.deepEqual(kindsOf(verdict), ['not-understood']);
    assert.match(
      verdict.verdict === 'ask' ? (verdict.reasons[0]?.message ?? '') : '',
      /can't tell what the statement does; it names shop\.orders, customers\.$/,
    );
  });

  it('rolls back whatever may have written, and nothing that only needs a word on production', () => {
    const rollsBack = (verdict: ReturnType<typeof assess>) => verdict.verdict === 'ask' && verdict.rollsBack;
    assert.equal(rollsBack(assess('delete from t', true)), true);
    assert.equal(rollsBack(assess('select 1', true, { functions: [own] })), true);
    assert.equal(rollsBack(assess('select 1', true, {}, 'production')), false);
    assert.equal(rollsBack(assess('select 1', false, { functions: [own] })), false);
  });

  it('takes a word for what it was given for', () => {
    const reason = (message: string): ConsentReason => ({ kind: 'function', message });
    const statement = { sql: 'select f()', server: 'a:5432', database: 'shop' };
    const verdict = { verdict: 'ask', reasons: [reason('f')], rollsBack: true } as const;
    const asked = { ...verdict, reasons: [...verdict.reasons] };
    const consent = { ...statement, reasons: [reason('f'), reason('g')] };
    assert.ok(coversVerdict(consent, asked, statement));
    assert.ok(!coversVerdict(undefined, asked, statement));
    assert.ok(!coversVerdict({ ...consent, database: 'other' }, asked, statement));
    assert.ok(!coversVerdict({ ...consent, server: 'b:5432' }, asked, statement));
    assert.ok(!coversVerdict({ ...consent, sql: 'select f(); ' }, asked, statement));
    assert.ok(!coversVerdict({ ...consent, reasons: [reason('g')] }, asked, statement));
  });
});

describe('isOperatorPossible', () => {
  const text = { oid: 25, builtin: true, category: 'S' };
  const json = { oid: 114, builtin: true, category: 'U' };
  const integer = { oid: 23, builtin: true, category: 'N' };
  const own = { oid: 20_000, builtin: false, category: 'U' };
  const any = { oid: 2283, builtin: true, category: 'P' };
  type Type = typeof text;
  const possible = (
    left: Type | null,
    right: Type,
    uses: [OperandClass, OperandClass],
    types: number[] = [],
    hasText = false,
  ) =>
    isOperatorPossible(
      { schema: 'public', name: '=', left, right },
      [{ schema: null, name: '=', left: uses[0], right: uses[1] }],
      new Set(types),
      hasText,
    );

  it('rules out types that can’t be there', () => {
    assert.ok(!possible(own, own, ['any', 'any']));
    assert.ok(!possible(own, own, ['any', 'untyped']));
    assert.ok(possible(own, own, ['any', 'any'], [20_000]));
    assert.ok(possible(own, own, ['any', 'untyped'], [20_000]));
    assert.ok(!possible(text, text, ['any', 'number']));
    assert.ok(!possible(integer, integer, ['none', 'any']));
    assert.ok(possible(null, integer, ['none', 'any']));
  });

  it('keeps what an untyped literal could become', () => {
    assert.ok(possible(json, own, ['any', 'untyped']));
    assert.ok(possible(own, own, ['untyped', 'untyped']));
    assert.ok(!possible(own, own, ['untyped', 'untyped'], [], true));
    assert.ok(possible(any, integer, ['any', 'number']));
    assert.ok(possible(integer, integer, ['any', 'any']));
  });

  it('does the same for functions', () => {
    const candidate = { schema: 'public', name: 'f', parameters: [own, text] };
    const ask = (operands: OperandClass[] | null, types: number[] = []) =>
      isFunctionPossible(candidate, [{ schema: null, name: 'f', arguments: operands }], new Set(types));
    assert.ok(!ask(['any', 'any']));
    assert.ok(!ask(['number', 'untyped']));
    assert.ok(ask(['untyped', 'any']));
    assert.ok(ask(['any'], [20_000]));
    assert.ok(ask(null));
    assert.ok(ask([]));
  });
});
