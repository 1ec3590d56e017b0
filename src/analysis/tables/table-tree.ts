// Schemas, their tables, and partitions below their parents: the order and nesting that the Tables view and the terminal
// share, and the filter over them.
import { toNameFilter } from '../name-filter';
import { compareNaturally } from './natural-order';
import type { TableSummary } from './table';

export interface TableNode {
  table: TableSummary;
  /** Partitions, sorted; empty for everything else. */
  partitions: TableNode[];
}

export interface SchemaNode {
  schema: string;
  /** Of the tables shown in it, partitions not counted twice. */
  estimatedSizeBytes: number;
  /** Roots: a partition stands here only when its parent is not in the list. */
  tables: TableNode[];
}

/** A partition goes below its parent, which may lie in another schema. */
export function buildTableTree(tables: readonly TableSummary[]): SchemaNode[] {
  const nodes = new Map(tables.map((table): [number, TableNode] => [table.oid, { table, partitions: [] }]));
  const roots = new Map<string, TableNode[]>();
  for (const node of nodes.values()) {
    const { schema, isPartition, parentOid } = node.table;
    const parent = isPartition && parentOid !== null ? nodes.get(parentOid) : undefined;
    if (parent !== undefined) {
      parent.partitions.push(node);
      continue;
    }
    const siblings = roots.get(schema);
    if (siblings === undefined) roots.set(schema, [node]);
    else siblings.push(node);
  }
  for (const node of nodes.values()) node.partitions.sort(compareNodes);
  return [...roots]
    .sort(([a], [b]) => compareNaturally(a, b))
    .map(([schema, schemaTables]) => ({
      schema,
      estimatedSizeBytes: schemaTables.reduce((sum, { table }) => sum + table.estimatedSizeBytes, 0),
      tables: schemaTables.sort(compareNodes),
    }));
}

function compareNodes(a: TableNode, b: TableNode): number {
  return compareNaturally(a.table.name, b.table.name) || compareNaturally(a.table.schema, b.table.schema);
}

/** Tables whose schema.name the filter matches. A partition that does brings its parents along: it needs a place in the tree. */
export function filterTables(tables: readonly TableSummary[], filter: string): TableSummary[] {
  if (filter.trim() === '') return [...tables];
  const matches = toNameFilter(filter);
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const kept = new Set<number>();
  for (const table of tables) {
    if (!matches(`${table.schema}.${table.name}`)) continue;
    for (let each: TableSummary | undefined = table; each !== undefined && !kept.has(each.oid);) {
      kept.add(each.oid);
      each = each.isPartition && each.parentOid !== null ? byOid.get(each.parentOid) : undefined;
    }
  }
  return tables.filter(({ oid }) => kept.has(oid));
}
