// The indexes of a snapshot with what was found about each, those of partitions below the one they are attached to: what
// the Indexes view and `pg-insight indexes` show.
import type { Finding } from '../finding';
import { toNameFilter } from '../name-filter';
import type { SnapshotIndex } from '../snapshot';
import { compareNaturally } from '../tables/natural-order';

/** From here on the server knows when an index was scanned last. */
export const lastScanVersion = 160_000;

export interface IndexNode {
  index: SnapshotIndex;
  /** Attached indexes of partitions; empty for everything else. */
  parts: IndexNode[];
  /** relpages x block_size, parts included. */
  sizeBytes: number;
  /** Parts included; null when the server counts nothing. */
  scans: number | null;
  /** ISO 8601, the latest of it and its parts; null when never or not known. */
  lastScan: string | null;
  /** About this index; those of its parts are theirs. */
  findings: readonly Finding[];
}

/** An attached index goes below its parent. Largest first. */
export function buildIndexTree(indexes: readonly SnapshotIndex[], findings: readonly Finding[]): IndexNode[] {
  const byName = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.subject.kind !== 'index') continue;
    const key = toKey(finding.subject);
    byName.set(key, [...(byName.get(key) ?? []), finding]);
  }
  const nodes = new Map(
    indexes.map((index): [number, IndexNode] => [
      index.oid,
      {
        index,
        parts: [],
        sizeBytes: index.estimatedSizeBytes,
        scans: index.scans,
        lastScan: index.lastScan,
        findings: byName.get(toKey(index)) ?? [],
      },
    ]),
  );
  const roots: IndexNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.index.parentOid === null ? undefined : nodes.get(node.index.parentOid);
    (parent?.parts ?? roots).push(node);
  }
  for (const root of roots) sumParts(root);
  return roots.sort(compareBySize);
}

/** Names hold any character but this one. */
const toKey = ({ schema, name }: { schema: string; name: string }) => `${schema}\0${name}`;

function sumParts(node: IndexNode): void {
  for (const part of node.parts) {
    sumParts(part);
    node.sizeBytes += part.sizeBytes;
    node.scans = node.scans === null || part.scans === null ? null : node.scans + part.scans;
    // ISO 8601 in one zone sorts as text
    if (part.lastScan !== null && (node.lastScan === null || part.lastScan > node.lastScan)) {
      node.lastScan = part.lastScan;
    }
  }
  node.parts.sort(compareByName);
}

function compareByName(a: IndexNode, b: IndexNode): number {
  return compareNaturally(a.index.name, b.index.name) || compareNaturally(a.index.schema, b.index.schema);
}

export function compareBySize(a: IndexNode, b: IndexNode): number {
  return b.sizeBytes - a.sizeBytes || compareByName(a, b);
}

/** Indexes that the filter matches, by schema.index and table; of a partitioned one the parts that match, or all. */
export function filterIndexTree(nodes: readonly IndexNode[], filter: string): IndexNode[] {
  const matches = toNameFilter(filter);
  const keep = (node: IndexNode): IndexNode[] => {
    const { schema, name, tableName } = node.index;
    if (matches(`${schema}.${name} ${schema}.${tableName}`)) return [node];
    const parts = node.parts.flatMap(keep);
    return parts.length === 0 ? [] : [{ ...node, parts }];
  };
  return filter.trim() === '' ? [...nodes] : nodes.flatMap(keep);
}

/** The node and all below it. */
export function flattenIndexTree(nodes: readonly IndexNode[]): IndexNode[] {
  return nodes.flatMap((node) => [node, ...flattenIndexTree(node.parts)]);
}
