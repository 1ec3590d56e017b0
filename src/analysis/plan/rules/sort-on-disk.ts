import { formatBytes } from '../../format/numbers';
import { numberField, objectField, textField, textsField, workersOf, type WithFields } from '../fields';
import type { PlanNode } from '../plan';
import { definePlanRule, hasWeight, measured, savedMsOf, severityOf, type PlanObservation } from '../plan-rule';
import { selfRatio } from '../plan-tree';
import { workMemoryFix, workMemoryForSort } from '../work-memory';

const kilobyte = 1024;

/** The same sorts run again in memory took a tenth to two fifths less on a fast disk; a slow one costs more. Half is the most to expect. */
const spillRatio = 0.5;

/** What one process's sort wrote to disk, at most; null when it stayed in memory. */
function diskBytesOf(process: WithFields): number | null {
  if (textField(process, 'Sort Space Type') === 'Disk')
    return (numberField(process, 'Sort Space Used') ?? 0) * kilobyte;
  // an incremental sort tells of its groups
  const peaks = ['Full-sort Groups', 'Pre-sorted Groups'].flatMap((name) => {
    const groups = objectField(process, name);
    const disk = groups === null ? null : objectField(groups, 'Sort Space Disk');
    const peak = disk === null ? null : numberField(disk, 'Peak Sort Space Used');
    return peak === null ? [] : [peak * kilobyte];
  });
  return peaks.length === 0 ? null : Math.max(...peaks);
}

/** Rows that one process sorts at a time. */
function rowsPerSort(node: PlanNode): number {
  const groups = objectField(node, 'Pre-sorted Groups') ?? objectField(node, 'Full-sort Groups');
  const groupCount = groups === null ? 1 : Math.max(1, numberField(groups, 'Group Count') ?? 1);
  return (node.actualRows ?? 0) / groupCount;
}

export const sortOnDisk = definePlanRule({
  id: 'sort-on-disk',
  title: 'A sort did not fit in memory',
  check: (tree) =>
    tree.plan.nodes.flatMap((node): PlanObservation[] => {
      if (!hasWeight(tree, node)) return [];
      const spilled = [node, ...workersOf(node)].map(diskBytesOf).filter((bytes) => bytes !== null);
      if (spilled.length === 0) return [];
      const largest = Math.max(...spilled);
      const workMemBytes = workMemoryForSort(largest, rowsPerSort(node));
      const savedRatio = selfRatio(tree, node) * spillRatio;
      const key = textsField(node, 'Sort Key').join(', ');
      const processes = spilled.length === 1 ? '' : ` in each of ${spilled.length} processes`;
      return [
        {
          node,
          severity: severityOf(savedRatio),
          message: `The sort by ${key} did not fit in work_mem and wrote ${formatBytes(largest)} to disk${processes}.`,
          advice:
            `With work_mem of about ${formatBytes(workMemBytes)} it would stay in memory. Where the sort key is columns of one ` +
            'table, an index on them may spare the sort.',
          evidence: [
            measured('written to disk by one process', largest, 'bytes'),
            measured('rows sorted', node.actualRows ?? 0, 'rows'),
            { grade: 'estimated', label: 'work_mem needed', value: workMemBytes, unit: 'bytes' },
          ],
          fix: workMemoryFix(workMemBytes),
          savedMs: savedMsOf(tree, savedRatio),
        },
      ];
    }),
});
