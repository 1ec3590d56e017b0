import assert from 'node:assert/strict';
import { findParameterTypes, isBuiltInType, takesEmptyText } from '../../../src/analysis/explain/parameter-types';

describe('types of parameters', () => {
  it('are the column’s, the one it is cast to, or a count of rows', () => {
    const placed = { column: 'orders.placed_at', type: 'date', values: [], note: null };
    const sql =
      'SELECT $3::int, $5::shop.mood, $6::int[] FROM orders WHERE placed_at > $1 AND note = $4 LIMIT $2 OFFSET $7';
    assert.deepEqual(findParameterTypes(sql, 7, [placed]), ['date', 'bigint', 'integer', null, null, null, 'bigint']);
    assert.deepEqual(findParameterTypes('SELECT 1 FETCH FIRST $1 ROWS ONLY', 1, []), ['bigint']);
    assert.deepEqual(findParameterTypes('SELECT $10 LIMIT $1', 1, []), ['bigint']);
  });

  it('have an empty text only where they are texts or not known', () => {
    assert.deepEqual(['bigint', 'date', 'uuid'].map(takesEmptyText), [false, false, false]);
    assert.deepEqual(['text', 'character varying(20)', null].map(takesEmptyText), [true, true, true]);
  });

  it('are built in only when the name can be no other', () => {
    assert.deepEqual(['numeric(10,2)', 'timestamp with time zone', 'integer[]'].map(isBuiltInType), [true, true, true]);
    assert.deepEqual(['shop.mood', '"Date"', 'date); SELECT 1', 'mood'].map(isBuiltInType), [
      false,
      false,
      false,
      false,
    ]);
  });
});
