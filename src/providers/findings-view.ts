// The Findings view: what the rules found, by severity, each with its evidence and fix; then what somebody chose not to
// see, and what could not be looked at. It asks the health store and never the server.
import * as vscode from 'vscode';
import type { Evidence, Finding, Severity } from '../analysis/finding';
import { formatCount, formatQuantity } from '../analysis/format/numbers';
import { ignoreFileName } from '../analysis/ignore-list';
import type { AnalysisReport, IgnoredFinding } from '../analysis/report';
import { findStatementText } from '../analysis/statements/statement-list';
import { findExplainObstacle, shortenStatement } from '../analysis/statements/statement-text';
import { formatFailure } from './failure-reporter';
import {
  describeEvidence,
  describeFinding,
  describeNotCheckedKind,
  findView,
  severityTitles,
  toFindingTooltip,
  toGapIcon,
  toSeverityIcon,
  type NotChecked,
} from './findings-items';
import type { HealthStore } from './health-store';
import { toTextContext } from './slow-queries-items';
import { toStatementIndexItem, toStatementIndexRows, type StatementIndexRow } from './statement-index-item';
import type { StatementIndexes } from './statement-indexes';
import { toMessageItem, toTreeItem } from './tree-items';

/** More than a side bar shows. */
const textLength = 80;
/** VS Code lays out a list of this length at once; nobody reads on for longer without a word of theirs. */
const shownAtOnce = 500;

export type FindingsNode =
  | { kind: 'severity'; severity: Severity; findings: readonly Finding[] }
  | {
      kind: 'finding';
      finding: Finding;
      /** Reason on the ignore list; null for what is not on it. */ ignoredFor: string | null;
    }
  | { kind: 'more'; severity: Severity; count: number }
  | { kind: 'evidence'; finding: Finding; position: number; evidence: Evidence }
  | { kind: 'statement'; finding: Finding; text: string }
  | StatementIndexRow
  | { kind: 'advice'; finding: Finding; text: string }
  | { kind: 'fix'; finding: Finding }
  | { kind: 'ignored'; ignored: readonly IgnoredFinding[] }
  | { kind: 'notCheckedGroup'; outcomes: readonly NotChecked[] }
  | { kind: 'notChecked'; outcome: NotChecked }
  | { kind: 'message'; id: string; text: string; icon: string; command?: vscode.Command };

export class FindingsView implements vscode.TreeDataProvider<FindingsNode>, vscode.Disposable {
  readonly #health: HealthStore;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #indexes: StatementIndexes;
  readonly #subscriptions: vscode.Disposable[];
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #shown = new Map<Severity, number>();

  constructor(health: HealthStore, indexes: StatementIndexes) {
    this.#health = health;
    this.#indexes = indexes;
    const show = () => {
      this.#changed.fire(undefined);
    };
    this.#subscriptions = [health.onDidChange(show), indexes.onDidChange(show)];
  }

  async getChildren(parent?: FindingsNode): Promise<FindingsNode[]> {
    if (parent === undefined) {
      await this.#health.read();
      return this.#toRoots();
    }
    switch (parent.kind) {
      case 'severity':
        return this.#toRows(parent);
      case 'finding':
        return [...toDetails(parent.finding, this.#findText(parent.finding)), ...this.#toIndexRows(parent.finding)];
      case 'ignored':
        return parent.ignored.map(({ finding, reason }) => ({ kind: 'finding', finding, ignoredFor: reason }));
      case 'notCheckedGroup':
        return parent.outcomes.map((outcome) => ({ kind: 'notChecked', outcome }));
      case 'notChecked':
        return toNextSteps(parent.outcome);
      case 'evidence':
      case 'statement':
      case 'missingIndex':
      case 'advice':
      case 'fix':
      case 'more':
      case 'message':
        return [];
    }
  }

  #toRows({ severity, findings }: FindingsNode & { kind: 'severity' }): FindingsNode[] {
    const shown = this.#shown.get(severity) ?? shownAtOnce;
    const rows = findings
      .slice(0, shown)
      .map((finding): FindingsNode => ({ kind: 'finding', finding, ignoredFor: null }));
    const count = findings.length - rows.length;
    return count > 0 ? [...rows, { kind: 'more', severity, count }] : rows;
  }

  showMore(severity: Severity): void {
    this.#shown.set(severity, (this.#shown.get(severity) ?? shownAtOnce) + shownAtOnce);
    this.#changed.fire(undefined);
  }

  /** Of the statement that a finding is about; null for other findings, and when it is not counted any more. */
  #findText({ subject }: Finding): string | null {
    const { state } = this.#health;
    return subject.kind === 'statement' && state.state === 'available'
      ? findStatementText(state.snapshot, subject.queryId)
      : null;
  }

