// Snapshots of a server that is in order, but for what a test says.
import {
  sectionNames,
  type IndexKey,
  type Section,
  type SectionGap,
  type SectionName,
  type Snapshot,
  type SnapshotActivity,
  type SnapshotDatabase,
  type SnapshotForeignKey,
  type SnapshotIndex,
  type SnapshotSections,
  type SnapshotSequence,
  type SnapshotServer,
  type SnapshotTable,
  type TableActivity,
} from '../../src/analysis/snapshot';

export const gap: SectionGap = { kind: 'not-permitted', message: 'Hidden.', nextStep: 'Ask.' };

let lastOid = 0;

type Rows = { readonly [Name in keyof SnapshotSections]?: readonly SnapshotSections[Name][] };

/** Sections of which there is neither rows nor a gap are empty. */
export function makeSnapshot(
  rows: Rows,
  server: Partial<SnapshotServer> = {},
  gaps: Readonly<Partial<Record<SectionName, SectionGap>>> = {},
): Snapshot {
  const sections = sectionNames.map((name) => {
    const reason = gaps[name];
    const section: Section<unknown> =
      reason === undefined ? { status: 'available', rows: rows[name] ?? [] } : { status: 'unavailable', reason };
    return [name, section];
  });
  return {
    capturedAt: '2026-11-21T12:00:00.000Z',
    server: {
      server: 'localhost:5432',
      database: 'd',
      role: 'r',
      version: '18.4',
      versionNumber: 180_004,
      inRecovery: false,
      blockSizeBytes: 8192,
      ...server,
    },
    // each name with the rows of its name
    sections: Object.fromEntries(sections) as Snapshot['sections'],
  };
}

/** Counts of `activity` that are not given are 0. */
export function makeTable(
  name: string,
  { activity = {}, ...change }: Partial<Omit<SnapshotTable, 'activity'>> & { activity?: Partial<TableActivity> | null },
): SnapshotTable {
  return {
    oid: ++lastOid,
    schema: 's',
    name,
    kind: 'table',
    parentOid: null,
    isPartition: false,
    estimatedRows: null,
    estimatedSizeBytes: 0,
    currentSizeBytes: null,
    indexesSizeBytes: 0,
    hasPrimaryKey: true,
    maySelect: true,
    hasColumnStatistics: true,
    extension: null,
    activity:
      activity === null
        ? null
        : {
            sequentialScans: 0,
            sequentialRowsRead: 0,
            indexScans: 0,
            inserted: 0,
            updated: 0,
            hotUpdated: 0,
            deleted: 0,
            liveTuples: 0,
            deadTuples: 0,
            modifiedSinceAnalyze: 0,
            heapBlocksRead: 0,
            heapBlocksHit: 0,
            indexBlocksRead: 0,
            indexBlocksHit: 0,
            ...activity,
          },
    lastVacuum: null,
    lastAnalyze: null,
    isBeingVacuumed: false,
    isBeingAnalyzed: false,
    autovacuumEnabled: null,
    storageParameters: {},
    transactionAge: null,
    multixactAge: null,
    ...change,
  };
}

export function makeKey(column: string, change: Partial<IndexKey> = {}): IndexKey {
  return {
    column,
    sql: column,
    operatorClass: 'pg_catalog.int4_ops',
    collation: null,
    descending: false,
    nullsFirst: false,
    isNotNull: false,
    ...change,
  };
}

/** A plain B-tree of 2 MB that nothing scans. */
export function makeIndex(
  name: string,
  table: SnapshotTable,
  columns: readonly (string | IndexKey)[],
  change: Partial<SnapshotIndex> = {},
): SnapshotIndex {
  const keys = columns.map((column) => (typeof column === 'string' ? makeKey(column) : column));
  return {
    oid: ++lastOid,
    schema: 's',
    name,
    tableOid: table.oid,
    tableName: table.name,
    parentOid: null,
    isPartitioned: false,
    method: 'btree',
    keys,
    included: [],
    predicate: null,
    storageParameters: {},
    tablespace: null,
    comment: null,
    isClustered: false,
    statisticsTargets: {},
    isUnique: false,
    nullsNotDistinct: false,
    isPrimary: false,
    constraint: null,
    supportsForeignKey: false,
    isReplicaIdentity: false,
    isValid: true,
    isBeingBuilt: false,
    definition: `CREATE INDEX ${name} ON s.${table.name} USING btree (${keys.map(({ sql }) => sql).join(', ')})`,
    estimatedSizeBytes: 2 * 1024 * 1024,
    scans: 0,
    lastScan: null,
    tuplesRead: 0,
    ...change,
  };
}

export function makeForeignKey(
  name: string,
  table: SnapshotTable,
  columns: readonly string[],
  referenced: SnapshotTable,
  change: Partial<SnapshotForeignKey> = {},
): SnapshotForeignKey {
  return {
    schema: 's',
    tableOid: table.oid,
    tableName: table.name,
    name,
    columns,
    referencedOid: referenced.oid,
    referencedSchema: 's',
    referencedName: referenced.name,
    onDelete: 'no action',
    onUpdate: 'no action',
    isValidated: true,
    isInherited: false,
    indexLikeNames: [],
    ...change,
  };
}

export function makeSequence(change: Partial<SnapshotSequence>): SnapshotSequence {
  return {
    schema: 's',
    name: 'numbers',
    type: 'bigint',
    lastValue: null,
    mayRead: true,
    minimum: 1,
    maximum: 2 ** 63,
    increment: 1,
    cycles: false,
    column: null,
    ...change,
  };
}

/** A client that has nothing to do. */
export function makeSession(change: Partial<SnapshotActivity> = {}): SnapshotActivity {
  return {
    pid: 1,
    role: 'app',
    database: 'd',
    roleConnectionLimit: null,
    application: 'shop',
    backendType: 'client backend',
    state: 'idle',
    isHidden: false,
    text: null,
    transactionSeconds: null,
    querySeconds: null,
    waitEventType: null,
    waitEvent: null,
    blockedBy: [],
    isOurs: false,
    ...change,
  };
}

/** Its counts run for ten days. */
export function makeDatabase(change: Partial<SnapshotDatabase> = {}): SnapshotDatabase {
  return {
    name: 'd',
    isCurrent: true,
    allowsConnections: true,
    connectionLimit: null,
    connections: 0,
    blocksRead: 0,
    blocksHit: 0,
    transactionAge: 0,
    multixactAge: 0,
    statisticsReset: null,
    countedSince: '2026-11-11T12:00:00.000Z',
    ...change,
  };
}

export const makeSettings = (values: Readonly<Record<string, number | string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, setting: String(value), unit: null, source: 'default' }));
