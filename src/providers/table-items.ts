// How tables, columns, indexes and foreign keys look in the Tables view: label, description, icon, tooltip.
import * as vscode from 'vscode';
import { formatBytes, formatCompactCount, formatCount, formatQuantity, formatRatio } from '../analysis/format/numbers';
import type {
  ColumnStatistics,
  ExactSizes,
  ExtendedStatistics,
  ForeignKey,
  TableColumn,
  TableIndex,
  TableKind,
  TableSummary,
} from '../analysis/tables/table';
import { quoteName } from '../analysis/sql/identifiers';
import { appendTable, formatTime, startTooltip } from './tooltip-text';

/**
 * A smaller table is read sequentially by right; of a larger one more than 5 % sequential scans are worth a look
 * (the figures PgHero uses for "missing indexes").
 */
const notableScanRows = 10_000;
const notableScanRatio = 0.05;
/** Loading a table, analyzing it and building its indexes are a handful of sequential scans: fewer than this say nothing. */
const meaningfulScans = 100;

/** autovacuum_vacuum_scale_factor is 0.2 dead rows for each live one: above 1/6 of all, vacuum is behind. */
const notableDeadRatio = 1 / 6;
/** autovacuum_vacuum_threshold; fewer dead rows are no burden. */
const notableDeadRows = 50;

const tableIcons: Record<TableKind, string> = {
  table: 'table',
  'partitioned table': 'layers',
  'materialized view': 'preview',
  'foreign table': 'link-external',
};

const warning = new vscode.ThemeColor('list.warningForeground');

export function hasManySequentialScans(table: TableSummary): boolean {
  const scans = (table.scans?.sequential ?? 0) + (table.scans?.index ?? 0);
  return (
    (table.estimatedRows ?? 0) >= notableScanRows &&
    scans >= meaningfulScans &&
    (table.sequentialScanRatio ?? 0) > notableScanRatio
  );
}

export function hasManyDeadRows(table: TableSummary): boolean {
  return (table.tuples?.dead ?? 0) > notableDeadRows && (table.deadTupleRatio ?? 0) > notableDeadRatio;
}

/**
 * "~38.2 MB · 50k rows · 2% seq scans · 0% dead". Side bars are narrow and cut off the end, so a share that stands out comes
 * first: "33% dead · ~38.2 MB · 50k rows · 2% seq scans". A share that is not known (nothing scanned, no rows counted) is
 * left out.
 */
export function describeTable(table: TableSummary, exact: ExactSizes | null): string {
  const dead = table.deadTupleRatio === null ? [] : [`${formatRatio(table.deadTupleRatio)} dead`];
  const scans = table.sequentialScanRatio === null ? [] : [`${formatRatio(table.sequentialScanRatio)} seq scans`];
  const isDeadNotable = hasManyDeadRows(table);
  const areScansNotable = hasManySequentialScans(table);
  const size = exact === null ? `~${formatBytes(table.estimatedSizeBytes)}` : formatBytes(exact.totalBytes);
  return [
    ...(isDeadNotable ? dead : []),
    ...(areScansNotable ? scans : []),
    ...(table.kind === 'foreign table' ? [] : [size]),
    table.estimatedRows === null
      ? 'never analyzed'
      : `${formatCompactCount(table.estimatedRows)} ${table.estimatedRows === 1 ? 'row' : 'rows'}`,
    ...(areScansNotable ? [] : scans),
    ...(isDeadNotable ? [] : dead),
  ].join(' · ');
}

export function toTableIcon(table: TableSummary): vscode.ThemeIcon {
  return hasManyDeadRows(table)
    ? new vscode.ThemeIcon(tableIcons[table.kind], warning)
    : new vscode.ThemeIcon(tableIcons[table.kind]);
}

