// Captures what index advice has to know of the tables that a plan scans.
import type * as z from 'zod';
import type {
  AdviceColumn,
  AdviceIndex,
  AdviceTable,
  IndexAdviceFacts,
  RelationName,
} from '../../analysis/index-advice/index-advice-facts';
import type { ServerFacts } from '../../analysis/server/server-facts';
import type { ColumnStatistics } from '../../analysis/tables/table';
import { toColumnStatistics } from '../queries/column-statistics';
import {
  columnsQuery,
  indexesQuery,
  serverQuery,
  tablesQuery,
  takenNamesQuery,
} from '../queries/index-advice/index-advice-facts';
import { attachableIndexesQuery } from '../queries/index-build/index-build';
import { captureRows } from '../queries/query';
import type { UnitOfWork } from '../unit-of-work';

type TableRow = z.output<typeof tablesQuery.row>;
type ColumnRow = z.output<typeof columnsQuery.row>;
type IndexRow = z.output<typeof indexesQuery.row>;
type AttachableRow = z.output<typeof attachableIndexesQuery.row>;

/** Made names begin with as much of the table's name as fits, never fewer characters than these (index-ddl.ts). */
const commonNameStart = 7;

const catalogueSchemas = /^(?:pg_catalog|information_schema|pg_toast|pg_temp_\d+|pg_toast_temp_\d+)$/;

/** `unit` has an empty search path. `functions` are names that conditions of the plan call. */
export async function captureIndexAdviceFacts(
  unit: UnitOfWork,
  server: ServerFacts,
  relations: readonly RelationName[],
  functions: readonly string[],
): Promise<IndexAdviceFacts> {
  const [settings] = await captureRows(unit, server, serverQuery, [functions]);
  if (settings === undefined) throw new Error('The server answered a SELECT without FROM with no row.');
  const names = [relations.map(({ schema }) => schema), relations.map(({ name }) => name)];
  const tables = relations.length === 0 ? [] : await captureRows(unit, server, tablesQuery, names);
  const roots = tables.filter(({ root, oid }) => root === oid);
  const oids = roots.map(({ oid }) => oid);
  const standIns = roots.map(({ oid }) => largestPartition(tables, oid));
  const columns = oids.length === 0 ? [] : await captureRows(unit, server, columnsQuery, [oids, standIns]);
  const indexes = oids.length === 0 ? [] : await captureRows(unit, server, indexesQuery, [oids]);
  const partitionOids = tables.filter(({ root, oid }) => root !== oid).map(({ oid }) => oid);
  const attachable =
    partitionOids.length === 0 ? [] : await captureRows(unit, server, attachableIndexesQuery, [partitionOids]);
  // an index of a partition is called after the one of its table
  const starts = tables.map(({ root }) =>
    Array.from(roots.find(({ oid }) => oid === root)?.name ?? '')
      .slice(0, commonNameStart)
      .join(''),
  );
  const taken =
    tables.length === 0
      ? []
      : await captureRows(unit, server, takenNamesQuery, [tables.map(({ schema }) => schema), starts]);
  return {
    settings: {
      seqPageCost: settings.seq_page_cost,
      randomPageCost: settings.random_page_cost,
      cpuTupleCost: settings.cpu_tuple_cost,
      cpuIndexTupleCost: settings.cpu_index_tuple_cost,
      cpuOperatorCost: settings.cpu_operator_cost,
      effectiveCacheSizeBytes: settings.effective_cache_size_bytes,
      blockSizeBytes: server.blockSizeBytes,
      parallelLeaderParticipation: settings.parallel_leader_participation,
    },
    tables: roots.map((root) =>
      toTable(
        root,
        tables.filter((each) => each.root === root.oid && each.oid !== root.oid),
        columns.filter(({ table_oid }) => table_oid === root.oid),
        indexes.filter(({ table_oid }) => table_oid === root.oid),
        attachable,
        server.blockSizeBytes,
      ),
    ),
    volatileFunctions: settings.volatile_functions,
    immutableFunctions: settings.immutable_functions,
    trigramSchema: settings.trigram_schema,
    takenNames: taken,
    role: server.role,
  };
}

