// What the tooltips of all trees are made of. Names and values come from the server: nothing of them may be read as
// Markdown.
import * as vscode from 'vscode';
import { formatDateTime } from '../analysis/format/date-time';

export function startTooltip(name: string, kind: string, comment: string | null): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString(undefined, true);
  tooltip.appendMarkdown(`**${escapeText(name)}** · ${escapeText(kind)}\n\n`);
  if (comment !== null) tooltip.appendMarkdown(`${comment.split('\n').map(escapeText).join('  \n')}\n\n`);
  return tooltip;
}

/** Two columns without titles: what, and its value. */
export function appendTable(tooltip: vscode.MarkdownString, rows: readonly [string, string][]): void {
  tooltip.appendMarkdown('| | |\n|---|---:|\n');
  for (const [label, value] of rows) tooltip.appendMarkdown(`| ${escapeText(label)} | ${escapeText(value)} |\n`);
}

/** MarkdownString.appendText makes spaces unbreakable, and a long comment then breaks within its words. */
export function escapeText(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_{}[\]()#+\-.!|~<>$&]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

export function formatTime(iso: string | null): string {
  return iso === null ? 'never' : formatDateTime(iso);
}
