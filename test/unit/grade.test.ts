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
    assert.equal(gradeOf(['critical', 'critical', 'high', 'critical']), 'F');
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
