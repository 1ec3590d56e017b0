import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatBlocks,
  formatBytes,
  formatCompactCount,
  formatCount,
  formatFactor,
  formatMs,
  formatQuantity,
  formatRatio,
  formatValue,
  missing,
} from '../../../src/analysis/format/numbers';

function expectAll<Value>(format: (value: Value) => string, expected: [Value, string][]): void {
  assert.deepEqual(
    expected.map(([value]) => format(value)),
    expected.map(([, text]) => text),
  );
}

describe('number formats', () => {
  it('writes counts with thousands separators', () => {
    expectAll(formatCount, [
      [0, '0'],
      [1234567, '1,234,567'],
      [0.33, '0.33'],
      [0.5, '0.5'],
      [1234.56, '1,235'],
      [10.004, '10'],
      [-1234, '-1,234'],
      [-0.001, '0'],
      [null, missing],
    ]);
    expectAll(formatCompactCount, [
      [9999, '9,999'],
      [12345, '12.3k'],
      [999_499, '999k'],
      [999_500, '1.00M'],
      [1_000_000, '1.00M'],
      [4_567_000, '4.57M'],
      [1.2e9, '1.20B'],
    ]);
    assert.equal(formatQuantity(1, 'row'), '1 row');
    assert.equal(formatQuantity(0, 'row'), '0 rows');
    assert.equal(formatQuantity(2000, 'query', 'queries'), '2,000 queries');
  });

  it('writes times with the digits they deserve', () => {
    expectAll(formatMs, [
      [0, '0 ms'],
      [0.0001, '<0.001 ms'],
      [0.045, '0.045 ms'],
      [0.9996, '1.00 ms'],
      [1.2345, '1.23 ms'],
      [9.999, '10.0 ms'],
      [12.345, '12.3 ms'],
      [99.96, '100 ms'],
      [1234.5, '1,235 ms'],
      [12_345, '12.3 s'],
      [119_600, '2 min 0 s'],
      [125_400, '2 min 5 s'],
      [7_200_000, '2 h 0 min'],
      [null, missing],
    ]);
  });

  it("writes sizes in PostgreSQL's units", () => {
    expectAll(formatBytes, [
      [0, '0 bytes'],
      [1, '1 byte'],
      [1023, '1,023 bytes'],
      [8192, '8 kB'],
      [1_532_000, '1.46 MB'],
      [1024 ** 2 - 1, '1.00 MB'],
      [25_100_000_000, '23.4 GB'],
      [108 * 1024 ** 3, '108 GB'],
      [null, missing],
    ]);
    assert.equal(formatBlocks(1234), '1,234 blocks (9.64 MB)');
    assert.equal(formatBlocks(1, 16384), '1 block (16 kB)');
  });

  it('writes factors and ratios', () => {
    expectAll(formatFactor, [
      [1, '1×'],
      [1.04, '1×'],
      [1.5, '1.5×'],
      [9.96, '10×'],
      [1234.4, '1,234×'],
      [null, missing],
    ]);
    expectAll(formatRatio, [
      [0, '0%'],
      [0.0001, '<0.1%'],
      [0.004, '0.4%'],
      [0.123, '12%'],
      [0.994, '99.4%'],
      [0.9999, '>99.9%'],
      [1, '100%'],
      [null, missing],
    ]);
  });

  it('writes evidence by its unit', () => {
    assert.equal(formatValue(1234, 'rows'), '1,234 rows');
    assert.equal(formatValue(2048, 'kB'), '2 MB');
    assert.equal(formatValue(0.5, 'ratio'), '50%');
    assert.equal(formatValue(3, null), '3');
    assert.equal(formatValue('Disk', null), 'Disk');
  });

  it('never writes NaN, "undefined", or a digit more than fits a column', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (value) => {
        for (const text of [formatMs(value), formatBytes(value), formatCompactCount(value), formatFactor(value)]) {
          assert.doesNotMatch(text, /NaN|undefined|Infinity|null/);
        }
        assert.ok(formatBytes(value).length <= 11, formatBytes(value));
      }),
      { examples: [[100.005], [1023.7]] },
    );
  });
});
