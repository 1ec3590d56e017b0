import type { Finding } from '../finding';
import type { Plan } from './plan';
import { savedTimeLabel, type PlanFacts } from './plan-rule';
import { toPlanTree } from './plan-tree';
import { planRules } from './rules/index';

/** The time a finding may save; without timing nothing is known, and the rules' order decides. */
function savedMsOf(finding: Finding): number {
  const saved = finding.evidence.find(({ label }) => label === savedTimeLabel)?.value;
  return typeof saved === 'number' ? saved : 0;
}

/** All that stands out in a plan, what may save the most time first. */
export function analyzePlan(plan: Plan, facts: PlanFacts = {}): Finding[] {
  const tree = toPlanTree(plan);
  return planRules.flatMap((rule) => rule.find(tree, facts)).toSorted((a, b) => savedMsOf(b) - savedMsOf(a));
}
