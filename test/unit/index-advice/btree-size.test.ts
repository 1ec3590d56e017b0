// Bytes of an index entry, against the layout of the server's index tuples (access/itup.h), and the size of a whole index
// against one that PostgreSQL 18 built.
import assert from 'node:assert/strict';
import {
  estimateBtree,
  estimateEntryBytes,
  type EntryColumn,
} from '../../../src/analysis/index-advice/cost/btree-size';

const column = (typeName: string, lengthBytes: number, nullRatio: number): EntryColumn => ({
  typeName,
  typeLengthBytes: lengthBytes,
  alignmentBytes: lengthBytes > 0 ? lengthBytes : 4,
  averageWidthBytes: lengthBytes > 0 ? lengthBytes : 5,
  nullRatio,
});

describe('size of a B-tree', () => {
  it('has a header of 8 bytes, and of 16 where a column is NULL', () => {
    assert.equal(estimateEntryBytes([column('int4', 4, 0)]), 16);
    assert.equal(estimateEntryBytes([column('int4', 4, 1)]), 16);
    assert.equal(estimateEntryBytes([column('int4', 4, 1), column('int4', 4, 0)]), 24);
    assert.equal(estimateEntryBytes([column('int4', 4, 0.5), column('int4', 4, 0)]), 20);
    assert.equal(estimateEntryBytes([column('numeric', -1, 0.9), column('int4', 4, 0)]), 24);
  });

  it('is that of an index of which most keys are NULL', () => {
    // CREATE TABLE t AS SELECT CASE WHEN n % 10 = 0 THEN (n % 50) / 100.0 END AS discount, n % 9 AS quantity
    // FROM generate_series(1, 100000) n; CREATE INDEX ON t (discount) INCLUDE (quantity)
    const { sizeBytes } = estimateBtree({
      keys: [column('numeric', -1, 0.9)],
      included: [column('int4', 4, 0)],
      rows: 100_000,
      distinctKeys: 6,
      mostCommonRatios: [0.9],
      blockSizeBytes: 8192,
    });
    const builtBytes = 3_153_920;
    assert.ok(Math.abs(sizeBytes - builtBytes) < builtBytes * 0.05, `${sizeBytes}, really ${builtBytes}`);
  });
});
