// The health rules on one snapshot: what they found, what of it somebody chose not to see, and what each rule did. Pure.
// A rule that throws is a fault of PG Insight and is not hidden here.
import { severities, type Finding } from './finding';
import { findIgnoreReason } from './ignore-list';
import type { IgnoreEntry } from './parse-ignore-list';
import type { IgnoredFinding, RuleOutcome } from './report';
import { healthRules } from './rules/index';
import type { Snapshot } from './snapshot';

export interface AnalyzeOptions {
  /** Ids of rules that the settings switch off. */
  disabled?: readonly string[];
  /** By rule's id: the options that differ from the defaults. */
  options?: Readonly<Record<string, unknown>>;
  ignore?: readonly IgnoreEntry[];
}

export interface Analysis {
  /** By severity, then in the order of the rules, then by weight. */
  findings: Finding[];
  ignored: IgnoredFinding[];
  /** One for each rule, in the order of the rules. */
  outcomes: RuleOutcome[];
}

export function analyze(
  snapshot: Snapshot,
  { disabled = [], options = {}, ignore = [] }: AnalyzeOptions = {},
): Analysis {
  const findings: Finding[] = [];
  const ignored: IgnoredFinding[] = [];
  const outcomes = healthRules.map(({ id: ruleId, title, run }): RuleOutcome => {
    if (disabled.includes(ruleId)) return { ruleId, title, status: 'disabled' };
    const result = run(snapshot, options[ruleId]);
    if (result.status === 'skipped') return { ruleId, title, status: 'skipped', reason: result.reason };
    const shown = findings.length;
    for (const finding of result.findings) {
      const reason = findIgnoreReason(finding, ignore);
      if (reason === null) findings.push(finding);
      else ignored.push({ finding, reason });
    }
    return { ruleId, title, status: 'ran', findings: findings.length - shown };
  });
  // the sort is stable: what is equally severe keeps the order of the rules and their weights
  findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return { findings, ignored, outcomes };
}
