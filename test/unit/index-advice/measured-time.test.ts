import assert from 'node:assert/strict';
import { compareTimes, toCutOffTime, toMeasuredTime } from '../../../src/analysis/index-advice/measure/measured-time';

describe('measured times', () => {
  it('are medians with the middle half of the runs', () => {
    const time = toMeasuredTime([5, 1, 3, 2, 90]);
    assert.deepEqual([time.medianMs, time.lowMs, time.highMs, time.isCutOff], [3, 2, 5, false]);
    assert.deepEqual(time.runsMs, [5, 1, 3, 2, 90], 'in the order of the runs');
  });

  it('differ by more than 5 % and by more than the runs among themselves', () => {
    const before = toMeasuredTime([10, 10.1, 10.2, 10.3, 10.4]);
    const of = (...runsMs: number[]) => compareTimes(before, toMeasuredTime(runsMs));
    assert.equal(of(10.5, 10.6, 10.7, 10.6, 10.7), 'same', 'less than 5 %');
    assert.equal(of(10.7, 10.8, 10.9, 10.8, 10.9), 'slower');
    assert.equal(of(10, 10.1, 12, 13, 14), 'same', 'the slow runs are noise');
    assert.equal(of(9, 9.1, 9.2, 9, 9.1), 'faster');
    assert.equal(of(8, 8, 9, 10.3, 10.4), 'same');
  });

  it('do not differ by what nobody can measure', () => {
    assert.equal(compareTimes(toMeasuredTime([0.01, 0.01, 0.01]), toMeasuredTime([0.05, 0.05, 0.05])), 'same');
  });

  it('count a run that was given up as longer', () => {
    assert.equal(compareTimes(toCutOffTime(1000), toMeasuredTime([3, 3, 3])), 'faster');
    assert.equal(compareTimes(toMeasuredTime([3, 3, 3]), toCutOffTime(1000)), 'slower');
    assert.equal(compareTimes(toCutOffTime(1000), toCutOffTime(1000)), 'same');
  });
});
