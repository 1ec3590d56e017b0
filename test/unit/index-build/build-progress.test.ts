import assert from 'node:assert/strict';
import { DatabaseFailure } from '../../../src/analysis/connection/connection-failure';
import { describeFailedWork } from '../../../src/analysis/index-build/build-failure';
import {
  findBuildRatio,
  findPhaseRatio,
  findStepsRatio,
  noPhase,
} from '../../../src/analysis/index-build/build-progress';
import { formatProgress, formatTransaction } from '../../../src/analysis/index-build/format-index-build';
import type { IndexStep, OpenTransaction } from '../../../src/analysis/index-build/index-build';

const step: IndexStep = {
  pace: 'slow',
  sql: 'CREATE INDEX CONCURRENTLY i ON app.t USING btree (a)',
  index: { schema: 'app', name: 'i' },
  table: { schema: 'app', name: 't' },
  tableSizeBytes: 999,
};

const transaction: OpenTransaction = {
  pid: 12,
  preparedName: null,
  role: 'app',
  application: 'psql',
  state: 'idle in transaction',
  ageMs: 300_000,
  stateAgeMs: 9_000,
  text: 'SELECT\n  1',
  isVisible: true,
};

describe('progress of a build', () => {
  it('goes forward through the phases in the order of the server', () => {
    const phases = [
      'initializing',
      'waiting for writers before build',
      'building index: scanning table',
      'building index: sorting live tuples',
      'building index: loading tuples in tree',
      'waiting for writers before validation',
      'index validation: scanning index',
      'index validation: sorting tuples',
      'index validation: scanning table',
      'waiting for old snapshots',
    ];
    const ratios = phases.map((phase) => findBuildRatio({ ...noPhase, phase }));
    assert.deepEqual(
      ratios,
      ratios.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(ratios.slice(2)).size, 8);
  });

  it('counts what the phase is about, not what an earlier one has left in the view', () => {
    const counts = {
      ...noPhase,
      blocksDone: 10,
      blocksTotal: 10,
      tuplesDone: 1,
      tuplesTotal: 4,
      lockersDone: 1,
      lockersTotal: 2,
    };
    assert.equal(findPhaseRatio({ ...counts, phase: 'building index: scanning table' }), 1);
    assert.equal(findPhaseRatio({ ...counts, phase: 'building index: loading tuples in tree' }), 0.25);
    assert.equal(findPhaseRatio({ ...counts, phase: 'waiting for old snapshots' }), 0.5);
    assert.equal(findPhaseRatio({ ...noPhase, phase: 'initializing' }), null);
  });

  it('gives each table of several its share', () => {
    const steps = [step, { ...step, tableSizeBytes: 2999 }];
    assert.equal(findStepsRatio(steps, 0, noPhase), 0);
    assert.equal(findStepsRatio(steps, 1, noPhase), 0.25);
    assert.equal(findStepsRatio(steps, 2, noPhase), 1);
  });

  it('is one line, and names whom it waits for', () => {
    const progress = {
      ...noPhase,
      step: 1,
      stepCount: 1,
      index: step.index,
      phase: 'building index: scanning table',
      blocksDone: 450,
      blocksTotal: 1000,
      phaseRatio: 0.45,
      ratio: 0.2,
      waitingFor: null,
    };
    assert.equal(formatProgress(progress), 'building index: scanning table, 45% (450 of 1,000 blocks)');
    assert.equal(
      formatProgress({ ...progress, step: 2, stepCount: 3, waitingFor: transaction }),
      '2 of 3, app.i: waiting for pid 12 (app, psql, idle in transaction for 9 s)',
    );
  });

  it('says of a transaction what the role may see', () => {
    assert.equal(
      formatTransaction(transaction),
      'pid 12 (app, psql, idle in transaction for 9 s), open for 5 min 0 s: SELECT 1',
    );
    const hidden = { ...transaction, state: null, ageMs: null, stateAgeMs: null, text: null, isVisible: false };
    assert.equal(formatTransaction(hidden), 'pid 12 (app, psql, what it does is hidden from this role)');
  });
});

describe('a failed build', () => {
  const describeDiskFull = (isWritten: boolean) =>
    describeFailedWork({
      verb: 'build',
      server: 'db:5432',
      database: 'shop',
      role: 'app',
      step,
      failure: new DatabaseFailure('statement', 'x', 'y', { code: '53100' }),
      serverMessage: 'could not extend file: No space left on device',
      leftover: {
        left: 'remainder',
        invalid: [step.index],
        isWritten,
        untouched: null,
        cleanup: { indexes: [], keep: [] },
      },
    });

  it('says what failed, what is left and what to do', () => {
    const failure = describeDiskFull(true);
    assert.equal(
      failure.message,
      'Index app.i on app.t was not built (database "shop" on db:5432): the disk of the server is full: could not extend file: No space left on device. The invalid index app.i is left: it answers no query, and every write has to keep it up, so drop it.',
    );
    assert.match(failure.nextStep, /Free space/);
  });

  it('does not say that writes keep up what they do not', () => {
    const { message } = describeDiskFull(false);
    assert.match(
      message,
      /answers no query, and although writes do not keep it up yet, .* can not be HOT .* drop it\.$/,
    );
    assert.doesNotMatch(message, /every write/);
  });
});
