// Reads a snapshot: every section in one read-only REPEATABLE READ transaction, so that they agree with each other. Each
// has a savepoint of its own: what one of them may not read or cannot finish does not end the others.
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { findStatementStatisticsGap } from '../analysis/doctor';
import type { InstalledExtension, ServerFacts } from '../analysis/server/server-facts';
import {
  sectionNames,
  type Section,
  type SectionGap,
  type SectionName,
  type Snapshot,
  type SnapshotSections,
  type SnapshotSequence,
  type SnapshotTable,
  type StatementStatisticsInfo,
} from '../analysis/snapshot';
import { mayHaveGrown } from '../analysis/tables/row-count';
import { captureRows } from './queries/query';
import { captureIndexes } from './queries/snapshot/indexes';
import {
  currentSizesQuery,
  foreignKeysQuery,
  lastValuesQuery,
  sequencesQuery,
  tablesQuery,
  toSnapshotForeignKey,
  toSnapshotSequence,
  toSnapshotTable,
} from './queries/snapshot/relations';
import {
  activityQuery,
  databasesQuery,
  headQuery,
  settingsQuery,
  toSnapshotActivity,
  toSnapshotDatabase,
} from './queries/snapshot/server';
import { statementsQuery, statementStatisticsQuery, toSnapshotStatement } from './queries/snapshot/statements';
import { captureChangingFacts } from './server-facts';
import { catalogueUnit } from './tables';
import type { RunUnitOfWork, UnitOfWork } from './unit-of-work';

/** For one section. With 10,000 tables and 30,000 indexes the longest takes about a second. */
const sectionTimeoutMs = 30_000;
/** Each sequence that is read is locked (ACCESS SHARE) until its batch ends: a server has room for some thousand locks. */
const sequencesPerBatch = 200;

export interface SnapshotOptions<Names extends SectionName> {
  /** host:port, for people. */
  server: string;
  /** All when absent. */
  sections?: readonly Names[];
}

/** Rejects with a DatabaseFailure when the server can't be asked at all; what a section lacks is said in it. */
export async function captureSnapshot<Names extends SectionName = SectionName>(
  run: RunUnitOfWork,
  connectionFacts: ServerFacts,
  { server, sections }: SnapshotOptions<Names>,
  signal?: AbortSignal,
): Promise<Snapshot<Names>> {
  const unitOptions = { ...catalogueUnit(sectionTimeoutMs, signal), isolation: 'repeatable read' } as const;
  return run(unitOptions, async (unit) => {
    const facts = await refreshFacts(unit, connectionFacts);
    const [head] = await captureRows(unit, facts, headQuery);
    if (head === undefined) throw new Error('A query without a table gave no row.');
    const captured: Partial<Record<SectionName, Section<SnapshotSections[SectionName]>>> = {};
    for (const name of sections ?? sectionNames) {
      captured[name] = await captureSection(unit, { ...facts, inRecovery: head.in_recovery }, name, signal);
    }
    const { statements, statementStatistics } = captured as Partial<Snapshot['sections']>;
    if (statements?.status === 'available' && wasReset(statementStatistics, head.captured_at)) {
      captured.statements = { status: 'unavailable', reason: resetGap };
    }
    return {
      capturedAt: head.captured_at,
      server: {
        server,
        database: facts.database,
        role: facts.role,
        version: facts.version,
        versionNumber: facts.versionNumber,
        inRecovery: head.in_recovery,
        blockSizeBytes: facts.blockSizeBytes,
      },
      // the loop has filled exactly these names, each with the rows of its name
      sections: captured as Snapshot<Names>['sections'],
    };
  });
}

/** The figures of pg_stat_statements are not part of the transaction: those read before a reset belong to another time. */
const resetGap: SectionGap = {
  kind: 'failed',
  message: 'pg_stat_statements was reset while it was read.',
  nextStep: 'Try again: the figures then count from the reset.',
};

function wasReset(info: Section<StatementStatisticsInfo> | undefined, since: string): boolean {
  const reset = info?.status === 'available' ? (info.rows[0]?.statisticsReset ?? null) : null;
  return reset !== null && Date.parse(reset) > Date.parse(since);
}

/** Extensions and settings as they are now: somebody may have done since connecting what a gap asked for. */
async function refreshFacts(unit: UnitOfWork, facts: ServerFacts): Promise<ServerFacts> {
  return { ...facts, ...(await captureChangingFacts(unit, facts)) };
}

async function captureSection(
  unit: UnitOfWork,
  facts: ServerFacts,
  name: SectionName,
  signal: AbortSignal | undefined,
): Promise<Section<SnapshotSections[SectionName]>> {
  await unit.query('SAVEPOINT section');
  try {
    const rows = await captureSectionRows(unit, facts, name);
    return 'kind' in rows ? { status: 'unavailable', reason: rows } : { status: 'available', rows };
  } catch (error) {
    const reason = toSectionGap(error, name, signal);
    await unit.query('ROLLBACK TO SAVEPOINT section');
    return { status: 'unavailable', reason };
  } finally {
    // nothing is left to be released when the server is gone; then the failure is on its way already
    await unit.query('RELEASE SAVEPOINT section').catch(() => undefined);
  }
}

/** For sentences. */
const sectionTitles: Record<SectionName, string> = {
  tables: 'The tables',
  indexes: 'The indexes',
  foreignKeys: 'The foreign keys',
  sequences: 'The sequences',
  statements: 'The statements of pg_stat_statements',
  statementStatistics: 'The state of pg_stat_statements',
  activity: 'The sessions',
  databases: 'The databases',
  settings: 'The settings',
};

