import assert from 'node:assert/strict';
import type { Finding, Severity } from '../../src/analysis/finding';
import { gradeFindings } from '../../src/analysis/grade';

const finding = (severity: Severity): Finding => ({
  ruleId: 'any',
  severity,
  subject: { kind: 'server' },
  message: 'Any.',
  evidence: [],
  fingerprint: 'any',
});
const gradeOf = (severities: Severity[], gaps: string[] = []) => gradeFindings(severities.map(finding), gaps).grade;

describe('the grade', () => {
  it('is capped by the worst finding, however many lesser ones there are', () => {
    assert.equal(gradeOf([]), 'A');
    assert.equal(gradeOf(['low', 'info', 'low']), 'A');
    assert.equal(gradeOf(['low', 'medium']), 'B');
    assert.equal(gradeOf(['medium', 'high', 'low']), 'C');
    assert.equal(gradeOf(['critical']), 'D');
    assert.equal(gradeOf(['critical', 'critical']), 'D');
    assert.equal(gradeOf(['critical', 'critical', 'high', 'critical']), 'F');
  });

  it('says in one sentence why', () => {
    const reasonOf = (severities: Severity[], gaps: string[] = []) =>
      gradeFindings(severities.map(finding), gaps).gradeReason;
    assert.equal(reasonOf(['low']), 'No finding is medium, high or critical.');
    assert.equal(reasonOf(['medium', 'medium', 'low']), '2 findings are medium.');
    assert.equal(reasonOf(['high', 'medium']), '1 finding is high.');
    assert.equal(reasonOf(['critical', 'critical', 'critical', 'critical']), '4 findings are critical.');
    assert.equal(
      reasonOf(['info'], ['sessions']),
      'No grade without sessions; what was looked at is fine: no finding is medium, high or critical.',
    );
  });

  it('is incomplete when a section is missing, whatever was found', () => {
    assert.equal(gradeOf([], ['statement statistics']), 'incomplete');
    const { grade, gradeReason } = gradeFindings([finding('high')], ['sessions', 'settings']);
    assert.equal(grade, 'incomplete');
    assert.equal(
      gradeReason,
      'No grade without sessions, settings; what was looked at is a C at best: 1 finding is high.',
    );
  });
});
