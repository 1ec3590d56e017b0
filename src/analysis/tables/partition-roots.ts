// A partition is a part of its table: what is wrong with a hundred of them is said once, of the table.
import { groupBy } from '../group-by';

interface Partition {
  oid: number;
  parentOid: number | null;
  isPartition: boolean;
}

/** For each table the one at the top: itself, or the partitioned table whose partition it is, at any level. */
export function findPartitionRoots<Table extends Partition>(tables: readonly Table[]): Map<number, Table> {
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const rootOf = (table: Table): Table => {
    const parent = table.isPartition && table.parentOid !== null ? byOid.get(table.parentOid) : undefined;
    return parent === undefined ? table : rootOf(parent);
  };
  return new Map(tables.map((table) => [table.oid, rootOf(table)]));
}

/** Tables by their root, in the order of the list; a table without partitions is a group of its own. */
export function groupByRoot<Table extends Partition>(
  tables: readonly Table[],
  roots: ReadonlyMap<number, Table> = findPartitionRoots(tables),
): Map<Table, Table[]> {
  return groupBy(tables, (table) => roots.get(table.oid) ?? table);
}