  /** Of a finding about a statement. */
  #toIndexRows(finding: Finding): FindingsNode[] {
    const { subject, fingerprint } = finding;
    if (subject.kind !== 'statement' || findExplainObstacle(this.#findText(finding)) !== null) return [];
    return toStatementIndexRows(this.#indexes, fingerprint, subject.queryId);
  }

  #toRoots(): FindingsNode[] {
    const { state } = this.#health;
    switch (state.state) {
      case 'not-connected':
      case 'loading':
        return [];
      case 'failed':
        return [{ kind: 'message', id: 'failure', text: formatFailure(state.failure), icon: 'error' }];
      case 'available':
        return [...toIgnoreProblem(state.ignoreProblem), ...toGroups(state.report)];
    }
  }

  getTreeItem(node: FindingsNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'severity': {
        const { severity, findings } = node;
        const isOpen = severity === 'critical' || severity === 'high' || severity === 'medium';
        return toTreeItem(severity, severityTitles[severity], isOpen ? Expanded : Collapsed, {
          description: formatCount(findings.length),
          icon: toSeverityIcon(severity),
          contextValue: 'severity',
        });
      }
      case 'finding': {
        const { finding, ignoredFor } = node;
        const { fingerprint, fix, subject } = finding;
        const text = this.#findText(finding);
        const { label, description } = describeFinding(finding, text);
        const id = ignoredFor === null ? fingerprint : `ignored/${fingerprint}`;
        return toTreeItem(id, label, Collapsed, {
          description: ignoredFor === null ? description : `${ignoredFor} · ${description}`,
          icon: ignoredFor === null ? toSeverityIcon(finding.severity) : new vscode.ThemeIcon('eye-closed'),
          contextValue: [
            ignoredFor === null ? 'finding' : 'ignoredFinding',
            fix === undefined ? '' : '.fix',
            text === null ? '' : toTextContext('', text),
            findView(subject) === null ? '' : '.object',
          ].join(''),
        });
      }
      case 'more': {
        const item = toTreeItem(`${node.severity}/more`, `${formatCount(node.count)} more`, None, {
          description: `show the next ${Math.min(shownAtOnce, node.count)}`,
          icon: new vscode.ThemeIcon('ellipsis'),
          contextValue: 'more',
        });
        item.command = { command: 'pgInsight.findings.showMore', title: 'Show More Findings', arguments: [node] };
        return item;
      }
      case 'evidence': {
        const { label } = node.evidence;
        return toTreeItem(`${node.finding.fingerprint}/evidence/${node.position}`, label, None, {
          description: describeEvidence(node.evidence),
          icon: new vscode.ThemeIcon('dash'),
          contextValue: 'evidence',
        });
      }
      case 'statement': {
        const item = toTreeItem(
          `${node.finding.fingerprint}/statement`,
          shortenStatement(node.text, textLength),
          None,
          {
            description: 'open in editor',
            icon: new vscode.ThemeIcon('code'),
            contextValue: toTextContext('statement', node.text),
          },
        );
        item.command = { command: 'pgInsight.slowQuery.open', title: 'Open Statement', arguments: [node] };
        return item;
      }
      case 'missingIndex':
        return toStatementIndexItem(node);
      case 'advice': {
        const item = toTreeItem(`${node.finding.fingerprint}/advice`, node.text, None, {
          description: '',
          icon: new vscode.ThemeIcon('lightbulb'),
          contextValue: 'advice',
        });
        item.tooltip = node.text;
        return item;
      }
      case 'fix': {
        const item = toTreeItem(`${node.finding.fingerprint}/fix`, node.finding.fix?.title ?? '', None, {
          description: 'open in editor',
          icon: new vscode.ThemeIcon('tools'),
          contextValue: 'fix',
        });
        item.command = { command: 'pgInsight.finding.openFix', title: 'Open Fix in Editor', arguments: [node] };
        return item;
      }
      case 'ignored':
        return toTreeItem('ignored', `Ignored (${node.ignored.length})`, Collapsed, {
          description: '',
          icon: new vscode.ThemeIcon('eye-closed'),
          contextValue: 'ignored',
        });
      case 'notCheckedGroup':
        return toTreeItem('notChecked', `Not checked (${node.outcomes.length})`, Collapsed, {
          description: '',
          icon: new vscode.ThemeIcon('question'),
          contextValue: 'notCheckedGroup',
        });
      case 'notChecked': {
        const { outcome } = node;
        return toTreeItem(`notChecked/${outcome.ruleId}`, outcome.title, Collapsed, {
          description: describeNotCheckedKind(outcome),
          icon: toGapIcon(outcome.status === 'disabled' ? 'switched-off' : outcome.reason.kind),
          contextValue: `notChecked.${outcome.status}`,
        });
      }
      case 'message': {
        const item = toMessageItem(node.id, node.text, new vscode.ThemeIcon(node.icon));
        if (node.command !== undefined) item.command = node.command;
        return item;
      }
    }
  }

