// The report as a document: sections of texts, tables, bars and findings, with every figure written out. Text, Markdown,
// HTML and the report view are four renderings of this one.
import type { Finding, Severity } from '../finding';
import type { AnalysisReport, Target } from '../report';
import { formatObjectName } from './object-name';
import { formatBytes, formatCount, formatMs, formatQuantity, formatRatio, formatValue, missing } from './numbers';
import type { TextColumn } from './text-table';

export interface ReportBar {
  label: string;
  /** Length of the bar, 0 to 1 of the whole width. */
  ratio: number;
  /** The figure that the bar stands for. */
  text: string;
}

export interface ReportFinding {
  severity: Severity;
  ruleId: string;
  message: string;
  advice: string | null;
  evidence: readonly (readonly [label: string, value: string])[];
  fix: { title: string; sql: string; undoSql: string | null; risk: string } | null;
  fingerprint: string;
}

export type ReportBlock =
  | { kind: 'text'; text: string }
  | { kind: 'table'; columns: readonly TextColumn[]; rows: readonly (readonly string[])[] }
  | { kind: 'bars'; title: string; bars: readonly ReportBar[] }
  | { kind: 'finding'; finding: ReportFinding };

export interface ReportSection {
  /** Stable, kebab-case. */
  id: string;
  title: string;
  blocks: readonly ReportBlock[];
}

export interface ReportDocument {
  title: string;
  subtitle: string;
  grade: string;
  gradeReason: string;
  sections: readonly ReportSection[];
}

export const severityTitles: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'For information',
};

/** More rows than this are looked up in the JSON report, not read. */
const listedRows = 20;
/** Bars to compare at a glance. */
const listedBars = 10;
/** A longer statement is cut in lists; the JSON report has it whole. */
const listedStatementLength = 120;

export function toReportDocument(report: AnalysisReport): ReportDocument {
  const { server } = report;
  return {
    title: `Health of ${server.database}`,
    subtitle: `${server.server}, PostgreSQL ${server.version}${server.inRecovery ? ' (standby)' : ''}, seen by role ${server.role} at ${formatTime(report.capturedAt)}`,
    grade: report.grade,
    gradeReason: report.gradeReason,
    sections: [
      toSummary(report),
      toTargets(report),
      ...toFindings(report),
      toTables(report),
      toIndexes(report),
      toStatements(report),
      toConnections(report),
      toGaps(report),
    ],
  };
}

/** "2026-11-21 14:03 UTC" */
function formatTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

const text = (content: string): ReportBlock => ({ kind: 'text', text: content });
const left = (title: string): TextColumn => ({ title, align: 'left' });
const right = (title: string): TextColumn => ({ title, align: 'right' });

/** The first rows as a table, with a word on how many there are when that is not all. */
function toListing<Row>(
  columns: readonly TextColumn[],
  rows: readonly Row[],
  noun: string,
  order: string,
  toCells: (row: Row) => string[],
): ReportBlock[] {
  const table: ReportBlock = { kind: 'table', columns, rows: rows.slice(0, listedRows).map(toCells) };
  if (rows.length <= listedRows) return [table];
  return [table, text(`The ${listedRows} ${order} of ${formatCount(rows.length)} ${noun}; the JSON report has all.`)];
}

function toBars<Row>(
  title: string,
  rows: readonly Row[],
  toBar: (row: Row) => { label: string; value: number; text: string },
): ReportBlock[] {
  const bars = rows.slice(0, listedBars).map(toBar);
  const longest = Math.max(...bars.map(({ value }) => value), 0);
  if (longest === 0) return [];
  return [
    {
      kind: 'bars',
      title,
      bars: bars.map(({ label, value, text: figure }) => ({ label, ratio: value / longest, text: figure })),
    },
  ];
}