function largestPartition(tables: readonly TableRow[], root: number): number {
  const leaves = tables.filter((each) => each.root === root && each.kind !== 'p');
  const [largest] = leaves.sort((a, b) => b.rows - a.rows);
  return largest?.oid ?? root;
}

/** Before 14 a table that nobody has looked at yet has 0 rows on 0 pages. */
function toRows({ rows, pages }: TableRow): number | null {
  return rows < 0 || (rows === 0 && pages === 0) ? null : rows;
}

function toTable(
  root: TableRow,
  members: readonly TableRow[],
  columns: readonly ColumnRow[],
  indexes: readonly IndexRow[],
  attachable: readonly AttachableRow[],
  blockSizeBytes: number,
): AdviceTable {
  const leaves = root.kind === 'p' ? members.filter(({ kind }) => kind !== 'p') : [root];
  // an empty partition is never analyzed
  const known = leaves.map(toRows).filter((rows) => rows !== null);
  const sum = (valueOf: (leaf: TableRow) => number) => leaves.reduce((total, leaf) => total + valueOf(leaf), 0);
  const pages = sum((leaf) => leaf.pages);
  const rows = known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
  return {
    oid: root.oid,
    schema: root.schema,
    name: root.name,
    pages,
    rows,
    isPartitioned: root.kind === 'p',
    partitions: members.map((member) => ({
      oid: member.oid,
      schema: member.schema,
      name: member.name,
      pages: member.pages,
      rows: toRows(member),
      parentOid: member.parent ?? root.oid,
      isPartitioned: member.kind === 'p',
      attachable: attachable
        .filter(({ table_oid }) => table_oid === member.oid)
        .map(({ oid, schema, name, definition }) => ({ oid, schema, name, definition })),
    })),
    refusal: findRefusal(root, members),
    columns: columns.map((row) => toColumn(row, rows ?? 0)),
    allVisibleRatio: pages === 0 ? 0 : Math.min(1, sum((leaf) => leaf.all_visible_pages) / pages),
    writes: {
      inserted: sum(({ inserted }) => inserted),
      updated: sum(({ updated }) => updated),
      hotUpdated: sum(({ hot_updated }) => hot_updated),
      deleted: sum(({ deleted }) => deleted),
    },
    indexes: indexes.map((row) => toIndex(row, blockSizeBytes)),
  };
}

function findRefusal(root: TableRow, members: readonly TableRow[]): string | null {
  if (catalogueSchemas.test(root.schema)) return "PostgreSQL's own tables take no further indexes.";
  if (root.persistence === 't') return 'A temporary table is gone with its session, and so would be its index.';
  if ([root, ...members].some(({ kind }) => kind === 'f')) return 'A foreign table is indexed on its own server.';
  return null;
}

function toColumn(row: ColumnRow, rows: number): AdviceColumn {
  const { statistics, statisticsMissing } = toColumnStatistics(row);
  return {
    name: row.name,
    typeName: row.type_name,
    isDomain: row.is_domain,
    typeLengthBytes: row.type_length,
    alignmentBytes: row.alignment,
    hasBtree: row.has_btree,
    sortsByBytes: row.sorts_by_bytes,
    statistics: statistics === null ? null : { ...statistics, distinct: toDistinct(statistics, rows) },
    statisticsMissing,
  };
}

function toDistinct({ distinct }: ColumnStatistics, rows: number): number {
  return Math.max(1, distinct.kind === 'ratio' ? distinct.value * rows : distinct.value);
}

function toIndex(row: IndexRow, blockSizeBytes: number): AdviceIndex {
  return {
    schema: row.schema,
    name: row.name,
    method: row.method,
    isValid: row.is_valid,
    isNeeded: row.is_needed,
    isUnique: row.is_unique,
    sizeBytes: row.pages * blockSizeBytes,
    scans: row.scans,
    included: row.included,
    keys: row.columns.map((column, index) => ({
      column,
      descending: ((row.options[index] ?? 0) & 1) !== 0,
      nullsFirst: ((row.options[index] ?? 0) & 2) !== 0,
      isPlain: row.plain[index] ?? false,
      text: row.texts[index] ?? '',
      operatorClass: row.operator_classes[index] ?? '',
    })),
    predicate: row.predicate,
  };
}
