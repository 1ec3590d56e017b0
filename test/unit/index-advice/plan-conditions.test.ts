import assert from 'node:assert/strict';
import { readPlanConditions, readSortKey } from '../../../src/analysis/index-advice/proposals/plan-conditions';
import { loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';

describe('conditions of a plan', () => {
  let parser: SqlParser;
  before(async () => {
    ({ parser } = await loadSqlParser());
  });

  /** "o.status equality paid" */
  const read = (text: string) => {
    const { usable, otherCount } = readPlanConditions(parser, text);
    const texts = usable.map(({ column: { alias, column, castTo }, operator, value }) =>
      [`${alias}.${column}${castTo === null ? '' : `::${castTo}`}`, operator, value.constants?.join('|') ?? '?'].join(
        ' ',
      ),
    );
    return [...texts, ...(otherCount === 0 ? [] : [`${otherCount} others`])];
  };

  it('are read as the server prints them', () => {
    for (const [text, expected] of [
      [`(o.status = 'paid'::order_status)`, ['o.status equality paid']],
      [
        `((o.a = 1) AND (o.b >= '2026-01-01'::date) AND (o.c < $1))`,
        ['o.a equality 1', 'o.b lower-bound 2026-01-01', 'o.c upper-bound ?'],
      ],
      [`(5 < o.a)`, ['o.a lower-bound 5']],
      [`((o.code)::text = 'x'::text)`, ['o.code::text equality x']],
      [`(o.status = ANY ('{paid,shipped}'::order_status[]))`, ['o.status equality paid|shipped']],
      [`("userSessions"."userId" = $1)`, ['userSessions.userId equality ?']],
      ['(o.coupon IS NULL)', ['o.coupon is-null ?']],
      ['(o.active AND (NOT o.gone))', ['o.active equality t', 'o.gone equality f']],
      // each of the two may be looked up
      ['(i.order_id = o.id)', ['i.order_id equality ?', 'o.id equality ?']],
      ['(o.total > (InitPlan 1).col1)', ['o.total lower-bound ?']],
      ['(o.total > $0)', ['o.total lower-bound ?']],
      ['((o.a = 1) OR (o.b = 2))', ['1 others']],
      ['((o.a = 1) AND ((o.b = 2) OR (o.c = 3)))', ['o.a equality 1', '1 others']],
      ['(o.a <> 1)', ['1 others']],
      [`(o.a <> ALL ('{1,2}'::integer[]))`, ['1 others']],
      [`(o.note ~~ '%x%'::text)`, ['1 others']],
      [`(lower(o.note) = 'x'::text)`, ['1 others']],
      ['((o.a + 1) = 5)', ['1 others']],
      [`(o.note = 'x'::text COLLATE "de-x-icu")`, ['1 others']],
      ['(o.a = 1) AND (', ['1 others']],
    ] as const) {
      assert.deepEqual(read(text), expected, text);
    }
  });

  it('keep SubPlans apart from values', () => {
    for (const text of [
      '((o.a = 1) AND (NOT (hashed SubPlan 1)))',
      '((o.a = 1) AND (ANY (o.id = (hashed SubPlan 1).col1)))',
    ]) {
      const { usable } = readPlanConditions(parser, text);
      assert.deepEqual(
        usable.filter(({ value }) => value.functions.length === 0).map(({ column }) => column.column),
        ['a'],
      );
    }
  });

  it('say what they compare with', () => {
    const [listed] = readPlanConditions(parser, '(o.a = ANY ($1))').usable;
    assert.equal(listed?.value.count, 10);
    const [called] = readPlanConditions(parser, '(o.a = (c.b + clock_skew(1)))').usable;
    assert.deepEqual(called?.value.functions, ['clock_skew']);
    assert.deepEqual([...called.value.aliases], ['c']);
  });

  it('have sort keys', () => {
    for (const [text, expected] of [
      ['o.placed_at', { column: 'placed_at', descending: false, nullsFirst: false }],
      ['o.placed_at DESC', { column: 'placed_at', descending: true, nullsFirst: true }],
      ['o.placed_at DESC NULLS LAST', { column: 'placed_at', descending: true, nullsFirst: false }],
      ['o.placed_at NULLS FIRST', { column: 'placed_at', descending: false, nullsFirst: true }],
    ] as const) {
      assert.deepEqual(readSortKey(parser, text), { alias: 'o', ...expected });
    }
    for (const text of ['(sum(o.total)) DESC', '(lower(o.note))', 'o.note COLLATE "C"', 'o.a USING ~<~']) {
      assert.equal(readSortKey(parser, text), null, text);
    }
  });
});