function toSummary(report: AnalysisReport): ReportSection {
  const ran = report.rules.filter(({ status }) => status === 'ran').length;
  const counts = (Object.keys(severityTitles) as Severity[]).flatMap((severity) => {
    const count = report.findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${formatCount(count)} ${severity}`];
  });
  const findings =
    counts.length === 0
      ? 'found nothing'
      : `made ${formatQuantity(report.findings.length, 'finding')}: ${counts.join(', ')}`;
  const missed = report.targets.filter(({ status }) => status === 'missed').length;
  return {
    id: 'summary',
    title: 'Summary',
    blocks: [
      text(`${formatCount(ran)} of ${formatQuantity(report.rules.length, 'rule')} ran and ${findings}.`),
      text(missed === 0 ? 'No target is missed.' : `${missed === 1 ? '1 target is' : `${missed} targets are`} missed.`),
      ...(report.ignored.length === 0
        ? []
        : [text(`${formatQuantity(report.ignored.length, 'finding')} ignored, with reasons at the end.`)]),
    ],
  };
}

const targetLabels: Record<Target['status'], string> = { met: 'met', missed: 'missed', unknown: 'not known' };

function toTargets({ targets }: AnalysisReport): ReportSection {
  return {
    id: 'targets',
    title: 'Targets',
    blocks: [
      {
        kind: 'table',
        columns: [left('figure'), right('target'), right('current'), left('status')],
        rows: targets.map(({ title, unit, direction, target, current, status }) => {
          const format = (value: number | null) =>
            value === null ? missing : formatValue(value, unit === 'count' ? null : unit);
          return [
            title,
            `${direction === 'at-least' ? '≥' : '≤'} ${format(target)}`,
            format(current),
            targetLabels[status],
          ];
        }),
      },
    ],
  };
}

export function toReportFinding({ fix, ...finding }: Finding): ReportFinding {
  return {
    severity: finding.severity,
    ruleId: finding.ruleId,
    message: finding.message,
    advice: finding.advice ?? null,
    evidence: finding.evidence.map(({ label, value, unit }) => [label, formatValue(value, unit)] as const),
    fix: fix === undefined ? null : { title: fix.title, sql: fix.sql, undoSql: fix.undoSql ?? null, risk: fix.risk },
    fingerprint: finding.fingerprint,
  };
}

function toFindings({ findings }: AnalysisReport): ReportSection[] {
  const groups = (Object.keys(severityTitles) as Severity[]).flatMap((severity) => {
    const group = findings.filter((finding) => finding.severity === severity);
    if (group.length === 0) return [];
    return [
      {
        id: `findings-${severity}`,
        title: `Findings: ${severityTitles[severity]}`,
        blocks: group.map((finding): ReportBlock => ({ kind: 'finding', finding: toReportFinding(finding) })),
      },
    ];
  });
  return groups.length > 0
    ? groups
    : [{ id: 'findings', title: 'Findings', blocks: [text('The rules found nothing.')] }];
}

const unavailable = text('It could not be looked at; the reason is at the end.');

function toTables({ tables }: AnalysisReport): ReportSection {
  const section = { id: 'tables', title: 'Tables' };
  if (tables === null) return { ...section, blocks: [unavailable] };
  if (tables.length === 0) return { ...section, blocks: [text('There are no tables.')] };
  const sizeOf = (table: (typeof tables)[number]) => table.sizeBytes + table.indexesSizeBytes;
  return {
    ...section,
    blocks: [
      ...toBars('Size with indexes', tables, (table) => ({
        label: formatObjectName({ kind: 'relation', ...table }),
        value: sizeOf(table),
        text: formatBytes(sizeOf(table)),
      })),
      ...toListing(
        [
          left('table'),
          right('size'),
          right('indexes'),
          right('rows'),
          right('by index'),
          right('cache hits'),
          right('dead'),
          right('findings'),
        ],
        tables,
        'tables',
        'largest',
        (table) => [
          formatObjectName({ kind: 'relation', ...table }),
          formatBytes(table.sizeBytes),
          `${formatCount(table.indexes)}, ${formatBytes(table.indexesSizeBytes)}`,
          formatCount(table.rows === null ? null : Math.round(table.rows)),
          formatRatio(table.indexCoverageRatio),
          formatRatio(table.heapHitRatio),
          formatRatio(table.deadTupleRatio),
          table.findings === 0 ? '' : formatCount(table.findings),
        ],
      ),
      text(
        'Sizes and rows are as of the last VACUUM or ANALYZE, partitions counted with their table. "By index" is the share of index scans among all scans, "cache hits" the share of table blocks that were found in shared buffers.',
      ),
    ],
  };
}

function toIndexes({ indexes }: AnalysisReport): ReportSection {
  const section = { id: 'indexes', title: 'Indexes' };
  if (indexes === null) return { ...section, blocks: [unavailable] };
  if (indexes.length === 0) return { ...section, blocks: [text('There are no indexes.')] };
  return {
    ...section,
    blocks: toListing(
      [left('index'), left('table'), right('size'), right('scans'), left('last scan'), right('findings')],
      indexes,
      'indexes',
      'largest',
      (index) => [
        formatObjectName({ kind: 'index', ...index }),
        formatObjectName({ kind: 'relation', schema: index.schema, name: index.table }),
        formatBytes(index.sizeBytes),
        formatCount(index.scans),
        index.lastScan === null ? missing : formatTime(index.lastScan),
        index.findings === 0 ? '' : formatCount(index.findings),
      ],
    ),
  };
}

/** One line, cut where a list has no room for more. */
export function shortenStatement(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length <= listedStatementLength ? line : `${line.slice(0, listedStatementLength - 1)}…`;
}

function toStatements({ statements }: AnalysisReport): ReportSection {
  const section = { id: 'statements', title: 'Statements' };
  if (statements === null) return { ...section, blocks: [unavailable] };
  if (statements.length === 0) return { ...section, blocks: [text('No statement was counted yet.')] };
  const nameOf = (sql: string | null) => (sql === null ? 'hidden from this role' : shortenStatement(sql));
  return {
    ...section,
    blocks: [
      ...toBars('Share of the time of all statements', statements, (statement) => ({
        label: nameOf(statement.text),
        value: statement.loadRatio,
        text: formatRatio(statement.loadRatio),
      })),
      ...toListing(
        [
          left('statement'),
          right('load'),
          right('total'),
          right('mean'),
          right('calls'),
          right('rows'),
          right('cache hits'),
          right('temp'),
        ],
        statements,
        'statements',
        'with the most time',
        (statement) => [
          nameOf(statement.text),
          formatRatio(statement.loadRatio),
          formatMs(statement.totalMs),
          formatMs(statement.meanMs),
          formatCount(statement.calls),
          formatCount(statement.rows),
          formatRatio(statement.hitRatio),
          statement.tempBytes === 0 ? '' : formatBytes(statement.tempBytes),
        ],
      ),
    ],
  };
}

function toConnections({ connections }: AnalysisReport): ReportSection {
  const section = { id: 'connections', title: 'Connections' };
  if (connections === null) return { ...section, blocks: [unavailable] };
  const { limit, used, byState, byApplication } = connections;
  return {
    ...section,
    blocks: [
      text(
        limit === null
          ? `${formatQuantity(used, 'connection')}; how many the server allows is hidden from this role.`
          : `${formatCount(used)} of ${formatQuantity(limit, 'connection')} (${formatRatio(used / limit)}).`,
      ),
      ...toBars('By state', byState, ({ state, count }) => ({ label: state, value: count, text: formatCount(count) })),
      ...toListing(
        [left('application'), left('role'), right('connections')],
        byApplication,
        'applications',
        'with the most connections',
        ({ application, role, count }) => [
          application === '' ? 'no name' : application,
          role ?? missing,
          formatCount(count),
        ],
      ),
    ],
  };
}

function toGaps({ gaps, rules, ignored }: AnalysisReport): ReportSection {
  const sentences = [
    ...gaps.map(({ section, message, nextStep }) => `${capitalize(section)}: ${message} ${nextStep}`),
    ...rules.flatMap((rule) => {
      switch (rule.status) {
        case 'ran':
          return [];
        case 'disabled':
          return [`Rule ${rule.ruleId}: switched off in the settings.`];
        case 'skipped':
          return [`Rule ${rule.ruleId}: ${rule.reason.message} ${rule.reason.nextStep}`];
      }
    }),
    ...ignored.map(({ finding, reason }) => `Ignored (${finding.ruleId}): ${finding.message} Reason: ${reason}`),
  ];
  return {
    id: 'not-looked-at',
    title: 'What could not be looked at',
    blocks: sentences.length === 0 ? [text('Everything was looked at.')] : sentences.map(text),
  };
}

function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
