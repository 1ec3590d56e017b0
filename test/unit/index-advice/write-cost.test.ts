// What an index costs writes: who pays, and when nobody can tell. How near it is to the truth is the benchmark's
// (`npm run benchmark -- --only writes`).
import assert from 'node:assert/strict';
import { estimateWriteCost } from '../../../src/analysis/index-advice/cost/write-cost';
import type { AdviceTable, CostSettings } from '../../../src/analysis/index-advice/index-advice-facts';
import { describeGain } from '../../../src/analysis/index-advice/text/describe-saving';
import type { HypotheticalIndex } from '../../../src/analysis/index-advice/what-if-planner';

const settings: CostSettings = {
  seqPageCost: 1,
  randomPageCost: 4,
  cpuTupleCost: 0.01,
  cpuIndexTupleCost: 0.005,
  cpuOperatorCost: 0.0025,
  effectiveCacheSizeBytes: 4_000_000_000,
  blockSizeBytes: 8192,
  parallelLeaderParticipation: true,
};
const column = (name: string) => ({
  name,
  typeName: 'int4',
  isDomain: false,
  typeLengthBytes: 4,
  alignmentBytes: 4,
  hasBtree: true,
  sortsByBytes: false,
  statistics: null,
  statisticsMissing: null,
});
const tableWith = (writes: Partial<AdviceTable['writes']>): AdviceTable => ({
  ...{ oid: 1, schema: 'public', name: 'visits', pages: 1_000, rows: 100_000 },
  ...{ isPartitioned: false, partitions: [], refusal: null, allVisibleRatio: 1, indexes: [] },
  columns: [column('visitor'), column('seen')],
  writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0, ...writes },
});
const indexOn = (key: string): HypotheticalIndex => ({
  ...{ schema: 'public', table: 'visits', method: 'btree', keys: [key], included: [], predicate: null },
});
const estimate = (key: string, writes: Partial<AdviceTable['writes']>) =>
  estimateWriteCost(indexOn(key), 2_000_000, tableWith(writes), settings, new Map([['seen', 1]]));

describe('what an index costs writes', () => {
  it('is an entry for each new row, and none for a row that goes', () => {
    const { cost, ratio } = estimate('visitor', { inserted: 1_000, deleted: 500 });
    assert.ok(cost > 0 && ratio !== null && ratio > 0);
    assert.equal(estimate('visitor', { inserted: 2_000 }).cost, 2 * cost);
    assert.equal(estimate('visitor', { inserted: 2_000 }).ratio, ratio);
  });

  it('is an entry for rows of its predicate only', () => {
    const writes = { inserted: 1_000 };
    const whole = estimate('visitor', writes).cost;
    const partial = estimateWriteCost(indexOn('visitor'), 2_000_000, tableWith(writes), settings, new Map(), 0.01);
    assert.ok(Math.abs(partial.cost - whole / 100) < 1e-9);
  });

  it('ends HOT updates of its own columns only', () => {
    const hot = { updated: 1_000, hotUpdated: 1_000 };
    assert.deepEqual(estimate('visitor', hot), { cost: 0, ratio: 0, lostHotUpdates: 0 });
    const own = estimate('seen', hot);
    assert.equal(own.lostHotUpdates, 1_000);
    assert.ok(own.ratio !== null && own.ratio > 1, 'more than twice the work');
  });

  it('is said in titles where writes are known and matter', () => {
    const saved = { costBefore: 48_210, costAfter: 12 };
    const title = (ratio: number | null) =>
      describeGain('planned', saved, { sizeBytes: null, write: ratio === null ? null : { ratio } });
    assert.equal(title(0.042), 'planned cost 48,210 → 12 (-99.9%), costs 4.2% on writes');
    assert.equal(title(0.004), 'planned cost 48,210 → 12 (-99.9%)');
    assert.equal(title(null), 'planned cost 48,210 → 12 (-99.9%)');
    assert.equal(estimate('visitor', {}).ratio, null);
  });
});
