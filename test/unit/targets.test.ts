import assert from 'node:assert/strict';
import { healthRules } from '../../src/analysis/rules/index';
import type { Section, Snapshot } from '../../src/analysis/snapshot';
import { findTargets } from '../../src/analysis/targets';

const gap: Section<never> = {
  status: 'unavailable',
  reason: { kind: 'not-permitted', message: 'Hidden.', nextStep: 'Ask.' },
};

const blind: Snapshot = {
  capturedAt: '2026-11-21T12:00:00.000Z',
  server: {
    server: 'localhost:5432',
    database: 'd',
    role: 'r',
    version: '18.4',
    versionNumber: 180004,
    inRecovery: false,
    blockSizeBytes: 8192,
  },
  sections: {
    tables: gap,
    indexes: gap,
    foreignKeys: gap,
    sequences: gap,
    statements: gap,
    statementStatistics: gap,
    activity: gap,
    databases: gap,
    settings: gap,
  },
};

describe('targets', () => {
  it('are where the rules begin to complain', () => {
    const optionOf = (ruleId: string, option: string) =>
      healthRules.find(({ id }) => id === ruleId)?.options.parse({})[option];
    const targets = new Map(findTargets(blind).map(({ id, target }) => [id, target]));
    assert.equal(targets.get('mean-statement-time'), optionOf('slow-statement', 'minMeanMs'));
    assert.equal(targets.get('table-hit-ratio'), optionOf('cache-hit-low', 'minHeapRatio'));
    assert.equal(targets.get('index-hit-ratio'), optionOf('cache-hit-low', 'minIndexRatio'));
    assert.equal(targets.get('dead-rows'), optionOf('dead-tuples', 'minRatio'));
    assert.equal(targets.get('connections'), optionOf('connections-high', 'minRatio'));
    assert.equal(targets.get('transaction-age'), optionOf('wraparound', 'minRatio'));
  });

  it('are not known, and never met, when nothing could be looked at', () => {
    for (const { id, current, status } of findTargets(blind))
      assert.deepEqual([current, status], [null, 'unknown'], id);
  });
});