/**
 * What a failed query means for its section. What concerns the whole connection is thrown on, and so is the user's own
 * cancel; without it, 'cancelled' was an administrator's doing.
 */
function toSectionGap(error: unknown, name: SectionName, signal: AbortSignal | undefined): SectionGap {
  if (!isDatabaseFailure(error) || signal?.aborted === true) throw error;
  switch (error.kind) {
    case 'not-permitted':
    case 'statement':
    case 'timed-out':
    case 'cancelled':
    case 'other':
      return {
        kind: error.kind === 'not-permitted' ? 'not-permitted' : 'failed',
        message: `${sectionTitles[name]} could not be read: ${error.message}`,
        nextStep: error.kind === 'not-permitted' ? error.nextStep : `Try again. ${error.nextStep}`,
      };
    default:
      throw error;
  }
}

function captureSectionRows(
  unit: UnitOfWork,
  facts: ServerFacts,
  name: SectionName,
): Promise<readonly SnapshotSections[SectionName][] | SectionGap> {
  switch (name) {
    case 'tables':
      return captureTables(unit, facts);
    case 'indexes':
      return captureIndexes(unit, facts);
    case 'foreignKeys':
      return captureRows(unit, facts, foreignKeysQuery).then((rows) => rows.map(toSnapshotForeignKey));
    case 'sequences':
      return captureSequences(unit, facts);
    case 'statements':
      return withStatementStatistics(facts, async (extension) =>
        (await captureRows(unit, facts, statementsQuery(extension))).map(toSnapshotStatement),
      );
    case 'statementStatistics':
      return withStatementStatistics(facts, async (extension): Promise<StatementStatisticsInfo[]> => {
        const rows = await captureRows(unit, facts, statementStatisticsQuery(extension));
        return rows.map(({ deallocated, statistics_reset }) => ({
          schema: extension.schema,
          version: extension.version,
          deallocated,
          statisticsReset: statistics_reset,
        }));
      });
    case 'activity':
      return captureRows(unit, facts, activityQuery).then((rows) => rows.map(toSnapshotActivity));
    case 'databases':
      return captureRows(unit, facts, databasesQuery).then((rows) => rows.map(toSnapshotDatabase));
    case 'settings':
      return captureRows(unit, facts, settingsQuery);
  }
}

async function captureTables(unit: UnitOfWork, facts: ServerFacts): Promise<SnapshotTable[]> {
  const tables = (await captureRows(unit, facts, tablesQuery)).map((row) => toSnapshotTable(row, facts));
  const grown = new Map(tables.filter(mayHaveGrown).map((table) => [table.oid, table]));
  if (grown.size === 0) return tables;
  await unit.query('SAVEPOINT sizes');
  try {
    for (const row of await captureRows(unit, facts, currentSizesQuery, [[...grown.keys()]])) {
      const table = grown.get(row.oid);
      if (table !== undefined) table.currentSizeBytes = row.size_bytes;
    }
  } catch (error) {
    // somebody has locked one of them meanwhile: all do without
    if (!isDatabaseFailure(error) || error.details.code !== lockNotAvailable) throw error;
    await unit.query('ROLLBACK TO SAVEPOINT sizes');
  }
  return tables;
}

async function withStatementStatistics<Row>(
  facts: ServerFacts,
  capture: (extension: InstalledExtension) => Promise<Row[]>,
): Promise<Row[] | SectionGap> {
  const gap = findStatementStatisticsGap(facts);
  if (gap !== null) return gap;
  const extension = facts.extensions.find(({ name }) => name === 'pg_stat_statements');
  if (extension === undefined) throw new Error('No gap, and yet no pg_stat_statements.');
  return capture(extension);
}

const lockNotAvailable = '55P03';
/** SQLSTATEs of a sequence that was dropped, or whose rights were taken away, since it was listed. */
const goneCodes = ['42P01', '42501', '3F000'];

async function captureSequences(unit: UnitOfWork, facts: ServerFacts): Promise<SnapshotSequence[]> {
  const sequences = (await captureRows(unit, facts, sequencesQuery)).map(toSnapshotSequence);
  const readable = sequences.filter(({ mayRead }) => mayRead);
  for (let first = 0; first < readable.length; first += sequencesPerBatch) {
    await readLastValues(unit, facts, readable.slice(first, first + sequencesPerBatch));
  }
  return sequences;
}

/** Fills them in. A batch with one that has gone is read in halves, down to that one. */
async function readLastValues(unit: UnitOfWork, facts: ServerFacts, batch: readonly SnapshotSequence[]): Promise<void> {
  await unit.query('SAVEPOINT batch');
  try {
    const rows = await captureRows(unit, facts, lastValuesQuery(batch));
    for (const { position, last_value } of rows) {
      const sequence = batch[position];
      if (sequence !== undefined) sequence.lastValue = last_value;
    }
    // gives the locks back
    await unit.query('ROLLBACK TO SAVEPOINT batch');
  } catch (error) {
    if (!isDatabaseFailure(error) || !goneCodes.includes(error.details.code ?? '')) throw error;
    await unit.query('ROLLBACK TO SAVEPOINT batch');
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      only.mayRead = false;
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await readLastValues(unit, facts, batch.slice(0, half));
    await readLastValues(unit, facts, batch.slice(half));
  }
}
