// One letter for a server, by a rule that anybody can check: the worst finding caps it, and what could not be looked at
// leaves it open (docs/report.md).
import type { Finding, Severity } from './finding';
import type { Grade } from './report';

/** The best grade that findings of a severity leave possible, the worst first; others leave an A. */
const gradeCaps = [
  ['critical', 'D'],
  ['high', 'C'],
  ['medium', 'B'],
] as const satisfies readonly (readonly [Severity, Grade])[];

/** From this many critical findings on, the server needs somebody today. */
const criticalForF = 3;

export interface Graded {
  grade: Grade;
  /** One sentence. */
  gradeReason: string;
}

/** `gaps` are the titles of the sections that could not be looked at; `findings` are those that nobody ignores. */
export function gradeFindings(findings: readonly Finding[], gaps: readonly string[]): Graded {
  const byFindings = gradeByFindings(findings);
  if (gaps.length === 0) return byFindings;
  const seen =
    byFindings.grade === 'A' ? 'what was looked at is fine' : `what was looked at is a ${byFindings.grade} at best`;
  return {
    grade: 'incomplete',
    gradeReason: `No grade without ${gaps.join(', ')}; ${seen}: ${lowerFirst(byFindings.gradeReason)}`,
  };
}

function gradeByFindings(findings: readonly Finding[]): Graded {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const critical = count('critical');
  if (critical >= criticalForF) return { grade: 'F', gradeReason: `${critical} findings are critical.` };
  for (const [severity, grade] of gradeCaps) {
    const number = count(severity);
    if (number === 0) continue;
    return {
      grade,
      gradeReason: `${number === 1 ? '1 finding is' : `${number} findings are`} ${severity}.`,
    };
  }
  return { grade: 'A', gradeReason: 'No finding is medium, high or critical.' };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
