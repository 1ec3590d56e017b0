// How findings and what could not be looked at show in the Findings view: icons, words, tooltips.
import * as vscode from 'vscode';
import type { Finding, ObjectRef, Severity } from '../analysis/finding';
import { formatValue } from '../analysis/format/numbers';
import type { RuleOutcome } from '../analysis/report';
import type { SectionGapKind } from '../analysis/snapshot';
import { summarizeStatement } from '../analysis/statements/statement-text';
import { labelLength } from './slow-queries-items';
import { escapeText } from './tooltip-text';

export const severityTitles: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

export function toSeverityIcon(severity: Severity): vscode.ThemeIcon {
  switch (severity) {
    case 'critical':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'high':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.errorForeground'));
    case 'medium':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    case 'low':
    case 'info':
      return new vscode.ThemeIcon('info');
  }
}

/** Each asks for another next step, so each is another word. */
const gapWords: Readonly<Record<SectionGapKind, string>> = {
  'not-permitted': 'not permitted',
  missing: 'missing on the server',
  'switched-off': 'switched off on the server',
  'not-possible': 'not possible now',
  failed: 'failed',
};

export function toGapIcon(kind: SectionGapKind): vscode.ThemeIcon {
  switch (kind) {
    case 'not-permitted':
      return new vscode.ThemeIcon('lock');
    case 'missing':
      return new vscode.ThemeIcon('extensions');
    case 'switched-off':
      return new vscode.ThemeIcon('circle-slash');
    case 'not-possible':
      return new vscode.ThemeIcon('clock');
    case 'failed':
      return new vscode.ThemeIcon('error');
  }
}

export type NotChecked = Exclude<RuleOutcome, { status: 'ran' }>;

export function describeNotCheckedKind(outcome: NotChecked): string {
  return outcome.status === 'disabled' ? 'switched off in the settings' : gapWords[outcome.reason.kind];
}

/** Views that have a row for what a finding is about. */
export function findView(subject: ObjectRef): 'indexes' | 'tables' | 'slowQueries' | null {
  switch (subject.kind) {
    case 'index':
      return 'indexes';
    case 'relation':
    case 'constraint':
      return 'tables';
    case 'statement':
      return 'slowQueries';
    default:
      return null;
  }
}

export function describeEvidence({ value, unit, grade }: Finding['evidence'][number]): string {
  const text = formatValue(value, unit);
  return grade === 'estimated' ? `~${text}` : text;
}

/** The first figure with a unit: rules put first what they order their findings by. Null without one. */
function findFigure({ evidence }: Finding): string | null {
  const figure = evidence.find(({ value, unit }) => typeof value === 'number' && unit !== null);
  return figure === undefined ? null : describeEvidence(figure);
}

/**
 * What tells findings apart comes first, for side bars are narrow and cut off the end: the object without its schema, or
 * the table of a statement, then how much it is about, what is wrong, and the rest. Servers and settings are in the
 * sentence. `statementText` is that of a statement's finding; null for others, and when it is gone.
 */
export function describeFinding(
  finding: Finding,
  statementText: string | null,
): { label: string; description: string } {
  const { ruleId, subject, message } = finding;
  const words = ruleId.replaceAll('-', ' ');
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  const join = (...parts: readonly (string | null)[]) =>
    parts.filter((part) => part !== null && part !== '').join(' · ');
  if (subject.kind === 'statement') {
    if (statementText === null) return { label: title, description: message };
    const { label, rest } = summarizeStatement(statementText, labelLength);
    return { label, description: join(findFigure(finding), words, rest) };
  }
  // as in the trees of tables and indexes: quotes are for SQL
  const named = 'name' in subject ? subject.name : null;
  if (named === null) return { label: title, description: message };
  const isObject = findView(subject) !== null || subject.kind === 'sequence';
  return isObject
    ? { label: named, description: join(findFigure(finding), words, message) }
    : { label: title, description: join(findFigure(finding), named, message) };
}

/** `ignoredFor` is the reason on the list; null for what is not on it. */
export function toFindingTooltip(finding: Finding, ignoredFor: string | null): vscode.MarkdownString {
  const { severity, ruleId, message, advice, evidence, fix } = finding;
  const tooltip = new vscode.MarkdownString(undefined, true);
  tooltip.appendMarkdown(`**${severityTitles[severity]}** · ${escapeText(ruleId)}\n\n${escapeText(message)}\n\n`);
  if (ignoredFor !== null) tooltip.appendMarkdown(`Ignored: ${escapeText(ignoredFor)}\n\n`);
  if (evidence.length > 0) {
    tooltip.appendMarkdown('| Evidence | | |\n|---|---:|---|\n');
    for (const each of evidence) {
      const cells = [each.label, formatValue(each.value, each.unit), each.grade];
      tooltip.appendMarkdown(`| ${cells.map(escapeText).join(' | ')} |\n`);
    }
    tooltip.appendMarkdown('\n');
  }
  if (advice !== undefined) tooltip.appendMarkdown(`${escapeText(advice)}\n\n`);
  if (fix !== undefined) {
    tooltip.appendMarkdown(`**${escapeText(fix.title)}**`);
    tooltip.appendCodeblock(fix.sql, 'sql');
    tooltip.appendMarkdown(`Risk: ${escapeText(fix.risk)}`);
  }
  return tooltip;
}
