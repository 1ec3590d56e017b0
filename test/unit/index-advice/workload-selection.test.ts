import assert from 'node:assert/strict';
import {
  findSelection,
  summarizeSelection,
  type SelectedIndex,
  type WorkloadSelection,
} from '../../../src/analysis/index-advice/workload-selection';

const index = (sizeBytes: number): SelectedIndex => ({
  name: `orders_${sizeBytes}_idx`,
  steps: [],
  undo: '',
  index: { schema: 'public', table: 'orders', method: 'btree', keys: ['id'], included: [], predicate: null },
  ...{ sizeBytes, evidence: 'planned', costBefore: 100, costAfter: 1, why: [], makesRedundant: [], write: null },
  ...{ statementIds: [], winners: [], losers: [] },
});

const selection = (budgetBytes: number | null, ...sizes: number[]): WorkloadSelection => ({
  ...{ budgetBytes, elapsedMs: 0, engine: 'sandbox', engineNote: null, whatIfCalls: 0, outcomes: [] },
  ...{ recommendations: sizes.map(index), redundant: [], drops: [], meanRatio: null, isComplete: true },
});

describe('selections of a workload', () => {
  const whole = selection(null, 60, 40);
  const half = selection(50, 40);
  const all = [whole, half];

  it('answer every budget between what they take and what they were found for', () => {
    assert.equal(findSelection(all, null), whole);
    assert.equal(findSelection(all, 120), whole);
    assert.equal(findSelection(all, 100), whole);
    assert.equal(findSelection(all, 50), half);
    assert.equal(findSelection(all, 40), half);
  });

  it('answer no other one', () => {
    // the whole set does not fit, and something better than the half one may
    assert.equal(findSelection(all, 70), null);
    assert.equal(findSelection(all, 39), null);
    assert.equal(findSelection([half], null), null);
  });

  it('are summed up with calls, and in the mean without', () => {
    const outcome = (costBefore: number, costAfter: number) => ({
      ...{ costBefore, costAfter, status: 'none' as const, reason: null },
    });
    const outcomes = [
      outcome(100, 1),
      outcome(10, 10),
      outcome(10, 40),
      { costBefore: null, costAfter: null, status: 'not-possible' as const, reason: 'It is unknown.' },
    ];
    const statements = [{ calls: 3 }, { calls: 1_000 }, { calls: null }, { calls: 5 }];
    const summary = summarizeSelection({ ...whole, outcomes }, statements);
    assert.equal(summary.costBefore, 300 + 10_000 + 10);
    assert.equal(summary.costAfter, 3 + 10_000 + 40);
    assert.ok(Math.abs((summary.meanRatio ?? 0) - Math.cbrt((1 / 100) * 1 * 4)) < 1e-12);
    assert.deepEqual(summary.fates, { winner: 1, loser: 1, unaffected: 1, unknown: 1 });
    assert.equal(summary.sizeBytes, 100);
  });
});
