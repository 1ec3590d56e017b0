// The two groupings of the Indexes view. A rule that could not judge is a group of its own: an index that nobody has
// looked at is not one without findings.
import type { RuleOutcome } from '../report';
import { compareNaturally } from '../tables/natural-order';
import { compareBySize, flattenIndexTree, type IndexNode } from './index-tree';

/** Rules whose findings are about an index, worst first, in a word. */
export const indexRules: Readonly<Record<string, string>> = {
  'invalid-index': 'Invalid',
  'duplicate-index': 'Duplicate',
  'redundant-index': 'Redundant',
  'unused-index': 'Unused',
};

export interface FindingGroup {
  /** null for the indexes without a finding. */
  ruleId: string | null;
  title: string;
  /** Largest first. */
  nodes: readonly IndexNode[];
  sizeBytes: number;
  /** Why the rule found nothing here: it was switched off or could not judge; null when it ran. */
  notChecked: Exclude<RuleOutcome, { status: 'ran' }> | null;
}

export interface TableGroup {
  schema: string;
  table: string;
  /** Largest first. */
  nodes: readonly IndexNode[];
  sizeBytes: number;
  /** Of these indexes and their parts. */
  findingCount: number;
}

/** An index with several findings is in several groups; one of a partition stands alone in them. */
export function groupByFinding(nodes: readonly IndexNode[], outcomes: readonly RuleOutcome[]): FindingGroup[] {
  const groups = new Map<string, IndexNode[]>(Object.keys(indexRules).map((ruleId) => [ruleId, []]));
  for (const node of flattenIndexTree(nodes)) {
    for (const { ruleId } of node.findings) {
      const group = groups.get(ruleId);
      if (group === undefined) groups.set(ruleId, [node]);
      else group.push(node);
    }
  }
  const found = [...groups].flatMap(([ruleId, members]): FindingGroup[] => {
    const outcome = outcomes.find((each) => each.ruleId === ruleId);
    const notChecked = outcome === undefined || outcome.status === 'ran' ? null : outcome;
    if (members.length === 0 && notChecked === null) return [];
    return [{ ruleId, title: indexRules[ruleId] ?? ruleId, ...toGroup(members), notChecked }];
  });
  const rest = nodes.filter(({ findings }) => findings.length === 0);
  if (rest.length === 0) return found;
  return [...found, { ruleId: null, title: 'No finding', ...toGroup(rest), notChecked: null }];
}

/** By schema and table; indexes of partitions stay below the partitioned one. */
export function groupByTable(nodes: readonly IndexNode[]): TableGroup[] {
  const groups = new Map<number, IndexNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.index.tableOid);
    if (group === undefined) groups.set(node.index.tableOid, [node]);
    else group.push(node);
  }
  return [...groups.values()]
    .flatMap((members): TableGroup[] => {
      const [first] = members;
      if (first === undefined) return [];
      const { schema, tableName: table } = first.index;
      const findingCount = flattenIndexTree(members).reduce((sum, { findings }) => sum + findings.length, 0);
      return [{ schema, table, ...toGroup(members), findingCount }];
    })
    .sort((a, b) => compareNaturally(a.schema, b.schema) || compareNaturally(a.table, b.table));
}

function toGroup(members: readonly IndexNode[]): { nodes: IndexNode[]; sizeBytes: number } {
  return {
    nodes: members.toSorted(compareBySize),
    sizeBytes: members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