  /** Tooltips are made when they are shown. */
  resolveTreeItem(item: vscode.TreeItem, node: FindingsNode): vscode.TreeItem {
    switch (node.kind) {
      case 'finding':
      case 'evidence':
      case 'statement':
      case 'fix':
        item.tooltip = toFindingTooltip(node.finding, node.kind === 'finding' ? node.ignoredFor : null);
        break;
      case 'notChecked':
        item.tooltip = toNextSteps(node.outcome)
          .flatMap((step) => (step.kind === 'message' ? [step.text] : []))
          .join('\n');
        break;
      case 'severity':
      case 'more':
      case 'missingIndex':
      case 'advice':
      case 'ignored':
      case 'notCheckedGroup':
      case 'message':
        break;
    }
    return item;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }
}

/** The view's message can hold no link: this row does. */
function toIgnoreProblem(problem: string | null): FindingsNode[] {
  if (problem === null) return [];
  return [
    {
      kind: 'message',
      id: 'ignoreProblem',
      text: `Open ${ignoreFileName}: ${problem}`,
      icon: 'warning',
      command: { command: 'pgInsight.ignoreList.open', title: 'Open Ignore List' },
    },
  ];
}

function toGroups({ findings, ignored, rules }: AnalysisReport): FindingsNode[] {
  const bySeverity = new Map<Severity, Finding[]>();
  for (const finding of findings) {
    const group = bySeverity.get(finding.severity);
    if (group === undefined) bySeverity.set(finding.severity, [finding]);
    else group.push(finding);
  }
  const outcomes = rules.flatMap((outcome) => (outcome.status === 'ran' ? [] : [outcome]));
  const ran = rules.length - outcomes.length;
  const nothing =
    ignored.length === 0
      ? `${formatQuantity(ran, 'rule')} found nothing`
      : `${formatQuantity(ran, 'rule')} found nothing else`;
  return [
    ...(findings.length > 0
      ? []
      : ran === 0
        ? [{ kind: 'message', id: 'unchecked', text: 'No rule could look at this server', icon: 'question' } as const]
        : [{ kind: 'message', id: 'nothing', text: nothing, icon: 'pass' } as const]),
    // the report has them worst first
    ...[...bySeverity].map(([severity, group]): FindingsNode => ({ kind: 'severity', severity, findings: group })),
    ...(ignored.length === 0 ? [] : [{ kind: 'ignored', ignored } as const]),
    ...(outcomes.length === 0 ? [] : [{ kind: 'notCheckedGroup', outcomes } as const]),
  ];
}

function toDetails(finding: Finding, text: string | null): FindingsNode[] {
  const { evidence, advice, fix } = finding;
  return [
    ...(text === null ? [] : [{ kind: 'statement', finding, text } as const]),
    ...evidence.map((each, position): FindingsNode => ({ kind: 'evidence', finding, position, evidence: each })),
    ...(advice === undefined ? [] : [{ kind: 'advice', finding, text: advice } as const]),
    ...(fix === undefined ? [] : [{ kind: 'fix', finding } as const]),
  ];
}

function toNextSteps(outcome: NotChecked): FindingsNode[] {
  const line = (name: string, text: string, icon: string, command?: vscode.Command): FindingsNode => ({
    kind: 'message',
    id: `${outcome.ruleId}/${name}`,
    text,
    icon,
    ...(command === undefined ? {} : { command }),
  });
  if (outcome.status === 'disabled') {
    return [
      line('next', `Switched off in the setting pgInsight.rules: open it`, 'settings-gear', {
        command: 'workbench.action.openSettings',
        title: 'Open Settings',
        arguments: ['pgInsight.rules'],
      }),
    ];
  }
  const { message, nextStep } = outcome.reason;
  return [line('reason', message, 'info'), line('next', nextStep, 'arrow-right')];
}