export function toTableTooltip(table: TableSummary, exact: ExactSizes | null): vscode.MarkdownString {
  const tooltip = startTooltip(`${table.schema}.${table.name}`, table.kind, table.comment);
  const rows: [string, string][] = [];
  if (exact !== null) {
    rows.push(
      ['Total size', formatBytes(exact.totalBytes)],
      ['Table', formatBytes(exact.heapBytes)],
      ['TOAST', formatBytes(exact.toastBytes)],
      ['Indexes', formatBytes(exact.indexBytes)],
    );
  } else if (table.kind !== 'foreign table') {
    rows.push(['Size (at the last vacuum or analyze)', `~${formatBytes(table.estimatedSizeBytes)}`]);
  }
  rows.push(['Rows', table.estimatedRows === null ? 'never analyzed' : `~${formatCount(table.estimatedRows)}`]);
  if (table.scans !== null) {
    const { sequential, index } = table.scans;
    const share = table.sequentialScanRatio === null ? '' : ` (${formatRatio(table.sequentialScanRatio)} of all scans)`;
    rows.push(['Sequential scans', `${formatCount(sequential)}${share}`], ['Index scans', formatCount(index)]);
  }
  if (table.tuples !== null) {
    const share = table.deadTupleRatio === null ? '' : ` (${formatRatio(table.deadTupleRatio)})`;
    rows.push(
      ['Live rows', formatCount(table.tuples.live)],
      ['Dead rows', `${formatCount(table.tuples.dead)}${share}`],
    );
  }
  if (table.kind === 'table' || table.kind === 'materialized view') {
    rows.push(['Last vacuum', formatTime(table.lastVacuum)], ['Last analyze', formatTime(table.lastAnalyze)]);
  }
  appendTable(tooltip, rows);
  if (exact === null && isMeasurable(table)) {
    tooltip.isTrusted = { enabledCommands: ['pgInsight.table.measureSize'] };
    const argument = encodeURIComponent(JSON.stringify([table.oid]));
    tooltip.appendMarkdown(`\n\n[$(dashboard) Measure exact size](command:pgInsight.table.measureSize?${argument})`);
  }
  return tooltip;
}

/** A partitioned table has no file of its own, a foreign one none on this server. */
export function isMeasurable(table: TableSummary): boolean {
  return table.kind === 'table' || table.kind === 'materialized view';
}

// --- columns ---------------------------------------------------------------------------------------------------------

/** A type of the table's own schema goes without it: there is little room. */
export function describeColumn(column: TableColumn, tableSchema: string): string {
  const prefix = `${quoteName(tableSchema)}.`;
  return [
    column.type.startsWith(prefix) ? column.type.slice(prefix.length) : column.type,
    column.notNull ? 'not null' : null,
    column.generated === 'identity' ? 'identity' : null,
    column.default === null || column.generated === 'identity'
      ? null
      : `${column.generated === 'default' || column.generated === null ? '= ' : 'generated '}${column.default}`,
    ...(column.statistics === null ? [] : [describeStatistics(column.statistics)]),
  ]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}

function describeStatistics(statistics: ColumnStatistics): string | null {
  return statistics.nullRatio > 0 ? `${formatRatio(statistics.nullRatio)} null` : null;
}

export function toColumnIcon(column: TableColumn): vscode.ThemeIcon {
  return new vscode.ThemeIcon(column.isPrimaryKey ? 'key' : 'symbol-field');
}

const missingStatistics: Record<NonNullable<TableColumn['statisticsMissing']>, string> = {
  'not-permitted': 'Statistics: not permitted for this role.',
  'row-security': 'Statistics: hidden by a row-level security policy.',
  'not-analyzed': 'Statistics: none yet. Run ANALYZE on the table.',
};

/** More values than this make a tooltip that does not fit beside the view. */
const shownValues = 5;
const shownValueLength = 40;

