// What index advice has to know of the tables that a plan scans, captured by the database layer in one transaction.

/** Settings of the server that prices plans; the planner's cost units. */
export interface CostSettings {
  seqPageCost: number;
  randomPageCost: number;
  cpuTupleCost: number;
  cpuIndexTupleCost: number;
  cpuOperatorCost: number;
  effectiveCacheSizeBytes: number;
  blockSizeBytes: number;
  parallelLeaderParticipation: boolean;
}

export interface AdviceColumnStatistics {
  /** 0 to 1. */
  nullRatio: number;
  /** Number of distinct values, never a ratio. */
  distinct: number;
  averageWidthBytes: number;
  /** Of the values' order with the heap's, -1 to 1; null for types without an order. */
  correlation: number | null;
  /** As texts, with their frequencies (0 to 1); at most 100. */
  mostCommon: readonly { value: string; frequency: number }[];
}

export interface AdviceColumn {
  name: string;
  /** typname of the type, of a domain that of its base: "int4", "varchar". */
  typeName: string;
  /** True when the column's own type is a domain over `typeName`. */
  isDomain: boolean;
  /** pg_type.typlen: bytes, negative for types of variable length. */
  typeLengthBytes: number;
  /** What values of the type are aligned to: 1, 2, 4 or 8. */
  alignmentBytes: number;
  /** A default operator class for B-trees exists, so that an index needs no other words than the column's name. */
  hasBtree: boolean;
  /** Its collation is C or one like it: a plain B-tree serves LIKE 'abc%'. */
  sortsByBytes: boolean;
  statistics: AdviceColumnStatistics | null;
  /** Why there are none; null when there are. */
  statisticsMissing: 'not-permitted' | 'row-security' | 'not-analyzed' | null;
}

export interface AdviceIndexKey {
  /** Null for an expression. */
  column: string | null;
  descending: boolean;
  nullsFirst: boolean;
  /** Operator class and collation are what an index would have without further words. */
  isPlain: boolean;
  /** The column or the expression as the server prints it, without operator class and direction. */
  text: string;
  /** Without its schema: "int4_ops", "gin_trgm_ops". */
  operatorClass: string;
}

export interface AdviceIndex {
  schema: string;
  name: string;
  method: string;
  isValid: boolean;
  /** Unique, or behind a constraint: more than a means to find rows. */
  isNeeded: boolean;
  isUnique: boolean;
  /** relpages. */
  sizeBytes: number;
  /** Since the server's statistics were reset, on this server. */
  scans: number;
  included: readonly string[];
  /** Without INCLUDE columns. */
  keys: readonly AdviceIndexKey[];
  /** Of a partial index; null for others. */
  predicate: string | null;
}

/** A table, or one partition of one. */
export interface AdviceRelation {
  oid: number;
  schema: string;
  name: string;
  /** relpages and reltuples; rows is null when the relation was never vacuumed or analyzed. */
  pages: number;
  rows: number | null;
}

export interface AdvicePartition extends AdviceRelation {
  /** Of the table or partition that it is a partition of. */
  parentOid: number;
  isPartitioned: boolean;
  /** Its indexes that one of the whole table could take in: valid, part of none yet, and no constraint stands on them. */
  attachable: readonly (RelationName & { oid: number; definition: string })[];
}

/** Rows written since the server's statistics were reset. */
export interface TableWrites {
  inserted: number;
  updated: number;
  /** Of those updated: without an entry in any index. */
  hotUpdated: number;
  deleted: number;
}

/** A table that can have an index of its own: never a partition, whose parent stands here. */
export interface AdviceTable extends AdviceRelation {
  /** Pages and rows of a partitioned table are its partitions' sums. */
  isPartitioned: boolean;
  /** Of a partitioned table, parents first; empty for others. */
  partitions: readonly AdvicePartition[];
  /** Why no index can be advised on it (temporary, of the catalogue), a sentence; null when one can. */
  refusal: string | null;
  /** Share of pages that an index-only scan does not have to look at, 0 to 1. */
  allVisibleRatio: number;
  writes: TableWrites;
  columns: readonly AdviceColumn[];
  indexes: readonly AdviceIndex[];
}

export interface IndexAdviceFacts {
  settings: CostSettings;
  tables: readonly AdviceTable[];
  /** Names among those asked for that a VOLATILE function has. */
  volatileFunctions: readonly string[];
  /** Names among them that an IMMUTABLE function has. */
  immutableFunctions: readonly string[];
  /** Where pg_trgm's operator classes are, quoted where needed; null without the extension. */
  trigramSchema: string | null;
  /** Relations whose name an index could clash with, by schema. */
  takenNames: readonly { schema: string; name: string }[];
  /** current_user, for messages. */
  role: string;
}

export interface RelationName {
  schema: string;
  name: string;
}

/** The table that a scan of this relation is one of, and the relation itself. */
export function findRelation(
  facts: IndexAdviceFacts,
  { schema, name }: RelationName,
): { table: AdviceTable; relation: AdviceRelation } | null {
  const matches = (each: RelationName) => each.schema === schema && each.name === name;
  for (const table of facts.tables) {
    if (matches(table)) return { table, relation: table };
    const partition = table.partitions.find(matches);
    if (partition !== undefined) return { table, relation: partition };
  }
  return null;
}
