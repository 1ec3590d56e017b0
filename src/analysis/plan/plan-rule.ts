// What a rule on plans is. A rule looks at one plan and says what stands out, with its evidence; it never asks the
// server. What only the server knows comes in as facts, and without them a rule says less, not more.
import type { Evidence, Finding, Severity, SuggestedFix } from '../finding';
import { numberField, textField } from './fields';
import type { PlanNode } from './plan';
import { nodeSignature, selfRatio, type PlanTree } from './plan-tree';

/** What the catalogue says about a table's statistics. */
export interface TableStatistics {
  rows: number;
  /** n_mod_since_analyze; null where the server does not count (track_counts off). */
  modifiedSinceAnalyze: number | null;
  /** Types by column, as format_type prints them; absent where they were not looked at. */
  columnTypes?: ReadonlyMap<string, string>;
  /** The columns of each of its extended statistics. */
  extendedStatistics?: readonly (readonly string[])[];
}

/** What is known beside the plan; everything may be missing. */
export interface PlanFacts {
  /** server_version_num */
  serverVersionNumber?: number;
  /** By "schema.table"; a missing table is one that was not looked at. */
  tableStatistics?: ReadonlyMap<string, TableStatistics>;
}

export interface PlanObservation {
  node: PlanNode;
  severity: Severity;
  /** One sentence that names the object. */
  message: string;
  /** What to do next. */
  advice: string;
  evidence: Evidence[];
  fix?: SuggestedFix;
  /** How much sooner the statement might end without this: an upper bound, for ranking. Null without timing. */
  savedMs: number | null;
}

export interface PlanRule {
  /** Also the name of its file and of its page in docs/rules. */
  id: string;
  title: string;
  find: (tree: PlanTree, facts: PlanFacts) => Finding[];
}

export interface PlanRuleDefinition {
  id: string;
  title: string;
  check: (tree: PlanTree, facts: PlanFacts) => PlanObservation[];
}

/** The label by which analyzePlan ranks findings. */
export const savedTimeLabel = 'estimated time at stake';

export function definePlanRule({ id, title, check }: PlanRuleDefinition): PlanRule {
  return {
    id,
    title,
    find: (tree, facts) => {
      // two nodes may be alike (a table joined to itself): the second one of a kind gets a number
      const seen = new Map<string, number>();
      return check(tree, facts).map(({ node, savedMs, fix, evidence, ...said }): Finding => {
        const signature = `${id}: ${nodeSignature(node)}`;
        const count = (seen.get(signature) ?? 0) + 1;
        seen.set(signature, count);
        return {
          ruleId: id,
          subject: { kind: 'plan-node', nodeId: node.id },
          ...said,
          evidence:
            savedMs === null
              ? evidence
              : [...evidence, { grade: 'estimated', label: savedTimeLabel, value: savedMs, unit: 'ms' }],
          ...(fix === undefined ? {} : { fix }),
          fingerprint: count === 1 ? signature : `${signature} (${count})`,
        };
      });
    },
  };
}

/** What is below this share of the statement is not worth a reader's time, whatever is wrong with it. */
const minRatio = 0.05;
/** Nor is what takes less than this, in a statement that is fast anyway. */
const minMs = 1;

/** Whether work of this share of the statement matters enough to speak of (docs/plan-metrics.md, "Findings"). */
export function isWorthwhile(tree: PlanTree, ratio: number): boolean {
  return ratio >= minRatio && (tree.wholeMs === null || tree.wholeMs * ratio >= minMs);
}

/** Whether the node's own work matters enough. */
export function hasWeight(tree: PlanTree, node: PlanNode): boolean {
  return !node.neverExecuted && isWorthwhile(tree, selfRatio(tree, node));
}

export function savedMsOf(tree: PlanTree, ratio: number): number | null {
  return tree.wholeMs === null ? null : tree.wholeMs * ratio;
}

/** A better plan saves some unknown part; half of it ranks a cause below what was measured as waste. */
export const unknownPlanRatio = 0.5;

/** The share of the statement that a node and all below it took, 0 to 1; null without timing. */
export function totalRatio(tree: PlanTree, { totalMs }: PlanNode): number | null {
  if (totalMs === null || tree.wholeMs === null) return null;
  return tree.wholeMs === 0 ? 0 : Math.min(1, totalMs / tree.wholeMs);
}

/** What a rule sees in each node that was or may be executed. */
export function observeNodes(tree: PlanTree, look: (node: PlanNode) => PlanObservation | null): PlanObservation[] {
  return tree.plan.nodes.flatMap((node) => {
    const seen = node.neverExecuted ? null : look(node);
    return seen === null ? [] : [seen];
  });
}

/** What a rule sees in the statement as a whole, which its first node stands for. */
export function observeStatement(tree: PlanTree, look: (root: PlanNode) => PlanObservation | null): PlanObservation[] {
  const [root] = tree.roots;
  const seen = root === undefined ? null : look(root);
  return seen === null ? [] : [seen];
}

/** An index is advised with the planner's word only: no rule writes its DDL. */
export const askIndexAdvisor =
  'The quick fixes of an SQL file and pg-insight advise try such an index with the planner, and write it only when it pays.';

/** A finding that may halve the statement's time is high, one that may save a fifth medium. */
const highFromRatio = 0.5;
const mediumFromRatio = 0.2;

export function severityOf(savedRatio: number): Severity {
  if (savedRatio >= highFromRatio) return 'high';
  return savedRatio >= mediumFromRatio ? 'medium' : 'low';
}

/** Severity and rank by what may be saved of the statement's time. */
export function atStake(tree: PlanTree, savedRatio: number): Pick<PlanObservation, 'severity' | 'savedMs'> {
  return { severity: severityOf(savedRatio), savedMs: savedMsOf(tree, savedRatio) };
}

export function measured(label: string, value: number | string, unit: string | null): Evidence {
  return { grade: 'measured', label, value, unit };
}

export function estimated(label: string, value: number | string, unit: string | null): Evidence {
  return { grade: 'estimated', label, value, unit };
}

export function planned(label: string, value: number | string, unit: string | null): Evidence {
  return { grade: 'planned', label, value, unit };
}

/** The condition that throws rows away, for a sentence; null when the server did not print it. */
export function filterOf(node: PlanNode): string | null {
  return textField(node, 'Filter');
}

/** The largest value of a figure among the node itself and its parallel workers. */
export function largestOf(
  node: PlanNode,
  workers: readonly { fields: Record<string, unknown> }[],
  name: string,
): number | null {
  const figures = [node, ...workers].map((each) => numberField(each, name)).filter((figure) => figure !== null);
  return figures.length === 0 ? null : Math.max(...figures);
}
