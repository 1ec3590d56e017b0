// Sections that are there and yet not whole: rows that this role does not see through, counts that the server does not
// keep. A report that took them for complete would give a better grade than anybody could vouch for.
import { notCountedGap } from './counting-gaps';
import type { SuggestedFix } from './finding';
import { formatCount } from './format/numbers';
import type { ReportSectionGap } from './report';
import type { Section, Snapshot, SnapshotServer } from './snapshot';
import { quoteIdentifier } from './sql/identifiers';

/** The predefined role that reads every table came with PostgreSQL 14. */
const readAllDataVersion = 140_000;

function rowsOf<Row>(section: Section<Row>): readonly Row[] {
  return section.status === 'available' ? section.rows : [];
}

export function findHiddenParts({ sections, server }: Snapshot): ReportSectionGap[] {
  const tables = rowsOf(sections.tables).filter(({ extension }) => extension === null);
  // rights on a partitioned table reach its partitions; few grant on these, too
  const wholes = tables.filter(({ isPartition }) => !isPartition);
  const unread = wholes.filter(({ maySelect }) => !maySelect);
  const isUncounted = tables.some(({ kind, activity }) => kind === 'table' && activity === null);
  const statements = rowsOf(sections.statements);
  const textless = statements.filter(({ text }) => text === null).length;
  const sessions = rowsOf(sections.activity).filter(({ database }) => database !== null);
  const veiled = sessions.filter(({ isHidden }) => isHidden).length;
  const sequences = rowsOf(sections.sequences);
  const unreadable = sequences.filter(({ mayRead }) => !mayRead).length;
  const role = `Role "${server.role}"`;
  const statistics = grant(server, 'pg_read_all_stats', 'see the statistics of all roles');
  return [
    ...(unread.length === 0
      ? []
      : [
          {
            section: 'column statistics of some tables',
            kind: 'not-permitted' as const,
            message: `${role} may not read ${ofAll(unread.length, wholes.length, 'table')}, and so not the statistics of their columns.`,
            ...(server.versionNumber >= readAllDataVersion
              ? grant(server, 'pg_read_all_data', 'read all tables')
              : grantTables(server, [...new Set(unread.map(({ schema }) => schema))])),
          },
        ]),
    ...(isUncounted ? [{ section: 'counts of scans and rows', ...notCountedGap }] : []),
    ...(textless === 0
      ? []
      : [
          {
            section: 'texts of some statements',
            kind: 'not-permitted' as const,
            message: `${role} may not see the text of ${ofAll(textless, statements.length, 'statement')}.`,
            ...statistics,
          },
        ]),
    ...(veiled === 0
      ? []
      : [
          {
            section: 'transactions of some sessions',
            kind: 'not-permitted' as const,
            message: `${role} may not see what ${ofAll(veiled, sessions.length, 'session')} do.`,
            ...statistics,
          },
        ]),
    ...(unreadable === 0
      ? []
      : [
          {
            section: 'values of some sequences',
            kind: 'not-permitted' as const,
            message: `${role} may not read the last value of ${ofAll(unreadable, sequences.length, 'sequence')}.`,
            nextStep: 'Have their owner grant SELECT on them.',
          },
        ]),
  ];
}

function ofAll(part: number, all: number, noun: string): string {
  return `${formatCount(part)} of ${formatCount(all)} ${noun}s`;
}

interface Step {
  nextStep: string;
  fix: SuggestedFix;
}

function grant({ role }: SnapshotServer, predefined: string, purpose: string): Step {
  const grantee = quoteIdentifier(role);
  return {
    nextStep: `Have an administrator grant it ${predefined}.`,
    fix: {
      title: `Let role ${grantee} ${purpose}`,
      sql: `GRANT ${predefined} TO ${grantee};`,
      undoSql: `REVOKE ${predefined} FROM ${grantee};`,
      risk: 'It holds for every database of the server.',
      outsideTransaction: false,
    },
  };
}

function grantTables({ role }: SnapshotServer, schemas: readonly string[]): Step {
  const grantee = quoteIdentifier(role);
  const names = schemas.map(quoteIdentifier).join(', ');
  return {
    nextStep: 'Have their owner grant it SELECT.',
    fix: {
      title: `Let role ${grantee} read all tables of these schemas`,
      sql: `GRANT USAGE ON SCHEMA ${names} TO ${grantee};\nGRANT SELECT ON ALL TABLES IN SCHEMA ${names} TO ${grantee};`,
      undoSql: `REVOKE SELECT ON ALL TABLES IN SCHEMA ${names} FROM ${grantee};`,
      risk: 'It can then read every row of them, except behind row-level security.',
      outsideTransaction: false,
    },
  };
}
