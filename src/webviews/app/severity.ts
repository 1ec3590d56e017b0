// Severities as icons and words: colour never stands alone.
import type { Finding, Severity } from '../../analysis/finding';

/** Worst first. Written here, since the schema's own list would bring its library into the browser. */
const order: Record<Severity, number> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };

const icons: Record<Severity, string> = {
  critical: 'error',
  high: 'warning',
  medium: 'warning',
  low: 'info',
  info: 'lightbulb',
};

export const severityIcon = (severity: Severity) => icons[severity];

export const severityWord = (severity: Severity) => severity.charAt(0).toUpperCase() + severity.slice(1);

/** The one whose colour stands for all of them; undefined for none. */
export function worstOf(findings: readonly Finding[]): Finding | undefined {
  return findings.toSorted((a, b) => order[a.severity] - order[b.severity])[0];
}

/** The findings of each node as they are ranked, by PlanNode.id. */
export function findingsByNode(findings: readonly Finding[]): Map<number, Finding[]> {
  const byNode = new Map<number, Finding[]>();
  for (const finding of findings) {
    if (finding.subject.kind !== 'plan-node') continue;
    const { nodeId } = finding.subject;
    byNode.set(nodeId, [...(byNode.get(nodeId) ?? []), finding]);
  }
  return byNode;
}
