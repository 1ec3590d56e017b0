// The report of a snapshot: what the rules found, and the figures that go with it. Pure; every format and the report view
// show what is built here.
import type * as z from 'zod';
import type { Finding, ObjectRef } from './finding';
import { gradeFindings } from './grade';
import { findHiddenParts } from './hidden-parts';
import { buildIndexTree, flattenIndexTree } from './indexes/index-tree';
import { toRatio } from './ratio';
import {
  reportVersion,
  type AnalysisReport,
  type IgnoredFinding,
  type reportConnectionsSchema,
  type reportIndexSchema,
  type ReportMissingIndexes,
  type reportStatementSchema,
  type reportTableSchema,
  type RuleOutcome,
} from './report';
import { countConnections, findConnectionLimit, isClientSession } from './rules/connections-high';
import type { Section, SectionName, Snapshot, SnapshotIndex, SnapshotStatement, SnapshotTable } from './snapshot';
import { isToolStatement } from './statements/tool-statement';
import { groupByRoot } from './tables/partition-roots';
import { findRowCount } from './tables/row-count';
import { findTargets } from './targets';

/** Sections in the words of a reader, for "what could not be looked at". */
export const sectionTitles: Record<SectionName, string> = {
  tables: 'tables',
  indexes: 'indexes',
  foreignKeys: 'foreign keys',
  sequences: 'sequences',
  statements: 'statement statistics',
  statementStatistics: 'the state of pg_stat_statements',
  activity: 'sessions',
  databases: 'databases',
  settings: 'settings',
};

export interface RuleResults {
  findings: readonly Finding[];
  ignored: readonly IgnoredFinding[];
  outcomes: readonly RuleOutcome[];
}

/** Missing indexes are looked for by planning, not in the snapshot: null where nobody has. */
export function buildReport(
  snapshot: Snapshot,
  { findings, ignored, outcomes }: RuleResults,
  missingIndexes: ReportMissingIndexes | null = null,
): AnalysisReport {
  const { sections, server } = snapshot;
  const missing = (Object.keys(sectionTitles) as SectionName[]).flatMap((name) => {
    const section: Section<unknown> = sections[name];
    return section.status === 'available' ? [] : [{ section: sectionTitles[name], ...section.reason }];
  });
  const gaps = [...missing, ...findHiddenParts(snapshot)];
  return {
    schemaVersion: reportVersion,
    capturedAt: snapshot.capturedAt,
    server: {
      server: server.server,
      database: server.database,
      role: server.role,
      version: server.version,
      versionNumber: server.versionNumber,
      inRecovery: server.inRecovery,
    },
    ...gradeFindings(
      findings,
      gaps.map(({ section }) => section),
    ),
    findings: [...findings],
    ignored: [...ignored],
    rules: [...outcomes],
    targets: findTargets(snapshot),
    tables: rowsOf(sections.tables, (rows) => toReportTables(rows, rowsOrNull(sections.indexes), findings)),
    indexes: rowsOf(sections.indexes, (rows) => toReportIndexes(rows, findings)),
    statements: rowsOf(sections.statements, (rows) =>
      toReportStatements(
        rows.filter(({ text }) => !isToolStatement(text)),
        server.blockSizeBytes,
      ),
    ),
    toolStatements: rowsOf(sections.statements, (rows) => rows.filter(({ text }) => isToolStatement(text)).length),
    connections: toReportConnections(snapshot),
    missingIndexes,
    gaps,
  };
}

function rowsOrNull<Row>(section: Section<Row>): readonly Row[] | null {
  return section.status === 'available' ? section.rows : null;
}

function rowsOf<Row, Result>(section: Section<Row>, map: (rows: readonly Row[]) => Result): Result | null {
  return section.status === 'available' ? map(section.rows) : null;
}

