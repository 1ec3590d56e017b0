// The report as a document: sections of texts, tables, bars and findings, with every figure written out. Text, Markdown,
// HTML and the report view are four renderings of this one.
import type { Evidence, Finding, Severity, SuggestedFix } from '../finding';
import { engineSentences } from '../index-advice/text/engine-sentences';
import type { AnalysisReport, ReportSectionGap, Target } from '../report';
import { findExplainObstacle, shortenStatement } from '../statements/statement-text';
import { describeToolStatements } from '../statements/tool-statement';
import { formatConnectionCount, formatConnectionRatio } from '../rules/connections-high';
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

/** A figure that stands for itself. */
export interface ReportFigure {
  label: string;
  value: string;
  /** What it is made of, or what it means; null where it needs no word. */
  note: string | null;
}

export interface ReportTarget {
  title: string;
  target: string;
  current: string;
  status: Target['status'];
  statusLabel: string;
  /** Where current and target are on a line from 0 to 1; null when it is not known. */
  scale: { current: number; target: number } | null;
}

export interface ReportFix {
  title: string;
  sql: string;
  undoSql: string | null;
  /** A sentence about taking it back; null where the SQL says it all. */
  undoNote: string | null;
  risk: string;
}

/** Something that could not be looked at. */
export interface ReportGap {
  title: string;
  message: string;
  nextStep: string;
  fix: ReportFix | null;
}

export interface ReportFinding {
  severity: Severity;
  ruleId: string;
  message: string;
  advice: string | null;
  evidence: readonly (readonly [label: string, value: string])[];
  fix: ReportFix | null;
  /** The statement that it is about, where the report has its text; null otherwise. */
  statement: {
    /** Why EXPLAIN does not take it, a sentence; null when it should. */
    explainObstacle: string | null;
  } | null;
  fingerprint: string;
}

export type ReportBlock =
  | { kind: 'text'; text: string }
  | { kind: 'figures'; figures: readonly ReportFigure[] }
  | { kind: 'targets'; targets: readonly ReportTarget[] }
  | { kind: 'table'; columns: readonly TextColumn[]; rows: readonly (readonly string[])[] }
  | { kind: 'bars'; title: string; bars: readonly ReportBar[] }
  | { kind: 'finding'; finding: ReportFinding }
  | { kind: 'gap'; gap: ReportGap };

export interface ReportSection {
  /** Stable, kebab-case. */
  id: string;
  title: string;
  /** How many things it is about, for a list of sections; null where nothing is counted. */
  count: number | null;
  blocks: readonly ReportBlock[];
}

