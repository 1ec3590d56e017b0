// Tables as the Tables view and `pg-insight tables` show them. Sizes come from relpages (no file is touched); exact ones
// are read for one table at a time, on demand.
import { toRatio } from '../ratio';

export type TableKind = 'table' | 'partitioned table' | 'materialized view' | 'foreign table';

export interface TableSummary {
  /** For asking the server about this table again in the same session; never shown or stored. */
  oid: number;
  schema: string;
  name: string;
  kind: TableKind;
  /** OID of the parent of a partition (or of an inheritance child); null for others. */
  parentOid: number | null;
  /** False for an inheritance child, which is a table in its own right. */
  isPartition: boolean;
  /** pg_class.reltuples; null when never vacuumed or analyzed. For a partitioned table, the sum over known partitions. */
  estimatedRows: number | null;
  /** relpages x block_size: the heap at the last VACUUM, ANALYZE or CREATE INDEX; for a partitioned table the partitions' sum. */
  estimatedSizeBytes: number;
  /** Sequential scans / (sequential + index scans), partitions' summed; null without scans or without statistics. */
  sequentialScanRatio: number | null;
  /** Dead / (live + dead) tuples; null when both are 0 or there are no statistics. */
  deadTupleRatio: number | null;
  /** Counts behind the two ratios, partitions' summed; null when the server counts nothing for it (foreign tables, track_counts off). */
  scans: { sequential: number; index: number } | null;
  tuples: { live: number; dead: number } | null;
  /** ISO 8601; manual or automatic, whichever is later; null when never. */
  lastVacuum: string | null;
  lastAnalyze: string | null;
  comment: string | null;
}

/** The two shares of a table, from its counts. */
export function findRatios(
  scans: TableSummary['scans'],
  tuples: TableSummary['tuples'],
): Pick<TableSummary, 'sequentialScanRatio' | 'deadTupleRatio'> {
  return {
    sequentialScanRatio: scans === null ? null : toRatio(scans.sequential, scans.index),
    deadTupleRatio: tuples === null ? null : toRatio(tuples.dead, tuples.live),
  };
}

export interface ColumnStatistics {
  /** Share of NULLs, 0 to 1. */
  nullRatio: number;
  /** Estimated number of distinct values: absolute (n_distinct > 0) or as a share of the rows, 0 to 1 (n_distinct < 0). */
  distinct: { kind: 'count' | 'ratio'; value: number };
  averageWidthBytes: number;
  /** Physical order against logical order, -1 to 1; null for types without ordering. */
  correlation: number | null;
  /** pg_stats.most_common_vals as texts with their frequency, 0 to 1; at most 10. */
  mostCommon: { value: string; frequency: number }[];
}

export interface TableColumn {
  name: string;
  /** format_type(): "character varying(20)". */
  type: string;
  notNull: boolean;
  /** Default, generation or identity expression as the server prints it; null without. */
  default: string | null;
  generated: 'default' | 'stored' | 'virtual' | 'identity' | null;
  isPrimaryKey: boolean;
  comment: string | null;
  statistics: ColumnStatistics | null;
  /** Why `statistics` is null; null when it is not. Hidden statistics and absent ones ask for different next steps. */
  statisticsMissing: 'not-permitted' | 'row-security' | 'not-analyzed' | null;
}

export interface TableIndex {
  schema: string;
  name: string;
  method: string;
  isPrimary: boolean;
  isUnique: boolean;
  isValid: boolean;
  /** pg_get_indexdef(), without ON ONLY. */
  definition: string;
  /** relpages x block_size. */
  estimatedSizeBytes: number;
  /** idx_scan; null without statistics. */
  scans: number | null;
}

export interface ForeignKey {
  name: string;
  columns: string[];
  referencedSchema: string;
  referencedTable: string;
  referencedColumns: string[];
  isValidated: boolean;
  /** pg_get_constraintdef(). */
  definition: string;
}

/** CREATE STATISTICS: what the planner is told about columns together. */
export interface ExtendedStatistics {
  schema: string;
  name: string;
  /** pg_get_statisticsobjdef(). */
  definition: string;
}

export interface TableDetails {
  columns: TableColumn[];
  indexes: TableIndex[];
  foreignKeys: ForeignKey[];
  extendedStatistics: ExtendedStatistics[];
  /** A sentence with the next step when the role may not see statistics of some columns; null when it may. */
  statisticsUnavailable: string | null;
}

/** Read for one table on request: these functions open the relation's files. */
export interface ExactSizes {
  heapBytes: number;
  toastBytes: number;
  indexBytes: number;
  totalBytes: number;
}
