// What is known of PostgreSQL's node types, to see that a plan was cut off.

/** How many children a node has at least; what has fewer was cut off. Those that may have none are not here. */
export const leastChildren: Readonly<Record<string, number>> = {
  'Nested Loop': 2,
  'Hash Join': 2,
  'Merge Join': 2,
  'Recursive Union': 2,
  BitmapAnd: 2,
  BitmapOr: 2,
  Aggregate: 1,
  'Bitmap Heap Scan': 1,
  Gather: 1,
  'Gather Merge': 1,
  Group: 1,
  Hash: 1,
  'Incremental Sort': 1,
  Limit: 1,
  LockRows: 1,
  Materialize: 1,
  Memoize: 1,
  ModifyTable: 1,
  ProjectSet: 1,
  SetOp: 1,
  Sort: 1,
  'Subquery Scan': 1,
  Unique: 1,
  WindowAgg: 1,
};

/** Nodes without children, to know the first line of a plan that has no costs. */
const leaves: ReadonlySet<string> = new Set([
  'Append',
  'Bitmap Index Scan',
  'CTE Scan',
  'Custom Scan',
  'Foreign Scan',
  'Function Scan',
  'Index Only Scan',
  'Index Scan',
  'Merge Append',
  'Named Tuplestore Scan',
  'Result',
  'Sample Scan',
  'Seq Scan',
  'Table Function Scan',
  'Tid Range Scan',
  'Tid Scan',
  'Values Scan',
  'WorkTable Scan',
]);

export const isKnownType = (type: unknown) => typeof type === 'string' && (type in leastChildren || leaves.has(type));
