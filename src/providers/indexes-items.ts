// How indexes look in the Indexes view: description, icon, tooltip.
import * as vscode from 'vscode';
import { formatBytes, formatCompactCount, formatCount, formatRatio } from '../analysis/format/numbers';
import { describeRules } from '../analysis/indexes/indexes-text';
import { lastScanVersion, type IndexNode } from '../analysis/indexes/index-tree';
import type { SnapshotIndex } from '../analysis/snapshot';
import type { TableColumn, TableDetails } from '../analysis/tables/table';
import { appendTable, escapeText, formatTime, startTooltip } from './tooltip-text';

export type IndexGrouping = 'finding' | 'table';

/** "unused · ~11.2 MB · 0 scans · (currency)": what the group does not say, and what stands out first. */
export function describeIndexNode(node: IndexNode, grouping: IndexGrouping, neverPaid: boolean): string {
  const { index } = node;
  const keys = `(${index.keys.map(({ sql }) => sql).join(', ')})`;
  return [
    neverPaid ? 'never paid' : '',
    grouping === 'table' ? describeRules(node) : '',
    index.isBeingBuilt ? 'being built' : '',
    `~${formatBytes(node.sizeBytes)}`,
    describeScans(node),
    grouping === 'table' ? keys : `${index.tableName} ${keys}`,
    index.predicate === null ? '' : 'partial',
    index.method === 'btree' ? '' : index.method,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function describeScans({ scans, lastScan }: IndexNode): string {
  if (scans === null) return 'scans not counted';
  const count = `${formatCompactCount(scans)} ${scans === 1 ? 'scan' : 'scans'}`;
  return lastScan === null ? count : `${count}, last ${lastScan.slice(0, 10)}`;
}

const warning = new vscode.ThemeColor('list.warningForeground');

export function toIndexNodeIcon({ index, findings }: IndexNode, neverPaid: boolean): vscode.ThemeIcon {
  const isMarked = neverPaid || findings.length > 0;
  return isMarked ? new vscode.ThemeIcon(findIcon(index), warning) : new vscode.ThemeIcon(findIcon(index));
}

function findIcon(index: SnapshotIndex): string {
  if (index.isBeingBuilt) return 'sync';
  if (index.isPartitioned) return 'layers';
  if (!index.isValid) return 'warning';
  if (index.isPrimary) return 'key';
  return index.isUnique ? 'symbol-key' : 'list-ordered';
}

function describeKind(index: SnapshotIndex): string {
  const kind = index.isPrimary ? 'primary key' : index.isUnique ? 'unique index' : 'index';
  return index.isPartitioned ? `partitioned ${kind}` : kind;
}

function describeValidity(index: SnapshotIndex): string {
  if (index.isValid) return 'yes';
  if (index.isBeingBuilt) return 'not yet: a session is building, rebuilding or dropping it';
  if (index.isPartitioned) return 'no: some partitions have no index attached to it';
  return 'no: no statement uses it';
}

/** `details` are those of its table; a text says why there are none. `promise` is null where nothing was promised. */
export function toIndexNodeTooltip(
  node: IndexNode,
  serverVersionNumber: number,
  details: TableDetails | string,
  promise: string | null,
): vscode.MarkdownString {
  const { index } = node;
  const tooltip = startTooltip(`${index.schema}.${index.name}`, describeKind(index), null);
  for (const { message } of node.findings) tooltip.appendMarkdown(`$(warning) ${escapeText(message)}\n\n`);
  if (promise !== null) tooltip.appendMarkdown(`$(history) ${escapeText(promise)}\n\n`);
  tooltip.appendCodeblock(index.definition, 'sql');
  appendTable(tooltip, [
    ['Table', `${index.schema}.${index.tableName}`],
    ['Method', index.method],
    ['Size (at the last vacuum or analyze)', `~${formatBytes(node.sizeBytes)}`],
    ['Scans', node.scans === null ? 'not counted (track_counts is off)' : formatCount(node.scans)],
    ['Last scan', serverVersionNumber < lastScanVersion ? 'known from 16 on' : formatTime(node.lastScan)],
    ['Constraint', index.constraint ?? 'none'],
    ...(index.supportsForeignKey ? [['Foreign keys', 'refer to it'] as [string, string]] : []),
    ['Valid', describeValidity(index)],
  ]);
  if (typeof details === 'string') tooltip.appendMarkdown(`\n\n${escapeText(details)}`);
  else appendColumns(tooltip, index, details);
  return tooltip;
}

/** More values than this make a tooltip that does not fit beside the view. */
const shownValues = 3;
const shownValueLength = 24;
/** Tooltips draw cells side by side without a space. */
const cellGap = ' | &nbsp;&nbsp;';

/** Statistics of the columns that the index is on; an expression has none of its own here. */
function appendColumns(tooltip: vscode.MarkdownString, index: SnapshotIndex, { columns }: TableDetails): void {
  const names = new Set(index.keys.flatMap(({ column }) => (column === null ? [] : [column])));
  const known = columns.filter(({ name }) => names.has(name));
  if (known.length === 0) return;
  tooltip.appendMarkdown(
    `\n\n| ${['Column', 'NULL', 'Distinct', 'Most common'].join(cellGap)} |\n|---|---:|---:|:---|\n`,
  );
  for (const column of known) {
    tooltip.appendMarkdown(`| ${[column.name, ...describeColumnStatistics(column)].map(escapeText).join(cellGap)} |\n`);
  }
}

const missingStatistics: Record<NonNullable<TableColumn['statisticsMissing']>, string> = {
  'not-permitted': 'statistics not permitted for this role',
  'row-security': 'hidden by row-level security',
  'not-analyzed': 'no statistics yet: run ANALYZE',
};

function describeColumnStatistics({ statistics, statisticsMissing }: TableColumn): string[] {
  if (statistics === null) return ['', '', statisticsMissing === null ? '' : missingStatistics[statisticsMissing]];
  const { nullRatio, distinct, mostCommon } = statistics;
  const values = mostCommon.slice(0, shownValues).map(({ value, frequency }) => {
    const text = value.length > shownValueLength ? `${value.slice(0, shownValueLength)}…` : value;
    return `${text} (${formatRatio(frequency)})`;
  });
  return [
    formatRatio(nullRatio),
    distinct.kind === 'count' ? `~${formatCount(distinct.value)}` : `~${formatRatio(distinct.value)} of the rows`,
    values.length === 0 ? 'all about equally' : values.join(', '),
  ];
}
