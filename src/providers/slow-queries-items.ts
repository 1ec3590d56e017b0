// How statements look in the Slow Queries view: description, icon, tooltip, and what the view says above them.
import * as vscode from 'vscode';
import { formatDateTime } from '../analysis/format/date-time';
import {
  formatBytes,
  formatCompactCount,
  formatCount,
  formatMs,
  formatQuantity,
  formatRatio,
} from '../analysis/format/numbers';
import type { SnapshotActivity } from '../analysis/snapshot';
import { toHiddenStatementsFix } from '../analysis/statements/hidden-statements';
import { toStatementFigures, type StatementFigure } from '../analysis/statements/statement-figures';
import { statementOrderTitles, type StatementEntry, type StatementOrder } from '../analysis/statements/statement-list';
import { findExplainObstacle, shortenStatement, summarizeStatement } from '../analysis/statements/statement-text';
import { describeToolStatements } from '../analysis/statements/tool-statement';
import { toSeconds, type StatementList } from './slow-queries-store';
import { appendTable, escapeText, startTooltip } from './tooltip-text';

/** A side bar of the usual width shows some 30 characters of a row: what the list is sorted by has to be among them. */
export const labelLength = 16;
const tooltipTitleLength = 80;
/** A tooltip scrolls, but a text that was generated may be megabytes long. */
const tooltipTextLength = 4_000;

/** A tenth of the load is worth a look whatever else there is: half of it gone would be felt on the whole server. */
const heavyLoadRatio = 0.1;
/** What a person notices as a delay; the rule slow-statement begins there, too. */
const slowMeanMs = 100;

const warning = new vscode.ThemeColor('list.warningForeground');

export const hiddenLabel = 'hidden from this role';

export function toStatementLabel(text: string | null): string {
  return text === null ? hiddenLabel : summarizeStatement(text, labelLength).label;
}