export function toColumnTooltip(column: TableColumn): vscode.MarkdownString {
  const tooltip = startTooltip(column.name, column.isPrimaryKey ? 'primary key' : 'column', column.comment);
  const definition = [column.type, column.notNull ? 'NOT NULL' : null].filter((part) => part !== null).join(' ');
  tooltip.appendCodeblock(column.default === null ? definition : `${definition}\n${toDefaultClause(column)}`, 'sql');
  const { statistics } = column;
  if (statistics === null) {
    if (column.statisticsMissing !== null) tooltip.appendMarkdown(missingStatistics[column.statisticsMissing]);
    return tooltip;
  }
  const rows: [string, string][] = [
    ['NULL', formatRatio(statistics.nullRatio)],
    [
      'Distinct values',
      statistics.distinct.kind === 'count'
        ? `~${formatCount(statistics.distinct.value)}`
        : `~${formatRatio(statistics.distinct.value)} of the rows`,
    ],
    ['Average width', formatBytes(statistics.averageWidthBytes)],
  ];
  if (statistics.correlation !== null) {
    rows.push(['Order on disk (correlation)', formatCount(statistics.correlation)]);
  }
  for (const [index, { value, frequency }] of statistics.mostCommon.slice(0, shownValues).entries()) {
    const text = value.length > shownValueLength ? `${value.slice(0, shownValueLength)}…` : value;
    rows.push([index === 0 ? 'Most common' : '', `${text} (${formatRatio(frequency)})`]);
  }
  appendTable(tooltip, rows);
  return tooltip;
}

function toDefaultClause(column: TableColumn): string {
  switch (column.generated) {
    case 'identity':
      return column.default ?? '';
    case 'stored':
      return `GENERATED ALWAYS AS (${column.default ?? ''}) STORED`;
    case 'virtual':
      return `GENERATED ALWAYS AS (${column.default ?? ''}) VIRTUAL`;
    case 'default':
    case null:
      return `DEFAULT ${column.default ?? ''}`;
  }
}

// --- indexes, foreign keys, extended statistics ----------------------------------------------------------------------

export function describeIndex(index: TableIndex): string {
  return [
    index.isValid ? null : 'invalid',
    index.isPrimary ? 'primary key' : index.isUnique ? 'unique' : null,
    index.method === 'btree' ? null : index.method,
    findIndexKeys(index.definition),
    `~${formatBytes(index.estimatedSizeBytes)}`,
    index.scans === null ? null : formatQuantity(index.scans, 'scan'),
  ]
    .filter((part) => part !== null)
    .join(' · ');
}

/** "(customer_id, placed_at DESC)" of the server's own definition. */
function findIndexKeys(definition: string): string {
  const start = definition.indexOf(' USING ');
  const open = definition.indexOf('(', start);
  return start < 0 || open < 0 ? '' : definition.slice(open);
}

export function toIndexIcon(index: TableIndex): vscode.ThemeIcon {
  if (!index.isValid) return new vscode.ThemeIcon('warning', warning);
  return new vscode.ThemeIcon(index.isPrimary ? 'key' : index.isUnique ? 'symbol-key' : 'list-ordered');
}

export function toIndexTooltip(index: TableIndex): vscode.MarkdownString {
  const kind = index.isPrimary ? 'primary key' : index.isUnique ? 'unique index' : 'index';
  const tooltip = startTooltip(
    index.name,
    index.isValid ? kind : `${kind}, invalid: the planner does not use it`,
    null,
  );
  tooltip.appendCodeblock(index.definition, 'sql');
  appendTable(tooltip, [
    ['Size (at the last vacuum or analyze)', `~${formatBytes(index.estimatedSizeBytes)}`],
    ['Scans', formatCount(index.scans)],
  ]);
  return tooltip;
}

export function describeForeignKey(key: ForeignKey): string {
  const columns = key.columns.join(', ');
  return [
    `${columns} → ${key.referencedTable} (${key.referencedColumns.join(', ')})`,
    key.isValidated ? null : 'not valid',
  ]
    .filter((part) => part !== null)
    .join(' · ');
}

export function toForeignKeyIcon(key: ForeignKey): vscode.ThemeIcon {
  return key.isValidated ? new vscode.ThemeIcon('references') : new vscode.ThemeIcon('warning', warning);
}

export function toForeignKeyTooltip(key: ForeignKey): vscode.MarkdownString {
  const tooltip = startTooltip(
    key.name,
    key.isValidated ? 'foreign key' : 'foreign key, not valid: rows from before it were never checked',
    null,
  );
  tooltip.appendCodeblock(key.definition, 'sql');
  return tooltip;
}

export function toStatisticsTooltip(statistics: ExtendedStatistics): vscode.MarkdownString {
  const tooltip = startTooltip(`${statistics.schema}.${statistics.name}`, 'extended statistics', null);
  tooltip.appendCodeblock(statistics.definition, 'sql');
  return tooltip;
}