export interface ReportDocument {
  title: string;
  /** Server, version, role and time in one line. */
  subtitle: string;
  /** host:port */
  server: string;
  /** "18.4 (standby)" */
  version: string;
  role: string;
  /** ISO 8601 */
  capturedAt: string;
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
  const { server, role, database, inRecovery } = report.server;
  const version = `${report.server.version}${inRecovery ? ' (standby)' : ''}`;
  return {
    title: `Health of ${database}`,
    subtitle: `${server}, PostgreSQL ${version}, seen by role ${role} at ${formatTime(report.capturedAt)}`,
    server,
    version,
    role,
    capturedAt: report.capturedAt,
    grade: report.grade,
    gradeReason: report.gradeReason,
    sections: [
      toSummary(report),
      toTargets(report),
      ...toFindings(report),
      ...toMissingIndexes(report),
      toTables(report),
      toIndexes(report),
      toStatements(report),
      toConnections(report),
      toGaps(report),
      ...toIgnored(report),
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
const prose = (title: string): TextColumn => ({ title, align: 'prose' });

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
  /** `value` is null where there is nothing to measure. */
  toBar: (row: Row) => { label: string; value: number | null; text: string },
  /** What the whole width stands for; the longest bar when absent. */
  whole?: number,
): ReportBlock[] {
  const bars = rows
    .map(toBar)
    .flatMap(({ value, ...bar }) => (value === null ? [] : [{ ...bar, value }]))
    .slice(0, listedBars);
  const width = whole ?? Math.max(...bars.map(({ value }) => value), 0);
  if (width === 0 || bars.length === 0) return [];
  return [
    {
      kind: 'bars',
      title,
      bars: bars.map(({ label, value, text: figure }) => ({ label, ratio: value / width, text: figure })),
    },
  ];
}

function toSummary({ findings, rules, targets, tables, indexes, gaps, ignored }: AnalysisReport): ReportSection {
  const ran = rules.filter(({ status }) => status === 'ran').length;
  const counts = (Object.keys(severityTitles) as Severity[]).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${formatCount(count)} ${severity}`];
  });
  const ofStatus = (status: Target['status']) => targets.filter((target) => target.status === status).length;
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const figures: ReportFigure[] = [
    {
      label: 'Findings',
      value: formatCount(findings.length),
      note: findings.length === 0 ? 'of the rules that ran' : counts.join(', '),
    },
    {
      label: 'Rules',
      value: `${formatCount(ran)} of ${formatCount(rules.length)}`,
      note: ran === rules.length ? 'all ran' : 'ran',
    },
    {
      label: 'Targets met',
      value: `${formatCount(ofStatus('met'))} of ${formatCount(targets.length)}`,
      note: ofStatus('unknown') === 0 ? null : `${formatCount(ofStatus('unknown'))} not known`,
    },
  ];
  if (tables !== null) {
    figures.push({
      label: 'Tables',
      value: formatCount(tables.length),
      note: formatBytes(sum(tables.map(({ sizeBytes }) => sizeBytes))),
    });
  }
  if (indexes !== null) {
    figures.push({
      label: 'Indexes',
      value: formatCount(indexes.length),
      note: formatBytes(sum(indexes.map(({ sizeBytes }) => sizeBytes))),
    });
  }
  return {
    id: 'summary',
    title: 'Summary',
    count: null,
    blocks: [
      { kind: 'figures', figures },
      ...(gaps.length === 0
        ? []
        : [
            text(
              `Not everything could be looked at: ${gaps.map(({ section }) => section).join(', ')}. The reasons are below.`,
            ),
          ]),
      ...(ignored.length === 0 ? [] : [text(`Not counted: ${formatQuantity(ignored.length, 'ignored finding')}.`)]),
    ],
  };
}

const targetLabels: Record<Target['status'], string> = { met: 'met', missed: 'missed', unknown: 'not known' };

function toReportTarget({ title, unit, direction, target, current, status }: Target): ReportTarget {
  const format = (value: number | null) => formatValueOrMissing(value, unit === 'count' ? null : unit);
  // a ratio is a part of the whole; of anything else twice the target is as much as matters
  const whole = unit === 'ratio' ? 1 : target * 2;
  return {
    title,
    target: `${direction === 'at-least' ? '≥' : '≤'} ${format(target)}`,
    current: format(current),
    status,
    statusLabel: targetLabels[status],
    scale: current === null ? null : { current: Math.min(1, current / whole), target: target / whole },
  };
}

const formatValueOrMissing = (value: number | null, unit: string | null) =>
  value === null ? missing : formatValue(value, unit);

function toTargets({ targets }: AnalysisReport): ReportSection {
  return {
    id: 'targets',
    title: 'Targets',
    count: null,
    blocks: [{ kind: 'targets', targets: targets.map(toReportTarget) }],
  };
}

const toReportFix = (fix: SuggestedFix | undefined): ReportFix | null =>
  fix === undefined
    ? null
    : {
        title: fix.title,
        sql: fix.sql,
        undoSql: fix.undoSql ?? null,
        undoNote: fix.undoNote ?? null,
        risk: fix.risk,
      };

/** A moment as the rest of the report has it; no unit where the label has named it ("index scans: 0"). */
function formatEvidence({ label, value, unit }: Evidence): string {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return formatTime(value);
  const text = formatValue(value, unit);
  const isNamed = unit !== null && label.split(' ').includes(unit) && text.endsWith(` ${unit}`);
  return isNamed ? text.slice(0, -unit.length - 1) : text;
}

/** The text of the statement that a finding is about; null where there is none. */
export function findStatementText({ statements }: AnalysisReport, { subject }: Finding): string | null {
  if (subject.kind !== 'statement') return null;
  return statements?.find(({ queryId }) => queryId === subject.queryId)?.text ?? null;
}

function toReportFinding(report: AnalysisReport, { fix, ...finding }: Finding): ReportFinding {
  const statement = findStatementText(report, finding);
  return {
    severity: finding.severity,
    ruleId: finding.ruleId,
    message: finding.message,
    advice: finding.advice ?? null,
    evidence: finding.evidence.map((each) => [each.label, formatEvidence(each)] as const),
    fix: toReportFix(fix),
    statement: statement === null ? null : { explainObstacle: findExplainObstacle(statement) },
    fingerprint: finding.fingerprint,
  };
}

function toFindings(report: AnalysisReport): ReportSection[] {
  const { findings } = report;
  const groups = (Object.keys(severityTitles) as Severity[]).flatMap((severity) => {
    const group = findings.filter((finding) => finding.severity === severity);
    if (group.length === 0) return [];
    return [
      {
        id: `findings-${severity}`,
        title: `Findings: ${severityTitles[severity]}`,
        count: group.length,
        blocks: group.map((finding): ReportBlock => ({ kind: 'finding', finding: toReportFinding(report, finding) })),
      },
    ];
  });
  return groups.length > 0
    ? groups
    : [{ id: 'findings', title: 'Findings', count: 0, blocks: [text('The rules that ran found nothing.')] }];
}

function toMissingIndexes(report: AnalysisReport): ReportSection[] {
  const { missingIndexes } = report;
  if (missingIndexes === null) return [];
  const section = { id: 'missing-indexes', title: 'Missing indexes' };
  if (missingIndexes.status === 'unavailable') {
    const { message, nextStep } = missingIndexes;
    return [{ ...section, count: null, blocks: [text(`They could not be looked for. ${message} ${nextStep}`.trim())] }];
  }
  const { engine, engineNote, statements, notAssessed, complete, findings } = missingIndexes;
  const about = [
    `${formatQuantity(statements, 'statement')} with the most time ${statements === 1 ? 'was' : 'were'} looked at.`,
    ...(statements === notAssessed.length ? [] : [engineSentences[engine]]),
    ...(engineNote === null ? [] : [engineNote]),
    ...(complete ? [] : ['The search was ended by its deadline: more may be missing.']),
    ...(statements > 0 && statements === notAssessed.length
      ? ['None of them could be assessed.']
      : findings.length === 0
        ? [complete ? 'No index is known that would help.' : 'Until then no index was found that would help.']
        : [
            'Costs are those of all calls. Nothing was built, and no statement was run. The grade does not count this.',
          ]),
  ];
  return [
    {
      ...section,
      // a 0 would say that none is missing
      count: findings.length === 0 && !complete ? null : findings.length,
      blocks: [
        text(about.join(' ')),
        ...findings.map((finding): ReportBlock => ({ kind: 'finding', finding: toReportFinding(report, finding) })),
        ...(notAssessed.length === 0
          ? []
          : [
              text(`Not assessed: ${formatQuantity(notAssessed.length, 'statement')}.`),
              {
                kind: 'table' as const,
                columns: [prose('statement'), prose('why not')],
                rows: notAssessed.map(({ id, sql, reason }) => [
                  sql === '' ? id : shortenStatement(sql, listedStatementLength),
                  reason,
                ]),
              },
            ]),
      ],
    },
  ];
}

const unavailable = text('It could not be looked at; the reason is below.');

function toTables({ tables }: AnalysisReport): ReportSection {
  const section = { id: 'tables', title: 'Tables', count: tables?.length ?? null };
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
      ...toBars(
        'Blocks found in shared buffers, largest tables',
        tables,
        (table) => ({
          label: formatObjectName({ kind: 'relation', ...table }),
          value: table.heapHitRatio,
          text: formatRatio(table.heapHitRatio),
        }),
        1,
      ),
      ...toListing(
        [
          left('table'),
          right('size'),
          right('indexes'),
          right('index size'),
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
          formatCount(table.indexes),
          table.indexes === 0 ? '' : formatBytes(table.indexesSizeBytes),
          formatCount(table.rows === null ? null : Math.round(table.rows)),
          formatRatio(table.indexCoverageRatio),
          formatRatio(table.heapHitRatio),
          formatRatio(table.deadTupleRatio),
          table.findings === 0 ? '' : formatCount(table.findings),
        ],
      ),
      text(
        'Sizes are as of the last VACUUM or ANALYZE; rows too, unless the server has counted more since. Partitions are counted with their table. "By index" is the share of index scans among all scans, "cache hits" the share of table blocks that were found in shared buffers.',
      ),
    ],
  };
}

function toIndexes({ indexes }: AnalysisReport): ReportSection {
  const section = { id: 'indexes', title: 'Indexes', count: indexes?.length ?? null };
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

function toStatements({ statements, toolStatements }: AnalysisReport): ReportSection {
  const section = { id: 'statements', title: 'Statements', count: statements?.length ?? null };
  if (statements === null) return { ...section, blocks: [unavailable] };
  const tools = describeToolStatements(toolStatements ?? 0);
  const note = tools === null ? [] : [text(tools)];
  if (statements.length === 0) return { ...section, blocks: [text('No statement was counted yet.'), ...note] };
  const nameOf = (sql: string | null) =>
    sql === null ? 'hidden from this role' : shortenStatement(sql, listedStatementLength);
  return {
    ...section,
    blocks: [
      ...toBars(
        'Share of the time of all statements',
        statements,
        (statement) => ({
          label: nameOf(statement.text),
          value: statement.loadRatio,
          text: formatRatio(statement.loadRatio),
        }),
        1,
      ),
      // the text comes last: it is of any length
      ...toListing(
        [
          right('load'),
          right('total'),
          right('mean'),
          right('calls'),
          right('rows'),
          right('cache hits'),
          right('temp'),
          prose('statement'),
        ],
        statements,
        'statements',
        'with the most time',
        (statement) => [
          formatRatio(statement.loadRatio),
          formatMs(statement.totalMs),
          formatMs(statement.meanMs),
          formatCount(statement.calls),
          formatCount(statement.rows),
          formatRatio(statement.hitRatio),
          statement.tempBytes === 0 ? '' : formatBytes(statement.tempBytes),
          nameOf(statement.text),
        ],
      ),
      ...note,
    ],
  };
}

function toConnections({ connections }: AnalysisReport): ReportSection {
  const section = { id: 'connections', title: 'Connections' };
  if (connections === null) return { ...section, count: null, blocks: [unavailable] };
  const { limit, used, usedAtLeast, byState, byApplication } = connections;
  const isKnown = used === usedAtLeast;
  const count = { least: usedAtLeast, most: used };
  const number = isKnown ? formatQuantity(used, 'connection') : `${formatConnectionCount(count)} connections`;
  return {
    ...section,
    count: isKnown ? used : null,
    blocks: [
      text(
        (limit === null
          ? `${number}; how many the server allows is hidden from this role.`
          : `${formatConnectionCount(count)} of ${formatQuantity(limit, 'connection')} (${formatConnectionRatio(count, limit)}), without those that are reserved for administrators.`) +
          (isKnown
            ? ''
            : ' Which sessions are helpers of the server is hidden from this role: some may be counted below.'),
      ),
      ...toListing([left('state'), right('connections')], byState, 'states', 'with the most connections', (each) => [
        each.state,
        formatCount(each.count),
      ]),
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

function toGaps({ gaps, rules }: AnalysisReport): ReportSection {
  const disabled = rules.flatMap(({ ruleId, status }) => (status === 'disabled' ? [ruleId] : []));
  const reasons = new Map<string, ReportSectionGap[]>();
  const add = (gap: ReportSectionGap) => {
    const same = reasons.get(gap.message);
    if (same === undefined) reasons.set(gap.message, [gap]);
    else same.push(gap);
  };
  // one reason often stands behind several sections and rules: it is told once
  gaps.forEach(add);
  for (const rule of rules) {
    if (rule.status === 'skipped') add({ ...rule.reason, section: `rule ${rule.ruleId}` });
  }
  const blocks = [...reasons].map(([message, same]): ReportBlock => {
    const title = capitalize(same.map(({ section }) => section).join(', '));
    const fix = toReportFix(same.find((each) => each.fix !== undefined)?.fix);
    return { kind: 'gap', gap: { title, message, nextStep: same[0]?.nextStep ?? '', fix } };
  });
  if (disabled.length > 0) blocks.push(text(`Switched off in the settings: ${disabled.join(', ')}.`));
  return {
    id: 'not-looked-at',
    title: 'What could not be looked at',
    count: reasons.size,
    blocks: blocks.length === 0 ? [text('Everything was looked at.')] : blocks,
  };
}

function toIgnored({ ignored }: AnalysisReport): ReportSection[] {
  if (ignored.length === 0) return [];
  return [
    {
      id: 'ignored',
      title: 'Ignored',
      count: ignored.length,
      blocks: [
        {
          kind: 'table',
          columns: [left('rule'), prose('finding'), prose('reason')],
          rows: ignored.map(({ finding, reason }) => [finding.ruleId, finding.message, reason]),
        },
      ],
    },
  ];
}

function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