/** "34% · 12.3 ms · 1,234 calls · status = $1", first what the list is sorted by. */
export function describeStatement(entry: StatementEntry, order: StatementOrder, blockSizeBytes: number): string {
  const { text, role } = entry.statement;
  return [
    ...toRowFigures(entry, order, blockSizeBytes).map(({ value }) => value),
    text === null ? (role ?? 'a role that is gone') : summarizeStatement(text, labelLength).rest,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** A row as it is read aloud: its figures have their names, which the row has no room for. */
export function sayStatement(entry: StatementEntry, order: StatementOrder, blockSizeBytes: number): string {
  const figures = toRowFigures(entry, order, blockSizeBytes).map(({ name, value }) => `${name}${value}`);
  const { text } = entry.statement;
  const { label, rest } = text === null ? { label: hiddenLabel, rest: '' } : summarizeStatement(text, labelLength);
  return [rest === '' ? label : `${label}: ${rest}`, ...figures].join(', ');
}

function toRowFigures(
  entry: StatementEntry,
  order: StatementOrder,
  blockSizeBytes: number,
): { name: string; value: string }[] {
  const { statement, loadRatio } = entry;
  const mean = { name: 'mean time ', value: formatMs(statement.meanExecMs) };
  const load = { name: 'share of the load ', value: formatRatio(loadRatio) };
  const calls = { name: '', value: formatCalls(statement.calls) };
  if (order === 'calls') return [calls, mean, load];
  // the load is the total time's share
  if (order === 'total') return [load, mean, calls];
  const first = toOrderFigure(entry, order, blockSizeBytes);
  return [...(first === null ? [] : [{ name: '', value: first }]), mean, load, calls];
}

function formatCalls(calls: number): string {
  return `${formatCompactCount(calls)} ${calls === 1 ? 'call' : 'calls'}`;
}

/** Null where the description has it anyway. */
function toOrderFigure(
  { statement, hitRatio, tempBlocks }: StatementEntry,
  order: StatementOrder,
  blockSizeBytes: number,
): string | null {
  switch (order) {
    case 'total':
    case 'mean':
    case 'calls':
      return null;
    case 'rows':
      return `${formatCompactCount(statement.rows)} rows`;
    case 'temp':
      return tempBlocks === 0 ? 'no temp' : `${formatBytes(tempBlocks * blockSizeBytes)} temp`;
    case 'hit-ratio':
      return hitRatio === null ? 'no blocks' : `${formatRatio(hitRatio)} hits`;
  }
}

export function toStatementIcon({ statement, loadRatio }: StatementEntry): vscode.ThemeIcon {
  if (statement.text === null) return new vscode.ThemeIcon('lock');
  if (loadRatio >= heavyLoadRatio) return new vscode.ThemeIcon('flame', warning);
  if (statement.meanExecMs >= slowMeanMs) return new vscode.ThemeIcon('watch', warning);
  return new vscode.ThemeIcon(findExplainObstacle(statement.text) === null ? 'circle-outline' : 'gear');
}

/** What the menus go by. */
export function toTextContext(kind: 'statement' | 'running' | '', text: string | null): string {
  if (text === null) return `${kind}.hidden`;
  return findExplainObstacle(text) === null ? `${kind}.explainable` : `${kind}.utility`;
}

/** All figures; above them, why the statement can't be explained or shown. */
export function toStatementRows(
  entry: StatementEntry,
  list: Pick<StatementList, 'blockSizeBytes' | 'mark'>,
): StatementFigure[] {
  const obstacle = findExplainObstacle(entry.statement.text);
  return [
    ...(obstacle === null ? [] : [{ label: 'No plan', value: obstacle }]),
    ...toStatementFigures(entry, { blockSizeBytes: list.blockSizeBytes, isSinceMark: list.mark !== null }),
  ];
}

export function toStatementTooltip(
  entry: StatementEntry,
  list: Pick<StatementList, 'blockSizeBytes' | 'mark'>,
  role: string,
): vscode.MarkdownString {
  const { text } = entry.statement;
  const title = text === null ? 'A statement of another role' : shortenStatement(text, tooltipTitleLength);
  const tooltip = startTooltip(title, 'statement', null);
  if (text !== null) appendText(tooltip, text);
  else {
    tooltip.appendMarkdown(`${escapeText(`Its text is hidden from role "${role}". To see it:`)}\n\n`);
    tooltip.appendCodeblock(toHiddenStatementsFix(role).sql, 'sql');
  }
  appendTable(
    tooltip,
    toStatementRows(entry, list).map(({ label, value }) => [label, value]),
  );
  return tooltip;
}

function appendText(tooltip: vscode.MarkdownString, text: string): void {
  const isWhole = text.length <= tooltipTextLength;
  tooltip.appendCodeblock(isWhole ? text : `${text.slice(0, tooltipTextLength)}\n…`, 'sql');
  if (!isWhole) {
    tooltip.appendMarkdown(
      `${escapeText(`The first ${formatCount(tooltipTextLength)} of ${formatCount(text.length)} characters; "Open Statement" shows all.`)}\n\n`,
    );
  }
}

/** Above the list: since when, in which order, and what is not in it. */
export function describeList(list: StatementList, order: StatementOrder, filter: string, role: string): string {
  const { entries, total, tools, hidden, mark, statisticsReset, deallocated, window } = list;
  const since = statisticsReset === null ? 'the last reset' : formatDateTime(statisticsReset);
  const start =
    mark === null
      ? `Since ${since}`
      : window?.wasReset === true
        ? `The statistics were reset after the mark of ${formatDateTime(mark.markedAt)}. Since ${since}`
        : `Since the mark of ${formatDateTime(mark.markedAt)}`;
  const toolNote = describeToolStatements(tools);
  const them = hidden === 1 ? 'it' : 'them';
  return [
    `${start}, by ${statementOrderTitles[order]}.`,
    ...(window === null ? [] : describeResets(window)),
    ...(filter === '' ? [] : [`Filter: ${filter} (${formatCount(entries.length)} of ${formatCount(total)}).`]),
    ...(toolNote === null ? [] : [toolNote]),
    ...(hidden === 0
      ? []
      : [
          `${formatQuantity(hidden, 'statement')} of other roles ${hidden === 1 ? 'is' : 'are'} ${
            mark === null ? 'hidden from this role' : `hidden, so the mark can't recognise ${them}`
          }. To see ${them}: ${toHiddenStatementsFix(role).sql}`,
        ]),
    ...(deallocated === null || deallocated === 0
      ? []
      : [
          `Room ran out ${formatQuantity(deallocated, 'time')} and rare statements were thrown out: raise pg_stat_statements.max.`,
        ]),
  ].join(' ');
}

/** What a reset did to the window since a mark, and what can't be known of one. */
function describeResets({ wasReset, restarted, gone, mayMissReset }: NonNullable<StatementList['window']>): string[] {
  return [
    ...(restarted === 0
      ? []
      : [
          `${formatQuantity(restarted, 'statement')} ${restarted === 1 ? 'was' : 'were'} reset after the mark and ${restarted === 1 ? 'counts' : 'count'} since then.`,
        ]),
    ...(gone === 0
      ? []
      : [
          `${formatQuantity(gone, 'statement')} of the mark ${gone === 1 ? 'is' : 'are'} gone: reset, or thrown out for lack of room.`,
        ]),
    ...(mayMissReset && !wasReset
      ? ['This version of pg_stat_statements does not tell when a statement was reset: mark again after a reset.']
      : []),
  ];
}

// --- running statements ----------------------------------------------------------------------------------------------

/** "12.3 s · active · waits for Lock: transactionid · pid 123 · status = $1" */
export function describeRunning(activity: SnapshotActivity, database: string): string {
  const { pid, state, waitEventType, waitEvent, blockedBy, isHidden, text } = activity;
  const seconds = toSeconds(activity);
  return [
    seconds < 0 ? null : formatMs(seconds * 1000),
    isHidden ? null : state,
    // a session that waits for its client does nothing at all
    waitEvent === null || waitEventType === 'Client' ? null : `waits for ${waitEventType ?? ''}: ${waitEvent}`,
    blockedBy.length === 0 ? null : `blocked by ${blockedBy.join(', ')}`,
    `pid ${pid}`,
    activity.database === null || activity.database === database ? null : `in ${activity.database}`,
    isHidden || text === null ? null : summarizeStatement(text, labelLength).rest,
  ]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}

export function toRunningIcon({ isHidden, blockedBy, state }: SnapshotActivity): vscode.ThemeIcon {
  if (isHidden) return new vscode.ThemeIcon('lock');
  if (blockedBy.length > 0) return new vscode.ThemeIcon('debug-pause', warning);
  return new vscode.ThemeIcon(state === 'active' ? 'play' : 'circle-outline');
}

export function toRunningTooltip(activity: SnapshotActivity): vscode.MarkdownString {
  const { pid, text, role, application, database, state, querySeconds, transactionSeconds } = activity;
  const { waitEventType, waitEvent, blockedBy, isHidden } = activity;
  const tooltip = startTooltip(`pid ${pid}`, 'session', null);
  if (text !== null && text !== '') appendText(tooltip, text);
  const toTime = (seconds: number | null) => formatMs(seconds === null ? null : seconds * 1000);
  appendTable(tooltip, [
    ['State', isHidden ? hiddenLabel : (state ?? '')],
    ['Statement runs for', toTime(querySeconds)],
    ['Transaction is open for', toTime(transactionSeconds)],
    ['Waits for', waitEvent === null ? 'nothing' : `${waitEventType ?? ''}: ${waitEvent}`],
    ...(blockedBy.length === 0 ? [] : [['Blocked by', blockedBy.join(', ')] as [string, string]]),
    ['Role', role ?? ''],
    ['Application', application],
    ['Database', database ?? ''],
  ]);
  return tooltip;
}
