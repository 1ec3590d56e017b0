import assert from 'node:assert/strict';
import {
  findWrittenNames,
  toWrittenName,
  toWrittenText,
} from '../../../src/analysis/index-advice/proposals/written-names';
import { loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';

describe('names as a statement wrote them', () => {
  let parser: SqlParser;
  before(async () => {
    ({ parser } = await loadSqlParser());
  });

  it('are its aliases, and its tables without one', () => {
    for (const [sql, expected] of [
      ['SELECT * FROM shop.orders JOIN items i ON true, "Big Ones"', ['Big Ones', 'i', 'orders']],
      ['WITH w AS (SELECT 1 FROM a) UPDATE b AS c SET d = 1 FROM w WHERE e IN (SELECT 1 FROM f)', ['a', 'c', 'f', 'w']],
      ['DELETE FROM a USING b', ['a', 'b']],
      ['SELEC 1', []],
    ] as const) {
      assert.deepEqual([...findWrittenNames(sql, parser)].sort(), expected, sql);
    }
  });

  it('lose the number of a partition and of a second table of that name, but not their own', () => {
    const written = new Set(['events', 'o_2', 'c']);
    for (const [alias, isPartitioned, expected] of [
      ['events_14', true, 'events'],
      ['events', true, 'events'],
      ['o_2', true, 'o_2'],
      ['o_2_3', true, 'o_2'],
      ['c_1', false, 'c'],
      // named in a view
      ['inner_3', true, 'inner'],
      ['inner_3', false, 'inner_3'],
    ] as const) {
      assert.equal(toWrittenName(alias, isPartitioned, written), expected, alias);
    }
  });

  it('stand in conditions, where they do not become the same', () => {
    const names = new Map([
      ['events_14', 'events'],
      ['events_15', 'events'],
      ['V_1', 'V'],
      ['o', 'o'],
    ]);
    for (const [text, expected] of [
      ['(events_14.customer_id = $1)', '(events.customer_id = $1)'],
      ['("V_1".id = events_14."Customer")', '("V".id = events."Customer")'],
      [`(lower(events_14.note) = 'events_14.x'::text)`, `(lower(events.note) = 'events_14.x'::text)`],
      ['(o.id = events_14.id)', '(o.id = events.id)'],
      ['(events_14.id = events_15.id)', '(events_14.id = events_15.id)'],
      ['x_1.id', 'x_1.id'],
    ] as const) {
      assert.equal(toWrittenText(text, names), expected);
    }
  });
});