/** How many findings speak of each table and index; those of an index count for its table, too. */
function countFindings(
  findings: readonly Finding[],
  nameOf: (subject: ObjectRef) => string | null,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { subject } of findings) {
    const name = nameOf(subject);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** A key for maps: names hold any character but this one. */
const keyOf = (schema: string, name: string) => `${schema}\0${name}`;

function tableKeyOf(subject: ObjectRef): string | null {
  switch (subject.kind) {
    case 'relation':
      return keyOf(subject.schema, subject.name);
    case 'index':
    case 'constraint':
      return keyOf(subject.schema, subject.table);
    default:
      return null;
  }
}

function toReportTables(
  tables: readonly SnapshotTable[],
  indexes: readonly SnapshotIndex[] | null,
  findings: readonly Finding[],
): z.infer<typeof reportTableSchema>[] {
  const indexCounts = new Map<number, number>();
  for (const { index } of buildIndexTree(indexes ?? [], [])) {
    indexCounts.set(index.tableOid, (indexCounts.get(index.tableOid) ?? 0) + 1);
  }
  const counts = countFindings(findings, tableKeyOf);
  // a partitioned table is one table to its reader: the figures of all its partitions together
  return [...groupByRoot(tables)]
    .map(([root, group]) => {
      const sum = (figure: (table: SnapshotTable) => number) => group.reduce((total, each) => total + figure(each), 0);
      const storing = group.filter(({ kind }) => kind !== 'partitioned table');
      const rowCounts = storing.map(findRowCount).filter((count) => count !== null);
      return {
        schema: root.schema,
        name: root.name,
        sizeBytes: sum(({ estimatedSizeBytes }) => estimatedSizeBytes),
        indexesSizeBytes: sum(({ indexesSizeBytes }) => indexesSizeBytes),
        rows: rowCounts.length === 0 ? null : rowCounts.reduce((total, rows) => total + rows, 0),
        indexCoverageRatio: toRatio(
          sum(({ activity }) => activity?.indexScans ?? 0),
          sum(({ activity }) => activity?.sequentialScans ?? 0),
        ),
        indexes: sum(({ oid }) => indexCounts.get(oid) ?? 0),
        heapHitRatio: toRatio(
          sum(({ activity }) => activity?.heapBlocksHit ?? 0),
          sum(({ activity }) => activity?.heapBlocksRead ?? 0),
        ),
        deadTupleRatio: toRatio(
          sum(({ activity }) => activity?.deadTuples ?? 0),
          sum(({ activity }) => activity?.liveTuples ?? 0),
        ),
        findings: group.reduce((total, { schema, name }) => total + (counts.get(keyOf(schema, name)) ?? 0), 0),
      };
    })
    .sort((a, b) => b.sizeBytes + b.indexesSizeBytes - (a.sizeBytes + a.indexesSizeBytes));
}

/** As the Indexes view counts them: an index of a partitioned table is one, with the figures of its parts together. */
function toReportIndexes(
  indexes: readonly SnapshotIndex[],
  findings: readonly Finding[],
): z.infer<typeof reportIndexSchema>[] {
  return buildIndexTree(indexes, findings).map((node) => ({
    schema: node.index.schema,
    name: node.index.name,
    table: node.index.tableName,
    definition: node.index.definition,
    sizeBytes: node.sizeBytes,
    scans: node.scans,
    lastScan: node.lastScan,
    findings: flattenIndexTree([node]).reduce((total, each) => total + each.findings.length, 0),
  }));
}

function toReportStatements(
  statements: readonly SnapshotStatement[],
  blockSizeBytes: number,
): z.infer<typeof reportStatementSchema>[] {
  const totalMs = statements.reduce((total, { totalExecMs }) => total + totalExecMs, 0);
  return statements
    .map((statement) => ({
      queryId: statement.queryId,
      text: statement.text,
      calls: statement.calls,
      totalMs: statement.totalExecMs,
      meanMs: statement.meanExecMs,
      rows: statement.rows,
      loadRatio: totalMs === 0 ? 0 : statement.totalExecMs / totalMs,
      hitRatio: toRatio(statement.sharedBlocksHit, statement.sharedBlocksRead),
      tempBytes: (statement.tempBlocksRead + statement.tempBlocksWritten) * blockSizeBytes,
    }))
    .sort((a, b) => b.totalMs - a.totalMs);
}

function toReportConnections({ sections }: Snapshot): z.infer<typeof reportConnectionsSchema> | null {
  const activity = rowsOrNull(sections.activity);
  if (activity === null) return null;
  const clients = activity.filter(isClientSession);
  const settings = rowsOrNull(sections.settings) ?? [];
  const { least, most } = countConnections(clients, settings);
  const byApplication = countBy(clients, ({ application, role }) => JSON.stringify([application, role]));
  return {
    limit: findConnectionLimit(settings),
    used: most,
    usedAtLeast: least,
    byState: countBy(clients, ({ state }) => state ?? 'not permitted').map(([state, count]) => ({ state, count })),
    byApplication: byApplication.map(([key, count]) => {
      const [application, role] = JSON.parse(key) as [string, string | null];
      return { application, role, count };
    }),
  };
}

/** Most frequent first. */
function countBy<Row>(rows: readonly Row[], keyOfRow: (row: Row) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOfRow(row), (counts.get(keyOfRow(row)) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
