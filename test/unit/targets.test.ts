import assert from 'node:assert/strict';
import { healthRules } from '../../src/analysis/rules/index';
import type { Section, Snapshot } from '../../src/analysis/snapshot';
import { findTargets } from '../../src/analysis/targets';
import { makeStatement } from './make-statement';

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

  it('count statements of applications and hidden ones, but none of tools', () => {
    const rows = [
      makeStatement({ text: 'SELECT * FROM orders', calls: 10, totalExecMs: 4000 }),
      makeStatement({ text: null, calls: 10, totalExecMs: 2000 }),
      makeStatement({ text: 'SELECT relname FROM pg_catalog.pg_class', calls: 1000, totalExecMs: 1000 }),
      makeStatement({ text: 'ROLLBACK', calls: 9000, totalExecMs: 1 }),
    ];
    const meanOf = (shown: typeof rows) =>
      findTargets({ ...blind, sections: { ...blind.sections, statements: { status: 'available', rows: shown } } }).find(
        ({ id }) => id === 'mean-statement-time',
      );
    assert.deepEqual([meanOf(rows)?.current, meanOf(rows)?.status], [300, 'missed']);
    assert.equal(meanOf(rows.slice(2))?.status, 'unknown');
  });

  it('are not known, and never met, when nothing could be looked at', () => {
    for (const { id, current, status } of findTargets(blind))
      assert.deepEqual([current, status], [null, 'unknown'], id);
  });
});
